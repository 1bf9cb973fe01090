import RearviewJSON

/// Who a message is from. Roles that this program does not know pass through.
public struct Role: RawRepresentable, Hashable, Codable, Sendable {
  public var rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }

  public static let system = Role(rawValue: "system")
  public static let user = Role(rawValue: "user")
  public static let assistant = Role(rawValue: "assistant")
  /// The result of a tool call.
  public static let tool = Role(rawValue: "tool")
  /// OpenAI's later name for instructions; not taken for `system` by the rules of injection.
  public static let developer = Role(rawValue: "developer")
}

/// What a message says.
public enum Content: Hashable, Sendable {
  case text(String)
  case parts([ContentPart])

  /// The text; of several parts, their texts joined by one blank. Images and the like have none.
  public var text: String {
    switch self {
    case .text(let text): text
    case .parts(let parts): parts.compactMap(\.text).joined(separator: " ")
    }
  }

  var json: JSONValue {
    switch self {
    case .text(let text): .text(text)
    case .parts(let parts): .list(parts.map { .object($0.json) })
    }
  }
}

/// One part of a content: a text, an image, or anything else that a provider knows.
public struct ContentPart: Hashable, Sendable {
  public var json: JSONObject

  public init(json: JSONObject) { self.json = json }

  public init(text: String) { json = ["type": "text", "text": .text(text)] }

  /// `text`, `image_url`, …
  public var type: String { json["type"]?.text ?? "" }

  /// Its text, if it is a part of type `text`.
  public var text: String? { type == "text" ? json["text"]?.text : nil }
}

/// A call of a tool that a model asks for.
public struct ToolCall: Hashable, Codable, Sendable {
  public var id: String?
  public var name: String
  /// JSON text, as the model wrote it.
  public var arguments: String
  /// What the provider signed it with, which must go back with it (Gemini).
  public var signature: String?

  public init(id: String? = nil, name: String, arguments: String, signature: String? = nil) {
    self.id = id
    self.name = name
    self.arguments = arguments
    self.signature = signature
  }

  /// `name(arguments)`, as it is retained.
  public var written: String { "\(name)(\(arguments))" }

  init?(_ json: JSONValue) {
    guard let function = json["function"], let name = function["name"]?.text else { return nil }
    let arguments = function["arguments"]
    self.init(
      id: json["id"]?.text, name: name, arguments: arguments?.text ?? arguments?.written() ?? "",
      signature: json["provider_specific_fields"]?["thought_signature"]?.text)
  }

  var json: JSONValue {
    var call: JSONObject = [:]
    if let id { call["id"] = .text(id) }
    call["type"] = "function"
    call["function"] = ["name": .text(name), "arguments": .text(arguments)]
    // Under the name that LiteLLM has for it.
    if let signature { call["provider_specific_fields"] = ["thought_signature": .text(signature)] }
    return .object(call)
  }
}

/// One message of a conversation: an object in the form of OpenAI's chat protocol, with names for what it holds.
///
/// Whatever else stands in it (`name`, `cache_control`, a provider's own fields) is kept and sent.
public struct Message: Hashable, Sendable {
  public var json: JSONObject

  public init(json: JSONObject) { self.json = json }

  public init(_ role: Role, _ text: String) {
    json = ["role": .text(role.rawValue), "content": .text(text)]
  }

  public init(_ role: Role, parts: [ContentPart]) {
    json = ["role": .text(role.rawValue), "content": Content.parts(parts).json]
  }

  /// An answer: its text, `null` where there is none, and its tool calls with the thinking that must go back with them.
  public init(answer text: String, toolCalls: [ToolCall], thinkingBlocks: [JSONObject] = []) {
    json = ["role": "assistant", "content": text.isEmpty && !toolCalls.isEmpty ? .null : .text(text)]
    if !toolCalls.isEmpty { json["tool_calls"] = .list(toolCalls.map(\.json)) }
    if !thinkingBlocks.isEmpty { json["thinking_blocks"] = .list(thinkingBlocks.map(JSONValue.object)) }
  }

  public var role: Role {
    get { Role(rawValue: json["role"]?.text ?? "") }
    set { json["role"] = .text(newValue.rawValue) }
  }

  /// `nil` where it is null or missing.
  public var content: Content? {
    get {
      switch json["content"] {
      case .text(let text): .text(text)
      case .list(let parts):
        // A bare text in a list is one that some clients write.
        .parts(
          parts.compactMap { part in part.object.map(ContentPart.init(json:)) ?? part.text.map(ContentPart.init(text:))
          })
      case .none, .null, .boolean, .integer, .number, .object: nil
      }
    }
    set { json["content"] = newValue?.json ?? .null }
  }

  /// The text of its content; empty where there is none.
  public var text: String { content?.text ?? "" }

  public var toolCalls: [ToolCall] { (json["tool_calls"]?.list ?? []).compactMap(ToolCall.init) }

  /// Of a tool's result: which call it answers.
  public var toolCallID: String? { json["tool_call_id"]?.text }
}

extension Message: Codable {
  public init(from decoder: any Decoder) throws { json = try JSONObject(from: decoder) }
  public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }
}
