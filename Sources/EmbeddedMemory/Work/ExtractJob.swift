import GRDB
import RearviewChat
import RearviewJSON
import RearviewMemory

/// Reads what a document got, a window at a time, and keeps the facts in it.
///
/// The facts of a window, and that it was read, are written in one transaction: whoever goes on after a crash begins
/// with the first window that was not. What was said stays as it is. A window whose answer is too long for the model is
/// read in halves.
struct ExtractJob: Sendable {
  private let context: JobContext
  private let document: Int64

  /// `nil` when the job names no document.
  init?(_ context: JobContext) {
    guard let document = context.job.payload["document"]?.integer else { return nil }
    self.context = context
    self.document = Int64(document)
  }

  func run() async throws {
    while let window = try await context.store.read({ [document] in
      try ExtractionWindow.next(document: document, in: $0)
    }) {
      try await read(window)
    }
    let store = context.store
    try await context.write { [job = context.job, now = store.now] database in
      try Work.enqueueAfterFacts(bank: job.bank, now: now, in: database)
      try JobQueue.end(job.row, .done, error: nil, now: now, in: database)
    }
  }

  private func read(_ window: ExtractionWindow) async throws {
    guard window.passages.contains(where: { !$0.isWithdrawn }) else {
      try await keep([], of: window, numbered: [:])
      return
    }
    let prompt = try await prompt(for: window)
    let numbered = Dictionary(uniqueKeysWithValues: prompt.numbered.map { ($0.number, ($0.passage, $0.isNew)) })
    switch try await facts(prompt.request) {
    case .facts(let facts):
      try await keep(facts, of: window, numbered: numbered)
    case .tooLong(let partly):
      if let (first, second) = window.halves() {
        try await read(first)
        try await read(second)
      } else if let partly {
        // As small as it gets: what was whole of the answer is kept.
        try await keep(partly, of: window, numbered: numbered)
      } else {
        throw JobFault(
          description:
            "The model takes not even \(ExtractionWindow.leastBytes) bytes at once; pick another for background work.")
      }
    }
  }

  private func prompt(for window: ExtractionWindow) async throws -> ExtractionPrompt {
    try await context.store.read { [job = context.job, timeZone = context.store.timeZone] database in
      let messages = window.passages.map(\.message)
      let withdrawn = try Row.fetchAll(
        database,
        sql: """
          SELECT DISTINCT CAST(memory.text AS BLOB) FROM source JOIN memory ON memory.id = source.memory
          WHERE source.message IN (\(messages.map(String.init).joined(separator: ", "))) AND memory.state = 1
            AND memory.origin = 'extract' ORDER BY memory.id LIMIT 20
          """)
      return ExtractionPrompt(
        window: window, mission: try BankProfile.find(row: job.bank, in: database)?.retainMission,
        withdrawn: withdrawn.compactMap { MemoryRow.text($0[0]) }, timeZone: timeZone)
    }
  }

  private enum Answer {
    case facts([ExtractedFact])
    /// The model's limit was met; what was whole up to there, if an answer came.
    case tooLong([ExtractedFact]?)
  }

  /// Asks, and once more where nothing readable came.
  private func facts(_ request: ChatRequest) async throws -> Answer {
    var request = request
    for _ in 0..<2 {
      let completion: Completion
      do {
        completion = try await context.ask(request)
      } catch let error as ChatModelError where error.kind == .contextTooLong {
        return .tooLong(nil)
      }
      if let json = LaxJSON(completion.text) {
        let facts = ExtractedFact.all(in: json.value)
        return json.isCut || completion.finish == .length ? .tooLong(facts) : .facts(facts)
      }
      if completion.finish == .length { return .tooLong(nil) }
      request.messages += [
        completion.message, Message(.user, "That was no JSON. Answer with the JSON object alone: {\"facts\": […]}"),
      ]
    }
    throw JobFault(
      description: "The model answers without the JSON that it was asked for; pick another for background work.")
  }

  /// Writes the facts that stand where they say, and that the window was read.
  private func keep(
    _ facts: [ExtractedFact], of window: ExtractionWindow,
    numbered: [Int: (passage: ExtractionWindow.Passage, isNew: Bool)]
  ) async throws {
    let checked = facts.map { CheckedFact($0, numbered: numbered) }
    let store = context.store
    try await context.write { [job = context.job, document, now = store.now, timeZone = store.timeZone] database in
      let place = try Row.fetchOne(
        database, sql: "SELECT extracted_message, extracted_bytes FROM document WHERE id = ?", arguments: [document])
      // It changed meanwhile (a message was deleted); what is there now is read instead.
      guard let place, ExtractionWindow.Place(message: place[0], bytes: place[1]) == window.start else { return }
      var tally = try Tally(of: job, in: database)
      let writer = FactWriter(
        bank: job.bank, document: document, window: window, now: now, timeZone: timeZone, database: database)
      for fact in checked { tally.count(try writer.write(fact)) }
      tally.passages += window.passages.count
      try database.execute(
        sql: "UPDATE document SET extracted_message = ?, extracted_bytes = ? WHERE id = ?",
        arguments: [window.end.message, window.end.bytes, document])
      let left = try Int.fetchOne(
        database, sql: "SELECT count(*) FROM message WHERE document = ? AND is_replaced = 0 AND id > ?",
        arguments: [document, window.end.message])
      try JobQueue.progress(
        job, done: tally.passages, total: tally.passages + (left ?? 0), result: tally.json, now: now, in: database)
    }
  }

  /// What came of the job, over all of its windows and owners.
  private struct Tally {
    var passages = 0
    private var counts: [FactWriter.Outcome: Int] = [:]

    init(of job: JobQueue.Claimed, in database: Database) throws {
      let row = try Row.fetchOne(database, sql: "SELECT done_steps, result FROM job WHERE id = ?", arguments: [job.row])
      passages = row?["done_steps"] ?? 0
      let result = (row?["result"] as String?).flatMap { try? JSONValue(parsing: $0) }
      for outcome in FactWriter.Outcome.allCases { counts[outcome] = result?[outcome.rawValue]?.integer }
    }

    mutating func count(_ outcome: FactWriter.Outcome) { counts[outcome, default: 0] += 1 }

    var json: JSONObject {
      JSONObject(FactWriter.Outcome.allCases.map { ($0.rawValue, .integer(counts[$0] ?? 0)) })
    }
  }
}
