import RearviewChat
import RearviewJSON

// A request in the form of Anthropic's protocol, for a model that speaks OpenAI's: the parts that both have in another
// shape. What has no counterpart there (thinking) is left out; what neither shape explains passes as it is.

extension Message {
  /// Messages in OpenAI's form; instructions that stand in the parameters come first.
  static func openAI(fromAnthropic messages: [Message], parameters: JSONObject) -> [Message] {
    var translated = messages.flatMap(\.openAI)
    if let system = parameters["system"], !system.isNull {
      translated.insert(Message(json: ["role": "system", "content": system]), at: 0)
    }
    return translated
  }

  /// The results of tools are messages of their own and come before what else a message says.
  private var openAI: [Message] {
    guard case .parts(let parts) = content else { return [self] }
    var results: [Message] = []
    var kept: [ContentPart] = []
    var calls: [ToolCall] = []
    for part in parts {
      switch part.type {
      case "tool_result":
        results.append(Message(toolResult: part))
      case "tool_use":
        let input = part.json["input"] ?? [:]
        calls.append(
          ToolCall(id: part.json["id"]?.text, name: part.json["name"]?.text ?? "", arguments: input.written()))
      case "thinking", "redacted_thinking":
        break
      default:
        kept.append(part.openAIImage ?? part)
      }
    }
    var rest = self
    if !calls.isEmpty {
      rest = Message(answer: Content.parts(kept).text, toolCalls: calls)
    } else if kept.count < parts.count || kept != parts {
      rest.content = .parts(kept)
    }
    return kept.isEmpty && calls.isEmpty ? results : results + [rest]
  }

  private init(toolResult part: ContentPart) {
    self.init(
      json: ["role": "tool", "tool_call_id": part.json["tool_use_id"] ?? "", "content": part.json["content"] ?? ""])
  }
}

extension ContentPart {
  /// An image block as OpenAI writes it; `nil` for any other block.
  fileprivate var openAIImage: ContentPart? {
    guard type == "image", let source = json["source"] else { return nil }
    let url: String
    switch (source["url"]?.text, source["data"]?.text) {
    case (let address?, _): url = address
    case (nil, let data?): url = "data:\(source["media_type"]?.text ?? "image/png");base64,\(data)"
    case (nil, nil): return nil
    }
    return ContentPart(json: ["type": "image_url", "image_url": ["url": .text(url)]])
  }
}

extension JSONObject {
  /// Parameters of Anthropic's protocol by their names in OpenAI's.
  init(openAIFromAnthropic parameters: JSONObject, isForReasoning: Bool) {
    self.init()
    for (name, value) in parameters {
      switch name {
      case "max_tokens": self[isForReasoning ? "max_completion_tokens" : "max_tokens"] = value
      case "stop_sequences": self["stop"] = value
      case "tools": self["tools"] = .list((value.list ?? []).map(Self.openAITool))
      case "tool_choice":
        self["tool_choice"] = Self.openAIToolChoice(value)
        if value["disable_parallel_tool_use"] == true { self["parallel_tool_calls"] = false }
      case "metadata": self["user"] = value["user_id"]
      // The instructions are a message; the rest has no counterpart.
      case "system", "thinking", "top_k": break
      default: self[name] = value
      }
    }
  }

  private static func openAITool(_ tool: JSONValue) -> JSONValue {
    guard let schema = tool["input_schema"], let name = tool["name"] else { return tool }
    var function: JSONObject = ["name": name]
    function["description"] = tool["description"]
    function["parameters"] = schema
    return ["type": "function", "function": .object(function)]
  }

  private static func openAIToolChoice(_ choice: JSONValue) -> JSONValue {
    switch choice["type"]?.text {
    case "any": "required"
    case "tool": ["type": "function", "function": ["name": choice["name"] ?? ""]]
    case let type?: .text(type)
    case nil: choice
    }
  }
}
