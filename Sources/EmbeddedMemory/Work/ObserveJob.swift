import Foundation
import GRDB
import RearviewChat
import RearviewJSON
import RearviewMemory

/// Consolidates a bank's facts into observations, eight at a time.
///
/// What a group changed, and that its facts were taken in, is written in one transaction. Facts and observations of
/// different tags never meet.
struct ObserveJob: Sendable {
  static let groupSize = 8
  /// Observations that are shown beside a group.
  private static let relatedLimit = 16
  /// Estimated tokens of observations looked for by each fact.
  private static let relatedTokens = 512

  private let context: JobContext

  init(_ context: JobContext) { self.context = context }

  func run() async throws {
    try await context.write { [store = context.store] database in
      try Provenance(database, now: store.now).sweep(bank: context.job.bank)
    }
    while let group = try await group() {
      let prompt = try await prompt(for: group)
      let changes = try await changes(prompt)
      try await keep(changes, of: prompt, group: group)
    }
    let store = context.store
    try await context.write { [job = context.job, now = store.now] database in
      try JobQueue.end(job.row, .done, error: nil, now: now, in: database)
    }
  }

  // MARK: - Reading

  private struct Group: Sendable {
    var bankID: String
    var tags: String?
    var facts: [ObservePrompt.Item]
    var profile: BankProfile
  }

  /// The oldest facts that wait, of the same tags.
  private func group() async throws -> Group? {
    try await context.store.read { [job = context.job] database in
      guard let profile = try BankProfile.find(row: job.bank, in: database) else { return nil }
      let waiting = "bank = ? AND origin = 'extract' AND state = 0 AND consolidated IS NULL"
      guard
        let first = try Row.fetchOne(
          database, sql: "SELECT tags FROM memory WHERE \(waiting) ORDER BY id LIMIT 1", arguments: [job.bank])
      else { return nil }
      let facts = try Row.fetchAll(
        database,
        sql: "SELECT \(Self.columns) FROM memory WHERE \(waiting) AND tags IS ? ORDER BY id LIMIT ?",
        arguments: [job.bank, first[0] as String?, Self.groupSize])
      return Group(bankID: profile.id, tags: first[0], facts: facts.map(Self.item), profile: profile)
    }
  }

  private static let columns = """
    memory.id, memory.uid, CAST(memory.text AS BLOB) AS text, memory.said_at, memory.occurred_start, \
    memory.occurred_end, memory.proof
    """

  private static func item(_ row: Row) -> ObservePrompt.Item {
    ObservePrompt.Item(
      row: row["id"], uid: RowName.spelling(row["uid"]), text: MemoryRow.text(row["text"]) ?? "",
      saidAt: row["said_at"],
      occurredStart: row["occurred_start"], occurredEnd: row["occurred_end"], proof: row["proof"])
  }

  /// The group with what each of its facts recalls, one in turn from each, so that none crowds out the others.
  private func prompt(for group: Group) async throws -> ObservePrompt {
    var lists: [[String]] = []
    for fact in group.facts {
      let found = try await context.store.recall(
        RecallQuery(
          bankID: group.bankID, text: fact.text, maxTokens: Self.relatedTokens, types: [.observation],
          tags: TagFilter(tags: NameList.read(group.tags), match: .exact)))
      lists.append(found.memories.map(\.memory.id))
    }
    var ids: [String] = []
    for rank in 0..<(lists.map(\.count).max() ?? 0) {
      for list in lists where list.indices.contains(rank) && !ids.contains(list[rank]) { ids.append(list[rank]) }
    }
    let related = Array(ids.prefix(Self.relatedLimit))
    return try await context.store.read { [job = context.job] database in
      let observations = try related.compactMap { id -> ObservePrompt.Item? in
        guard let name = RowName(id) else { return nil }
        let row = try Row.fetchOne(
          database,
          sql: """
            SELECT \(Self.columns),
              EXISTS (SELECT 1 FROM journal WHERE journal.uid = memory.uid AND action = 'edit' AND undone_by IS NULL)
                AS is_fixed
            FROM memory WHERE uid = ? AND bank = ? AND state = 0 AND origin = 'observe'
            """, arguments: [name.bytes, job.bank])
        return row.map { row in
          var item = Self.item(row)
          item.isFixed = row["is_fixed"]
          return item
        }
      }
      return ObservePrompt(
        facts: group.facts, observations: observations, mission: group.profile.observeMission,
        withdrawn: try Self.withdrawn(near: group.facts, bank: job.bank, in: database))
    }
  }

  /// What a person took back and a model could say again: invalidated memories that share words or an observation
  /// with the group.
  private static func withdrawn(
    near facts: [ObservePrompt.Item], bank: Int64, in database: Database
  ) throws -> [String] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT CAST(text AS BLOB), EXISTS (
            SELECT 1 FROM memory_source AS own JOIN memory_source AS other ON other.memory = own.memory
            WHERE own.source = memory.id AND other.source IN (\(facts.map { String($0.row) }.joined(separator: ", "))))
        FROM memory
        WHERE bank = ? AND state = 1 AND origin IS NOT NULL AND coalesce(state_reason, '') NOT IN (?, ?)
        ORDER BY updated DESC LIMIT 200
        """, arguments: [bank, Provenance.goneReason, Provenance.supersededReason])
    let words = Set(facts.flatMap { QueryWords($0.text).terms.map(\.text) })
    let near = rows.compactMap { row -> String? in
      guard let text = MemoryRow.text(row[0]) else { return nil }
      let own = Set(QueryWords(text).terms.map(\.text))
      let isNear = row[1] as Bool || (!own.isEmpty && own.intersection(words).count * 2 >= own.count)
      return isNear ? text : nil
    }
    return Array(near.prefix(10))
  }

  // MARK: - Asking

  private func changes(_ prompt: ObservePrompt) async throws -> [ObservationChange] {
    var request = prompt.request
    for _ in 0..<2 {
      let completion = try await context.ask(request)
      if let json = LaxJSON(completion.text) {
        return ObservationChange.all(in: json.value, prompt: prompt)
      }
      request.messages += [
        completion.message,
        Message(
          .user,
          #"That was no JSON. Answer with the JSON object alone: {"creates": […], "updates": […], "deletes": […]}"#),
      ]
    }
    throw JobFault(
      description: "The model answers without the JSON that it was asked for; pick another for background work.")
  }

  // MARK: - Writing

  private func keep(_ changes: [ObservationChange], of prompt: ObservePrompt, group: Group) async throws {
    let store = context.store
    try await context.write { [job = context.job, now = store.now, timeZone = store.timeZone] database in
      let writer = ObservationWriter(
        bank: job.bank, tags: group.tags, now: now, timeZone: timeZone, database: database)
      var counts = ObservationWriter.Counts()
      for change in changes { try writer.write(change, counts: &counts) }
      let rows = prompt.facts.map { String($0.row) }.joined(separator: ", ")
      try database.execute(sql: "UPDATE memory SET consolidated = ? WHERE id IN (\(rows))", arguments: [now])
      if counts.isChange { try Work.observationsChanged(bank: job.bank, now: now, in: database) }
      let row = try Row.fetchOne(database, sql: "SELECT done_steps, result FROM job WHERE id = ?", arguments: [job.row])
      let done = (row?["done_steps"] as Int? ?? 0) + prompt.facts.count
      let before = (row?["result"] as String?).flatMap { try? JSONValue(parsing: $0).object } ?? [:]
      let left = try Int.fetchOne(
        database,
        sql: """
          SELECT count(*) FROM memory WHERE bank = ? AND origin = 'extract' AND state = 0 AND consolidated IS NULL
          """, arguments: [job.bank])
      try JobQueue.progress(
        job, done: done, total: done + (left ?? 0), result: counts.added(to: before), now: now, in: database)
    }
  }
}
