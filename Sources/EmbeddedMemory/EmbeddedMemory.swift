import Foundation
import GRDB
import NIOConcurrencyHelpers
import RearviewMemory

/// Memories in one SQLite file: no server, no account, no model.
///
/// Every message is kept verbatim and can be recalled by its words in the same transaction. Several processes may use
/// the file at once: readers never wait, writers wait for each other up to `busyTimeout`. What `retain` acknowledged
/// is on the disk (`synchronous = FULL`) and survives the death of the process and of the machine.
///
/// ```swift
/// let store = try await EmbeddedMemory.open(path: "/home/anna/.local/share/rearview/memory.sqlite")
/// let found = try await store.recall(RecallQuery(bankID: "default", text: "Where does Anna live?"))
/// ```
///
/// Connections close when the last reference goes.
public final class EmbeddedMemory: MemoryStore {
  /// The file's absolute path.
  public let location: String
  let access: MemoryFile.Access
  let clock: @Sendable () -> Date
  let timeZone: TimeZone
  let vocabulary: SharedVocabulary
  let times: TimeGrammar
  let models: NIOLockedValueBox<StoreModels>

  init(location: String, access: MemoryFile.Access, clock: @escaping @Sendable () -> Date, timeZone: TimeZone) {
    self.location = location
    self.access = access
    self.clock = clock
    self.timeZone = timeZone
    vocabulary = SharedVocabulary()
    times = TimeGrammar(timeZone: timeZone)
    models = NIOLockedValueBox(StoreModels())
  }

  /// The same open file with other models.
  init(sharing other: EmbeddedMemory, models: StoreModels) {
    location = other.location
    access = other.access
    clock = other.clock
    timeZone = other.timeZone
    vocabulary = other.vocabulary
    times = other.times
    self.models = NIOLockedValueBox(models)
  }

  /// Opens the memory file at `path`, or makes it (mode 0600, its folder 0700).
  ///
  /// A file or folder that may not be written opens for recall only; `isReadOnly` tells, and what would write throws
  /// `MemoryStoreError.readOnly`. An older file is copied into the folder of its backups
  /// (`MemoryBackups`) before it is migrated.
  ///
  /// - Parameters:
  ///   - clock: What creation, edits and identifiers are dated by.
  ///   - timeZone: Whose calendar the month and weekday of a message are taken from ("what did I say in May").
  ///   - busyTimeout: How long a write waits for another process before it throws `MemoryStoreError.locked`.
  /// - Throws: `MemoryStoreError`.
  public static func open(
    path: String, clock: @escaping @Sendable () -> Date = { Date() }, timeZone: TimeZone = .current,
    busyTimeout: Duration = .seconds(5)
  ) async throws -> EmbeddedMemory {
    let file = MemoryFile(path: path, busyTimeout: busyTimeout, clock: clock)
    // Opening reads the disk and may wait for another process's migration: not on a thread of the task pool.
    let access = try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global(qos: .userInitiated).async {
        continuation.resume(with: Result { try file.open() })
      }
    }
    return EmbeddedMemory(location: file.path, access: access, clock: clock, timeZone: timeZone)
  }

  /// Whether the file can only be recalled from.
  public var isReadOnly: Bool {
    switch access {
    case .readWrite: false
    case .readOnly: true
    }
  }

  /// Reads from one snapshot of the file; a cancelled task interrupts the running statement.
  func read<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) async throws -> Value {
    do {
      switch access {
      case .readWrite(let pool): return try await pool.read(body)
      case .readOnly(let reader): return try await reader.read(body)
      }
    } catch {
      throw storeError(error, location: location)
    }
  }

  /// Writes all or nothing, in one immediate transaction.
  func write<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) async throws -> Value {
    guard case .readWrite(let pool) = access else { throw MemoryStoreError.readOnly(location: location) }
    do {
      return try await pool.write { [location] database in
        try MemoryFile.requireKnownFormat(database, location: location, known: MemorySchema.format)
        return try body(database)
      }
    } catch {
      throw storeError(error, location: location)
    }
  }

  /// Now, in the file's unit.
  var now: Int64 { milliseconds(clock()) }
}

/// The file's unit of time: whole milliseconds since 1970, UTC. A date that no file could hold becomes the nearest.
func milliseconds(_ date: Date) -> Int64 {
  let value = (date.timeIntervalSince1970 * 1000).rounded()
  return Int64(exactly: value) ?? (value < 0 ? Int64.min : Int64.max)
}

/// The date of a time in the file.
func date(milliseconds: Int64) -> Date {
  Date(timeIntervalSince1970: Double(milliseconds) / 1000)
}
