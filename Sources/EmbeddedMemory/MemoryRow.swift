import Foundation
import GRDB
import RearviewMemory

/// How a row of `memory` becomes a `Memory`.
///
/// Texts travel as blobs in both directions: a C string would end at its first NUL.
enum MemoryRow {
  static let columns = """
    memory.id, memory.uid, memory.type, CAST(memory.text AS BLOB) AS text, CAST(memory.context AS BLOB) AS context, \
    memory.said_at, memory.occurred_start, memory.occurred_end, memory.tags, memory.metadata, memory.proof, \
    memory.state, CAST(memory.state_reason AS BLOB) AS state_reason, memory.created, memory.updated, \
    CAST(document.key AS BLOB) AS document_key, CAST(message.turn AS BLOB) AS turn
    """
  static let joins = """
    LEFT JOIN document ON document.id = memory.document LEFT JOIN message ON message.id = memory.message
    """

  static func memory(_ row: Row) -> Memory {
    Memory(
      id: RowName.spelling(row["uid"]), type: MemoryType(rawValue: row["type"]),
      text: text(row["text"]) ?? "", context: text(row["context"]), mentionedAt: time(row["said_at"]),
      occurredStart: time(row["occurred_start"]), occurredEnd: time(row["occurred_end"]),
      documentID: text(row["document_key"]), turnID: text(row["turn"]),
      tags: decoded(row["tags"]) ?? [], metadata: decoded(row["metadata"]) ?? [:],
      state: row["state"] as Int == 0 ? .valid : .invalidated, stateReason: text(row["state_reason"]),
      proofCount: row["proof"], createdAt: date(milliseconds: row["created"]),
      updatedAt: date(milliseconds: row["updated"]))
  }

  static func memory(row: Int64, in database: Database) throws -> Memory? {
    let statement = try database.cachedStatement(
      sql: "SELECT \(columns) FROM memory \(joins) WHERE memory.id = ?")
    return try Row.fetchOne(statement, arguments: [row]).map(memory)
  }

  static func text(_ bytes: Data?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

  private static func time(_ value: Int64?) -> Date? { value.map(date(milliseconds:)) }

  static func decoded<Value: Decodable>(_ json: String?) -> Value? {
    json.flatMap { try? JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
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
