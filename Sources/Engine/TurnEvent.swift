import RearviewChat

/// What happens in a turn, in this order. Every turn ends with `.record`.
///
/// The large ones are `indirect`: a reader that lags behind a long answer holds thousands of pieces of text.
public enum TurnEvent: Hashable, Sendable {
  /// The user's words are on disk.
  indirect case opened(TurnRecord)
  indirect case retrieved(Retrieval)
  /// What is sent: the memory block, if there is one, and all messages.
  case injected(block: String?, messages: [Message])
  case text(String)
  case reasoning(String)
  case toolCall(ToolCall)
  case usage(Usage)
  /// The model is asked once more after a wait; nothing of the answer had come.
  indirect case retrying(Retry)
  /// The answer is complete, cut or failed, and on disk.
  indirect case finished(Answer)
  indirect case storage(Storage)
  /// The whole record; the last event.
  indirect case record(TurnRecord)
}

extension TurnEvent: Encodable {
  enum CodingKeys: String, CodingKey {
    case event, id, sessionID = "session_id", retrieval, block, messages, text, toolCall = "tool_call", usage, retry,
      answer, storage, record
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .event)
    switch self {
    case .opened(let record):
      try container.encode(record.id, forKey: .id)
      try container.encode(record.sessionID, forKey: .sessionID)
    case .retrieved(let retrieval): try container.encode(retrieval, forKey: .retrieval)
    case .injected(let block, let messages):
      try container.encode(block, forKey: .block)
      try container.encode(messages, forKey: .messages)
    case .text(let text), .reasoning(let text): try container.encode(text, forKey: .text)
    case .toolCall(let call): try container.encode(call, forKey: .toolCall)
    case .usage(let usage): try container.encode(usage, forKey: .usage)
    case .retrying(let retry): try container.encode(retry, forKey: .retry)
    case .finished(let answer): try container.encode(answer, forKey: .answer)
    case .storage(let storage): try container.encode(storage, forKey: .storage)
    case .record(let record): try container.encode(record, forKey: .record)
    }
  }

  /// As scripts see it.
  private var name: String {
    switch self {
    case .opened: "opened"
    case .retrieved: "retrieved"
    case .injected: "injected"
    case .text: "text"
    case .reasoning: "reasoning"
    case .toolCall: "tool_call"
    case .usage: "usage"
    case .retrying: "retrying"
    case .finished: "finished"
    case .storage: "storage"
    case .record: "record"
    }
  }
}
