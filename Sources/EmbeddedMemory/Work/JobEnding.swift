import GRDB
import RearviewChat
import RearviewMemory

/// What becomes of a job that did not come to its end.
struct JobEnding: Sendable {
  let job: JobQueue.Claimed
  let store: EmbeddedMemory

  /// The wait before the second try; twice as long before each further one. In milliseconds.
  private static let firstWait: Int64 = 60_000

  /// Writes it down, unless another has the job meanwhile.
  ///
  /// - Returns: why the model cannot be used, when that was the cause.
  /// - Throws: the error, when the store cannot be used, or the job was given up because of a cancellation.
  func write(_ error: any Error) async throws -> String? {
    switch error {
    case JobInterruption.lost:
      return nil
    case JobInterruption.paused:
      try await putBack(error: nil, countsTry: false)
      return nil
    case JobInterruption.limitReached:
      try await meetLimit()
      return nil
    case is CancellationError:
      try await putBack(error: nil, countsTry: false)
      return nil
    case let error as ChatModelError where error.isTransient:
      try await tryAgain(error.cause, wait: error.askedWait)
      return nil
    case let error as ChatModelError:
      try await fail(error.description)
      return error.isOfTheModel ? error.description : nil
    case let error as MemoryStoreError where error.isOfTheStore:
      try? await tryAgain(error.description, wait: nil)
      throw error
    default:
      try await fail("\(error)")
      return nil
    }
  }

  private func putBack(error: String?, countsTry: Bool) async throws {
    try await change { now, database in
      try JobQueue.putBack(job.row, notBefore: now, error: error, countsTry: countsTry, now: now, in: database)
    }
  }

  private func tryAgain(_ cause: String, wait: Duration?) async throws {
    try await change { now, database in
      let attempts = try Int.fetchOne(database, sql: "SELECT attempts FROM job WHERE id = ?", arguments: [job.row]) ?? 0
      if attempts >= JobQueue.attemptLimit {
        try JobQueue.end(job.row, .failed, error: "\(cause) It was tried \(attempts) times.", now: now, in: database)
      } else {
        let asked = wait.map { $0.components.seconds * 1000 } ?? 0
        let pause = max(asked, Self.firstWait << Int64(max(attempts - 1, 0)))
        try JobQueue.putBack(job.row, notBefore: now + pause, error: cause, now: now, in: database)
      }
    }
  }

  private func fail(_ cause: String) async throws {
    try await change { now, database in try JobQueue.end(job.row, .failed, error: cause, now: now, in: database) }
  }

  private func meetLimit() async throws {
    try await change { [day = store.today] now, database in
      try JobQueue.putBack(job.row, notBefore: now, error: nil, countsTry: false, now: now, in: database)
      guard let limit = try WorkSettings.dailyTokenLimit(in: database) else { return }
      try JobQueue.meetLimit(
        limit, day: day, where: "id = :job AND state = 'pending'", ["job": job.row], now: now, in: database)
    }
  }

  private func change(_ body: @Sendable (Int64, Database) throws -> Void) async throws {
    do {
      try await store.write { [now = store.now] database in
        try JobQueue.requireHeld(job, in: database)
        try body(now, database)
      }
    } catch JobInterruption.lost {
      // Whoever has it writes how it ends.
    }
  }
}
