import RearviewChat
import RearviewHTTP
import RearviewJSON

/// Anthropic's Messages protocol (https://docs.anthropic.com/en/docs/build-with-claude/streaming). Blocks and events
/// that it does not know, among them the tools that the provider runs itself, are left out.
struct AnthropicDialect: AnswerDialect {
  private struct ToolUse: Sendable {
    var block: Int
    var id: String?
    var name: String
    /// What stood in the block at its start: an empty object, unless a server sends all of it there.
    var given: String
    var streamed = ""

    var call: ToolCall { ToolCall(id: id, name: name, arguments: streamed.isEmpty ? given : streamed) }
  }

  private var toolUses: [ToolUse] = []
  private var thoughts = ThinkingBlocks()
  private var usage = AnthropicUsage()

  var toolCalls: [ToolCall] { toolUses.map(\.call) }
  var thinkingBlocks: [JSONObject] { thoughts.blocks }

  mutating func take(_ event: ServerSentEvent, into news: inout AnswerNews) {
    // Servers that stand in for Anthropic's may end in OpenAI's way.
    if event.isDone {
      news.isDone = true
    } else if let object = JSONObject(answer: event.data) {
      take(object, type: object["type"]?.text ?? event.name ?? "", into: &news)
    }
  }

  private mutating func take(_ event: JSONObject, type: String, into news: inout AnswerNews) {
    switch type {
    case "message_start":
      news.isInForm = true
      take(usage: event["message"]?["usage"], into: &news)
    case "content_block_start":
      news.isInForm = true
      start(event["content_block"] ?? [:], at: event["index"]?.wholeNumber ?? toolUses.count, into: &news)
    case "content_block_delta":
      news.isInForm = true
      take(delta: event["delta"] ?? [:], at: event["index"]?.wholeNumber, into: &news)
    case "message_delta":
      news.isInForm = true
      news.finish = FinishReason(anthropic: event["delta"]?["stop_reason"]) ?? news.finish
      take(usage: event["usage"], into: &news)
    case "message_stop":
      news.isInForm = true
      news.isDone = true
    default:
      news.failure = ProviderErrorObject(event) ?? (type == "error" ? ProviderErrorObject(fields: event) : nil)
    }
  }

  mutating func take(whole bytes: [UInt8], into news: inout AnswerNews) -> Bool {
    guard let message = JSONObject(answer: bytes) else { return false }
    let blocks = message["content"]?.list ?? []
    // Here alone thinking stands in the block itself.
    for block in blocks where block["type"] == "thinking" { news.add(reasoning: block["thinking"]?.text ?? "") }
    for (index, block) in blocks.enumerated() {
      start(block, at: index, isWhole: true, into: &news)
    }
    news.finish = FinishReason(anthropic: message["stop_reason"])
    take(usage: message["usage"], into: &news)
    news.failure = ProviderErrorObject(message)
    return true
  }

  /// A block begins; some servers put its text there already. The thinking there is left out: servers that send it
  /// send it again in a delta.
  private mutating func start(
    _ block: JSONValue, at index: Int, isWhole: Bool = false, into news: inout AnswerNews
  ) {
    switch block["type"]?.text {
    case "text":
      news.add(text: block["text"]?.text ?? "")
    case "tool_use":
      toolUses.append(
        ToolUse(
          block: index, id: block["id"]?.text, name: block["name"]?.text ?? "",
          given: (block["input"] ?? [:]).written()))
      news.addToolCall()
    case "thinking":
      thoughts.add(text: isWhole ? block["thinking"]?.text : nil, signature: block["signature"]?.text, at: index)
    case "redacted_thinking":
      thoughts.add(redacted: block["data"], at: index)
    default:
      break
    }
  }

  private mutating func take(delta: JSONValue, at index: Int?, into news: inout AnswerNews) {
    switch delta["type"]?.text {
    case "text_delta":
      news.add(text: delta["text"]?.text ?? "")
    case "thinking_delta":
      news.add(reasoning: delta["thinking"]?.text ?? "")
      thoughts.add(text: delta["thinking"]?.text, signature: nil, at: index ?? 0)
    case "signature_delta":
      thoughts.add(text: nil, signature: delta["signature"]?.text, at: index ?? 0)
    case "input_json_delta":
      // The input of a tool that the provider runs has no tool use here.
      guard let place = toolUses.lastIndex(where: { $0.block == index }) else { return }
      toolUses[place].streamed += delta["partial_json"]?.text ?? ""
    default:
      break
    }
  }

  private mutating func take(usage json: JSONValue?, into news: inout AnswerNews) {
    guard let json, usage.take(json) else { return }
    news.add(usage.whole)
  }
}

/// What a message has used so far; each event that tells some of it replaces that.
private struct AnthropicUsage: Sendable {
  private var counts: [String: Int] = [:]

  /// Returns whether the object tells anything.
  mutating func take(_ json: JSONValue) -> Bool {
    let names = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens"]
    let told = names.compactMap { name in json[name]?.wholeNumber.map { (name, $0) } }
    for (name, count) in told { counts[name] = min(max(0, count), 1_000_000_000) }
    return !told.isEmpty
  }

  /// What was read from the cache, or put there, is input too.
  var whole: Usage {
    Usage(
      inputTokens: (counts["input_tokens"] ?? 0) + (counts["cache_creation_input_tokens"] ?? 0)
        + (counts["cache_read_input_tokens"] ?? 0),
      outputTokens: counts["output_tokens"] ?? 0, cachedInputTokens: counts["cache_read_input_tokens"])
  }
}

extension FinishReason {
  /// The reason in our words; `nil` while there is none.
  fileprivate init?(anthropic reason: JSONValue?) {
    switch reason?.text {
    case nil: return nil
    case "end_turn", "stop_sequence": self = .stop
    case "max_tokens", "model_context_window_exceeded": self = .length
    case "tool_use": self = .toolCalls
    case "refusal": self = .contentFilter
    case .some: self = .other
    }
  }
}
