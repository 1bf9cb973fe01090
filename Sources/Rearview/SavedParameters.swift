import Foundation
import RearviewEngine
import RearviewJSON

/// `models.toml`: the parameters of models as the program saves them, one table a model, with the keys of
/// `[models."NAME"]` in `config.toml`, over which it counts.
///
/// People may write in it too: a change touches the lines of its own model, and a file that cannot be read is an error
/// with its line and stays as it is.
struct SavedParameters: Sendable {
  private let file: SharedFile
  private var path: String { file.path }

  init(path: String) { file = SharedFile(path: path) }

  /// - Throws: `ConfigurationError` with file and line.
  func read() throws(ConfigurationError) -> [ModelSettings.Setting] {
    let text: String?
    do {
      text = try file.read()
    } catch {
      throw .unreadable(file: path, cause: (error as NSError).reason)
    }
    return try text.map { text throws(ConfigurationError) in try parse(text) } ?? []
  }

  private func parse(_ text: String) throws(ConfigurationError) -> [ModelSettings.Setting] {
    var models = ModelSettings()
    for entry in try TOMLDocument(text: text, file: path).entries {
      guard entry.path.count == 2 else {
        throw .badSetting(
          file: path, line: entry.line,
          cause: "\(entry.name) belongs to no model; write it below a line such as [\"openai/gpt-4o\"]")
      }
      do {
        try models.set(
          entry.path[1], of: entry.path[0], to: entry.value, origin: .file(path, line: entry.line), layer: .saved)
      } catch {
        throw .badSetting(file: path, line: entry.line, cause: "\(error)")
      }
    }
    return models.settings
  }

  /// Writes what is set for one model, and leaves all else as it is.
  ///
  /// - Parameter change: Gets what the file says of the model; gives all that it is to say, in order. An empty text
  ///   unsets what `config.toml` sets.
  /// - Returns: what the file says then.
  func save(
    of model: String, _ change: ([String: JSONValue]) throws -> [(name: String, value: JSONValue)]
  ) throws -> [ModelSettings.Setting] {
    var saved: [ModelSettings.Setting] = []
    try file.change { before in
      let before = before ?? ""
      let known = try parse(before)
      let own = known.filter { $0.model == model }.map { ($0.name, $0.value) }
      let values = try change(Dictionary(own) { $1 })
      let wanted =
        known.filter { $0.model != model }.map { Entry($0) }
        + values.map { Entry(model: model, name: $0.name, value: $0.value) }
      var after = Self.replacing(model, by: values, in: before)
      saved = (try? parse(after)) ?? []
      if Set(saved.map(Entry.init)) != Set(wanted) {
        // The model's lines stand in a form that cannot be changed by itself.
        after = Self.written(wanted)
        saved = try parse(after)
      }
      return after
    }
    return saved
  }

  private struct Entry: Hashable {
    var model: String
    var name: String
    var value: JSONValue

    init(model: String, name: String, value: JSONValue) {
      self.model = model
      self.name = name
      self.value = value
    }

    init(_ setting: ModelSettings.Setting) {
      self.init(model: setting.model, name: setting.name, value: setting.value)
    }
  }

  // MARK: Text

  private static func written(_ entries: [Entry]) -> String {
    var models: [String] = []
    for entry in entries where !models.contains(entry.model) { models.append(entry.model) }
    return models.map { model in
      table(model, entries.filter { $0.model == model }.map { ($0.name, $0.value) }).joined(separator: "\n") + "\n"
    }.joined(separator: "\n")
  }

  /// The text with the lines of a model's table changed; its comments stay above its first key.
  private static func replacing(
    _ model: String, by values: [(name: String, value: JSONValue)], in text: String
  ) -> String {
    let lines = TOMLLine.lines(of: text)
    var kept: [Substring] = []
    var place: Int?
    var comments: [Substring] = []
    // A comment above the next table belongs to that one.
    var pending: [Substring] = []
    var isInside = false
    for line in lines {
      let isText = !line.text.allSatisfy(\.isWhitespace)
      let isComment = line.kind == .other && line.text.drop(while: \.isWhitespace).first == "#"
      if line.kind == .table {
        isInside = line.path?.first == model
        if isInside, place == nil {
          kept += pending
          place = kept.count
        } else if !isInside {
          kept += pending
        } else {
          comments += pending.filter { !$0.allSatisfy(\.isWhitespace) }
        }
        pending = []
        if !isInside { kept.append(line.text) }
      } else if isComment || !isText {
        pending.append(line.text)
      } else if isInside {
        comments += pending.filter { !$0.allSatisfy(\.isWhitespace) }
        pending = []
      } else {
        kept += pending + [line.text]
        pending = []
      }
    }
    var table = values.isEmpty && comments.isEmpty ? [] : Self.table(model, values).map { Substring($0) }
    if !comments.isEmpty { table.insert(contentsOf: comments, at: 1) }
    let end = pending.drop { $0.allSatisfy(\.isWhitespace) }
    if let place {
      kept.insert(contentsOf: table, at: place)
      kept += pending
    } else if !table.isEmpty {
      while kept.last?.allSatisfy(\.isWhitespace) == true { kept.removeLast() }
      kept += (kept.isEmpty ? [] : [""]) + end + table
    } else {
      kept += pending
    }
    while kept.last?.allSatisfy(\.isWhitespace) == true { kept.removeLast() }
    return kept.isEmpty ? "" : kept.joined(separator: "\n") + "\n"
  }

  private static func table(_ model: String, _ values: [(name: String, value: JSONValue)]) -> [String] {
    ["[\(text(model))]"] + values.map { "\($0.name) = \(written($0.value))" }
  }

  /// A value as TOML. What TOML has no word for (`null` in an object) is written as JSON text, which is read as well.
  private static func written(_ value: JSONValue) -> String { toml(value) ?? text(value.written()) }

  private static func toml(_ value: JSONValue) -> String? {
    switch value {
    case .null: return nil
    case .boolean(let flag): return "\(flag)"
    case .integer(let number): return "\(number)"
    case .number(let number): return number.isFinite ? "\(number)" : nil
    case .text(let words): return text(words)
    case .list(let items):
      let written = items.compactMap { toml($0) }
      return written.count == items.count ? "[" + written.joined(separator: ", ") + "]" : nil
    case .object(let object):
      var members: [String] = []
      for (key, value) in object {
        guard let value = toml(value) else { return nil }
        members.append("\(text(key)) = \(value)")
      }
      return "{ " + members.joined(separator: ", ") + " }"
    }
  }

  /// A basic string: the escapes of JSON are those of TOML, but for DEL.
  private static func text(_ words: String) -> String {
    JSONValue.text(words).written().replacing("\u{7F}", with: "\\u007F")
  }
}
