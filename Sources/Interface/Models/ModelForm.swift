import Rearview
import RearviewText

/// The form with a model's parameters. An empty field leaves a parameter to the provider.
public struct ModelForm: Hashable, Sendable {
  struct Field: Hashable, Sendable {
    /// As the configuration calls it.
    var name: String
    var label: DisplayText
    /// What can stand in it.
    var rule: DisplayText
    /// Whether Enter begins a new line in it.
    var isLong = false
    var text = TextEditor()
    /// What stood in it when the form was opened.
    var before = ""
    /// Where that is set; empty where it is not.
    var origin: DisplayText = ""
    var isFixed = false

    var isChanged: Bool { text.text != before }
  }

  let model: String
  var fields: [Field]
  /// The field that has the keyboard.
  var selection = 0
  /// Why saving failed.
  var failure: DisplayText?
  var isSaving = false

  /// - Parameter values: What is set, by the names of the configuration.
  init(model: String, values: [ModelParameters.Value]) {
    self.model = model
    fields = Self.empty
    for index in fields.indices {
      guard let value = values.first(where: { $0.name == fields[index].name }) else { continue }
      fields[index].before = Self.written(value.value)
      fields[index].text = TextEditor(fields[index].before)
      fields[index].origin = value.origin.map { DisplayText(line: Self.short($0)) } ?? ""
      fields[index].isFixed = value.isFixed
    }
  }

  private static let empty: [Field] = [
    Field(name: "temperature", label: "temperature", rule: "A number from 0 to 2; higher is more random."),
    Field(name: "max_tokens", label: "max tokens", rule: "A whole number: how long an answer may become."),
    Field(name: "top_p", label: "top-p", rule: "A number from 0 to 1: from how much of the likely words it chooses."),
    Field(
      name: "reasoning_effort", label: "reasoning effort",
      rule: "One of none, minimal, low, medium, high, xhigh, max; a model may take only some of them."),
    Field(
      name: "stop", label: "stop",
      rule: "A text at which the answer ends, or a JSON list of texts: [\"END\", \"\\n\\n\"]."),
    Field(
      name: "system_prompt", label: "system prompt", rule: "Instructions that stand in front of each conversation.",
      isLong: true),
    Field(
      name: "extra_body", label: "extra body",
      rule: "A JSON object whose members are added to each request; not model, messages or stream.", isLong: true),
  ]

  /// A file by its name: the folder is known.
  private static func short(_ origin: Configuration.Origin) -> String {
    switch origin {
    case .file(let path, let line): (path.split(separator: "/").last ?? "") + (line.map { ":\($0)" } ?? "")
    case .builtIn, .environment, .commandLine: "\(origin)"
    }
  }

  private static func written(_ value: JSONValue) -> String {
    switch value {
    case .null: ""
    case .text(let text): text
    case .list(let items) where items.count == 1 && isPlain(items[0].text): items[0].text ?? ""
    case .number(let number) where number == number.rounded() && abs(number) < 1e9: "\(Int(number))"
    case .boolean, .integer, .number, .list, .object: value.written()
    }
  }

  /// Whether a text at which an answer ends can be typed as it is.
  private static func isPlain(_ text: String?) -> Bool {
    guard let text else { return false }
    return !text.hasPrefix("[") && !text.contains("\n") && text == text.trimmingBlanks
  }

  // MARK: Checking

  /// The value of a field, as the configuration keeps it.
  static func value(of field: Field) -> Result<JSONValue, Problem> {
    let text = field.isLong ? field.text.text : field.text.text.trimmingBlanks
    guard !text.allSatisfy(\.isWhitespace) else { return .success(.null) }
    if field.name == "extra_body" {
      do {
        _ = try JSONValue(parsing: text)
      } catch {
        return .failure(Problem(text: "This is no JSON: " + DisplayText(line: "\(error)") + "."))
      }
    }
    var trial = ModelParameters()
    do {
      try trial.set(field.name, to: .text(text))
    } catch {
      return .failure(Problem(text: field.rule))
    }
    return .success(trial.value(of: field.name))
  }

  struct Problem: Error, Hashable {
    var text: DisplayText
  }

  /// What is wrong with a field; `nil` when it can be saved.
  func problem(of field: Field) -> DisplayText? {
    if case .failure(let problem) = Self.value(of: field) { return problem.text }
    return nil
  }

  /// The fields that were changed; `nil` while one of them cannot be saved.
  var changes: [String: JSONValue]? {
    var changes: [String: JSONValue] = [:]
    for field in fields where field.isChanged {
      guard case .success(let value) = Self.value(of: field) else { return nil }
      changes[field.name] = value
    }
    return changes
  }

  // MARK: Moving

  mutating func move(by steps: Int) {
    selection = (selection + steps + fields.count) % fields.count
  }

  /// Changes what stands in the selected field.
  mutating func edit(_ change: (inout TextEditor) -> Void) {
    change(&fields[selection].text)
    failure = nil
  }
}

extension String {
  fileprivate var trimmingBlanks: String {
    var rest = self[...]
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }
}
