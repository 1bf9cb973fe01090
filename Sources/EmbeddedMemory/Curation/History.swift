import Foundation
import GRDB
import RearviewMemory

/// One thing that happened to a memory.
public struct HistoryEntry: Hashable, Codable, Sendable {
  public var at: Date
  /// `retain`, `extract` or `observe` for how it came; then the action of each `Change` that touched it, also as a
  /// consequence.
  public var action: String
  public var reason: String?
  /// The memory as it was; `nil` for how it came.
  public var before: Memory?
  /// The memory as it became.
  public var after: Memory
  /// The change that it was a part of; `nil` for how it came, and for what older formats wrote down.
  public var change: Int?
  public var isUndone: Bool

  enum CodingKeys: String, CodingKey {
    case at, action, reason, before, after, change
    case isUndone = "is_undone"
  }
}

extension EmbeddedMemory {
  /// All that happened to a memory, in order, beginning with how it came; empty when the bank has none of that id.
  public func history(id: String, bankID: String) async throws -> [HistoryEntry] {
    try await read { database in
      guard let stored = try StoredMemory.find(id: id, bankID: bankID, in: database) else { return [] }
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT journal.at, journal.action, CAST(change_group.reason AS BLOB), CAST(before AS BLOB),
            CAST(after AS BLOB), change_group.id, change_group.undone_by
          FROM journal LEFT JOIN change_group ON change_group.id = journal.change_group
          WHERE journal.uid = ? AND journal.table_name = 'memory' ORDER BY seq
          """, arguments: [stored.name.bytes])
      var entries = rows.compactMap { row -> HistoryEntry? in
        guard let after = Memory(journalled: row[4]) else { return nil }
        return HistoryEntry(
          at: date(milliseconds: row[0]), action: row[1],
          reason: MemoryRow.text(row[2]) ?? after.reasonOfChange(row[1]),
          before: Memory(journalled: row[3]), after: after, change: row[5],
          isUndone: (row[6] as Int?) != nil)
      }
      let first = entries.first?.before ?? stored.memory
      let origin = stored.memory.metadata["origin"] ?? "retain"
      entries.insert(
        HistoryEntry(
          at: stored.memory.createdAt ?? .distantPast, action: origin, reason: nil, before: nil, after: first,
          change: nil, isUndone: false), at: 0)
      return entries
    }
  }
}

extension Memory {
  /// An image of the journal.
  fileprivate init?(journalled json: Data?) {
    guard let json, let memory = try? JSONDecoder().decode(Memory.self, from: json) else { return nil }
    self = memory
  }

  /// What older formats kept of a reason.
  fileprivate func reasonOfChange(_ action: String) -> String? { action == "invalidate" ? stateReason : nil }
}
