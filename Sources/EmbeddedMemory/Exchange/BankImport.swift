import Foundation
import GRDB
import RearviewJSON
import RearviewMemory

/// Writes the lines of an export into a file, batch by batch, each in the caller's transaction.
///
/// It promises that a row is written with all that stands within it or not at all, that rows which are there already
/// are found by their names (or by what tells them apart in their bank), and so that reading the same lines again, from
/// the beginning, writes only what is missing.
struct BankImport {
  private let path: String
  private let name: String?
  private let policy: ImportPolicy
  private let now: Int64
  private let database: Database
  private let input: ExchangeInput
  private(set) var summary = ExchangeSummary()
  private var writers: [String: ExchangeWriter] = [:]
  /// The words that the vocabulary is known to hold; emptied when they are too many.
  private var words: Set<String> = []
  private var bank: Target?
  /// The space that the vectors which follow belong to; `nil` where they have no place.
  private var space: EmbeddingSpace?
  private var vectors = 0
  /// How many memories were read of this bank.
  private var memories = 0
  /// How many changes were read of this bank, and which wait for the undoing of them, which comes later.
  private var changes = 0
  private var undone: [Int: [Int64]] = [:]
  /// The changes that the bank has already and that were not met yet, the first of those that are alike last; `nil`
  /// before one is looked for.
  private var knownChanges: [JSONObject: [Int64]]?
  /// What was forgotten in this file, or moved, and does not come in again.
  private var gone: GoneRows?

  /// A bank of this file that is written to.
  struct Target {
    var row: Int64
    var name: String
    let known = ExchangeWriter.KnownRows()
  }

  private static let batchDuration: Duration = .milliseconds(150)
  private static let wordLimit = 300_000

  init(path: String, name: String?, policy: ImportPolicy, now: Int64, database: Database) throws {
    self.path = path
    self.name = name
    self.policy = policy
    self.now = now
    self.database = database
    input = try ExchangeInput(path: path)
    _ = try input.next()
  }

  var bytesRead: Int { input.bytesRead }

  /// Writes the next lines. Returns whether they were the last.
  mutating func writeBatch() throws -> Bool {
    let start = ContinuousClock.now
    repeat {
      guard let line = try input.next() else { return true }
      do {
        if try !write(line) { return true }
      } catch let fault as LineFault {
        throw ExchangeError.damaged(path: path, line: input.line, cause: fault.cause)
      }
    } while start.duration(to: .now) < Self.batchDuration
    try finishVectors(isLast: false)
    return false
  }

  /// What is wrong with a line.
  struct LineFault: Error {
    var cause: String
  }

  /// Returns whether others follow.
  private mutating func write(_ line: [UInt8]) throws -> Bool {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: line)
    } catch {
      throw LineFault(cause: "column \(error.column): \(error.cause)")
    }
    if value["end"]?.boolean == true {
      try endBank()
      return false
    }
    guard let table = value["table"]?.text, let row = value.object else {
      throw LineFault(cause: "it does not say of which table it is")
    }
    switch table {
    case "bank": try beginBank(row)
    case DocumentProgress.name: try setProgress(row)
    case ExchangedVector.name: try insertVector(row)
    case "change_group": try insertChange(row)
    case "journal": try insertEntry(row)
    case "space": try beginSpace(row)
    case "echo", "memory_source", "entity_apart", "gone_message": try insertLink(row, table: table)
    default: try insert(row, table: table)
    }
    if table == "memory" { memories += 1 }
    summary.rows[table, default: 0] += 1
    return true
  }

  // MARK: - Banks

  private mutating func beginBank(_ row: JSONObject) throws {
    try endBank()
    guard let own = row["name"]?.text else { throw LineFault(cause: "a bank has no name") }
    let name = name ?? own
    var row = row
    row["name"] = .text(name)
    let writer = try writer("bank")
    let uid = try writer.uid(of: row, policy: policy, bank: name)
    let here = try BankRow.find(name, in: database)?.id
    let named = try Row.fetchOne(
      database, sql: "SELECT id, CAST(name AS BLOB) FROM bank WHERE uid = ?", arguments: [uid])
    if let named, named[0] as Int64 != here {
      throw ExchangeError.isElsewhere(bank: MemoryRow.text(named[1]) ?? "")
    }
    if policy == .new, let here, let original = row["uid"]?.text.flatMap(RowName.bytes(spelled:)),
      try Data.fetchOne(database, sql: "SELECT uid FROM bank WHERE id = ?", arguments: [here]) == original
    {
      throw ExchangeError.isItself(bank: name)
    }
    let target = try here ?? TurnWriter.insertBank(name, now: now, in: database)
    bank = Target(row: target, name: name)
    gone = try GoneRows(bank: target, now: now, in: database)
    summary.banks.append(name)
    let context = ExchangeWriter.Context(bank: target, bankName: name, policy: policy, known: .init())
    if here == nil {
      // The row is there, with a name that it was just given.
      try database.execute(sql: "UPDATE bank SET uid = ? WHERE id = ?", arguments: [uid, target])
      try writer.update(target, row, context, in: database)
      summary.added += 1
    } else if policy == .replace, try writer.isOther(target, than: row, context, in: database) {
      try writer.update(target, row, context, in: database)
      summary.replaced += 1
    }
  }

  /// Queues what there is to do for the bank that was read.
  private mutating func endBank() throws {
    try finishVectors(isLast: true)
    guard let bank else { return }
    try gone?.sweep(try context())
    try Work.enqueueAfterImport(bank: bank.row, now: now, in: database)
    self.bank = nil
    (changes, undone, knownChanges, memories) = (0, [:], nil, 0)
  }

  private func target() throws -> Target {
    guard let bank else { throw LineFault(cause: "it stands before any bank") }
    return bank
  }

  private func context() throws -> ExchangeWriter.Context {
    let bank = try target()
    return ExchangeWriter.Context(bank: bank.row, bankName: bank.name, policy: policy, known: bank.known)
  }

  private mutating func writer(_ table: String) throws -> ExchangeWriter {
    if let known = writers[table] { return known }
    guard let described = ExchangeTable.all.first(where: { $0.name == table }) else {
      throw LineFault(cause: "there is no table \(table)")
    }
    let writer = try ExchangeWriter(described, in: database)
    writers[table] = writer
    return writer
  }

  // MARK: - Rows

  private mutating func insert(_ row: JSONObject, table: String) throws {
    let context = try context()
    let writer = try writer(table)
    var row = row
    if table == "message", try gone?.hasMessage(row) == true { return }
    let uid = writer.table.hasUID ? try writer.uid(of: row, policy: policy, bank: context.bankName) : nil
    if let uid, let named = try writer.find(uid: uid, in: database) {
      // A memory that was moved stays where it is.
      if table == "memory", named.bank != context.bank { return }
      guard named.bank == context.bank else { throw ExchangeError.isElsewhere(bank: try bankName(named.bank)) }
      return try replace(named.row, by: row, writer, context)
    }
    if table == "memory", let uid, try gone?.hasMemory(&row, uid: uid) == true { return }
    if let other = try writer.find(key: row, context, in: database) {
      if let uid { context.known.rows[uid] = other }
      return try replace(other, by: row, writer, context)
    }
    if let added = try writer.insert(row, uid: uid, context, in: database) { gone?.cameIn(added, table: table) }
    summary.added += 1
    try indexWords(of: row, table: table)
  }

  private mutating func replace(
    _ existing: Int64, by row: JSONObject, _ writer: ExchangeWriter, _ context: ExchangeWriter.Context
  ) throws {
    guard policy == .replace, writer.table.hasRowID, try writer.isOther(existing, than: row, context, in: database)
    else { return }
    try writer.update(existing, row, context, in: database)
    summary.replaced += 1
    try indexWords(of: row, table: writer.table.name)
  }

  private mutating func indexWords(of row: JSONObject, table: String) throws {
    guard table == "memory", let text = row["text"]?.text else { return }
    if words.count > Self.wordLimit { words.removeAll() }
    try TurnWriter.keep(wordsOf: text, known: &words, in: database)
  }

  private func bankName(_ row: Int64) throws -> String {
    MemoryRow.text(
      try Data.fetchOne(database, sql: "SELECT CAST(name AS BLOB) FROM bank WHERE id = ?", arguments: [row])) ?? ""
  }

  private mutating func insertLink(_ row: JSONObject, table: String) throws {
    let context = try context()
    let writer = try writer(table)
    if table == "memory_source", try gone?.hasSource(row, context) == true { return }
    if table == "entity_apart",
      try ExchangeWriter.row(row["entity"], of: "entity", context, in: database)
        == ExchangeWriter.row(row["other"], of: "entity", context, in: database)
    {
      // The two were merged here.
      return
    }
    if try writer.insertIfNew(row, context, in: database) { summary.added += 1 }
  }

  // MARK: - History

  /// Adds a change, if the bank does not have it, and joins it to the one that undid it.
  private mutating func insertChange(_ row: JSONObject) throws {
    let context = try context()
    if knownChanges == nil { knownChanges = try changes(of: context) }
    let id: Int64
    if let known = knownChanges?[Self.told(row)]?.popLast() {
      id = known
    } else {
      id = try writer("change_group").insert(row, uid: nil, context, in: database) ?? 0
      summary.added += 1
    }
    context.known.changes[changes] = id
    for waiting in undone.removeValue(forKey: changes) ?? [] {
      // One that can be undone here is undone here or not at all.
      try database.cachedStatement(
        sql: "UPDATE change_group SET undone_by = ? WHERE id = ? AND undone_by IS NULL AND NOT \(ChangeLog.hasImages)"
      ).execute(arguments: [id, waiting])
    }
    changes += 1
    if let number = row["undone_by"]?.integer { undone[number, default: []].append(id) }
  }

  private func changes(of context: ExchangeWriter.Context) throws -> [JSONObject: [Int64]] {
    let reader = try ExchangeRows(.changeGroup, in: database)
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT \(reader.expressions) FROM change_group
        WHERE change_group.id IN (\(BankHistory.changes)) ORDER BY change_group.id DESC
        """, arguments: BankHistory.arguments(bank: context.bank))
    var known: [JSONObject: [Int64]] = [:]
    var ignored = ExchangeRows.Context()
    while let row = try rows.next() {
      let told = Self.told(JSONObject(try reader.members(row, context: &ignored, in: database)))
      known[told, default: []].append(row[0])
    }
    return known
  }

  /// What tells a change from others. Its reason may have been forgotten since.
  private static func told(_ row: JSONObject) -> JSONObject {
    JSONObject(["at", "actor", "action", "subject", "count"].map { ($0, row[$0] ?? .null) })
  }

  /// Adds what an entry tells, if the journal does not have it.
  private mutating func insertEntry(_ row: JSONObject) throws {
    let context = try context()
    if try gone?.hasEntry(row, context) == true { return }
    let writer = try writer("journal")
    guard try writer.findEqual(row, context, in: database) == nil else { return }
    try writer.insert(row, uid: nil, context, in: database)
    summary.added += 1
  }

  // MARK: - Reading for facts

  private mutating func setProgress(_ row: JSONObject) throws {
    let context = try context()
    guard let messages = row["messages"]?.integer, let bytes = row["bytes"]?.integer else {
      throw LineFault(cause: "a document's progress is incomplete")
    }
    guard let document = try ExchangeWriter.row(row["document"], of: "document", context, in: database),
      let message = try ExchangeWriter.message(row["message"], context, in: database)
    else { return }
    try DocumentProgress.set(
      document: document, message: message, messages: messages, bytes: bytes, in: database)
  }

  // MARK: - Vectors

  private mutating func beginSpace(_ row: JSONObject) throws {
    try finishVectors(isLast: true)
    let bank = try target()
    guard let model = row["model"]?.text, let dimension = row["dimension"]?.integer else {
      throw LineFault(cause: "a space of vectors has no model or dimension")
    }
    let complete = try EmbeddingSpace.complete(ofBank: bank.row, in: database)
    // A bank that is searched by another model goes on being so.
    if let complete, complete.model != model || complete.dimension != dimension { return }
    let known = try EmbeddingSpace.ofModel(model, bank: bank.row, in: database).first { $0.dimension == dimension }
    space =
      try known
      ?? EmbeddingSpace.create(
        model: model, dimension: dimension, bank: bank.row, now: Int64(row["created"]?.integer ?? Int(now)),
        in: database)
  }

  /// A memory whose text is another here gets none: its vector would be of what it no longer says.
  private mutating func insertVector(_ row: JSONObject) throws {
    guard let space else { return }
    let context = try context()
    guard let codes = row["codes"]?.text.flatMap({ Data(base64Encoded: $0) }), codes.count == space.dimension,
      let scale = row["scale"]?.number, let hash = row["text_hash"]?.integer
    else { throw LineFault(cause: "a vector is incomplete") }
    guard let memory = try ExchangeWriter.row(row["memory"], of: "memory", context, in: database) else { return }
    try database.cachedStatement(
      sql: """
        INSERT INTO vector (space, memory, codes, scale)
        SELECT ?, id, ?, ? FROM memory WHERE id = ? AND state = 0 AND text_hash = ? ON CONFLICT DO NOTHING
        """
    ).execute(arguments: [space.id, codes, scale, memory, hash])
    if database.changesCount > 0 {
      vectors += 1
      summary.added += 1
    }
    try database.cachedStatement(
      sql: """
        DELETE FROM embedding_queue WHERE space = ?1 AND memory = ?2
          AND EXISTS (SELECT 1 FROM vector WHERE space = ?1 AND memory = ?2)
        """
    ).execute(arguments: [space.id, memory])
  }

  /// Counts and packs what came, and at the end of a space lets it be searched: where the bank holds what was exported
  /// and nothing else, as it was there, else if it lacks nothing.
  private mutating func finishVectors(isLast: Bool) throws {
    guard let space, let bank else { return }
    if vectors > 0 {
      try database.execute(
        sql: "UPDATE space SET generation = generation + 1, vector_count = vector_count + ? WHERE id = ?",
        arguments: [vectors, space.id])
      try VectorPages.pack(space: space.id, dimension: space.dimension, in: database)
      vectors = 0
    }
    guard isLast else { return }
    let count = try Int.fetchOne(
      database, sql: "SELECT valid_count + invalidated_count FROM bank WHERE id = ?", arguments: [bank.row])
    if count == memories {
      if try EmbeddingSpace.complete(ofBank: bank.row, in: database) == nil { try space.complete(in: database) }
    } else if let row = try BankRow.find(bank.name, in: database) {
      _ = try EmbeddingBatch.complete(row, model: space.model, in: database)
    }
    self.space = nil
  }
}
