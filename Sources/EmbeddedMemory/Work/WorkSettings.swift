import GRDB

/// Switches of the background work, kept in the file, so that they hold for every process.
enum WorkSettings: String {
  case on = "work_on"
  case paused = "work_paused"
  case dailyTokenLimit = "work_daily_tokens"

  /// Where nothing was set: about 100 long conversations a day, and no more than a few cents with a small model.
  static let defaultDailyTokenLimit = 500_000

  static func set(_ key: WorkSettings, _ value: String?, in database: Database) throws {
    if let value {
      try database.execute(
        sql: "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        arguments: [key.rawValue, value])
    } else {
      try database.execute(sql: "DELETE FROM meta WHERE key = ?", arguments: [key.rawValue])
    }
  }

  static func isOn(in database: Database) throws -> Bool { try value(.on, in: database) != nil }
  static func isPaused(in database: Database) throws -> Bool { try value(.paused, in: database) != nil }

  static func dailyTokenLimit(in database: Database) throws -> Int? {
    guard let value = try value(.dailyTokenLimit, in: database) else { return defaultDailyTokenLimit }
    return Int(value)
  }

  private static func value(_ key: WorkSettings, in database: Database) throws -> String? {
    try String.fetchOne(
      database.cachedStatement(sql: "SELECT value FROM meta WHERE key = ?"), arguments: [key.rawValue])
  }
}

/// Tokens that models took, by day, bank and kind of work.
enum Spending {
  /// Adds one call; nothing where the bank was deleted while it ran.
  static func add(
    day: String, bank: Int64, kind: String, inputTokens: Int, outputTokens: Int, in database: Database
  ) throws {
    try database.execute(
      sql: """
        INSERT INTO spending (day, bank, kind, calls, tokens_in, tokens_out)
          SELECT :day, id, :kind, 1, :in, :out FROM bank WHERE id = :bank
        ON CONFLICT (day, bank, kind) DO UPDATE SET calls = calls + 1, tokens_in = tokens_in + excluded.tokens_in,
          tokens_out = tokens_out + excluded.tokens_out
        """, arguments: ["day": day, "bank": bank, "kind": kind, "in": inputTokens, "out": outputTokens])
  }

  /// Input and output of all background work on a day.
  static func backgroundTokens(day: String, in database: Database) throws -> Int {
    try Int.fetchOne(
      database, sql: "SELECT sum(tokens_in + tokens_out) FROM spending WHERE day = ? AND kind <> 'reflect'",
      arguments: [day]) ?? 0
  }
}
