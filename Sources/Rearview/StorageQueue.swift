import Foundation
import GRDB
import Logging
import RearviewEngine
import RearviewMemory

/// A turn waits for a store that this program does not have.
struct StoreAway: Error, CustomStringConvertible {
  let location: String
  let bankID: String

  var description: String {
    "retain in bank \(bankID): the turn waits for the memory server at \(location) with the key of its own call; "
      + "it goes there when hindsight_api_url and api_key are those again, or with the key of today after "
      + "rearview doctor --rebind."
  }
}

/// Brings finished turns from the queue on disk to the memory stores that they are meant for.
///
/// In order within a lane, which is a document of a bank of a store. A turn that the store fails to take holds back
/// only those of its lane, and is tried again after 1, 2, 4 … seconds, at most five minutes. One that the store refuses
/// for good is set aside: it stays on disk, holds nothing back, and `rearview doctor` tells of it. Retaining is
/// idempotent by turn, so a crash between the store and the queue costs nothing. A turn for a store that this program
/// does not have is left alone.
public actor StorageQueue {
  /// A turn's way into the store, as it changes.
  public struct Change: Sendable {
    public let turnID: String
    public let bankID: String
    public let storage: Storage
  }

  public typealias Report = @Sendable (Change) -> Void

  private let file: SessionsFile
  private let stores: Stores
  private let log: Logger
  private let timeout: Duration?
  private var report: Report = { _ in }
  private var retry: Task<Void, Never>?
  /// Lanes whose turns are on their way: nobody else takes them meanwhile.
  private var busy: [String: Task<Outcome, any Error>] = [:]

  /// Which turns of a lane are tried.
  private enum Choice {
    case all
    /// Those whose time has come.
    case due
    /// All but those that failed within the last second.
    case notJustTried
  }

  /// What became of a lane.
  private enum Outcome {
    /// All of it is stored, or set aside.
    case done
    /// Its first turn was not stored; `isStoreOut` when no other turn would be either.
    case held(Storage, turnID: String, isStoreOut: Bool)
    /// Its first turn is for a store that this program does not have.
    case away(Storage)
  }

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

  /// How many turns wait; those that were refused for good are not among them.
  public func waiting() async throws -> Int {
    try await file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM queue WHERE set_aside = 0") ?? 0 }
  }

  /// Tries a turn, after those of its lane before it.
  ///
  /// - Parameter timeout: How long the store may take for this try; `nil` for the queue's own limit.
  func store(turnID: String, timeout: Duration? = nil) async -> Storage {
    do {
      guard let lane = try await lane(ofQueued: turnID) else { return Storage(state: .stored) }
      switch try await drain(lane: lane, through: turnID, .all, timeout: timeout) {
      case .done: return try await refusal(of: turnID) ?? Storage(state: .stored)
      case .away(let storage): return storage
      case .held(let storage, let first, _):
        scheduleRetry()
        if first == turnID { return storage }
        return storage.isFailure
          ? Storage(state: .failed, error: "It waits for a turn before it: \(storage.error ?? "")")
          : Storage(state: .queued)
      }
    } catch {
      return Storage(state: .failed, error: "\(error)")
    }
  }

  /// Tries what waits in the lane that a turn would come into.
  /// - Returns: what still waits there, if something does.
  func storeLane(of turn: RetainTurn, at destination: Destination) async -> Storage? {
    let lane = SessionsFile.lane(of: turn, at: destination)
    switch try? await drain(lane: lane, .all) {
    case .done, nil: return nil
    case .away(let storage): return storage
    case .held(let storage, _, _):
      scheduleRetry()
      return storage
    }
  }

  /// Tries all that is due.
  ///
  /// - Parameter isLast: tries also what waits for its next time, as when the program starts.
  public func drain(isLast: Bool = false) async { await drain(isLast ? .all : .due) }

  /// Tries all once more as the program ends, but for what it tried within the last second: that is not worth the wait.
  func drainAtEnd() async { await drain(.notJustTried) }

  private func drain(_ choice: Choice) async {
    await drain(choice) {
      try Row.fetchAll($0, sql: "SELECT DISTINCT session_id, location FROM queue WHERE set_aside = 0")
    }
  }

  /// Tries what earlier programs left for the store at a location, up to a place in the queue.
  func resume(at location: String, through seq: Int64) async {
    await drain(.all) {
      try Row.fetchAll(
        $0,
        sql: """
          SELECT DISTINCT session_id, location FROM queue WHERE location = ? AND seq <= ? AND set_aside = 0
          """, arguments: [location, seq])
    }
  }

  private func drain(_ choice: Choice, lanes: @escaping @Sendable (Database) throws -> [Row]) async {
    do {
      let lanes = try await file.read { try lanes($0).map { (lane: $0[0] as String, location: $0[1] as String) } }
      var out: Set<String> = []
      var isHeld = false
      // The lanes of a store that is out would each wait its whole time.
      for (lane, location) in lanes where !out.contains(location) {
        guard case .held(_, _, let isStoreOut) = try await drain(lane: lane, choice) else {
          continue
        }
        isHeld = true
        if isStoreOut { out.insert(location) }
      }
      if isHeld { scheduleRetry() }
    } catch {
      log.error("the storage queue could not be read: \(error)")
      scheduleRetry()
    }
  }

  // MARK: - One lane

  private struct Entry: Sendable {
    var seq: Int64
    var turnID: String
    var payload: String
    var isWhole: Bool
    var attempts: Int
    var notBefore: Int64
    var error: String?
    var location: String
    var credential: String
    var overlap: Int

    /// The wait after a number of failed tries, in milliseconds.
    static func pause(afterFailures count: Int) -> Int64 { min(300_000, 1_000 << Int64(min(count - 1, 16))) }

    /// When the last try failed, in milliseconds since 1970; 0 where that does not matter any more.
    var failedAt: Int64 { attempts == 0 ? 0 : max(0, notBefore - Self.pause(afterFailures: attempts)) }
  }

  private func isToBeTried(_ entry: Entry, _ choice: Choice) -> Bool {
    switch choice {
    case .all: return true
    case .due: return entry.notBefore <= Date().milliseconds
    case .notJustTried: return Date().milliseconds - entry.failedAt > 1_000
    }
  }

  private func lane(ofQueued turnID: String) async throws -> String? {
    try await file.read {
      try String.fetchOne($0, sql: "SELECT session_id FROM queue WHERE turn_id = ?", arguments: [turnID])
    }
  }

  /// Why a turn was set aside, if it was.
  private func refusal(of turnID: String) async throws -> Storage? {
    try await file.read { database in
      try Row.fetchOne(
        database, sql: "SELECT error FROM queue WHERE turn_id = ? AND set_aside = 1", arguments: [turnID]
      )
      .map { Storage(state: .failed, error: $0[0]) }
    }
  }

  private func drain(
    lane: String, through turnID: String? = nil, _ choice: Choice, timeout: Duration? = nil
  ) async throws -> Outcome {
    while let running = busy[lane] { _ = try? await running.value }
    let task = Task {
      defer { busy[lane] = nil }
      return try await drainAlone(lane: lane, through: turnID, choice, timeout: timeout)
    }
    busy[lane] = task
    return try await task.value
  }

  private func drainAlone(
    lane: String, through turnID: String?, _ choice: Choice, timeout: Duration?
  ) async throws -> Outcome {
    while let entry = try await next(in: lane) {
      let turn = try JSONDecoder.record.decode(RetainTurn.self, from: Data(entry.payload.utf8))
      guard let store = stores.store(location: entry.location, credential: entry.credential) else {
        let away = StoreAway(location: entry.location, bankID: turn.bankID)
        return .away(Storage(state: .failed, error: "\(away)"))
      }
      guard isToBeTried(entry, choice) else {
        return .held(Storage(state: .failed, error: entry.error), turnID: entry.turnID, isStoreOut: false)
      }
      do {
        switch try await retain(turn, entry, in: store, timeout: timeout ?? self.timeout) {
        case .stored:
          try await settle(entry, of: turn, as: Storage(state: .stored))
        case .processing:
          let processing = Storage(state: .processing)
          try await settle(entry, of: turn, as: processing)
          return .held(processing, turnID: entry.turnID, isStoreOut: false)
        }
      } catch is CancellationError {
        return .held(Storage(state: .queued), turnID: entry.turnID, isStoreOut: false)
      } catch {
        if let outcome = try await failed(entry, of: turn, error) { return outcome }
      }
      if entry.turnID == turnID, try await self.lane(ofQueued: entry.turnID) == nil { return .done }
    }
    return .done
  }

  /// - Returns: what becomes of the lane; `nil` where it goes on without the turn.
  private func failed(_ entry: Entry, of turn: RetainTurn, _ error: any Error) async throws -> Outcome? {
    log.warning(
      "a turn was not stored: \(error)", metadata: ["turn": "\(entry.turnID)", "tries": "\(entry.attempts + 1)"])
    let storeError = error as? MemoryStoreError
    let failure = Storage(state: .failed, error: "\(error)")
    let isRefused = storeError?.isFinal ?? false
    try await settle(entry, of: turn, as: failure, setAside: isRefused)
    if isRefused { return nil }
    return .held(failure, turnID: entry.turnID, isStoreOut: storeError?.isOfTheStore ?? false)
  }

  private func retain(
    _ turn: RetainTurn, _ entry: Entry, in store: any MemoryStore, timeout: Duration?
  ) async throws -> Retained {
    var turn = turn
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

  private func next(in lane: String) async throws -> Entry? {
    try await file.read { database in
      try Row.fetchOne(
        database, sql: "SELECT * FROM queue WHERE session_id = ? AND set_aside = 0 ORDER BY seq LIMIT 1",
        arguments: [lane]
      ).map { row in
        Entry(
          seq: row["seq"], turnID: row["turn_id"], payload: row["payload"], isWhole: row["is_whole"],
          attempts: row["attempts"], notBefore: row["not_before"], error: row["error"], location: row["location"],
          credential: row["credential"], overlap: row["overlap"])
      }
    }
  }

  /// Writes an attempt's outcome into the queue; that of a whole turn into its record too, and says so.
  private func settle(
    _ entry: Entry, of turn: RetainTurn, as storage: Storage, setAside: Bool = false
  ) async throws {
    let isSettled = try await file.write { database in
      switch storage.state {
      case .stored:
        // The answer may have come to the user's words meanwhile: then they are to be stored once more, together.
        let isWhole = try Bool.fetchOne(
          database, sql: "SELECT is_whole FROM queue WHERE seq = ?", arguments: [entry.seq])
        guard isWhole == entry.isWhole else { return false }
        try database.execute(sql: "DELETE FROM queue WHERE seq = ?", arguments: [entry.seq])
      case .processing:
        try database.execute(
          sql: "UPDATE queue SET not_before = ?, error = NULL WHERE seq = ?",
          arguments: [Date().milliseconds + 1_000, entry.seq])
      case .waiting, .off, .known, .queued, .failed, .unsaved:
        let pause = Entry.pause(afterFailures: entry.attempts + 1)
        try database.execute(
          sql: "UPDATE queue SET attempts = attempts + 1, not_before = ?, error = ?, set_aside = ? WHERE seq = ?",
          arguments: [Date().milliseconds + pause, storage.error, setAside, entry.seq])
      }
      guard entry.isWhole else { return false }
      if let json = try String.fetchOne(
        database, sql: "SELECT record FROM turn WHERE id = ?", arguments: [entry.turnID])
      {
        var record = try SessionsFile.decode(json)
        record.storage = storage
        try database.execute(
          sql: "UPDATE turn SET record = ? WHERE id = ?", arguments: [try SessionsFile.encode(record), entry.turnID])
      }
      return true
    }
    if isSettled { report(Change(turnID: entry.turnID, bankID: turn.bankID, storage: storage)) }
  }

  // MARK: - Later

  /// One sleep until the next turn is due; none while nothing waits that this program could store.
  private func scheduleRetry() {
    retry?.cancel()
    retry = Task { [weak self] in
      guard let due = await self?.nextDue() else { return }
      try? await Task.sleep(for: .milliseconds(max(500, due - Date().milliseconds)))
      guard !Task.isCancelled else { return }
      // Not in this task: another failure may cancel it.
      Task { await self?.drain() }
    }
  }

  /// When the first of the lanes' heads is due; those for stores that this program does not have do not count.
  private func nextDue() async -> Int64? {
    let heads = try? await file.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT location, credential, not_before FROM queue
          WHERE seq IN (SELECT min(seq) FROM queue WHERE set_aside = 0 GROUP BY session_id)
          """
      )
      .map { (location: $0[0] as String, credential: $0[1] as String, notBefore: $0[2] as Int64) }
    }
    return heads?.filter { stores.store(location: $0.location, credential: $0.credential) != nil }.map(\.notBefore)
      .min()
  }
}

// MARK: - For the person who looks after it

extension StorageQueue {
  /// Turns of the queue that have something in common.
  public struct Waiting: Hashable, Sendable {
    /// The server's URL; empty for the embedded file.
    public let location: String
    public let count: Int
    /// Whether this program can store them.
    public let isWithinReach: Bool
    /// Whether the store refused them for good.
    public let isSetAside: Bool
    /// Why the last try failed.
    public let error: String?
  }

  /// What is in the queue, by where it is to go.
  public func contents() async throws -> [Waiting] {
    let rows = try await file.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT location, credential, set_aside, count(*) AS count, max(error) AS error FROM queue
          GROUP BY location, credential, set_aside ORDER BY location, set_aside
          """
      )
      .map { row in
        (
          location: row["location"] as String, credential: row["credential"] as String,
          isSetAside: row["set_aside"] as Bool, count: row["count"] as Int, error: row["error"] as String?
        )
      }
    }
    return rows.map { row in
      Waiting(
        location: row.location, count: row.count,
        isWithinReach: stores.store(location: row.location, credential: row.credential) != nil,
        isSetAside: row.isSetAside, error: row.error)
    }
  }

  /// Lets turns for a server go there with another key than that of their call, or to another server, and tries again
  /// what was refused.
  ///
  /// Never done by itself: so they may come into another person's bank.
  /// - Parameter location: The server that they wait for, as `contents` names it; the destination's own by default.
  /// - Returns: how many turns there are.
  func rebind(from location: String? = nil, to destination: Destination) async throws -> Int {
    try await file.write { database in
      let rows = try Row.fetchAll(
        database, sql: "SELECT seq, payload FROM queue WHERE location = ? ORDER BY seq",
        arguments: [location ?? destination.location])
      for row in rows {
        let turn = try JSONDecoder.record.decode(RetainTurn.self, from: Data((row["payload"] as String).utf8))
        // The lane goes along, so that what is said next of the document comes behind it.
        try database.execute(
          sql: """
            UPDATE queue SET location = ?, credential = ?, session_id = ?, set_aside = 0, not_before = 0 WHERE seq = ?
            """,
          arguments: [
            destination.location, destination.credential, SessionsFile.lane(of: turn, at: destination),
            row["seq"] as Int64,
          ])
      }
      return rows.count
    }
  }
}
