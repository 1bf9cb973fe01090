import GRDB
import RearviewJSON

/// Records what a piece of work changes in the tables of `RecordedTable`, by whatever way: statements, triggers,
/// cascades.
///
/// It sets temporary triggers on this connection for as long as the work takes, all within the caller's transaction. So
/// what retains costs nothing, and no change can be forgotten by whoever writes the work.
struct RowRecorder {
  private let database: Database
  private let tables: [RecordedTable]

  /// Begins to record.
  init(_ database: Database) throws {
    self.database = database
    tables = try RecordedTable.all(in: database)
    var sql = """
      DROP TABLE IF EXISTS temp.row_change;
      CREATE TEMP TABLE row_change (n INTEGER PRIMARY KEY, place INTEGER NOT NULL, before TEXT, after TEXT);
      """
    for (place, table) in tables.enumerated() {
      let (old, new) = (table.image(of: "old"), table.image(of: "new"))
      for (event, before, after) in [("INSERT", "NULL", new), ("UPDATE", old, new), ("DELETE", old, "NULL")] {
        sql += """

          CREATE TEMP TRIGGER record_\(table.name)_\(event) AFTER \(event) ON \(table.name) BEGIN
            INSERT INTO row_change (place, before, after) VALUES (\(place), \(before), \(after));
          END;
          """
      }
    }
    try database.execute(sql: sql)
  }

  /// Ends it: one image for each row that is not as it was, in the order in which they were first changed. A row whose
  /// key changed is one that went and one that came.
  func end() throws -> [RowImage] {
    var images: [RowImage] = []
    var places: [String: Int] = [:]
    func note(_ table: RecordedTable, key: String, before: JSONObject?, after: JSONObject?) {
      let name = "\(table.name) \(key)"
      if let place = places[name] {
        images[place].after = after
      } else {
        places[name] = images.count
        images.append(RowImage(table: table, key: key, before: before, after: after))
      }
    }
    let rows = try Row.fetchCursor(
      database,
      sql: "SELECT place, CAST(before AS BLOB), CAST(after AS BLOB) FROM temp.row_change ORDER BY n")
    while let row = try rows.next() {
      let table = tables[row[0]]
      let before = try MemoryRow.text(row[1]).flatMap { try JSONValue(parsing: $0).object }
      let after = try MemoryRow.text(row[2]).flatMap { try JSONValue(parsing: $0).object }
      let keys = (before.map(table.key), after.map(table.key))
      if let old = keys.0, let new = keys.1, old != new {
        note(table, key: old, before: before, after: nil)
        note(table, key: new, before: nil, after: after)
      } else if let key = keys.0 ?? keys.1 {
        note(table, key: key, before: before, after: after)
      }
    }
    try stop()
    return images.filter { $0.before != $0.after }
  }

  private func stop() throws {
    var sql = ""
    for table in tables {
      for event in ["INSERT", "UPDATE", "DELETE"] { sql += "DROP TRIGGER temp.record_\(table.name)_\(event);\n" }
    }
    try database.execute(sql: sql + "DROP TABLE temp.row_change;")
  }
}
