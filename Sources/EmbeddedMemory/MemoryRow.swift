import CWordRank
import Foundation
import GRDB
import RearviewJSON
import RearviewMemory

/// How a row of `memory` becomes a `Memory`.
///
/// Texts travel as blobs in both directions: a C string would end at its first NUL.
enum MemoryRow {
  static let columns = """
    memory.id, memory.uid, memory.type, CAST(memory.text AS BLOB) AS text, CAST(memory.context AS BLOB) AS context, \
    memory.said_at, memory.occurred_start, memory.occurred_end, memory.tags, memory.metadata, memory.proof, \
    memory.state, CAST(memory.state_reason AS BLOB) AS state_reason, memory.created, memory.updated, \
    CAST(document.key AS BLOB) AS document_key, CAST(message.turn AS BLOB) AS turn, \
    (SELECT json_group_array(entity.name) FROM memory_entity JOIN entity ON entity.id = memory_entity.entity
      WHERE memory_entity.memory = memory.id) AS entities
    """
  static let joins = """
    LEFT JOIN document ON document.id = memory.document LEFT JOIN message ON message.id = memory.message
    """

  static func memory(_ row: Row) -> Memory {
    // By their places in `columns`: looking for a name costs more than reading the value.
    Memory(
      id: RowName.spelling(row[1]), type: MemoryType(rawValue: row[2]),
      text: text(row[3]) ?? "", context: text(row[4]), mentionedAt: time(row[5]),
      occurredStart: time(row[6]), occurredEnd: time(row[7]),
      documentID: text(row[15]), turnID: text(row[16]),
      tags: texts(row[8]), entities: texts(row[17]).sorted(), metadata: metadata(row[9]),
      state: row[11] as Int == 0 ? .valid : .invalidated, stateReason: text(row[12]),
      proofCount: row[10], createdAt: date(milliseconds: row[13]),
      updatedAt: date(milliseconds: row[14]))
  }

  static func memory(row: Int64, in database: Database) throws -> Memory? {
    let statement = try database.cachedStatement(
      sql: "SELECT \(columns) FROM memory \(joins) WHERE memory.id = ?")
    return try Row.fetchOne(statement, arguments: [row]).map(memory)
  }

  /// Those of these rows that are there. As `memory(_:)`, but without an object for each value: recall reads a hundred.
  static func memories(rows: some Sequence<Int64>, in database: Database) throws -> [Int64: Memory] {
    let statement = try database.cachedStatement(
      sql: "SELECT \(columns) FROM memory \(joins) WHERE memory.id = ?")
    var memories: [Int64: Memory] = [:]
    for row in rows {
      try statement.setArguments([row])
      let values = StatementValues(statement.sqliteStatement)
      defer { values.reset() }
      guard try values.step() else { continue }
      memories[row] = Memory(
        id: RowName.spelling(values.data(1)), type: MemoryType(rawValue: values.text(2) ?? ""),
        text: values.text(3) ?? "", context: values.text(4), mentionedAt: time(values.integer(5)),
        occurredStart: time(values.integer(6)), occurredEnd: time(values.integer(7)), documentID: values.text(15),
        turnID: values.text(16), tags: texts(values.text(8)), entities: texts(values.text(17)).sorted(),
        metadata: metadata(values.text(9)), state: values.integer(11) == 0 ? .valid : .invalidated,
        stateReason: values.text(12), proofCount: Int(values.integer(10) ?? 1), createdAt: time(values.integer(13)),
        updatedAt: time(values.integer(14)))
    }
    return memories
  }

  static func text(_ bytes: Data?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

  private static func texts(_ json: String?) -> [String] {
    guard let json, json != "[]" else { return [] }
    return (try? JSONValue(parsing: json))?.list?.compactMap(\.text) ?? []
  }

  static func metadata(_ json: String?) -> Metadata {
    json.flatMap { try? JSONValue(parsing: $0) }?.object.map { Metadata($0) } ?? [:]
  }

  private static func time(_ value: Int64?) -> Date? { value.map(date(milliseconds:)) }
}

/// The values of the row that a statement stands on.
private struct StatementValues {
  private let statement: OpaquePointer

  init(_ statement: OpaquePointer) { self.statement = statement }

  /// Whether there is another row.
  func step() throws -> Bool {
    let result = sqlite3_step(statement)
    guard result == SQLITE_ROW || result == SQLITE_DONE else {
      throw DatabaseError(resultCode: ResultCode(rawValue: result))
    }
    return result == SQLITE_ROW
  }

  func reset() { sqlite3_reset(statement) }

  func integer(_ column: Int32) -> Int64? {
    sqlite3_column_type(statement, column) == SQLITE_NULL ? nil : sqlite3_column_int64(statement, column)
  }

  /// Of a text or of a blob that holds one.
  func text(_ column: Int32) -> String? { bytes(column).map { String(decoding: $0, as: UTF8.self) } }

  func data(_ column: Int32) -> Data { bytes(column).map { Data($0) } ?? Data() }

  private func bytes(_ column: Int32) -> UnsafeRawBufferPointer? {
    guard sqlite3_column_type(statement, column) != SQLITE_NULL else { return nil }
    let start = sqlite3_column_blob(statement, column)
    return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
  }
}

extension String {
  /// For a statement that says `CAST(? AS TEXT)`.
  var blob: Data { Data(utf8) }
}

/// A row of `bank`.
struct BankRow: Sendable {
  var id: Int64
  var validCount: Int
  /// The highest row id that a memory of it ever had.
  var lastMemory: Int64

  var memoryIDs: ClosedRange<Int64> { MemorySchema.memoryIDs(ofBank: id) }

  static func find(_ name: String, in database: Database) throws -> BankRow? {
    let statement = try database.cachedStatement(
      sql: "SELECT id, valid_count, last_memory FROM bank WHERE name = CAST(? AS TEXT)")
    return try Row.fetchOne(statement, arguments: [name.blob]).map {
      BankRow(id: $0["id"], validCount: $0["valid_count"], lastMemory: $0["last_memory"])
    }
  }
}
