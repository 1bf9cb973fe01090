import RearviewJSON

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// How widely recall searches before it ranks (Hindsight's `budget`).
public enum Budget: String, Codable, Sendable, CaseIterable {
  case low, mid, high
}

/// Which memories a list of tags lets through (Hindsight's `tags_match`).
public enum TagsMatch: String, Codable, Sendable, CaseIterable {
  /// One of the tags, or untagged.
  case any
  /// All of the tags, or untagged.
  case all
  /// One of the tags.
  case anyStrict = "any_strict"
  /// All of the tags.
  case allStrict = "all_strict"
  /// These tags and no others; an empty list lets only untagged memories through.
  case exact
}

/// Only memories with fitting tags.
public struct TagFilter: Hashable, Codable, Sendable {
  public var tags: [String]
  public var match: TagsMatch

  public init(tags: [String], match: TagsMatch = .any) {
    self.tags = tags
    self.match = match
  }

  /// Whether it lets a memory with these tags through.
  public func accepts(_ tags: [String]) -> Bool {
    switch match {
    case .any: tags.isEmpty || self.tags.contains(where: tags.contains)
    case .all: tags.isEmpty || self.tags.allSatisfy(tags.contains)
    case .anyStrict: self.tags.contains(where: tags.contains)
    case .allStrict: !tags.isEmpty && self.tags.allSatisfy(tags.contains)
    case .exact: Set(tags) == Set(self.tags)
    }
  }
}

/// Conditions on tags that hold each other (Hindsight's `tag_groups`).
public indirect enum TagGroup: Hashable, Sendable {
  case tags(TagFilter)
  /// All of these; none lets everything through.
  case all([TagGroup])
  /// One of these; none lets nothing through.
  case any([TagGroup])
  case not(TagGroup)

  /// Whether it lets a memory with these tags through.
  public func accepts(_ tags: [String]) -> Bool {
    switch self {
    case .tags(let filter): filter.accepts(tags)
    case .all(let groups): groups.allSatisfy { $0.accepts(tags) }
    case .any(let groups): groups.contains { $0.accepts(tags) }
    case .not(let group): !group.accepts(tags)
    }
  }
}

/// A stretch of time, its end not included; an end that is `nil` is open.
public struct TimeRange: Hashable, Codable, Sendable {
  public var start: Date?
  public var end: Date?

  public init(start: Date?, end: Date?) {
    self.start = start
    self.end = end
  }
}

/// Scores that a memory must reach; `nil` where any will do.
public struct MinimumScores: Hashable, Codable, Sendable {
  /// The share of the best memory's score (0 to 1); a server takes it as its own final score.
  public var final: Double?
  /// The share of the best match by words (0 to 1); a memory that was found without its words has 0.
  public var keyword: Double?
  /// The cosine to the question (-1 to 1); a memory that has no vector has none, and does not pass.
  public var semantic: Double?

  public init(final: Double? = nil, keyword: Double? = nil, semantic: Double? = nil) {
    self.final = final
    self.keyword = keyword
    self.semantic = semantic
  }
}

/// A question to a bank.
public struct RecallQuery: Hashable, Sendable {
  public var bankID: String
  public var text: String
  public var budget: Budget
  /// The most tokens (by the estimator of `Chat`) that the recalled texts may cost together.
  public var maxTokens: Int
  /// Only these types; `nil` for all.
  public var types: [MemoryType]?
  /// `nil` for all, whatever their tags.
  public var tags: TagFilter?
  /// All of these must hold too. A server takes them in place of `tags`, not beside them.
  public var tagGroups: [TagGroup]
  /// Only what was said or happened then; a Hindsight server prefers it instead. `nil` for any time.
  public var window: TimeRange?
  public var minimumScores: MinimumScores?
  /// The moment that "yesterday" in the question is reckoned from; `nil` for now.
  public var askedAt: Date?
  /// Whether the entities of each memory are asked for, where that costs something.
  public var includesEntities: Bool
  /// Whether the store is to tell how it searched (`RecallResult.trace`).
  public var traces: Bool
  /// How long the store may take, all tries together; `nil` for its own limit.
  public var timeout: Duration?

  public init(
    bankID: String, text: String, budget: Budget = .mid, maxTokens: Int = 4096, types: [MemoryType]? = nil,
    tags: TagFilter? = nil, tagGroups: [TagGroup] = [], window: TimeRange? = nil,
    minimumScores: MinimumScores? = nil, askedAt: Date? = nil, includesEntities: Bool = true, traces: Bool = false,
    timeout: Duration? = nil
  ) {
    self.bankID = bankID
    self.text = text
    self.budget = budget
    self.maxTokens = maxTokens
    self.types = types
    self.tags = tags
    self.tagGroups = tagGroups
    self.window = window
    self.minimumScores = minimumScores
    self.askedAt = askedAt
    self.includesEntities = includesEntities
    self.traces = traces
    self.timeout = timeout
  }
}

/// A memory that recall returned.
public struct RecalledMemory: Hashable, Codable, Sendable {
  public var memory: Memory
  /// What it was ranked by; higher is better. `nil` where the store does not say.
  public var score: Double?
  /// The scores of the ways in which it was searched for, by their names (`semantic`, `keyword`), where the store says.
  public var scores: [String: Double]?
  /// Where it was said, first to last, when that was more than once; `nil` otherwise, and where the store does not say.
  public var sources: [MemorySource]?
  /// Estimated tokens of its text.
  public var tokenCount: Int

  public init(
    memory: Memory, score: Double?, scores: [String: Double]? = nil, sources: [MemorySource]? = nil, tokenCount: Int
  ) {
    self.memory = memory
    self.score = score
    self.scores = scores
    self.sources = sources
    self.tokenCount = tokenCount
  }

  enum CodingKeys: String, CodingKey {
    case memory, score, scores, sources
    case tokenCount = "token_count"
  }
}

/// One time that a memory was said.
public struct MemorySource: Hashable, Codable, Sendable {
  public var documentID: String?
  public var turnID: String?
  /// `nil` where no time was given.
  public var saidAt: Date?
  /// What was kept with it that time.
  public var metadata: Metadata

  public init(documentID: String?, turnID: String?, saidAt: Date?, metadata: Metadata = [:]) {
    self.documentID = documentID
    self.turnID = turnID
    self.saidAt = saidAt
    self.metadata = metadata
  }

  enum CodingKeys: String, CodingKey {
    case metadata
    case documentID = "document_id"
    case turnID = "turn_id"
    case saidAt = "said_at"
  }
}

/// What a recall found, best first.
public struct RecallResult: Hashable, Sendable {
  /// Those that fit into the token budget.
  public var memories: [RecalledMemory]
  /// How many matched, those that did not fit included; `nil` where the store does not say.
  public var matchCount: Int?
  /// Valid memories of the bank that was searched; `nil` where the store does not say.
  public var searchedCount: Int?
  /// The words that were looked for, as the reader wrote them, lower-cased, stop words left out; empty where the store
  /// does not say.
  public var words: [String]
  /// How the store searched, in its own form, when that was asked for.
  public var trace: JSONValue?
  /// Ways of searching that failed, each in one sentence; what the others found is here.
  public var notices: [String]

  public init(
    memories: [RecalledMemory] = [], matchCount: Int? = nil, searchedCount: Int? = nil, words: [String] = [],
    trace: JSONValue? = nil, notices: [String] = []
  ) {
    self.memories = memories
    self.matchCount = matchCount
    self.searchedCount = searchedCount
    self.words = words
    self.trace = trace
    self.notices = notices
  }
}
