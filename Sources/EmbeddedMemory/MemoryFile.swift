import CWordRank
import Foundation
import GRDB
import RearviewMemory

/// The file on the disk: made, checked, brought up to date and opened, or refused with the reason.
///
/// It promises that nothing is written to a file that is not ours or is newer than this program, and that two
/// processes that open a new or an old file at once make or migrate it once. It looks at the header and the schema
/// only, so opening costs the same at any size.
struct MemoryFile: Sendable {
  /// What can be done with an open file.
  enum Access: Sendable {
    case readWrite(DatabasePool)
    case readOnly(any DatabaseReader)
  }

  /// Absolute.
  let path: String
  let busyTimeout: Duration
  let clock: @Sendable () -> Date
  let steps: [MemorySchema.Step]

  init(
    path: String, busyTimeout: Duration = .seconds(5), clock: @escaping @Sendable () -> Date,
    steps: [MemorySchema.Step] = MemorySchema.steps
  ) {
    self.path = URL(fileURLWithPath: path).path
    self.busyTimeout = busyTimeout
    self.clock = clock
    self.steps = steps
  }

  private var folder: String { (path as NSString).deletingLastPathComponent }
  private var known: Int { steps.count }

  func open() throws -> Access {
    do {
      try createIfMissing()
      // The folder's lock also covers SQLite's switch to WAL, which does not wait for other connections.
      return try FolderLock.hold(folder, timeout: busyTimeout, location: path) {
        guard isWritable(path), isWritable(folder) else { return .readOnly(try openForReading()) }
        return .readWrite(try openForWriting())
      }
    } catch {
      throw storeError(error, location: path)
    }
  }

  // MARK: - Making

  private func createIfMissing() throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      if isFolder.boolValue { throw MemoryStoreError.notAStore(location: path, cause: "it is a folder") }
      return
    }
    if !FileManager.default.fileExists(atPath: folder) {
      do {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      } catch {
        throw MemoryStoreError.unavailable(location: path, cause: "its folder cannot be made")
      }
    }
    try Self.createEmpty(path, location: path)
  }

  /// Makes an empty file that only its owner may read; one that is there already stays as it is.
  ///
  /// Never opens an existing file: closing any descriptor of it would drop SQLite's locks on it in this process.
  static func createEmpty(_ path: String, location: String) throws {
    let descriptor = Foundation.open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor < 0 else {
      close(descriptor)
      return
    }
    switch errno {
    case EEXIST: return
    case EACCES, EPERM, EROFS: throw MemoryStoreError.readOnly(location: location)
    case ENOSPC, EDQUOT: throw MemoryStoreError.diskFull(location: location)
    default: throw MemoryStoreError.unavailable(location: location, cause: String(cString: strerror(errno)))
    }
  }

  private func isWritable(_ path: String) -> Bool {
    faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0
  }

  // MARK: - Opening

  private var configuration: Configuration {
    var configuration = Configuration()
    configuration.label = "memory"
    configuration.busyMode = .timeout(
      Double(busyTimeout.components.seconds) + Double(busyTimeout.components.attoseconds) / 1e18)
    configuration.prepareDatabase { [path, known] database in
      // 8 MB hold the word index's hot pages at 100,000 memories; SQLite's default of 2 MB does not.
      try database.execute(sql: "PRAGMA cache_size = -8000")
      let result = rearview_add_word_rank(database.sqliteConnection)
      guard result == SQLITE_OK else {
        throw MemoryStoreError.unavailable(location: path, cause: "this SQLite has no full-text search (FTS5)")
      }
      guard !database.configuration.readonly else { return }
      // Before GRDB switches the journal mode, which writes.
      _ = try Self.format(of: database, location: path, known: known)
      try database.execute(
        sql: """
          PRAGMA secure_delete = ON;
          PRAGMA wal_autocheckpoint = 1000;
          PRAGMA journal_size_limit = 16777216;
          """)
    }
    return configuration
  }

  private func openForWriting() throws -> DatabasePool {
    let pool = try DatabasePool(path: path, configuration: configuration)
    let found = try pool.writeWithoutTransaction { database in
      // A pool sets NORMAL, which may lose the last turns when the power goes.
      try database.execute(sql: "PRAGMA synchronous = FULL")
      let found = try Self.format(of: database, location: path, known: known)
      if found > 0, found < known { try keepCopy(of: database, format: found) }
      return found
    }
    if found < known { try MemorySchema.migrator(steps, clock: clock).migrate(pool) }
    return pool
  }

  /// A file of WAL mode without its companions can be read where none can be made only if SQLite is told that
  /// nobody changes it.
  private func openForReading() throws -> any DatabaseReader {
    var configuration = configuration
    configuration.readonly = true
    let name: String
    if FileManager.default.fileExists(atPath: path + "-wal") {
      name = path
    } else {
      var allowed = CharacterSet.urlPathAllowed
      allowed.remove(charactersIn: "?#%;")
      name = "file://" + (path.addingPercentEncoding(withAllowedCharacters: allowed) ?? path) + "?immutable=1"
    }
    let queue = try DatabaseQueue(path: name, configuration: configuration)
    let found = try queue.read { try Self.format(of: $0, location: path, known: known) }
    // An older or empty file would have to be written before it could be read.
    guard found == known else { throw MemoryStoreError.readOnly(location: path) }
    return queue
  }

  // MARK: - Formats

  /// The file's format, 0 for an empty file.
  ///
  /// - Throws: `newerFormat`, or `notAStore` for a file that another program made.
  static func format(of database: Database, location: String, known: Int) throws -> Int {
    let applicationID = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
    let format = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    if applicationID == MemorySchema.applicationID {
      if format > known { throw MemoryStoreError.newerFormat(location: location, found: format, known: known) }
      if format > 0 { return format }
      throw MemoryStoreError.notAStore(location: location, cause: "its format number is missing")
    }
    // A process that was killed while it made the file may have left the list of steps behind, with nothing in it.
    let tables = try String.fetchSet(database, sql: "SELECT tbl_name FROM sqlite_master")
    let isEmpty =
      try tables.isEmpty
      || tables == ["grdb_migrations"] && Int.fetchOne(database, sql: "SELECT count(*) FROM grdb_migrations") == 0
    if applicationID == 0, format == 0, isEmpty { return 0 }
    throw MemoryStoreError.notAStore(location: location, cause: "it is another program's database")
  }

  /// Refuses to write to a file that another process migrated meanwhile.
  static func requireKnownFormat(_ database: Database, location: String, known: Int) throws {
    let found = try Int.fetchOne(database.cachedStatement(sql: "PRAGMA user_version")) ?? 0
    if found > known { throw MemoryStoreError.newerFormat(location: location, found: found, known: known) }
  }

  private func keepCopy(of database: Database, format: Int) throws {
    let backups = MemoryBackups(path: path, clock: clock)
    try backups.makeFolder()
    let copy = backups.folder + "/" + backups.name(.migration, format: format)
    let unfinished = copy + ".new"
    try? FileManager.default.removeItem(atPath: unfinished)
    try Self.createEmpty(unfinished, location: path)
    try database.execute(sql: "VACUUM INTO ?", arguments: [unfinished])
    guard rename(unfinished, copy) == 0 else {
      throw MemoryStoreError.unavailable(location: path, cause: "the copy before its migration cannot be made")
    }
  }
}
