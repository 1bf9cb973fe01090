import GRDB
import RearviewJSON

/// Puts images of rows back, inside a transaction: as the rows were before a change, or (`forward`) as they became.
///
/// What came since stays: an entity that texts mention by now, a document that holds more. What belongs to a memory
/// that was forgotten is left out. SQLite gives the number of a last row that went to the next one: a row whose number
/// was taken comes back under another, and all that refers to it follows.
struct ImageApplier {
  private let database: Database
  private let now: Int64
  /// By table and column, the table that a column refers to.
  private var parents: [String: [(column: String, table: String)]] = [:]
  /// By table, the new numbers of rows whose own were taken.
  private var renumbered: [String: [Int: Int]] = [:]

  init(_ database: Database, now: Int64) {
    self.database = database
    self.now = now
  }

  /// What becomes of one row.
  private struct Step {
    let table: RecordedTable
    let from: JSONObject?
    let to: JSONObject?

    var order: Int { RecordedTable.names.firstIndex(of: table.name) ?? 0 }

    /// Whether a row holds what came otherwise; `nil` for a table whose rows hold nothing.
    var remainder: String? {
      switch table.name {
      case "document":
        """
        EXISTS (SELECT 1 FROM message WHERE message.document = document.id)
          OR EXISTS (SELECT 1 FROM memory INDEXED BY memory_document WHERE memory.document = document.id)
        """
      case "message":
        """
        EXISTS (SELECT 1 FROM source WHERE source.message = message.id)
          OR EXISTS (SELECT 1 FROM memory INDEXED BY memory_message WHERE memory.message = message.id)
        """
      case "memory": "EXISTS (SELECT 1 FROM source WHERE source.memory = memory.id)"
      case "entity": "mentions > 0 OR EXISTS (SELECT 1 FROM entity AS other WHERE other.merged_into = entity.id)"
      default: nil
      }
    }
  }

  /// Whether rows came back under other numbers, so that images of other changes name them wrongly.
  var hasRenumbered: Bool { !renumbered.isEmpty }

  mutating func apply(_ images: [RowImage], forward: Bool) throws {
    for name in RecordedTable.names {
      parents[name] = try Row.fetchAll(
        database.cachedStatement(sql: #"SELECT "from", "table" FROM pragma_foreign_key_list(?)"#), arguments: [name]
      ).map { ($0[0], $0[1]) }
    }
    let steps = images.map { image in
      Step(
        table: image.table, from: forward ? image.before : image.after, to: forward ? image.after : image.before)
    }.sorted { $0.order < $1.order }
    for step in steps.reversed() where step.to == nil && step.remainder == nil { try delete(step) }
    for step in steps where step.from == nil && step.remainder != nil { try insert(step) }
    for step in steps where step.from != nil && step.to != nil { try update(step) }
    for step in steps where step.from == nil && step.remainder == nil { try insert(step) }
    // Only when nothing of the change stands in them any more.
    for step in steps.reversed() where step.to == nil && step.remainder != nil { try delete(step) }
  }

  private func delete(_ step: Step) throws {
    guard let from = step.from else { return }
    let row = step.table.condition(from)
    let isEmpty = step.remainder.map { " AND NOT (\($0))" } ?? ""
    try database.execute(
      sql: "DELETE FROM \(step.table.name) WHERE \(row.sql)\(isEmpty)", arguments: StatementArguments(row.values))
  }

  /// Sets back the columns that the change set, and no other.
  private func update(_ step: Step) throws {
    guard let from = step.from, let to = step.to else { return }
    let target = renamed(to, of: step.table)
    let row = step.table.condition(target)
    var changed = step.table.columns.filter { from[$0.name] != to[$0.name] }
    guard step.table.name == "memory" else { return try set(changed, of: step.table, target) }
    // Background work that took the memory in since has the last word on that.
    let isAsLeft = try Bool.fetchOne(
      database, sql: "SELECT consolidated IS ? FROM memory WHERE \(row.sql)",
      arguments: StatementArguments([from["consolidated"]?.integer.databaseValue ?? .null] + row.values))
    if isAsLeft != true { changed.removeAll { $0.name == "consolidated" } }
    // The triggers that follow a text and a state expect the row under its final id.
    let places = ["id", "bank"]
    try set(changed.filter { places.contains($0.name) }, of: step.table, target)
    try set(changed.filter { !places.contains($0.name) }, of: step.table, target)
    try database.execute(
      sql: "UPDATE memory SET updated = max(updated + 1, ?) WHERE \(row.sql)",
      arguments: StatementArguments([now.databaseValue] + row.values))
  }

  private func set(_ columns: [RecordedTable.Column], of table: RecordedTable, _ target: JSONObject) throws {
    guard !columns.isEmpty else { return }
    let bound = columns.map { table.value($0, of: target) }
    let row = table.condition(target)
    let assignments = zip(columns, bound).map { "\($0.name) = \($1.sql)" }.joined(separator: ", ")
    try database.execute(
      sql: "UPDATE \(table.name) SET \(assignments) WHERE \(row.sql)",
      arguments: StatementArguments(bound.map(\.value) + row.values))
  }

  private mutating func insert(_ step: Step) throws {
    guard let to = step.to else { return }
    var target = renamed(to, of: step.table)
    guard try hasParents(target, of: step.table) else { return }
    let table = step.table
    if let there = try like(target, of: table), let id = target["id"]?.integer {
      if there != id { renumbered[table.name, default: [:]][id] = there }
      return
    }
    if ["document", "message", "entity"].contains(table.name), let id = target["id"]?.integer {
      let taken = "SELECT max(id) + 1 FROM \(table.name) HAVING sum(id = ?) > 0"
      if let free = try Int.fetchOne(database, sql: taken, arguments: [id]) {
        renumbered[table.name, default: [:]][id] = free
        target["id"] = .integer(free)
      }
    }
    var columns = table.columns
    // No image holds it, and it wants a value.
    if ["memory", "document"].contains(table.name) {
      columns.append(.init(name: "updated", isBlob: false))
      target["updated"] = .integer(Int(now))
    }
    let bound = columns.map { table.value($0, of: target) }
    try database.execute(
      sql: """
        INSERT OR IGNORE INTO \(table.name) (\(columns.map(\.name).joined(separator: ", ")))
        VALUES (\(bound.map(\.sql).joined(separator: ", ")))
        """, arguments: StatementArguments(bound.map(\.value)))
  }

  /// The number of the row that is there for what a row was: it was retained or imported since.
  private func like(_ image: JSONObject, of table: RecordedTable) throws -> Int? {
    let names =
      switch table.name {
      case "document": ["bank", "key"]
      case "message": ["bank", "turn", "position", "speaker", "text"]
      case "entity": ["bank", "norm"]
      default: [String]()
      }
    let columns = table.columns.filter { names.contains($0.name) }
    guard !columns.isEmpty else { return nil }
    let bound = columns.map { table.value($0, of: image) }
    let condition = zip(columns, bound).map { "\($0.name) = \($1.sql)" }.joined(separator: " AND ")
    return try Int.fetchOne(
      database, sql: "SELECT id FROM \(table.name) WHERE \(condition)",
      arguments: StatementArguments(bound.map(\.value)))
  }

  private func hasParents(_ image: JSONObject, of table: RecordedTable) throws -> Bool {
    for (column, parent) in parents[table.name] ?? [] {
      guard case .integer(let id)? = image[column] else { continue }
      let isThere = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM \(parent) WHERE id = ?)", arguments: [id])
      guard isThere == true else { return false }
    }
    return true
  }

  // MARK: - Numbers

  private func renamed(_ image: JSONObject, of table: RecordedTable) -> JSONObject {
    guard !renumbered.isEmpty else { return image }
    var image = image
    for (column, parent) in (parents[table.name] ?? []) + [("id", table.name)] {
      if let id = image[column]?.integer, let new = renumbered[parent]?[id] { image[column] = .integer(new) }
    }
    return image
  }

  /// An image with the numbers that rows have now.
  func renamed(_ image: RowImage) -> RowImage {
    var image = image
    image.before = image.before.map { renamed($0, of: image.table) }
    image.after = image.after.map { renamed($0, of: image.table) }
    if let known = image.before ?? image.after { image.key = image.table.key(of: known) }
    return image
  }
}
