import NIOConcurrencyHelpers
import RearviewChat
import RearviewJSON

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

// Addresses and their keys.

extension ModelCatalog {
  /// The provider of that name: a section of the configuration over the table; `nil` when there is none.
  func row(_ name: String) -> ProviderRow? {
    let section = section(name)
    guard var row = ProviderTable.row(name) else {
      guard let section else { return nil }
      var row = ProviderRow(id: name, title: name)
      row.kind = .configured
      row.wire = section.wire ?? .openAIChat
      row.authorization = Authorization.Form(usualOf: row.wire)
      // Whoever sets up a server says whether it wants a key, by giving one.
      row.isKeyless = true
      return row
    }
    if row.refusal != nil, let section, section.baseURL != nil {
      // Someone speaks for it all the same.
      var own = ProviderRow(id: name, title: name)
      own.kind = .configured
      own.isKeyless = true
      row = own
    }
    if let wire = section?.wire, wire != row.wire {
      row.wire = wire
      row.authorization = Authorization.Form(usualOf: wire)
      row.path = nil
      row.streamPath = nil
    }
    return row
  }

  func section(_ name: String) -> ProviderConfiguration? {
    providers.last { $0.name == name }
  }

  /// An environment variable; empty counts as unset.
  func variable(_ name: String) -> String? {
    environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Where the provider of that name is; `nil` when there is none.
  func endpoint(of provider: String) throws(ModelNameError) -> Endpoint? {
    guard let row = row(provider) else { return nil }
    if let reason = row.refusal { throw .notSpoken(provider: row.title, model: "<model>", reason: reason) }
    return try endpoint(of: row, model: "")
  }

  /// The provider at the address of the call, of the environment, of its section, or at home, with the key that belongs
  /// there.
  func endpoint(
    of row: ProviderRow, model: String, override: Override = Override()
  ) throws(ModelNameError) -> Endpoint {
    let section = section(row.id)
    func value(_ name: String) -> String? {
      override.variables[name] ?? section?.variables[name] ?? variable(name)
    }
    var row = row
    let region = try Self.place(of: &row, model: model, value)
    let home: String?
    do {
      home = row.base.isEmpty ? nil : try filledHost(row.base, of: row, value)
    } catch let error as UnsetVariable {
      home = nil
      if override.baseURL == nil, section?.baseURL == nil, !row.bases.contains(where: { value($0) != nil }) {
        throw .unsetVariable(provider: row.id, names: error.names)
      }
    } catch {
      throw error as? ModelNameError ?? .empty
    }
    let place = try address(of: row, home: home, override: override)
    var endpoint = Endpoint(
      row: row, provider: Self.title(of: row, at: place.base, home: home), baseURL: place.base,
      // What a section adds goes to the section's address only.
      headers: place.isSections ? section?.headers ?? [:] : [:])
    endpoint.region = region
    endpoint.apiVersion = value("AZURE_API_VERSION") ?? Self.version(of: place.base)
    let keys = Keys(
      row: row, place: place, call: override, section: section, environment: { self.variable($0) },
      ofSection: { self.credential(of: $0) })
    endpoint.credential = keys.credential
    try authorize(&endpoint, keys: keys, place: place)
    if row.wire == .vertex {
      endpoint.project =
        ["VERTEXAI_PROJECT", "VERTEX_PROJECT", "GOOGLE_CLOUD_PROJECT"].lazy.compactMap(value).first ?? endpoint.project
    }
    for (name, template) in row.headers where endpoint.headers[name] == nil {
      // `{key}` is filled in with the key.
      guard let text = try? filled(template.replacing("{key}", with: "\u{1}"), value) else { continue }
      endpoint.headers[name] = text.replacing("\u{1}", with: "{key}")
    }
    endpoint.body = try body(of: row, value)
    return endpoint
  }

  /// Where Google's or Amazon's machines are, which stands in the host of their addresses.
  private static func place(
    of row: inout ProviderRow, model: String, _ value: (String) -> String?
  ) throws(ModelNameError) -> String? {
    let region: String
    switch row.wire {
    case .bedrockConverse:
      region =
        Endpoint.bedrockModel(model).region ?? ["AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"].lazy
        .compactMap(value).first ?? AWSCredentials.region(variable: value) ?? "us-west-2"
      try check(region: region, of: row)
      if row.base.contains("{") { row.base = "https://bedrock-runtime.\(region).amazonaws.com" }
    case .vertex:
      region =
        ["VERTEXAI_LOCATION", "VERTEX_LOCATION", "GOOGLE_CLOUD_LOCATION"].lazy.compactMap(value).first
        ?? "us-central1"
      try check(region: region, of: row)
      if row.base.contains("{") {
        row.base = vertexHost(region) + (row.base.hasSuffix("/v1beta1") ? "/v1beta1" : "/v1")
      }
    case .openAIChat, .openAIResponses, .anthropicMessages, .azureOpenAI, .gemini, .ollama: return nil
    }
    return region
  }

  /// A region is part of a host: with other characters in it, a key could be led to another one.
  private static func check(region: String, of row: ProviderRow) throws(ModelNameError) {
    guard region.utf8.allSatisfy({ isHostByte($0) && $0 != UInt8(ascii: ".") }) else {
      throw .malformed(name: "the region \(region) of \(row.title)", expected: "a region such as us-central1")
    }
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  /// The address of a template. What is filled into a host, or into the path behind one, must be a plain name.
  private func filledHost(
    _ template: String, of row: ProviderRow, _ value: (String) -> String?
  ) throws -> String {
    guard template.hasPrefix("https://") || template.hasPrefix("http://") else { return try filled(template, value) }
    var bad: String?
    let text = try filled(template) { name in
      let found = value(name)
      if let found, !found.utf8.allSatisfy(Self.isHostByte) { bad = name }
      return found
    }
    if let bad {
      throw ModelNameError.malformed(
        name: "\(bad) of \(row.title)", expected: "a plain name, which is part of its address")
    }
    return text
  }

  /// Where a provider is, and who said so.
  struct Place {
    enum Source {
      case call, environment, section, home
    }

    var base: String
    var source: Source
    /// Whether keys of the environment belong there.
    var takesEnvironment: Bool
    /// Whether what the section says of keys and headers belongs there.
    var isSections: Bool
    /// Whether it is the provider's own place.
    var isHome: Bool
  }

  private func address(
    of row: ProviderRow, home: String?, override: Override
  ) throws(ModelNameError) -> Place {
    let section = section(row.id)
    let named = row.bases.lazy.compactMap { self.variable($0) }.first
    let ofSection = row.bases.lazy.compactMap { section?.variables[$0] }.first ?? section?.baseURL
    func isHome(_ base: String) -> Bool { home.map { Self.isSame(base, $0) } ?? false }
    // An address that a variable of the call names is the call's too.
    if let base = override.baseURL ?? row.bases.lazy.compactMap({ override.variables[$0] }).first {
      try Self.check(base, of: row.title, setIn: "api_base of the request")
      return Place(
        base: base, source: .call, takesEnvironment: base == named || isHome(base),
        isSections: ofSection.map { Self.isSame(base, $0) } ?? false, isHome: isHome(base))
    }
    if row.bases.allSatisfy({ section?.variables[$0] == nil }), let named {
      let name = row.bases.first { variable($0) != nil } ?? ""
      let base = try Self.root(named, of: row, setIn: name)
      return Place(base: base, source: .environment, takesEnvironment: true, isSections: false, isHome: isHome(base))
    }
    if let ofSection, !ofSection.isEmpty {
      let base = try Self.root(ofSection, of: row, setIn: "base_url in [providers.\(row.id)]")
      // A provider that has no place of its own is where its section says.
      return Place(
        base: base, source: .section, takesEnvironment: isHome(base) || row.hasNoPlace, isSections: true,
        isHome: isHome(base))
    }
    guard let home else {
      throw .noBaseURL(provider: row.id, variable: row.bases.first, example: row.example)
    }
    try Self.check(home, of: row.title, setIn: "the variables in it")
    return Place(base: home, source: .home, takesEnvironment: true, isSections: true, isHome: true)
  }

  /// An address as it was written; Ollama's users write less than a whole one.
  private static func root(
    _ text: String, of row: ProviderRow, setIn source: String
  ) throws(ModelNameError) -> String {
    var base = text
    if row.wire == .ollama {
      guard let address = OllamaAddress(text) else { throw .invalidBaseURL(provider: row.id, source: source) }
      base = address.root
    }
    try check(base, of: row.kind == .configured ? row.id : row.title, setIn: source)
    return base
  }

  func credential(of section: ProviderConfiguration) -> Credential {
    let usual = section.apiKeyEnv ?? section.name.uppercased().replacing("-", with: "_") + "_API_KEY"
    if let ask = section.apiKey { return .deferred(variable: usual, ask) }
    guard let name = section.apiKeyEnv else { return .none }
    return .variable(name: name, value: variable(name))
  }

  /// Settles where what is sent as a key comes from, where that is not the key itself.
  private func authorize(_ endpoint: inout Endpoint, keys: Keys, place: Place) throws(ModelNameError) {
    let row = endpoint.row
    switch row.authorization {
    case .google:
      // A token that is set up as the key of a section is one already.
      if keys.hasOwn { break }
      guard keys.hasGoogle else {
        endpoint.credential = .none
        break
      }
      let credentials: GoogleCredentials
      do {
        credentials = try tokens.google(keys.value)
      } catch {
        throw .badCredentials(provider: row.title, cause: "\(error)")
      }
      endpoint.authorization.source = .google(credentials)
      if let payer = credentials.quotaProject { endpoint.headers["x-goog-user-project"] = payer }
      endpoint.project = credentials.project
      if case .machine = credentials.account { endpoint.project = EndpointCall.machineProject }
    case .aws:
      let credentials = keys.aws
      if keys.hasOwn || credentials?.isOfCall != true && keys.value("AWS_BEARER_TOKEN_BEDROCK") != nil {
        guard endpoint.baseURL.hasPrefix("https:") || Self.isLoopback(endpoint.baseURL) else {
          throw .badCredentials(provider: row.title, cause: "a bearer token is not sent over plain http")
        }
        break
      }
      endpoint.credential =
        credentials == nil && place.takesEnvironment ? .variable(name: "AWS_ACCESS_KEY_ID", value: nil) : .none
      if let credentials { endpoint.authorization.source = .aws(credentials.keys) }
    // Elsewhere the key is sent as it is: who exchanges it is the provider's own.
    case .watsonx where place.isHome:
      endpoint.authorization.source = .exchange(tokens.watsonx(endpoint.credential))
    case .gigachat where place.isHome:
      endpoint.authorization.source = .exchange(
        tokens.gigachat(endpoint.credential, scope: keys.value("GIGACHAT_SCOPE") ?? "GIGACHAT_API_PERS"))
    case .bearer, .token, .header, .anthropic, .azure, .azureAI, .snowflake, .watsonx, .gigachat: break
    }
  }

  private func body(of row: ProviderRow, _ value: (String) -> String?) throws(ModelNameError) -> JSONObject {
    var body = row.body
    for (name, member) in row.body {
      guard let template = member.text, template.contains("{") else { continue }
      do {
        body[name] = .text(try filled(template, value))
      } catch {
        throw .unsetVariable(provider: row.id, names: error.names)
      }
    }
    return body
  }

  // MARK: Addresses

  private static func vertexHost(_ location: String) -> String {
    switch location {
    case "global": "https://aiplatform.googleapis.com"
    case "us", "eu": "https://aiplatform.\(location).rep.googleapis.com"
    default: "https://\(location)-aiplatform.googleapis.com"
    }
  }

  /// Azure's addresses are pasted with the version in them.
  private static func version(of base: String) -> String? {
    if base.contains("/openai/v1") { return "v1" }
    return URLComponents(string: base)?.queryItems?.first { $0.name == "api-version" }?.value
  }

  /// Whether two addresses are of one server.
  static func isSame(_ left: String, _ right: String) -> Bool {
    guard let left = URLComponents(string: left), let right = URLComponents(string: right) else { return false }
    return left.scheme == right.scheme && left.host == right.host && left.port == right.port
  }

  static func isLoopback(_ address: String) -> Bool {
    OllamaAddress.isLoopback(URLComponents(string: address)?.host ?? "")
  }

  /// How an address is named to people: the provider's own by its name, another by its host.
  static func title(of row: ProviderRow, at base: String, home: String?) -> String {
    guard let home, !isSame(base, home), row.kind == .hosted, let url = URLComponents(string: base), let host = url.host
    else { return row.title }
    return host + (url.port.map { ":\($0)" } ?? "")
  }

  private static func check(_ base: String, of provider: String, setIn source: String) throws(ModelNameError) {
    guard let url = URLComponents(string: base), ["http", "https"].contains(url.scheme), url.host?.isEmpty == false
    else { throw .invalidBaseURL(provider: provider, source: source) }
  }
}

extension ProviderConfiguration {
  var hasKey: Bool { apiKey != nil || apiKeyEnv != nil }
}

/// Tokens that several models share: each account has one.
final class TokenSources: Sendable {
  private struct State {
    var google: [[String?]: GoogleCredentials] = [:]
    var exchanges: [String: TokenExchange] = [:]
  }

  private let state = NIOLockedValueBox(State())

  func google(_ variable: (String) -> String?) throws -> GoogleCredentials {
    let names = [
      "VERTEXAI_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "HOME", "GCE_METADATA_HOST",
    ]
    let key = names.map(variable)
    if let known = state.withLockedValue({ $0.google[key] }) { return known }
    let credentials = try GoogleCredentials(variable: variable)
    state.withLockedValue { $0.google[key] = credentials }
    return credentials
  }

  func watsonx(_ credential: Credential) -> TokenExchange { exchange("watsonx \(credential.identity)") { .watsonx() } }

  func gigachat(_ credential: Credential, scope: String) -> TokenExchange {
    exchange("gigachat \(scope) \(credential.identity)") { .gigachat(scope: scope) }
  }

  private func exchange(_ key: String, make: () -> TokenExchange) -> TokenExchange {
    state.withLockedValue { state in
      if let known = state.exchanges[key] { return known }
      let exchange = make()
      state.exchanges[key] = exchange
      return exchange
    }
  }
}

extension Credential {
  /// Tells one key from another, in this process only.
  fileprivate var identity: String {
    switch self {
    case .none: ""
    case .variable(let name, let value): "\(name) \(value.hashValue)"
    case .deferred(let name, _): name
    }
  }
}
