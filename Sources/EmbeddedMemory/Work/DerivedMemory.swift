import Foundation
import GRDB
import RearviewMemory

/// A memory that a model derived, before it has a row.
struct DerivedMemory: Sendable {
  /// What made a memory, as `memory.origin` and the metadata `origin` keep it.
  enum Origin: String, Sendable {
    case extract, observe
  }

  var origin: Origin
  var type: MemoryType
  var text: String
  var metadata: Metadata = [:]
  /// The column as it stands in the sources' rows.
  var tags: String?
  var context: String?
  var entities: [String] = []
  var saidAt: Int64?
  var occurredStart: Int64?
  var occurredEnd: Int64?
  var proof = 1
  /// The message and document that show it in its place; those of its first source.
  var message: Int64?
  var document: Int64?

  /// Writes its row, recallable at once, and returns it.
  func insert(bank: Int64, now: Int64, timeZone: TimeZone, in database: Database) throws -> Int64 {
    var metadata = metadata
    metadata["origin"] = origin.rawValue
    try database.cachedStatement(
      sql: """
        INSERT INTO memory (id, uid, bank, type, message, document, text, indexed, dated, context, tags, metadata,
          said_at, occurred_start, occurred_end, proof, text_hash, created, updated, origin)
        VALUES ((SELECT last_memory + 1 FROM bank WHERE id = ?), ?, ?, ?, ?, ?, CAST(? AS TEXT), ?, ?,
          CAST(? AS TEXT), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(
      arguments: StatementArguments(
        [
          bank, RowName(milliseconds: now).bytes, bank, type.rawValue, message, document, text.blob,
          IndexedText.of(text),
        ] as [(any DatabaseValueConvertible)?])
        + StatementArguments(
          [
            dateInWords(saidAt.map(date(milliseconds:)) ?? date(milliseconds: now), timeZone: timeZone), context?.blob,
            tags, String(decoding: try JSONEncoder.ofColumns.encode(metadata), as: UTF8.self), saidAt, occurredStart,
            occurredEnd, proof, NormalizedText(text).hash, now, now, origin.rawValue,
          ] as [(any DatabaseValueConvertible)?]))
    let row = database.lastInsertedRowID
    let writer = EntityWriter(bank: bank, now: now, database: database)
    try writer.keep(writer.mentions(in: text, given: entities), memory: row, saidAt: saidAt ?? now)
    for word in VocabularyWords.words(of: text) {
      try database.cachedStatement(sql: "INSERT OR IGNORE INTO word (text) VALUES (?)").execute(arguments: [word])
    }
    return row
  }
}

extension JSONEncoder {
  fileprivate static var ofColumns: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }
}
