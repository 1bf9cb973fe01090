import GRDB
import RearviewMemory

/// Answers a mental model's question anew, by reflection, and keeps the answer as its next version.
struct RefreshJob: Sendable {
  private let context: JobContext

  init(_ context: JobContext) { self.context = context }

  func run() async throws {
    let store = context.store
    let id = context.job.payload["mental_model"]?.text ?? ""
    let found = try await store.read { [job = context.job] database in
      try (MentalModel.find(id, bank: job.bank, in: database), BankProfile.find(row: job.bank, in: database))
    }
    // One that was removed meanwhile needs no answer.
    guard let stored = found.0, let profile = found.1 else { return try await end() }
    let tags = stored.model.tags
    let query = ReflectQuery(
      bankID: profile.id, text: stored.model.question, includesFacts: true,
      tags: tags.isEmpty ? nil : TagFilter(tags: tags))
    var loop = ReflectLoop(store: store, query: query, profile: profile, model: context.reflectModel)
    // Its own old answer is no evidence.
    loop.excludedMentalModel = id
    loop.ask = { [context] in try await context.ask($0, $1) }
    let reflection = try await loop.run()
    try await context.write { [job = context.job, now = store.now] database in
      try MentalModel.keep(
        body: reflection.text, basedOn: (reflection.basedOn ?? []).map(\.id), mentalModel: stored.row, now: now,
        in: database)
      try JobQueue.end(job.row, .done, error: nil, now: now, in: database)
    }
  }

  private func end() async throws {
    try await context.write { [job = context.job, now = context.store.now] database in
      try JobQueue.end(job.row, .done, error: nil, now: now, in: database)
    }
  }
}
