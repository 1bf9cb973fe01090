import GRDB

extension EmbeddedMemory {
  /// Deletes a bank for good, with all that belongs to it: memories, documents, jobs, journal, and the words that no
  /// other bank has. Its bytes go from the file, which is written anew. Returns whether there was one. There is no way
  /// back; ask first.
  ///
  /// Changes that moved memories from it, or to it, cannot be undone any more.
  @discardableResult
  public func deleteBank(id: String) async throws -> Bool {
    let isDeleted = try await write { database in
      guard let bank = try BankRow.find(id, in: database)?.id else { return false }
      try database.execute(sql: "PRAGMA defer_foreign_keys = ON")
      // The journal knows rows by their names only, and holds what they said.
      try database.execute(
        sql: "DELETE FROM journal WHERE uid IN (SELECT uid FROM memory WHERE bank = ?)", arguments: [bank])
      let changes = "SELECT id FROM change_group WHERE bank = :bank OR other_bank = :bank"
      for table in ["journal", "row_image"] {
        try database.execute(sql: "DELETE FROM \(table) WHERE change_group IN (\(changes))", arguments: ["bank": bank])
      }
      try database.execute(
        sql: "DELETE FROM change_group WHERE bank = :bank OR other_bank = :bank", arguments: ["bank": bank])
      for rows in try OwnedRows.ofBank(in: database) {
        try database.execute(sql: "DELETE FROM \(rows.table) WHERE \(rows.condition)", arguments: ["bank": bank])
      }
      try WordSweep.run(in: database)
      return true
    }
    if isDeleted { _ = try await sweepBytes() }
    return isDeleted
  }
}

/// The rows of a table that belong to a bank: those that refer to it, or to a row that belongs to it.
///
/// It is read from the file's foreign keys, so that a table that is new does not outlive its bank.
private struct OwnedRows {
  var table: String
  /// With the parameter `bank`.
  var condition: String

  private struct Key {
    var table: String
    var column: String
    var parent: String
  }

  /// What refers to others first, the bank's own row last.
  static func ofBank(in database: Database) throws -> [OwnedRows] {
    let keys = try Row.fetchAll(
      database,
      sql: """
        SELECT sqlite_master.name, keys."from", keys."table" FROM sqlite_master
          JOIN pragma_foreign_key_list(sqlite_master.name) AS keys
        WHERE sqlite_master.type = 'table' AND keys."table" <> sqlite_master.name
        """
    ).map { Key(table: $0[0], column: $0[1], parent: $0[2]) }
    var ordered: [OwnedRows] = []
    var condition: [String: String] = ["bank": "id = :bank"]
    var isVisiting: Set<String> = []
    /// Nearest to the bank first.
    func visit(_ table: String) {
      guard condition[table] == nil, isVisiting.insert(table).inserted else { return }
      var parts: [String] = []
      for key in keys where key.table == table {
        visit(key.parent)
        guard let owned = condition[key.parent] else { continue }
        parts.append(
          key.parent == "bank"
            ? "\(key.column) = :bank" : "\(key.column) IN (SELECT id FROM \(key.parent) WHERE \(owned))")
      }
      guard !parts.isEmpty else { return }
      // A row that names its bank needs no other way to it.
      let whole = parts.first { $0.hasSuffix("= :bank") } ?? parts.joined(separator: " OR ")
      condition[table] = whole
      ordered.append(OwnedRows(table: table, condition: whole))
    }
    for key in keys { visit(key.table) }
    return ordered.reversed() + [OwnedRows(table: "bank", condition: "id = :bank")]
  }
}
