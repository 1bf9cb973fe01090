import Foundation
import RearviewChat
import RearviewHTTP

/// Which models there are, and the way from a name to a model.
///
/// A name is `provider/model`; only the first slash counts. Providers are the sections of the configuration, `openai`,
/// `anthropic`, `ollama` and `offline`. Names that begin as OpenAI's do (`gpt-`, `o` and a digit, `chatgpt-`) or as
/// Anthropic's (`claude-`) may stand alone.
///
/// A key is sent only to the address that it belongs to: `OPENAI_API_KEY` to `OPENAI_BASE_URL` (or `OPENAI_API_BASE`)
/// or else to api.openai.com, `ANTHROPIC_API_KEY` to `ANTHROPIC_BASE_URL` (or `ANTHROPIC_API_BASE`) or else to
/// api.anthropic.com, the key of a section to the address of that section. No provider ever gets the key of another;
/// an address without a key of its own is asked without one.
public struct ModelCatalog: Sendable {
  let environment: [String: String]
  let providers: [ProviderConfiguration]
  let transport: any HTTPTransport
  private let timeZone: TimeZone
  private let quirks = EndpointQuirks()
  private let timeouts: Timeouts
  private let retries: RetryPolicy

  /// - Parameters:
  ///   - environment: Where keys and addresses are looked up; an empty variable counts as unset.
  ///   - providers: The sections of the configuration. Of two with one name the later counts.
  ///   - timeZone: In which the built-in model tells dates.
  ///   - timeouts: For answers; lists of models have shorter ones.
  ///   - retries: What is tried again.
  public init(
    transport: any HTTPTransport, environment: [String: String], providers: [ProviderConfiguration] = [],
    timeZone: TimeZone = .current, timeouts: Timeouts = Timeouts(), retries: RetryPolicy = RetryPolicy()
  ) {
    self.retries = retries
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
      guard let vendor = Self.vendor(ofBare: trimmed) else { throw .noProvider(name: trimmed, known: knownPrefixes) }
      return model(trimmed, of: vendor.name, at: try endpoint(of: vendor))
    }
    let provider = String(trimmed[..<slash])
    let rest = String(trimmed[trimmed.index(after: slash)...])
    guard let endpoint = try endpoint(of: provider) else {
      throw .unknownProvider(provider, name: trimmed, known: knownPrefixes)
    }
    guard !rest.isEmpty else { throw .noModel(provider: provider) }
    return model(rest, of: provider, at: endpoint)
  }

  /// The model of that name, and after it those that are asked when it fails before its answer begins.
  ///
  /// A name in `fallbacks` that is none shows when its turn comes.
  public func resolve(_ modelName: String, fallbacks: [String]) throws(ModelNameError) -> any ChatModel {
    try resolve(modelName)
  }

  /// What can stand before the slash, as an error lists it.
  var knownPrefixes: [String] {
    var known: [String] = []
    for name in providers.map(\.name) + Vendor.all.map(\.name) + ["ollama"] where !known.contains(name + "/") {
      known.append(name + "/")
    }
    return known + [OfflineRecallModel.fullName]
  }

  private func model(_ model: String, of provider: String, at endpoint: Endpoint) -> any ChatModel {
    let name = "\(provider)/\(model)"
    return switch endpoint.form {
    case .openAI:
      OpenAIChatModel(
        name: name, model: model, endpoint: endpoint, transport: transport, quirks: quirks, timeouts: timeouts)
    case .anthropic:
      AnthropicChatModel(name: name, model: model, endpoint: endpoint, transport: transport, timeouts: timeouts)
    }
  }

  /// Whose model a name without a provider is.
  private static func vendor(ofBare name: String) -> Vendor? {
    if isOpenAIName(name) { return .openAI }
    return name.hasPrefix("claude-") ? .anthropic : nil
  }

  static func isOpenAIName(_ name: String) -> Bool {
    name.hasPrefix("gpt-") || name.hasPrefix("chatgpt-") || OpenAIRequest.isOfOSeries(name)
  }
}
