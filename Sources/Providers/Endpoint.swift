import RearviewChat
import RearviewHTTP

/// A place that answers, the protocol that it speaks, and the key that belongs to it.
public struct Endpoint: Sendable {
  /// The provider's name for people (`OpenAI`, `groq`, `127.0.0.1:8080`).
  public var provider: String
  /// The protocol that it speaks.
  public var form: ChatRequest.Form
  /// The address without a slash at its end: for OpenAI's protocol all that stands before `/chat/completions`, for
  /// Anthropic's all that stands before `/v1/messages`.
  public var baseURL: String
  public var credential: Credential
  /// Sent with each request, in place of the usual ones of the same name. Their values are treated as secrets.
  public var headers: [String: String]

  /// - Parameter baseURL: May have the path of the call at its end, which people paste.
  public init(
    provider: String, form: ChatRequest.Form = .openAI, baseURL: String, credential: Credential = .none,
    headers: [String: String] = [:]
  ) {
    self.provider = provider
    self.form = form
    self.credential = credential
    self.headers = headers
    var base = baseURL[...]
    let ends: [String]
    switch form {
    case .openAI: ends = ["/", "/chat/completions", "/"]
    case .anthropic: ends = ["/", "/messages", "/", "/v1", "/"]
    }
    for end in ends {
      while base.hasSuffix(end) { base = base.dropLast(end.count) }
    }
    self.baseURL = String(base)
  }

  /// Where the request for an answer goes.
  var answerURL: String {
    switch form {
    case .openAI: baseURL + "/chat/completions"
    case .anthropic: baseURL + "/v1/messages"
    }
  }

  /// Where the list of models is.
  var modelsURL: String {
    switch form {
    case .openAI: baseURL + "/models"
    case .anthropic: baseURL + "/v1/models?limit=1000"
    }
  }

  /// The version of Anthropic's API that this program was written for
  /// (https://docs.anthropic.com/en/api/versioning).
  private static let anthropicVersion = "2023-06-01"

  func fields(key: String?) -> HeaderFields {
    var fields: HeaderFields = [:]
    switch form {
    case .openAI:
      if let key { fields["authorization"] = "Bearer \(key)" }
    case .anthropic:
      if let key { fields["x-api-key"] = key }
      fields["anthropic-version"] = Self.anthropicVersion
    }
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) { fields[name] = value }
    return fields
  }
}
