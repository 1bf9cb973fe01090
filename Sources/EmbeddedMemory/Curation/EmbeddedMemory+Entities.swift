import Foundation
import GRDB
import RearviewMemory

/// What people decide about entities; each call is one change, to be undone. A call that changes nothing returns `nil`.
/// All throw `CurationError.noSuchEntity`.
extension EmbeddedMemory {
  /// Shows an entity under another name; texts mean it by both.
  /// - Throws: `CurationError.nameTaken` when that is the name of another one.
  @discardableResult
  public func renameEntity(id: String, bankID: String, to name: String) async throws -> Change? {
    try requireText(name)
    return try await changeEntity("rename", id: id, bankID: bankID) { database, found, now in
      try Self.requireFree(name, for: found, bankID: bankID, in: database)
      try database.execute(
        sql: "UPDATE entity SET name = CAST(? AS TEXT) WHERE id = ?", arguments: [name.blob, found.row])
      try Self.give(name, to: found, in: database)
    }
  }

  /// Gives an entity another name, by which texts mean it from now on.
  /// - Throws: `CurationError.nameTaken` when that is the name of another one.
  @discardableResult
  public func addAlias(_ name: String, toEntity id: String, bankID: String) async throws -> Change? {
    try requireText(name)
    return try await changeEntity("alias", id: id, bankID: bankID) { database, found, now in
      try Self.requireFree(name, for: found, bankID: bankID, in: database)
      try Self.give(name, to: found, in: database)
    }
  }

  /// Takes another name from an entity. The name of one that was merged into it is one by itself again, without the
  /// memories that it had.
  @discardableResult
  public func removeAlias(_ name: String, fromEntity id: String, bankID: String) async throws -> Change? {
    let norm = EntityName.norm(name)
    return try await changeEntity("unalias", id: id, bankID: bankID) { database, found, now in
      try database.execute(sql: "DELETE FROM alias WHERE entity = ? AND norm = ?", arguments: [found.row, norm])
      try database.execute(
        sql: "UPDATE entity SET merged_into = NULL WHERE merged_into = ? AND norm = ?", arguments: [found.row, norm])
    }
  }

  /// Makes one entity of several: their memories and names become those of `target`, and stay so for what is retained
  /// later.
  /// - Throws: `CurationError.nothingGiven` for no other entity than the target.
  @discardableResult
  public func mergeEntities(_ ids: [String], into target: String, bankID: String) async throws -> Change? {
    try await write { [now] database in
      let into = try EntityRow.find(target, bankID: bankID, in: database)
      let others = try ids.map { try EntityRow.find($0, bankID: bankID, in: database) }.filter { $0.row != into.row }
      guard !others.isEmpty else { throw CurationError.nothingGiven("other entity") }
      let count = Set(others.map(\.row)).count
      let writer = ChangeWriter(action: "merge", subject: "entity", bank: into.bank, now: now, database: database)
      return try writer.run(count: count) {
        for other in others { try Self.merge(other.row, into: into.row, in: database) }
      }.change
    }
  }

  /// Parts memories from an entity: they are about another one of that name from now on, and the two do not come
  /// together again by themselves. A name that was merged into it may be given back to its memories so.
  ///
  /// - Returns: the new entity.
  /// - Throws: `CurationError.nameTaken` when there is one of the name; `nothingGiven` when none of the memories
  ///   mentions the entity.
  public func splitEntity(
    id: String, memories: [String], name: String, bankID: String
  ) async throws -> Entity {
    try requireText(name)
    return try await write { [now] database in
      let found = try EntityRow.find(id, bankID: bankID, in: database)
      let rows = try StoredMemory.all(memories, bankID: bankID, in: database).map(\.row).filter {
        try Bool.fetchOne(
          database, sql: "SELECT EXISTS (SELECT 1 FROM memory_entity WHERE entity = ? AND memory = ?)",
          arguments: [found.row, $0]) ?? false
      }
      guard !rows.isEmpty else { throw CurationError.nothingGiven("memory that mentions \(found.entity.name)") }
      let writer = ChangeWriter(action: "split", subject: "entity", bank: found.bank, now: now, database: database)
      let new = try writer.run(count: 1) {
        let new = try Self.partner(named: name, of: found, bankID: bankID, now: now, in: database)
        for row in rows {
          try database.execute(
            sql: "DELETE FROM memory_entity WHERE entity = ? AND memory = ?", arguments: [found.row, row])
          try database.execute(
            sql: "INSERT OR IGNORE INTO memory_entity (entity, memory) VALUES (?, ?)", arguments: [new, row])
        }
        try database.execute(
          sql: "INSERT OR REPLACE INTO entity_apart (entity, other, is_split) VALUES (?, ?, 1)",
          arguments: [new, found.row])
        return new
      }.value
      guard let entity = try EntityRow.all("id = ?", [new], in: database).first?.entity else {
        throw CurationError.noSuchEntity(id: name, bankID: bankID)
      }
      return entity
    }
  }

  // MARK: - Rows

  private func changeEntity(
    _ action: String, id: String, bankID: String, _ body: @Sendable (Database, EntityRow, Int64) throws -> Void
  ) async throws -> Change? {
    try await write { [now] database in
      let found = try EntityRow.find(id, bankID: bankID, in: database)
      let writer = ChangeWriter(action: action, subject: "entity", bank: found.bank, now: now, database: database)
      return try writer.run(count: 1) { try body(database, found, now) }.change
    }
  }

  private static func requireFree(_ name: String, for entity: EntityRow, bankID: String, in database: Database) throws {
    let owner = try Int64.fetchOne(
      database, sql: "SELECT coalesce(merged_into, id) FROM entity WHERE bank = ? AND norm = ?",
      arguments: [entity.bank, EntityName.norm(name)])
    if let owner, owner != entity.row { throw CurationError.nameTaken(name: name, bankID: bankID) }
  }

  /// Lets texts mean an entity by a name, and no other one that a person gave it to before.
  private static func give(_ name: String, to entity: EntityRow, in database: Database) throws {
    let norm = EntityName.norm(name)
    let isOwn = try Bool.fetchOne(
      database, sql: "SELECT EXISTS (SELECT 1 FROM entity WHERE bank = ? AND norm = ?)", arguments: [entity.bank, norm])
    guard isOwn != true, !norm.isEmpty else { return }
    try database.execute(
      sql: "UPDATE alias SET is_given = 0 WHERE bank = ? AND norm = ? AND entity <> ?",
      arguments: [entity.bank, norm, entity.row])
    try database.execute(
      sql: """
        INSERT INTO alias (bank, norm, entity, is_given) VALUES (?, ?, ?, 1)
        ON CONFLICT (bank, norm, entity) DO UPDATE SET is_given = 1
        """, arguments: [entity.bank, norm, entity.row])
  }

  /// Gives the mentions and names of an entity to another one, for which it stands from then on.
  static func merge(_ entity: Int64, into target: Int64, in database: Database) throws {
    let arguments: StatementArguments = ["entity": entity, "target": target]
    for sql in [
      """
      INSERT OR IGNORE INTO memory_entity (entity, memory)
        SELECT :target, memory FROM memory_entity WHERE entity = :entity
      """,
      """
      INSERT OR IGNORE INTO alias (bank, norm, entity, is_given)
        SELECT bank, norm, :target, is_given FROM alias WHERE entity = :entity
      """,
      """
      UPDATE entity SET first_seen = min(first_seen, (SELECT first_seen FROM entity WHERE id = :entity)),
        last_seen = max(last_seen, (SELECT last_seen FROM entity WHERE id = :entity)) WHERE id = :target
      """,
      "UPDATE entity SET merged_into = :target WHERE id = :entity OR merged_into = :entity",
      // What is not one of them is not the other either.
      """
      INSERT OR IGNORE INTO entity_apart (entity, other, is_split)
        SELECT :target, other, 0 FROM entity_apart WHERE entity = :entity
      """,
      """
      INSERT OR IGNORE INTO entity_apart (entity, other, is_split)
        SELECT entity, :target, is_split FROM entity_apart WHERE other = :entity
      """,
      "DELETE FROM entity_apart WHERE entity = :target AND other = :target",
    ] {
      // GRDB refuses arguments that a statement does not name.
      let statement = try database.makeStatement(sql: sql)
      try statement.execute(arguments: sql.contains(":entity") ? arguments : ["target": target])
    }
    for table in ["memory_entity", "alias"] {
      try database.execute(sql: "DELETE FROM \(table) WHERE entity = ?", arguments: [entity])
    }
    try database.execute(
      sql: "DELETE FROM entity_apart WHERE :entity IN (entity, other)", arguments: ["entity": entity])
  }

  /// The row for memories that are parted from an entity: a new one, or the one of that name that was merged into it.
  private static func partner(
    named name: String, of entity: EntityRow, bankID: String, now: Int64, in database: Database
  ) throws -> Int64 {
    let norm = EntityName.norm(name)
    let known = try Row.fetchOne(
      database, sql: "SELECT id, merged_into FROM entity WHERE bank = ? AND norm = ?", arguments: [entity.bank, norm])
    if let known {
      guard (known["merged_into"] as Int64?) == entity.row else {
        throw CurationError.nameTaken(name: name, bankID: bankID)
      }
      let row = known["id"] as Int64
      try database.execute(
        sql: "UPDATE entity SET merged_into = NULL, name = CAST(? AS TEXT) WHERE id = ?", arguments: [name.blob, row])
      return row
    }
    try database.execute(sql: "DELETE FROM alias WHERE entity = ? AND norm = ?", arguments: [entity.row, norm])
    try database.execute(
      sql: """
        INSERT INTO entity (uid, bank, name, norm, kind, first_seen, last_seen)
        SELECT ?, bank, CAST(? AS TEXT), ?, kind, first_seen, last_seen FROM entity WHERE id = ?
        """, arguments: [RowName(milliseconds: now).bytes, name.blob, norm, entity.row])
    return database.lastInsertedRowID
  }
}
