import Foundation
import RearviewEngine
import TOMLKit

/// A TOML file as a flat list of settings, each with the line on which it stands.
public struct TOMLDocument: Hashable, Sendable {
  /// One `key = value`.
  public struct Entry: Hashable, Sendable {
    /// Tables and key, outermost first: `["memory", "bank_id"]`.
    public var path: [String]
    public var value: SettingValue
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
      if let inner = value.table {
        try read(inner, path: path, lines: lines, file: file)
      } else if let text = value.string {
        entries.append(Entry(path: path, value: .text(text), line: line))
      } else if let flag = value.bool {
        entries.append(Entry(path: path, value: .boolean(flag), line: line))
      } else if let number = value.int {
        entries.append(Entry(path: path, value: .integer(number), line: line))
      } else if let number = value.double {
        entries.append(Entry(path: path, value: .number(number), line: line))
      } else if let array = value.array, let items = Self.texts(array) {
        entries.append(Entry(path: path, value: .list(items), line: line))
      } else {
        throw .badSetting(
          file: file, line: line,
          cause: "\(path.joined(separator: ".")) must be a text, a number, true, false or a list of texts")
      }
    }
  }

  private static func texts(_ array: TOMLArray) -> [String]? {
    let items = array.compactMap(\.string)
    return items.count == array.count ? items : nil
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
