import RearviewChat
import RearviewHTTP
import RearviewJSON

/// OpenAI's Responses protocol: typed events, of which those are read that bring something new; the last one tells how
/// it ended.
struct ResponsesDialect: AnswerDialect {
  private struct Call: Sendable {
    var item: String
    var call: ToolCall
    var hasStreamed = false
  }

  private var calls: [Call] = []
  /// Items whose reasoning or text came in pieces: what stands whole in a later event is the same again.
  private var streamed: Set<String> = []
  private var hasText = false

  var toolCalls: [ToolCall] { calls.map(\.call) }

  mutating func take(_ event: ServerSentEvent, into news: inout AnswerNews) {
    if event.isDone {
      news.isDone = true
    } else if let object = JSONObject(answer: event.data) {
      take(object, type: object["type"]?.text ?? event.name ?? "", into: &news)
    }
  }

  mutating func take(whole bytes: [UInt8], into news: inout AnswerNews) -> Bool {
    guard let object = JSONObject(answer: bytes) else { return false }
    if let failure = Self.failure(of: object) {
      news.failure = failure
      return true
    }
    guard object["output"]?.list != nil else { return true }
    take(response: object, into: &news)
    return true
  }

  private mutating func take(_ event: JSONObject, type: String, into news: inout AnswerNews) {
    let item = event["item_id"]?.text ?? ""
    switch type {
    case "response.output_text.delta", "response.refusal.delta":
      news.isInForm = true
      hasText = true
      streamed.insert(item)
      news.add(text: event["delta"]?.text ?? "")
    case "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
      news.isInForm = true
      streamed.insert(item)
      news.add(reasoning: event["delta"]?.text ?? "")
    case "response.reasoning_summary_part.added":
      // Paragraphs of a summary come as parts of their own.
      if event["summary_index"]?.wholeNumber ?? 0 > 0 { news.add(reasoning: "\n\n") }
    case "response.output_item.added":
      news.isInForm = true
      if let added = event["item"], added["type"] == "function_call" { begin(added, into: &news) }
    case "response.function_call_arguments.delta":
      guard let place = calls.lastIndex(where: { $0.item == item }) ?? calls.indices.last else { return }
      if !calls[place].hasStreamed { calls[place].call.arguments = "" }
      calls[place].hasStreamed = true
      calls[place].call.arguments += event["delta"]?.text ?? ""
    case "response.function_call_arguments.done":
      guard let place = calls.lastIndex(where: { $0.item == item }), let whole = event["arguments"]?.text else {
        return
      }
      calls[place].call.arguments = whole
    case "response.output_item.done":
      if let done = event["item"] { take(done: done, into: &news) }
    case "response.completed", "response.incomplete", "response.done":
      take(response: event["response"]?.object ?? [:], into: &news)
      news.isDone = true
    case "response.failed":
      let response = event["response"]?.object ?? [:]
      if let usage = Usage(responses: response["usage"]) { news.add(usage) }
      news.failure = Self.failure(of: response) ?? ProviderErrorObject()
    case "error":
      news.failure = ProviderErrorObject(event) ?? ProviderErrorObject(fields: event)
    default:
      if type.hasPrefix("response.") {
        news.isInForm = true
      } else {
        news.failure = ProviderErrorObject(event)
      }
    }
  }

  private mutating func begin(_ item: JSONValue, into news: inout AnswerNews) {
    calls.append(
      Call(
        item: item["id"]?.text ?? "",
        call: ToolCall(
          id: item["call_id"]?.text ?? item["id"]?.text, name: item["name"]?.text ?? "",
          arguments: item["arguments"]?.text ?? "")))
    news.addToolCall()
  }

  /// What an item says as a whole, where it did not come in pieces.
  private mutating func take(done item: JSONValue, into news: inout AnswerNews) {
    let id = item["id"]?.text ?? ""
    switch item["type"]?.text {
    case "function_call":
      if let place = calls.lastIndex(where: { $0.item == id && !id.isEmpty }) {
        calls[place].call.arguments = item["arguments"]?.text ?? calls[place].call.arguments
      } else if !calls.contains(where: { $0.call.id == item["call_id"]?.text }) {
        begin(item, into: &news)
      }
    case "reasoning" where !streamed.contains(id):
      streamed.insert(id)
      let parts = (item["summary"]?.list ?? []) + (item["content"]?.list ?? [])
      news.add(reasoning: parts.compactMap { $0["text"]?.text }.joined(separator: "\n\n"))
    case "message" where !streamed.contains(id):
      streamed.insert(id)
      for part in item["content"]?.list ?? [] {
        let text = part["text"]?.text ?? part["refusal"]?.text ?? ""
        hasText = hasText || !text.isEmpty
        news.add(text: text)
      }
    default: break
    }
  }

  /// The whole response, at its end.
  private mutating func take(response: JSONObject, into news: inout AnswerNews) {
    news.isInForm = true
    // Some servers give no ids to what they stream; then only what never came in pieces is taken.
    if !hasText || calls.isEmpty {
      for item in response["output"]?.list ?? [] where !(hasText && item["type"] == "message") {
        if item["type"] == "reasoning", !streamed.isEmpty { continue }
        take(done: item, into: &news)
      }
    }
    if let usage = Usage(responses: response["usage"]) { news.add(usage) }
    if let failure = Self.failure(of: response) {
      news.failure = failure
      return
    }
    switch (response["status"]?.text, response["incomplete_details"]?["reason"]?.text) {
    case (_, "max_output_tokens"?): news.finish = .length
    case (_, "content_filter"?): news.finish = .contentFilter
    case ("incomplete"?, _): news.finish = .other
    default: news.finish = calls.isEmpty ? .stop : .toolCalls
    }
  }

  private static func failure(of response: JSONObject) -> ProviderErrorObject? {
    guard let error = response["error"], !error.isNull else { return nil }
    return ProviderErrorObject(response)
  }
}

extension Usage {
  fileprivate init?(responses json: JSONValue?) {
    guard let object = json?.object else { return nil }
    let input = object["input_tokens"]?.wholeNumber
    let output = object["output_tokens"]?.wholeNumber
    guard input != nil || output != nil else { return nil }
    self.init(
      inputTokens: input ?? 0, outputTokens: output ?? 0,
      cachedInputTokens: object["input_tokens_details"]?["cached_tokens"]?.wholeNumber,
      reasoningTokens: object["output_tokens_details"]?["reasoning_tokens"]?.wholeNumber)
  }
}
