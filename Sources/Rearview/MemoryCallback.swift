import Foundation
import NIOConcurrencyHelpers
import RearviewChat
import RearviewEngine
import RearviewJSON
import RearviewMemory

/// Memory for calls that a program makes itself: one call of ours before, one after.
///
/// ```swift
/// let callback = await memory.callback()
/// let prepared = try await callback.beforeCall(request)
/// // send prepared.request with any client
/// try await callback.afterCall(prepared, answer: answer)
/// ```
///
/// An exchange that its bank had before is not stored again. The tokens that the model counted are stored with it.
public struct MemoryCallback: Sendable {
  /// A request with its memory in it, and what is needed to end the call.
  ///
  /// Letting go of it without `afterCall` ends the call as one that failed.
  public final class Prepared: Sendable {
    /// What to send: no member of it is a setting of ours. Given to `completion`, it gets no memory a second time.
    public let request: CompletionRequest
    fileprivate let model: OutsideModel
    fileprivate let outcome: Task<TurnRecord, any Error>
    private let instance: RearviewInstance

    fileprivate init(
      _ request: CompletionRequest, model: OutsideModel, outcome: Task<TurnRecord, any Error>,
      instance: RearviewInstance
    ) {
      self.request = request
      self.model = model
      self.outcome = outcome
      self.instance = instance
    }

    deinit {
      model.fail(CancellationError())
      if let id = request.preparation { Task { [instance] in await instance.unprepare(id) } }
    }
  }

  private let instance: RearviewInstance

  init(_ instance: RearviewInstance) { self.instance = instance }

  /// Asks memory for a request and puts the block into it. A failing memory lets the request through as it is.
  public func beforeCall(_ request: CompletionRequest) async throws -> Prepared {
    let client = try await instance.opened()
    var settings = await instance.settingsOfCall()
    settings?.deduplicate = true
    let model = OutsideModel(name: request.model)
    let (turn, _) = try await instance.start(request, of: client, settings: settings, rules: .callback) { model }
    let instance = instance
    let (announced, continuation) = AsyncStream.makeStream(of: Void.self)
    let outcome = Task {
      // Also of a turn that ends without asking the model: nobody must wait for a request then.
      defer {
        model.isNotAsked()
        continuation.finish()
      }
      var follower = TurnFollower(instance: instance)
      for await event in turn.events {
        await follower.take(event)
        if case .injected = event { continuation.finish() }
      }
      guard let record = follower.record else { throw CancellationError() }
      return record
    }
    guard let chat = await model.sent() else {
      // The turn ended before the model was to be asked: memory failed and `memory_failure` says so.
      throw CompletionFailed(record: try await outcome.value, cause: nil)
    }
    for await _ in announced {}
    var prepared = request
    prepared.messages = chat.messages
    prepared.parameters = chat.parameters
    let id = UUID()
    prepared.preparation = id
    await instance.prepare(id)
    return Prepared(prepared, model: model, outcome: outcome, instance: instance)
  }

  /// Hands in the answer; the exchange is stored.
  /// - Returns: the turn's record.
  @discardableResult
  public func afterCall(_ prepared: Prepared, answer: Answer) async throws -> TurnRecord {
    prepared.model.end(with: answer)
    return try await prepared.outcome.value
  }

  /// Says that the call failed: nothing is stored.
  @discardableResult
  public func afterCall(_ prepared: Prepared, failing error: any Error) async throws -> TurnRecord {
    prepared.model.fail(error)
    return try await prepared.outcome.value
  }
}

extension RearviewInstance {
  /// For calls that the program makes itself.
  public func callback() -> MemoryCallback {
    useCallback()
    return MemoryCallback(self)
  }
}

/// A model that is asked elsewhere: hands out the request and waits for the answer.
final class OutsideModel: ChatModel {
  let name: String
  private let requests = AsyncStream.makeStream(of: ChatRequest.self)
  private let answers = AsyncThrowingStream.makeStream(of: ChatEvent.self)

  init(name: String) { self.name = name }

  /// Says that no request comes any more.
  func isNotAsked() { requests.continuation.finish() }

  func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
    requests.continuation.yield(request)
    return answers.stream
  }

  func sent() async -> ChatRequest? { await requests.stream.first { _ in true } }

  func end(with answer: Answer) {
    if !answer.text.isEmpty { answers.continuation.yield(.text(answer.text)) }
    if !answer.reasoning.isEmpty { answers.continuation.yield(.reasoning(answer.reasoning)) }
    for call in answer.toolCalls { answers.continuation.yield(.toolCall(call)) }
    if let usage = answer.usage { answers.continuation.yield(.usage(usage)) }
    answers.continuation.yield(.finished(answer.finishReason ?? .stop))
    answers.continuation.finish()
  }

  func fail(_ error: any Error) { answers.continuation.finish(throwing: error) }
}
