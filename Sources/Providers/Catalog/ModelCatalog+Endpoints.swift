import Foundation
import RearviewChat

// Addresses and their keys.

extension ModelCatalog {
  /// Where the provider of that name is; `nil` when there is none.
  func endpoint(of provider: String) throws(ModelNameError) -> Endpoint? {
    if let vendor = Vendor.all.first(where: { $0.name == provider }) { return try endpoint(of: vendor) }
    if provider == "ollama" { return try ollamaEndpoint() }
    guard let section = section(provider) else { return nil }
    guard let base = section.baseURL, !base.isEmpty else { throw .noBaseURL(provider: provider) }
    try Self.check(base, of: provider, setIn: "base_url in [providers.\(provider)]")
    return Endpoint(provider: provider, baseURL: base, credential: credential(of: section), headers: section.headers)
  }

  func section(_ name: String) -> ProviderConfiguration? {
    providers.last { $0.name == name }
  }

  func variable(_ name: String) -> String? {
    environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The vendor at the address of the environment, with its key of the environment; or at that of its section, with
  /// the section's key; or at home.
  func endpoint(of vendor: Vendor) throws(ModelNameError) -> Endpoint {
    if let (variable, base) = vendor.base(in: environment) {
      try Self.check(base, of: vendor.title, setIn: variable)
      return Endpoint(
        provider: vendor.title(at: base), form: vendor.form, baseURL: base,
        credential: vendor.key(in: environment, at: base))
    }
    let section = section(vendor.name)
    let base = section?.baseURL ?? vendor.home
    try Self.check(base, of: vendor.title, setIn: "base_url in [providers.\(vendor.name)]")
    let beside = section.flatMap { $0.hasKey ? credential(of: $0) : nil }
    return Endpoint(
      provider: vendor.title(at: base), form: vendor.form, baseURL: base,
      credential: beside ?? (vendor.isHome(base) ? vendor.key(in: environment) : .none),
      headers: section?.headers ?? [:])
  }

  private func ollamaEndpoint() throws(ModelNameError) -> Endpoint {
    let (address, section) = try ollamaAddress()
    return Endpoint(
      provider: "Ollama", baseURL: address.root + "/v1", credential: section.map(credential(of:)) ?? .none,
      headers: section?.headers ?? [:])
  }

  /// Where Ollama is, and the section that says so, if one does.
  func ollamaAddress() throws(ModelNameError) -> (OllamaAddress, ProviderConfiguration?) {
    for name in ["OLLAMA_HOST", "OLLAMA_API_BASE"] {
      guard let text = variable(name) else { continue }
      guard let address = OllamaAddress(text) else { throw .invalidBaseURL(provider: "ollama", source: name) }
      return (address, nil)
    }
    guard let section = section("ollama"), let base = section.baseURL else { return (.local, nil) }
    guard let address = OllamaAddress(base) else {
      throw .invalidBaseURL(provider: "ollama", source: "base_url in [providers.ollama]")
    }
    return (address, section)
  }

  private func credential(of section: ProviderConfiguration) -> Credential {
    let usual = section.apiKeyEnv ?? section.name.uppercased().replacingOccurrences(of: "-", with: "_") + "_API_KEY"
    if let ask = section.apiKey { return .deferred(variable: usual, ask) }
    guard let name = section.apiKeyEnv else { return .none }
    return .variable(name: name, value: variable(name))
  }

  private static func check(_ base: String, of provider: String, setIn source: String) throws(ModelNameError) {
    guard let url = URLComponents(string: base), ["http", "https"].contains(url.scheme), url.host?.isEmpty == false
    else { throw .invalidBaseURL(provider: provider, source: source) }
  }
}

extension ProviderConfiguration {
  fileprivate var hasKey: Bool { apiKey != nil || apiKeyEnv != nil }
}
