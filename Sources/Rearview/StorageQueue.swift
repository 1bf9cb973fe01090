import Foundation
import GRDB
import Logging
import RearviewEngine
import RearviewMemory

/// A turn waits for a server that this program is not set up for.
struct StoreAway: Error, CustomStringConvertible {
  var location: String
  var description: String {
    "The turn waits for the memory server at \(location); it goes there when hindsight_api_url and api_key are set to it again."
  }
}

/// Brings finished turns from the queue on disk to the memory stores that they are meant for.
///
/// In order within a session; a turn that the store refuses holds back only those of its own session, and is tried
/// again after 1, 2, 4 … seconds, at most five minutes. Retaining is idempotent by turn, so a crash between the store
/// and the queue costs nothing.
public actor StorageQueue {
  /// A turn's way into the store, as it changes.
  public typealias Report = @Sendable (_ turnID: String, _ storage: Storage) -> Void

  private let file: SessionsFile
  private let stores: Stores
  private let log: Logger
  private let timeout: Duration?
  private var report: Report = { _, _ in }
  private var retry: Task<Void, Never>?
  /// Whether the store itself, and not one turn, was the reason of the last failure.
  private var isStoreOut = false
  /// Sessions whose turns are on their way: nobody else takes them meanwhile.
  private var busy: [String: Task<Storage?, any Error>] = [:]

  /// - Parameter timeout: How long a store may take for one turn before it counts as failed.
  init(file: SessionsFile, stores: Stores, timeout: Duration?, log: Logger) {
    self.file = file
    self.stores = stores
    self.timeout = timeout
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
  ///
  /// - Parameter timeout: How long the store may take for this try; `nil` for the queue's own limit.
  func store(turnID: String, timeout: Duration? = nil) async -> Storage {
    do {
      guard let sessionID = try await sessionID(ofQueued: turnID) else { return Storage(state: .stored) }
      let failure = try await drain(sessionID: sessionID, through: turnID, ignoringPause: true, timeout: timeout)
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
    await drain(ignoringPause: isLast) { try String.fetchAll($0, sql: "SELECT DISTINCT session_id FROM queue") }
  }

  /// Tries what earlier programs left for the store at a location, up to a place in the queue.
  func resume(at location: String, through seq: Int64) async {
    await drain(ignoringPause: true) {
      try String.fetchAll(
        $0, sql: "SELECT DISTINCT session_id FROM queue WHERE location = ? AND seq <= ?", arguments: [location, seq])
    }
  }

  private func drain(
    ignoringPause: Bool, sessions: @escaping @Sendable (Database) throws -> [String]
  ) async {
    do {
      let sessions = try await file.read(sessions)
      var failed = false
      for session in sessions {
        guard try await drain(sessionID: session, through: nil, ignoringPause: ignoringPause) != nil else { continue }
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
    var location: String
    var credential: String?
    var overlap: Int
  }

  private func sessionID(ofQueued turnID: String) async throws -> String? {
    try await file.read {
      try String.fetchOne($0, sql: "SELECT session_id FROM queue WHERE turn_id = ?", arguments: [turnID])
    }
  }

  /// - Returns: what kept the session's oldest turn back; `nil` when all went through.
  private func drain(
    sessionID: String, through turnID: String?, ignoringPause: Bool, timeout: Duration? = nil
  ) async throws -> Storage? {
    while let running = busy[sessionID] { _ = try? await running.value }
    let task = Task {
      defer { busy[sessionID] = nil }
      return try await drainAlone(
        sessionID: sessionID, through: turnID, ignoringPause: ignoringPause, timeout: timeout)
    }
    busy[sessionID] = task
    return try await task.value
  }

  private func drainAlone(
    sessionID: String, through turnID: String?, ignoringPause: Bool, timeout: Duration?
  ) async throws -> Storage? {
    while let entry = try await next(sessionID: sessionID) {
      guard ignoringPause || entry.notBefore <= Date().milliseconds else {
        return Storage(state: .failed, error: entry.error)
      }
      do {
        switch try await retain(entry, timeout: timeout ?? self.timeout) {
        case .stored:
          isStoreOut = false
          try await settle(entry, as: Storage(state: .stored))
        case .processing:
          let processing = Storage(state: .processing)
          try await settle(entry, as: processing)
          return processing
        }
      } catch is CancellationError {
        return Storage(state: .queued)
      } catch {
        isStoreOut = (error as? MemoryStoreError)?.isOfTheStore ?? false
        let failure = Storage(state: .failed, error: "\(error)")
        log.warning(
          "a turn was not stored: \(error)", metadata: ["turn": "\(entry.turnID)", "tries": "\(entry.attempts + 1)"])
        if case MemoryStoreError.unauthorised = error { try await forgetCredential(of: entry) }
        try await settle(entry, as: failure)
        return failure
      }
      if entry.turnID == turnID, try await self.sessionID(ofQueued: entry.turnID) == nil { return nil }
    }
    return nil
  }

  /// Brings one turn to its own store.
  private func retain(_ entry: Entry, timeout: Duration?) async throws -> Retained {
    guard let store = stores.store(location: entry.location, credential: entry.credential) else {
      throw StoreAway(location: entry.location)
    }
    var turn = try JSONDecoder.record.decode(RetainTurn.self, from: Data(entry.payload.utf8))
    if entry.overlap > 0, let document = turn.documentID {
      // The document may have been begun by another program. What it holds is looked up once and settled before
      // anything is sent: after that a try may be repeated.
      if let text = try await store.documentText(id: document, bankID: turn.bankID) {
        turn.leaveOut(knownIn: text, limit: entry.overlap)
      }
      let payload = try SessionsFile.payload(turn)
      try await file.write { database in
        try database.execute(
          sql: "UPDATE queue SET payload = ?, overlap = 0 WHERE seq = ?", arguments: [payload, entry.seq])
      }
    }
    return try await store.retain(turn, timeout: timeout)
  }

  /// A refused key is no reason to wait for that key for ever.
  private func forgetCredential(of entry: Entry) async throws {
    try await file.write { database in
      try database.execute(sql: "UPDATE queue SET credential = NULL WHERE seq = ?", arguments: [entry.seq])
    }
  }

  private func next(sessionID: String) async throws -> Entry? {
    try await file.read { database in
      try Row.fetchOne(
        database, sql: "SELECT * FROM queue WHERE session_id = ? ORDER BY seq LIMIT 1", arguments: [sessionID]
      ).map { row in
        Entry(
          seq: row["seq"], turnID: row["turn_id"], payload: row["payload"], isWhole: row["is_whole"],
          attempts: row["attempts"], notBefore: row["not_before"], error: row["error"], location: row["location"],
          credential: row["credential"], overlap: row["overlap"])
      }
    }
  }

  /// Writes an attempt's outcome into the queue; that of a whole turn into its record too, and says so.
  private func settle(_ entry: Entry, as storage: Storage) async throws {
    let isSettled = try await file.write { database in
      if storage.state == .stored {
        // The answer may have come to the user's words meanwhile: then they are to be stored once more, together.
        let isWhole = try Bool.fetchOne(
          database, sql: "SELECT is_whole FROM queue WHERE seq = ?", arguments: [entry.seq])
        guard isWhole == entry.isWhole else { return false }
        try database.execute(sql: "DELETE FROM queue WHERE seq = ?", arguments: [entry.seq])
      } else if storage.state == .processing {
        try database.execute(
          sql: "UPDATE queue SET not_before = ?, error = NULL WHERE seq = ?",
          arguments: [Date().milliseconds + 1_000, entry.seq])
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
