import Foundation
import GRDB
import RearviewMemory

/// What memories of a bank are about: somebody or something with a name.
public struct Entity: Hashable, Codable, Sendable, Identifiable {
  public let id: String
  public var name: String
  /// `person`, `animal`, `name`, `title`, `handle`, `tag`, `path`, `url`, `email`, `version`, `identifier`.
  public var kind: String
  /// How many memories mention it.
  public var mentions: Int
  /// Its other names, as they are compared (lower case, no accents): those of texts ("my sister"), those that a person
  /// gave, and those of entities that were merged into it.
  public var aliases: [String]
  public var firstSeen: Date
  public var lastSeen: Date

  enum CodingKeys: String, CodingKey {
    case id, name, kind, mentions, aliases
    case firstSeen = "first_seen"
    case lastSeen = "last_seen"
  }
}

/// A page of entities.
public struct EntityPage: Hashable, Sendable {
  public var entities: [Entity]
  /// Pass as `after` for the page that follows; `nil` at the end.
  public var next: String?
}

/// An entity with what it stands in.
public struct EntityDetail: Hashable, Codable, Sendable {
  /// Another entity, and how many memories mention both.
  public struct Neighbour: Hashable, Codable, Sendable {
    public var entity: Entity
    public var shared: Int
  }

  public var entity: Entity
  /// The last that mention it, the newest first, invalidated ones included.
  public var memories: [Memory]
  /// Those that it shares most memories with first.
  public var neighbours: [Neighbour]
}

/// A row of `entity` that is not merged into another.
struct EntityRow: Sendable {
  var row: Int64
  var bank: Int64
  var norm: String
  var entity: Entity

  private static let columns = """
    entity.id, entity.uid, CAST(entity.name AS BLOB) AS name, entity.norm, entity.kind, entity.mentions, first_seen,
    last_seen, entity.bank,
    (SELECT json_group_array(norm) FROM (
      SELECT norm FROM alias WHERE alias.entity = entity.id
      UNION SELECT merged.norm FROM entity AS merged WHERE merged.merged_into = entity.id ORDER BY norm)) AS aliases
    """

  private init(_ row: Row) {
    self.row = row["id"]
    bank = row["bank"]
    norm = row["norm"]
    entity = Entity(
      id: RowName.spelling(row["uid"]), name: MemoryRow.text(row["name"]) ?? "", kind: row["kind"],
      mentions: row["mentions"], aliases: NameList.read(row["aliases"]),
      firstSeen: date(milliseconds: row["first_seen"]), lastSeen: date(milliseconds: row["last_seen"]))
  }

  static func all(
    _ condition: String, _ arguments: StatementArguments, in database: Database
  ) throws -> [EntityRow] {
    try Row.fetchAll(
      database, sql: "SELECT \(columns) FROM entity WHERE merged_into IS NULL AND \(condition)", arguments: arguments
    ).map(EntityRow.init)
  }

  /// - Throws: `CurationError.noSuchEntity`, also for one that was merged into another.
  static func find(_ id: String, bankID: String, in database: Database) throws -> EntityRow {
    guard let name = RowName(id), let bank = try BankRow.find(bankID, in: database)?.id,
      let found = try all("uid = ? AND bank = ?", [name.bytes, bank], in: database).first
    else { throw CurationError.noSuchEntity(id: id, bankID: bankID) }
    return found
  }
}

extension EmbeddedMemory {
  /// A page of what a bank's memories are about, what is mentioned most first.
  ///
  /// - Parameter filter: Only those of which a name holds this, case and accents aside; empty for all.
  public func entities(
    bankID: String, filter: String = "", after: String? = nil, limit: Int = 100
  ) async throws -> EntityPage {
    let limit = max(limit, 1)
    let place = after?.split(separator: ":").compactMap { Int64($0) } ?? []
    let last = place.count == 2 ? place : [.max, .max]
    let norm = EntityName.norm(filter)
    return try await read { database in
      guard let bank = try BankRow.find(bankID, in: database)?.id else { return EntityPage(entities: [], next: nil) }
      let rows = try EntityRow.all(
        """
        bank = :bank AND mentions > 0 AND (mentions, -id) < (:mentions, :id) AND (:norm = '' OR instr(norm, :norm) > 0
          OR EXISTS (SELECT 1 FROM alias WHERE alias.entity = entity.id AND instr(alias.norm, :norm) > 0)
          OR EXISTS (
            SELECT 1 FROM entity AS merged WHERE merged.merged_into = entity.id AND instr(merged.norm, :norm) > 0))
        ORDER BY mentions DESC, id LIMIT :limit
        """, ["bank": bank, "norm": norm, "mentions": last[0], "id": last[1], "limit": limit + 1], in: database)
      let page = rows.prefix(limit)
      return EntityPage(
        entities: page.map(\.entity),
        next: rows.count > limit ? page.last.map { "\($0.entity.mentions):\(-$0.row)" } : nil)
    }
  }

  /// The entity that has this id, or that a text would mean by this name; `nil` when the bank has none.
  public func entity(_ idOrName: String, bankID: String) async throws -> Entity? {
    try await read { database in
      guard let bank = try BankRow.find(bankID, in: database)?.id else { return nil }
      if RowName(idOrName) != nil { return try? EntityRow.find(idOrName, bankID: bankID, in: database).entity }
      let writer = EntityWriter(bank: bank, now: 0, database: database)
      guard let row = try writer.entity(named: EntityName.norm(idOrName)) else { return nil }
      return try EntityRow.all("id = ?", [row], in: database).first?.entity
    }
  }

  /// An entity with its memories and its neighbours, at most `limit` of each.
  /// - Throws: `CurationError.noSuchEntity`.
  public func entityDetail(id: String, bankID: String, limit: Int = 50) async throws -> EntityDetail {
    try await read { database in
      let found = try EntityRow.find(id, bankID: bankID, in: database)
      let memories = try Int64.fetchAll(
        database, sql: "SELECT memory FROM memory_entity WHERE entity = ? ORDER BY memory DESC LIMIT ?",
        arguments: [found.row, limit])
      let rows = try MemoryRow.memories(rows: memories, in: database)
      // Of what is mentioned everywhere the last memories tell enough.
      let shared = try Row.fetchAll(
        database,
        sql: """
          SELECT other.entity, count(*) FROM (
              SELECT memory FROM memory_entity WHERE entity = :entity ORDER BY memory DESC LIMIT 2000) AS own
            JOIN memory_entity AS other ON other.memory = own.memory
          WHERE other.entity <> :entity GROUP BY other.entity ORDER BY count(*) DESC, other.entity LIMIT :limit
          """, arguments: ["entity": found.row, "limit": limit])
      return EntityDetail(
        entity: found.entity, memories: memories.compactMap { rows[$0] },
        neighbours: try shared.compactMap { row in
          try EntityRow.all("id = ?", [row[0] as Int64], in: database).first
            .map { EntityDetail.Neighbour(entity: $0.entity, shared: row[1]) }
        })
    }
  }
}
