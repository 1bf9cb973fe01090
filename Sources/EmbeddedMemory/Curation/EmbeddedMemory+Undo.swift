import Foundation
import GRDB
import RearviewJSON
import RearviewMemory

extension EmbeddedMemory {
  /// Takes back a change of a bank: every row that it touched becomes as it was.
  ///
  /// What came since by itself stays: what was retained, what models derived. It can be done after a restart and by
  /// another process, in any order, as long as no later change touched the same rows.
  ///
  /// - Parameter id: Which change; `nil` for the last that is not undone.
  /// - Returns: the change that was taken back.
  /// - Throws: `CurationError.nothingToUndo`, `noSuchChange`, `alreadyUndone`, `onlyHistory` for one that came with an
  ///   import, or `changedSince`, which names the change that is to be undone first.
  @discardableResult
  public func undo(_ id: Int? = nil, bankID: String) async throws -> Change {
    try await write { [now] database in
      guard let bank = try BankRow.find(bankID, in: database)?.id else {
        throw CurationError.nothingToUndo(bankID: bankID)
      }
      let change: Change
      if let id {
        let ofBank = "\(ChangeLog.ofBank) AND \(ChangeLog.isOwn) AND change_group.id = :id"
        guard let found = try Change.first(where: ofBank, ["bank": bank, "id": id], in: database) else {
          throw CurationError.noSuchChange(id: id, bankID: bankID)
        }
        change = found
      } else {
        let last = """
          \(ChangeLog.ofBank) AND \(ChangeLog.isOwn) AND \(ChangeLog.hasImages) AND undone_by IS NULL
          ORDER BY change_group.id DESC
          """
        guard let found = try Change.first(where: last, ["bank": bank], in: database) else {
          throw CurationError.nothingToUndo(bankID: bankID)
        }
        change = found
      }
      guard !change.isUndone else { throw CurationError.alreadyUndone(change) }
      guard !change.isOnlyHistory else { throw CurationError.onlyHistory(change) }
      try ChangeLog(database, now: now).apply(change, forward: false)
      return change
    }
  }

  /// Does again what was undone last, as long as nothing was changed in the bank since.
  ///
  /// - Throws: `CurationError.nothingToRedo`.
  @discardableResult
  public func redo(bankID: String) async throws -> Change {
    try await write { [now] database in
      let last = """
        \(ChangeLog.ofBank) AND undone_by IS NOT NULL AND \(ChangeLog.hasImages) AND NOT EXISTS (
          SELECT 1 FROM change_group AS later WHERE later.id > change_group.undone_by
            AND (later.bank = :bank OR later.other_bank = :bank) AND later.undo_of IS NULL AND later.redo_of IS NULL)
        ORDER BY undone_by DESC
        """
      guard let bank = try BankRow.find(bankID, in: database)?.id,
        let change = try Change.first(where: last, ["bank": bank], in: database)
      else { throw CurationError.nothingToRedo(bankID: bankID) }
      try ChangeLog(database, now: now).apply(change, forward: true)
      return change
    }
  }
}

/// The groups of changes of a file, inside a transaction.
///
/// One that came with an import has no images of rows: it tells what was done, and is neither undone nor done again.
struct ChangeLog {
  /// Conditions on `change_group`; the first has the parameter `bank`.
  static let ofBank = "(change_group.bank = :bank OR change_group.other_bank = :bank)"
  static let isOwn = "undo_of IS NULL AND redo_of IS NULL"
  static let hasImages = """
    EXISTS (SELECT 1 FROM row_image INDEXED BY row_image_group WHERE row_image.change_group = change_group.id)
    """

  private let database: Database
  private let now: Int64

  init(_ database: Database, now: Int64) {
    self.database = database
    self.now = now
  }

  /// Undoes a change, or does it again, and writes that down.
  func apply(_ change: Change, forward: Bool) throws {
    let images = try images(of: change)
    if let later = try images.lazy.compactMap({ try laterChange(of: $0, than: change) }).first {
      throw CurationError.changedSince(change, by: later)
    }
    try database.execute(sql: "PRAGMA defer_foreign_keys = ON")
    let isMove = images.contains { $0.table.name == "memory" && $0.changedColumns.contains("bank") }
    if isMove {
      for bank in [change.bankID, change.otherBankID].compactMap(\.self) {
        guard let row = try BankRow.find(bank, in: database) else { continue }
        try JobQueue.interrupt(bank: row.id, now: now, in: database)
      }
    }
    var applier = ImageApplier(database, now: now)
    try applier.apply(images, forward: forward)
    if applier.hasRenumbered { try renumber(change, forward: forward, applier) }
    try Provenance(database, now: now).rowsWerePutBack(images, changedAt: milliseconds(change.at))
    try database.execute(
      sql: """
        INSERT INTO change_group (bank, other_bank, at, actor, action, subject, count, undo_of, redo_of)
        SELECT bank, other_bank, :now, 'user', iif(:forward, 'redo', 'undo'), subject, count, iif(:forward, NULL, id),
          iif(:forward, id, NULL) FROM change_group WHERE id = :id
        """, arguments: ["now": now, "forward": forward, "id": change.id])
    try database.execute(
      sql: "UPDATE change_group SET undone_by = ? WHERE id = ?",
      arguments: [forward ? nil : database.lastInsertedRowID, change.id])
  }

  /// Takes groups away, with the undoing of them and what the journal says of them.
  static func delete(_ groups: some Sequence<Int64>, in database: Database) throws {
    let list = jsonList(groups)
    for sql in [
      "DELETE FROM journal WHERE change_group IN (SELECT value FROM json_each(:groups))",
      "DELETE FROM row_image WHERE change_group IN (SELECT value FROM json_each(:groups))",
      "UPDATE change_group SET undone_by = NULL WHERE id IN (SELECT value FROM json_each(:groups))",
      """
      DELETE FROM change_group WHERE undo_of IN (SELECT value FROM json_each(:groups))
        OR redo_of IN (SELECT value FROM json_each(:groups)) OR id IN (SELECT value FROM json_each(:groups))
      """,
    ] {
      try database.execute(sql: sql, arguments: ["groups": list])
    }
  }

  /// Lets groups without images say no more of memories that are gone: not why, and nothing at all when they were of
  /// nothing else.
  static func forget(_ groups: Set<Int64>, in database: Database) throws {
    let list = jsonList(groups.sorted())
    let isHistory = "id IN (SELECT value FROM json_each(?)) AND NOT \(hasImages)"
    try database.execute(sql: "UPDATE change_group SET reason = NULL WHERE \(isHistory)", arguments: [list])
    let empty = try Int64.fetchAll(
      database,
      sql: """
        SELECT id FROM change_group WHERE \(isHistory)
          AND NOT EXISTS (SELECT 1 FROM journal INDEXED BY journal_group WHERE journal.change_group = change_group.id)
        """, arguments: [list])
    try delete(empty, in: database)
  }

  private func images(of change: Change) throws -> [RowImage] {
    let tables = Dictionary(uniqueKeysWithValues: try RecordedTable.all(in: database).map { ($0.name, $0) })
    return try Row.fetchAll(
      database,
      sql: """
        SELECT table_name, key, CAST(before AS BLOB), CAST(after AS BLOB) FROM row_image WHERE change_group = ?
        ORDER BY id
        """, arguments: [change.id]
    ).compactMap { row in
      guard let table = tables[row[0]] else { return nil }
      return RowImage(
        table: table, key: row[1], before: try Self.object(row[2]), after: try Self.object(row[3]))
    }
  }

  /// Lets images name rows by the numbers that they have now: those of the change, and of the changes for which the
  /// rows were the same, before it when it was undone, after it when it is done again.
  private func renumber(_ change: Change, forward: Bool, _ applier: ImageApplier) throws {
    let others =
      forward ? "change_group.id >= :id AND (undone_by NOTNULL OR change_group.id = :id)" : "change_group.id <= :id"
    let changes = try Change.all(
      where: "\(others) AND \(Self.isOwn)", ["id": change.id, "limit": Int.max], in: database)
    for change in changes {
      let images = try images(of: change).map(applier.renamed)
      try database.execute(sql: "DELETE FROM row_image WHERE change_group = ?", arguments: [change.id])
      for image in images { try image.insert(group: Int64(change.id), in: database) }
    }
  }

  private static func object(_ bytes: Data?) throws -> JSONObject? {
    try MemoryRow.text(bytes).flatMap { try JSONValue(parsing: $0).object }
  }

  /// A later change that is not undone and touched what this image would put back: the row as a whole, or one of the
  /// same columns.
  private func laterChange(of image: RowImage, than change: Change) throws -> Change? {
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT change_group, CAST(before AS BLOB), CAST(after AS BLOB) FROM row_image INDEXED BY row_image_key
            JOIN change_group ON change_group.id = row_image.change_group
          WHERE table_name = ? AND key = ? AND change_group > ? AND undone_by IS NULL
          """), arguments: [image.table.name, image.key, change.id])
    // What background work keeps count of is nobody's change.
    let columns = Set(image.changedColumns).subtracting(["consolidated"])
    for row in rows {
      let later = RowImage(
        table: image.table, key: image.key, before: try Self.object(row[1]), after: try Self.object(row[2]))
      let isWhole = image.before == nil || image.after == nil || later.before == nil || later.after == nil
      if isWhole || !columns.isDisjoint(with: later.changedColumns) { return try Change.find(row[0], in: database) }
    }
    return nil
  }
}
