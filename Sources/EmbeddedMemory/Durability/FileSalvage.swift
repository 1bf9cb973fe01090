import Foundation
import GRDB
import RearviewMemory

/// Takes the rows of a damaged file out of it, into a new one.
///
/// Every table is read by its key, around what cannot be read: a stretch that holds a damaged page is halved until what
/// is left of it is single rows. A backup gives what stands in the stretches that could not be read, and nothing else:
/// what was deleted since it was made stays deleted. Memories are looked for on every page of the file as well
/// (`LostMemories`): what people said must not hang on one page.
struct FileSalvage {
  private let path: String
  private let backup: String?
  private(set) var rows: [String: Int] = [:]
  private(set) var banks: [MemoryRepair.Bank] = []
  private(set) var usedBackup = false

  init(path: String, backup: String?) {
    self.path = path
    self.backup = backup
  }

  /// A stretch of keys, both ends in it, of which rows may be lost.
  private typealias Gap = ClosedRange<Int64>

  /// Reads that may fail in one table; more damage than this is given up, and the backup asked for the rest.
  private static let probeLimit = 4_000

  /// What is made anew, and what belongs to the file that is made.
  private static let skipped: Set<String> = ["word", "grdb_migrations", "meta", "memory_fts", "memory_words"]

  /// - Throws: When the damaged file does not even tell which tables it has.
  mutating func write(to target: String, clock: @escaping @Sendable () -> Date) throws {
    guard case .readWrite(let pool) = try MemoryFile(path: target, clock: clock).open() else { return }
    defer { try? pool.close() }
    let damaged = path
    let backup = backup
    let source = try Self.open(damaged)
    defer { try? source.close() }
    let result = try pool.writeWithoutTransaction { target -> Self in
      var salvage = Self(path: damaged, backup: backup)
      try target.execute(sql: "PRAGMA foreign_keys = OFF; PRAGMA cell_size_check = ON")
      try source.inDatabase { source in
        try target.inTransaction {
          try salvage.copy(from: source, to: target)
          return .commit
        }
      }
      return salvage
    }
    self = result
    try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
  }

  private static func open(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = true
    // Without it SQLite opens no file that is shorter than it says, or whose list of tables has a fault.
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA writable_schema = ON") }
    do {
      return try DatabaseQueue(path: path, configuration: configuration)
    } catch {
      // What stands beside it may be what is damaged.
      let allowed = CharacterSet.urlPathAllowed.subtracting(CharacterSet(charactersIn: "?#%;"))
      let name = "file://" + (path.addingPercentEncoding(withAllowedCharacters: allowed) ?? path) + "?immutable=1"
      return try DatabaseQueue(path: name, configuration: configuration)
    }
  }

  private mutating func copy(from source: Database, to target: Database) throws {
    let triggers = try Row.fetchAll(target, sql: "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    for trigger in triggers { try target.execute(sql: "DROP TRIGGER \(trigger[0] as String)") }
    let tables = try String.fetchAll(
      target,
      sql: """
        SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
          AND name NOT LIKE 'memory_fts%' AND name NOT LIKE 'memory_words%' ORDER BY rowid
        """)
    var expected: [Int64: Int] = [:]
    var fromBackup: [Int64: Int] = [:]
    for table in tables where !Self.skipped.contains(table) {
      var reader = try TableReader(table, from: source, to: target)
      try reader.copyAll()
      if table == "memory", !reader.gaps.isEmpty { try reader.copyLost(in: path) }
      rows[table] = reader.copied
      if table == "row_image", !reader.gaps.isEmpty {
        // An undo of a part of a change would leave what never was.
        try target.execute(sql: "DELETE FROM row_image")
        rows[table] = 0
        continue
      }
      guard !reader.gaps.isEmpty, let backup else { continue }
      let before = try Self.memories(target)
      if try reader.fill(from: backup) > 0 { usedBackup = true }
      if table == "memory" {
        fromBackup = try Self.memories(target).merging(before) { $0 - $1 }.filter { $0.value > 0 }
      }
    }
    guard rows.values.contains(where: { $0 > 0 }) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "no row of it can be read")
    }
    for row in (try? Row.fetchAll(target, sql: "SELECT id, valid_count + invalidated_count FROM bank")) ?? [] {
      expected[row[0]] = row[1]
    }
    try copySettings(from: source, to: target)
    try FileRepair.rebuild(target)
    for trigger in triggers { try target.execute(sql: trigger[1] as String) }
    for row in try Row.fetchAll(
      target, sql: "SELECT id, name, valid_count + invalidated_count FROM bank ORDER BY name")
    {
      let (bank, count) = (row[0] as Int64, row[2] as Int)
      banks.append(
        MemoryRepair.Bank(
          name: row[1], memories: count, fromBackup: fromBackup[bank] ?? 0,
          lost: max(0, (expected[bank] ?? count) - count)))
    }
  }

  private static func memories(_ database: Database) throws -> [Int64: Int] {
    try Row.fetchAll(database, sql: "SELECT id >> 40, count(*) FROM memory GROUP BY id >> 40")
      .reduce(into: [:]) { $0[$1[0]] = $1[1] }
  }

  /// The file's own identity and switches, where they can be read.
  private func copySettings(from source: Database, to target: Database) throws {
    for row in (try? Row.fetchAll(source, sql: "SELECT key, value FROM meta")) ?? [] {
      try? target.execute(
        sql: "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
        arguments: [row[0] as String?, row[1] as String?])
    }
  }

  /// Copies one table.
  private struct TableReader {
    private let table: String
    private let columns: String
    /// The number by which the table is ordered; `nil` where it begins with something else.
    private let key: String?
    private let insertion: String
    private let source: Database
    private let target: Database
    private(set) var copied = 0
    private(set) var gaps: [Gap] = []

    init(_ table: String, from source: Database, to target: Database) throws {
      self.table = table
      self.source = source
      self.target = target
      let found = try Row.fetchAll(
        target, sql: "SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid", arguments: [table])
      let known = Set(
        (try? String.fetchAll(source, sql: "SELECT name FROM pragma_table_info(?)", arguments: [table])) ?? [])
      // A file of an older format lacks some.
      let names = found.map { $0[0] as String }.filter { known.isEmpty || known.contains($0) }
      columns = names.map { "\"\($0)\"" }.joined(separator: ", ")
      key = found.first { $0[2] as Int == 1 && $0[1] as String == "INTEGER" }.map { $0[0] }
      insertion =
        "INSERT OR IGNORE INTO \(table) (\(columns)) VALUES (\(names.map { _ in "?" }.joined(separator: ", ")))"
    }

    /// Where rows are to be lost, the others are read all the same; a table that is not there is a table without rows.
    mutating func copyAll() throws {
      guard let key else {
        if try !copy("") { gaps = [.min...(.max)] }
        return
      }
      if try copy("ORDER BY \(key)") { return }
      // Once more from the end, then between what both ways reached.
      let (low, high) = (reached, Int64.max)
      reached = nil
      _ = try copy("ORDER BY \(key) DESC")
      let first = low.map { $0 == .max ? $0 : $0 + 1 } ?? 0
      let last = reached.map { $0 - 1 } ?? high
      if first <= last { try probe(first...last) }
    }

    /// The key of the row that was read last.
    private var reached: Int64?

    /// Copies what a query gives until it fails; returns whether it came to its end.
    private mutating func copy(_ rest: String) throws -> Bool {
      do {
        let number = key.map { ", \($0)" } ?? ""
        let found = try Row.fetchCursor(
          source, sql: "SELECT \(columns)\(number) FROM \(table) NOT INDEXED \(rest)")
        let insert = try target.cachedStatement(sql: insertion)
        while let row = try found.next() {
          let values = Array(row.databaseValues)
          if key != nil, let number = Int64.fromDatabaseValue(values[values.count - 1]) { reached = number }
          do {
            try insert.execute(arguments: StatementArguments(key == nil ? values : values.dropLast()))
            copied += target.changesCount
          } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            // A value of the wrong kind is not what was written there.
            continue
          }
        }
        return true
      } catch let error as DatabaseError where error.resultCode != .SQLITE_FULL {
        return false
      }
    }

    /// Copies what can be read of a stretch, the larger parts first; what cannot is noted.
    private mutating func probe(_ range: Gap) throws {
      guard let key else { return }
      var waiting = [range]
      var next = 0
      while next < waiting.count {
        let range = waiting[next]
        next += 1
        let (low, high) = (range.lowerBound, range.upperBound)
        if next > FileSalvage.probeLimit {
          gaps.append(range)
        } else if try copy("WHERE \(key) BETWEEN \(low) AND \(high) ORDER BY \(key)") {
          continue
        } else if low == high {
          gaps.append(range)
        } else {
          let middle = low + (high - low) / 2
          waiting += [low...middle, (middle + 1)...high]
        }
      }
    }

    /// Copies memories whose pages are there but cannot be reached from the table's first page.
    mutating func copyLost(in path: String) throws {
      guard let lost = LostMemories(path: path) else { return }
      let names = try String.fetchAll(
        target, sql: "SELECT name FROM pragma_table_info(?) ORDER BY cid", arguments: [table])
      try lost.each { record in
        // A row from before a column was added has the column's default.
        let count = min(record.values.count, names.count)
        let marks = Array(repeating: "?", count: count).joined(separator: ", ")
        let insert = try target.cachedStatement(
          sql: "INSERT OR IGNORE INTO \(table) (\(names.prefix(count).joined(separator: ", "))) VALUES (\(marks))")
        do {
          let values = [record.row.databaseValue] + record.values.prefix(count).dropFirst()
          try insert.execute(arguments: StatementArguments(values))
          copied += target.changesCount
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
          return
        }
      }
    }

    /// Copies what a backup has in the stretches that could not be read. Returns how many rows these were.
    mutating func fill(from backup: String) throws -> Int {
      let key = key ?? "0"
      let queue = try DatabaseQueue(path: backup)
      defer { try? queue.close() }
      return try queue.read { backup in
        var filled = 0
        let insert = try target.cachedStatement(sql: insertion)
        for gap in gaps {
          let found = try Row.fetchCursor(
            backup, sql: "SELECT \(columns) FROM \(table) WHERE \(key) BETWEEN ? AND ?",
            arguments: [gap.lowerBound, gap.upperBound])
          while let row = try found.next() {
            try insert.execute(arguments: StatementArguments(Array(row.databaseValues)))
            filled += target.changesCount
          }
        }
        return filled
      }
    }
  }
}
