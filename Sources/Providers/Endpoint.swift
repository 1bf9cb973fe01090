import RearviewChat
import RearviewHTTP
import RearviewJSON

/// A place that answers, the protocol that it speaks, and the key that belongs to it.
public struct Endpoint: Sendable {
  /// The provider's name for people (`OpenAI`, `groq`, `127.0.0.1:8080`).
  public var provider: String
  /// The protocol that it speaks.
  public var wire: WireProtocol { row.wire }
  /// The address without a slash at its end: all that stands before the path of the protocol's calls
  /// (`/chat/completions`, `/v1/messages`, `/models/…`, `/api/chat`).
  public var baseURL: String
  public var credential: Credential
  /// Sent with each request, in place of the usual ones of the same name. Their values are treated as secrets.
  public var headers: [String: String]
  /// What the table says of it.
  var row: ProviderRow
  var authorization: Authorization
  /// Members of the body beside those that are asked for.
  var body: JSONObject = [:]
  /// Azure's version of the API.
  var apiVersion: String?
  /// Where Google's or Amazon's machines are.
  var region: String?
  /// Google's project.
  var project: String?

  /// - Parameter baseURL: May have the path of the call at its end, which people paste.
  public init(
    provider: String, wire: WireProtocol = .openAIChat, baseURL: String, credential: Credential = .none,
    headers: [String: String] = [:]
  ) {
    var row = ProviderRow(id: provider, title: provider)
    row.wire = wire
    row.authorization = Authorization.Form(usualOf: wire)
    self.init(row: row, provider: provider, baseURL: baseURL, credential: credential, headers: headers)
  }

  init(
    row: ProviderRow, provider: String, baseURL: String, credential: Credential = .none, headers: [String: String] = [:]
  ) {
    self.row = row
    self.provider = provider
    self.credential = credential
    self.headers = headers
    authorization = Authorization(row.authorization)
    self.baseURL = Self.trimmed(baseURL, wire: row.wire)
  }

  private static func trimmed(_ text: String, wire: WireProtocol) -> String {
    var base = text[...]
    let ends: [String]
    switch wire {
    case .openAIChat: ends = ["/", "/chat/completions", "/"]
    case .openAIResponses: ends = ["/", "/responses", "/"]
    case .anthropicMessages: ends = ["/", "/messages", "/", "/v1", "/"]
    case .azureOpenAI:
      // What the portal shows as the target is a whole call.
      base = base.prefix { $0 != "?" }
      if let host = base.firstRange(of: "://"), let path = base[host.upperBound...].firstRange(of: "/openai") {
        base = base[..<path.lowerBound]
      }
      ends = ["/"]
    case .ollama: ends = ["/", "/api/chat", "/api", "/v1", "/"]
    case .gemini, .vertex, .bedrockConverse: ends = ["/"]
    }
    for end in ends {
      while base.hasSuffix(end) { base = base.dropLast(end.count) }
    }
    return String(base)
  }

  /// Where the list of models is; `nil` where there is none.
  var modelsURL: String? {
    switch wire {
    case .ollama: baseURL + "/api/tags"
    case .anthropicMessages: baseURL + "/v1/models?limit=1000"
    case .gemini where row.models == "{base}/models": baseURL + "/models?pageSize=1000"
    default: row.models.isEmpty ? nil : row.models.replacing("{base}", with: baseURL)
    }
  }

  /// The version of Anthropic's API that this program was written for
  /// (https://docs.anthropic.com/en/api/versioning).
  static let anthropicVersion = "2023-06-01"

  /// All header fields of a request but those of its body.
  /// - Parameter url: Where it goes.
  func fields(key: HeldKey?, url: String, wire: WireProtocol) -> HeaderFields {
    var fields = authorization.fields(key: key, url: url)
    if wire == .anthropicMessages { fields["anthropic-version"] = Self.anthropicVersion }
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
      // One that repeats the key goes with one only.
      if let key {
        fields[name] = value.replacing("{key}", with: key.value)
      } else if !value.contains("{key}") {
        fields[name] = value
      }
    }
    return fields
  }
}

extension Authorization.Form {
  /// How servers of a protocol are usually shown a key.
  init(usualOf wire: WireProtocol) {
    self =
      switch wire {
      case .openAIChat, .openAIResponses, .ollama: .bearer
      case .anthropicMessages: .anthropic
      case .azureOpenAI: .azure
      case .gemini: .header("x-goog-api-key")
      case .vertex: .google
      case .bedrockConverse: .aws
      }
  }
}
