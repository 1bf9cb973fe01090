import RearviewChat
import RearviewHTTP

/// Which models there are, and the way from a name to a model.
///
/// A name is `provider/model`; only the first slash counts. Providers are those of the table, the sections of the
/// configuration, and `offline`. A name that tells by its form whose it is may stand alone (`gpt-`, `claude-`, `gemini-`,
/// the ids of Bedrock), and so may one that only one provider of the table has.
///
/// A key is sent only to the address that it belongs to: that of the environment to the address of the environment, else
/// to the provider's own; the key of a section to the address of that section. No provider ever gets the key of another;
/// an address without a key of its own is asked without one.
public struct ModelCatalog: Sendable {
  let environment: [String: String]
  let providers: [ProviderConfiguration]
  let transport: any HTTPTransport
  let tokens = TokenSources()
  let lists: ModelLists
  private let quirks = EndpointQuirks()
  let timeouts: Timeouts
  let retries: RetryPolicy

  /// - Parameters:
  ///   - environment: Where keys and addresses are looked up; an empty variable counts as unset.
  ///   - providers: The sections of the configuration. Of two with one name the later counts.
  ///   - timeouts: For answers; lists of models have shorter ones.
  ///   - retries: What is tried again.
  ///   - listFile: Where the lists of models that providers gave are kept for a day; `nil` keeps none.
  public init(
    transport: any HTTPTransport, environment: [String: String], providers: [ProviderConfiguration] = [],
    timeouts: Timeouts = Timeouts(), retries: RetryPolicy = RetryPolicy(),
    listFile: String? = nil
  ) {
    self.retries = retries
    self.transport = transport
    self.environment = environment
    self.providers = providers
    self.timeouts = timeouts
    lists = ModelLists(path: listFile)
  }

  /// What a single call says of its way, over what is set up.
  public struct Override: Hashable, Sendable {
    /// Where the model is.
    public var baseURL: String?
    /// The key for `baseURL`, or for the provider's own address.
    public var apiKey: String?
    /// Values by the names of their environment variables (`AZURE_API_VERSION`, `VERTEXAI_PROJECT`).
    public var variables: [String: String] = [:]

    public init(baseURL: String? = nil, apiKey: String? = nil, variables: [String: String] = [:]) {
      self.baseURL = baseURL
      self.apiKey = apiKey
      self.variables = variables
    }
  }

  /// The model of that name. A missing key shows when the model is asked, not here.
  public func resolve(_ modelName: String) throws(ModelNameError) -> any ChatModel {
    try resolve(modelName, with: Override())
  }

  /// The model of that name, with what a call says of its way.
  public func resolve(_ modelName: String, with override: Override) throws(ModelNameError) -> any ChatModel {
    let name = modelName.trimmed
    if name == OfflineRecallModel.fullName { return OfflineRecallModel() }
    let (row, model) = try place(of: name)
    let endpoint = try endpoint(of: row, model: model, override: override)
    return try RemoteModel(
      name: "\(row.id)/\(model)", model: model, endpoint: endpoint, transport: transport, quirks: quirks,
      timeouts: timeouts, retries: retries)
  }

  /// The model of that name, and after it those that are asked when it fails before its answer begins.
  ///
  /// A name in `fallbacks` that is none is passed over when its turn comes.
  ///
  /// - Parameter adapt: Makes of the request that was meant for the first model what is asked of the named one.
  public func resolve(
    _ modelName: String, fallbacks: [String],
    adapting adapt: @escaping @Sendable (String, ChatRequest) -> ChatRequest = { $1 }
  ) throws(ModelNameError) -> any ChatModel {
    let first = try resolve(modelName)
    let others = fallbacks.filter { $0 != modelName }
    if others.isEmpty { return first }
    return FallbackModel(
      first: first,
      others: others.map { name in
        FallbackModel.Other(name: name, resolve: { [self] in try resolve(name) }, adapt: { adapt(name, $0) })
      })
  }

  /// Whose model a name means, and its name there.
  func place(of name: String) throws(ModelNameError) -> (row: ProviderRow, model: String) {
    guard !name.isEmpty else { throw .empty }
    guard let slash = name.firstIndex(of: "/"), !name.hasPrefix("arn:") else { return try place(ofBare: name) }
    let provider = String(name[..<slash])
    let model = String(name[name.index(after: slash)...])
    guard let row = row(provider) else {
      throw .unknownProvider(provider, name: name, likely: likelyPrefixes(provider))
    }
    if let reason = row.refusal { throw .notSpoken(provider: row.title, model: model, reason: reason) }
    guard !model.isEmpty else { throw .noModel(provider: provider) }
    return (row, model)
  }

  /// Whose model a name without a provider is: by its form, else by the table.
  private func place(ofBare name: String) throws(ModelNameError) -> (row: ProviderRow, model: String) {
    if let provider = providerByForm(name), let row = row(provider) {
      if let reason = row.refusal { throw .notSpoken(provider: row.title, model: name, reason: reason) }
      return (row, name)
    }
    let known = ModelTable.providers(ofBare: name)
    if known.count == 1, let row = row(known[0]) { return (row, name) }
    let likely = known.isEmpty ? likelyNames(name) : known.map { "\($0)/\(name)" }
    throw .noProvider(name: name, likely: Array(likely.prefix(3)))
  }

  private func providerByForm(_ name: String) -> String? {
    if Self.isOpenAIName(name) { return "openai" }
    if name.hasPrefix("claude-") { return "anthropic" }
    if name.hasPrefix("gemini-") || name.hasPrefix("gemma-") {
      let hasStudioKey = ["GOOGLE_API_KEY", "GEMINI_API_KEY"].contains { variable($0) != nil }
      let hasVertex = ["VERTEXAI_PROJECT", "VERTEXAI_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS"].contains {
        variable($0) != nil
      }
      return hasStudioKey && !hasVertex ? "gemini" : "vertex_ai"
    }
    if name.hasPrefix("command-") { return "cohere" }
    return Self.isBedrockName(name) ? "bedrock" : nil
  }

  static func isOpenAIName(_ name: String) -> Bool {
    ["gpt-", "chatgpt-", "ft:gpt-", "codex-"].contains(where: name.hasPrefix) || OpenAIRequest.isOfOSeries(name)
  }

  /// `vendor.model`, behind a part of the world or not, or the name of a resource.
  private static func isBedrockName(_ name: String) -> Bool {
    if name.hasPrefix("arn:aws") { return name.contains(":bedrock:") }
    let worlds = ["us", "eu", "apac", "au", "ca", "jp", "sa", "global", "us-gov"]
    let vendors = [
      "ai21", "amazon", "anthropic", "cohere", "deepseek", "google", "luma", "meta", "minimax", "mistral", "moonshot",
      "moonshotai", "nvidia", "openai", "qwen", "stability", "twelvelabs", "writer", "zai",
    ]
    var parts = name.split(separator: ".", maxSplits: 2).map(String.init)
    if parts.count == 3, worlds.contains(parts[0]) { parts.removeFirst() }
    return parts.count >= 2 && vendors.contains(parts[0])
  }

  /// Prefixes that a person may have meant.
  private func likelyPrefixes(_ typed: String) -> [String] {
    let names = providers.map(\.name) + ProviderTable.rows.filter { $0.refusal == nil }.map(\.id)
    let plain = typed.lowercased().filter { $0.isLetter || $0.isNumber }
    guard plain.count >= 3 else { return [] }
    return Array(
      names.filter { name in
        let other = name.lowercased().filter { $0.isLetter || $0.isNumber }
        return other.hasPrefix(plain) || plain.hasPrefix(other) || other == plain
      }.prefix(3).map { $0 + "/" })
  }

  /// Full names of the table that hold what was typed.
  private func likelyNames(_ typed: String) -> [String] {
    var featured: [String] = []
    var others: [String] = []
    ModelTable.forEach { line in
      guard line.name.contains(typed) else { return }
      if line.isFeatured { featured.append(line.name) } else { others.append(line.name) }
    }
    return featured + others
  }
}
