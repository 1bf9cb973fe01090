import RearviewEngine
import RearviewJSON

/// The models that work on the memory file beside the chat's, and what they may use: a part of the section `[memory]`.
///
/// None of it can be set by a project's file: it says where memories are sent, and what that may cost.
public struct WorkConfiguration: Hashable, Sendable {
  /// The full name of the model that gives memories and questions their vectors; `nil`: recall goes by words alone.
  public var embeddingModel: String?
  /// How long a recall waits for the vector of its question.
  public var embeddingTimeoutSeconds = 0.15
  /// The most memory that vectors take, in MB of 1,048,576 bytes.
  public var vectorMemoryMB = 256
  /// The full name of the model that finds facts, puts observations together and answers mental models; `nil`: nobody.
  public var backgroundModel: String?
  /// Whether the full-screen program and long-lived clients do background work by themselves.
  public var backgroundWork = true
  /// The most tokens, input and output, that background work may use a day; 0 for no limit.
  public var backgroundDailyTokens = 500_000
  /// The full name of the model that reflects; `nil`: the chat's, and for mental models the background model.
  public var reflectModel: String?

  public init() {}

  /// The names that `set` takes.
  static let names = [
    "embedding_model", "embedding_timeout_seconds", "vector_memory_mb", "background_model", "background_work",
    "background_daily_tokens", "reflect_model",
  ]

  /// Sets one value by its name; an empty text sets it back to its default.
  mutating func set(_ name: String, to value: JSONValue) throws(SettingError) {
    let reader = SettingReader(name: name, value: value)
    let isUnset = value.isNull || value == .text("")
    let standard = WorkConfiguration()
    switch name {
    case "embedding_model": embeddingModel = isUnset ? nil : try reader.nonEmptyText()
    case "embedding_timeout_seconds":
      embeddingTimeoutSeconds = isUnset ? standard.embeddingTimeoutSeconds : try reader.number(in: 0.01...60)
    case "vector_memory_mb": vectorMemoryMB = isUnset ? standard.vectorMemoryMB : try reader.integer(in: 0...1_048_576)
    case "background_model": backgroundModel = isUnset ? nil : try reader.nonEmptyText()
    case "background_work": backgroundWork = isUnset ? standard.backgroundWork : try reader.boolean()
    case "background_daily_tokens":
      backgroundDailyTokens = isUnset ? standard.backgroundDailyTokens : try reader.integer(in: 0...1_000_000_000_000)
    case "reflect_model": reflectModel = isUnset ? nil : try reader.nonEmptyText()
    default: throw .unknownName(name, known: Self.names)
    }
  }

  /// A value as it is shown; `null` where it is unset.
  func value(of name: String) -> JSONValue {
    switch name {
    case "embedding_model": embeddingModel.map(JSONValue.text) ?? .null
    case "embedding_timeout_seconds": .number(embeddingTimeoutSeconds)
    case "vector_memory_mb": .integer(vectorMemoryMB)
    case "background_model": backgroundModel.map(JSONValue.text) ?? .null
    case "background_work": .boolean(backgroundWork)
    case "background_daily_tokens": .integer(backgroundDailyTokens)
    case "reflect_model": reflectModel.map(JSONValue.text) ?? .null
    default: .null
    }
  }
}
