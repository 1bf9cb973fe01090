import RearviewChat
import RearviewJSON

/// A request in Anthropic's Messages protocol.
///
/// One in that form already keeps its messages and parameters as they are; system messages at the front of the list
/// become `system`. One in OpenAI's form is translated as LiteLLM does it: every system and developer message becomes
/// part of `system`, contents become lists of blocks, neighbours of one role become one message.
/// `max_tokens`, which the protocol requires, is 4096 beside the budget for thinking where the request has none.
struct AnthropicRequest: Sendable {
  private static let defaultMaxTokens = 4096

  /// The body.
  let json: JSONObject

  init(_ request: ChatRequest, to route: Route) {
    var parameters: JSONObject
    let messages: [JSONValue]
    var system: JSONValue?
    switch request.form {
    case .anthropic:
      parameters = request.parameters
      let instructions = request.messages.prefix { $0.role == .system }
      messages = request.messages.dropFirst(instructions.count).map { .object($0.json) }
      system = Self.joined([parameters["system"]].compactMap { $0 } + instructions.compactMap { $0.json["content"] })
    case .openAI:
      parameters = JSONObject(anthropicFromOpenAI: request.parameters, model: route.model)
      let blocks = request.messages.filter(\.isInstruction).flatMap(\.anthropicBlocks)
      messages = Self.turns(request.messages.filter { !$0.isInstruction })
      system = Self.joined([parameters["system"]].compactMap { $0 } + (blocks.isEmpty ? [] : [.list(blocks)]))
    }
    if parameters["max_tokens"]?.isNull ?? true {
      parameters["max_tokens"] = .integer(
        Self.defaultMaxTokens + min(max(0, parameters["thinking"]?["budget_tokens"]?.wholeNumber ?? 0), 1_000_000))
    }
    var body: JSONObject = route.namesModel ? ["model": .text(route.model)] : [:]
    body["messages"] = .list(messages)
    if let version = route.version { body["anthropic_version"] = .text(version) }
    for (name, value) in parameters where !["messages", "model", "stream", "system"].contains(name) {
      body[name] = value
    }
    body["system"] = system
    if request.streams { body["stream"] = true }
    json = body
  }

  /// The instructions: one as it stands, several as one list of blocks.
  private static func joined(_ instructions: [JSONValue]) -> JSONValue? {
    let said = instructions.filter { !$0.isNull }
    if said.count < 2 { return said.first }
    return .list(said.flatMap { $0.list ?? [.object(ContentPart(text: $0.text ?? "").json)] })
  }

  /// The messages of the two roles that there are, in turns.
  private static func turns(_ messages: [Message]) -> [JSONValue] {
    var turns: [(role: String, blocks: [JSONValue])] = []
    for message in messages {
      let role = message.role == .assistant ? "assistant" : "user"
      let blocks = message.anthropicBlocks
      if blocks.isEmpty { continue }
      if let last = turns.indices.last, turns[last].role == role {
        turns[last].blocks += blocks
      } else {
        turns.append((role, blocks))
      }
    }
    if turns.first?.role == "assistant" { turns.insert(("user", [.object(ContentPart(text: goOn).json)]), at: 0) }
    return turns.map { ["role": .text($0.role), "content": .list($0.blocks)] }
  }
}

extension Message {
  /// What a message in OpenAI's form says, as blocks; empty texts are left out, which Anthropic refuses.
  fileprivate var anthropicBlocks: [JSONValue] {
    if role == .tool { return [toolResult] }
    // Thinking goes back as it came, signature and all; LiteLLM keeps it under this name.
    var blocks = json["thinking_blocks"]?.list ?? []
    blocks += said
    blocks += toolCalls.map(\.anthropicBlock)
    // Of a message whose content is a string it stands beside the content.
    if let cacheControl = json["cache_control"], !cacheControl.isNull, var last = blocks.popLast()?.object {
      last["cache_control"] = cacheControl
      blocks.append(.object(last))
    }
    return blocks
  }

  private var said: [JSONValue] {
    let parts: [ContentPart]
    switch content {
    case nil: parts = []
    case .text(let text): parts = [ContentPart(text: text)]
    case .parts(let list): parts = list
    }
    return parts.filter { !($0.text?.isBlank ?? false) }.map { .object(($0.anthropicImage ?? $0).json) }
  }

  private var toolResult: JSONValue {
    var block: JSONObject = ["type": "tool_result", "tool_use_id": .text(toolCallID ?? "")]
    switch content {
    case nil: break
    case .text(let text): block["content"] = .text(text)
    case .parts: block["content"] = .list(said)
    }
    if let cacheControl = json["cache_control"], !cacheControl.isNull { block["cache_control"] = cacheControl }
    return .object(block)
  }
}

extension ToolCall {
  fileprivate var anthropicBlock: JSONValue {
    ["type": "tool_use", "id": .text(id ?? ""), "name": .text(name), "input": input]
  }
}

extension ContentPart {
  /// OpenAI's image as Anthropic writes it, other members kept; `nil` for any other part.
  fileprivate var anthropicImage: ContentPart? {
    let source: JSONValue
    switch MessageBlock(self) {
    case .image(let type, let base64): source = ["type": "base64", "media_type": .text(type), "data": .text(base64)]
    case .imageURL(let url): source = ["type": "url", "url": .text(url)]
    case .text, .other: return nil
    }
    var block: JSONObject = ["type": "image", "source": source]
    for (name, value) in json where name != "type" && name != "image_url" { block[name] = value }
    return ContentPart(json: block)
  }

}
