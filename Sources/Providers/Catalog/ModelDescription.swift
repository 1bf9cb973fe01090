import RearviewChat

/// A model that can be picked.
public struct ModelDescription: Hashable, Codable, Sendable, Identifiable {
  /// From where it is known, in the order in which menus list them.
  public enum Origin: String, Codable, Sendable, CaseIterable {
    /// Named in the configuration.
    case configured
    /// On a server of this machine, or in the list of a provider that has its key.
    case found
    /// In the table that comes with the program.
    case table
    case builtIn
  }

  /// The full name (`ollama/llama3.2:latest`).
  public var name: String
  /// The provider's name for people.
  public var provider: String
  /// What else is known, for people (`3.2B, Q4_K_M`).
  public var detail: String?
  public var origin: Origin
  /// Tokens of input that it takes. This and what follows is the table's word, an estimate; `nil` is unknown.
  public var contextWindow: Int?
  /// Tokens that it writes at most.
  public var maxOutput: Int?
  /// US dollars for a million tokens.
  public var inputPrice: Double?
  public var outputPrice: Double?
  public var cachedInputPrice: Double?
  /// Whether long inputs cost more than `inputPrice` says.
  public var hasTieredPrice: Bool
  public var reasons: Bool?
  public var seesImages: Bool?
  public var callsTools: Bool?
  /// When its provider ends it, as `2026-11-26`.
  public var endsOn: String?

  public var id: String { name }

  public init(name: String, provider: String, detail: String? = nil, origin: Origin = .found) {
    self.name = name
    self.provider = provider
    self.detail = detail
    self.origin = origin
    hasTieredPrice = false
  }

  /// What so many tokens cost by the table, in US dollars; `nil` where it has no price.
  public func cost(of usage: Usage) -> Double? {
    guard let inputPrice, let outputPrice else { return nil }
    let cached = min(usage.cachedInputTokens ?? 0, usage.inputTokens)
    let input = Double(usage.inputTokens - cached) * inputPrice + Double(cached) * (cachedInputPrice ?? inputPrice)
    return (input + Double(usage.paidOutputTokens) * outputPrice) / 1_000_000
  }
}
