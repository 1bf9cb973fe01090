import RearviewEngine
import RearviewJSON

/// With what a model is asked, beside the messages. What is not set is left to its provider.
///
/// In `config.toml`:
/// ```toml
/// [models."openai/gpt-4o"]
/// temperature = 0.2
/// system_prompt = "Answer in one sentence."
/// [models."openai/gpt-4o".extra_body]
/// service_tier = "flex"
/// ```
public struct ModelParameters: Hashable, Sendable {
  /// How long a model that reasons may think; which words a model takes is its provider's matter.
  public enum ReasoningEffort: String, CaseIterable, Sendable {
    case none, minimal, low, medium, high, xhigh, max
  }

  /// 0 to 2.
  public var temperature: Double?
  /// Tokens that the answer may have.
  public var maxTokens: Int?
  /// 0 to 1.
  public var topP: Double?
  public var reasoningEffort: ReasoningEffort?
  /// Texts at which the answer ends.
  public var stop: [String] = []
  /// Goes in front of the conversation, as a system message.
  public var systemPrompt: String?
  /// Full names of models that are asked, in this order, when this one fails before its answer begins; `nil` for those
  /// that the configuration has for all.
  public var fallbackModels: [String]?
  /// Members that are added to the body of the request.
  public var extraBody: JSONObject = [:]

  public init() {}

  /// The names that `set` takes.
  public static let names = [
    "temperature", "max_tokens", "top_p", "reasoning_effort", "stop", "system_prompt", "fallback_models", "extra_body",
  ]

  /// Members of a body that are no parameters: what is sent, to which model, and how the answer comes.
  static let reservedMembers: Set = ["model", "messages", "stream"]

  /// Sets one value by its name, text read as the type that the parameter has. `null` and an empty text unset it.
  ///
  /// - Parameter fullName: How an error names it.
  public mutating func set(_ name: String, to value: JSONValue, fullName: String? = nil) throws(SettingError) {
    let reader = SettingReader(name: fullName ?? name, value: value)
    let isUnset = value.isNull || value == .text("")
    switch name {
    case "temperature": temperature = isUnset ? nil : try reader.number(in: 0...2)
    case "max_tokens": maxTokens = isUnset ? nil : try reader.integer(in: 1...10_000_000)
    case "top_p": topP = isUnset ? nil : try reader.number(in: 0...1)
    case "reasoning_effort": reasoningEffort = isUnset ? nil : try reader.oneOf(ReasoningEffort.allCases)
    case "stop": stop = isUnset ? [] : try reader.texts().filter { !$0.isEmpty }
    case "system_prompt": systemPrompt = isUnset ? nil : try reader.nonEmptyText()
    case "fallback_models": fallbackModels = isUnset ? nil : try reader.list()
    case "extra_body":
      let object = isUnset ? [:] : try reader.object()
      guard !object.keys.contains(where: Self.reservedMembers.contains) else {
        throw .badValue(
          name: fullName ?? name, value: .object(object), expected: "an object without model, messages and stream")
      }
      extraBody = object
    default: throw .unknownName(fullName ?? name, known: Self.names)
    }
  }

  /// A parameter's value, `null` where it is not set.
  public func value(of name: String) -> JSONValue {
    switch name {
    case "temperature": temperature.map(JSONValue.number) ?? .null
    case "max_tokens": maxTokens.map(JSONValue.integer) ?? .null
    case "top_p": topP.map(JSONValue.number) ?? .null
    case "reasoning_effort": reasoningEffort.map { .text($0.rawValue) } ?? .null
    case "stop": stop.isEmpty ? .null : .list(stop.map(JSONValue.text))
    case "system_prompt": systemPrompt.map(JSONValue.text) ?? .null
    case "fallback_models": fallbackModels.map { .list($0.map(JSONValue.text)) } ?? .null
    case "extra_body": extraBody.isEmpty ? .null : .object(extraBody)
    default: .null
    }
  }

  /// What is sent beside messages and model, in the form of OpenAI's chat protocol.
  public var body: JSONObject {
    var body: JSONObject = [:]
    for name in ["temperature", "max_tokens", "top_p", "reasoning_effort", "stop"] {
      let value = value(of: name)
      if !value.isNull { body[name] = value }
    }
    body.merge(extraBody)
    return body
  }
}
