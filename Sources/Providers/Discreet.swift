/// A value that holds secrets and shows none of them, however it is printed, dumped or interpolated.
protocol Discreet: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension Discreet {
  /// The description and nothing of what is inside.
  public var debugDescription: String { description }

  /// No children.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Credential: Discreet {
  public var description: String {
    switch self {
    case .none: "no key"
    case .variable(let name, let value): "\(name), \(value == nil ? "unset" : "set")"
    case .deferred(let variable, _): "a key instead of \(variable)"
    }
  }
}

extension Endpoint: Discreet {
  public var description: String { "\(provider) at \(baseURL) with \(credential)" }
}

extension RemoteModel: Discreet {
  public var description: String { "\(name) of \(endpoint)" }
}

extension OpenAIClient: Discreet {
  public var description: String { "models of OpenAI's protocol" }
}

extension AnthropicClient: Discreet {
  public var description: String { "models of Anthropic's protocol" }
}

extension HeldKey: Discreet {
  var description: String { "a key for \(variable)" }
}

extension AccessToken: Discreet {
  var description: String { "a token until \(expires)" }
}

extension AWSCredentials: Discreet {
  var description: String { "keys of an AWS account" }
}

extension GoogleCredentials: Discreet {
  var description: String { "Google credentials" }
}

extension GoogleCredentials.Account: Discreet {
  var description: String { "an account at Google" }
}

extension ModelCatalog.Override: Discreet {
  public var description: String { "a way of its own" }
}

extension EndpointCall: Discreet {
  var description: String { "a call of \(endpoint)" }
}

extension ProviderConfiguration: Discreet {
  public var description: String { "the provider \(name)" }
}

extension ModelCatalog: Discreet {
  public var description: String { "a catalog of models" }
}
