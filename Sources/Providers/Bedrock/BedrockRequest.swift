import RearviewChat
import RearviewJSON

/// A request in the Converse protocol of Amazon Bedrock
/// (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html).
struct BedrockRequest: Sendable {
  /// The body.
  let json: JSONObject

  init(_ request: ChatRequest, to route: Route) {
    let (messages, parameters) = request.inOpenAIForm()
    var turns: [(role: String, blocks: [JSONValue])] = []
    for message in messages where !message.isInstruction {
      let role = message.role == .assistant ? "assistant" : "user"
      let blocks = message.role == .tool ? [message.converseResult] : message.converseBlocks
      guard !blocks.isEmpty else { continue }
      if let last = turns.indices.last, turns[last].role == role {
        turns[last].blocks += blocks
      } else {
        turns.append((role, blocks))
      }
    }
    if turns.first?.role == "assistant" { turns.insert(("user", [["text": .text(goOn)]]), at: 0) }
    var body: JSONObject = [
      "messages": .list(turns.map { ["role": .text($0.role), "content": .list($0.blocks)] })
    ]
    let instructions = messages.filter(\.isInstruction).map(\.text).filter { !$0.isEmpty }
    if !instructions.isEmpty { body["system"] = .list(instructions.map { ["text": .text($0)] }) }
    var inference: JSONObject = [:]
    var additional = parameters["additionalModelRequestFields"]?.object ?? [:]
    for (name, value) in parameters where !value.isNull {
      switch name {
      case "temperature": inference["temperature"] = value
      case "top_p": inference["topP"] = value
      case "max_tokens", "max_completion_tokens": inference["maxTokens"] = value
      case "stop": inference["stopSequences"] = value.text.map { [.text($0)] } ?? value
      case "tools": body["toolConfig"] = Self.tools(value, parameters)
      case "reasoning_effort":
        guard let effort = ReasoningEffort(value), !effort.isOff else { break }
        if route.model.contains("claude") {
          let choice = parameters["tool_choice"]
          // A model that must call a tool may not think before.
          if choice != "required", choice?["function"] == nil { additional.merge(effort.claudeThinking(route.model)) }
        } else {
          additional["reasoning_effort"] = value
        }
      case "guardrailConfig", "performanceConfig", "requestMetadata", "promptVariables", "inferenceConfig",
        "additionalModelResponseFieldPaths", "serviceTier":
        body[name] = value
      // Of a stream there the usage always comes; the rest has no counterpart.
      case "tool_choice", "parallel_tool_calls", "stream_options", "user", "additionalModelRequestFields", "model",
        "messages", "stream", "n", "response_format", "logit_bias", "metadata":
        break
      default: additional[name] = value
      }
    }
    if additional["thinking"] != nil { for name in ["temperature", "topP"] { inference[name] = nil } }
    if let budget = additional["thinking"]?["budget_tokens"]?.wholeNumber,
      let limit = inference["maxTokens"]?.wholeNumber, limit <= budget
    {
      inference["maxTokens"] = .integer(min(limit, 1_000_000) + min(budget, 1_000_000))
    }
    // Calls in the conversation are refused where no tool is declared.
    let called = Set(messages.flatMap(\.toolCalls).map(\.name)).sorted()
    if body["toolConfig"] == nil, !called.isEmpty {
      body["toolConfig"] = [
        "tools": .list(
          called.map {
            ["toolSpec": ["name": .text($0), "inputSchema": ["json": ["type": "object", "properties": [:]]]]]
          })
      ]
    }
    if !inference.isEmpty { body["inferenceConfig"] = .object(inference) }
    if !additional.isEmpty { body["additionalModelRequestFields"] = .object(additional) }
    json = body
  }

  private static func tools(_ json: JSONValue, _ parameters: JSONObject) -> JSONValue {
    let tools = (json.list ?? []).map { tool -> JSONValue in
      guard let function = tool["function"], let name = function["name"] else { return tool }
      var spec: JSONObject = ["name": name]
      spec["description"] = function["description"]
      spec["inputSchema"] = ["json": function["parameters"] ?? ["type": "object", "properties": [:]]]
      return ["toolSpec": .object(spec)]
    }
    var config: JSONObject = ["tools": .list(tools)]
    switch parameters["tool_choice"] {
    case "auto"?: config["toolChoice"] = ["auto": [:]]
    case "required"?: config["toolChoice"] = ["any": [:]]
    case let choice?:
      if let name = choice["function"]?["name"] { config["toolChoice"] = ["tool": ["name": name]] }
    case nil: break
    }
    return .object(config)
  }
}

extension Message {
  fileprivate var converseBlocks: [JSONValue] {
    // Thinking goes back as it came, signature and all; LiteLLM keeps it under this name.
    let thoughts = (json["thinking_blocks"]?.list ?? []).map { block -> JSONValue in
      if let data = block["data"] { return ["reasoningContent": ["redactedContent": data]] }
      var text: JSONObject = ["text": block["thinking"] ?? ""]
      text["signature"] = block["signature"]
      return ["reasoningContent": ["reasoningText": .object(text)]]
    }
    let said = blocks.map { block -> JSONValue in
      switch block {
      case .text(let text): ["text": .text(text)]
      case .image(let type, let base64):
        .object(Self.converseImage(type, base64))
      case .imageURL(let url): ["text": .text(url)]
      case .other(let json): .object(json)
      }
    }
    return thoughts + said
      + toolCalls.map { call in
        ["toolUse": ["toolUseId": .text(call.id ?? ""), "name": .text(call.name), "input": call.input]]
      }
  }

  private static func converseImage(_ type: String, _ base64: String) -> JSONObject {
    let format = type.split(separator: "/").last.map(String.init) ?? "png"
    return ["image": ["format": .text(format), "source": ["bytes": .text(base64)]]]
  }

  fileprivate var converseResult: JSONValue {
    let content: [JSONValue] = blocks.compactMap { block in
      switch block {
      case .text(let text): ["text": .text(text)]
      case .image(let type, let base64): .object(Self.converseImage(type, base64))
      case .imageURL, .other: nil
      }
    }
    return ["toolResult": ["toolUseId": .text(toolCallID ?? ""), "content": .list(content)]]
  }
}
