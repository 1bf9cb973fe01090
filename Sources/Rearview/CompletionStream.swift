import RearviewChat
import RearviewEngine

/// An answer that comes in pieces.
///
/// The pieces are the model's own words in its own order; several that arrive at once may come as one. When the last one
/// has come, the stream ends; it throws `CompletionFailed` when the model fails, and a `HindsightError` after the last
/// piece when the call waits for storage (`sync_storage`) and that failed. Letting go of the stream, or `cancel`, closes
/// the connection; what had come is stored, marked as cut.
public struct CompletionStream: AsyncSequence, Sendable {
  public enum Element: Hashable, Sendable {
    case text(String)
    case reasoning(String)
    case toolCall(ToolCall)
    case usage(Usage)
    /// The answer is complete.
    indirect case finished(Answer)
  }

  public typealias AsyncIterator = AsyncThrowingStream<Element, any Error>.AsyncIterator

  private let pieces: AsyncThrowingStream<Element, any Error>
  private let turn: Turn
  /// Ends when all that is to be known of the call is known.
  let following: Task<Void, Never>

  init(_ turn: Turn, waitsForStorage: Bool, follower: TurnFollower) {
    let (pieces, continuation) = AsyncThrowingStream.makeStream(of: Element.self)
    self.pieces = pieces
    self.turn = turn
    continuation.onTermination = { reason in
      if case .cancelled = reason { turn.cancel() }
    }
    following = Task {
      var follower = follower
      var isOver = false
      for await event in turn.events {
        if case .text(let text) = event {
          // Nearly every event is one; nothing else is done for it.
          continuation.yield(.text(text))
          continue
        }
        await follower.take(event)
        switch event {
        case .reasoning(let text): continuation.yield(.reasoning(text))
        case .toolCall(let call): continuation.yield(.toolCall(call))
        case .usage(let usage): continuation.yield(.usage(usage))
        case .finished(let answer) where answer.state == .complete || answer.error == nil:
          continuation.yield(.finished(answer))
          if !waitsForStorage {
            isOver = true
            continuation.finish()
          }
        case .record(let record):
          guard !isOver else { break }
          if record.answer.state != .complete {
            continuation.finish(throwing: CompletionFailed(record: record, cause: turn.fault))
          } else if waitsForStorage, record.storage.isFailure {
            continuation.finish(throwing: HindsightError.storage(record, cause: record.storage.error ?? ""))
          } else {
            continuation.finish()
          }
        case .opened, .retrieved, .injected, .text, .retrying, .finished, .storage: break
        }
      }
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { pieces.makeAsyncIterator() }

  /// Stops the answer at once; what had come is stored, marked as cut.
  public func cancel() { turn.cancel() }

  /// The whole text, once it has come.
  public func text() async throws -> String {
    var whole = ""
    for try await piece in self { if case .text(let text) = piece { whole += text } }
    return whole
  }
}

extension Storage {
  /// Whether the turn is not where it belongs, and not on its way either.
  public var isFailure: Bool { state == .failed || state == .unsaved }
}
