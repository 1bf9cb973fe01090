import RearviewChat

/// What one JSON object of an answer in OpenAI's chat protocol says, whoever wrote it.
struct OpenAIChunk: Hashable, Sendable {
  var text = ""
  var reasoning = ""
  /// Pieces of tool calls, in their order.
  var toolCalls: [ToolCallPiece] = []
  var finishReason: String?
  var usage: Usage?
  var error: ProviderErrorObject?

  /// Reads a chunk of a stream, by the fast way where that is sure and by the thorough one where it is not.
  /// Returns `nil` for bytes that are no JSON object.
  init?(event data: [UInt8]) {
    if let chunk = Self.scanned(data) ?? Self.parsed(data) {
      self = chunk
    } else {
      return nil
    }
  }

  init() {}

  /// The finish reason in our words; `nil` while there is none.
  var finish: FinishReason? {
    switch finishReason {
    case nil: nil
    case "stop", "eos", "end_turn": .stop
    case "length", "max_tokens": .length
    case "content_filter": .contentFilter
    case "tool_calls", "function_call", "tool_use": .toolCalls
    case .some: .other
    }
  }
}
