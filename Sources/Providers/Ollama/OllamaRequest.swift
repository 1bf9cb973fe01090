import RearviewChat
import RearviewJSON

/// A request in Ollama's own protocol (https://github.com/ollama/ollama/blob/main/docs/api.md).
struct OllamaRequest: Sendable {
  /// The body.
  let json: JSONObject

  init(_ request: ChatRequest, to route: Route) {
    let (messages, parameters) = request.inOpenAIForm()
    let names = messages.toolNames
    var body: JSONObject = [
      "model": .text(route.model), "messages": .list(messages.enumerated().map { $1.ollama(tool: names[$0]) }),
      "stream": .boolean(request.streams),
    ]
    var options: JSONObject = [:]
    for (name, value) in parameters where !value.isNull {
      if let known = Self.optionNames[name] {
        options[known] = value
        continue
      }
      switch name {
      case "stop": options["stop"] = value.text.map { [.text($0)] } ?? value
      case "options": for (inner, value) in value.object ?? [:] { options[inner] = value }
      case "response_format":
        switch value["type"]?.text {
        case "json_object": body["format"] = "json"
        case "json_schema": body["format"] = value["json_schema"]?["schema"] ?? "json"
        default: break
        }
      case "reasoning_effort":
        if let effort = ReasoningEffort(value) {
          // Models of OpenAI's take a level there, all others a switch.
          body["think"] = route.model.contains("gpt-oss") && !effort.isOff ? value : .boolean(!effort.isOff)
        }
      // Neither has a counterpart.
      case "stream_options", "tool_choice", "parallel_tool_calls", "user", "metadata", "n", "logit_bias", "model",
        "messages", "stream", "logprobs", "top_logprobs":
        break
      default: body[name] = value
      }
    }
    if !options.isEmpty { body["options"] = .object(options) }
    json = body
  }

  private static let optionNames = [
    "temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "max_tokens": "num_predict",
    "max_completion_tokens": "num_predict", "seed": "seed", "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty", "num_ctx": "num_ctx", "repeat_penalty": "repeat_penalty",
  ]
}

extension Message {
  fileprivate func ollama(tool: String?) -> JSONValue {
    var role = role
    if role == .developer { role = .system }
    var texts: [String] = []
    var images: [JSONValue] = []
    for block in blocks {
      switch block {
      case .text(let text): texts.append(text)
      case .image(_, let base64): images.append(.text(base64))
      // It fetches nothing.
      case .imageURL(let url): texts.append(url)
      case .other: break
      }
    }
    var message: JSONObject = [
      "role": .text(role.rawValue), "content": .text(texts.joined(separator: "\n")), "images": .list(images),
    ]
    let calls = toolCalls.map { call -> JSONValue in
      ["function": ["name": .text(call.name), "arguments": call.input]]
    }
    if !calls.isEmpty { message["tool_calls"] = .list(calls) }
    if role == .tool, let tool { message["tool_name"] = .text(tool) }
    return .object(message)
  }
}
