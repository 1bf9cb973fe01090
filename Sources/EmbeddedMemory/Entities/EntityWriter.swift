import GRDB
import RearviewMemory

/// Keeps what memories are about, inside a transaction.
struct EntityWriter {
  let bank: Int64
  let now: Int64
  let database: Database

  /// What a text is about by rule, and what the caller says it is about.
  ///
  /// A word at the beginning of a sentence counts as a name only where the bank knows it as one.
  func mentions(in text: String, given: [String]) throws -> [EntityMention] {
    let speaker = namedSpeaker(of: text)
    let name = speaker.map { String(text.prefix($0.count)) }
    // What fails here fails again at the next statement, which reports it.
    var mentions = EntityRules.entities(in: text, speaker: name) { word in
      (try? entity(named: EntityName.norm(word))) == nil
    }
    for name in given {
      let norm = EntityName.norm(name)
      if !norm.isEmpty, !mentions.contains(where: { $0.norm == norm }) {
        mentions.append(EntityMention(name: name, norm: norm, kind: .name))
      }
    }
    return mentions
  }

  /// Says of a memory what it is about.
  func keep(_ mentions: [EntityMention], memory: Int64, saidAt: Int64) throws {
    for mention in mentions {
      let known = try entity(named: mention.norm)
      if let known {
        try database.cachedStatement(
          sql: "UPDATE entity SET first_seen = min(first_seen, ?), last_seen = max(last_seen, ?) WHERE id = ?"
        ).execute(arguments: [saidAt, saidAt, known])
      }
      let entity = try known ?? insert(mention, saidAt: saidAt)
      try database.cachedStatement(sql: "INSERT OR IGNORE INTO memory_entity (entity, memory) VALUES (?, ?)")
        .execute(arguments: [entity, memory])
      for alias in mention.aliases {
        try database.cachedStatement(sql: "INSERT OR IGNORE INTO alias (bank, norm, entity) VALUES (?, ?, ?)")
          .execute(arguments: [bank, EntityName.norm(alias), entity])
      }
    }
  }

  /// The entity of that name, the one that it was merged into, or the one that has it as another name: as a person
  /// said, else the only one by rule.
  func entity(named norm: String) throws -> Int64? {
    let named = try Int64.fetchOne(
      database.cachedStatement(sql: "SELECT coalesce(merged_into, id) FROM entity WHERE bank = ? AND norm = ?"),
      arguments: [bank, norm])
    if let named { return named }
    let aliased = try Row.fetchAll(
      database.cachedStatement(
        sql: "SELECT entity, is_given FROM alias WHERE bank = ? AND norm = ? ORDER BY is_given DESC LIMIT 2"),
      arguments: [bank, norm])
    guard let first = aliased.first, aliased.count == 1 || first["is_given"] else { return nil }
    return first["entity"]
  }

  private func insert(_ mention: EntityMention, saidAt: Int64) throws -> Int64 {
    try database.cachedStatement(
      sql: """
        INSERT INTO entity (uid, bank, name, norm, kind, first_seen, last_seen) VALUES (?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(
      arguments: [
        RowName(milliseconds: now).bytes, bank, mention.name, mention.norm, mention.kind.rawValue, saidAt, saidAt,
      ])
    return database.lastInsertedRowID
  }
}
