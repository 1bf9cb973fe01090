import Foundation
import GRDB
import RearviewChat
import RearviewMemory

/// Runs the background work of a file with the models that there are, one job at a time.
///
/// A chat model reads, consolidates and answers mental models; an embedding model gives memories their vectors. Jobs for
/// a model that this worker has not wait for another one.
///
/// Any number of workers, in any number of processes, may run on one file: a job is held by one of them at a time. What
/// a worker was at when it died goes on with another; see `JobQueue` for why nothing is done twice.
///
/// ```swift
/// let worker = Worker(store: store, model: model)
/// _ = try await worker.runUntilIdle()
/// ```
public actor Worker {
  /// Why a worker stopped working.
  public enum Stop: Hashable, Sendable {
    /// Nothing is due.
    case idle
    case paused
    /// The day's tokens are used up.
    case limitReached
    /// The model cannot be used (no key, unknown name, …): what to do, in one sentence.
    case modelUnusable(String)
    /// `stop` was called.
    case stopped
  }

  private let store: EmbeddedMemory
  private let model: (any ChatModel)?
  private let reflectModel: (any ChatModel)?
  private let embeddingModel: (any EmbeddingModel)?
  /// What it can do; less, once a model turned out to be unusable.
  private var kinds: Set<JobKind> = []
  private let owner = JobOwner()
  private var current: Task<Void, any Error>?
  private var isStopped = false

  /// How often a running job is looked at for being cancelled elsewhere.
  private static let watchInterval = Duration.seconds(1)
  /// Every so many looks the lease is renewed; three times in the life of one.
  private static let looksPerRenewal = 20
  /// How often an idle worker looks whether the file has changed.
  private let idleInterval: Duration
  /// After so many such looks without a change it asks the file for jobs all the same: some wait for a time.
  private static let looksWithoutChange = 6

  /// - Parameters:
  ///   - model: Extracts and consolidates; `nil`: nobody does, nor are mental models answered.
  ///   - reflectModel: Answers mental models; `nil` for the same one.
  ///   - embeddingModel: Gives memories their vectors; `nil`: they get none.
  ///   - idleInterval: How often `run` looks for jobs that came meanwhile.
  public init(
    store: EmbeddedMemory, model: (any ChatModel)?, reflectModel: (any ChatModel)? = nil,
    embeddingModel: (any EmbeddingModel)? = nil, idleInterval: Duration = .seconds(10)
  ) {
    self.store = store
    self.idleInterval = idleInterval
    self.model = model
    self.reflectModel = reflectModel ?? model
    self.embeddingModel = embeddingModel
    if model != nil { kinds.formUnion(JobKind.ofChatModel) }
    if embeddingModel != nil { kinds.insert(.embed) }
  }

  /// Stops for good: the running job is put back at once, and goes on with another worker where it was.
  public func stop() {
    isStopped = true
    current?.cancel()
  }

  /// Works until `stop`, the cancellation of the task, or until none of its models can be used. Looks for new jobs
  /// when the file has changed, and once a minute; while the file is locked or its disk full, it waits.
  ///
  /// - Returns: `.stopped` or `.modelUnusable`.
  public func run() async throws -> Stop {
    while true {
      let seen = store.fileChange
      do {
        switch try await runUntilIdle() {
        case .idle, .paused, .limitReached: break
        case .stopped: return .stopped
        case .modelUnusable(let cause): return .modelUnusable(cause)
        }
      } catch let error as MemoryStoreError where error.isOfTheStore {
        // A full disk or another program's lock may go away; what stands in the file says how the job is.
      }
      for _ in 0..<Self.looksWithoutChange {
        try await Task.sleep(for: idleInterval)
        if isStopped { return .stopped }
        if store.fileChange != seen { break }
      }
    }
  }

  /// Works until nothing is due. A model that cannot be used ends the work that needs it, and with the last one all.
  ///
  /// - Parameter ignoringDelays: Whether jobs that wait for more to come are due now.
  /// - Throws: `MemoryStoreError` when the file cannot be used, `CancellationError`.
  @discardableResult
  public func runUntilIdle(ignoringDelays: Bool = false) async throws -> Stop {
    if model != nil { try await switchOn() }
    while true {
      try Task.checkCancellation()
      if isStopped { return .stopped }
      switch try await next(early: ignoringDelays) {
      case .nothing: return .idle
      case .paused: return .paused
      case .limitReached: return .limitReached
      case .job(let job):
        guard let cause = try await work(on: job) else { continue }
        kinds.subtract(job.kind == .embed ? [.embed] : JobKind.ofChatModel)
        if kinds.isEmpty { return .modelUnusable(cause) }
      }
    }
  }

  private func switchOn() async throws {
    if try await store.read({ try WorkSettings.isOn(in: $0) }) { return }
    try await store.setWorkOn(true)
  }

  // MARK: - Choosing

  private enum Next: Sendable {
    case nothing, paused, limitReached
    case job(JobQueue.Claimed)
  }

  /// Looks without writing first: an idle worker must not make anyone wait.
  private func next(early: Bool) async throws -> Next {
    let (now, day) = (store.now, store.today)
    let isAnything = try await store.read { [kinds, name = embeddingModel?.name] database in
      if let name, kinds.contains(.embed), try EmbedJob.isNeeded(model: name, now: now, in: database) { return true }
      return try Bool.fetchOne(
        database,
        sql: """
          SELECT EXISTS (SELECT 1 FROM job WHERE state IN ('running', 'limit_reached') OR (\(JobQueue.isDue(kinds))))
          """, arguments: ["now": now, "early": early]) ?? false
    }
    guard isAnything else { return .nothing }
    return try await store.write { [kinds, owner, name = embeddingModel?.name] database in
      if kinds.contains(.embed), let name { try EmbedJob.queue(model: name, now: now, in: database) }
      return try Self.claim(kinds, owner, early: early, now: now, day: day, in: database)
    }
  }

  private static func claim(
    _ kinds: Set<JobKind>, _ owner: JobOwner, early: Bool, now: Int64, day: String, in database: Database
  ) throws -> Next {
    try JobQueue.reclaim(now: now, in: database)
    if try WorkSettings.isPaused(in: database) { return .paused }
    var kinds = kinds
    let limit = try WorkSettings.dailyTokenLimit(in: database)
    if let limit, try Spending.backgroundTokens(day: day, in: database) >= limit {
      let limited = kinds.intersection(JobKind.ofChatModel)
      try JobQueue.meetLimit(
        limit, day: day, where: JobQueue.isDue(limited), ["now": now, "early": early], now: now, in: database)
      kinds.subtract(limited)
    } else {
      try JobQueue.freeFromLimit(limit, day: day, now: now, in: database)
    }
    if let job = try JobQueue.claim(kinds, owner: owner.name, early: early, now: now, in: database) {
      return .job(job)
    }
    let isLimited = try Bool.fetchOne(
      database, sql: "SELECT EXISTS (SELECT 1 FROM job WHERE state = 'limit_reached')")
    return isLimited == true ? .limitReached : .nothing
  }

  // MARK: - Working

  /// Runs a job to its end, and writes down how it ended. Returns why the model cannot be used, if it cannot.
  private func work(on job: JobQueue.Claimed) async throws -> String? {
    let operation = operation(for: job)
    let task = Task { [store] in
      try await Self.run(operation, watching: job, in: store)
    }
    current = task
    defer { current = nil }
    if isStopped { task.cancel() }
    let result = await withTaskCancellationHandler {
      await task.result
    } onCancel: {
      task.cancel()
    }
    do {
      try result.get()
      return nil
    } catch {
      // Also when this task is cancelled the row must say so; a cancelled task may not write.
      return try await Task { try await JobEnding(job: job, store: store).write(error) }.value
    }
  }

  /// What a job does. Only jobs for which there is a model are claimed.
  private func operation(for job: JobQueue.Claimed) -> @Sendable () async throws -> Void {
    if job.kind == .embed, let embeddingModel {
      let work = EmbedJob(store: store, job: job, model: embeddingModel)
      return { try await work.run() }
    }
    guard let model, let reflectModel else {
      return { throw JobFault(description: "No model is set for this work.") }
    }
    let context = JobContext(store: store, job: job, model: model, reflectModel: reflectModel)
    return {
      switch job.kind {
      case .extract: try await ExtractJob(context)?.run()
      case .observe: try await ObserveJob(context).run()
      case .refresh: try await RefreshJob(context).run()
      case .embed: break
      }
    }
  }

  /// The work, and the watch over the lease beside it; the end of one is the end of both.
  private static func run(
    _ operation: @escaping @Sendable () async throws -> Void, watching job: JobQueue.Claimed, in store: EmbeddedMemory
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await operation() }
      group.addTask { try await watch(job, in: store) }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private static func watch(_ job: JobQueue.Claimed, in store: EmbeddedMemory) async throws {
    for look in 1... {
      try await Task.sleep(for: watchInterval)
      if look.isMultiple(of: looksPerRenewal) {
        let isOurs = try await store.write { [now = store.now] in try JobQueue.renew(job, now: now, in: $0) }
        guard isOurs else { throw JobInterruption.lost }
      } else {
        try await store.read { try JobQueue.requireHeld(job, in: $0) }
      }
    }
  }
}

extension EmbeddedMemory {
  /// Something that differs after a write of any process, at the cost of no query.
  fileprivate var fileChange: [Date?] {
    [location, location + "-wal"].map { path in
      (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    }
  }
}
