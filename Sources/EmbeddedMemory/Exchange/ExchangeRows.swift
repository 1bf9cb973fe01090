import Foundation
import GRDB
import RearviewJSON

/// How the rows of a table become JSON objects: a list of SQL expressions, and what is made of their values.
///
/// Columns without a value are left out. Texts are read as bytes: a C string would end at its first NUL.
struct ExchangeRows {
  let table: ExchangeTable
  /// What to select, for a statement `FROM` the table.
  let expressions: String
  private let places: [Place]
  private let children: [ExchangeRows]
  private let childQuery: String

  private struct Place {
    var column: ExchangeTable.Column
    var type: ColumnType
    /// Of its first expression.
    var index: Int
  }

  /// What a strict table declares.
  enum ColumnType: String {
    case integer = "INTEGER"
    case text = "TEXT"
    case blob = "BLOB"
    case real = "REAL"
  }

  init(_ table: ExchangeTable, in database: Database) throws {
    self.table = table
    let types = try Self.types(of: table.name, in: database)
    var expressions: [String] = []
    places = table.columns.map { column in
      let place = Place(column: column, type: types[column.name] ?? .text, index: expressions.count)
      expressions += Self.expressions(column, type: place.type, of: table.name)
      return place
    }
    self.expressions = expressions.joined(separator: ", ")
    children = try table.children.map { try ExchangeRows($0, in: database) }
    let parent = table.parent ?? "rowid"
    // A child's key is the end of its table's primary key, by which the rows of a parent are found in order.
    let order = table.key.map { "\(table.name).\($0)" }.joined(separator: ", ")
    childQuery =
      "SELECT \(self.expressions) FROM \(table.name) WHERE \(table.name).\(parent) = ?"
      + (order.isEmpty ? "" : " ORDER BY \(order)")
  }

  /// The declared types of a table's columns.
  static func types(of table: String, in database: Database) throws -> [String: ColumnType] {
    let rows = try Row.fetchAll(database, sql: "SELECT name, type FROM pragma_table_info(?)", arguments: [table])
    return Dictionary(
      rows.compactMap { row in ColumnType(rawValue: row[1]).map { (row[0], $0) } }, uniquingKeysWith: { $1 })
  }

  private static func expressions(
    _ column: ExchangeTable.Column, type: ColumnType, of table: String
  ) -> [String] {
    let name = "\(table).\(column.name)"
    switch column.meaning {
    case .value, .uid, .name, .names, .image: return [type == .text ? "CAST(\(name) AS BLOB)" : name]
    case .rowID, .change: return [name]
    case .bank, .parent, .rebuilt, .local: return []
    case .row(let other): return ["(SELECT named.uid FROM \(other) AS named WHERE named.id = \(name))"]
    case .message:
      let found = "FROM message AS said WHERE said.id = \(name))"
      return ["(SELECT CAST(said.turn AS BLOB) \(found)", "(SELECT said.position \(found)"]
    case .thread: return [name, "(SELECT first.uid FROM memory AS first WHERE first.id = \(name))"]
    }
  }

  /// What is known of other rows while a bank is read.
  struct Context {
    /// The oldest memory that is left of a conversation whose first one is gone.
    var threads: [Int64: String] = [:]
    /// Where a group of changes stands among those of the bank.
    var changes: [Int64: Int] = [:]
  }

  /// The row as an object, and with it the rows that stand within it.
  func members(_ row: Row, context: inout Context, in database: Database) throws -> [(String, JSONValue)] {
    var members: [(String, JSONValue)] = []
    var (id, uid) = (Int64(0), "")
    for place in places {
      switch place.column.meaning {
      case .bank, .parent, .rebuilt, .local: continue
      case .rowID:
        id = row[place.index]
        continue
      case .value, .names, .image:
        if let value = Self.value(row, place.index, place.type) { members.append((place.column.name, value)) }
      case .uid, .name, .row:
        guard let bytes: Data = row[place.index] else { continue }
        let name = RowName.spelling(bytes)
        if case .uid = place.column.meaning { uid = name }
        members.append((place.column.name, .text(name)))
      case .message:
        guard let turn: Data = row[place.index] else { continue }
        members.append(
          (place.column.name, [.text(String(decoding: turn, as: UTF8.self)), .integer(row[place.index + 1])]))
      case .thread:
        guard let thread: Int64 = row[place.index] else { continue }
        let first: Data? = row[place.index + 1]
        let name = first.map(RowName.spelling) ?? context.threads[thread] ?? uid
        if first == nil { context.threads[thread] = name }
        members.append((place.column.name, .text(name)))
      case .change:
        guard let change: Int64 = row[place.index], let number = context.changes[change] else { continue }
        members.append((place.column.name, .integer(number)))
      }
    }
    for child in children {
      let rows = try child.rows(ofParent: id, context: &context, in: database)
      if !rows.isEmpty { members.append((child.table.name, .list(rows))) }
    }
    return members
  }

  private func rows(ofParent id: Int64, context: inout Context, in database: Database) throws -> [JSONValue] {
    let found = try Row.fetchCursor(database.cachedStatement(sql: childQuery), arguments: [id])
    var rows: [JSONValue] = []
    while let row = try found.next() {
      rows.append(.object(JSONObject(try members(row, context: &context, in: database))))
    }
    return rows
  }

  private static func value(_ row: Row, _ index: Int, _ type: ColumnType) -> JSONValue? {
    switch type {
    case .integer: (row[index] as Int?).map(JSONValue.integer)
    case .real: (row[index] as Double?).map(JSONValue.number)
    case .text: (row[index] as Data?).map { .text(String(decoding: $0, as: UTF8.self)) }
    case .blob: (row[index] as Data?).map { .text($0.base64EncodedString()) }
    }
  }
}
