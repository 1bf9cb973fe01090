/// A provider as the user set it up: a section `[providers.<name>]` of the configuration, already read.
///
/// ```swift
/// ProviderConfiguration(name: "groq", baseURL: "https://api.groq.com/openai/v1", apiKeyEnv: "GROQ_API_KEY")
/// ```
/// makes `groq/<model>` a model's name. A section for `openai`, `anthropic` or `ollama` changes the built-in one.
public struct ProviderConfiguration: Sendable {
  /// What stands before the slash in a model's name.
  public var name: String
  /// What it speaks; `nil` for what the table says of a provider of that name, else OpenAI's chat protocol.
  public var wire: WireProtocol?
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
  /// Values for what an address of the table leaves open, by the names of their environment variables
  /// (`CLOUDFLARE_ACCOUNT_ID`, `AWS_REGION`); they come before the environment.
  public var variables: [String: String]

  public init(
    name: String, wire: WireProtocol? = nil, baseURL: String? = nil, apiKeyEnv: String? = nil,
    apiKey: (@Sendable () async throws -> String?)? = nil, headers: [String: String] = [:], models: [String] = [],
    variables: [String: String] = [:]
  ) {
    self.name = name
    self.wire = wire
    self.variables = variables
    self.baseURL = baseURL
    self.apiKeyEnv = apiKeyEnv
    self.apiKey = apiKey
    self.headers = headers
    self.models = models
  }
}
