import Foundation
import GRDB

/// What one command changed in a bank: it is undone as a whole.
public struct Change: Hashable, Codable, Sendable, Identifiable {
  /// Counted up in the order of the file's changes.
  public let id: Int
  /// The bank in which it was given.
  public let bankID: String
  /// Where memories were moved to.
  public let otherBankID: String?
  public let at: Date
  /// Who did it: `user`.
  public let actor: String
  /// `edit`, `invalidate`, `restore`, `pin`, `unpin`, `tag`, `retype`, `move`, `delete`, `rename`, `alias`, `unalias`,
  /// `merge`, `split`, `part` (a suggestion that was dismissed), `undo`, `redo`.
  public let action: String
  /// What it was done to: `memory`, `document`, `entity`.
  public let subject: String
  /// To how many of them.
  public let count: Int
  public let reason: String?
  public let isUndone: Bool
  /// Whether it only tells what was done: it was made in another file and came with an import, and cannot be undone.
  public let isOnlyHistory: Bool
  /// Which change an `undo` took back, or a `redo` did again.
  public let target: Int?

  enum CodingKeys: String, CodingKey {
    case id, at, actor, action, subject, count, reason, target
    case bankID = "bank_id"
    case otherBankID = "other_bank_id"
    case isUndone = "is_undone"
    case isOnlyHistory = "is_only_history"
  }

  /// In words: `invalidate 3 memories`.
  public var words: String {
    if let target { return "\(action) change \(target)" }
    let plural = subject.hasSuffix("y") ? String(subject.dropLast()) + "ies" : subject + "s"
    let place = action == "move" ? otherBankID.map { " to bank \($0)" } ?? "" : ""
    return "\(action) " + (count == 1 ? "1 \(subject)" : "\(count) \(plural)") + place
  }
}

extension Change {
  private static let query = """
    SELECT change_group.id, CAST(bank.name AS BLOB), CAST(other.name AS BLOB), at, actor, action, subject, count,
      CAST(reason AS BLOB), undone_by, coalesce(undo_of, redo_of),
      \(ChangeLog.isOwn) AND NOT \(ChangeLog.hasImages)
    FROM change_group JOIN bank ON bank.id = change_group.bank LEFT JOIN bank AS other ON other.id = other_bank
    """

  private init(_ row: Row) {
    id = row[0]
    bankID = MemoryRow.text(row[1]) ?? ""
    otherBankID = MemoryRow.text(row[2])
    at = date(milliseconds: row[3])
    actor = row[4]
    action = row[5]
    subject = row[6]
    count = row[7]
    reason = MemoryRow.text(row[8])
    isUndone = (row[9] as Int?) != nil
    target = row[10]
    isOnlyHistory = row[11]
  }

  /// The first of those that fit, with the parameters that the condition names.
  static func first(
    where condition: String, _ arguments: StatementArguments, in database: Database
  ) throws -> Change? {
    try all(where: condition, arguments + ["limit": 1], in: database).first
  }

  static func all(where condition: String, _ arguments: StatementArguments, in database: Database) throws -> [Change] {
    try Row.fetchAll(database, sql: "\(query) WHERE \(condition) LIMIT :limit", arguments: arguments).map(Change.init)
  }

  static func find(_ id: Int, in database: Database) throws -> Change? {
    try first(where: "change_group.id = :id", ["id": id], in: database)
  }
}

extension EmbeddedMemory {
  /// What was changed in a bank by commands, the last first, undone changes and the undoing of them included.
  ///
  /// - Parameter before: Only those before the change of that id, for the page that follows.
  public func changes(bankID: String, limit: Int = 50, before: Int? = nil) async throws -> [Change] {
    try await read { database in
      guard let bank = try BankRow.find(bankID, in: database)?.id else { return [] }
      return try Change.all(
        where: """
          (change_group.bank = :bank OR change_group.other_bank = :bank) AND change_group.id < :before
          ORDER BY change_group.id DESC
          """, ["bank": bank, "before": before ?? Int.max, "limit": max(limit, 0)], in: database)
    }
  }
}
