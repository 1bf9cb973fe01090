import Foundation
import GRDB
import RearviewJSON

/// The background work of a file as a whole.
public struct WorkStatus: Hashable, Codable, Sendable {
  /// Whether what is retained is queued for a model: on since a worker ran on the file, until it is switched off.
  public var isOn: Bool
  public var isPaused: Bool
  /// The most tokens (input and output) that background work may use a day; `nil` for no limit.
  public var dailyTokenLimit: Int?
  /// What it used today. Reflections that a person asked for are not in it.
  public var tokensToday: Int
  /// How many jobs are in each state; those in which there is none are left out.
  public var jobs: [JobState: Int]
  /// The last fault of a job.
  public var lastError: String?

  /// Whether the day's tokens are used up.
  public var isLimitReached: Bool { dailyTokenLimit.map { tokensToday >= $0 } ?? false }

  enum CodingKeys: String, CodingKey {
    case jobs
    case isOn = "is_on"
    case isPaused = "is_paused"
    case dailyTokenLimit = "daily_token_limit"
    case tokensToday = "tokens_today"
    case lastError = "last_error"
  }
}

extension EmbeddedMemory {
  /// How the background work of the file stands.
  public func workStatus() async throws -> WorkStatus {
    try await read { [day = today] database in
      let jobs = try Row.fetchAll(database, sql: "SELECT state, count(*) FROM job GROUP BY state")
      return WorkStatus(
        isOn: try WorkSettings.isOn(in: database), isPaused: try WorkSettings.isPaused(in: database),
        dailyTokenLimit: try WorkSettings.dailyTokenLimit(in: database),
        tokensToday: try Spending.backgroundTokens(day: day, in: database),
        jobs: Dictionary(
          jobs.compactMap { row in JobState(rawValue: row[0]).map { ($0, row[1] as Int) } }, uniquingKeysWith: +),
        lastError: try String.fetchOne(
          database, sql: "SELECT error FROM job WHERE error IS NOT NULL ORDER BY updated DESC, id DESC LIMIT 1"))
    }
  }

  /// Jobs, the last changed first.
  ///
  /// - Parameters:
  ///   - bankID: Only this bank's; `nil` for all.
  ///   - states: Only in these states; `nil` for all.
  public func jobs(bankID: String? = nil, states: [JobState]? = nil, limit: Int = 100) async throws -> [Job] {
    let wanted = (states ?? JobState.allCases).map { "'\($0.rawValue)'" }.joined(separator: ", ")
    return try await read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT \(Job.columns) FROM job JOIN bank ON bank.id = job.bank
          WHERE job.state IN (\(wanted)) AND (:bank IS NULL OR bank.name = CAST(:bank AS TEXT))
          ORDER BY job.updated DESC, job.id DESC LIMIT :limit
          """, arguments: ["bank": bankID?.blob, "limit": max(limit, 1)]
      ).compactMap(Job.init)
    }
  }

  /// Cancels a job, also one that runs, in whichever process: what it did stays, and it writes nothing more.
  /// Returns whether there was one that had not ended.
  @discardableResult
  public func cancelJob(id: String) async throws -> Bool {
    try await changeJob(id, from: "'pending', 'running', 'limit_reached'") { row, now, database in
      try JobQueue.end(row, .cancelled, error: nil, now: now, in: database)
    }
  }

  /// Lets a failed or cancelled job wait again, with all its tries. Returns whether there was one.
  @discardableResult
  public func retryJob(id: String) async throws -> Bool {
    try await changeJob(id, from: "'failed', 'cancelled'") { row, now, database in
      try database.execute(sql: "UPDATE job SET attempts = 0 WHERE id = ?", arguments: [row])
      try JobQueue.putBack(row, notBefore: now, error: nil, now: now, in: database)
    }
  }

  /// Stops or resumes all background work on the file, in every process. Running jobs stop before their next call.
  public func setWorkPaused(_ isPaused: Bool) async throws {
    try await write { try WorkSettings.set(.paused, isPaused ? "1" : nil, in: $0) }
  }

  /// Switches background work on or off for what is retained from now on; a worker that runs switches it on.
  public func setWorkOn(_ isOn: Bool) async throws {
    try await write { try WorkSettings.set(.on, isOn ? "1" : nil, in: $0) }
  }

  /// Sets how many tokens background work may use a day; `nil` for no limit.
  public func setDailyTokenLimit(_ limit: Int?) async throws {
    try await write { try WorkSettings.set(.dailyTokenLimit, limit.map { String(max($0, 0)) } ?? "none", in: $0) }
  }

  /// Queues all of a bank that is not extracted or consolidated yet, for banks from before there was a model.
  /// Returns how many documents wait.
  @discardableResult
  public func queueWork(bankID: String) async throws -> Int {
    try await write { [now] database in
      guard let bank = try BankRow.find(bankID, in: database)?.id else { return 0 }
      let documents = try Int64.fetchAll(
        database,
        sql: """
          SELECT id FROM document WHERE bank = ? AND EXISTS (
            SELECT 1 FROM message WHERE document = document.id AND is_replaced = 0 AND message.id > extracted_message)
          """, arguments: [bank])
      for document in documents {
        try Work.addExtraction(bank: bank, document: document, notBefore: now, now: now, in: database)
      }
      try Work.addObservation(bank: bank, notBefore: now, now: now, in: database)
      return documents.count
    }
  }

  /// Queues a new answer to a mental model's question, before other work. Returns whether there is such a model.
  @discardableResult
  public func refreshMentalModel(id: String, bankID: String) async throws -> Bool {
    try await write { [now] database in
      guard let bank = try BankRow.find(bankID, in: database)?.id,
        let stored = try MentalModel.find(id, bank: bank, in: database)
      else { return false }
      try Work.addRefresh(stored, bank: bank, priority: 10, notBefore: now, now: now, in: database)
      return true
    }
  }

  private func changeJob(
    _ id: String, from states: String, _ change: @Sendable (Int64, Int64, Database) throws -> Void
  ) async throws -> Bool {
    try await write { [now] database in
      guard let name = RowName(id),
        let row = try Int64.fetchOne(
          database, sql: "SELECT id FROM job WHERE uid = ? AND state IN (\(states))", arguments: [name.bytes])
      else { return false }
      try change(row, now, database)
      return true
    }
  }

  /// Today in the store's calendar, as `spending` names days.
  var today: String { day(clock()) }
}
