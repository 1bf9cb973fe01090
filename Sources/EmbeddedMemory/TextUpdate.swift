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
    let former = try Int64.fetchAll(
      database, sql: "SELECT entity FROM memory_entity WHERE memory = ?", arguments: [row])
    try database.execute(sql: "DELETE FROM memory_entity WHERE memory = ?", arguments: [row])
    let entities = EntityWriter(bank: before["bank"], now: now, database: database)
    try entities.keep(entities.mentions(in: text, given: []), memory: row, saidAt: saidAt ?? now)
    try keepSplit(former, of: row, in: database)
    for word in VocabularyWords.words(of: text) {
      try database.cachedStatement(sql: "INSERT OR IGNORE INTO word (text) VALUES (?)").execute(arguments: [word])
    }
  }

  /// A memory that a person parted from an entity stays parted, though its text still names that one.
  private func keepSplit(_ former: [Int64], of row: Int64, in database: Database) throws {
    for entity in former {
      let named = try Int64.fetchAll(
        database,
        sql: """
          SELECT memory_entity.entity FROM memory_entity JOIN entity_apart ON entity_apart.other = memory_entity.entity
          WHERE memory_entity.memory = ? AND entity_apart.entity = ? AND is_split = 1
          """, arguments: [row, entity])
      for other in named {
        try database.execute(
          sql: "DELETE FROM memory_entity WHERE entity = ? AND memory = ?", arguments: [other, row])
        try database.execute(
          sql: "INSERT OR IGNORE INTO memory_entity (entity, memory) VALUES (?, ?)", arguments: [entity, row])
      }
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
