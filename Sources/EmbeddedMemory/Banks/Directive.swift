import Foundation
import GRDB

/// A rule that reflection must obey.
public struct Directive: Hashable, Codable, Sendable, Identifiable {
  public let id: String
  public var text: String
  /// Where it applies: one without tags everywhere, another where a reflection is asked for one of its tags.
  public var tags: [String]
  public var isActive: Bool
  public let createdAt: Date
  public internal(set) var updatedAt: Date

  /// Whether it binds a reflection that is asked with these tags.
  public func applies(to asked: [String]) -> Bool {
    isActive && (tags.isEmpty || tags.contains(where: asked.contains))
  }

  enum CodingKeys: String, CodingKey {
    case id, text, tags
    case isActive = "is_active"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
  }
}

extension EmbeddedMemory {
  /// A bank's directives, the oldest first.
  public func directives(bankID: String) async throws -> [Directive] {
    try await read { database in
      guard let bank = try BankRow.find(bankID, in: database) else { return [] }
      return try Directive.all(bank: bank.id, in: database)
    }
  }

  /// Adds a directive; the bank is made if it is missing.
  /// - Throws: `MemoryStoreError.emptyText` for a blank text.
  public func addDirective(bankID: String, text: String, tags: [String] = []) async throws -> Directive {
    try requireText(text)
    return try await write { [now] database in
      let bank = try BankRow.find(bankID, in: database)?.id ?? TurnWriter.insertBank(bankID, now: now, in: database)
      let name = RowName(milliseconds: now)
      try database.execute(
        sql: """
          INSERT INTO directive (uid, bank, text, tags, created, updated) VALUES (?, ?, CAST(? AS TEXT), ?, ?, ?)
          """, arguments: [name.bytes, bank, text.blob, NameList.written(tags: tags), now, now])
      return Directive(
        id: RowName.spelling(name.bytes), text: text, tags: Set(tags).sorted(), isActive: true,
        createdAt: date(milliseconds: now), updatedAt: date(milliseconds: now))
    }
  }

  /// Changes a directive and returns it as it is now; `nil` when the bank has none of that id.
  /// - Throws: `MemoryStoreError.emptyText` when its text became blank.
  public func updateDirective(
    id: String, bankID: String, _ change: @Sendable (inout Directive) -> Void
  ) async throws -> Directive? {
    try await write { [now] database in
      guard let name = RowName(id), let bank = try BankRow.find(bankID, in: database),
        var directive = try Directive.all(bank: bank.id, in: database).first(where: { RowName($0.id) == name })
      else { return nil }
      change(&directive)
      try requireText(directive.text)
      directive.tags = Set(directive.tags).sorted()
      directive.updatedAt = date(milliseconds: now)
      try database.execute(
        sql: "UPDATE directive SET text = CAST(? AS TEXT), tags = ?, is_active = ?, updated = ? WHERE uid = ?",
        arguments: [
          directive.text.blob, NameList.written(tags: directive.tags), directive.isActive, now, name.bytes,
        ])
      return directive
    }
  }

  /// Removes a directive for good. Returns whether there was one.
  @discardableResult
  public func removeDirective(id: String, bankID: String) async throws -> Bool {
    try await write { database in
      guard let name = RowName(id), let bank = try BankRow.find(bankID, in: database) else { return false }
      try database.execute(sql: "DELETE FROM directive WHERE uid = ? AND bank = ?", arguments: [name.bytes, bank.id])
      return database.changesCount > 0
    }
  }
}

extension Directive {
  static func all(bank: Int64, in database: Database) throws -> [Directive] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT uid, CAST(text AS BLOB) AS text, tags, is_active, created, updated FROM directive
        WHERE bank = ? ORDER BY id
        """, arguments: [bank]
    ).map { row in
      Directive(
        id: RowName.spelling(row["uid"]), text: MemoryRow.text(row["text"]) ?? "", tags: NameList.read(row["tags"]),
        isActive: row["is_active"], createdAt: date(milliseconds: row["created"]),
        updatedAt: date(milliseconds: row["updated"]))
    }
  }
}
