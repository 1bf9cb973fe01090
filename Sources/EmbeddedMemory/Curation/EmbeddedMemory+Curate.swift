import Foundation
import GRDB
import RearviewMemory

/// How the tags of memories change.
public enum TagChange: Hashable, Sendable {
  case add([String])
  case remove([String])
  /// These and no others; none for no tags.
  case replace([String])

  func applied(to tags: [String]) -> [String] {
    switch self {
    case .add(let new): Set(tags).union(new).sorted()
    case .remove(let old): Set(tags).subtracting(old).sorted()
    case .replace(let new): Set(new).sorted()
    }
  }
}

/// Changes of several memories at once: each call is one change, with its reason, to be undone as a whole. A call that
/// changes nothing returns `nil`. All throw `MemoryStoreError.noSuchMemory` for an id that is not there, and then
/// nothing has changed.
extension EmbeddedMemory {
  /// Puts memories before all others at recall.
  @discardableResult
  public func pin(_ ids: [String], bankID: String, reason: String? = nil) async throws -> Change? {
    try await setPinned(true, ids, bankID: bankID, reason: reason)
  }

  /// Lets pinned memories be recalled as others are.
  @discardableResult
  public func unpin(_ ids: [String], bankID: String, reason: String? = nil) async throws -> Change? {
    try await setPinned(false, ids, bankID: bankID, reason: reason)
  }

  private func setPinned(_ pinned: Bool, _ ids: [String], bankID: String, reason: String?) async throws -> Change? {
    try await change(pinned ? "pin" : "unpin", ids, bankID: bankID, reason: reason) { database, stored, now in
      try database.execute(
        sql: "UPDATE memory SET pinned = ?, updated = ? WHERE id = ? AND pinned <> ?",
        arguments: [pinned, now, stored.row, pinned])
    }.change
  }

  /// Whether a memory is pinned; `false` when the bank has none of that id.
  public func isPinned(id: String, bankID: String) async throws -> Bool {
    try await read { database in
      guard let stored = try StoredMemory.find(id: id, bankID: bankID, in: database) else { return false }
      return try Bool.fetchOne(database, sql: "SELECT pinned FROM memory WHERE id = ?", arguments: [stored.row])
        ?? false
    }
  }

  /// Changes the tags of memories. Facts that were drawn from a memory alone get its tags too, so that who does not see
  /// the one does not see the others; observations on them are made anew.
  @discardableResult
  public func setTags(
    _ tags: TagChange, of ids: [String], bankID: String, reason: String? = nil
  ) async throws -> Change? {
    try await change("tag", ids, bankID: bankID, reason: reason) { database, stored, now in
      let new = tags.applied(to: stored.memory.tags.filter { !$0.isEmpty })
      guard new != stored.memory.tags else { return }
      try database.execute(
        sql: "UPDATE memory SET tags = ?, updated = ? WHERE id = ?",
        arguments: [NameList.written(tags: new), now, stored.row])
      try Provenance(database, now: now).sourceWasRetagged(stored.row)
    }.change
  }

  /// Makes memories of another type; observations on them are made anew.
  /// - Throws: `CurationError.refused` for a type that memories do not have.
  @discardableResult
  public func changeType(
    of ids: [String], to type: MemoryType, bankID: String, reason: String? = nil
  ) async throws -> Change? {
    guard MemoryType.allCases.contains(type) else {
      let names = MemoryType.allCases.map(\.rawValue).joined(separator: ", ")
      throw CurationError.refused("There is no type \(type.rawValue); the types are \(names).")
    }
    return try await change("retype", ids, bankID: bankID, reason: reason) { database, stored, now in
      guard stored.memory.type != type else { return }
      try database.execute(
        sql: "UPDATE memory SET type = ?, updated = ? WHERE id = ?", arguments: [type.rawValue, now, stored.row])
      try Provenance(database, now: now).sourceWasRetyped(stored.row)
    }.change
  }

  /// The memory whose id begins so, dashes and case aside; `nil` when the bank has none.
  /// - Throws: `CurationError.ambiguous` when it has several.
  public func memoryID(startingWith prefix: String, bankID: String) async throws -> String? {
    let digits = prefix.lowercased().filter { $0 != "-" }
    guard !digits.isEmpty, digits.count <= 32, digits.allSatisfy(\.isHexDigit) else { return nil }
    let low = Data(hexadecimal: digits.padding(toLength: 32, withPad: "0", startingAt: 0))
    let high = Data(hexadecimal: digits.padding(toLength: 32, withPad: "f", startingAt: 0))
    return try await read { database in
      guard let bank = try BankRow.find(bankID, in: database)?.id else { return nil }
      let names = try Data.fetchAll(
        database, sql: "SELECT uid FROM memory WHERE uid BETWEEN ? AND ? AND +bank = ? LIMIT 100",
        arguments: [low, high, bank])
      guard names.count < 2 else { throw CurationError.ambiguous(prefix: prefix, count: names.count) }
      return names.first.map(RowName.spelling)
    }
  }
}
