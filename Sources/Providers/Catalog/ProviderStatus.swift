/// A provider of the table or of the configuration, and whether it can be asked.
public struct ProviderStatus: Hashable, Sendable, Identifiable {
  public enum Kind: String, Sendable, Codable {
    /// A section of the configuration that the table does not have.
    case configured
    case hosted
    /// A server on this machine.
    case local
    /// A server that stands before others (a LiteLLM proxy).
    case gateway
  }

  /// What stands before the slash of a model's name.
  public var id: String
  /// Its name for people.
  public var title: String
  public var kind: Kind
  /// The protocol that it speaks (`openai-chat`).
  public var wire: String
  /// Where it is; `nil` where that is not known yet.
  public var baseURL: String?
  /// What is missing, as one sentence that says what to do; `nil` when it can be asked.
  public var lacks: String?
  /// Whether the user set something up for it: a key, an address, a section.
  public var isSetUp: Bool

  public var isReady: Bool { lacks == nil }

  public init(
    id: String, title: String, kind: Kind, wire: String, baseURL: String? = nil, lacks: String? = nil,
    isSetUp: Bool = false
  ) {
    self.id = id
    self.title = title
    self.kind = kind
    self.wire = wire
    self.baseURL = baseURL
    self.lacks = lacks
    self.isSetUp = isSetUp
  }
}
