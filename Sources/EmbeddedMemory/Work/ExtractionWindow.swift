import Foundation
import GRDB
import RearviewMemory

/// A few messages of a document that are read at once, with the two before them.
struct ExtractionWindow: Sendable {
  /// A message, or a part of a long one.
  struct Passage: Sendable {
    var message: Int64
    var speaker: RetainedMessage.Speaker
    var text: String
    var saidAt: Int64
    /// Where it begins in the message, in bytes of UTF-8.
    var offset: Int
    var isWhole: Bool
    /// Spans of the message, in bytes, whose words no longer count: their memory was invalidated or corrected.
    var withdrawn: [Range<Int>] = []

    var end: Int { offset + text.utf8.count }
  }

  /// A place in a document: all up to a message, and so many bytes of the one that follows.
  struct Place: Hashable, Sendable {
    var message: Int64
    var bytes: Int
  }

  /// What was read before, for understanding only.
  var before: [Passage]
  /// What is to be read.
  var passages: [Passage]
  var start: Place
  var end: Place
  /// All of its messages have these, so that a fact is seen only by those who see what it comes from.
  var tags: String?
  var context: String?

  static let overlap = 2
  /// Bytes of what is read at once; longer messages are cut.
  static let byteLimit = 12_000
  /// What is shorter is not cut again.
  static let leastBytes = 400

  /// What follows a document's place; `nil` at its end.
  static func next(document: Int64, in database: Database) throws -> ExtractionWindow? {
    guard
      let row = try Row.fetchOne(
        database, sql: "SELECT extracted_message, extracted_bytes FROM document WHERE id = ?", arguments: [document])
    else { return nil }
    let start = Place(message: row[0], bytes: row[1])
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT \(columns) FROM message WHERE document = ? AND is_replaced = 0 AND id > ? ORDER BY id LIMIT ?
        """, arguments: [document, start.message, Work.windowSize])
    guard let first = rows.first else { return nil }
    let seen = try seen(first["id"], in: database)
    var window = ExtractionWindow(
      before: [], passages: [], start: start, end: start, tags: seen.tags, context: seen.context)
    var room = byteLimit
    for (index, row) in rows.enumerated() {
      if index > 0, try Self.seen(row["id"], in: database).tags != window.tags { break }
      var passage = try passage(row, in: database)
      if index == 0, start.bytes > 0 { passage = passage.from(start.bytes) }
      if passage.text.utf8.count > room {
        guard index == 0 else { break }
        passage = passage.cut(atMost: room).0
        window.passages.append(passage)
        window.end.bytes = passage.end
        break
      }
      room -= passage.text.utf8.count
      window.passages.append(passage)
      window.end = Place(message: passage.message, bytes: 0)
    }
    window.before = try Row.fetchAll(
      database,
      sql: """
        SELECT \(columns) FROM message WHERE document = ? AND is_replaced = 0 AND id < ? ORDER BY id DESC LIMIT ?
        """, arguments: [document, window.passages[0].message, overlap]
    ).reversed().map { try passage($0, in: database).cut(atMost: byteLimit / 6).0 }
      .filter { try Self.seen($0.message, in: database).tags == window.tags }
    return window
  }

  /// Two windows of half the size each; `nil` when it cannot be cut.
  func halves() -> (ExtractionWindow, ExtractionWindow)? {
    var (first, second) = (self, self)
    if passages.count > 1 {
      let middle = passages.count / 2
      first.passages = Array(passages[..<middle])
      second.passages = Array(passages[middle...])
      first.end = Place(message: first.passages[middle - 1].message, bytes: 0)
      second.before = Array((before + first.passages).suffix(Self.overlap))
    } else {
      guard passages[0].text.utf8.count > Self.leastBytes else { return nil }
      let (left, right) = passages[0].cut(atMost: passages[0].text.utf8.count / 2 + 1)
      guard let right else { return nil }
      first.passages = [left]
      second.passages = [right]
      first.end = Place(message: start.message, bytes: left.end)
      second.before = Array((before + [left]).suffix(Self.overlap))
    }
    second.start = first.end
    return (first, second)
  }

  private static let columns = "id, speaker, CAST(text AS BLOB) AS text, said_at"

  private static func passage(_ row: Row, in database: Database) throws -> Passage {
    let text = MemoryRow.text(row["text"]) ?? ""
    return Passage(
      message: row["id"], speaker: RetainedMessage.Speaker(rawValue: row["speaker"]) ?? .note, text: text,
      saidAt: row["said_at"], offset: 0, isWhole: true,
      withdrawn: try withdrawn(row["id"], text: text, in: database))
  }

  /// The spans of invalidated memories of a message, and of those that were corrected by hand.
  private static func withdrawn(_ message: Int64, text: String, in database: Database) throws -> [Range<Int>] {
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT source.span_start, source.span_end, memory.state, memory.text_hash, memory.origin
          FROM source JOIN memory ON memory.id = source.memory WHERE source.message = ?
          """), arguments: [message])
    let bytes = Array(text.utf8)
    return rows.compactMap { row in
      let (start, end) = (max(0, row["span_start"] as Int), min(row["span_end"] as Int, bytes.count))
      guard start < end else { return nil }
      if row["state"] as Int != 0 { return start..<end }
      guard (row["origin"] as String?) == nil else { return nil }
      let said = NormalizedText(String(decoding: bytes[start..<end], as: UTF8.self)).hash
      return said == row["text_hash"] ? nil : start..<end
    }
  }

  private struct Seen {
    var tags: String?
    var context: String?
  }

  /// Who sees a message: the tags of the memory that keeps its words.
  private static func seen(_ message: Int64, in database: Database) throws -> Seen {
    let row = try Row.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT memory.tags, CAST(memory.context AS BLOB) FROM source JOIN memory ON memory.id = source.memory
          WHERE source.message = ? AND memory.origin IS NULL ORDER BY memory.id LIMIT 1
          """), arguments: [message])
    return Seen(tags: row?[0], context: row.flatMap { MemoryRow.text($0[1]) })
  }
}

extension ExtractionWindow.Passage {
  /// What stands behind so many bytes of the message.
  fileprivate func from(_ bytes: Int) -> Self {
    var rest = self
    rest.text = String(decoding: text.utf8.dropFirst(bytes), as: UTF8.self)
    rest.offset = bytes
    rest.isWhole = false
    return rest
  }

  /// Its beginning, up to a line's, a sentence's or a word's end, and the rest.
  fileprivate func cut(atMost limit: Int) -> (Self, Self?) {
    guard text.utf8.count > limit else { return (self, nil) }
    var end = text.utf8.index(text.startIndex, offsetBy: max(limit, 1))
    while end > text.startIndex, end.samePosition(in: text) == nil { end = text.utf8.index(before: end) }
    if end == text.startIndex { end = text.index(after: end) }
    let head = text[..<end]
    let half = text.utf8.index(text.startIndex, offsetBy: limit / 2)
    for mark in ["\n", ".", " "] as [Character] {
      guard let place = head.lastIndex(of: mark), place >= half else { continue }
      end = text.index(after: place)
      break
    }
    var (first, second) = (self, self)
    first.text = String(text[..<end])
    first.isWhole = false
    second.text = String(text[end...])
    second.offset = first.end
    second.isWhole = false
    return (first, second.text.isEmpty ? nil : second)
  }

  /// Whether nothing of it counts any more.
  var isWithdrawn: Bool { withdrawn.contains { $0.lowerBound <= offset && $0.upperBound >= end } }
}
