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

  /// Those of these rows that are there.
  static func memories(rows: some Sequence<Int64>, in database: Database) throws -> [Int64: Memory] {
    let found = try Row.fetchCursor(
      database.cachedStatement(
        sql: """
          SELECT \(columns) FROM json_each(?) AS wanted CROSS JOIN memory ON memory.id = wanted.value \(joins)
          """), arguments: [jsonList(rows)])
    var memories: [Int64: Memory] = [:]
    while let row = try found.next() { memories[row[0]] = memory(row) }
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
