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
    _ table: TOMLTable, path: [String], lines: [[String]: Int], file: String
  ) throws(ConfigurationError) {
    for (key, value) in table {
      let path = path + [key]
      let line = lines[path]
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
  private static let objects = ["reflect_response_schema"]

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
  private static func keyLines(_ text: String) -> [[String]: Int] {
    var lines: [[String]: Int] = [:]
    var table: [String] = []
    for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = raw.trimmingCharacters(in: .whitespaces)
      if line.hasPrefix("["), !line.hasPrefix("[["), let end = line.firstIndex(of: "]") {
        table = keys(line[line.index(after: line.startIndex)..<end])
      } else if !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") {
        let path = table + keys(line[..<equals])
        if lines[path] == nil { lines[path] = index + 1 }
      }
    }
    return lines
  }

  private static func keys(_ dotted: Substring) -> [String] {
    dotted.split(separator: ".").map {
      $0.trimmingCharacters(in: .whitespaces).trimmingCharacters(in: CharacterSet(charactersIn: "\"'"))
    }
  }
}
