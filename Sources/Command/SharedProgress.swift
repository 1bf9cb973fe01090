import NIOConcurrencyHelpers
import RearviewEmbeddedMemory

/// A progress line that is told from any thread.
final class SharedProgress: Sendable {
  private let line = NIOLockedValueBox(ProgressLine())

  func show(_ verb: String, _ progress: ExchangeProgress) {
    line.withLockedValue {
      $0.show("\(verb) \(progress.total == 0 ? 100 : min(100, 100 * progress.done / progress.total)) % …")
    }
  }

  func end() { line.withLockedValue { $0.end() } }
}
