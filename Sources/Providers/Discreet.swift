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

extension OpenAIChatModel: Discreet {
  public var description: String { "\(name) of \(endpoint)" }
}

extension AnthropicChatModel: Discreet {
  public var description: String { "\(name) of \(endpoint)" }
}

extension OpenAIClient: Discreet {
  public var description: String { "the models of \(endpoint)" }
}

extension AnthropicClient: Discreet {
  public var description: String { "the models of \(endpoint)" }
}

extension EndpointCall: Discreet {
  var description: String { "a call of \(endpoint)" }
}

extension ProviderConfiguration: Discreet {
  public var description: String { "the provider \(name)" }
}

extension ModelCatalog: Discreet {
  public var description: String { "the models of \(knownPrefixes.joined(separator: ", "))" }
}
