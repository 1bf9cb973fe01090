import Foundation

/// Writes down how far an answer came, a few times a second while it grows, so that a crash costs no more than that.
///
/// It never holds the answer up: pieces are laid aside at once, and a slow disk only makes the writes rarer.
final class AnswerCheckpoint: Sendable {
  static let interval = Duration.milliseconds(300)

  private let lock = NSLock()
  // Safe: only touched while `lock` is held.
  nonisolated(unsafe) private var pieces: [String] = []

  func add(_ piece: String) { lock.withLock { pieces.append(piece) } }

  private func takePieces() -> [String] {
    lock.withLock {
      defer { pieces = [] }
      return pieces
    }
  }

  /// Runs until its task is cancelled.
  func run(turnID: String, journal: any TurnJournal) async {
    var text = ""
    while !Task.isCancelled {
      let new = takePieces()
      if !new.isEmpty {
        text += new.joined()
        await journal.checkpoint(turnID: turnID, text: text)
      }
      try? await Task.sleep(for: Self.interval)
    }
  }
}
