import Foundation
import RearviewChat
import RearviewJSON

/// All that happened in one turn. The memory pane shows it, `ask --json` prints it, the session keeps it.
public struct TurnRecord: Hashable, Codable, Sendable, Identifiable {
  /// UUID.
  public var id: String
  public var sessionID: String
  public var startedAt: Date
  /// The user's words; empty where the last user message has no text.
  public var question: String
  /// The model's name, as it was given.
  public var model: String
  public var settings: MemorySettings
  public var retrieval: Retrieval
  /// The memory block that was injected; `nil` when none was.
  public var block: String?
  /// The messages that were sent, exactly; without the conversation before the turn once that was dropped.
  public private(set) var messages: [Message]
  /// Whether `messages` lacks the conversation before the turn; `sentMessages(after:)` puts it back.
  public private(set) var isHistoryDropped = false
  /// What was sent beside the messages and the model: `temperature`, `tools`, …
  public var parameters: JSONObject = [:]
  /// Estimated tokens of all messages that were sent.
  public private(set) var sentTokens = 0
  public var answer: Answer
  /// Whether the answer is to be remembered too; the built-in model's are not.
  public var retainsAnswer = true
  public var storage: Storage
  /// What is to be said to who made the request, in sentences: settings that are no more, names that are none.
  public var warnings: [String] = []

  public init(
    id: String, sessionID: String, startedAt: Date, question: String, model: String, settings: MemorySettings
  ) {
    self.id = id
    self.sessionID = sessionID
    self.startedAt = startedAt
    self.question = question
    self.model = model
    self.settings = settings
    retrieval = Retrieval(state: settings.injectMemories ? .asking : .off)
    messages = []
    answer = Answer()
    storage = Storage(state: settings.storeConversations ? .waiting : .off)
  }

  enum CodingKeys: String, CodingKey {
    case id, question, model, settings, retrieval, block, messages, parameters, answer, storage, warnings
    case sessionID = "session_id"
    case startedAt = "started_at"
    case isHistoryDropped = "is_history_dropped"
    case sentTokens = "sent_tokens"
    case retainsAnswer = "retains_answer"
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    id = try values.decode(String.self, forKey: .id)
    sessionID = try values.decode(String.self, forKey: .sessionID)
    startedAt = try values.decode(Date.self, forKey: .startedAt)
    question = try values.decode(String.self, forKey: .question)
    model = try values.decode(String.self, forKey: .model)
    settings = try values.decode(MemorySettings.self, forKey: .settings)
    retrieval = try values.decode(Retrieval.self, forKey: .retrieval)
    block = try values.decodeIfPresent(String.self, forKey: .block)
    messages = try values.decode([Message].self, forKey: .messages)
    isHistoryDropped = try values.decode(Bool.self, forKey: .isHistoryDropped)
    parameters = try values.decodeIfPresent(JSONObject.self, forKey: .parameters) ?? [:]
    sentTokens = try values.decode(Int.self, forKey: .sentTokens)
    answer = try values.decode(Answer.self, forKey: .answer)
    retainsAnswer = try values.decode(Bool.self, forKey: .retainsAnswer)
    storage = try values.decode(Storage.self, forKey: .storage)
    warnings = try values.decodeIfPresent([String].self, forKey: .warnings) ?? []
  }
}

extension TurnRecord {
  /// What a retrieval says that the user stopped; no fault of the store.
  public static let stoppedBeforeMemory = "Stopped before memory answered."

  /// In the words of the Python package.
  public static let noBank =
    "Failed to inject memories: No bank_id configured. Either call set_defaults(bank_id=...) or pass "
    + "hindsight_bank_id=... to the completion call."

  /// What is sent, all of it.
  public mutating func setSent(_ messages: [Message]) {
    self.messages = messages
    isHistoryDropped = false
    sentTokens = estimatedTokens(messages)
  }

  /// Leaves out the conversation before the turn, which the session's other turns hold already: else a session would
  /// grow with the square of its turns. What stays are the system messages and the last one.
  public mutating func dropHistory() {
    guard !isHistoryDropped, let last = messages.last else { return }
    messages = messages.dropLast().filter { $0.role == .system } + [last]
    isHistoryDropped = true
  }

  /// The messages that were sent, exactly, given the turns of the session before this one.
  public func sentMessages(after turns: some Sequence<TurnRecord>) -> [Message] {
    guard isHistoryDropped, let last = messages.last else { return messages }
    return messages.dropLast() + conversation(of: turns) + [last]
  }
}

/// What the model said.
public struct Answer: Hashable, Codable, Sendable {
  public enum State: String, Codable, Sendable {
    /// Not finished; after a crash, as far as it came.
    case streaming
    case complete
    /// Stopped by the user, by the end of the program, or by a fault in the middle: `text` is what came.
    case cut
    /// Nothing came.
    case failed
  }
  public var state: State = .streaming
  public var text: String = ""
  public var reasoning: String = ""
  /// What the model asks tools to do; running them is the caller's part.
  public var toolCalls: [ToolCall] = []
  /// The thinking that must go back with the results of the tools.
  public var thinkingBlocks: [JSONObject] = []
  /// The provider's own count.
  public var usage: Usage?
  public var finishReason: FinishReason?
  /// The full name of the model that answered, where it was one of `fallback_models`.
  public var answeredBy: String?
  /// What went wrong, in one sentence.
  public var error: String?
  public var firstTokenMilliseconds: Double?
  public var durationMilliseconds: Double?

  public init() {}

  /// Whether the model said nothing and asked for nothing.
  public var isEmpty: Bool { text.isEmpty && toolCalls.isEmpty }

  /// The answer as a message, for the conversation to go on with.
  public var message: Message { Message(answer: text, toolCalls: toolCalls, thinkingBlocks: thinkingBlocks) }

  enum CodingKeys: String, CodingKey {
    case state, text, reasoning, usage, error
    case toolCalls = "tool_calls"
    case thinkingBlocks = "thinking_blocks"
    case finishReason = "finish_reason"
    case answeredBy = "answered_by"
    case firstTokenMilliseconds = "first_token_milliseconds"
    case durationMilliseconds = "duration_milliseconds"
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    state = try values.decode(State.self, forKey: .state)
    text = try values.decode(String.self, forKey: .text)
    reasoning = try values.decode(String.self, forKey: .reasoning)
    toolCalls = try values.decodeIfPresent([ToolCall].self, forKey: .toolCalls) ?? []
    thinkingBlocks = try values.decodeIfPresent([JSONObject].self, forKey: .thinkingBlocks) ?? []
    usage = try values.decodeIfPresent(Usage.self, forKey: .usage)
    finishReason = try values.decodeIfPresent(FinishReason.self, forKey: .finishReason)
    answeredBy = try values.decodeIfPresent(String.self, forKey: .answeredBy)
    error = try values.decodeIfPresent(String.self, forKey: .error)
    firstTokenMilliseconds = try values.decodeIfPresent(Double.self, forKey: .firstTokenMilliseconds)
    durationMilliseconds = try values.decodeIfPresent(Double.self, forKey: .durationMilliseconds)
  }
}

/// What became of the turn's words in the memory store.
public struct Storage: Hashable, Codable, Sendable {
  public enum State: String, Codable, Sendable {
    /// The turn is not finished.
    case waiting
    /// Switched off by `store_conversations`.
    case off
    /// Nothing of it was new to the bank: the same exchange was handed in before (`deduplicate`).
    case known
    /// In the queue on disk.
    case queued
    /// The store has it on its own disk and still works on it.
    case processing
    case stored
    /// The store refused it; it stays in the queue and is tried again.
    case failed
    /// The finished turn could not be written to disk; it is tried again for a minute.
    case unsaved
  }
  public var state: State
  /// Why the last try failed, in one sentence.
  public var error: String?

  public init(state: State, error: String? = nil) {
    self.state = state
    self.error = error
  }
}

/// The messages of a conversation so far, without any memory block: questions that were answered, and their answers.
public func conversation(of turns: some Sequence<TurnRecord>) -> [Message] {
  turns.flatMap { turn in
    turn.answer.text.isEmpty
      ? [] : [Message(.user, turn.question), Message(.assistant, turn.answer.text)]
  }
}

extension JSONEncoder {
  /// For records: dates in ISO 8601 with milliseconds, keys in order, slashes as they are.
  public static var record: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      try container.encode(recordTime(date))
    }
    return encoder
  }
}

/// A time as records and answers hold it: ISO 8601 in UTC with milliseconds.
public func recordTime(_ date: Date) -> String {
  // The format cuts below a millisecond: without rounding a date would lose one each time it is written.
  let date = Date(timeIntervalSince1970: ((date.timeIntervalSince1970 * 1_000).rounded() + 0.1) / 1_000)
  return date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
}

extension JSONDecoder {
  /// Reads what `JSONEncoder.record` writes.
  ///
  /// Records of before version 0.2 have the names of Swift's properties; those are read too.
  public static var record: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .custom { path in
      let key = path[path.count - 1]
      guard let name = formerNames[key.stringValue] else { return key }
      return RecordKey(stringValue: name)
    }
    decoder.dateDecodingStrategy = .custom { decoder in
      let text = try decoder.singleValueContainer().decode(String.self)
      return try Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
    return decoder
  }
}

private struct RecordKey: CodingKey {
  var stringValue: String
  var intValue: Int? { nil }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

private let formerNames = [
  "sessionID": "session_id", "startedAt": "started_at", "isHistoryDropped": "is_history_dropped",
  "sentTokens": "sent_tokens", "retainsAnswer": "retains_answer", "matchCount": "match_count",
  "searchedCount": "searched_count", "durationMilliseconds": "duration_milliseconds",
  "firstTokenMilliseconds": "first_token_milliseconds", "finishReason": "finish_reason",
  "inputTokens": "input_tokens", "outputTokens": "output_tokens", "tokenCount": "token_count",
  "mentionedAt": "mentioned_at", "occurredStart": "occurred_start", "occurredEnd": "occurred_end",
  "documentID": "document_id", "turnID": "turn_id", "stateReason": "state_reason", "proofCount": "proof_count",
  "createdAt": "created_at", "updatedAt": "updated_at", "bankID": "bank_id", "saidAt": "said_at", "isCut": "is_cut",
]
