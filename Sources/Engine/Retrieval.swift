import RearviewJSON
import RearviewMemory

/// What memory gave for one turn, and what became of it.
public struct Retrieval: Hashable, Codable, Sendable {
  public enum State: String, Codable, Sendable {
    /// Switched off by `inject_memories`.
    case off
    /// The model is one of `excluded_models`.
    case excluded
    /// The messages hold nothing to ask for.
    case noQuery = "no_query"
    case asking
    case found
    case nothing
    /// The store failed, or took too long.
    case failed
  }

  /// How memory is asked.
  public enum Mode: String, Codable, Sendable {
    case recall, reflect
  }

  public var state: State
  public var mode: Mode
  /// What was asked, as it was sent.
  public var query: String?
  /// Estimated tokens of the whole query, where it was longer than the store takes and head and tail of it were sent.
  public var uncutQueryTokens: Int?
  /// All that recall returned, best first.
  public var memories: [RetrievedMemory]
  /// What reflect answered.
  public var reflection: Reflection?
  /// `nil` where the store does not say.
  public var matchCount: Int?
  public var searchedCount: Int?
  /// Words of the query that were looked for.
  public var words: [String]
  public var durationMilliseconds: Double?
  /// Why it failed, in one sentence.
  public var error: String?
  /// How the store searched, when `trace` was set.
  public var trace: JSONValue?
  /// Ways of searching that failed, each in one sentence; what the others found is here.
  public var notices: [String] = []

  public init(
    state: State, mode: Mode = .recall, query: String? = nil, memories: [RetrievedMemory] = [],
    reflection: Reflection? = nil, matchCount: Int? = nil, searchedCount: Int? = nil, words: [String] = [],
    durationMilliseconds: Double? = nil, error: String? = nil, trace: JSONValue? = nil
  ) {
    self.state = state
    self.mode = mode
    self.query = query
    self.memories = memories
    self.reflection = reflection
    self.matchCount = matchCount
    self.searchedCount = searchedCount
    self.words = words
    self.durationMilliseconds = durationMilliseconds
    self.error = error
    self.trace = trace
  }

  /// The memories that went into the prompt, in the order of the block.
  public var injected: [RetrievedMemory] { memories.filter { $0.use == .injected } }

  enum CodingKeys: String, CodingKey {
    case state, mode, query, memories, reflection, words, error, trace, notices
    case uncutQueryTokens = "uncut_query_tokens"
    case matchCount = "match_count"
    case searchedCount = "searched_count"
    case durationMilliseconds = "duration_milliseconds"
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      state: try values.decode(State.self, forKey: .state),
      mode: try values.decodeIfPresent(Mode.self, forKey: .mode) ?? .recall,
      query: try values.decodeIfPresent(String.self, forKey: .query),
      memories: try values.decode([RetrievedMemory].self, forKey: .memories),
      reflection: try values.decodeIfPresent(Reflection.self, forKey: .reflection),
      matchCount: try values.decodeIfPresent(Int.self, forKey: .matchCount),
      searchedCount: try values.decodeIfPresent(Int.self, forKey: .searchedCount),
      words: try values.decode([String].self, forKey: .words),
      durationMilliseconds: try values.decodeIfPresent(Double.self, forKey: .durationMilliseconds),
      error: try values.decodeIfPresent(String.self, forKey: .error),
      trace: try values.decodeIfPresent(JSONValue.self, forKey: .trace))
    uncutQueryTokens = try values.decodeIfPresent(Int.self, forKey: .uncutQueryTokens)
    notices = try values.decodeIfPresent([String].self, forKey: .notices) ?? []
  }
}

/// A recalled memory and what was done with it.
public struct RetrievedMemory: Hashable, Codable, Sendable {
  public enum Use: String, Codable, Sendable {
    case injected
    /// Its text already stands in the messages that are sent.
    case inConversation = "in_conversation"
    /// Left out by `max_memories`.
    case overLimit = "over_limit"
    /// It has no text; its number in the block stays free.
    case blank
  }
  public var recalled: RecalledMemory
  public var use: Use

  public init(recalled: RecalledMemory, use: Use) {
    self.recalled = recalled
    self.use = use
  }
}
