import Foundation
import GRDB

/// How vectors move between fresh rows and pages, inside transactions.
///
/// A page is written when there are 1,024 fresh rows, and its live rows become fresh again when a quarter of it is dead,
/// or at once when something is to be forgotten for good.
enum VectorPages {
  /// Rows of a page.
  static let rowCount = 1_024
  /// Dead rows that make a page be rewritten.
  static let deadLimit = rowCount / 4

  /// Packs fresh rows as long as there are enough for a page.
  static func pack(space: Int64, dimension: Int, in database: Database) throws {
    while try freshCount(space: space, in: database) >= rowCount {
      let rows = try fresh(space: space, dimension: dimension, limit: rowCount, in: database)
      guard let last = rows.ids.last else { return }
      try database.cachedStatement(
        sql: "UPDATE space SET last_page = last_page + 1, generation = generation + 1 WHERE id = ?"
      ).execute(arguments: [space])
      try database.cachedStatement(
        sql: """
          INSERT INTO vector_page (space, page, ids, codes, scales)
          SELECT id, last_page, ?, ?, ? FROM space WHERE id = ?
          """
      ).execute(
        arguments: [VectorRows.data(rows.ids), VectorRows.data(rows.codes), VectorRows.data(rows.scales), space])
      try database.cachedStatement(
        sql: """
          UPDATE vector INDEXED BY vector_fresh SET page = (SELECT last_page FROM space WHERE id = ?), codes = NULL,
            scale = NULL
          WHERE space = ? AND page IS NULL AND memory <= ?
          """
      ).execute(arguments: [space, space, last])
    }
  }

  /// Makes the live rows of a page fresh and deletes the page, with what was dead in it.
  static func unpack(page: Int64, space: Int64, dimension: Int, in database: Database) throws {
    guard let rows = try self.rows(page: page, space: space, dimension: dimension, in: database) else { return }
    let update = try database.cachedStatement(
      sql: "UPDATE vector SET page = NULL, codes = ?, scale = ? WHERE space = ? AND memory = ? AND page = ?")
    for index in 0..<rows.count {
      // A dead row has no such entry, or one of another page.
      try update.execute(
        arguments: [VectorRows.data(rows[index]), Double(rows.scales[index]), space, rows.ids[index], page])
    }
    for table in ["vector_page", "vector_dead"] {
      try database.execute(sql: "DELETE FROM \(table) WHERE space = ? AND page = ?", arguments: [space, page])
    }
    try database.execute(sql: "UPDATE space SET generation = generation + 1 WHERE id = ?", arguments: [space])
  }

  /// A page of a space of the bank of which a quarter is dead.
  static func sparsePage(bank: Int64, in database: Database) throws -> (space: Int64, dimension: Int, page: Int64)? {
    try Row.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT space.id, space.dimension, vector_dead.page FROM space JOIN vector_dead ON vector_dead.space = space.id
          WHERE space.bank = ? AND space.state < 2 GROUP BY space.id, vector_dead.page HAVING count(*) >= ? LIMIT 1
          """), arguments: [bank, deadLimit]
    ).map { ($0[0], $0[1], $0[2]) }
  }

  /// Leaves nothing of the vectors of memories that were deleted, in the same transaction, and after they were.
  ///
  /// Their vectors are out of every search already; this takes the numbers out of the pages too.
  static func forget(_ memories: some Sequence<Int64>, bank: Int64, in database: Database) throws {
    var pages: Set<[Int64]> = []
    let find = try database.cachedStatement(
      sql: """
        SELECT vector_dead.space, space.dimension, vector_dead.page
        FROM space JOIN vector_dead ON vector_dead.space = space.id WHERE space.bank = ? AND vector_dead.memory = ?
        """)
    for memory in memories {
      for row in try Row.fetchAll(find, arguments: [bank, memory]) { pages.insert([row[0], row[1], row[2]]) }
    }
    for page in pages {
      try unpack(page: page[2], space: page[0], dimension: Int(page[1]), in: database)
    }
    for space in Set(pages.map { [$0[0], $0[1]] }) {
      try pack(space: space[0], dimension: Int(space[1]), in: database)
    }
  }

  // MARK: - Reading

  static func freshCount(space: Int64, in database: Database) throws -> Int {
    let statement = try database.cachedStatement(
      sql: "SELECT count(*) FROM vector INDEXED BY vector_fresh WHERE space = ? AND page IS NULL")
    return try Int.fetchOne(statement, arguments: [space]) ?? 0
  }

  /// The fresh rows by memory.
  static func fresh(
    space: Int64, dimension: Int, limit: Int = .max, in database: Database
  ) throws -> VectorRows {
    let statement = try database.cachedStatement(
      sql: """
        SELECT memory, codes, scale FROM vector INDEXED BY vector_fresh WHERE space = ? AND page IS NULL
        ORDER BY memory LIMIT ?
        """)
    var rows = VectorRows(dimension: dimension)
    let found = try Row.fetchCursor(statement, arguments: [space, limit])
    while let row = try found.next() {
      try row.withUnsafeData(atIndex: 1) { try rows.append(id: row[0], codes: $0, scale: row[2]) }
    }
    return rows
  }

  static func rows(page: Int64, space: Int64, dimension: Int, in database: Database) throws -> VectorRows? {
    let statement = try database.cachedStatement(
      sql: "SELECT ids, codes, scales FROM vector_page WHERE space = ? AND page = ?")
    let found = try Row.fetchCursor(statement, arguments: [space, page])
    guard let row = try found.next() else { return nil }
    return try row.withUnsafeData(atIndex: 0) { ids in
      try row.withUnsafeData(atIndex: 1) { codes in
        try row.withUnsafeData(atIndex: 2) { scales in
          try VectorRows(dimension: dimension, ids: ids, codes: codes, scales: scales)
        }
      }
    }
  }

  static func numbers(space: Int64, in database: Database) throws -> [Int64] {
    try Int64.fetchAll(
      database.cachedStatement(sql: "SELECT page FROM vector_page WHERE space = ? ORDER BY page"), arguments: [space])
  }

  /// The dead memories of each page that has some.
  static func dead(space: Int64, in database: Database) throws -> [Int64: Set<Int64>] {
    var dead: [Int64: Set<Int64>] = [:]
    let rows = try Row.fetchCursor(
      database.cachedStatement(sql: "SELECT page, memory FROM vector_dead WHERE space = ?"), arguments: [space])
    while let row = try rows.next() { dead[row[0], default: []].insert(row[1]) }
    return dead
  }
}
