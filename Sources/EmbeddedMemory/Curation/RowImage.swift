import Foundation
import GRDB
import RearviewJSON

/// A row of a table as it was before a change and as it became; `nil` where there was no such row.
struct RowImage: Sendable {
  var table: RecordedTable
  /// A JSON list of the primary key; of a memory its uid, since a move changes its row id.
  var key: String
  var before: JSONObject?
  var after: JSONObject?

  /// The columns that a change put another value into.
  var changedColumns: [String] {
    guard let before, let after else { return [] }
    return after.keys.filter { before[$0] != after[$0] }
  }
}

/// A table whose rows a change may touch, with what is recorded of them.
struct RecordedTable: Hashable, Sendable {
  /// A column of it.
  struct Column: Hashable, Sendable {
    var name: String
    var isBlob: Bool
  }

  var name: String
  var columns: [Column]
  /// What names a row.
  var key: [String]

  /// Those whose rows commands change: parents stand before what refers to them.
  static let names = [
    "document", "message", "entity", "memory", "source", "echo", "alias", "memory_entity", "entity_apart",
    "memory_source", "memory_version", "gone_message",
  ]
  /// Kept by triggers, or of the moment: never put back.
  private static let left = [
    "entity": ["mentions"], "memory": ["updated"], "document": ["updated", "extracted_message", "extracted_bytes"],
  ]

  /// All of them, in the order of `names`, as the file has them.
  static func all(in database: Database) throws -> [RecordedTable] {
    try names.map { name in
      let rows = try Row.fetchAll(
        database.cachedStatement(sql: "SELECT name, type, pk FROM pragma_table_info(?)"), arguments: [name])
      let key = rows.filter { $0["pk"] as Int > 0 }.sorted { ($0["pk"] as Int) < ($1["pk"] as Int) }
      let left = left[name] ?? []
      return RecordedTable(
        name: name,
        columns: rows.map { Column(name: $0["name"], isBlob: ($0["type"] as String) == "BLOB") }
          .filter { !left.contains($0.name) },
        key: name == "memory" ? ["uid"] : key.map { $0["name"] })
    }
  }

  /// SQL that makes the JSON object of a row; `row` is `old` or `new`.
  func image(of row: String) -> String {
    let members = columns.map { column in
      let value = "\(row).\(column.name)"
      return "'\(column.name)', " + (column.isBlob ? "iif(\(value) IS NULL, NULL, hex(\(value)))" : value)
    }
    return "json_object(\(members.joined(separator: ", ")))"
  }

  func key(of image: JSONObject) -> String {
    JSONValue.list(key.map { image[$0] ?? .null }).written()
  }

  /// The value of an image's column, to be bound; texts go in as blobs (`CAST(? AS TEXT)`), since a C string ends at
  /// its first NUL.
  func value(_ column: Column, of image: JSONObject) -> (sql: String, value: DatabaseValue) {
    switch image[column.name] ?? .null {
    case .null, .list, .object: ("?", .null)
    case .boolean(let flag): ("?", (flag ? 1 : 0).databaseValue)
    case .integer(let number): ("?", number.databaseValue)
    case .number(let number): ("?", number.databaseValue)
    case .text(let text) where column.isBlob: ("?", Data(hexadecimal: text).databaseValue)
    case .text(let text): ("CAST(? AS TEXT)", text.blob.databaseValue)
    }
  }

  /// A condition that finds the row of an image.
  func condition(_ image: JSONObject) -> (sql: String, values: [DatabaseValue]) {
    var parts: [String] = []
    var values: [DatabaseValue] = []
    for name in key {
      guard let column = columns.first(where: { $0.name == name }) else { continue }
      let bound = value(column, of: image)
      parts.append("\(name) = \(bound.sql)")
      values.append(bound.value)
    }
    return (parts.joined(separator: " AND "), values)
  }
}

extension Data {
  /// The bytes that pairs of hexadecimal digits name; what is no digit counts as 0.
  init(hexadecimal text: String) {
    let digits = text.utf8.map { UInt8(Character(UnicodeScalar($0)).hexDigitValue ?? 0) }
    self.init(stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
  }

  /// Two digits a byte, as SQLite's `hex` writes them.
  var hexadecimal: String {
    let digits = Array("0123456789ABCDEF".utf8)
    return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
