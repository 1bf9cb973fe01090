import Foundation

/// One message of a turn, as it was said.
public struct RetainedMessage: Hashable, Codable, Sendable {
  /// Who said it.
  public enum Speaker: String, Codable, Sendable {
    case user, assistant
  }
  public var speaker: Speaker
  public var text: String
  public var saidAt: Date
  /// Whether the text ends where it was cut off.
  public var isCut: Bool

  public init(speaker: Speaker, text: String, saidAt: Date, isCut: Bool = false) {
    self.speaker = speaker
    self.text = text
    self.saidAt = saidAt
    self.isCut = isCut
  }
}

/// The messages of one turn, for a bank to keep.
///
/// A store renders them its own way: the embedded file keeps one row a message.
/// Retaining the same `turnID` again changes nothing, so a queue may try again after any failure.
public struct RetainTurn: Hashable, Codable, Sendable {
  public var bankID: String
  /// UUID of the turn.
  public var turnID: String
  /// The session, which is a document of the bank.
  public var documentID: String
  public var messages: [RetainedMessage]
  public var context: String?
  public var metadata: [String: String]
  public var tags: [String]

  public init(
    bankID: String, turnID: String, documentID: String, messages: [RetainedMessage], context: String? = nil,
    metadata: [String: String] = [:], tags: [String] = []
  ) {
    self.bankID = bankID
    self.turnID = turnID
    self.documentID = documentID
    self.messages = messages
    self.context = context
    self.metadata = metadata
    self.tags = tags
  }
}
