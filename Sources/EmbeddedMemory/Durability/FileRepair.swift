import Foundation
import GRDB
import RearviewMemory

/// What a repair did.
public struct MemoryRepair: Hashable, Codable, Sendable {
  /// What of a bank is there after a repair that took the file apart.
  public struct Bank: Hashable, Codable, Sendable {
    public var name: String
    /// Memories in all states.
    public var memories: Int
    /// How many of them came from a backup.
    public var fromBackup: Int
    /// How many the bank said that it had, and are nowhere.
    public var lost: Int

    enum CodingKeys: String, CodingKey {
      case name, memories, lost
      case fromBackup = "from_backup"
    }
  }

  /// What was found; empty: the file was in order, and nothing was done.
  public var faults: [MemoryFileFault]
  /// The name, among the backups, of the file as it was.
  public var keptAs: String?
  /// Whether its rows were taken out of it, one by one, into a new file.
  public var isSalvaged = false
  /// Of a file that was taken apart.
  public var banks: [Bank] = []
  /// Rows that could be read, by table; of a file that was taken apart.
  public var rows: [String: Int] = [:]
  /// The backup that gave what could not be read, or all.
  public var backup: String?

  enum CodingKeys: String, CodingKey {
    case faults, banks, rows, backup
    case keptAs = "kept_as"
    case isSalvaged = "is_salvaged"
  }
}

/// Puts a memory file in order.
///
/// The file is copied first, as it is. What follows from its rows (indexes, counts, words) is made anew in place. Where
/// the file itself is damaged, its rows are taken out of it, one by one, into a new file, what cannot be read comes
/// from the newest good backup, and the new file takes its place when it has passed its check. A repair that fails
/// leaves the file as it was; one of a file in order does nothing.
public struct FileRepair: Sendable {
  public let path: String
  private let clock: @Sendable () -> Date

  public init(path: String, clock: @escaping @Sendable () -> Date = { Date() }) {
    self.path = URL(fileURLWithPath: path).path
    self.clock = clock
  }

  private var backups: MemoryBackups { MemoryBackups(path: path, clock: clock) }
  static let wordIndexes = ["memory_fts", "memory_words"]

  /// This process must not have the file open.
  /// - Throws: `DurabilityError`, `MemoryStoreError`.
  public func run() throws -> MemoryRepair {
    guard FileManager.default.fileExists(atPath: path) else { throw DurabilityError.noFile(path: path) }
    do {
      return try FolderLock.hold(
        (path as NSString).deletingLastPathComponent, timeout: .seconds(5), location: path
      ) {
        if FileHolders.isHeldElsewhere(path) { throw DurabilityError.isInUse(path: path) }
        return try repair()
      }
    } catch {
      throw storeError(error, location: path)
    }
  }

  private func repair() throws -> MemoryRepair {
    let faults = FileCheck(path: path, clock: clock).run(isFull: true).repairable
    var result = MemoryRepair(faults: faults)
    if faults.contains(where: { $0.kind == .permissions }) { chmod(path, 0o600) }
    let inside = faults.filter { $0.kind != .permissions }
    guard !inside.isEmpty else { return result }
    // Before any connection: to open a file may bring its last changes into it.
    result.keptAs = try backups.keepAside(.repair)
    if !inside.contains(where: { [.unreadable, .damaged].contains($0.kind) }), repairInPlace() { return result }
    try salvage(into: &result)
    return result
  }

  // MARK: - In place

  /// Returns whether the file is in order now; what was done otherwise is undone.
  private func repairInPlace() -> Bool {
    do {
      let queue = try DatabaseQueue(path: path)
      defer { try? queue.close() }
      return try queue.writeWithoutTransaction { database in
        try database.execute(sql: "PRAGMA foreign_keys = OFF")
        var isGood = false
        try database.inTransaction(.immediate) {
          try Self.rebuild(database)
          isGood = FileCheck.faults(in: database, isFull: true).isEmpty
          return isGood ? .commit : .rollback
        }
        return isGood
      }
    } catch {
      return false
    }
  }

  /// Makes all anew that follows from the rows of a file.
  static func rebuild(_ database: Database) throws {
    try mendReferences(database)
    try mendMerges(database)
    for index in wordIndexes { try database.execute(sql: "INSERT INTO \(index) (\(index)) VALUES ('rebuild')") }
    for lost in FileCheck.lostVectors { try database.execute(sql: lost.removal) }
    try database.execute(
      sql: """
        UPDATE bank SET
          valid_count = (SELECT count(*) FROM memory WHERE memory.bank = bank.id AND state = 0),
          invalidated_count = (SELECT count(*) FROM memory WHERE memory.bank = bank.id AND state = 1),
          document_count = (SELECT count(*) FROM document WHERE document.bank = bank.id),
          last_memory = max(last_memory, bank.id << 40, coalesce(
            (SELECT max(id) FROM memory WHERE id >= bank.id << 40 AND id < (bank.id + 1) << 40), 0));
        UPDATE entity SET
          mentions = (SELECT count(*) FROM memory_entity WHERE memory_entity.entity = entity.id);
        UPDATE space SET generation = generation + 1,
          vector_count = (SELECT count(*) FROM vector WHERE vector.space = space.id);
        INSERT OR IGNORE INTO embedding_queue (space, memory)
          SELECT space.id, memory.id FROM space JOIN memory ON memory.bank = space.bank
          WHERE space.state < 2 AND memory.state = 0 AND memory.id <= space.embedded_to
            AND NOT EXISTS (SELECT 1 FROM vector WHERE vector.space = space.id AND vector.memory = memory.id);
        """)
    try JobQueue.reclaim(now: Int64(Date().timeIntervalSince1970 * 1000), in: database)
    let (missing, _) = try missingWords(limit: nil, in: database)
    for word in missing {
      try database.cachedStatement(sql: "INSERT OR IGNORE INTO word (text) VALUES (?)").execute(arguments: [word])
    }
  }

  /// Words of the newest memories, or of all, that the vocabulary lacks; and how many words these memories have.
  static func missingWords(limit: Int?, in database: Database) throws -> (missing: Set<String>, all: Int) {
    let texts = try Row.fetchCursor(
      database, sql: "SELECT CAST(text AS BLOB) FROM memory ORDER BY id DESC LIMIT ?", arguments: [limit ?? -1])
    var seen: Set<String> = []
    var missing: Set<String> = []
    let find = try database.cachedStatement(sql: "SELECT 1 FROM word WHERE text = ?")
    while let row = try texts.next() {
      for word in VocabularyWords.words(of: MemoryRow.text(row[0]) ?? "") where seen.insert(word).inserted {
        if try Int.fetchOne(find, arguments: [word]) == nil { missing.insert(word) }
      }
    }
    return (missing, seen.count)
  }

  /// Leaves no reference to a row that is not there: a bank or document that holds something is made anew under another
  /// name, a reference that a row can be without is taken out, and a row that is nothing without it goes.
  private static func mendReferences(_ database: Database) throws {
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    try database.execute(
      sql: """
        INSERT INTO bank (id, uid, name, last_memory, created, updated)
          SELECT DISTINCT lost, randomblob(16), 'recovered-' || lost, lost << 40, :now, :now FROM (
            SELECT bank AS lost FROM message UNION SELECT bank FROM memory UNION SELECT bank FROM document
            UNION SELECT bank FROM directive UNION SELECT bank FROM mental_model
          ) WHERE lost NOT IN (SELECT id FROM bank) AND lost > 0;
        INSERT INTO document (id, uid, bank, key, created, updated)
          SELECT document, randomblob(16), min(bank), 'recovered-' || document, :now, :now FROM message
          WHERE document NOT IN (SELECT id FROM document) GROUP BY document;
        """, arguments: ["now": now])
    // A row that went may have been what others refer to.
    for _ in 0..<4 {
      var changes = 0
      for key in try ForeignKey.all(in: database) {
        let lost = "\(key.column) IS NOT NULL AND \(key.column) NOT IN (SELECT \(key.target) FROM \(key.parent))"
        try database.execute(
          sql: key.isRequired
            ? "DELETE FROM \(key.table) WHERE \(lost)" : "UPDATE \(key.table) SET \(key.column) = NULL WHERE \(lost)")
        changes += database.changesCount
      }
      if changes == 0 { return }
    }
  }

  /// A condition on `entity`: one that was merged has no mentions, and what it was merged into stands for itself.
  static let isMergedWrongly = """
    merged_into NOTNULL AND (
      merged_into IN (SELECT target.id FROM entity AS target WHERE target.merged_into NOTNULL)
      OR EXISTS (SELECT 1 FROM memory_entity WHERE memory_entity.entity = entity.id))
    """

  /// Lets each name stand for the last entity of its way; of names that stand for each other, the oldest is the entity.
  private static func mendMerges(_ database: Database) throws {
    let rows = try Row.fetchAll(database, sql: "SELECT id, merged_into FROM entity WHERE merged_into NOTNULL")
    let next = Dictionary(rows.map { ($0[0] as Int64, $0[1] as Int64) }, uniquingKeysWith: { $1 })
    let wrong = try Int64.fetchAll(database, sql: "SELECT id FROM entity WHERE \(isMergedWrongly) ORDER BY id")
    var targets: [Int64: Int64] = [:]
    for entity in wrong {
      var way = [entity]
      var seen: Set<Int64> = [entity]
      while let last = way.last, let target = next[last], seen.insert(target).inserted { way.append(target) }
      let circle = way.last.flatMap { next[$0] }.flatMap { way.firstIndex(of: $0) }
      targets[entity] = circle.flatMap { way[$0...].min() } ?? way.last
    }
    for target in Set(targets.values) {
      try database.execute(sql: "UPDATE entity SET merged_into = NULL WHERE id = ?", arguments: [target])
    }
    for (entity, target) in targets.sorted(by: { $0.key < $1.key }) where entity != target {
      try EmbeddedMemory.merge(entity, into: target, in: database)
    }
  }

  private struct ForeignKey {
    var table: String
    var column: String
    var parent: String
    var target: String
    var isRequired: Bool

    static func all(in database: Database) throws -> [ForeignKey] {
      try Row.fetchAll(
        database,
        sql: """
          SELECT sqlite_master.name, keys."from", keys."table", columns."notnull" OR columns.pk > 0
          FROM sqlite_master JOIN pragma_foreign_key_list(sqlite_master.name) AS keys
            JOIN pragma_table_info(sqlite_master.name) AS columns ON columns.name = keys."from"
          WHERE sqlite_master.type = 'table'
          """
      ).map { row in
        let parent: String = row[2]
        return ForeignKey(
          table: row[0], column: row[1], parent: parent, target: parent == "journal" ? "seq" : "id",
          isRequired: row[3])
      }
    }
  }

  // MARK: - Into a new file

  private func salvage(into result: inout MemoryRepair) throws {
    // Not in the file's own folder, which is locked.
    let unfinished = backups.folder + "/repaired.new"
    let removal = { for rest in ["", "-wal", "-shm", "-journal"] { unlink(unfinished + rest) } }
    removal()
    defer { removal() }
    let backup = goodBackup()
    var taken = FileSalvage(path: path, backup: backup.map { backups.folder + "/" + $0 })
    do {
      try taken.write(to: unfinished, clock: clock)
      try MemoryBackups.verify(unfinished)
    } catch {
      // Nothing of it can be read; the newest backup is what is left.
      removal()
      guard let backup else {
        throw DurabilityError.hopeless(path: path, cause: FileCheck.cause(error))
      }
      try MemoryBackups.copyFile(backups.folder + "/" + backup, to: unfinished)
      result.backup = backup
      result.isSalvaged = true
      result.banks = try Self.banks(of: unfinished).map {
        MemoryRepair.Bank(name: $0.name, memories: $0.memories, fromBackup: $0.memories, lost: 0)
      }
      try backups.putInPlace(unfinished)
      return
    }
    result.isSalvaged = true
    result.rows = taken.rows
    result.banks = taken.banks
    result.backup = taken.usedBackup ? backup : nil
    try backups.putInPlace(unfinished)
  }

  /// The newest backup that passes its check and has this program's format.
  private func goodBackup() -> String? {
    backups.list().first { copy in
      guard copy.reason == .backup else { return false }
      let file = backups.folder + "/" + copy.name
      guard (try? MemoryBackups.verify(file)) != nil else { return false }
      let format = try? DatabaseQueue(path: file).read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
      return format == MemorySchema.format
    }?.name
  }

  static func banks(of file: String) throws -> [(name: String, memories: Int)] {
    try DatabaseQueue(path: file).read { database in
      try Row.fetchAll(database, sql: "SELECT name, valid_count + invalidated_count FROM bank ORDER BY name")
        .map { ($0[0], $0[1]) }
    }
  }
}
