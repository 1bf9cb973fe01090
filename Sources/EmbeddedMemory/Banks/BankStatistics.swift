import Foundation
import GRDB
import RearviewMemory

/// What a bank holds and what it cost.
public struct BankStatistics: Hashable, Codable, Sendable {
  /// How many memories of a type are in a state.
  public struct Count: Hashable, Codable, Sendable {
    public var type: MemoryType
    public var state: MemoryState
    public var count: Int
  }

  /// Tokens that models took for one kind of work, over all time.
  public struct Spent: Hashable, Codable, Sendable {
    /// `extract`, `observe`, `refresh`, `reflect`.
    public var kind: String
    public var calls: Int
    public var inputTokens: Int
    public var outputTokens: Int

    enum CodingKeys: String, CodingKey {
      case kind, calls
      case inputTokens = "input_tokens"
      case outputTokens = "output_tokens"
    }
  }

  /// By type and state; those of which there is none are left out.
  public var memories: [Count]
  public var documents: Int
  public var messages: Int
  /// `nil` where the file keeps no entities.
  public var entities: Int?
  /// UTF-8 bytes of the messages and memories, without the indexes.
  public var textBytes: Int
  /// Bytes of the whole file, which other banks share.
  public var fileBytes: Int
  /// Facts that no observation took in yet.
  public var unconsolidated: Int
  public var jobs: [JobState: Int]
  public var spent: [Spent]

  enum CodingKeys: String, CodingKey {
    case memories, documents, messages, entities, unconsolidated, jobs, spent
    case textBytes = "text_bytes"
    case fileBytes = "file_bytes"
  }
}

/// The memories that came into a bank on one day.
public struct DayCount: Hashable, Codable, Sendable {
  /// When the day began in the store's time zone.
  public var day: Date
  /// By type; those of which none came are left out.
  public var counts: [MemoryType: Int]

  public var total: Int { counts.values.reduce(0, +) }
}

extension EmbeddedMemory {
  /// What a bank holds and what it cost; `nil` when there is no such bank. Walks over all texts of the bank.
  public func statistics(bankID: String) async throws -> BankStatistics? {
    try await read { database in
      guard let bank = try BankRow.find(bankID, in: database)?.id else { return nil }
      let memories = try Row.fetchAll(
        database,
        sql: "SELECT type, state, count(*) FROM memory WHERE bank = ? GROUP BY type, state ORDER BY type, state",
        arguments: [bank])
      let jobs = try Row.fetchAll(
        database, sql: "SELECT state, count(*) FROM job WHERE bank = ? GROUP BY state", arguments: [bank])
      let spent = try Row.fetchAll(
        database,
        sql: """
          SELECT kind, sum(calls), sum(tokens_in), sum(tokens_out) FROM spending WHERE bank = ? GROUP BY kind
          ORDER BY kind
          """, arguments: [bank])
      func number(_ sql: String) throws -> Int { try Int.fetchOne(database, sql: sql, arguments: [bank]) ?? 0 }
      return BankStatistics(
        memories: memories.map {
          .init(
            type: MemoryType(rawValue: $0[0]), state: $0[1] as Int == 0 ? .valid : .invalidated, count: $0[2])
        },
        documents: try number("SELECT document_count FROM bank WHERE id = ?"),
        messages: try number("SELECT count(*) FROM message WHERE bank = ?"),
        entities: try number("SELECT count(*) FROM entity WHERE bank = ? AND merged_into IS NULL"),
        textBytes: try number("SELECT sum(length(CAST(text AS BLOB))) FROM message WHERE bank = ?")
          + number("SELECT sum(length(CAST(text AS BLOB))) FROM memory WHERE bank = ?"),
        fileBytes: (try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0)
          * (try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 0),
        unconsolidated: try number(
          """
          SELECT count(*) FROM memory WHERE bank = ? AND origin = 'extract' AND state = 0 AND consolidated IS NULL
          """),
        jobs: Dictionary(
          jobs.compactMap { row in JobState(rawValue: row[0]).map { ($0, row[1] as Int) } }, uniquingKeysWith: +),
        spent: spent.map { .init(kind: $0[0], calls: $0[1], inputTokens: $0[2], outputTokens: $0[3]) })
    }
  }

  /// How many memories came into a bank on each of the last `days` days, today last; days without any are in it.
  public func memoriesPerDay(bankID: String, days: Int) async throws -> [DayCount] {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = timeZone
    let today = calendar.startOfDay(for: clock())
    let starts = (0...max(days, 1)).compactMap {
      calendar.date(byAdding: .day, value: $0 + 1 - max(days, 1), to: today)
    }
    return try await read { database in
      guard let bank = try BankRow.find(bankID, in: database)?.id else { return [] }
      let types = try String.fetchAll(
        database, sql: "SELECT DISTINCT type FROM memory WHERE bank = ?", arguments: [bank])
      let statement = try database.cachedStatement(
        sql: """
          SELECT count(*) FROM memory WHERE bank = ? AND type = ? AND state IN (0, 1) AND created >= ? AND created < ?
          """)
      return try zip(starts, starts.dropFirst()).map { start, end in
        var counts: [MemoryType: Int] = [:]
        for type in types {
          let count =
            try Int.fetchOne(
              statement, arguments: [bank, type, milliseconds(start), milliseconds(end)]) ?? 0
          if count > 0 { counts[MemoryType(rawValue: type)] = count }
        }
        return DayCount(day: start, counts: counts)
      }
    }
  }
}
