/// A place that speaks OpenAI's chat protocol, and the key that belongs to it.
public struct OpenAIEndpoint: Sendable {
  /// The provider's name for people (`OpenAI`, `groq`, `127.0.0.1:8080`).
  public var provider: String
  /// The address before `/chat/completions`, without a slash at its end.
  public var baseURL: String
  public var credential: Credential
  /// Sent with each request. Their values are treated as secrets.
  public var headers: [String: String]

  public init(provider: String, baseURL: String, credential: Credential = .none, headers: [String: String] = [:]) {
    self.provider = provider
    var base = baseURL[...]
    while base.hasSuffix("/") { base = base.dropLast() }
    // People paste the whole address of the call.
    if base.hasSuffix("/chat/completions") { base = base.dropLast("/chat/completions".count) }
    self.baseURL = String(base)
    self.credential = credential
    self.headers = headers
  }
}
