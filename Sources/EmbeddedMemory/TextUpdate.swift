import Foundation
import GRDB
import RearviewMemory

/// A new text of a memory, with all that follows from a text: its words, what it is about, the time that it tells of.
struct TextUpdate {
  let text: String
  private let times: TimeGrammar

  init(_ text: String, times: TimeGrammar) {
    self.text = Door.redacted(text).text
    self.times = times
  }

  func write(to row: Int64, now: Int64, in database: Database) throws {
    let before = try Row.fetchOne(
      database.cachedStatement(sql: "SELECT bank, said_at FROM memory WHERE id = ?"), arguments: [row])
    guard let before else { return }
    let saidAt = before["said_at"] as Int64?
    let occurred = saidAt.flatMap { times.occurrence(in: text, saidAt: date(milliseconds: $0)) }
    try database.execute(
      sql: """
        UPDATE memory SET text = CAST(? AS TEXT), indexed = ?, text_hash = ?, occurred_start = ?, occurred_end = ?,
          updated = ? WHERE id = ?
        """,
      arguments: [
        text.blob, IndexedText.of(text), NormalizedText(text).hash, occurred?.start, occurred?.end, now, row,
      ])
    try database.execute(sql: "DELETE FROM memory_entity WHERE memory = ?", arguments: [row])
    let entities = EntityWriter(bank: before["bank"], now: now, database: database)
    try entities.keep(entities.mentions(in: text, given: []), memory: row, saidAt: saidAt ?? now)
    for word in VocabularyWords.words(of: text) {
      try database.cachedStatement(sql: "INSERT OR IGNORE INTO word (text) VALUES (?)").execute(arguments: [word])
    }
  }
}

extension TimeGrammar {
  /// The first time with both ends that a text surely tells of, reckoned from when it was said.
  func occurrence(in text: String, saidAt: Date) -> TimeWindow? {
    expressions(in: text, saidAt: saidAt)
      .first { $0.confidence >= 0.6 && $0.window.start != .min && $0.window.end != .max }?.window
  }
}
