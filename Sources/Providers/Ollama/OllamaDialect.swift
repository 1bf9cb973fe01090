import RearviewChat
import RearviewHTTP
import RearviewJSON

/// Ollama's own protocol: one JSON object a line, the last with `done`.
struct OllamaDialect: AnswerDialect {
  typealias Framing = LineFraming

  private(set) var toolCalls: [ToolCall] = []

  mutating func take(_ line: [UInt8], into news: inout AnswerNews) {
    if let object = JSONObject(answer: line) { take(object, into: &news) }
  }

  mutating func take(whole bytes: [UInt8], into news: inout AnswerNews) -> Bool {
    guard let object = JSONObject(answer: bytes) else { return false }
    take(object, into: &news)
    return true
  }

  private mutating func take(_ object: JSONObject, into news: inout AnswerNews) {
    if let failure = ProviderErrorObject(object) {
      news.failure = failure
      return
    }
    if let message = object["message"]?.object {
      news.isInForm = true
      news.add(reasoning: message["thinking"]?.text ?? "")
      news.add(text: message["content"]?.text ?? "")
      for call in message["tool_calls"]?.list ?? [] {
        guard let function = call["function"], let name = function["name"]?.text else { continue }
        let arguments = function["arguments"] ?? [:]
        let id =
          call["id"]?.text
          ?? callID(of: name, arguments, after: toolCalls.count, in: object["created_at"]?.text ?? "")
        toolCalls.append(ToolCall(id: id, name: name, arguments: arguments.text ?? arguments.written()))
        news.addToolCall()
      }
    }
    guard object["done"] == true else {
      news.isPiece = object["done"] == false
      return
    }
    news.isInForm = true
    let input = object["prompt_eval_count"]?.wholeNumber
    let output = object["eval_count"]?.wholeNumber
    if input != nil || output != nil { news.add(Usage(inputTokens: input ?? 0, outputTokens: output ?? 0)) }
    switch object["done_reason"]?.text {
    case "stop"?, nil: news.finish = .stop
    case "length"?: news.finish = .length
    default: news.finish = .other
    }
    news.isDone = true
  }
}
