import RearviewChat
import RearviewJSON

/// A request in OpenAI's Responses protocol (https://platform.openai.com/docs/api-reference/responses/create). Nothing is
/// kept at the provider: `store` is false unless the request says otherwise.
struct ResponsesRequest: Sendable {
  /// The body.
  let json: JSONObject

  /// - Parameter summarises: Whether a summary of the reasoning is asked for with an effort.
  init(_ request: ChatRequest, to route: Route, at endpoint: Endpoint, summarises: Bool = false) {
    let (messages, parameters) = request.inOpenAIForm()
    var body: JSONObject = [
      "model": .text(route.model),
      "input": .list(messages.filter { !$0.isInstruction }.flatMap(\.responseItems)),
    ]
    let instructions = messages.filter(\.isInstruction).map(\.text).filter { !$0.isEmpty }
    if !instructions.isEmpty { body["instructions"] = .text(instructions.joined(separator: "\n\n")) }
    body["store"] = false
    if request.streams { body["stream"] = true }
    var text: JSONObject = [:]
    let reasons = OpenAIRequest.isReasoningModel(route.model) || route.reasons != nil
    for (name, value) in parameters where !value.isNull {
      switch name {
      case "max_tokens", "max_completion_tokens": body["max_output_tokens"] = value
      case "reasoning_effort":
        var reasoning: JSONObject = ["effort": value]
        // Some accounts may not see one, so that only who reads along asks for it.
        if summarises { reasoning["summary"] = "auto" }
        body["reasoning"] = body["reasoning"] ?? .object(reasoning)
      case "temperature", "top_p": if !reasons { body[name] = value }
      case "tools": body["tools"] = .list((value.list ?? []).map(Self.tool))
      case "tool_choice":
        body["tool_choice"] = value["function"]?["name"].map { ["type": "function", "name": $0] } ?? value
      case "response_format": text["format"] = Self.format(value)
      case "verbosity": text["verbosity"] = value
      // Neither exists there.
      case "stream_options", "stop", "n", "seed", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs",
        "model", "messages", "stream", "modalities":
        break
      default: body[name] = value
      }
    }
    if !text.isEmpty { body["text"] = .object(text) }
    for (name, value) in endpoint.body where body[name] == nil { body[name] = value }
    json = body
  }

  private static func tool(_ tool: JSONValue) -> JSONValue {
    guard let function = tool["function"]?.object else { return tool }
    var flat: JSONObject = ["type": "function"]
    for (name, value) in function { flat[name] = value }
    // Unsaid it would be strict, and every argument required.
    flat["strict"] = flat["strict"] ?? false
    return .object(flat)
  }

  private static func format(_ format: JSONValue) -> JSONValue? {
    guard format["type"] == "json_schema", let schema = format["json_schema"]?.object else {
      return format["type"].map { ["type": $0] }
    }
    var flat: JSONObject = ["type": "json_schema"]
    for (name, value) in schema { flat[name] = value }
    return .object(flat)
  }
}

extension Message {
  /// A message, the calls that it asks for, or the result of one, each an item of its own.
  fileprivate var responseItems: [JSONValue] {
    if role == .tool {
      return [["type": "function_call_output", "call_id": .text(toolCallID ?? ""), "output": .text(text)]]
    }
    let isAnswer = role == .assistant
    let parts = blocks.map { block -> JSONValue in
      switch block {
      case .text(let text): ["type": isAnswer ? "output_text" : "input_text", "text": .text(text)]
      case .image(let type, let base64):
        ["type": "input_image", "image_url": .text("data:\(type);base64,\(base64)")]
      case .imageURL(let url): ["type": "input_image", "image_url": .text(url)]
      case .other(let json): .object(json)
      }
    }
    let said: [JSONValue] =
      parts.isEmpty
      ? [] : [["type": "message", "role": .text(isAnswer ? "assistant" : "user"), "content": .list(parts)]]
    return said
      + toolCalls.map { call in
        [
          "type": "function_call", "call_id": .text(call.id ?? ""), "name": .text(call.name),
          "arguments": .text(call.arguments),
        ]
      }
  }
}
