import Foundation

/// Words of turns that are on their way to the store, so that the next recall can let them arrive first.
final class WordsUnderWay: Sendable {
  private let lock = NSLock()
  // Safe: only touched while `lock` is held.
  nonisolated(unsafe) private var tasks: [String: Task<Void, Never>] = [:]

  /// Starts work for a turn and remembers it until it is done.
  func start(turnID: String, _ work: @escaping @Sendable () async -> Void) {
    lock.withLock {
      tasks[turnID] = Task {
        await work()
        lock.withLock { tasks[turnID] = nil }
      }
    }
  }

  /// Returns when all that is under way now has arrived, at the latest after `limit`: a store that cannot be written
  /// may still be read.
  func arrive(within limit: Duration) async {
    let waiting = lock.withLock { Array(tasks.values) }
    guard !waiting.isEmpty else { return }
    let (ends, continuation) = AsyncStream.makeStream(of: Void.self)
    Task {
      for task in waiting { await task.value }
      continuation.finish()
    }
    let timer = Task {
      try? await Task.sleep(for: limit)
      continuation.finish()
    }
    for await _ in ends {}
    timer.cancel()
  }
}
