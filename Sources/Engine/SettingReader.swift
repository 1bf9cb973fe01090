import Foundation
import RearviewJSON
import RearviewMemory

/// Reads one value as the type that its setting has.
public struct SettingReader: Sendable {
  let name: String
  let value: JSONValue

  public init(name: String, value: JSONValue) {
    self.name = name
    self.value = value
  }

  private func bad(_ expected: String) -> SettingError { .badValue(name: name, value: value, expected: expected) }

  public func nonEmptyText() throws(SettingError) -> String {
    guard case .text(let text) = value, !text.allSatisfy(\.isWhitespace) else { throw bad("a text that is not empty") }
    return text
  }

  /// A whole http or https address.
  public func url() throws(SettingError) -> String {
    guard case .text(let text) = value, let url = URL(string: text), ["http", "https"].contains(url.scheme),
      url.host?.isEmpty == false
    else { throw bad("a URL such as 'http://localhost:8888'") }
    guard url.user == nil, url.password == nil else {
      throw SettingError.badValue(
        name: name, value: "a URL with a password", expected: "a URL without one; use api_key")
    }
    return text
  }

  public func boolean() throws(SettingError) -> Bool {
    switch value {
    case .boolean(let flag): return flag
    case .text(let text):
      switch text.lowercased() {
      case "true", "yes", "on", "1": return true
      case "false", "no", "off", "0": return false
      default: throw bad("true or false")
      }
    case .null, .integer, .number, .list, .object: throw bad("true or false")
    }
  }

  public func integer(in range: ClosedRange<Int>) throws(SettingError) -> Int {
    guard let number = value.integer ?? value.text.flatMap({ Int($0) }), range.contains(number) else {
      throw bad("a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  public func number(in range: ClosedRange<Double>) throws(SettingError) -> Double {
    guard let number = value.number ?? value.text.flatMap({ Double($0) }), range.contains(number) else {
      throw bad("a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// One text, a list of texts, or such a list as JSON text.
  public func texts() throws(SettingError) -> [String] {
    guard case .text(let text) = value else { return try list() }
    guard text.hasPrefix("["), let parsed = try? JSONValue(parsing: text), case .list = parsed else { return [text] }
    return try list()
  }

  /// A list, a text with commas, or a JSON list as text.
  public func list() throws(SettingError) -> [String] {
    switch value {
    case .list(let items):
      let texts = items.compactMap(\.text)
      guard texts.count == items.count else { throw bad("a list of texts") }
      return texts
    case .text(let text):
      if text.hasPrefix("["), let parsed = try? JSONValue(parsing: text), case .list = parsed {
        return try SettingReader(name: name, value: parsed).list()
      }
      return text.split(separator: ",").map { $0.trimmed }.filter { !$0.isEmpty }
    case .null, .boolean, .integer, .number, .object: throw bad("a list of texts")
    }
  }

  /// An object, or its JSON text.
  public func object() throws(SettingError) -> JSONObject {
    let parsed = value.text.flatMap { try? JSONValue(parsing: $0) } ?? value
    guard let object = parsed.object else { throw bad("a JSON object") }
    return object
  }

  /// The choice of that name.
  public func oneOf<Choice: RawRepresentable<String>>(_ choices: [Choice]) throws(SettingError) -> Choice {
    guard case .text(let text) = value, let choice = choices.first(where: { $0.rawValue == text }) else {
      throw bad("one of " + Self.names(choices))
    }
    return choice
  }

  /// - Parameter others: Choices that are taken but not offered.
  func list<Choice: RawRepresentable<String>>(
    of choices: [Choice], accepting others: [Choice] = []
  ) throws(SettingError) -> [Choice] {
    var read: [Choice] = []
    for item in try list() {
      guard let choice = (choices + others).first(where: { $0.rawValue == item }) else {
        throw bad("a list of " + Self.names(choices))
      }
      read.append(choice)
    }
    return read
  }

  /// In the words of the Python package: `['high', 'low', 'mid']`.
  private static func names(_ choices: [some RawRepresentable<String>]) -> String {
    "[" + choices.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ") + "]"
  }
}

extension StringProtocol {
  /// Without white space at its ends.
  var trimmed: String {
    var rest = self[...]
    while let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
    while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
    return String(rest)
  }
}

extension JSONValue {
  /// The value as Python prints it (`{'type': 'text', 'flag': True}`): messages of the package hold values in this form,
  /// and so do the tool results that it stores.
  var pythonRepresentation: String {
    switch self {
    case .null: "None"
    case .boolean(let flag): flag ? "True" : "False"
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    case .text(let text): Self.quoted(text)
    case .list(let items): "[" + items.map(\.pythonRepresentation).joined(separator: ", ") + "]"
    case .object(let object):
      "{" + object.map { Self.quoted($0.key) + ": " + $0.value.pythonRepresentation }.joined(separator: ", ") + "}"
    }
  }

  private static func quoted(_ text: String) -> String {
    let quote: Character = text.contains("'") && !text.contains("\"") ? "\"" : "'"
    var result = String(quote)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where Character(scalar) == quote: result += "\\" + String(quote)
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        result += "\\x" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + String(quote)
  }
}
