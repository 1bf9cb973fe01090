import Foundation

/// What a memory is about: Hindsight's three types, wherever a type can be seen.
public enum MemoryType: String, Codable, Sendable, CaseIterable {
  /// What the user said about the world.
  case world
  /// What the assistant said or did.
  case experience
  /// What was derived from other memories.
  case observation
}

/// Whether a memory takes part in recall.
public enum MemoryState: String, Codable, Sendable {
  case valid
  /// Retired with a reason; it stays in the bank and can be restored.
  case invalidated
}

/// One memory of a bank, as every store returns it.
public struct Memory: Hashable, Codable, Sendable, Identifiable {
  /// The store's own name for it, stable for the life of the memory.
  public var id: String
  public var type: MemoryType
  public var text: String
  /// Where it comes from, in words (`conversation:rearview:<model>`).
  public var context: String?
  /// When it was said or mentioned.
  public var mentionedAt: Date?
  /// When what it tells of began and ended, if known.
  public var occurredStart: Date?
  public var occurredEnd: Date?
  /// The document (for a chat: the session) that it belongs to.
  public var documentID: String?
  /// The turn that it came from, if it came from one.
  public var turnID: String?
  public var tags: [String]
  public var metadata: [String: String]
  public var state: MemoryState
  /// Why it was invalidated.
  public var stateReason: String?
  /// How many times it was said; at least 1.
  public var proofCount: Int
  public var createdAt: Date
  /// Later than `createdAt` when it was edited, invalidated or restored.
  public var updatedAt: Date

  public init(
    id: String, type: MemoryType, text: String, context: String? = nil, mentionedAt: Date? = nil,
    occurredStart: Date? = nil, occurredEnd: Date? = nil, documentID: String? = nil, turnID: String? = nil,
    tags: [String] = [], metadata: [String: String] = [:], state: MemoryState = .valid, stateReason: String? = nil,
    proofCount: Int = 1, createdAt: Date, updatedAt: Date
  ) {
    self.id = id
    self.type = type
    self.text = text
    self.context = context
    self.mentionedAt = mentionedAt
    self.occurredStart = occurredStart
    self.occurredEnd = occurredEnd
    self.documentID = documentID
    self.turnID = turnID
    self.tags = tags
    self.metadata = metadata
    self.state = state
    self.stateReason = stateReason
    self.proofCount = proofCount
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}

/// A bank with its counts.
public struct Bank: Hashable, Codable, Sendable, Identifiable {
  /// The bank's name, unique in its store (`bank_id` in the settings).
  public var id: String
  /// Valid memories.
  public var memoryCount: Int
  public var invalidatedCount: Int
  public var documentCount: Int
  /// When something was last retained in it.
  public var lastRetainedAt: Date?

  public init(
    id: String, memoryCount: Int = 0, invalidatedCount: Int = 0, documentCount: Int = 0, lastRetainedAt: Date? = nil
  ) {
    self.id = id
    self.memoryCount = memoryCount
    self.invalidatedCount = invalidatedCount
    self.documentCount = documentCount
    self.lastRetainedAt = lastRetainedAt
  }
}
