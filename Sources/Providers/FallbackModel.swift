import RearviewChat

/// A model, and others that are asked in its place, one after the other, when it fails before its answer begins.
struct FallbackModel: ChatModel {
  let first: any ChatModel
  /// The others.
  let others: [Other]

  /// A model that may be asked in place of the first.
  struct Other: Sendable {
    var name: String
    var resolve: @Sendable () throws -> any ChatModel
    /// Makes of the request that was meant for the first what is asked of this one.
    var adapt: @Sendable (ChatRequest) -> ChatRequest
  }

  var name: String { first.name }
  var retainsAnswers: Bool { first.retainsAnswers }

  func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
    let answer = FallbackAnswer(first.stream(request), others: others, request: request)
    return AsyncThrowingStream { try await answer.next() }
  }
}

/// One answer, from whoever gives it.
private actor FallbackAnswer {
  private var events: AsyncThrowingStream<ChatEvent, any Error>.AsyncIterator
  private var others: ArraySlice<FallbackModel.Other>
  private let request: ChatRequest
  private var hasAnswered = false
  private var attempt = 1

  init(
    _ first: AsyncThrowingStream<ChatEvent, any Error>, others: [FallbackModel.Other], request: ChatRequest
  ) {
    events = first.makeAsyncIterator()
    self.others = others[...]
    self.request = request
  }

  func next() async throws -> ChatEvent? {
    do {
      // Moved out while it is used: an iterator has one reader.
      var iterator = events
      let event = try await iterator.next(isolation: #isolation)
      events = iterator
      switch event {
      case .text, .reasoning, .thinkingBlock, .toolCall, .finished, nil: hasAnswered = true
      case .usage: break
      case .retrying(let retry):
        attempt += 1
        return .retrying(Retry(attempt: attempt, waitMilliseconds: retry.waitMilliseconds, reason: retry.reason))
      }
      return event
    } catch let error as ChatModelError {
      return try fallBack(after: error)
    }
  }

  private func fallBack(after error: any Error) throws -> ChatEvent {
    guard !hasAnswered, let other = others.popFirst() else { throw error }
    attempt += 1
    do {
      events = try other.resolve().stream(other.adapt(request)).makeAsyncIterator()
    } catch {
      return try fallBack(after: error)
    }
    return .retrying(
      Retry(
        attempt: attempt, waitMilliseconds: 0, reason: (error as? ChatModelError)?.cause ?? "\(error)",
        model: other.name))
  }
}
