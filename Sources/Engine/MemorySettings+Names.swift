import RearviewMemory

/// A value as a configuration file, the environment or the command line gives it.
public enum SettingValue: Hashable, Sendable {
  case text(String)
  case integer(Int)
  case number(Double)
  case boolean(Bool)
  case list([String])

  /// As it stands in a message.
  public var written: String {
    switch self {
    case .text(let text): "\"\(text)\""
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    case .boolean(let flag): "\(flag)"
    case .list(let items): "[" + items.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
    }
  }
}

/// Why a setting was not taken. The description does not say where it stands; who read it adds that.
public enum SettingError: Error, Hashable, Sendable, CustomStringConvertible {
  case unknownName(String, known: [String])
  case badValue(name: String, value: SettingValue, expected: String)

  public var description: String {
    switch self {
    case .unknownName(let name, let known):
      "there is no setting \(name); the settings are \(known.joined(separator: ", "))"
    case .badValue(let name, let value, let expected):
      // A provider's value may be a key.
      "\(name) must be \(expected)" + (name.hasPrefix("providers.") ? "" : ", got \(value.written)")
    }
  }
}

extension MemorySettings {
  /// The names that `set` takes, in the order in which they are listed.
  public static let names: [String] = [
    "bank_id", "budget", "max_memory_tokens", "max_memories", "fact_types", "inject_memories", "injection_mode",
    "store_conversations", "tags", "recall_timeout_seconds",
  ]

  /// Sets one value by its name. Text is read as the type that the setting has, so that the command line can set all.
  public mutating func set(_ name: String, to value: SettingValue) throws(SettingError) {
    let reader = SettingReader(name: name, value: value)
    switch name {
    case "bank_id": bankID = try reader.nonEmptyText()
    case "budget": budget = try reader.oneOf(Budget.allCases)
    case "max_memory_tokens": maxMemoryTokens = try reader.integer(in: 1...1_000_000)
    case "max_memories": maxMemories = try reader.integer(in: 1...10_000)
    case "fact_types":
      let types: [MemoryType] = try reader.list(of: MemoryType.allCases)
      factTypes = types.isEmpty ? nil : types
    case "inject_memories": injectMemories = try reader.boolean()
    case "injection_mode": injectionMode = try reader.oneOf(InjectionMode.allCases)
    case "store_conversations": storeConversations = try reader.boolean()
    case "tags": tags = try reader.list()
    case "recall_timeout_seconds": recallTimeoutSeconds = try reader.number(in: 0.05...3_600)
    default: throw .unknownName(name, known: Self.names)
    }
  }

  /// The value of a setting as text, for a person.
  public func written(_ name: String) -> String? {
    switch name {
    case "bank_id": bankID
    case "budget": budget.rawValue
    case "max_memory_tokens": "\(maxMemoryTokens)"
    case "max_memories": maxMemories.map { "\($0)" } ?? "all that fit"
    case "fact_types": factTypes.map { $0.map(\.rawValue).joined(separator: ", ") } ?? "all"
    case "inject_memories": "\(injectMemories)"
    case "injection_mode": injectionMode.rawValue
    case "store_conversations": "\(storeConversations)"
    case "tags": tags.isEmpty ? "none" : tags.joined(separator: ", ")
    case "recall_timeout_seconds": "\(recallTimeoutSeconds)"
    default: nil
    }
  }
}

/// Reads one value as the type that its setting has.
public struct SettingReader: Sendable {
  let name: String
  let value: SettingValue

  public init(name: String, value: SettingValue) {
    self.name = name
    self.value = value
  }

  private func bad(_ expected: String) -> SettingError { .badValue(name: name, value: value, expected: expected) }

  public func nonEmptyText() throws(SettingError) -> String {
    guard case .text(let text) = value, !text.allSatisfy(\.isWhitespace) else { throw bad("a text that is not empty") }
    return text
  }

  public func boolean() throws(SettingError) -> Bool {
    switch value {
    case .boolean(let flag): return flag
    case .text("true"), .text("yes"), .text("on"), .text("1"): return true
    case .text("false"), .text("no"), .text("off"), .text("0"): return false
    case .text, .integer, .number, .list: throw bad("true or false")
    }
  }

  public func integer(in range: ClosedRange<Int>) throws(SettingError) -> Int {
    let number: Int? =
      switch value {
      case .integer(let number): number
      case .text(let text): Int(text)
      case .boolean, .number, .list: nil
      }
    guard let number, range.contains(number) else {
      throw bad("a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  public func number(in range: ClosedRange<Double>) throws(SettingError) -> Double {
    let number: Double? =
      switch value {
      case .integer(let number): Double(number)
      case .number(let number): number
      case .text(let text): Double(text)
      case .boolean, .list: nil
      }
    guard let number, range.contains(number) else {
      throw bad("a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  public func list() throws(SettingError) -> [String] {
    switch value {
    case .list(let items): return items
    case .text(let text):
      return text.split(separator: ",").map { $0.trimmed }.filter { !$0.isEmpty }
    case .boolean, .integer, .number: throw bad("a list of texts")
    }
  }

  func oneOf<Choice: RawRepresentable<String>>(_ choices: [Choice]) throws(SettingError) -> Choice {
    guard case .text(let text) = value, let choice = Choice(rawValue: text) else { throw bad(Self.oneOf(choices)) }
    return choice
  }

  func list<Choice: RawRepresentable<String>>(of choices: [Choice]) throws(SettingError) -> [Choice] {
    var read: [Choice] = []
    for item in try list() {
      guard let choice = Choice(rawValue: item) else { throw bad("a list of " + Self.names(choices)) }
      read.append(choice)
    }
    return read
  }

  /// In the words of the Python package: `one of ['high', 'low', 'mid']`.
  private static func oneOf(_ choices: [some RawRepresentable<String>]) -> String { "one of " + names(choices) }

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
