import Foundation
import GRDB
import RearviewMemory

extension EmbeddedMemory {
  /// Changes a memory's text; what was said stays in the file's `message`, and the text before in its journal.
  ///
  /// An invalidated memory can be edited and stays invalidated.
  /// - Throws: `MemoryStoreError.emptyText` for a blank text, `noSuchMemory`.
  public func edit(id: String, bankID: String, text: String) async throws -> Memory {
    guard !text.allSatisfy(\.isWhitespace) else { throw MemoryStoreError.emptyText }
    return try await change("edit", id: id, bankID: bankID) { [times] database, row, now in
      try TextUpdate(text, times: times).write(to: row, now: now, in: database)
      try Provenance(database, now: now).sourceWasRemoved(row)
    }
  }

  /// Takes a memory out of recall. Again with another reason changes the reason.
  public func invalidate(id: String, bankID: String, reason: String?) async throws -> Memory {
    try await change("invalidate", id: id, bankID: bankID) { database, row, now in
      try database.execute(
        sql: "UPDATE memory SET state = 1, state_reason = CAST(? AS TEXT), updated = ? WHERE id = ?",
        arguments: [reason?.blob, now, row])
      try Provenance(database, now: now).sourceWasRemoved(row)
    }
  }

  /// Puts an invalidated memory back; a valid one stays as it is.
  public func restore(id: String, bankID: String) async throws -> Memory {
    try await change("restore", id: id, bankID: bankID) { database, row, now in
      try database.execute(
        sql: "UPDATE memory SET state = 0, state_reason = NULL, updated = ? WHERE id = ? AND state = 1",
        arguments: [now, row])
      try Provenance(database, now: now).sourceWasRestored(row)
    }
  }

  /// Changes one memory and writes into the journal how it was and how it is; a change of nothing leaves no entry.
  private func change(
    _ action: String, id: String, bankID: String, _ body: @Sendable (Database, Int64, Int64) throws -> Void
  ) async throws -> Memory {
    try await write { [now] database in
      guard let before = try StoredMemory.find(id: id, bankID: bankID, in: database) else {
        throw MemoryStoreError.noSuchMemory(id: id, bankID: bankID)
      }
      // A clock that was set back must not make a change older than what it changed.
      let time = max(now, (before.memory.updatedAt.map(milliseconds) ?? 0) + 1)
      try body(database, before.row, time)
      guard let after = try StoredMemory.find(id: id, bankID: bankID, in: database)?.memory else {
        throw MemoryStoreError.noSuchMemory(id: id, bankID: bankID)
      }
      if after != before.memory {
        try Self.record(action, at: time, before: before, after: after, in: database)
      }
      return after
    }
  }

  private static func record(
    _ action: String, at time: Int64, before: StoredMemory, after: Memory, in database: Database
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try database.execute(
      sql: """
        INSERT INTO journal (at, action, table_name, uid, before, after)
        VALUES (?, ?, 'memory', ?, CAST(? AS TEXT), CAST(? AS TEXT))
        """,
      arguments: [time, action, before.name.bytes, try encoder.encode(before.memory), try encoder.encode(after)])
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
