import Foundation
import RearviewChat
import RearviewJSON
import RearviewMemory

@testable import RearviewEmbeddedMemory

/// A model that answers as a test says, and remembers what it was asked.
final class ScriptedModel: ChatModel {
  typealias Answer = @Sendable (ChatRequest, _ call: Int) async throws -> [ChatEvent]

  let name = "scripted/model"
  private let script: Script

  init(_ answer: @escaping Answer) { script = Script(answer) }

  /// Gives these answers in turn, the last one for ever.
  convenience init(_ answers: [[ChatEvent]]) {
    self.init { _, call in answers.isEmpty ? .saying("") : answers[min(call, answers.count) - 1] }
  }

  convenience init(_ answers: String...) { self.init(answers.map { .saying($0) }) }

  var requests: [ChatRequest] { get async { await script.requests } }

  func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
    AsyncThrowingStream { continuation in
      let task = Task { [script] in
        do {
          for event in try await script.answer(request) { continuation.yield(event) }
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  private actor Script {
    private(set) var requests: [ChatRequest] = []
    private let answer: Answer

    init(_ answer: @escaping Answer) { self.answer = answer }

    func answer(_ request: ChatRequest) async throws -> [ChatEvent] {
      requests.append(request)
      return try await answer(request, requests.count)
    }
  }
}

extension [ChatEvent] {
  static func saying(_ text: String, _ reason: FinishReason = .stop) -> Self {
    [.text(text), .usage(Usage(inputTokens: 100, outputTokens: 10)), .finished(reason)]
  }

  static func calling(_ tool: String, _ arguments: String) -> Self {
    [
      .toolCall(ToolCall(id: "call", name: tool, arguments: arguments)),
      .usage(Usage(inputTokens: 100, outputTokens: 10)), .finished(.toolCalls),
    ]
  }
}

extension ChatRequest {
  /// All that the model reads.
  var text: String { messages.map(\.text).joined(separator: "\n") }

  /// The tool that it must use.
  var forcedTool: String? { parameters["tool_choice"]?["function"]?["name"]?.text }
}

extension ChatModelError {
  static func scripted(_ kind: Kind) -> ChatModelError {
    ChatModelError(kind, provider: "Scripted", model: "scripted/model")
  }
}

/// An answer to extraction: one fact for each pair of a statement and its quote, in message 1 unless said otherwise.
func facts(_ facts: [(what: String, quote: String)], message: Int = 1) -> String {
  let list = facts.map { fact -> JSONValue in
    [
      "what": .text(fact.what), "kind": "state", "type": "world", "entities": [],
      "sources": [["message": .integer(message), "quote": .text(fact.quote)]],
    ]
  }
  return JSONValue.object(["facts": .list(list)]).written()
}

extension Scene {
  /// The same file, so many seconds after `Scene.time`.
  func open(after seconds: Double) async throws -> EmbeddedMemory {
    try await EmbeddedMemory.open(
      path: path, clock: { Scene.time.addingTimeInterval(seconds) }, timeZone: .gmt, busyTimeout: .seconds(30))
  }
}

extension EmbeddedMemory {
  /// Runs all background work with a model, whatever waits for more to come.
  @discardableResult
  func work(_ model: ScriptedModel) async throws -> Worker.Stop {
    try await queueWork(bankID: "bank")
    return try await Worker(store: self, model: model).runUntilIdle(ignoringDelays: true)
  }

  /// Extracts these facts from what the bank holds, without observations.
  func extracted(_ list: [(what: String, quote: String)]) async throws {
    try await updateProfile(bankID: "bank") { $0.observes = false }
    try await work(ScriptedModel(facts(list)))
    try await updateProfile(bankID: "bank") { $0.observes = true }
  }

  /// The valid memories that a model derived, in the order in which they came.
  func derived(_ origin: DerivedMemory.Origin) async throws -> [Memory] {
    let all = try await memories(MemoryPageRequest(bankID: "bank", limit: 1_000)).memories
    return all.filter { $0.metadata["origin"] == origin.rawValue && $0.state == .valid }.reversed()
  }
}
