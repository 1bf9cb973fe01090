import Foundation
import RearviewEngine
import RearviewJSON
import TOMLKit

/// A TOML file as a flat list of settings, each with the line on which it stands.
public struct TOMLDocument: Hashable, Sendable {
  /// One `key = value`.
  public struct Entry: Hashable, Sendable {
    /// Tables and key, outermost first: `["memory", "bank_id"]`.
    public var path: [String]
    public var value: JSONValue
    /// From 1; `nil` where it cannot be told.
    public var line: Int?

    public var name: String { path.joined(separator: ".") }
  }

  public var entries: [Entry]

  /// - Throws: `ConfigurationError.syntax` with the line, or `.badSetting` for a value of a kind that no setting has.
  public init(text: String, file: String) throws(ConfigurationError) {
    let table: TOMLTable
    do {
      table = try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      throw .syntax(file: file, line: error.source.begin.line, cause: error.description)
    } catch {
      throw .syntax(file: file, line: 1, cause: "\(error)")
    }
    let lines = Self.keyLines(text)
    entries = []
    try read(table, path: [], lines: lines, file: file)
    entries.sort { ($0.line ?? .max, $0.name) < ($1.line ?? .max, $1.name) }
  }

  private mutating func read(
    _ table: TOMLTable, path: [String], lines: [ArraySlice<String>: Int], file: String
  ) throws(ConfigurationError) {
    for (key, value) in table {
      let path = path + [key]
      // What stands in an inline table has the line of that.
      let line = (0..<path.count).lazy.compactMap { lines[path.dropLast($0)] }.first
      if let inner = value.table, !Self.objects.contains(key) {
        try read(inner, path: path, lines: lines, file: file)
      } else if let value = Self.json(value) {
        entries.append(Entry(path: path, value: value, line: line))
      } else {
        throw .badSetting(
          file: file, line: line,
          cause: "\(path.joined(separator: ".")) must be a text, a number, true, false or a list of such")
      }
    }
  }

  /// Settings whose value is itself an object.
  private static let objects = ["reflect_response_schema", "extra_body"]

  /// Dates and times have no place in a setting.
  private static func json(_ value: any TOMLValueConvertible) -> JSONValue? {
    if let text = value.string { return .text(text) }
    if let flag = value.bool { return .boolean(flag) }
    if let number = value.int { return .integer(number) }
    if let number = value.double { return .number(number) }
    if let array = value.array {
      let items = array.map { json($0) }
      return items.contains { $0 == nil } ? nil : .list(items.compactMap(\.self))
    }
    guard let table = value.table else { return nil }
    var object = JSONObject()
    for (key, value) in table {
      guard let member = json(value) else { return nil }
      object[key] = member
    }
    return .object(object)
  }

  /// The parser tells no positions of values, so keys are found in the text: good for what people write, and a key
  /// that is not found costs only the line number in a message.
  private static func keyLines(_ text: String) -> [ArraySlice<String>: Int] {
    var lines: [ArraySlice<String>: Int] = [:]
    for line in TOMLLine.lines(of: text) {
      guard let path = line.path else { continue }
      if lines[path[...]] == nil { lines[path[...]] = line.number }
    }
    return lines
  }
}

/// A line of a TOML file, as far as it names something.
struct TOMLLine: Hashable {
  enum Kind: Hashable {
    /// `[a.b]`
    case table
    /// `a.b = …`
    case key
    /// Blank, a comment, or the rest of a value.
    case other
  }

  /// From 1.
  var number: Int
  var text: Substring
  var kind = Kind.other
  /// The whole path, that of the table included.
  var path: [String]?

  static func lines(of text: String) -> [TOMLLine] {
    var table: [String] = []
    // The mark that ends a text over several lines.
    var end: String?
    // A line end of Windows is one character.
    let raws = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    return raws.enumerated().map { index, raw in
      var line = TOMLLine(number: index + 1, text: raw)
      if let mark = end {
        if raw.contains(mark) { end = nil }
        return line
      }
      for mark in ["\"\"\"", "\'\'\'"] where raw.ranges(of: mark).count == 1 { end = mark }
      var start = raw.drop { $0 == " " || $0 == "\t" }
      if start.first == "[", !start.hasPrefix("[[") {
        start = start.dropFirst()
        guard let path = keys(start, until: "]") else { return line }
        table = path
        line.kind = .table
        line.path = path
      } else if start.first != "#", let path = keys(start, until: "=") {
        line.kind = .key
        line.path = table + path
      }
      return line
    }
  }

  /// The parts of a dotted key, bare or in quotes; `nil` when the mark that ends it does not come.
  private static func keys(_ text: Substring, until end: Character) -> [String]? {
    var keys: [String] = []
    var key = ""
    var quote: Character?
    for character in text {
      if let open = quote {
        if character == open { quote = nil } else { key.append(character) }
      } else if character == "\"" || character == "'" {
        quote = character
      } else if character == "." || character == end {
        keys.append(key)
        key = ""
        if character == end { return keys }
      } else if character != " ", character != "\t" {
        key.append(character)
      }
    }
    return nil
  }
}
