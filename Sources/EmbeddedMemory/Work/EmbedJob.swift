import GRDB
import RearviewChat
import RearviewJSON

/// Gives the memories of a bank the vectors that they lack, a batch at a time.
///
/// Every batch is stored by itself, and what is there already is not embedded again: whoever goes on after a crash begins
/// with what is missing then. Between batches it looks whether it still has the job and work is not paused.
struct EmbedJob: Sendable {
  let store: EmbeddedMemory
  let job: JobQueue.Claimed
  let model: any EmbeddingModel

  /// A job that failed is begun again by itself after so long, in milliseconds.
  private static let restartInterval: Int64 = 60 * 60_000

  /// Before what takes longer and finds less.
  private static let priority = 5

  func run() async throws {
    let bank = try await store.read { [job] database in
      try Row.fetchOne(database, sql: "SELECT CAST(name AS BLOB) FROM bank WHERE id = ?", arguments: [job.bank])
        .flatMap { MemoryRow.text($0[0]) }
    }
    var done = EmbeddingProgress(done: 0, total: 0)
    if let bank { done = try await store.embedMissing(bankID: bank, model: model) { try await note($0) } }
    try await store.write { [job, done, now = store.now] database in
      try Self.write(done, of: job, now: now, in: database)
      try JobQueue.end(job.row, .done, error: nil, now: now, in: database)
    }
  }

  private func note(_ progress: EmbeddingProgress) async throws {
    try await store.write { [job, now = store.now] database in
      try Self.write(progress, of: job, now: now, in: database)
      if try WorkSettings.isPaused(in: database) { throw JobInterruption.paused }
    }
  }

  private static func write(
    _ progress: EmbeddingProgress, of job: JobQueue.Claimed, now: Int64, in database: Database
  ) throws {
    try JobQueue.requireHeld(job, in: database)
    try JobQueue.progress(
      job, done: progress.done, total: progress.total,
      result: progress.refused > 0 ? ["refused": .integer(progress.refused)] : [:], now: now, in: database)
  }

  // MARK: - Queueing

  /// Whether `queue` would change anything.
  static func isNeeded(model: String, now: Int64, in database: Database) throws -> Bool {
    try lacking(model, now: now, in: database).contains { try !isQueued($0, model: model, now: now, in: database) }
  }

  /// Queues a job for every bank that lacks vectors of a model and has none, in place of those that wait for another
  /// model. One that was cancelled stays so until it is retried.
  static func queue(model: String, now: Int64, in database: Database) throws {
    try database.execute(
      sql: "DELETE FROM job WHERE kind = ? AND key <> ? AND state = 'pending'",
      arguments: [JobKind.embed.rawValue, model])
    for bank in try lacking(model, now: now, in: database)
    where try !isQueued(bank, model: model, now: now, in: database) {
      let failed = try Int64.fetchOne(
        database, sql: "SELECT id FROM job WHERE bank = ? AND kind = ? AND key = ? AND state = 'failed' LIMIT 1",
        arguments: [bank, JobKind.embed.rawValue, model])
      if let failed {
        try database.execute(sql: "UPDATE job SET attempts = 0 WHERE id = ?", arguments: [failed])
        try JobQueue.putBack(failed, notBefore: now, error: nil, now: now, in: database)
      } else {
        try JobQueue.add(
          .embed, key: model, payload: [:], bank: bank, priority: priority, notBefore: now, now: now, in: database)
      }
    }
  }

  /// The banks that lack vectors of a model.
  private static func lacking(_ model: String, now: Int64, in database: Database) throws -> [Int64] {
    let banks = try Row.fetchAll(database, sql: "SELECT id, valid_count, last_memory FROM bank WHERE valid_count > 0")
    return try banks.map { BankRow(id: $0[0], validCount: $0[1], lastMemory: $0[2]) }
      .filter { try EmbeddingBatch(bank: $0, model: model, in: database).isWork }.map(\.id)
  }

  private static func isQueued(_ bank: Int64, model: String, now: Int64, in database: Database) throws -> Bool {
    try Bool.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT EXISTS (
            SELECT 1 FROM job WHERE bank = ? AND kind = ? AND key = ? AND (
              state IN ('pending', 'running', 'limit_reached', 'cancelled') OR state = 'failed' AND updated > ?))
          """), arguments: [bank, JobKind.embed.rawValue, model, now - restartInterval]) ?? false
  }
}
