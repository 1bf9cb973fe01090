import Foundation
import GRDB
import RearviewMemory

/// A document of a bank: for a chat, its session.
public struct Document: Hashable, Codable, Sendable, Identifiable {
  /// The name that it was retained under, unique in its bank.
  public var id: String
  /// Messages that count; those of a former text of it do not.
  public var messageCount: Int
  /// Valid memories that it was the first to say.
  public var memoryCount: Int
  public var createdAt: Date
  /// When something was last said in it.
  public var lastSaidAt: Date?
  /// Whether all that it held was deleted; an undo brings it back.
  public var isDeleted: Bool

  enum CodingKeys: String, CodingKey {
    case id
    case messageCount = "message_count"
    case memoryCount = "memory_count"
    case createdAt = "created_at"
    case lastSaidAt = "last_said_at"
    case isDeleted = "is_deleted"
  }
}

/// A page of documents.
public struct DocumentPage: Hashable, Sendable {
  public var documents: [Document]
  /// Pass as `after` for the page that follows; `nil` at the end.
  public var next: String?
}

extension EmbeddedMemory {
  /// A page of a bank's documents, the last made first, deleted ones included.
  ///
  /// - Parameter filter: Only those whose id holds this, in any case; empty for all.
  public func documents(
    bankID: String, filter: String = "", after: String? = nil, limit: Int = 100
  ) async throws -> DocumentPage {
    let limit = max(limit, 1)
    return try await read { database in
      guard let bank = try BankRow.find(bankID, in: database)?.id else { return DocumentPage(documents: [], next: nil) }
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT id, CAST(key AS BLOB) AS key, created,
            (SELECT count(*) FROM message WHERE message.document = document.id AND is_replaced = 0) AS messages,
            (SELECT count(*) FROM message WHERE message.document = document.id) AS all_messages,
            (SELECT count(*) FROM memory INDEXED BY memory_document
              WHERE memory.document = document.id AND state = 0) AS memories,
            (SELECT max(said_at) FROM message WHERE message.document = document.id AND is_replaced = 0) AS said_at
          FROM document WHERE bank = :bank AND id < :after AND (:filter = '' OR instr(lower(key), lower(:filter)) > 0)
            AND all_messages > 0
          ORDER BY id DESC LIMIT :limit
          """,
        arguments: [
          "bank": bank, "after": after.flatMap(Int64.init) ?? Int64.max, "filter": filter, "limit": limit + 1,
        ])
      let page = rows.prefix(limit)
      return DocumentPage(
        documents: page.map {
          Document(
            id: MemoryRow.text($0["key"]) ?? "", messageCount: $0["messages"], memoryCount: $0["memories"],
            createdAt: date(milliseconds: $0["created"]),
            lastSaidAt: ($0["said_at"] as Int64?).map(date(milliseconds:)),
            isDeleted: $0["messages"] as Int == 0)
        }, next: rows.count > limit ? page.last.map { String($0["id"] as Int64) } : nil)
    }
  }

  /// Deletes a document: its text is gone from `documentText`, and its memories from recall, but for those that were
  /// said elsewhere too. It can be undone until it is forgotten. What is retained in it later begins it anew.
  ///
  /// - Returns: `nil` when nothing of it was left.
  /// - Throws: `CurationError.noSuchDocument`.
  @discardableResult
  public func deleteDocument(id: String, bankID: String, reason: String? = nil) async throws -> Change? {
    try await write { [now] database in
      let (bank, document) = try DocumentRow.find(id, bankID: bankID, in: database)
      let writer = ChangeWriter(
        action: "delete", subject: "document", reason: reason, bank: bank, now: now, database: database)
      return try writer.run(count: 1) {
        let memories = try DocumentRetirement.retire(
          document, reason: "Its document was deleted.", now: now, in: database)
        for memory in memories { try Provenance(database, now: now).sourceWasRemoved(memory) }
      }.change
    }
  }
}

enum DocumentRow {
  /// - Throws: `CurationError.noSuchDocument`.
  static func find(_ id: String, bankID: String, in database: Database) throws -> (bank: Int64, document: Int64) {
    guard let bank = try BankRow.find(bankID, in: database)?.id,
      let document = try Int64.fetchOne(
        database, sql: "SELECT id FROM document WHERE bank = ? AND key = CAST(? AS TEXT)", arguments: [bank, id.blob])
    else { throw CurationError.noSuchDocument(id: id, bankID: bankID) }
    return (bank, document)
  }
}
