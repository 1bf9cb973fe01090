import Foundation
import GRDB
import RearviewJSON
import RearviewMemory

/// Does one command inside a transaction, as one group of changes: with images of every row that it touched, for undo,
/// and an entry in the journal for each memory, for its history.
struct ChangeWriter {
  var action: String
  var subject: String
  var reason: String?
  let bank: Int64
  var otherBank: Int64?
  let now: Int64
  let database: Database

  /// Runs `body`. A change of nothing leaves no group.
  ///
  /// - Parameters:
  ///   - targets: The memories that it is about, as they are.
  ///   - count: How many documents or entities it is about; `nil` to count the targets that changed.
  func run<Value>(
    targets: [StoredMemory] = [], count: Int? = nil, _ body: () throws -> Value
  ) throws -> (value: Value, change: Change?) {
    try database.execute(sql: "PRAGMA defer_foreign_keys = ON")
    let recorder = try RowRecorder(database)
    let value = try body()
    let images = try recorder.end()
    guard !images.isEmpty else { return (value, nil) }
    let before = Dictionary(
      targets.map { ($0.name.bytes.hexadecimal, $0.memory) }, uniquingKeysWith: { first, _ in first })
    let memories = images.filter { $0.table.name == "memory" }
    let changed = memories.count { before[$0.uid] != nil }
    let group = try insertGroup(count: count ?? max(changed, 1))
    for image in images { try image.insert(group: group, in: database) }
    // The memories that it is about first, in their order, then what followed.
    let order = Dictionary(
      targets.enumerated().map { ($1.name.bytes.hexadecimal, $0) }, uniquingKeysWith: { first, _ in first })
    for image in memories.sorted(by: { order[$0.uid] ?? .max < order[$1.uid] ?? .max }) {
      try insertEntry(image, before: before[image.uid], group: group)
    }
    return (value, try Change.find(Int(group), in: database))
  }

  private func insertGroup(count: Int) throws -> Int64 {
    try database.execute(
      sql: """
        INSERT INTO change_group (bank, other_bank, at, actor, action, subject, count, reason)
        VALUES (?, ?, ?, 'user', ?, ?, ?, CAST(? AS TEXT))
        """, arguments: [bank, otherBank, now, action, subject, count, reason?.blob])
    return database.lastInsertedRowID
  }

  private func insertEntry(_ image: RowImage, before: Memory?, group: Int64) throws {
    let uid = Data(hexadecimal: image.uid)
    let row = try Int64.fetchOne(
      database.cachedStatement(sql: "SELECT id FROM memory WHERE uid = ?"), arguments: [uid])
    guard let row, let after = try MemoryRow.memory(row: row, in: database) else { return }
    let before = before ?? image.before.map { after.patched(by: $0) } ?? after
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try database.cachedStatement(
      sql: """
        INSERT INTO journal (at, action, table_name, uid, before, after, change_group)
        VALUES (?, ?, 'memory', ?, CAST(? AS TEXT), CAST(? AS TEXT), ?)
        """
    ).execute(arguments: [now, action, uid, try encoder.encode(before), try encoder.encode(after), group])
  }
}

extension RowImage {
  /// Of a memory's image, its name in hexadecimal.
  fileprivate var uid: String { (after ?? before)?["uid"]?.text ?? "" }

  /// Writes it as a part of a group.
  func insert(group: Int64, in database: Database) throws {
    try database.cachedStatement(
      sql: """
        INSERT INTO row_image (change_group, table_name, key, before, after)
        VALUES (?, ?, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT))
        """
    ).execute(
      arguments: [
        group, table.name, key.blob, before.map { JSONValue.object($0).written().blob },
        after.map { JSONValue.object($0).written().blob },
      ])
  }
}

extension Memory {
  /// This memory with what an image of its row says otherwise.
  fileprivate func patched(by image: JSONObject) -> Memory {
    var memory = self
    memory.text = image["text"]?.text ?? text
    memory.type = image["type"]?.text.map(MemoryType.init(rawValue:)) ?? type
    memory.tags = NameList.read(image["tags"]?.text)
    memory.state = image["state"]?.integer == 0 ? .valid : .invalidated
    memory.stateReason = image["state_reason"]?.text
    return memory
  }
}

extension EmbeddedMemory {
  /// Changes several memories of a bank as one group; each is given once, however often it is named.
  ///
  /// - Parameter body: Is handed each memory with the time of the change, which is later than the memory's own.
  /// - Throws: `MemoryStoreError.noSuchMemory` for one that is not there, and nothing is changed then;
  ///   `CurationError.nothingGiven` for none.
  /// - Returns: The memories as they are now.
  func change(
    _ action: String, _ ids: [String], bankID: String, reason: String? = nil,
    _ body: @Sendable (Database, StoredMemory, Int64) throws -> Void
  ) async throws -> (memories: [Memory], change: Change?) {
    guard !ids.isEmpty else { throw CurationError.nothingGiven("memory") }
    return try await write { [now] database in
      let targets = try StoredMemory.all(ids, bankID: bankID, in: database)
      guard let bank = try BankRow.find(bankID, in: database)?.id else { return ([], nil) }
      // A clock that was set back must not make a change older than what it changed.
      let time = targets.compactMap(\.memory.updatedAt).map(milliseconds).reduce(now) { max($0, $1 + 1) }
      let writer = ChangeWriter(
        action: action, subject: "memory", reason: reason, bank: bank, now: time, database: database)
      let change = try writer.run(targets: targets) {
        for target in targets { try body(database, target, time) }
      }.change
      return (try targets.compactMap { try MemoryRow.memory(named: $0.name, in: database) }, change)
    }
  }
}

extension MemoryRow {
  /// The memory of that name, in whatever bank it is.
  static func memory(named name: RowName, in database: Database) throws -> Memory? {
    try Row.fetchOne(
      database.cachedStatement(sql: "SELECT \(columns) FROM memory \(joins) WHERE memory.uid = ?"),
      arguments: [name.bytes]
    ).map(memory)
  }
}

extension StoredMemory {
  /// These memories of a bank, each once.
  /// - Throws: `MemoryStoreError.noSuchMemory`.
  static func all(_ ids: [String], bankID: String, in database: Database) throws -> [StoredMemory] {
    var seen: Set<RowName> = []
    return try ids.compactMap { id in
      guard let stored = try find(id: id, bankID: bankID, in: database) else {
        throw MemoryStoreError.noSuchMemory(id: id, bankID: bankID)
      }
      return seen.insert(stored.name).inserted ? stored : nil
    }
  }
}
