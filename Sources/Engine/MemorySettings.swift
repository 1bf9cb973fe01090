import RearviewJSON
import RearviewMemory

/// All settings of memory, under the names of the Python package; `MemorySettings.names` lists them.
///
/// `nil` means "not set" wherever a setting may be unset.
public struct MemorySettings: Hashable, Sendable {
  /// Where the memory block goes.
  public enum InjectionMode: String, Codable, Sendable, CaseIterable {
    /// Appended to the first system message; one is made when there is none.
    case systemMessage = "system_message"
    /// In front of the last user message.
    case prependUser = "prepend_user"
  }

  /// How the memory block is told from the text around it.
  public enum InjectionFormat: String, Codable, Sendable, CaseIterable {
    /// By its heading, as the Python package does.
    case plain
    /// By a tag before and a tag after it, which no memory can write.
    case delimited
  }

  /// What a turn does when memory fails.
  public enum MemoryFailure: String, Codable, Sendable, CaseIterable {
    /// It answers without memory and says so.
    case `continue`
    /// It stops before the model is called.
    case fail
  }

  // MARK: The store

  /// The Hindsight server; `nil` for the embedded file. No service in the cloud is ever meant.
  public var hindsightAPIURL: String?
  /// The server's key. It is sent to `hindsightAPIURL` only and written nowhere.
  public var apiKey: Secret?
  /// Models that get no memory: shell patterns, compared without case with the name as it was given.
  public var excludedModels: [String] = []
  /// Whether a call ends only when its turn is stored, and reports when it could not be.
  public var syncStorage = false
  /// Of the bank, set on the server when the configuration is loaded.
  public var mission: String?
  public var bankName: String?

  // MARK: The call

  public var bankID: String?
  /// The document that a conversation is retained in.
  public var sessionID: String?
  /// Former name of `sessionID`, which counts where both are set.
  public var documentID: String?
  public var storeConversations = true
  public var injectMemories = true
  public var injectionMode = InjectionMode.systemMessage
  public var injectionFormat = InjectionFormat.plain
  public var budget = Budget.mid
  /// Only these types are recalled; `nil` for all.
  public var factTypes: [MemoryType]?
  /// The most memories that are injected; `nil` for all that fit the token budget.
  public var maxMemories: Int?
  /// The most tokens that recalled memories may cost together.
  public var maxMemoryTokens = Self.defaultMemoryTokens
  /// Whether recall asks for entities; `nil`: `recall` and wrapped clients do, completions do not (as recorded).
  public var includeEntities: Bool?
  /// Whether the store tells how it searched; it is kept in the turn's record.
  public var trace = false
  /// Tags put on what is stored.
  public var tags: [String] = []
  /// Only memories with these tags are recalled.
  public var recallTags: [String] = []
  public var recallTagsMatch = TagsMatch.any
  /// Whether memory answers the question itself (reflect) instead of listing memories (recall).
  public var useReflect = false
  public var reflectContext: String?
  public var reflectResponseSchema: JSONObject?
  public var reflectIncludeFacts = false
  /// What is asked of memory; `nil` for the last user message.
  public var query: String?
  /// Whether the debug information of the last call is kept and calls are logged.
  public var verbose = false

  // MARK: Ours

  public var memoryFailure = MemoryFailure.continue
  /// How long a recall may take, all tries together; `nil`: 5 in a chat, 30 else.
  public var recallTimeoutSeconds: Double?
  public var reflectTimeoutSeconds = 30.0
  public var retainTimeoutSeconds = 30.0
  public var bankTimeoutSeconds = 300.0
  /// How a turn comes to its session's document on a server.
  public var sessionUpdate = RetainTurn.DocumentUpdate.append
  /// Whether an exchange that was stored in its bank before is not stored again.
  public var deduplicate = false

  public static let defaultMemoryTokens = 4096

  public init() {}

  /// The server's URL without a slash at its end; `nil` for the embedded file.
  public var storeURL: String? {
    guard var url = hindsightAPIURL?[...] else { return nil }
    while url.hasSuffix("/") { url = url.dropLast() }
    return String(url)
  }

  /// The document that turns are retained in, if one was named.
  public var groupID: String? { sessionID ?? documentID }

  /// What recall and reflect filter by; `nil` for everything.
  public var tagFilter: TagFilter? {
    recallTags.isEmpty && recallTagsMatch != .exact ? nil : TagFilter(tags: recallTags, match: recallTagsMatch)
  }
}

/// A key. It can be used, and is shown, written and recorded as nothing.
public struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public let value: String

  public init(_ value: String) { self.value = value }

  public var description: String { "•••" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Written as an object of the settings by their names, without the key.
extension MemorySettings: Codable {
  public init(from decoder: any Decoder) throws {
    self.init()
    for (name, value) in try JSONObject(from: decoder) where Self.names.contains(name) {
      // A record of before must open, whatever has become of a setting's values.
      try? set(name, to: value)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var object = JSONObject()
    for name in Self.names where name != "api_key" { object[name] = value(of: name) }
    try object.encode(to: encoder)
  }
}
