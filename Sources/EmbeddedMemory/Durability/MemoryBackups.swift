import Foundation
import GRDB
import RearviewMemory

/// A copy of a memory file.
public struct MemoryBackup: Hashable, Codable, Sendable {
  /// Why a copy was made.
  public enum Reason: String, Codable, Sendable {
    /// The nightly one, or one that was asked for.
    case backup
    case migration
    /// What a backup took the place of.
    case restore
    case repair
  }

  /// The file's name in the folder of backups.
  public var name: String
  public var reason: Reason
  public var madeAt: Date
  public var byteCount: Int

  enum CodingKeys: String, CodingKey {
    case name, reason
    case madeAt = "made_at"
    case byteCount = "byte_count"
  }
}

/// The copies of a memory file, in a folder `backups` beside it (mode 0700, files 0600).
///
/// `memory-2026-03-04T050607Z.sqlite` is a backup: made by SQLite from one snapshot while others write, opened and
/// checked, and only then given its name; so what has such a name is good. The oldest go after a new one came.
/// `memory-format-4.sqlite` was made before a migration, `memory-before-restore-….sqlite` and
/// `memory-before-repair-….sqlite` are what these found. Those stay until somebody removes them.
public struct MemoryBackups: Sendable {
  /// The memory file.
  public let path: String
  private let clock: @Sendable () -> Date

  public init(path: String, clock: @escaping @Sendable () -> Date = { Date() }) {
    self.path = URL(fileURLWithPath: path).path
    self.clock = clock
  }

  public var folder: String { (path as NSString).deletingLastPathComponent + "/backups" }
  private var stem: String { ((path as NSString).lastPathComponent as NSString).deletingPathExtension }

  /// A backup is made anew after so many seconds.
  public static let interval: TimeInterval = 24 * 3_600
  /// So many backups are kept where nothing else is said.
  public static let defaultCount = 7

  // MARK: - Names

  func name(_ reason: MemoryBackup.Reason, format: Int = 0) -> String {
    let time = Self.spelling(clock())
    return switch reason {
    case .backup: "\(stem)-\(time).sqlite"
    case .migration: "\(stem)-format-\(format).sqlite"
    case .restore: "\(stem)-before-restore-\(time).sqlite"
    case .repair: "\(stem)-before-repair-\(time).sqlite"
    }
  }

  private static let time = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day()
    .time(includingFractionalSeconds: false).timeSeparator(.omitted)

  private static func spelling(_ date: Date) -> String { date.formatted(time) + "Z" }

  /// What a name says; `nil` for a file that is no copy of this one.
  private func described(_ name: String) -> MemoryBackup? {
    guard name.hasPrefix(stem + "-"), name.hasSuffix(".sqlite") else { return nil }
    let rest = name.dropFirst(stem.count + 1).dropLast(".sqlite".count)
    let reason: MemoryBackup.Reason
    if rest.hasPrefix("format-") {
      reason = .migration
    } else if rest.hasPrefix("before-restore-") {
      reason = .restore
    } else if rest.hasPrefix("before-repair-") {
      reason = .repair
    } else if rest.first?.isNumber == true, rest.hasSuffix("Z") {
      reason = .backup
    } else {
      return nil
    }
    var status = stat()
    guard stat("\(folder)/\(name)", &status) == 0 else { return nil }
    let told = (rest.firstIndex(of: "Z")).flatMap { try? Self.time.parse(String(rest[..<$0].suffix(17))) }
    let changed = Date(timeIntervalSince1970: Double(status.st_mtim.tv_sec))
    return MemoryBackup(name: name, reason: reason, madeAt: told ?? changed, byteCount: Int(status.st_size))
  }

  /// All copies, the newest first.
  public func list() -> [MemoryBackup] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap(described).sorted { ($0.madeAt, $0.name) > ($1.madeAt, $1.name) }
  }

  /// Whether the newest backup is older than a day, or there is none.
  public var isDue: Bool {
    guard let newest = list().first(where: { $0.reason == .backup }) else { return true }
    return clock().timeIntervalSince(newest.madeAt) >= Self.interval
  }

  // MARK: - Making

  /// Makes a backup and checks it; blocks the thread for as long as it takes to read and write the file.
  ///
  /// - Parameter count: So many are kept, this one among them.
  /// - Throws: `DurabilityError`, `MemoryStoreError`; nothing is left of a backup that failed.
  @discardableResult
  public func make(keeping count: Int = defaultCount) throws -> MemoryBackup {
    guard FileManager.default.fileExists(atPath: path) else { throw DurabilityError.noFile(path: path) }
    do {
      try makeFolder()
      return try locked {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix(".new") {
          unlink("\(folder)/\(name)")
        }
        let name = name(.backup)
        try copy(to: "\(folder)/\(name)")
        for old in list().filter({ $0.reason == .backup }).dropFirst(max(count, 1)) { unlink("\(folder)/\(old.name)") }
        guard let made = described(name) else { throw DurabilityError.noSuchBackup(name: name, folder: folder) }
        return made
      }
    } catch {
      throw storeError(error, location: path)
    }
  }

  func makeFolder() throws {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw errno == ENOSPC
        ? MemoryStoreError.diskFull(location: folder)
        : MemoryStoreError.unavailable(location: path, cause: "the folder \(folder) cannot be made")
    }
  }

  private func locked<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try FolderLock.hold(folder, timeout: .zero, location: folder, body)
    } catch MemoryStoreError.locked(folder) {
      throw DurabilityError.isBeingMade(folder: folder)
    }
  }

  /// Writes a snapshot of the file under a name, once it was checked.
  private func copy(to target: String) throws {
    let unfinished = target + ".new"
    do {
      try requireRoom()
      try MemoryFile.createEmpty(unfinished, location: path)
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(5)
      do {
        let source = try DatabaseQueue(path: path, configuration: configuration)
        try source.inDatabase { try $0.execute(sql: "VACUUM INTO ?", arguments: [unfinished]) }
        try source.close()
      }
      try Self.verify(unfinished)
      try Self.sync(unfinished)
      guard rename(unfinished, target) == 0 else { throw ExchangeOutput.fault(at: target) }
      try Self.sync(folder)
    } catch {
      for rest in ["", "-journal", "-wal", "-shm"] { unlink(unfinished + rest) }
      throw error
    }
  }

  private func requireRoom() throws {
    let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
    if let free = freeBytes(at: folder + "/"), free < UInt64(size) { throw MemoryStoreError.diskFull(location: folder) }
  }

  static func sync(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ExchangeOutput.fault(at: path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw ExchangeOutput.fault(at: path) }
  }

  /// - Throws: `DurabilityError.unverified` for a copy with a fault, `MemoryStoreError.newerFormat`.
  static func verify(_ copy: String) throws {
    do {
      let queue = try DatabaseQueue(path: copy)
      defer { try? queue.close() }
      try queue.inDatabase { database in
        guard try MemoryFile.format(of: database, location: copy, known: MemorySchema.format) > 0 else {
          throw DurabilityError.unverified(path: copy, cause: "it is empty")
        }
        let faults = try String.fetchAll(database, sql: "PRAGMA integrity_check(1)").filter { $0 != "ok" }
        if let fault = faults.first { throw DurabilityError.unverified(path: copy, cause: fault) }
        let wrong = try String.fetchAll(database, sql: FileCheck.wrongCounts)
        if let bank = wrong.first {
          throw DurabilityError.unverified(path: copy, cause: "bank \(bank) counts otherwise than it has memories")
        }
      }
    } catch let error as DatabaseError {
      if case .SQLITE_FULL = error.resultCode { throw error }
      throw DurabilityError.unverified(path: copy, cause: error.message ?? "\(error.resultCode)")
    }
  }

  // MARK: - Restoring

  /// Puts a copy in the place of the memory file, which is kept aside among the copies first.
  ///
  /// This process must not have the file open.
  /// - Returns: Under which name the present file was kept; `nil` where there was none.
  /// - Throws: `DurabilityError.isInUse` while another process has the file open.
  @discardableResult
  public func restore(_ name: String) throws -> String? {
    let copy = "\(folder)/\(name)"
    guard list().contains(where: { $0.name == name }) else {
      throw DurabilityError.noSuchBackup(name: name, folder: folder)
    }
    let unfinished = path + ".restored.new"
    do {
      return try FolderLock.hold(
        (path as NSString).deletingLastPathComponent, timeout: .seconds(5), location: path
      ) {
        if FileHolders.isHeldElsewhere(path) { throw DurabilityError.isInUse(path: path) }
        unlink(unfinished)
        try Self.copyFile(copy, to: unfinished)
        for rest in ["-wal", "-journal"] where FileManager.default.fileExists(atPath: copy + rest) {
          try Self.copyFile(copy + rest, to: unfinished + rest)
        }
        try Self.verify(unfinished)
        // Its last changes may stand beside a copy that was kept by restore or repair.
        for rest in ["-wal", "-shm", "-journal"] { unlink(unfinished + rest) }
        let kept = try keepAside(.restore)
        try putInPlace(unfinished)
        return kept
      }
    } catch {
      for rest in ["", "-wal", "-shm", "-journal"] { unlink(unfinished + rest) }
      throw storeError(error, location: path)
    }
  }

  /// Copies the memory file as it is, with what stands beside it. Returns its name; `nil` where there is none.
  func keepAside(_ reason: MemoryBackup.Reason) throws -> String? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    try makeFolder()
    var name = name(reason)
    var number = 1
    while FileManager.default.fileExists(atPath: "\(folder)/\(name)") {
      number += 1
      name = self.name(reason).replacing("Z.sqlite", with: "Z-\(number).sqlite")
    }
    for rest in ["-wal", "-journal", ""] where FileManager.default.fileExists(atPath: path + rest) {
      try Self.copyFile(path + rest, to: "\(folder)/\(name)\(rest)")
    }
    return name
  }

  /// Gives a finished file the memory file's place.
  func putInPlace(_ finished: String) throws {
    try Self.sync(finished)
    for rest in ["-wal", "-shm", "-journal"] { unlink(path + rest) }
    guard rename(finished, path) == 0 else { throw ExchangeOutput.fault(at: path) }
    try Self.sync((path as NSString).deletingLastPathComponent)
  }

  static func copyFile(_ source: String, to target: String) throws {
    let reading = open(source, O_RDONLY | O_CLOEXEC)
    guard reading >= 0 else { throw ExchangeOutput.fault(at: source) }
    defer { close(reading) }
    let writing = open(target, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard writing >= 0 else { throw ExchangeOutput.fault(at: target) }
    defer { close(writing) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    do {
      while true {
        let count = buffer.withUnsafeMutableBytes { read(reading, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw ExchangeOutput.fault(at: source) }
        if count == 0 { break }
        var start = 0
        while start < count {
          let written = buffer[start..<count].withUnsafeBytes { write(writing, $0.baseAddress, $0.count) }
          if written < 0, errno == EINTR { continue }
          guard written > 0 else { throw ExchangeOutput.fault(at: target) }
          start += written
        }
      }
      guard fsync(writing) == 0 else { throw ExchangeOutput.fault(at: target) }
    } catch {
      unlink(target)
      throw error
    }
  }
}

extension EmbeddedMemory {
  /// The copies of this file.
  public var backups: MemoryBackups { MemoryBackups(path: location, clock: clock) }

  /// Makes a backup where the newest is older than a day; for who has the file open and nothing else to do.
  ///
  /// - Parameter count: So many are kept; 0: none is made.
  /// - Returns: The backup, `nil` where none was due or another process makes it.
  @discardableResult
  public func backUpIfDue(keeping count: Int = MemoryBackups.defaultCount) async throws -> MemoryBackup? {
    guard !isReadOnly, count > 0, backups.isDue else { return nil }
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global(qos: .background).async { [backups] in
        do {
          // Another process may have made it while this one waited for its turn.
          continuation.resume(returning: backups.isDue ? try backups.make(keeping: count) : nil)
        } catch DurabilityError.isBeingMade {
          continuation.resume(returning: nil)
        } catch {
          continuation.resume(throwing: error)
        }
      }
    }
  }
}
