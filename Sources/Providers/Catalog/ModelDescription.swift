/// A model that can be picked.
public struct ModelDescription: Hashable, Codable, Sendable, Identifiable {
  /// The full name (`ollama/llama3.2:latest`).
  public var name: String
  /// The provider's name for people.
  public var provider: String
  /// What else is known, for people (`3.2B, Q4_K_M`).
  public var detail: String?

  public var id: String { name }

  public init(name: String, provider: String, detail: String? = nil) {
    self.name = name
    self.provider = provider
    self.detail = detail
  }
}
