import Foundation
import RearviewChat

/// A provider that this program knows by name: where it is, and the variables that hold its key and another address.
struct Vendor: Sendable {
  /// What stands before the slash in a model's name.
  var name: String
  /// Its name for people.
  var title: String
  var form: ChatRequest.Form
  var home: String
  var keyVariable: String
  /// The first one that is set counts.
  var baseVariables: [String]

  static let openAI = Vendor(
    name: "openai", title: "OpenAI", form: .openAI, home: "https://api.openai.com/v1", keyVariable: "OPENAI_API_KEY",
    baseVariables: ["OPENAI_BASE_URL", "OPENAI_API_BASE"])

  static let anthropic = Vendor(
    name: "anthropic", title: "Anthropic", form: .anthropic, home: "https://api.anthropic.com",
    keyVariable: "ANTHROPIC_API_KEY", baseVariables: ["ANTHROPIC_BASE_URL", "ANTHROPIC_API_BASE"])

  static let all = [openAI, anthropic]

  /// Whether an address is the vendor's own.
  func isHome(_ base: String) -> Bool {
    let url = URLComponents(string: base)
    return url?.scheme == "https" && url?.host == URLComponents(string: home)?.host
  }

  /// How an address is named to people: the vendor's own by its name, another by its host.
  func title(at base: String) -> String {
    guard !isHome(base), let url = URLComponents(string: base), let host = url.host else { return title }
    return host + (url.port.map { ":\($0)" } ?? "")
  }

  func key(in environment: [String: String]) -> Credential {
    .variable(name: keyVariable, value: environment[keyVariable].flatMap { $0.isEmpty ? nil : $0 })
  }

  /// The address that the environment names, and by which variable.
  func base(in environment: [String: String]) -> (variable: String, url: String)? {
    for variable in baseVariables {
      if let url = environment[variable], !url.isEmpty { return (variable, url) }
    }
    return nil
  }

  /// The key of the environment, if it belongs to an address that the environment names or that is the vendor's own;
  /// an address elsewhere may do without.
  func key(in environment: [String: String], at base: String) -> Credential {
    let own = key(in: environment)
    if case .variable(_, nil) = own, !isHome(base) { return .none }
    return own
  }
}
