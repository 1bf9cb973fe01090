/// Why a name is not the name of a model. `description` is one sentence that says what to do.
public enum ModelNameError: Error, Hashable, Sendable, CustomStringConvertible {
  case empty
  /// A name without a provider; `likely` are full names that may be meant.
  case noProvider(name: String, likely: [String])
  /// `likely` are prefixes that may be meant.
  case unknownProvider(String, name: String, likely: [String])
  /// A provider that this program does not speak with, and why.
  case notSpoken(provider: String, model: String, reason: String)
  /// None of these variables is set, of which the address needs one.
  case unsetVariable(provider: String, names: [String])
  /// A name that cannot be one at its provider.
  case malformed(name: String, expected: String)
  /// Credentials that cannot be used, and why.
  case badCredentials(provider: String, cause: String)
  /// Nothing follows the slash.
  case noModel(provider: String)
  /// A provider whose address is nowhere said; `variable` is one that could hold it.
  case noBaseURL(provider: String, variable: String?, example: String?)
  /// An address that is no whole http or https URL; `source` says where it was set.
  case invalidBaseURL(provider: String, source: String)

  public var description: String {
    switch self {
    case .empty:
      "No model is named; set model in config.toml, or pick one with Ctrl-X m."
    case .noProvider(let name, let likely):
      "\(name) names no provider; write it as <provider>/<model>"
        + (likely.isEmpty ? ". `rearview providers --all` lists them." : ": \(Self.list(likely)).")
    case .unknownProvider(let provider, let name, let likely):
      "There is no provider \(provider) for \(name); "
        + (likely.isEmpty ? "`rearview providers --all` lists them. " : "did you mean \(Self.list(likely))? ")
        + "To add it, write [providers.\(provider)] with a base_url into config.toml."
    case .notSpoken(let provider, let model, let reason):
      "Rearview does not speak with \(provider): \(reason). Start a LiteLLM proxy, which does, and use "
        + "litellm_proxy/\(model)."
    case .unsetVariable(let provider, let names):
      "The address of \(provider) needs \(names.joined(separator: " or ")); set it in the environment, or as "
        + "variables.\(names[0]) in [providers.\(provider)] of config.toml."
    case .malformed(let name, let expected):
      "\(name) cannot be asked; write \(expected)."
    case .badCredentials(let provider, let cause):
      "The credentials of \(provider) cannot be used: \(cause)."
    case .noModel(let provider):
      "\(provider)/ names no model; write it as \(provider)/<model>."
    case .noBaseURL(let provider, let variable, let example):
      "The provider \(provider) has no address; set " + (variable.map { "\($0) in the environment, or " } ?? "")
        + "base_url in [providers.\(provider)] of config.toml" + (example.map { " (such as \($0))" } ?? "") + "."
    case .invalidBaseURL(let provider, let source):
      "The address of \(provider) is no http or https URL; correct \(source)."
    }
  }

  private static func list(_ known: [String]) -> String {
    known.joined(separator: ", ")
  }
}
