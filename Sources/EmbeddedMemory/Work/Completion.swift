import RearviewChat
import RearviewJSON

/// A model's answer, whole.
struct Completion: Sendable {
  var text = ""
  var toolCalls: [ToolCall] = []
  /// The thinking that must go back with the results of tools.
  var thinkingBlocks: [JSONObject] = []
  var finish = FinishReason.other
  /// As the provider counted; by our own estimate where it did not say.
  var inputTokens = 0
  var outputTokens = 0

  /// Its message in the conversation.
  var message: Message { Message(answer: text, toolCalls: toolCalls, thinkingBlocks: thinkingBlocks) }
}

extension ChatModel {
  /// Asks the model and waits for the whole answer.
  ///
  /// - Throws: `ChatModelError`, or `CancellationError` as soon as the task is cancelled.
  func complete(_ request: ChatRequest) async throws -> Completion {
    var completion = Completion()
    var usage: Usage?
    for try await event in stream(request) {
      switch event {
      case .text(let text): completion.text += text
      case .toolCall(let call): completion.toolCalls.append(call)
      case .thinkingBlock(let block): completion.thinkingBlocks.append(block)
      case .usage(let said): usage = said
      case .finished(let reason): completion.finish = reason
      case .reasoning, .retrying: break
      }
    }
    // A stream whose reader was cancelled ends as if the answer were complete.
    try Task.checkCancellation()
    let written = completion.toolCalls.reduce(completion.text) { $0 + $1.written }
    completion.inputTokens = usage?.inputTokens ?? request.estimatedInputTokens
    completion.outputTokens = usage?.paidOutputTokens ?? estimatedTokens(written)
    return completion
  }
}

extension ChatRequest {
  /// What sending it costs by our estimate, tools and schemas included.
  var estimatedInputTokens: Int {
    estimatedTokens(messages) + (parameters.isEmpty ? 0 : estimatedTokens(JSONValue.object(parameters).written()))
  }

  /// A request for one JSON object of a schema, which a model that knows no schemas reads in the prompt.
  static func json(_ messages: [Message], name: String, schema: JSONObject) -> ChatRequest {
    ChatRequest(
      messages: messages,
      parameters: [
        "response_format": [
          "type": "json_schema",
          "json_schema": ["name": .text(name), "schema": .object(schema)],
        ]
      ])
  }
}

extension ChatModelError {
  /// Whether the same call may go better later.
  var isTransient: Bool {
    if let mayRetry { return mayRetry }
    switch kind {
    case .rateLimited, .server, .unreachable, .timedOut, .cutStream, .failedMidStream: return true
    case .noKey, .unauthorised, .payment, .notFound, .badRequest, .contextTooLong, .blocked, .unreadable: return false
    }
  }

  /// Whether every other call to the model would fail too, so that going on is useless until someone mends it.
  var isOfTheModel: Bool {
    switch kind {
    case .noKey, .unauthorised, .payment, .notFound: true
    case .rateLimited, .server, .unreachable, .timedOut, .cutStream, .failedMidStream, .badRequest, .contextTooLong,
      .blocked, .unreadable:
      false
    }
  }

  /// How long the provider asks to wait.
  var askedWait: Duration? {
    if case .rateLimited(let retryAfter) = kind { return retryAfter ?? wait }
    return wait
  }
}
