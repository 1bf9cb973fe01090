import Foundation
import GRDB
import RearviewMemory

/// What is wrong with a memory file, or could become so.
public struct MemoryFileFault: Hashable, Codable, Sendable {
  public enum Kind: String, Codable, Sendable {
    case unreadable, damaged, references, words, vocabulary, counts, vectors, leases, permissions, room
  }

  public var kind: Kind
  /// What is wrong, one sentence.
  public var sentence: String
  /// What a repair would do about it; `nil` where it can do nothing.
  public var remedy: String?
}

/// What a check of a memory file found.
public struct MemoryFileReport: Hashable, Codable, Sendable {
  public var path: String
  public var byteCount: Int
  /// Whether all was looked at; a large file is looked at in part unless asked for.
  public var isFull: Bool
  public var faults: [MemoryFileFault]
  /// When the newest backup was made.
  public var backedUpAt: Date?

  /// What a repair would mend.
  public var repairable: [MemoryFileFault] { faults.filter { $0.remedy != nil } }

  enum CodingKeys: String, CodingKey {
    case path, faults
    case byteCount = "byte_count"
    case isFull = "is_full"
    case backedUpAt = "backed_up_at"
  }
}

/// Looks at a memory file without changing it.
public struct FileCheck: Sendable {
  public let path: String
  let clock: @Sendable () -> Date

  public init(path: String, clock: @escaping @Sendable () -> Date = { Date() }) {
    self.path = URL(fileURLWithPath: path).path
    self.clock = clock
  }

  /// A larger file is looked at in full only on demand: it would take more than a few seconds.
  static let quickLimit = 256 << 20

  /// - Parameter isFull: `nil`: in full unless the file is large.
  public func run(isFull: Bool? = nil) -> MemoryFileReport {
    var status = stat()
    let isThere = stat(path, &status) == 0
    var report = MemoryFileReport(
      path: path, byteCount: isThere ? Int(status.st_size) : 0,
      isFull: isFull ?? (Int(status.st_size) <= Self.quickLimit), faults: [],
      backedUpAt: MemoryBackups(path: path, clock: clock).list().first { $0.reason == .backup }?.madeAt)
    guard isThere else {
      report.faults = [.init(kind: .unreadable, sentence: DurabilityError.noFile(path: path).description, remedy: nil)]
      return report
    }
    report.faults = permissions(of: status) + room(for: report) + content(isFull: report.isFull)
    return report
  }

  // MARK: - Around the file

  private func permissions(of status: stat) -> [MemoryFileFault] {
    guard status.st_mode & 0o077 != 0 else { return [] }
    let mode = String(status.st_mode & 0o777, radix: 8)
    return [
      .init(
        kind: .permissions, sentence: "Others than its owner may read \(path) (mode \(mode)).",
        remedy: "set its mode to 600")
    ]
  }

  private func room(for report: MemoryFileReport) -> [MemoryFileFault] {
    guard let free = freeBytes(at: path), free < UInt64(report.byteCount) else { return [] }
    return [
      .init(
        kind: .room, sentence: "The disk has \(free >> 20) MB left, less than a copy of the file takes: no backups.",
        remedy: nil)
    ]
  }

  // MARK: - In the file

  private func content(isFull: Bool) -> [MemoryFileFault] {
    do {
      var configuration = Configuration()
      configuration.busyMode = .timeout(5)
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      defer { try? queue.close() }
      return try queue.inDatabase { database in
        let format = try MemoryFile.format(of: database, location: path, known: MemorySchema.format)
        return Self.faults(in: database, isFull: isFull, isCurrent: format == MemorySchema.format)
      }
    } catch let error as MemoryStoreError {
      return [.init(kind: .unreadable, sentence: error.description, remedy: Self.salvage(for: error))]
    } catch {
      return [
        .init(kind: .unreadable, sentence: "\(path) cannot be read: \(Self.cause(error)).", remedy: Self.salvage)
      ]
    }
  }

  private static let salvage = "take out of it what can be read, and the rest from the newest good backup"

  private static func salvage(for error: MemoryStoreError) -> String? {
    if case .notAStore(_, let cause) = error, cause == "it is another program's database" { return nil }
    if case .newerFormat = error { return nil }
    return salvage
  }

  static func cause(_ error: any Error) -> String { (error as? DatabaseError)?.message ?? "\(error)" }

  /// Each check stands alone: one that cannot be made is a fault.
  ///
  /// - Parameter isCurrent: Whether the file has this program's format; of an older one only the pages are looked at.
  static func faults(in database: Database, isFull: Bool, isCurrent: Bool = true) -> [MemoryFileFault] {
    var faults: [MemoryFileFault] = []
    func check(_ kind: MemoryFileFault.Kind, remedy: String, _ body: () throws -> String?) {
      do {
        if let sentence = try body() { faults.append(.init(kind: kind, sentence: sentence, remedy: remedy)) }
      } catch {
        faults.append(.init(kind: kind, sentence: "A check failed: \(cause(error)).", remedy: salvage))
      }
    }
    check(.damaged, remedy: salvage) {
      let pragma = isFull ? "integrity_check(5)" : "quick_check(5)"
      let found = try String.fetchAll(database, sql: "PRAGMA \(pragma)").filter { $0 != "ok" }
      return found.first.map { "Pages of the file are damaged (\($0)\(found.count > 1 ? ", …" : ""))." }
    }
    guard isCurrent else { return faults }
    check(.references, remedy: "take them out, or make what they refer to anew") {
      let count = isFull ? try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").count : 0
      return count == 0 ? nil : "\(count) rows refer to rows that are not there."
    }
    check(.references, remedy: "let each name stand for one entity, which has what is said of it") {
      let count =
        try Int.fetchOne(database, sql: "SELECT count(*) FROM entity WHERE \(FileRepair.isMergedWrongly)") ?? 0
      return count == 0 ? nil : "\(count) names stand for an entity that stands for another, or have its memories."
    }
    for index in FileRepair.wordIndexes {
      check(.words, remedy: "make the word indexes anew") {
        if isFull {
          try database.execute(sql: "INSERT INTO \(index) (\(index), rank) VALUES ('integrity-check', 1)")
        } else {
          _ = try Int.fetchOne(database, sql: "SELECT 1 FROM \(index) LIMIT 1")
        }
        return nil
      }
    }
    check(.counts, remedy: "count anew") {
      let banks = try String.fetchAll(database, sql: wrongCounts)
      if let bank = banks.first { return "Bank \(bank) counts otherwise than it has memories." }
      let entity = try String.fetchOne(database, sql: wrongMentions)
      return entity.map { "Entity \($0) counts otherwise than it is mentioned." }
    }
    check(.vectors, remedy: "take away what has no memory, and let the rest be embedded anew") {
      guard isFull else { return nil }
      let count = try Int.fetchOne(
        database, sql: "SELECT \(lostVectors.map { "(\($0.count))" }.joined(separator: " + "))")
      return count.flatMap { $0 == 0 ? nil : "\($0) vectors belong to no memory or stand nowhere." }
    }
    check(.leases, remedy: "let it wait for another worker") {
      let now = Int64(Date().timeIntervalSince1970 * 1000)
      let running = try Row.fetchAll(database, sql: "SELECT owner, lease_until FROM job WHERE state = 'running'")
      let dead = running.count { ($0[1] as Int64? ?? 0) < now || JobOwner.isDead($0[0] ?? "") }
      return dead == 0 ? nil : "The worker of \(dead == 1 ? "a job" : "\(dead) jobs") died."
    }
    check(.vocabulary, remedy: "collect the words of all memories") {
      let (missing, all) = try FileRepair.missingWords(limit: isFull ? nil : 1_000, in: database)
      return missing.count * 10 > all ? "\(missing.count) words of memories are not in the vocabulary." : nil
    }
    return faults
  }

  /// Without the name of an index: a copy of an older format may be asked, too.
  static let wrongCounts = """
    SELECT name FROM bank WHERE
      valid_count <> (SELECT count(*) FROM memory WHERE memory.bank = bank.id AND state = 0)
      OR invalidated_count <> (SELECT count(*) FROM memory WHERE memory.bank = bank.id AND state = 1)
      OR document_count <> (SELECT count(*) FROM document WHERE document.bank = bank.id)
      OR last_memory < coalesce((SELECT max(id) FROM memory WHERE id >= bank.id << 40 AND id < (bank.id + 1) << 40), 0)
    """
  private static let wrongMentions = """
    SELECT name FROM entity
    WHERE mentions <> (SELECT count(*) FROM memory_entity WHERE memory_entity.entity = entity.id) LIMIT 1
    """

  /// Rows about vectors that belong to nothing: how to count and how to remove them.
  static let lostVectors: [(count: String, removal: String)] = [
    ("vector", "memory NOT IN (SELECT id FROM memory WHERE state = 0)"),
    (
      "vector", "page IS NOT NULL AND page NOT IN (SELECT page FROM vector_page WHERE vector_page.space = vector.space)"
    ),
    ("embedding_queue", "memory NOT IN (SELECT id FROM memory)"),
  ].map { table, condition in
    ("SELECT count(*) FROM \(table) WHERE \(condition)", "DELETE FROM \(table) WHERE \(condition)")
  }
}
