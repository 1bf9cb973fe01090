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
  /// The messages that were sent, exactly.
  public var messages: [Message]
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
