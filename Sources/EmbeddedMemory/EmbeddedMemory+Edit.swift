import Foundation
import GRDB
import RearviewMemory

extension EmbeddedMemory {
  /// Changes a memory's text; what was said stays in the file's `message`, and the text before in its journal.
  ///
  /// An invalidated memory can be edited and stays invalidated.
  /// - Throws: `MemoryStoreError.emptyText` for a blank text, `noSuchMemory`.
  public func edit(id: String, bankID: String, text: String) async throws -> Memory {
    try await edit(id: id, bankID: bankID, text: text, reason: nil)
  }

  /// Changes a memory's text, with the reason for its history.
  public func edit(id: String, bankID: String, text: String, reason: String?) async throws -> Memory {
    try requireText(text)
    let changed = try await change("edit", [id], bankID: bankID, reason: reason) { [times] database, stored, now in
      try TextUpdate(text, times: times).write(to: stored.row, now: now, in: database)
      try Provenance(database, now: now).sourceWasRemoved(stored.row)
    }
    return try Self.only(changed.memories, id: id, bankID: bankID)
  }

  /// Takes a memory out of recall. Again with another reason changes the reason.
  public func invalidate(id: String, bankID: String, reason: String?) async throws -> Memory {
    try Self.only(await invalidated([id], bankID: bankID, reason: reason).memories, id: id, bankID: bankID)
  }

  /// Puts an invalidated memory back; a valid one stays as it is.
  public func restore(id: String, bankID: String) async throws -> Memory {
    try Self.only(await restored([id], bankID: bankID, reason: nil).memories, id: id, bankID: bankID)
  }

  /// Takes several memories out of recall, as one change; `nil` when all were, for the same reason.
  @discardableResult
  public func invalidate(_ ids: [String], bankID: String, reason: String? = nil) async throws -> Change? {
    try await invalidated(ids, bankID: bankID, reason: reason).change
  }

  /// Puts several invalidated memories back, as one change; `nil` when none was.
  @discardableResult
  public func restore(_ ids: [String], bankID: String, reason: String? = nil) async throws -> Change? {
    try await restored(ids, bankID: bankID, reason: reason).change
  }

  private func invalidated(
    _ ids: [String], bankID: String, reason: String?
  ) async throws -> (memories: [Memory], change: Change?) {
    try await change("invalidate", ids, bankID: bankID, reason: reason) { database, stored, now in
      try database.execute(
        sql: "UPDATE memory SET state = 1, state_reason = CAST(? AS TEXT), updated = ? WHERE id = ?",
        arguments: [reason?.blob, now, stored.row])
      try Provenance(database, now: now).sourceWasRemoved(stored.row)
    }
  }

  private func restored(
    _ ids: [String], bankID: String, reason: String?
  ) async throws -> (memories: [Memory], change: Change?) {
    try await change("restore", ids, bankID: bankID, reason: reason) { database, stored, now in
      try database.execute(
        sql: "UPDATE memory SET state = 0, state_reason = NULL, updated = ? WHERE id = ? AND state = 1",
        arguments: [now, stored.row])
      try Provenance(database, now: now).sourceWasRestored(stored.row)
    }
  }

  private static func only(_ memories: [Memory], id: String, bankID: String) throws -> Memory {
    guard let memory = memories.first else { throw MemoryStoreError.noSuchMemory(id: id, bankID: bankID) }
    return memory
  }
}

/// A memory with its place in the file.
struct StoredMemory: Sendable {
  var row: Int64
  var name: RowName
  var memory: Memory

  static func find(id: String, bankID: String, in database: Database) throws -> StoredMemory? {
    guard let name = RowName(id), let bank = try BankRow.find(bankID, in: database) else { return nil }
    let row = try Row.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT \(MemoryRow.columns) FROM memory \(MemoryRow.joins) WHERE memory.uid = ? AND memory.bank = ?
          """), arguments: [name.bytes, bank.id])
    return row.map { StoredMemory(row: $0["id"], name: name, memory: MemoryRow.memory($0)) }
  }
}
