import Foundation
import GRDB
import RearviewJSON
import RearviewMemory

/// A change of observations that a model asked for, its names resolved.
enum ObservationChange: Sendable {
  case create(text: String, facts: [ObservePrompt.Item])
  case update(ObservePrompt.Item, text: String, facts: [ObservePrompt.Item])
  case delete(ObservePrompt.Item)
  /// It names no fact or observation that was shown, or says nothing.
  case unknown

  static func all(in json: JSONValue, prompt: ObservePrompt) -> [ObservationChange] {
    func facts(_ change: JSONValue) -> [ObservePrompt.Item] {
      let names = change.member("facts", "sources", "source_facts", "fact_ids")?.laxTexts ?? []
      var seen: Set<Int64> = []
      return names.compactMap(prompt.fact).filter { seen.insert($0.row).inserted }
    }
    func observation(_ change: JSONValue) -> ObservePrompt.Item? {
      change.member("observation", "id", "observation_id")?.laxText.flatMap(prompt.observation)
    }
    let creates = (json.member("creates", "create")?.list ?? json.list ?? []).map { change in
      guard let text = change.member("text", "observation")?.laxText else { return ObservationChange.unknown }
      let facts = facts(change)
      return facts.isEmpty ? .unknown : .create(text: text, facts: facts)
    }
    let updates = (json.member("updates", "update")?.list ?? []).map { change in
      guard let observation = observation(change), let text = change["text"]?.laxText else {
        return ObservationChange.unknown
      }
      let facts = facts(change)
      return facts.isEmpty ? .unknown : .update(observation, text: text, facts: facts)
    }
    let deletes = (json.member("deletes", "delete")?.list ?? []).map { change in
      guard let observation = observation(change), !facts(change).isEmpty else { return ObservationChange.unknown }
      return .delete(observation)
    }
    return creates + updates + deletes
  }
}

/// Writes changes of observations, inside a transaction.
struct ObservationWriter {
  let bank: Int64
  let tags: String?
  let now: Int64
  let timeZone: TimeZone
  let database: Database

  /// What was before stays to be read, so many texts of it.
  static let versionLimit = 50

  struct Counts {
    var created = 0
    var updated = 0
    var deleted = 0
    var dropped = 0

    var isChange: Bool { created + updated + deleted > 0 }

    func added(to before: JSONObject) -> JSONObject {
      var sum = before
      let counts = [("created", created), ("updated", updated), ("deleted", deleted), ("dropped", dropped)]
      for (name, count) in counts { sum[name] = .integer((before[name]?.integer ?? 0) + count) }
      return sum
    }
  }

  func write(_ change: ObservationChange, counts: inout Counts) throws {
    switch change {
    case .unknown:
      counts.dropped += 1
    case .create(let text, let facts):
      let facts = try valid(facts)
      guard !facts.isEmpty, try !isWithdrawn(text) else { return counts.dropped += 1 }
      if let known = try same(text) {
        try add(facts, to: known)
        counts.updated += 1
      } else {
        try create(text, facts)
        counts.created += 1
      }
    case .update(let observation, let text, let facts):
      let facts = try valid(facts)
      guard !facts.isEmpty, try isUnchanged(observation), try !isWithdrawn(text) else { return counts.dropped += 1 }
      try update(observation, text, facts)
      counts.updated += 1
    case .delete(let observation):
      guard try isUnchanged(observation), !observation.isFixed else { return counts.dropped += 1 }
      try database.execute(
        sql: "UPDATE memory SET state = 1, state_reason = ?, updated = ? WHERE id = ?",
        arguments: [Provenance.supersededReason, now, observation.row])
      counts.deleted += 1
    }
  }

  // MARK: - Conditions

  /// Those that were not invalidated, edited or deleted since they were shown.
  private func valid(_ facts: [ObservePrompt.Item]) throws -> [ObservePrompt.Item] { try facts.filter(isUnchanged) }

  private func isUnchanged(_ item: ObservePrompt.Item) throws -> Bool {
    try text(ofValid: item.row) == item.text
  }

  private func text(ofValid row: Int64) throws -> String? {
    try Row.fetchOne(
      database, sql: "SELECT CAST(text AS BLOB) FROM memory WHERE id = ? AND state = 0", arguments: [row]
    ).flatMap { MemoryRow.text($0[0]) }
  }

  /// Whether a person took this very statement back.
  private func isWithdrawn(_ text: String) throws -> Bool {
    try rows(
      of: text, "state = 1 AND coalesce(state_reason, '') NOT IN (?, ?)",
      [Provenance.goneReason, Provenance.supersededReason]) != nil
  }

  private func same(_ text: String) throws -> Int64? {
    try rows(of: text, "state = 0 AND origin = 'observe' AND tags IS ?", [tags])
  }

  private func rows(of text: String, _ condition: String, _ arguments: StatementArguments) throws -> Int64? {
    let normalized = NormalizedText(text)
    return try Row.fetchAll(
      database,
      sql: """
        SELECT id, CAST(text AS BLOB) AS text FROM memory
        WHERE bank = ? AND text_hash = ? AND origin IS NOT NULL AND \(condition)
        """, arguments: [bank, normalized.hash] + arguments
    ).first { NormalizedText(MemoryRow.text($0["text"]) ?? "") == normalized }?["id"]
  }

  // MARK: - Rows

  private func create(_ text: String, _ facts: [ObservePrompt.Item]) throws {
    let row = try DerivedMemory(
      origin: .observe, type: .observation, text: text, tags: tags, saidAt: facts.compactMap(\.saidAt).max(),
      occurredStart: facts.compactMap(\.occurredStart).min(), occurredEnd: facts.compactMap(\.occurredEnd).max(),
      proof: facts.count
    ).insert(bank: bank, now: now, timeZone: timeZone, in: database)
    try add(facts, to: row)
  }

  /// A person's words stay; only what they rest on grows.
  private func update(_ observation: ObservePrompt.Item, _ text: String, _ facts: [ObservePrompt.Item]) throws {
    if !observation.isFixed, text != observation.text {
      try keepVersion(observation)
      try database.execute(
        sql: "UPDATE memory SET text = CAST(? AS TEXT), indexed = ?, text_hash = ? WHERE id = ?",
        arguments: [text.blob, IndexedText.of(text), NormalizedText(text).hash, observation.row])
    }
    try add(facts, to: observation.row)
  }

  private func keepVersion(_ observation: ObservePrompt.Item) throws {
    let last =
      try Int.fetchOne(
        database, sql: "SELECT max(version) FROM memory_version WHERE memory = ?", arguments: [observation.row]) ?? 0
    try database.execute(
      sql: "INSERT INTO memory_version (memory, version, text, proof, at) VALUES (?, ?, CAST(? AS TEXT), ?, ?)",
      arguments: [observation.row, last + 1, observation.text.blob, observation.proof, now])
    try database.execute(
      sql: "DELETE FROM memory_version WHERE memory = ? AND version <= ?",
      arguments: [observation.row, last + 1 - Self.versionLimit])
  }

  /// Adds what an observation rests on; its proof is how many facts that are, and its dates span theirs.
  private func add(_ facts: [ObservePrompt.Item], to observation: Int64) throws {
    for fact in facts {
      try database.execute(
        sql: "INSERT OR IGNORE INTO memory_source (memory, source) VALUES (?, ?)", arguments: [observation, fact.row])
    }
    try database.execute(
      sql: """
        UPDATE memory SET updated = :now,
          proof = (SELECT count(*) FROM memory_source WHERE memory_source.memory = memory.id),
          (said_at, occurred_start, occurred_end) = (
            SELECT max(fact.said_at), min(fact.occurred_start), max(fact.occurred_end)
            FROM memory_source JOIN memory AS fact ON fact.id = memory_source.source
            WHERE memory_source.memory = memory.id)
        WHERE id = :observation
        """, arguments: ["now": now, "observation": observation])
  }
}
