/// A provider as the user set it up: a section `[providers.<name>]` of the configuration, already read.
///
/// ```swift
/// ProviderConfiguration(name: "groq", baseURL: "https://api.groq.com/openai/v1", apiKeyEnv: "GROQ_API_KEY")
/// ```
/// makes `groq/<model>` a model's name. A section for `openai`, `anthropic` or `ollama` changes the built-in one.
public struct ProviderConfiguration: Sendable {
  /// What stands before the slash in a model's name.
  public var name: String
  /// Where `/chat/completions` is, or `/v1/messages` for `anthropic`, without it. Required, but for the built-in ones.
  public var baseURL: String?
  /// The environment variable that holds the key.
  public var apiKeyEnv: String?
  /// Gives the key when it is needed, from the file or a command; comes before `apiKeyEnv`.
  public var apiKey: (@Sendable () async throws -> String?)?
  /// Headers that go with each request. Their values are treated as secrets.
  public var headers: [String: String]
  /// Models to offer where the provider does not list its own.
  public var models: [String]

  public init(
    name: String, baseURL: String? = nil, apiKeyEnv: String? = nil,
    apiKey: (@Sendable () async throws -> String?)? = nil, headers: [String: String] = [:], models: [String] = []
  ) {
    self.name = name
    self.baseURL = baseURL
    self.apiKeyEnv = apiKeyEnv
    self.apiKey = apiKey
    self.headers = headers
    self.models = models
  }
}
