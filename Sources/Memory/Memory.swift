import RearviewJSON

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What a memory is about: Hindsight's three types, wherever a type can be seen. Others that a server names are kept.
public struct MemoryType: RawRepresentable, Hashable, Codable, Sendable, CaseIterable {
  public var rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }

  /// What the user said about the world.
  public static let world = MemoryType(rawValue: "world")
  /// What the assistant said or did.
  public static let experience = MemoryType(rawValue: "experience")
  /// What was derived from other memories.
  public static let observation = MemoryType(rawValue: "observation")
  /// A type of former servers; today's find nothing for it.
  public static let opinion = MemoryType(rawValue: "opinion")
  /// What a server returned without a type.
  public static let untyped = MemoryType(rawValue: "")

  /// The types that memories have.
  public static let allCases = [world, experience, observation]

  /// As the memory block writes it: `WORLD`, and `MEMORY` where there is no type.
  public var label: String { rawValue.isEmpty ? "MEMORY" : rawValue.uppercased() }
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
  /// Names of the people, places and things that it is about.
  public var entities: [String]
  public var metadata: Metadata
  public var state: MemoryState
  /// Why it was invalidated.
  public var stateReason: String?
  /// How many times it was said; at least 1.
  public var proofCount: Int
  /// When the store got it; `nil` where the store does not say.
  public var createdAt: Date?
  /// Later than `createdAt` when it was edited, invalidated or restored.
  public var updatedAt: Date?

  public init(
    id: String, type: MemoryType, text: String, context: String? = nil, mentionedAt: Date? = nil,
    occurredStart: Date? = nil, occurredEnd: Date? = nil, documentID: String? = nil, turnID: String? = nil,
    tags: [String] = [], entities: [String] = [], metadata: Metadata = [:], state: MemoryState = .valid,
    stateReason: String? = nil, proofCount: Int = 1, createdAt: Date?, updatedAt: Date?
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
    self.entities = entities
    self.metadata = metadata
    self.state = state
    self.stateReason = stateReason
    self.proofCount = proofCount
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}

extension Memory {
  enum CodingKeys: String, CodingKey {
    case id, type, text, context, tags, entities, metadata, state
    case mentionedAt = "mentioned_at"
    case occurredStart = "occurred_start"
    case occurredEnd = "occurred_end"
    case documentID = "document_id"
    case turnID = "turn_id"
    case stateReason = "state_reason"
    case proofCount = "proof_count"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      id: try values.decode(String.self, forKey: .id), type: try values.decode(MemoryType.self, forKey: .type),
      text: try values.decode(String.self, forKey: .text),
      context: try values.decodeIfPresent(String.self, forKey: .context),
      mentionedAt: try values.decodeIfPresent(Date.self, forKey: .mentionedAt),
      occurredStart: try values.decodeIfPresent(Date.self, forKey: .occurredStart),
      occurredEnd: try values.decodeIfPresent(Date.self, forKey: .occurredEnd),
      documentID: try values.decodeIfPresent(String.self, forKey: .documentID),
      turnID: try values.decodeIfPresent(String.self, forKey: .turnID),
      tags: try values.decode([String].self, forKey: .tags),
      entities: try values.decodeIfPresent([String].self, forKey: .entities) ?? [],
      metadata: try values.decode(Metadata.self, forKey: .metadata),
      state: try values.decode(MemoryState.self, forKey: .state),
      stateReason: try values.decodeIfPresent(String.self, forKey: .stateReason),
      proofCount: try values.decode(Int.self, forKey: .proofCount),
      createdAt: try values.decodeIfPresent(Date.self, forKey: .createdAt),
      updatedAt: try values.decodeIfPresent(Date.self, forKey: .updatedAt))
  }
}

/// What is known of a memory beside its text, name by name, in the order in which the store gave it.
///
/// Two are equal when they hold the same, in whatever order.
public struct Metadata: Hashable, Sendable, ExpressibleByDictionaryLiteral, Sequence {
  private var json: JSONObject

  public init(dictionaryLiteral elements: (String, String)...) {
    json = JSONObject(elements.map { ($0, .text($1)) })
  }

  /// Values that are no text are written as JSON.
  public init(_ object: JSONObject) {
    json = JSONObject(object.map { ($0.key, .text($0.value.text ?? $0.value.written())) })
  }

  public subscript(key: String) -> String? {
    get { json[key]?.text }
    set { json[key] = newValue.map(JSONValue.text) }
  }

  public var isEmpty: Bool { json.isEmpty }
  public var object: JSONObject { json }

  public func makeIterator() -> AnyIterator<(key: String, value: String)> {
    let iterator = json.makeIterator()
    return AnyIterator { iterator.next().map { ($0.key, $0.value.text ?? "") } }
  }
}

extension Metadata: Codable {
  public init(from decoder: any Decoder) throws { self.init(try JSONObject(from: decoder)) }
  public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }
}

/// A bank with its counts.
public struct Bank: Hashable, Codable, Sendable, Identifiable {
  /// The bank's name, unique in its store (`bank_id` in the settings).
  public var id: String
  /// Valid memories.
  public var memoryCount: Int
  /// `nil` where the store does not count them.
  public var invalidatedCount: Int?
  public var documentCount: Int?
  /// When something was last retained in it.
  public var lastRetainedAt: Date?

  public init(
    id: String, memoryCount: Int = 0, invalidatedCount: Int? = nil, documentCount: Int? = nil,
    lastRetainedAt: Date? = nil
  ) {
    self.id = id
    self.memoryCount = memoryCount
    self.invalidatedCount = invalidatedCount
    self.documentCount = documentCount
    self.lastRetainedAt = lastRetainedAt
  }
}
