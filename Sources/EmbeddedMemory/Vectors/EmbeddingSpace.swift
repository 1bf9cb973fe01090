import GRDB

/// A row of `space`: what one embedding model made of a bank, in one dimension.
struct EmbeddingSpace: Hashable, Sendable {
  enum State: Int, Sendable {
    /// Not every memory has its vector; it is not searched.
    case building
    /// Searched. What is retained later is embedded into it while it stays complete.
    case complete
    /// Removed step by step.
    case retired
  }

  var id: Int64
  var bank: Int64
  var model: String
  var dimension: Int
  var state: State
  var generation: Int64
  var embeddedTo: Int64
  var vectorCount: Int

  private init?(_ row: Row) {
    guard let state = State(rawValue: row["state"]) else { return nil }
    id = row["id"]
    bank = row["bank"]
    model = row["model"]
    dimension = row["dimension"]
    self.state = state
    generation = row["generation"]
    embeddedTo = row["embedded_to"]
    vectorCount = row["vector_count"]
  }

  /// The one that is searched.
  static func complete(ofBank bank: Int64, in database: Database) throws -> EmbeddingSpace? {
    let statement = try database.cachedStatement(sql: "SELECT * FROM space WHERE bank = ? AND state = 1")
    return try Row.fetchOne(statement, arguments: [bank]).flatMap(EmbeddingSpace.init)
  }

  /// Those of a model that are not retired, the newest first. There are two while its dimension changes.
  static func ofModel(_ model: String, bank: Int64, in database: Database) throws -> [EmbeddingSpace] {
    let statement = try database.cachedStatement(
      sql: "SELECT * FROM space WHERE bank = ? AND model = ? AND state < 2 ORDER BY id DESC")
    return try Row.fetchAll(statement, arguments: [bank, model]).compactMap(EmbeddingSpace.init)
  }

  static func retired(ofBank bank: Int64, in database: Database) throws -> EmbeddingSpace? {
    let statement = try database.cachedStatement(sql: "SELECT * FROM space WHERE bank = ? AND state = 2")
    return try Row.fetchOne(statement, arguments: [bank]).flatMap(EmbeddingSpace.init)
  }

  static func create(
    model: String, dimension: Int, bank: Int64, now: Int64, in database: Database
  ) throws -> EmbeddingSpace? {
    try database.execute(
      sql: "INSERT INTO space (bank, model, dimension, embedded_to, created) VALUES (?, ?, ?, ?, ?)",
      arguments: [bank, model, dimension, MemorySchema.memoryIDs(ofBank: bank).lowerBound - 1, now])
    return try Row.fetchOne(database, sql: "SELECT * FROM space WHERE id = ?", arguments: [database.lastInsertedRowID])
      .flatMap(EmbeddingSpace.init)
  }

  func set(_ state: State, in database: Database) throws {
    try database.execute(
      sql: "UPDATE space SET state = ?, generation = generation + 1 WHERE id = ?", arguments: [state.rawValue, id])
  }

  /// From now on this one is searched, and the bank's others are to be removed.
  func complete(in database: Database) throws {
    try database.execute(
      sql: "UPDATE space SET state = 2, generation = generation + 1 WHERE bank = ? AND id <> ?", arguments: [bank, id])
    try set(.complete, in: database)
  }

  /// Removes a part of a retired space, so that others can write in between. The last part takes the row itself.
  func removePart(in database: Database) throws {
    for (table, count) in [("vector_page", 8), ("vector", 4_096), ("vector_dead", 4_096), ("embedding_queue", 4_096)] {
      let key = table == "vector_page" || table == "vector_dead" ? "page" : "memory"
      try database.execute(
        sql: """
          DELETE FROM \(table) WHERE space = ? AND \(key) IN
            (SELECT \(key) FROM \(table) WHERE space = ? ORDER BY \(key) LIMIT \(count))
          """, arguments: [id, id])
      if database.changesCount > 0 { return }
    }
    try database.execute(sql: "DELETE FROM space WHERE id = ?", arguments: [id])
  }
}
