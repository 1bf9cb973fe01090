/// Who a message is from.
public enum Role: String, Codable, Sendable {
  case system, user, assistant
}

/// One message of a conversation.
public struct Message: Hashable, Codable, Sendable {
  public var role: Role
  public var content: String

  public init(_ role: Role, _ content: String) {
    self.role = role
    self.content = content
  }
}
