import Foundation
import RearviewChat
import RearviewHTTP

/// Which models there are, and the way from a name to a model.
///
/// A name is `provider/model`; only the first slash counts. Providers are the sections of the configuration, `openai`,
/// `ollama` and `offline`. Names that begin as OpenAI's do (`gpt-`, `o` and a digit, `chatgpt-`) may stand alone.
///
/// A key is sent only to the address that it belongs to: `OPENAI_API_KEY` to `OPENAI_BASE_URL` (or `OPENAI_API_BASE`)
/// or else to api.openai.com, the key of a section to the address of that section. No provider ever gets the key of
/// another; an address without a key of its own is asked without one.
public struct ModelCatalog: Sendable {
  let environment: [String: String]
  let providers: [ProviderConfiguration]
  let transport: any HTTPTransport
  private let timeZone: TimeZone
  private let quirks = EndpointQuirks()
  private let timeouts: Timeouts

  /// - Parameters:
  ///   - environment: Where keys and addresses are looked up; an empty variable counts as unset.
  ///   - providers: The sections of the configuration. Of two with one name the later counts.
  ///   - timeZone: In which the built-in model tells dates.
  ///   - timeouts: For answers; lists of models have shorter ones.
  public init(
    transport: any HTTPTransport, environment: [String: String], providers: [ProviderConfiguration] = [],
    timeZone: TimeZone = .current, timeouts: Timeouts = Timeouts()
  ) {
    self.transport = transport
    self.environment = environment
    self.providers = providers
    self.timeZone = timeZone
    self.timeouts = timeouts
  }

  /// The model of that name. A missing key shows when the model is asked, not here.
  public func resolve(_ modelName: String) throws(ModelNameError) -> any ChatModel {
    let trimmed = modelName.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !trimmed.isEmpty else { throw .empty }
    if trimmed == OfflineRecallModel.fullName { return OfflineRecallModel(timeZone: timeZone) }
    guard let slash = trimmed.firstIndex(of: "/") else {
      guard Self.isOpenAIName(trimmed) else { throw .noProvider(name: trimmed, known: knownPrefixes) }
      return model(trimmed, of: "openai", at: try openAIEndpoint())
    }
    let provider = String(trimmed[..<slash])
    let rest = String(trimmed[trimmed.index(after: slash)...])
    guard let endpoint = try endpoint(of: provider) else {
      throw .unknownProvider(provider, name: trimmed, known: knownPrefixes)
    }
    guard !rest.isEmpty else { throw .noModel(provider: provider) }
    return model(rest, of: provider, at: endpoint)
  }

  /// What can stand before the slash, as an error lists it.
  var knownPrefixes: [String] {
    var known: [String] = []
    for name in providers.map(\.name) + ["openai", "ollama"] where !known.contains(name + "/") {
      known.append(name + "/")
    }
    return known + [OfflineRecallModel.fullName]
  }

  private func model(_ model: String, of provider: String, at endpoint: OpenAIEndpoint) -> OpenAIChatModel {
    OpenAIChatModel(
      name: "\(provider)/\(model)", model: model, endpoint: endpoint, transport: transport, quirks: quirks,
      timeouts: timeouts)
  }

  static func isOpenAIName(_ name: String) -> Bool {
    name.hasPrefix("gpt-") || name.hasPrefix("chatgpt-")
      || (name.hasPrefix("o") && name.dropFirst().first.map { $0.isASCII && $0.isNumber } == true)
  }
}

// MARK: - Addresses and their keys

extension ModelCatalog {
  /// Where the provider of that name is; `nil` when there is none.
  func endpoint(of provider: String) throws(ModelNameError) -> OpenAIEndpoint? {
    switch provider {
    case "openai": return try openAIEndpoint()
    case "ollama": return try ollamaEndpoint()
    default: break
    }
    guard let section = section(provider) else { return nil }
    guard let base = section.baseURL, !base.isEmpty else { throw .noBaseURL(provider: provider) }
    return try endpoint(provider, base, credential(of: section), section.headers, setIn: "[providers.\(provider)]")
  }

  func section(_ name: String) -> ProviderConfiguration? {
    providers.last { $0.name == name }
  }

  func variable(_ name: String) -> String? {
    environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  private func openAIEndpoint() throws(ModelNameError) -> OpenAIEndpoint {
    let section = section("openai")
    let own = Credential.variable(name: "OPENAI_API_KEY", value: variable("OPENAI_API_KEY"))
    for name in ["OPENAI_BASE_URL", "OPENAI_API_BASE"] {
      guard let base = variable(name) else { continue }
      let hasKey = variable("OPENAI_API_KEY") != nil
      return try endpoint("OpenAI", base, hasKey || Self.isOpenAI(base) ? own : .none, [:], setIn: name)
    }
    let beside = section.flatMap { $0.hasKey ? credential(of: $0) : nil }
    let base = section?.baseURL ?? "https://api.openai.com/v1"
    return try endpoint(
      "OpenAI", base, beside ?? (Self.isOpenAI(base) ? own : .none), section?.headers ?? [:],
      setIn: "[providers.openai]")
  }

  private func ollamaEndpoint() throws(ModelNameError) -> OpenAIEndpoint {
    let (address, section) = try ollamaAddress()
    return OpenAIEndpoint(
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

  private func endpoint(
    _ provider: String, _ base: String, _ credential: Credential, _ headers: [String: String], setIn source: String
  ) throws(ModelNameError) -> OpenAIEndpoint {
    guard let url = URLComponents(string: base), ["http", "https"].contains(url.scheme), let host = url.host,
      !host.isEmpty
    else {
      throw .invalidBaseURL(provider: provider, source: source.hasPrefix("[") ? "base_url in \(source)" : source)
    }
    let isElsewhere = provider == "OpenAI" && !Self.isOpenAI(base)
    let shown = isElsewhere ? host + (url.port.map { ":\($0)" } ?? "") : provider
    return OpenAIEndpoint(provider: shown, baseURL: base, credential: credential, headers: headers)
  }

  private static func isOpenAI(_ base: String) -> Bool {
    let url = URLComponents(string: base)
    return url?.host == "api.openai.com" && url?.scheme == "https"
  }
}

extension ProviderConfiguration {
  fileprivate var hasKey: Bool { apiKey != nil || apiKeyEnv != nil }
}
