import Foundation
import GRDB
import RearviewJSON
import RearviewMemory

/// Writes banks as lines, from one snapshot of the file, in memory that does not grow with them.
struct BankExport {
  private let database: Database
  private let includesVectors: Bool
  private let onProgress: (ExchangeProgress) -> Void
  private var output: ExchangeOutput
  private var summary = ExchangeSummary()
  private var expected = 0

  init(
    _ database: Database, includesVectors: Bool, output: ExchangeOutput,
    onProgress: @escaping (ExchangeProgress) -> Void
  ) {
    self.database = database
    self.includesVectors = includesVectors
    self.output = output
    self.onProgress = onProgress
  }

  /// A bank that is to be written.
  struct Bank {
    var row: Int64
    var name: String
    var memories: Int
    var invalidated: Int
    var documents: Int

    /// Those of that name, or all, by name.
    static func find(_ name: String?, in database: Database) throws -> [Bank] {
      try Row.fetchAll(
        database,
        sql: """
          SELECT id, CAST(name AS BLOB), valid_count, invalidated_count, document_count FROM bank
          WHERE :name IS NULL OR name = CAST(:name AS TEXT) ORDER BY bank.name
          """, arguments: ["name": name?.blob]
      ).map {
        Bank(row: $0[0], name: MemoryRow.text($0[1]) ?? "", memories: $0[2], invalidated: $0[3], documents: $0[4])
      }
    }
  }

  mutating func write(_ banks: [Bank], program: String, at time: Date) throws -> ExchangeSummary {
    expected = banks.reduce(0) { $0 + $1.memories + $1.invalidated }
    try output.write(header(banks, program: program, at: time))
    for bank in banks { try write(bank) }
    let rows = summary.rows.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.integer($0.value)) }
    let sum = try output.checksum()
    try output.write(
      JSONValue.object(["end": true, "rows": .object(JSONObject(rows)), "sha256": .text(sum)]).bytes())
    try output.flush()
    return summary
  }

  private func header(_ banks: [Bank], program: String, at time: Date) -> [UInt8] {
    let list = banks.map { bank -> JSONValue in
      [
        "name": .text(bank.name), "documents": .integer(bank.documents), "memories": .integer(bank.memories),
        "invalidated": .integer(bank.invalidated),
      ]
    }
    return JSONValue.object([
      "format": .text(ExchangeFormat.name), "version": .integer(ExchangeFormat.version),
      "schema": .integer(MemorySchema.format), "exported_at": .text(time.formatted(.iso8601)),
      "program": .text(program), "vectors": .boolean(includesVectors), "banks": .list(list),
    ]).bytes()
  }

  // MARK: - Rows

  private mutating func write(_ bank: Bank) throws {
    summary.banks.append(bank.name)
    var context = ExchangeRows.Context()
    try write(.bank, "FROM bank WHERE bank.id = ?", [bank.row], &context)
    for table in [ExchangeTable.directive, .mentalModel] {
      try write(
        table, "FROM \(table.name) WHERE \(table.name).bank = ? ORDER BY \(table.name).id", [bank.row], &context)
    }
    try writeDocuments(of: bank, &context)
    try write(
      .entity, "FROM entity WHERE entity.bank = ? ORDER BY entity.merged_into NOTNULL, entity.id", [bank.row],
      &context)
    try write(
      .entityApart,
      """
      FROM entity AS first CROSS JOIN entity_apart ON entity_apart.entity = first.id WHERE first.bank = ?
      ORDER BY entity_apart.entity, entity_apart.other
      """, [bank.row], &context)
    let ids = MemorySchema.memoryIDs(ofBank: bank.row)
    let range: StatementArguments = [ids.lowerBound, ids.upperBound]
    try write(.memory, "FROM memory WHERE memory.id BETWEEN ? AND ? ORDER BY memory.id", range, &context)
    context.threads = [:]
    try write(.echo, "FROM echo WHERE echo.after BETWEEN ? AND ? ORDER BY echo.after, echo.memory", range, &context)
    try write(
      .memorySource,
      """
      FROM memory_source WHERE memory_source.memory BETWEEN ?1 AND ?2 AND memory_source.source BETWEEN ?1 AND ?2
      ORDER BY memory_source.memory, memory_source.source
      """, range, &context)
    try write(
      .goneMessage,
      "FROM gone_message WHERE gone_message.bank = ? ORDER BY gone_message.turn, gone_message.position", [bank.row],
      &context)
    try writeHistory(of: bank, &context)
    try write(.spending, "FROM spending WHERE spending.bank = ? ORDER BY day, kind", [bank.row], &context)
    if includesVectors { try writeVectors(of: bank, &context) }
  }

  private mutating func write(
    _ table: ExchangeTable, _ source: String, _ arguments: StatementArguments, _ context: inout ExchangeRows.Context
  ) throws {
    let reader = try ExchangeRows(table, in: database)
    let rows = try Row.fetchCursor(database, sql: "SELECT \(reader.expressions) \(source)", arguments: arguments)
    while let row = try rows.next() {
      try write(table.name, try reader.members(row, context: &context, in: database))
    }
  }

  private mutating func write(_ table: String, _ members: [(String, JSONValue)]) throws {
    try output.write(JSONValue.object(JSONObject([("table", .text(table))] + members)).bytes())
    summary.rows[table, default: 0] += 1
    guard output.lines.isMultiple(of: 1_024) else { return }
    try Task.checkCancellation()
    onProgress(ExchangeProgress(done: summary.rows["memory"] ?? 0, total: expected))
  }

  private mutating func writeDocuments(of bank: Bank, _ context: inout ExchangeRows.Context) throws {
    try write(.document, "FROM document WHERE document.bank = ? ORDER BY document.id", [bank.row], &context)
    // Only the numbers are sorted, not the texts; without a limit SQLite drops the order of an inner query.
    try write(
      .message,
      """
      FROM (SELECT said.id FROM message AS said WHERE said.bank = ? ORDER BY said.id LIMIT -1) AS chosen
        CROSS JOIN message ON message.id = chosen.id
      """, [bank.row], &context)
    let read = try Row.fetchCursor(
      database, sql: "SELECT id FROM document WHERE bank = ? AND extracted_message > 0 ORDER BY id",
      arguments: [bank.row])
    while let row = try read.next() {
      if let progress = try DocumentProgress.of(row[0], in: database) {
        try write(DocumentProgress.name, progress.members)
      }
    }
  }

  private mutating func writeHistory(of bank: Bank, _ context: inout ExchangeRows.Context) throws {
    let arguments = BankHistory.arguments(bank: bank.row)
    let changes = try Int64.fetchAll(
      database, sql: "\(BankHistory.changes) ORDER BY 1", arguments: arguments)
    context.changes = Dictionary(uniqueKeysWithValues: changes.enumerated().map { ($1, $0) })
    try write(
      .changeGroup, "FROM change_group WHERE change_group.id IN (\(BankHistory.changes)) ORDER BY change_group.id",
      arguments, &context)
    try write(
      .journal, "FROM journal WHERE journal.seq IN (\(BankHistory.entries)) ORDER BY journal.seq", arguments, &context)
    context.changes = [:]
  }

  private mutating func writeVectors(of bank: Bank, _ context: inout ExchangeRows.Context) throws {
    guard let space = try EmbeddingSpace.complete(ofBank: bank.row, in: database) else { return }
    try write(.space, "FROM space WHERE space.id = ?", [space.id], &context)
    var vectors = try ExchangedVector.Cursor(space: space, in: database)
    while let vector = try vectors.next() { try write(ExchangedVector.name, vector.members) }
  }
}
