import GRDB
import RearviewJSON

/// How far the extraction of facts has read a document: so many of its messages, the last of which is named, and so
/// many bytes of the one that follows.
struct DocumentProgress {
  static let name = "document_progress"

  var document: String
  var turn: String
  var position: Int
  var messages: Int
  var bytes: Int

  var members: [(String, JSONValue)] {
    [
      ("document", .text(document)), ("message", [.text(turn), .integer(position)]), ("messages", .integer(messages)),
      ("bytes", .integer(bytes)),
    ]
  }

  /// `nil` where nothing was read.
  static func of(_ document: Int64, in database: Database) throws -> DocumentProgress? {
    let row = try Row.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT document.uid, CAST(last.turn AS BLOB), last.position, document.extracted_bytes,
            (SELECT count(*) FROM message INDEXED BY message_document
              WHERE message.document = document.id AND message.id <= last.id)
          FROM document JOIN message AS last ON last.id = (
            SELECT max(message.id) FROM message INDEXED BY message_document
            WHERE message.document = document.id AND message.id <= document.extracted_message)
          WHERE document.id = ?
          """), arguments: [document])
    return row.map {
      DocumentProgress(
        document: RowName.spelling($0[0]), turn: MemoryRow.text($0[1]) ?? "", position: $0[2], messages: $0[4],
        bytes: $0[3])
    }
  }

  /// Says of a document in this file that it was read up to a message, where all that stands before it was read too.
  static func set(document: Int64, message: Int64, messages: Int, bytes: Int, in database: Database) throws {
    let here = try Int.fetchOne(
      database.cachedStatement(
        sql: "SELECT count(*) FROM message INDEXED BY message_document WHERE document = ? AND id <= ?"),
      arguments: [document, message])
    guard here == messages else { return }
    try database.cachedStatement(
      sql: """
        UPDATE document SET extracted_message = :message, extracted_bytes = :bytes
        WHERE id = :document AND (extracted_message < :message
          OR (extracted_message = :message AND extracted_bytes < :bytes))
        """
    ).execute(arguments: ["document": document, "message": message, "bytes": bytes])
  }
}
