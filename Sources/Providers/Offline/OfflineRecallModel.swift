import RearviewChat

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The built-in model: no language model, no network. It quotes what was recalled for the turn and says so.
///
/// It lets a new user see memory work before anything is set up. Its answers hold nothing new, so they are not kept.
public struct OfflineRecallModel: ChatModel {
  /// `offline/recall`
  public static let fullName = "offline/recall"

  /// Words come no slower than this in all, however many there are.
  private static let longest = Duration.milliseconds(800)

  public var name: String { Self.fullName }
  public var retainsAnswers: Bool { false }
  private let timeZone: TimeZone
  private let pace: Duration

  /// - Parameters:
  ///   - timeZone: In which the dates of memories are told.
  ///   - pace: The time between two words; long answers go faster, so that none takes a second.
  public init(timeZone: TimeZone = .current, pace: Duration = .milliseconds(8)) {
    self.timeZone = timeZone
    self.pace = pace
  }

  public func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
    let answer = OfflineAnswer(memories: request.memories.map(\.memory), timeZone: timeZone)
    let pieces = Self.pieces(of: answer.markdown, pace: pace)
    let pace = pace
    return AsyncThrowingStream { continuation in
      let task = Task {
        do {
          for piece in pieces {
            continuation.yield(.text(piece))
            try await Task.sleep(for: pace)
          }
          continuation.yield(.finished(.stop))
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  /// The answer in pieces of one word or more, each with the blanks after it, so many that the pace keeps to the limit.
  private static func pieces(of text: String, pace: Duration) -> [String] {
    var words: [String] = []
    for part in text.split(separator: " ", omittingEmptySubsequences: false) { words.append(part + " ") }
    if let last = words.popLast() { words.append(String(last.dropLast())) }
    let most = pace > .zero ? max(1, Int(longest / pace)) : words.count
    let size = max(1, (words.count + most - 1) / max(1, most))
    return stride(from: 0, to: words.count, by: size).map { words[$0..<min($0 + size, words.count)].joined() }
  }
}
