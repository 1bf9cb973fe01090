import Foundation
import GRDB
import RearviewChat
import RearviewJSON
import RearviewMemory

/// A model answers a question from memory by looking things up, round after round.
///
/// The first rounds look in the mental models, the observations and the memories, in this order, by tool choice where
/// the model knows it; a fresh mental model that fits frees it from that. A model that knows no tools is asked for
/// JSON in its text, and for one that does not manage that either the searches are made here. When rounds, tokens or
/// time run out, the answer is asked for with what was found so far.
struct ReflectLoop: Sendable {
  let store: EmbeddedMemory
  let query: ReflectQuery
  let profile: BankProfile
  let model: any ChatModel
  var limits = ReflectLimits()
  var excludedMentalModel: String?
  /// How the model is asked; who pays for it keeps the books.
  var ask: @Sendable (any ChatModel, ChatRequest) async throws -> Completion = { try await $0.complete($1) }
  var onProgress: @Sendable (ReflectProgress) -> Void = { _ in }

  init(store: EmbeddedMemory, query: ReflectQuery, profile: BankProfile, model: any ChatModel) {
    self.store = store
    self.query = query
    self.profile = profile
    self.model = model
    if let timeout = query.timeout { limits.time = min(limits.time, timeout) }
  }

  /// The answer.
  ///
  /// - Throws: what the model or the store failed with, `CancellationError`, or `ReflectFault` when the time ran out.
  func run() async throws -> Reflection {
    let search = ReflectSearch(store: store, query: query, excludedMentalModel: excludedMentalModel)
    let asked = query.tags?.tags ?? []
    let prompt = ReflectPrompt(
      query: query, profile: profile,
      directives: try await store.directives(bankID: query.bankID).filter { $0.applies(to: asked) }, today: store.today)
    var state = ReflectRun(loop: self, search: search, prompt: prompt)
    state.plan = try await plan(search)
    let answer = try await state.answer()
    var structured: JSONValue?
    if let schema = query.responseSchema { structured = try await state.structured(answer.text, schema: schema) }
    return Reflection(
      text: answer.text, basedOn: answer.memories, structuredOutput: structured, isExtract: false,
      trace: state.trace.json(model: model.name, answer: answer, directives: prompt.directives))
  }

  /// Which searches come first: those that can find anything.
  private func plan(_ search: ReflectSearch) async throws -> [ReflectTool] {
    var plan: [ReflectTool] = []
    if try await !search.visibleMentalModels().isEmpty { plan.append(.searchMentalModels) }
    let hasObservations = try await store.read { [query] database in
      guard let bank = try BankRow.find(query.bankID, in: database) else { return false }
      return try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM memory WHERE bank = ? AND type = 'observation' AND state = 0)",
        arguments: [bank.id]) ?? false
    }
    if hasObservations { plan.append(.searchObservations) }
    return plan + [.recall]
  }
}

/// Why a reflection came to no answer, without a fault of the model.
enum ReflectFault: Error, CustomStringConvertible {
  case tookTooLong(Duration)

  var description: String {
    switch self {
    case .tookTooLong(let limit):
      "The model did not answer within \(limit.components.seconds) s; reflect_timeout_seconds sets the limit."
    }
  }
}
