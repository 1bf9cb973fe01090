import RearviewChat
import RearviewHTTP
import RearviewJSON

/// The Converse protocol: events of named types, in binary frames.
struct BedrockDialect: AnswerDialect {
  typealias Framing = BinaryFraming

  private struct ToolUse: Sendable {
    var block: Int
    var call: ToolCall
  }

  private var toolUses: [ToolUse] = []
  private var finish: FinishReason?
  private var thoughts = ThinkingBlocks()

  var thinkingBlocks: [JSONObject] { thoughts.blocks }

  var toolCalls: [ToolCall] {
    toolUses.map { use in
      var call = use.call
      if call.arguments.isEmpty { call.arguments = "{}" }
      return call
    }
  }

  mutating func take(_ event: EventStreamMessage, into news: inout AnswerNews) {
    let payload = JSONObject(answer: event.payload) ?? [:]
    switch event.text(":message-type") {
    case "exception":
      let type = event.text(":exception-type") ?? "exception"
      news.failure = ProviderErrorObject(
        message: payload["message"]?.text ?? payload["Message"]?.text ?? type, codes: [type],
        status: payload["originalStatusCode"]?.wholeNumber)
    case "error":
      news.failure = ProviderErrorObject(
        message: event.text(":error-message"), codes: [event.text(":error-code")].compactMap(\.self))
    default:
      take(payload, type: event.text(":event-type") ?? "", into: &news)
    }
  }

  private mutating func take(_ event: JSONObject, type: String, into news: inout AnswerNews) {
    let index = event["contentBlockIndex"]?.wholeNumber ?? 0
    switch type {
    case "messageStart": news.isInForm = true
    case "contentBlockStart":
      news.isInForm = true
      if let use = event["start"]?["toolUse"] { begin(use, at: index, into: &news) }
    case "contentBlockDelta":
      news.isInForm = true
      let delta = event["delta"] ?? [:]
      news.add(text: delta["text"]?.text ?? "")
      if let thought = delta["reasoningContent"] {
        news.add(reasoning: thought["text"]?.text ?? "")
        thoughts.add(text: thought["text"]?.text, signature: thought["signature"]?.text, at: index)
        thoughts.add(redacted: thought["redactedContent"], at: index)
      }
      if let input = delta["toolUse"]?["input"]?.text, let place = toolUses.lastIndex(where: { $0.block == index }) {
        toolUses[place].call.arguments += input
      }
    case "messageStop":
      news.isInForm = true
      // The usage comes after it.
      finish = Self.finish(event["stopReason"]?.text) ?? finish
      news.finish = finish
    case "metadata":
      news.isInForm = true
      if let usage = Usage(converse: event["usage"]) { news.add(usage) }
      if finish != nil { news.isDone = true }
    default: break
    }
  }

  mutating func take(whole bytes: [UInt8], into news: inout AnswerNews) -> Bool {
    guard let object = JSONObject(answer: bytes) else { return false }
    guard let message = object["output"]?["message"] else {
      news.failure = ProviderErrorObject(object) ?? ProviderErrorObject(body: bytes)
      return true
    }
    for (index, block) in (message["content"]?.list ?? []).enumerated() {
      if let thought = block["reasoningContent"] {
        let text = thought["reasoningText"]
        news.add(reasoning: text?["text"]?.text ?? "")
        thoughts.add(text: text?["text"]?.text, signature: text?["signature"]?.text, at: index)
        thoughts.add(redacted: thought["redactedContent"], at: index)
      }
      news.add(text: block["text"]?.text ?? "")
      if let use = block["toolUse"] { begin(use, at: index, into: &news) }
    }
    if let usage = Usage(converse: object["usage"]) { news.add(usage) }
    news.finish = Self.finish(object["stopReason"]?.text)
    return true
  }

  private mutating func begin(_ use: JSONValue, at index: Int, into news: inout AnswerNews) {
    toolUses.append(
      ToolUse(
        block: index,
        call: ToolCall(
          id: use["toolUseId"]?.text, name: use["name"]?.text ?? "", arguments: use["input"]?.written() ?? "")))
    news.addToolCall()
  }

  private static func finish(_ reason: String?) -> FinishReason? {
    switch reason {
    case nil: nil
    case "end_turn", "stop_sequence": .stop
    case "max_tokens", "model_context_window_exceeded": .length
    case "tool_use": .toolCalls
    case "guardrail_intervened", "content_filtered": .contentFilter
    case .some: .other
    }
  }
}

extension Usage {
  fileprivate init?(converse json: JSONValue?) {
    guard let object = json?.object else { return nil }
    let input = object["inputTokens"]?.wholeNumber
    let output = object["outputTokens"]?.wholeNumber
    guard input != nil || output != nil else { return nil }
    self.init(
      inputTokens: input ?? 0, outputTokens: output ?? 0,
      cachedInputTokens: object["cacheReadInputTokens"]?.wholeNumber)
  }
}
