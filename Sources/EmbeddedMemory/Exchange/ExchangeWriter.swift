import Foundation
import GRDB
import RearviewJSON

/// How a line of an export becomes a row of a table, with the rows that stand within it.
struct ExchangeWriter {
  let table: ExchangeTable
  private let columns: [Column]
  private let reader: ExchangeRows
  private let children: [ExchangeWriter]
  private let insertion: String
  private let change: String

  private struct Column {
    var described: ExchangeTable.Column
    var type: ExchangeRows.ColumnType
    /// `CAST(? AS TEXT)` and the like; what an older export does not have gets the column's default.
    var placeholder: String
    /// Whether it is changed when a row takes the place of another.
    var isChangeable: Bool
  }

  /// Where rows are written to.
  struct Context {
    var bank: Int64
    var bankName: String
    var policy: ImportPolicy
    let known: KnownRows
    /// The row in whose line the row stands.
    var parent: Int64 = 0
  }

  final class KnownRows {
    /// The rows that have another name here than in the export, because what tells them apart was there already.
    var rows: [Data: Int64] = [:]
    /// The groups of changes by their place in the export.
    var changes: [Int: Int64] = [:]
  }

  init(_ table: ExchangeTable, in database: Database) throws {
    self.table = table
    reader = try ExchangeRows(table, in: database)
    children = try table.children.map { try ExchangeWriter($0, in: database) }
    let types = try ExchangeRows.types(of: table.name, in: database)
    let defaults = try Row.fetchAll(
      database, sql: "SELECT name, dflt_value FROM pragma_table_info(?) WHERE \"notnull\" AND dflt_value IS NOT NULL",
      arguments: [table.name]
    ).reduce(into: [String: String]()) { $0[$1[0]] = $1[1] }
    columns = table.columns.compactMap { column in
      let type = types[column.name] ?? .text
      switch column.meaning {
      case .rebuilt where !["indexed", "text_hash"].contains(column.name), .local: return nil
      case .rowID where table.name != "memory": return nil
      default: break
      }
      let value = type == .text ? "CAST(? AS TEXT)" : "?"
      let placeholder = defaults[column.name].map { "coalesce(\(value), \($0))" } ?? value
      let isChangeable =
        switch column.meaning {
        case .uid, .rowID, .bank, .parent, .change, .local: false
        case .value: table.name != "bank" || column.name != "name"
        case .name, .names, .image, .row, .message, .thread, .rebuilt: true
        }
      return Column(described: column, type: type, placeholder: placeholder, isChangeable: isChangeable)
    }
    insertion = """
      INSERT \(table.hasRowID ? "" : "OR IGNORE ")INTO \(table.name) (\(columns.map(\.described.name).joined(separator: ", "))) \
      VALUES (\(columns.map(\.placeholder).joined(separator: ", ")))
      """
    change = """
      UPDATE \(table.name) SET \
      \(columns.filter(\.isChangeable).map { "\($0.described.name) = \($0.placeholder)" }.joined(separator: ", ")) \
      WHERE \(table.name).rowid = ?
      """
  }

  // MARK: - Finding

  /// The name of the row of a line in this file.
  func uid(of row: JSONObject, policy: ImportPolicy, bank: String) throws -> Data {
    guard let uid = row["uid"]?.text.flatMap(RowName.bytes(spelled:)) else {
      throw BankImport.LineFault(cause: "a row of \(table.name) has no name")
    }
    return policy == .new ? RowName.copy(of: uid, bank: bank) : uid
  }

  func find(uid: Data, in database: Database) throws -> (row: Int64, bank: Int64)? {
    let bank = table.name == "bank" ? "id" : "bank"
    return try Row.fetchOne(
      database.cachedStatement(sql: "SELECT id, \(bank) FROM \(table.name) WHERE uid = ?"), arguments: [uid]
    ).map { ($0[0], $0[1]) }
  }

  /// The row that has what tells rows of a bank apart.
  func find(key row: JSONObject, _ context: Context, in database: Database) throws -> Int64? {
    guard !table.key.isEmpty else { return nil }
    let keys = columns.filter { table.key.contains($0.described.name) }
    let condition = (["bank = ?"] + keys.map { "\($0.described.name) = \($0.placeholder)" }).joined(separator: " AND ")
    // A table without row ids has no number to tell; that there is such a row is enough.
    let number = table.hasRowID ? "id" : "1"
    var values: [(any DatabaseValueConvertible)?] = [context.bank]
    for key in keys { values.append(try value(key, of: row, own: nil, context, in: database)) }
    return try Int64.fetchOne(
      database.cachedStatement(sql: "SELECT \(number) FROM \(table.name) WHERE \(condition)"),
      arguments: StatementArguments(values))
  }

  /// An entry of the journal that tells the same, as a part of the same change.
  func findEqual(_ row: JSONObject, _ context: Context, in database: Database) throws -> Int64? {
    let condition = columns.map { "\($0.described.name) IS \($0.placeholder)" }.joined(separator: " AND ")
    var values: [(any DatabaseValueConvertible)?] = []
    for column in columns { values.append(try value(column, of: row, own: nil, context, in: database)) }
    return try Int64.fetchOne(
      database.cachedStatement(sql: "SELECT seq FROM \(table.name) INDEXED BY journal_uid WHERE \(condition)"),
      arguments: StatementArguments(values))
  }

  /// Whether a row is not as the line says.
  func isOther(_ id: Int64, than row: JSONObject, _ context: Context, in database: Database) throws -> Bool {
    let found = try Row.fetchOne(
      database.cachedStatement(sql: "SELECT \(reader.expressions) FROM \(table.name) WHERE \(table.name).rowid = ?"),
      arguments: [id])
    guard let found else { return true }
    var ignored = ExchangeRows.Context()
    var members = JSONObject(try reader.members(found, context: &ignored, in: database))
    var row = row
    row["table"] = nil
    // A row that was found by what tells it apart keeps the name that it has here.
    for name in ["uid", "name"] where table.name == "bank" || name == "uid" {
      members[name] = nil
      row[name] = nil
    }
    return members != row
  }

  // MARK: - Writing

  /// Returns the row's number; `nil` where such a row was there.
  @discardableResult
  func insert(_ row: JSONObject, uid: Data?, _ context: Context, in database: Database) throws -> Int64? {
    var own: Int64?
    if table.name == "memory" {
      own = try Int64.fetchOne(
        database.cachedStatement(sql: "SELECT last_memory + 1 FROM bank WHERE id = ?"), arguments: [context.bank])
    }
    guard let values = try values(columns, of: row, uid: uid, own: own, context, in: database) else { return nil }
    try database.cachedStatement(sql: insertion).execute(arguments: StatementArguments(values))
    guard database.changesCount > 0 else { return nil }
    let id = own ?? database.lastInsertedRowID
    try insertChildren(of: id, row, context, in: database)
    return id
  }

  /// Adds a row that is nothing but its key. Returns whether it was missing.
  func insertIfNew(_ row: JSONObject, _ context: Context, in database: Database) throws -> Bool {
    guard let values = try values(columns, of: row, uid: nil, own: nil, context, in: database) else { return false }
    try database.cachedStatement(sql: insertion).execute(arguments: StatementArguments(values))
    return database.changesCount > 0
  }

  /// Makes a row as the line says, with the rows within it; its names and its place stay.
  func update(_ id: Int64, _ row: JSONObject, _ context: Context, in database: Database) throws {
    let changed = columns.filter(\.isChangeable)
    guard var values = try values(changed, of: row, uid: nil, own: id, context, in: database) else { return }
    values.append(id)
    try database.cachedStatement(sql: change).execute(arguments: StatementArguments(values))
    for child in children {
      let parent = child.table.parent ?? "rowid"
      try database.cachedStatement(sql: "DELETE FROM \(child.table.name) WHERE \(parent) = ?").execute(arguments: [id])
    }
    if table.name == "memory" {
      // The lines that follow say from what it was derived.
      try database.cachedStatement(sql: "DELETE FROM memory_source WHERE memory = ?").execute(arguments: [id])
    }
    try insertChildren(of: id, row, context, in: database)
    if table.name == "entity", let target = try Self.row(row["merged_into"], of: "entity", context, in: database),
      target != id
    {
      // What texts say of it here, and the names that stand for it.
      try EmbeddedMemory.merge(id, into: target, in: database)
    }
  }

  private func insertChildren(of id: Int64, _ row: JSONObject, _ context: Context, in database: Database) throws {
    var context = context
    context.parent = id
    for child in children {
      for value in row[child.table.name]?.list ?? [] {
        guard let row = value.object else {
          throw BankImport.LineFault(cause: "\(child.table.name) is no list of rows")
        }
        _ = try child.insertIfNew(row, context, in: database)
      }
    }
  }

  // MARK: - Values

  /// `nil` where a row that this one cannot be without is not there.
  private func values(
    _ columns: [Column], of row: JSONObject, uid: Data?, own: Int64?, _ context: Context, in database: Database
  ) throws -> [(any DatabaseValueConvertible)?]? {
    var values: [(any DatabaseValueConvertible)?] = []
    values.reserveCapacity(columns.count + 1)
    for column in columns {
      if case .uid = column.described.meaning, let uid {
        values.append(uid)
        continue
      }
      let value = try value(column, of: row, own: own, context, in: database)
      if value == nil, table.isLink, row[column.described.name] != nil { return nil }
      values.append(value)
    }
    return values
  }

  private func value(
    _ column: Column, of row: JSONObject, own: Int64?, _ context: Context, in database: Database
  ) throws -> (any DatabaseValueConvertible)? {
    let member = row[column.described.name]
    switch column.described.meaning {
    case .bank: return context.bank
    case .parent: return context.parent
    case .rowID: return own
    case .value: return try plain(member, column)
    case .uid, .name:
      guard let uid = member?.text.flatMap(RowName.bytes(spelled:)) else {
        throw BankImport.LineFault(cause: "\(column.described.name) is no name")
      }
      return context.policy == .new ? RowName.copy(of: uid, bank: context.bankName) : uid
    case .names: return try names(member, context)?.blob
    case .image: return try image(member, context)?.blob
    case .row(let other): return try Self.row(member, of: other, context, in: database)
    case .message: return try Self.message(member, context, in: database)
    case .thread:
      guard let first = member else { return nil }
      return try Self.row(first, of: "memory", context, in: database) ?? own
    case .rebuilt:
      let text = row["text"]?.text ?? ""
      return column.described.name == "indexed" ? IndexedText.of(text) : NormalizedText(text).hash
    case .change: return member?.integer.flatMap { context.known.changes[$0] }
    case .local: return nil
    }
  }

  private func plain(_ member: JSONValue?, _ column: Column) throws -> (any DatabaseValueConvertible)? {
    guard let member, !member.isNull else { return nil }
    let value: (any DatabaseValueConvertible)? =
      switch column.type {
      case .integer: member.integer
      case .real: member.number
      case .text: member.text?.blob
      case .blob: member.text.flatMap { Data(base64Encoded: $0) }
      }
    guard let value else { throw BankImport.LineFault(cause: "\(column.described.name) has a value of another kind") }
    return value
  }

  /// A list of names, which the copies of what it names have in their way.
  private func names(_ member: JSONValue?, _ context: Context) throws -> String? {
    guard let list = member?.text else { return nil }
    guard context.policy == .new else { return list }
    return NameList.written(NameList.read(list).map { Self.copy(of: $0, context) })
  }

  private func image(_ member: JSONValue?, _ context: Context) throws -> String? {
    guard let text = member?.text else { return nil }
    guard context.policy == .new, var image = (try? JSONValue(parsing: text))?.object, let id = image["id"]?.text else {
      return text
    }
    image["id"] = .text(Self.copy(of: id, context))
    return JSONValue.object(image).written()
  }

  private static func copy(of name: String, _ context: Context) -> String {
    RowName.bytes(spelled: name).map { RowName.spelling(RowName.copy(of: $0, bank: context.bankName)) } ?? name
  }

  /// The name that a row of that name has in this file.
  static func name(_ member: JSONValue?, _ context: Context) -> Data? {
    guard let uid = member?.text.flatMap(RowName.bytes(spelled:)) else { return nil }
    return context.policy == .new ? RowName.copy(of: uid, bank: context.bankName) : uid
  }

  /// The row that a name means in this file: of an entity that was merged into another, that one.
  static func row(
    _ member: JSONValue?, of table: String, _ context: Context, in database: Database
  ) throws -> Int64? {
    guard let name = name(member, context) else { return nil }
    let id = table == "entity" ? "coalesce(merged_into, id)" : "id"
    if let known = context.known.rows[name] {
      return try Int64.fetchOne(
        database.cachedStatement(sql: "SELECT \(id) FROM \(table) WHERE id = ?"), arguments: [known])
    }
    return try Int64.fetchOne(
      database.cachedStatement(sql: "SELECT \(id) FROM \(table) WHERE uid = ? AND bank = ?"),
      arguments: [name, context.bank])
  }

  static func message(_ member: JSONValue?, _ context: Context, in database: Database) throws -> Int64? {
    guard let place = member?.list, place.count == 2, let turn = place[0].text, let position = place[1].integer else {
      return nil
    }
    return try Int64.fetchOne(
      database.cachedStatement(
        sql: "SELECT id FROM message WHERE bank = ? AND turn = CAST(? AS TEXT) AND position = ?"),
      arguments: [context.bank, turn.blob, position])
  }
}
