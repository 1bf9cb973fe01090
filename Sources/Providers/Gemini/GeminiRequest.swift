import RearviewChat
import RearviewJSON

/// A request in Gemini's protocol (https://ai.google.dev/api/generate-content).
struct GeminiRequest: Sendable {
  /// The body.
  let json: JSONObject

  init(_ request: ChatRequest, to route: Route) {
    let (messages, parameters) = request.inOpenAIForm()
    let instructions = messages.filter(\.isInstruction).flatMap(\.geminiParts)
    let names = messages.toolNames
    var turns: [(role: String, parts: [JSONValue])] = []
    func add(_ role: String, _ parts: [JSONValue]) {
      guard !parts.isEmpty else { return }
      if let last = turns.indices.last, turns[last].role == role {
        turns[last].parts += parts
      } else {
        turns.append((role, parts))
      }
    }
    if route.hasNoInstructions { add("user", instructions) }
    for (index, message) in messages.enumerated() where !message.isInstruction {
      switch message.role {
      case .assistant: add("model", message.geminiParts + message.toolCalls.map(\.geminiPart))
      case .tool: add("user", [message.geminiResult(name: names[index])])
      default: add("user", message.geminiParts)
      }
    }
    var body: JSONObject = [
      "contents": .list(turns.map { ["role": .text($0.role), "parts": .list($0.parts)] })
    ]
    if !instructions.isEmpty, !route.hasNoInstructions { body["system_instruction"] = ["parts": .list(instructions)] }
    var generation: JSONObject = [:]
    for (name, value) in parameters where !value.isNull {
      if let known = Self.generationNames[name] {
        generation[known] = value
        continue
      }
      switch name {
      case "stop": generation["stop_sequences"] = value.text.map { [.text($0)] } ?? value
      case "response_format":
        switch value["type"]?.text {
        case "json_object": generation["response_mime_type"] = "application/json"
        case "json_schema":
          generation["response_mime_type"] = "application/json"
          generation["responseJsonSchema"] = value["json_schema"]?["schema"]
        default: break
        }
      case "reasoning_effort": generation["thinkingConfig"] = Self.thinking(value, model: route.model)
      case "tools": body["tools"] = Self.tools(value)
      case "tool_choice": body["toolConfig"] = Self.toolConfig(value)
      case "generationConfig": for (inner, value) in value.object ?? [:] { generation[inner] = value }
      // Of a stream there the usage always comes; the rest has no counterpart.
      case "stream_options", "user", "parallel_tool_calls", "model", "messages", "stream", "metadata", "logit_bias":
        break
      default: body[name] = value
      }
    }
    if !generation.isEmpty { body["generationConfig"] = .object(generation) }
    json = body
  }

  private static let generationNames = [
    "temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens", "n": "candidate_count", "seed": "seed",
    "presence_penalty": "presence_penalty", "frequency_penalty": "frequency_penalty",
    "logprobs": "response_logprobs", "top_logprobs": "logprobs",
  ]

  /// Models from the third generation on take a level, those of before a number of tokens.
  private static func thinking(_ json: JSONValue, model: String) -> JSONValue? {
    guard let effort = ReasoningEffort(json) else { return nil }
    let generation = model.split(separator: "/").last.flatMap { name -> Int? in
      guard name.hasPrefix("gemini-") else { return nil }
      return Int(name.dropFirst("gemini-".count).prefix(while: \.isNumber))
    }
    if let generation, generation >= 3 {
      let level = ["none", "minimal", "low"].contains(effort.word) ? "low" : "high"
      return ["thinkingLevel": .text(level), "includeThoughts": true]
    }
    return ["thinkingBudget": .integer(effort.budget), "includeThoughts": .boolean(!effort.isOff)]
  }

  private static func tools(_ json: JSONValue) -> JSONValue {
    var functions: [JSONValue] = []
    var others: [JSONValue] = []
    for tool in json.list ?? [] {
      guard let function = tool["function"], let name = function["name"] else {
        others.append(tool)
        continue
      }
      var declared: JSONObject = ["name": name]
      declared["description"] = function["description"]
      if let parameters = function["parameters"], !parameters.isNull { declared["parametersJsonSchema"] = parameters }
      functions.append(.object(declared))
    }
    return .list((functions.isEmpty ? [] : [["function_declarations": .list(functions)]]) + others)
  }

  private static func toolConfig(_ choice: JSONValue) -> JSONValue? {
    var calling: JSONObject
    switch choice {
    case "none": calling = ["mode": "NONE"]
    case "required": calling = ["mode": "ANY"]
    case "auto": calling = ["mode": "AUTO"]
    default:
      guard let name = choice["function"]?["name"] else { return nil }
      calling = ["mode": "ANY", "allowedFunctionNames": [name]]
    }
    return ["functionCallingConfig": .object(calling)]
  }
}

extension Message {
  fileprivate var geminiParts: [JSONValue] {
    blocks.map { block in
      switch block {
      case .text(let text): ["text": .text(text)]
      case .image(let type, let base64): ["inline_data": ["mime_type": .text(type), "data": .text(base64)]]
      case .imageURL(let url): ["file_data": ["mime_type": .text(imageType(of: url)), "file_uri": .text(url)]]
      case .other(let json): .object(json)
      }
    }
  }

  /// A result answers a function by its name.
  fileprivate func geminiResult(name: String?) -> JSONValue {
    let name = name ?? json["name"]?.text ?? ""
    let said = (try? JSONValue(parsing: text)).flatMap { $0.object.map(JSONValue.object) }
    return ["function_response": ["name": .text(name), "response": said ?? ["content": .text(text)]]]
  }
}

extension ToolCall {
  fileprivate var geminiPart: JSONValue {
    var part: JSONObject = ["function_call": ["name": .text(name), "args": input]]
    if let signature { part["thoughtSignature"] = .text(signature) }
    return .object(part)
  }
}

/// The type that an image's address tells by its end.
func imageType(of url: String) -> String {
  let path = url.prefix { $0 != "?" && $0 != "#" }.lowercased()
  if path.hasSuffix(".jpg") || path.hasSuffix(".jpeg") { return "image/jpeg" }
  if path.hasSuffix(".webp") { return "image/webp" }
  if path.hasSuffix(".gif") { return "image/gif" }
  return "image/png"
}
