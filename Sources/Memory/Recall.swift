import Foundation

/// How widely recall searches before it ranks (Hindsight's `budget`).
public enum Budget: String, Codable, Sendable, CaseIterable {
  case low, mid, high
}

/// A question to a bank.
public struct RecallQuery: Hashable, Codable, Sendable {
  public var bankID: String
  public var text: String
  public var budget: Budget
  /// The most tokens (by the estimator of `Chat`) that the recalled texts may cost together.
  public var maxTokens: Int
  /// Only these types; `nil` for all.
  public var types: [MemoryType]?

  public init(bankID: String, text: String, budget: Budget = .mid, maxTokens: Int = 4096, types: [MemoryType]? = nil) {
    self.bankID = bankID
    self.text = text
    self.budget = budget
    self.maxTokens = maxTokens
    self.types = types
  }
}

/// A memory that recall returned.
public struct RecalledMemory: Hashable, Codable, Sendable {
  public var memory: Memory
  /// What it was ranked by; higher is better. The best of a recall is 1 where the store can say.
  public var score: Double?
  /// Estimated tokens of its text.
  public var tokenCount: Int

  public init(memory: Memory, score: Double?, tokenCount: Int) {
    self.memory = memory
    self.score = score
    self.tokenCount = tokenCount
  }
}

/// What a recall found, best first.
public struct RecallResult: Hashable, Codable, Sendable {
  /// Those that fit into the token budget.
  public var memories: [RecalledMemory]
  /// How many matched, those that did not fit included.
  public var matchCount: Int
  /// Valid memories of the bank that was searched.
  public var searchedCount: Int
  /// The words that were looked for, as the reader wrote them, lower-cased, stop words left out.
  public var words: [String]

  public init(memories: [RecalledMemory] = [], matchCount: Int = 0, searchedCount: Int = 0, words: [String] = []) {
    self.memories = memories
    self.matchCount = matchCount
    self.searchedCount = searchedCount
    self.words = words
  }
}
