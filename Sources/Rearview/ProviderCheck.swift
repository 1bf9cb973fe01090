import RearviewChat
import RearviewEngine
import RearviewJSON
import RearviewProviders

/// What came of asking a provider for one word.
public struct ProviderCheck: Hashable, Sendable {
  /// Which model was asked; `nil` where none was found to ask.
  public var model: String?
  public var milliseconds: Double
  /// Why it did not answer, in one sentence; `nil` when it did.
  public var failure: String?
}

extension ProviderStatus {
  /// What is missing before a model of this provider can be asked, as a sentence; `nil` when nothing is. A model of the
  /// table says nothing of what a server on this machine has.
  public func lacks(for model: ModelDescription) -> String? {
    guard model.origin == .table else { return nil }
    if let lackSentence { return lackSentence }
    return kind == .local ? "No server of \(title) on this machine was found to have it." : nil
  }

  /// What is missing, as a sentence of its own.
  public var lackSentence: String? {
    lacks.map { $0.prefix(1).uppercased() + $0.dropFirst() + ($0.last == "." || $0.last == ")" ? "" : ".") }
  }
}

extension RearviewClient {
  /// Asks a provider for one word: the first model of its section, else a cheap one of its list or of the table.
  ///
  /// - Parameters:
  ///   - known: Models that are known, as `models(refresh:)` gives them.
  ///   - limit: How long that may take in all.
  public func check(
    provider id: String, known: [ModelDescription], within limit: Duration = .seconds(30)
  ) async -> ProviderCheck {
    let clock = ContinuousClock()
    let begun = clock.now
    var check = ProviderCheck(milliseconds: 0)
    do {
      let name = try await modelToCheck(of: id, known: known)
      check.model = name
      let model = try catalog.resolve(name)
      let started = clock.now
      try await Self.ask(model, within: limit - begun.duration(to: started))
      check.milliseconds = started.duration(to: clock.now).milliseconds
    } catch is TimedOut {
      check.failure = "\(check.model ?? id) did not answer within \(Int(limit.milliseconds / 1_000)) s."
    } catch {
      check.failure = "\(error)"
    }
    return check
  }

  private struct TimedOut: Error {}

  private static func ask(_ model: any ChatModel, within limit: Duration) async throws {
    let request = ChatRequest(messages: [Message(.user, "Say ok")], parameters: ["max_tokens": 16])
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { for try await _ in model.stream(request) {} }
      group.addTask {
        try await Task.sleep(for: limit)
        throw TimedOut()
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func modelToCheck(of id: String, known: [ModelDescription]) async throws -> String {
    if let first = configuration.providers[id]?.models.first { return "\(id)/\(first)" }
    let own = known.filter { $0.name.hasPrefix(id + "/") }
    let listed = own.filter { $0.origin != .table }
    let table = own.filter { $0.origin == .table }
    if let name = Self.cheapest(listed) { return name }
    do {
      let models = try await catalog.listModels(of: id)
      if let name = Self.cheapest(models) ?? Self.cheapest(table) { return name }
    } catch {
      guard let name = Self.cheapest(table) else { throw error }
      return name
    }
    throw NoModel(provider: id)
  }

  private struct NoModel: Error, CustomStringConvertible {
    var provider: String
    var description: String {
      "\(provider) names no model to ask; name one with models = [\"…\"] in [providers.\(provider)]."
    }
  }

  /// The cheapest model that costs something, else the first that looks like one to chat with.
  private static func cheapest(_ models: [ModelDescription]) -> String? {
    let chats = models.filter { model in !ofOtherUse.contains { model.name.lowercased().contains($0) } }
    let priced = chats.filter { ($0.outputPrice ?? 0) > 0 && $0.endsOn == nil }
    return (priced.min { ($0.outputPrice ?? 0) < ($1.outputPrice ?? 0) } ?? chats.first)?.name
  }

  private static let ofOtherUse = ["embed", "rerank", "whisper", "tts", "audio", "image", "moderation", "guard"]
}
