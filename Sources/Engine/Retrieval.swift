import RearviewMemory

/// What memory gave for one turn, and what became of it.
public struct Retrieval: Hashable, Codable, Sendable {
  public enum State: String, Codable, Sendable {
    /// Switched off by `inject_memories`.
    case off
    /// The messages hold nothing to ask for.
    case noQuery = "no_query"
    case asking
    case found
    case nothing
    /// The store failed, or took too long; the answer goes on without memory.
    case failed
  }

  public var state: State
  public var query: String?
  /// All that recall returned, best first.
  public var memories: [RetrievedMemory]
  public var matchCount: Int
  public var searchedCount: Int
  /// Words of the query that were looked for.
  public var words: [String]
  public var durationMilliseconds: Double?
  /// Why it failed, in one sentence.
  public var error: String?

  public init(
    state: State, query: String? = nil, memories: [RetrievedMemory] = [], matchCount: Int = 0, searchedCount: Int = 0,
    words: [String] = [], durationMilliseconds: Double? = nil, error: String? = nil
  ) {
    self.state = state
    self.query = query
    self.memories = memories
    self.matchCount = matchCount
    self.searchedCount = searchedCount
    self.words = words
    self.durationMilliseconds = durationMilliseconds
    self.error = error
  }

  /// The memories that went into the prompt, in the order of the block.
  public var injected: [RetrievedMemory] { memories.filter { $0.use == .injected } }
}

/// A recalled memory and what was done with it.
public struct RetrievedMemory: Hashable, Codable, Sendable {
  public enum Use: String, Codable, Sendable {
    case injected
    /// Its text already stands in the messages that are sent.
    case inConversation = "in_conversation"
    /// Left out by `max_memories`.
    case overLimit = "over_limit"
  }
  public var recalled: RecalledMemory
  public var use: Use

  public init(recalled: RecalledMemory, use: Use) {
    self.recalled = recalled
    self.use = use
  }
}
