import RearviewChat
import RearviewHTTP
import RearviewJSON

/// Gemini's protocol: each event is a whole object with what is new, and nothing says the end but the end.
struct GeminiDialect: AnswerDialect {
  private(set) var toolCalls: [ToolCall] = []
  private var responseID = ""

  mutating func take(_ event: ServerSentEvent, into news: inout AnswerNews) {
    if event.isDone {
      news.isDone = true
    } else if let object = JSONObject(answer: event.data) {
      take(object, into: &news)
    }
  }

  mutating func take(whole bytes: [UInt8], into news: inout AnswerNews) -> Bool {
    guard let json = try? JSONValue(parsing: bytes) else { return false }
    // Without `alt=sse` a stream is one list.
    let objects = json.list?.compactMap(\.object) ?? [json.object].compactMap(\.self)
    guard !objects.isEmpty else { return false }
    for object in objects { take(object, into: &news) }
    return true
  }

  private mutating func take(_ object: JSONObject, into news: inout AnswerNews) {
    if let failure = ProviderErrorObject(object) {
      news.failure = failure
      return
    }
    if let blocked = object["promptFeedback"]?["blockReason"]?.text {
      news.isInForm = true
      let said = object["promptFeedback"]?["blockReasonMessage"]?.text
      news.failure = ProviderErrorObject(
        message: "the prompt was blocked: \(blocked)" + (said.map { ", \($0)" } ?? ""), codes: ["content_filter"])
      return
    }
    responseID = object["responseId"]?.text ?? responseID
    if let candidate = object["candidates"]?.list?.first?.object {
      news.isInForm = true
      for part in candidate["content"]?["parts"]?.list ?? [] { take(part, into: &news) }
      if let reason = candidate["finishReason"]?.text { finish(reason, candidate: candidate, into: &news) }
    }
    if let usage = Usage(gemini: object["usageMetadata"]) {
      news.isInForm = true
      news.add(usage)
    }
  }

  private mutating func take(_ part: JSONValue, into news: inout AnswerNews) {
    if let text = part["text"]?.text {
      if part["thought"] == true { news.add(reasoning: text) } else { news.add(text: text) }
    } else if let call = part["functionCall"] ?? part["function_call"], let name = call["name"]?.text {
      let id = call["id"]?.text ?? callID(of: name, call["args"], after: toolCalls.count, in: responseID)
      toolCalls.append(
        ToolCall(
          id: id, name: name, arguments: (call["args"] ?? [:]).written(),
          signature: (part["thoughtSignature"] ?? part["thought_signature"])?.text))
      news.addToolCall()
    }
  }

  private func finish(_ reason: String, candidate: JSONObject, into news: inout AnswerNews) {
    switch reason {
    case "STOP": news.finish = .stop
    case "MAX_TOKENS": news.finish = .length
    case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "IMAGE_SAFETY", "MODEL_ARMOR",
      "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION":
      news.finish = .contentFilter
    case "FINISH_REASON_UNSPECIFIED", "": break
    default: news.finish = .other
    }
  }
}

extension Usage {
  fileprivate init?(gemini json: JSONValue?) {
    guard let object = json?.object else { return nil }
    let input = object["promptTokenCount"]?.wholeNumber
    let output = object["candidatesTokenCount"]?.wholeNumber
    guard input != nil || output != nil else { return nil }
    let thoughts = object["thoughtsTokenCount"]?.wholeNumber
    self.init(
      inputTokens: input ?? 0, outputTokens: output ?? 0,
      cachedInputTokens: object["cachedContentTokenCount"]?.wholeNumber, reasoningTokens: thoughts,
      countsReasoningApart: thoughts.map { _ in true })
  }
}
