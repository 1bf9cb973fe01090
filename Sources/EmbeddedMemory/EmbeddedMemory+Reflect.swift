import Foundation
import GRDB
import RearviewChat
import RearviewJSON
import RearviewMemory

extension EmbeddedMemory {
  /// What an extract quotes at most.
  private static let quoteLimit = 10

  /// Sets the model that `reflect` thinks with; `nil`: reflections are extracts.
  public func setReflectModel(_ model: (any ChatModel)?) { models.withLockedValue { $0.reflect = model } }

  /// The same open file, but reflecting with this model: that of a conversation, say.
  public func reflecting(with model: any ChatModel) -> EmbeddedMemory {
    EmbeddedMemory(
      sharing: self, models: StoreModels(reflect: model, vectors: models.withLockedValue(\.vectors)))
  }

  /// An answer from memory by the model that was set; without one, an extract.
  ///
  /// A model that fails does not cost the answer: the extract takes its place, `isExtract` says so, and
  /// `trace["fault"]` says why.
  public func reflect(_ query: ReflectQuery) async throws -> Reflection { try await reflect(query) { _ in } }

  /// As `reflect(_:)`, and tells what it is doing; `onProgress` is called from any thread, in order.
  public func reflect(
    _ query: ReflectQuery, onProgress: @escaping @Sendable (ReflectProgress) -> Void
  ) async throws -> Reflection {
    guard let model = models.withLockedValue(\.reflect), let profile = try await profile(bankID: query.bankID) else {
      return try await extract(query)
    }
    var loop = ReflectLoop(store: self, query: query, profile: profile, model: model)
    loop.onProgress = onProgress
    loop.ask = { [self] in try await askAndBook($0, $1, bankID: query.bankID) }
    do {
      return try await loop.run()
    } catch let error as MemoryStoreError {
      throw error
    } catch {
      try Task.checkCancellation()
      onProgress(.failed("\(error)"))
      var extract = try await extract(query)
      extract.trace = ["model": .text(model.name), "fault": .text("\(error)")]
      return extract
    }
  }

  /// A read-only file keeps no books.
  private func askAndBook(_ model: any ChatModel, _ request: ChatRequest, bankID: String) async throws -> Completion {
    let completion = try await model.complete(request)
    guard !isReadOnly else { return completion }
    try await write { [day = today] database in
      guard let bank = try BankRow.find(bankID, in: database) else { return }
      try Spending.add(
        day: day, bank: bank.id, kind: "reflect", inputTokens: completion.inputTokens,
        outputTokens: completion.outputTokens, in: database)
    }
    return completion
  }

  /// The best memories on the question, word for word, with their dates. Nothing is put together, and a schema cannot
  /// be filled, since no model is at work here; `isExtract` says so.
  private func extract(_ query: ReflectQuery) async throws -> Reflection {
    let found = try await recall(
      RecallQuery(bankID: query.bankID, text: query.text, budget: query.budget, tags: query.tags))
    let best = found.memories.prefix(Self.quoteLimit).map(\.memory)
    guard !best.isEmpty else { return Reflection(text: "", basedOn: [], isExtract: true) }
    let quotes = best.map { memory in
      let date = memory.mentionedAt.map { " (said \(day($0)))" } ?? ""
      return "- " + memory.text.indentingLines(by: "  ") + date
    }
    return Reflection(
      text: "Extract of memory, word for word:\n" + quotes.joined(separator: "\n"), basedOn: Array(best),
      isExtract: true)
  }

  /// The day of a moment in the store's calendar, as `2023-05-07`.
  func day(_ date: Date) -> String {
    date.formatted(Date.ISO8601FormatStyle(timeZone: timeZone).year().month().day())
  }
}
