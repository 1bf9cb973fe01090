import Foundation
import GRDB

/// A standing question to a bank with the answer that was last given to it.
public struct MentalModel: Hashable, Codable, Sendable, Identifiable {
  public let id: String
  public var name: String
  public var question: String
  /// The answer; empty until the first refresh. A person may write it too.
  public var body: String
  /// Which memories the answer is drawn from (those of these tags, and untagged ones), and which reflections see it.
  public var tags: [String]
  /// When the answer was last given; `nil` before the first time.
  public internal(set) var refreshedAt: Date?
  /// Whether the bank changed since.
  public internal(set) var isStale: Bool
  /// Whether it is asked again by itself when observations changed. Off by default: each time costs tokens.
  public var refreshesItself: Bool
  public let createdAt: Date
  public internal(set) var updatedAt: Date

  enum CodingKeys: String, CodingKey {
    case id, name, question, body, tags
    case refreshedAt = "refreshed_at"
    case isStale = "is_stale"
    case refreshesItself = "refreshes_itself"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
  }

  /// An answer that was given to the question.
  public struct Version: Hashable, Codable, Sendable {
    /// Counted from 1.
    public var number: Int
    public var body: String
    /// The ids of the memories that it stood on.
    public var basedOn: [String]
    public var at: Date

    enum CodingKeys: String, CodingKey {
      case number, body, at
      case basedOn = "based_on"
    }
  }

  /// So many versions are kept; the oldest go.
  static let versionLimit = 50
}

extension MentalModel {
  private static let columns = """
    id, uid, CAST(name AS BLOB) AS name, CAST(question AS BLOB) AS question, CAST(body AS BLOB) AS body, tags, \
    refreshed, is_stale, refreshes_itself, created, updated
    """

  /// A mental model with its place in the file.
  struct Stored: Sendable {
    var row: Int64
    var model: MentalModel
  }

  static func all(bank: Int64, in database: Database) throws -> [Stored] {
    try Row.fetchAll(
      database, sql: "SELECT \(columns) FROM mental_model WHERE bank = ? ORDER BY id", arguments: [bank]
    ).map(stored)
  }

  static func find(_ id: String, bank: Int64, in database: Database) throws -> Stored? {
    guard let name = RowName(id) else { return nil }
    return try Row.fetchOne(
      database, sql: "SELECT \(columns) FROM mental_model WHERE bank = ? AND uid = ?", arguments: [bank, name.bytes]
    ).map(stored)
  }

  private static func stored(_ row: Row) -> Stored {
    Stored(
      row: row["id"],
      model: MentalModel(
        id: RowName.spelling(row["uid"]), name: MemoryRow.text(row["name"]) ?? "",
        question: MemoryRow.text(row["question"]) ?? "", body: MemoryRow.text(row["body"]) ?? "",
        tags: NameList.read(row["tags"]), refreshedAt: (row["refreshed"] as Int64?).map(date(milliseconds:)),
        isStale: row["is_stale"], refreshesItself: row["refreshes_itself"],
        createdAt: date(milliseconds: row["created"]), updatedAt: date(milliseconds: row["updated"])))
  }

  /// Keeps an answer as the next version and as the body.
  static func keep(
    body: String, basedOn: [String], mentalModel: Int64, now: Int64, in database: Database
  ) throws {
    let last =
      try Int.fetchOne(
        database, sql: "SELECT max(version) FROM mental_model_version WHERE mental_model = ?", arguments: [mentalModel])
      ?? 0
    try database.execute(
      sql: """
        INSERT INTO mental_model_version (mental_model, version, body, based_on, at)
        VALUES (?, ?, CAST(? AS TEXT), ?, ?)
        """, arguments: [mentalModel, last + 1, body.blob, NameList.written(basedOn), now])
    try database.execute(
      sql: "DELETE FROM mental_model_version WHERE mental_model = ? AND version <= ?",
      arguments: [mentalModel, last + 1 - versionLimit])
    try database.execute(
      sql: """
        UPDATE mental_model SET body = CAST(? AS TEXT), refreshed = ?, is_stale = 0, updated = ? WHERE id = ?
        """, arguments: [body.blob, now, now, mentalModel])
  }
}
