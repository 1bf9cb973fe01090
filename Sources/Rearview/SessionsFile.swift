import Foundation
import GRDB
import RearviewChat
import RearviewEmbeddedMemory
import RearviewEngine
import RearviewMemory

/// A session as it is listed.
public struct Session: Hashable, Sendable, Identifiable {
  /// UUID; also the document of the bank that its turns are retained in.
  public var id: String
  /// The beginning of its first question.
  public var title: String
  public var bankID: String
  public var model: String
  public var startedAt: Date
  public var updatedAt: Date

  /// A session that nothing was said in yet; it comes to disk with its first turn.
  public init(bankID: String, model: String, now: Date = Date()) {
    id = UUID().uuidString.lowercased()
    title = ""
    self.bankID = bankID
    self.model = model
    startedAt = now
    updatedAt = now
  }

  init(row: Row) {
    id = row["id"]
    title = row["title"]
    bankID = row["bank_id"]
    model = row["model"]
    startedAt = Date(milliseconds: row["started_at"])
    updatedAt = Date(milliseconds: row["updated_at"])
  }
}

/// Sessions, turn records and the storage queue, in one SQLite file.
///
/// Every write is on disk when its call returns (WAL, `synchronous = FULL`). Several programs may use the file at
/// once: each locks a file of its own in `running/`, and a turn that was left open belongs to whoever finds that its
/// program is gone.
public final class SessionsFile: Sendable {
  /// What this program writes; a higher number in a file is refused.
  static let format = 2

  let path: String
  let pool: DatabasePool
  let owner: OwnerLock

  public init(path: String, runningFolder: String) throws {
    self.path = path
    try Paths.makeFolder((path as NSString).deletingLastPathComponent)
    try Paths.makeFolder(runningFolder)
    owner = try OwnerLock(folder: runningFolder)
    do {
      pool = try Self.open(path)
    } catch {
      throw storeError(error, location: path)
    }
  }

  private static func open(_ path: String) throws -> DatabasePool {
    if !FileManager.default.fileExists(atPath: path) {
      // Made here so that it never exists with another mode than 0600.
      _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
    }
    var configuration = GRDB.Configuration()
    configuration.busyMode = .timeout(5)
    configuration.label = "sessions"
    configuration.maximumReaderCount = 2
    configuration.prepareDatabase { database in
      try database.execute(sql: "PRAGMA foreign_keys = ON")
    }
    let pool = try DatabasePool(path: path, configuration: configuration)
    try pool.writeWithoutTransaction { database in
      // A pool sets NORMAL, which may lose the last words when the power goes.
      try database.execute(sql: "PRAGMA synchronous = FULL")
      let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
      guard found <= format else {
        throw MemoryStoreError.newerFormat(location: path, found: found, known: format)
      }
      guard found < format else { return }
      try database.inTransaction(.immediate) {
        // Another program may have made it meanwhile.
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        for step in steps.dropFirst(found) { try database.execute(sql: step) }
        try database.execute(sql: "PRAGMA user_version = \(format)")
        return .commit
      }
    }
    return pool
  }

  /// What leads from each format to the next. A step only adds, so that nothing can be lost by it.
  private static let steps = [firstTables, destinations]

  /// Where each turn is to be stored, and what was handed in for which document. `location` is a server's URL, empty
  /// for the embedded file; `credential` tells keys apart by 32 bits of a hash; `overlap` is how many of the first
  /// messages the document may have already; `set_aside` 1 is what the store refused for good. From here on
  /// `session_id` of the queue is the lane: turns of one lane are stored one after the other.
  private static let destinations = """
    ALTER TABLE queue ADD COLUMN location TEXT NOT NULL DEFAULT '';
    ALTER TABLE queue ADD COLUMN credential TEXT NOT NULL DEFAULT '';
    ALTER TABLE queue ADD COLUMN overlap INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE queue ADD COLUMN set_aside INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE turn ADD COLUMN credential TEXT NOT NULL DEFAULT '';
    CREATE TABLE handed_in (
      location TEXT NOT NULL, bank_id TEXT NOT NULL, document_id TEXT NOT NULL, seq INTEGER NOT NULL,
      fingerprint TEXT NOT NULL, PRIMARY KEY (location, bank_id, document_id, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE exchange (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, location TEXT NOT NULL, bank_id TEXT NOT NULL, fingerprint TEXT NOT NULL,
      UNIQUE (location, bank_id, fingerprint)
    ) STRICT;
    """

  static let firstTables = """
    CREATE TABLE session (
      id TEXT PRIMARY KEY, title TEXT NOT NULL, bank_id TEXT NOT NULL, model TEXT NOT NULL,
      started_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX session_updated ON session(updated_at);
    -- state: 0 open, 1 closed. record: JSON of TurnRecord, its messages without the conversation before the turn.
    CREATE TABLE turn (
      id TEXT PRIMARY KEY, session_id TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE, seq INTEGER NOT NULL,
      state INTEGER NOT NULL, owner TEXT NOT NULL, record TEXT NOT NULL, partial TEXT NOT NULL DEFAULT '',
      UNIQUE(session_id, seq)
    ) STRICT;
    CREATE INDEX turn_open ON turn(owner) WHERE state = 0;
    -- What is to be retained: in order per session, tried again until the store took it. A turn whose answer is still
    -- coming is here with the user's words alone (is_whole 0).
    CREATE TABLE queue (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, turn_id TEXT NOT NULL UNIQUE, session_id TEXT NOT NULL,
      payload TEXT NOT NULL, is_whole INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, not_before INTEGER NOT NULL DEFAULT 0, error TEXT
    ) STRICT;
    CREATE INDEX queue_session ON queue(session_id, seq);
    """

  func write<Value: Sendable>(_ updates: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    do {
      return try await pool.write(updates)
    } catch {
      throw storeError(error, location: path)
    }
  }

  func read<Value: Sendable>(_ value: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    do {
      return try await pool.read(value)
    } catch {
      throw storeError(error, location: path)
    }
  }
}

extension Date {
  init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1_000) }
  var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1_000).rounded()) }
}
