import RearviewMemory

/// The settings of one turn, under the names of the Python package.
public struct MemorySettings: Hashable, Codable, Sendable {
  /// Where the memory block goes.
  public enum InjectionMode: String, Codable, Sendable, CaseIterable {
    /// Appended to the first system message; one is made when there is none.
    case systemMessage = "system_message"
    /// In front of the last user message.
    case prependUser = "prepend_user"
  }

  public var bankID = "default"
  public var budget = Budget.mid
  /// The most tokens that recalled memories may cost together.
  public var maxMemoryTokens = 4096
  /// The most memories that are injected; `nil` for all that fit the token budget.
  public var maxMemories: Int?
  /// Only these types are recalled; `nil` for all.
  public var factTypes: [MemoryType]?
  public var injectMemories = true
  public var injectionMode = InjectionMode.systemMessage
  public var storeConversations = true
  /// Tags put on what is stored.
  public var tags: [String] = []
  /// How long a recall may take before the answer goes on without it.
  public var recallTimeoutSeconds = 10.0

  enum CodingKeys: String, CodingKey {
    case bankID = "bank_id"
    case budget
    case maxMemoryTokens = "max_memory_tokens"
    case maxMemories = "max_memories"
    case factTypes = "fact_types"
    case injectMemories = "inject_memories"
    case injectionMode = "injection_mode"
    case storeConversations = "store_conversations"
    case tags
    case recallTimeoutSeconds = "recall_timeout_seconds"
  }

  public init() {}
}
