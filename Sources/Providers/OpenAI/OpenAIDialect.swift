import RearviewChat
import RearviewHTTP

/// OpenAI's chat protocol, as servers of all kinds answer in it.
struct OpenAIDialect: AnswerDialect {
  private var calls = ToolCallAssembly()

  var toolCalls: [ToolCall] { calls.toolCalls }

  mutating func take(_ event: ServerSentEvent, into news: inout AnswerNews) {
    if event.isDone {
      news.isDone = true
    } else if let chunk = OpenAIChunk(event: event.data) {
      take(chunk, into: &news)
    }
  }

  mutating func take(whole bytes: [UInt8], into news: inout AnswerNews) -> Bool {
    guard let chunk = OpenAIChunk.parsed(bytes) else { return false }
    take(chunk, into: &news)
    return true
  }

  private mutating func take(_ chunk: OpenAIChunk, into news: inout AnswerNews) {
    news.isInForm = true
    news.add(reasoning: chunk.reasoning)
    news.add(text: chunk.text)
    for piece in chunk.toolCalls {
      calls.take(piece)
      news.addToolCall()
    }
    if let usage = chunk.usage { news.add(usage) }
    news.finish = chunk.finish ?? news.finish
    news.failure = chunk.error ?? (chunk.finishReason == "error" ? ProviderErrorObject() : nil)
  }
}
