import RearviewJSON
import RearviewMemory

/// Why a setting was not taken. The description does not say where it stands; who read it adds that.
public enum SettingError: Error, Hashable, Sendable, CustomStringConvertible {
  case unknownName(String, known: [String])
  case badValue(name: String, value: JSONValue, expected: String)

  public var description: String {
    switch self {
    case .unknownName(let name, let known):
      "there is no setting \(name); the settings are \(known.joined(separator: ", "))"
    case .badValue(let name, let value, let expected):
      // A provider's value may be a key.
      "\(name) must be \(expected)"
        + (Self.isSecret(name, value) ? "" : ", got \(value.pythonRepresentation)")
    }
  }
}

extension SettingError {
  /// Whether a value may hold a key or a password.
  private static func isSecret(_ name: String, _ value: JSONValue) -> Bool {
    name.hasPrefix("providers.") || name == "api_key"
      || value.text?.contains("@") == true && (name.hasSuffix("_url") || name == "proxy")
  }
}

extension MemorySettings {
  /// The names that `set` takes, in the order in which they are listed.
  public static let names: [String] = [
    "hindsight_api_url", "api_key", "bank_id", "bank_name", "mission", "session_id", "document_id", "excluded_models",
    "inject_memories", "injection_mode", "injection_format", "query", "budget", "max_memory_tokens", "max_memories",
    "fact_types", "recall_tags", "recall_tags_match", "include_entities", "trace", "use_reflect", "reflect_context",
    "reflect_response_schema", "reflect_include_facts", "store_conversations", "sync_storage", "session_update",
    "deduplicate", "tags", "memory_failure", "recall_timeout_seconds", "reflect_timeout_seconds",
    "retain_timeout_seconds", "bank_timeout_seconds", "verbose",
  ]

  /// Sets one value by its name. Text is read as the type that the setting has, so that the command line can set all.
  ///
  /// `null`, and for a setting that is no list also an empty text, sets it back to its default.
  public mutating func set(_ name: String, to value: JSONValue) throws(SettingError) {
    guard Self.names.contains(name) else { throw .unknownName(name, known: Self.names) }
    if value.isNull || value == .text("") { return clear(name) }
    let reader = SettingReader(name: name, value: value)
    switch name {
    case "hindsight_api_url": hindsightAPIURL = try reader.url()
    case "api_key": apiKey = Secret(try reader.nonEmptyText())
    case "bank_id": bankID = try reader.nonEmptyText()
    case "bank_name": bankName = try reader.nonEmptyText()
    case "mission": mission = try reader.nonEmptyText()
    case "session_id": sessionID = try reader.nonEmptyText()
    case "document_id": documentID = try reader.nonEmptyText()
    case "excluded_models": excludedModels = try reader.list()
    case "sync_storage": syncStorage = try reader.boolean()
    default: try setCall(name, reader)
    }
  }

  private mutating func setCall(_ name: String, _ reader: SettingReader) throws(SettingError) {
    switch name {
    case "inject_memories": injectMemories = try reader.boolean()
    case "injection_mode": injectionMode = try reader.oneOf(InjectionMode.allCases)
    case "injection_format": injectionFormat = try reader.oneOf(InjectionFormat.allCases)
    case "query": query = try reader.nonEmptyText()
    case "budget": budget = try reader.oneOf(Budget.allCases)
    case "max_memory_tokens":
      let tokens = try reader.integer(in: 0...1_000_000)
      maxMemoryTokens = tokens == 0 ? Self.defaultMemoryTokens : tokens
    case "max_memories":
      let count = try reader.integer(in: 0...10_000)
      maxMemories = count == 0 ? nil : count
    case "fact_types":
      let types = try reader.list(of: MemoryType.allCases, accepting: [.opinion])
      factTypes = types.isEmpty ? nil : types
    case "recall_tags": recallTags = try reader.list()
    case "recall_tags_match": recallTagsMatch = try reader.oneOf(TagsMatch.allCases)
    case "include_entities": includeEntities = try reader.boolean()
    case "trace": trace = try reader.boolean()
    case "use_reflect": useReflect = try reader.boolean()
    case "reflect_context": reflectContext = try reader.nonEmptyText()
    case "reflect_response_schema": reflectResponseSchema = try reader.object()
    case "reflect_include_facts": reflectIncludeFacts = try reader.boolean()
    case "store_conversations": storeConversations = try reader.boolean()
    case "tags": tags = try reader.list()
    case "verbose": verbose = try reader.boolean()
    default: try setOurs(name, reader)
    }
  }

  private mutating func setOurs(_ name: String, _ reader: SettingReader) throws(SettingError) {
    switch name {
    case "session_update": sessionUpdate = try reader.oneOf([RetainTurn.DocumentUpdate.append, .replace])
    case "deduplicate": deduplicate = try reader.boolean()
    case "memory_failure": memoryFailure = try reader.oneOf(MemoryFailure.allCases)
    case "recall_timeout_seconds": recallTimeoutSeconds = try reader.number(in: 0.05...3_600)
    case "reflect_timeout_seconds": reflectTimeoutSeconds = try reader.number(in: 0.05...3_600)
    case "retain_timeout_seconds": retainTimeoutSeconds = try reader.number(in: 0.05...3_600)
    case "bank_timeout_seconds": bankTimeoutSeconds = try reader.number(in: 0.05...3_600)
    default: throw .unknownName(name, known: Self.names)
    }
  }

  /// Sets a setting back to its default.
  public mutating func clear(_ name: String) {
    let standard = MemorySettings()
    switch name {
    case "api_key": apiKey = nil
    case "recall_timeout_seconds": recallTimeoutSeconds = nil
    case "include_entities": includeEntities = nil
    default:
      if let value = standard.value(of: name), !value.isNull {
        try? set(name, to: value)
      } else {
        clearUnset(name)
      }
    }
  }

  private mutating func clearUnset(_ name: String) {
    switch name {
    case "hindsight_api_url": hindsightAPIURL = nil
    case "bank_id": bankID = nil
    case "bank_name": bankName = nil
    case "mission": mission = nil
    case "session_id": sessionID = nil
    case "document_id": documentID = nil
    case "query": query = nil
    case "max_memories": maxMemories = nil
    case "fact_types": factTypes = nil
    case "reflect_context": reflectContext = nil
    case "reflect_response_schema": reflectResponseSchema = nil
    default: break
    }
  }

  /// The value of a setting, `null` where it is unset; `nil` for a name that is none. The key is never told.
  public func value(of name: String) -> JSONValue? {
    switch name {
    case "hindsight_api_url": text(hindsightAPIURL)
    case "api_key": apiKey == nil ? .null : "•••"
    case "bank_id": text(bankID)
    case "bank_name": text(bankName)
    case "mission": text(mission)
    case "session_id": text(sessionID)
    case "document_id": text(documentID)
    case "excluded_models": list(excludedModels)
    case "inject_memories": .boolean(injectMemories)
    case "injection_mode": .text(injectionMode.rawValue)
    case "injection_format": .text(injectionFormat.rawValue)
    case "query": text(query)
    case "budget": .text(budget.rawValue)
    case "max_memory_tokens": .integer(maxMemoryTokens)
    case "max_memories": maxMemories.map(JSONValue.integer) ?? .null
    case "fact_types": factTypes.map { list($0.map(\.rawValue)) } ?? .null
    case "recall_tags": list(recallTags)
    case "recall_tags_match": .text(recallTagsMatch.rawValue)
    default: valueOfMore(name)
    }
  }

  private func valueOfMore(_ name: String) -> JSONValue? {
    switch name {
    case "include_entities": includeEntities.map(JSONValue.boolean) ?? .null
    case "trace": .boolean(trace)
    case "use_reflect": .boolean(useReflect)
    case "reflect_context": text(reflectContext)
    case "reflect_response_schema": reflectResponseSchema.map(JSONValue.object) ?? .null
    case "reflect_include_facts": .boolean(reflectIncludeFacts)
    case "store_conversations": .boolean(storeConversations)
    case "sync_storage": .boolean(syncStorage)
    case "session_update": .text(sessionUpdate.rawValue)
    case "deduplicate": .boolean(deduplicate)
    case "tags": list(tags)
    case "memory_failure": .text(memoryFailure.rawValue)
    case "recall_timeout_seconds": recallTimeoutSeconds.map(JSONValue.number) ?? .null
    case "reflect_timeout_seconds": .number(reflectTimeoutSeconds)
    case "retain_timeout_seconds": .number(retainTimeoutSeconds)
    case "bank_timeout_seconds": .number(bankTimeoutSeconds)
    case "verbose": .boolean(verbose)
    default: nil
    }
  }

  private func text(_ value: String?) -> JSONValue { value.map(JSONValue.text) ?? .null }
  private func list(_ values: [String]) -> JSONValue { .list(values.map(JSONValue.text)) }

  /// The value of a setting as text, for a person.
  public func written(_ name: String) -> String? {
    guard let value = value(of: name) else { return nil }
    switch (name, value) {
    case ("hindsight_api_url", .null): return "none: the embedded file"
    case ("max_memories", .null): return "all that fit"
    case ("fact_types", .null): return "all"
    case ("recall_timeout_seconds", .null): return "5 in a chat, 30 else"
    case ("include_entities", .null): return "in recall, not in completions"
    case ("query", .null): return "the last user message"
    case (_, .null): return "not set"
    case (_, .text(let text)): return text
    case (_, .list(let items)):
      return items.isEmpty ? "none" : items.map { $0.text ?? $0.written() }.joined(separator: ", ")
    case (_, .boolean), (_, .integer), (_, .number), (_, .object): return value.written()
    }
  }
}

// MARK: - Per call

extension MemorySettings {
  /// What begins the name of a setting in a request.
  static let callPrefix = "hindsight_"

  /// Takes the members `hindsight_<name>` out of a request and sets them; none of them is left to reach a provider.
  ///
  /// An empty text counts as not given; `null` sets back to the default. A key is never taken along to an address that
  /// the request names.
  /// - Returns: what is to be said to who wrote the request: names that are no settings, settings that are outdated.
  public mutating func takeOverrides(from request: inout JSONObject) throws(SettingError) -> [String] {
    var warnings: [String] = []
    let before = storeURL
    var namesKey = false
    for (key, value) in request where key.hasPrefix(Self.callPrefix) {
      request[key] = nil
      if value == .text("") { continue }
      let name = Self.names.contains(key) ? key : String(key.dropFirst(Self.callPrefix.count))
      guard Self.names.contains(name) else {
        warnings.append("\(key) is no setting; it was left out of the request.")
        continue
      }
      try set(name, to: value)
      if name == "api_key" { namesKey = true }
    }
    if storeURL != before, !namesKey { apiKey = nil }
    return warnings
  }

  /// Takes the key away when the server is another one than before and no new key was given: a key goes to its own
  /// host.
  public mutating func keepKeyAtHome(since before: MemorySettings?) {
    if let before, storeURL != before.storeURL, apiKey == before.apiKey { apiKey = nil }
  }

  /// What is outdated among the settings, in sentences.
  public var notices: [String] {
    var notices: [String] = []
    if documentID != nil { notices.append("document_id is deprecated; use session_id instead.") }
    if factTypes?.contains(.opinion) == true {
      notices.append("The type opinion is no more; servers find nothing for it. Use world, experience, observation.")
    }
    return notices
  }
}
