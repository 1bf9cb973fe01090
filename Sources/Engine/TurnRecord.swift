import Foundation
import RearviewChat

/// All that happened in one turn. The memory pane shows it, `ask --json` prints it, the session keeps it.
public struct TurnRecord: Hashable, Codable, Sendable, Identifiable {
  /// UUID.
  public var id: String
  public var sessionID: String
  public var startedAt: Date
  /// The user's words.
  public var question: String
  /// The model's full name.
  public var model: String
  public var settings: MemorySettings
  public var retrieval: Retrieval
  /// The memory block that was injected; `nil` when none was.
  public var block: String?
  /// The messages that were sent, exactly; without the conversation before the turn once that was dropped.
  public private(set) var messages: [Message]
  /// Whether `messages` lacks the conversation before the turn; `sentMessages(after:)` puts it back.
  public private(set) var isHistoryDropped = false
  /// Estimated tokens of all messages that were sent.
  public private(set) var sentTokens = 0
  public var answer: Answer
  /// Whether the answer is to be remembered too; the built-in model's are not.
  public var retainsAnswer = true
  public var storage: Storage

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
}

extension TurnRecord {
  /// What a retrieval says that the user stopped; no fault of the store.
  public static let stoppedBeforeMemory = "Stopped before memory answered."

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
  /// The provider's own count.
  public var usage: Usage?
  public var finishReason: FinishReason?
  /// What went wrong, in one sentence.
  public var error: String?
  public var firstTokenMilliseconds: Double?
  public var durationMilliseconds: Double?

  public init() {}
}

/// What became of the turn's words in the memory store.
public struct Storage: Hashable, Codable, Sendable {
  public enum State: String, Codable, Sendable {
    /// The turn is not finished.
    case waiting
    /// Switched off by `store_conversations`.
    case off
    /// In the queue on disk.
    case queued
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
      // The format cuts below a millisecond: without rounding a date would lose one each time it is written.
      let date = Date(timeIntervalSince1970: ((date.timeIntervalSince1970 * 1_000).rounded() + 0.1) / 1_000)
      try container.encode(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }
    return encoder
  }
}

extension JSONDecoder {
  /// Reads what `JSONEncoder.record` writes.
  public static var record: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .custom { decoder in
      let text = try decoder.singleValueContainer().decode(String.self)
      return try Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
    return decoder
  }
}
