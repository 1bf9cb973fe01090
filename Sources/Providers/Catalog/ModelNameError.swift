/// Why a name is not the name of a model. `description` is one sentence that says what to do.
public enum ModelNameError: Error, Hashable, Sendable, CustomStringConvertible {
  case empty
  /// A name without a provider; `known` are the prefixes that there are.
  case noProvider(name: String, known: [String])
  case unknownProvider(String, name: String, known: [String])
  /// Nothing follows the slash.
  case noModel(provider: String)
  /// A provider of the configuration that has no `base_url`.
  case noBaseURL(provider: String)
  /// An address that is no whole http or https URL; `source` says where it was set.
  case invalidBaseURL(provider: String, source: String)

  public var description: String {
    switch self {
    case .empty:
      "No model is named; set model in config.toml, or pick one with Ctrl-X m."
    case .noProvider(let name, let known):
      "\(name) names no provider; write it as <provider>/<model>, with one of \(Self.list(known))."
    case .unknownProvider(let provider, let name, let known):
      "There is no provider \(provider) for \(name); use one of \(Self.list(known)), or add [providers.\(provider)] "
        + "with a base_url to config.toml."
    case .noModel(let provider):
      "\(provider)/ names no model; write it as \(provider)/<model>."
    case .noBaseURL(let provider):
      "The provider \(provider) has no address; set base_url in [providers.\(provider)] of config.toml."
    case .invalidBaseURL(let provider, let source):
      "The address of \(provider) is no http or https URL; correct \(source)."
    }
  }

  private static func list(_ known: [String]) -> String {
    known.joined(separator: ", ")
  }
}
