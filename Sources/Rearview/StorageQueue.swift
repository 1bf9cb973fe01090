import Foundation
import GRDB
import Logging
import RearviewEngine
import RearviewMemory

/// Brings finished turns from the queue on disk to the memory store.
///
/// In order within a session; a turn that the store refuses holds back only those of its own session, and is tried
/// again after 1, 2, 4 … seconds, at most five minutes. Retaining is idempotent by turn, so a crash between the store
/// and the queue costs nothing.
public actor StorageQueue {
  /// A turn's way into the store, as it changes.
  public typealias Report = @Sendable (_ turnID: String, _ storage: Storage) -> Void

  private let file: SessionsFile
  private let store: any MemoryStore
  private let log: Logger
  private var report: Report = { _, _ in }
  private var retry: Task<Void, Never>?
  /// Whether the store itself, and not one turn, was the reason of the last failure.
  private var isStoreOut = false
  /// Sessions whose turns are on their way: nobody else takes them meanwhile.
  private var busy: [String: Task<Storage?, any Error>] = [:]

  init(file: SessionsFile, store: any MemoryStore, log: Logger) {
    self.file = file
    self.store = store
    self.log = log
  }

  deinit { retry?.cancel() }

  /// Hears of turns that were stored, or failed again, later than their own turn lasted.
  public func onChange(_ report: @escaping Report) { self.report = report }

  /// What waits.
  public func waiting() async throws -> Int {
    try await file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM queue") ?? 0 }
  }

  /// Tries a turn, after those of its session before it.
  func store(turnID: String) async -> Storage {
    do {
      guard let sessionID = try await sessionID(ofQueued: turnID) else { return Storage(state: .stored) }
      let failure = try await drain(sessionID: sessionID, through: turnID, ignoringPause: true)
      if failure != nil { scheduleRetry() }
      return failure ?? Storage(state: .stored)
    } catch {
      return Storage(state: .failed, error: "\(error)")
    }
  }

  /// Tries all that is due.
  ///
  /// - Parameter isLast: tries also what waits for its next time, as when the program starts or ends.
  public func drain(isLast: Bool = false) async {
    do {
      let sessions = try await file.read { try String.fetchAll($0, sql: "SELECT DISTINCT session_id FROM queue") }
      var failed = false
      for session in sessions {
        guard try await drain(sessionID: session, through: nil, ignoringPause: isLast) != nil else { continue }
        failed = true
        // The others would wait for the same locked file or full disk, each its whole time.
        if isStoreOut { break }
      }
      if failed { scheduleRetry() }
    } catch {
      log.error("the storage queue could not be read: \(error)")
      scheduleRetry()
    }
  }

  private struct Entry: Sendable {
    var seq: Int64
    var turnID: String
    var payload: String
    var isWhole: Bool
    var attempts: Int
    var notBefore: Int64
    var error: String?
  }

  private func sessionID(ofQueued turnID: String) async throws -> String? {
    try await file.read {
      try String.fetchOne($0, sql: "SELECT session_id FROM queue WHERE turn_id = ?", arguments: [turnID])
    }
  }

  /// - Returns: what kept the session's oldest turn back; `nil` when all went through.
  private func drain(sessionID: String, through turnID: String?, ignoringPause: Bool) async throws -> Storage? {
    while let running = busy[sessionID] { _ = try? await running.value }
    let task = Task {
      defer { busy[sessionID] = nil }
      return try await drainAlone(sessionID: sessionID, through: turnID, ignoringPause: ignoringPause)
    }
    busy[sessionID] = task
    return try await task.value
  }

  private func drainAlone(
    sessionID: String, through turnID: String?, ignoringPause: Bool
  ) async throws -> Storage? {
    while let entry = try await next(sessionID: sessionID) {
      guard ignoringPause || entry.notBefore <= Date().milliseconds else {
        return Storage(state: .failed, error: entry.error)
      }
      do {
        let turn = try JSONDecoder.record.decode(RetainTurn.self, from: Data(entry.payload.utf8))
        try await store.retain(turn)
        isStoreOut = false
        try await settle(entry, as: Storage(state: .stored))
      } catch {
        isStoreOut = (error as? MemoryStoreError)?.isOfTheStore ?? false
        let failure = Storage(state: .failed, error: "\(error)")
        log.warning(
          "a turn was not stored: \(error)", metadata: ["turn": "\(entry.turnID)", "tries": "\(entry.attempts + 1)"])
        try await settle(entry, as: failure)
        return failure
      }
      if entry.turnID == turnID, try await self.sessionID(ofQueued: entry.turnID) == nil { return nil }
    }
    return nil
  }

  private func next(sessionID: String) async throws -> Entry? {
    try await file.read { database in
      try Row.fetchOne(
        database, sql: "SELECT * FROM queue WHERE session_id = ? ORDER BY seq LIMIT 1", arguments: [sessionID]
      ).map { row in
        Entry(
          seq: row["seq"], turnID: row["turn_id"], payload: row["payload"], isWhole: row["is_whole"],
          attempts: row["attempts"],
          notBefore: row["not_before"], error: row["error"])
      }
    }
  }

  /// Writes an attempt's outcome into the queue; that of a whole turn into its record too, and says so.
  private func settle(_ entry: Entry, as storage: Storage) async throws {
    let isSettled = try await file.write { database in
      if storage.state == .stored {
        // The answer may have come to the user's words meanwhile: then they are to be stored once more, together.
        try database.execute(
          sql: "DELETE FROM queue WHERE seq = ? AND payload = ?", arguments: [entry.seq, entry.payload])
        guard database.changesCount > 0 else { return false }
      } else {
        let pause = min(300_000, 1_000 << min(entry.attempts, 16))
        try database.execute(
          sql: "UPDATE queue SET attempts = attempts + 1, not_before = ?, error = ? WHERE seq = ?",
          arguments: [Date().milliseconds + Int64(pause), storage.error, entry.seq])
      }
      guard entry.isWhole,
        let json = try String.fetchOne(database, sql: "SELECT record FROM turn WHERE id = ?", arguments: [entry.turnID])
      else { return false }
      var record = try SessionsFile.decode(json)
      record.storage = storage
      try database.execute(
        sql: "UPDATE turn SET record = ? WHERE id = ?", arguments: [try SessionsFile.encode(record), entry.turnID])
      return true
    }
    if isSettled { report(entry.turnID, storage) }
  }

  /// One sleep until the next turn is due; none while the queue is empty.
  private func scheduleRetry() {
    guard retry == nil else { return }
    retry = Task { [weak self, file] in
      let due = try? await file.read {
        try Int64.fetchOne(
          $0, sql: "SELECT min(not_before) FROM queue WHERE seq IN (SELECT min(seq) FROM queue GROUP BY session_id)")
      }
      guard let due = due ?? nil else {
        await self?.retryEnded()
        return
      }
      try? await Task.sleep(for: .milliseconds(max(500, due - Date().milliseconds)))
      guard !Task.isCancelled else { return }
      await self?.retryEnded()
      await self?.drain()
    }
  }

  private func retryEnded() { retry = nil }
}
