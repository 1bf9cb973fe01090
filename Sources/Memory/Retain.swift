#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// One message of a turn, as it was said.
public struct RetainedMessage: Hashable, Codable, Sendable {
  /// Who said it, or what it tells of.
  public enum Speaker: String, Codable, Sendable {
    case user, assistant
    /// What the assistant asked a tool to do: `name(arguments)`, several joined by `; `.
    case toolCall = "tool_call"
    /// What a tool answered.
    case toolResult = "tool_result"
    /// A text that was not said in a conversation; kept as it is.
    case note
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

  enum CodingKeys: String, CodingKey {
    case speaker, text
    case saidAt = "said_at"
    case isCut = "is_cut"
  }
}

/// The messages of one turn, for a bank to keep.
///
/// A store renders them its own way: the embedded file keeps one row a message, a server gets one text.
/// Retaining the same `turnID` again changes nothing, so a queue may try again after any failure.
public struct RetainTurn: Hashable, Codable, Sendable {
  /// How a turn comes to the document that it belongs to.
  public enum DocumentUpdate: String, Codable, Sendable, CaseIterable {
    /// It is added at the end.
    case append
    /// The document is read, the turn added, and the whole written anew, as the Python package does; never when the
    /// reading failed.
    case replace
    /// The document becomes this turn, whatever it was.
    case overwrite
  }

  public var bankID: String
  /// UUID of the turn.
  public var turnID: String
  /// The session, which is a document of the bank; `nil` for a turn that belongs to none.
  public var documentID: String?
  public var messages: [RetainedMessage]
  public var context: String?
  public var metadata: Metadata
  public var tags: [String]
  /// Names of people, places and things that it is about, beside those that a store finds itself.
  public var entities: [String]
  /// Whether nobody knows when it was said: its memories have no time then, and `saidAt` is when it was handed over.
  public var isUndated: Bool
  public var update: DocumentUpdate

  public init(
    bankID: String, turnID: String, documentID: String?, messages: [RetainedMessage], context: String? = nil,
    metadata: Metadata = [:], tags: [String] = [], entities: [String] = [], isUndated: Bool = false,
    update: DocumentUpdate = .append
  ) {
    self.bankID = bankID
    self.turnID = turnID
    self.documentID = documentID
    self.messages = messages
    self.context = context
    self.metadata = metadata
    self.tags = tags
    self.entities = entities
    self.isUndated = isUndated
    self.update = update
  }

  enum CodingKeys: String, CodingKey {
    case messages, context, metadata, tags, entities, update
    case isUndated = "is_undated"
    case bankID = "bank_id"
    case turnID = "turn_id"
    case documentID = "document_id"
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      bankID: try values.decode(String.self, forKey: .bankID), turnID: try values.decode(String.self, forKey: .turnID),
      documentID: try values.decodeIfPresent(String.self, forKey: .documentID),
      messages: try values.decode([RetainedMessage].self, forKey: .messages),
      context: try values.decodeIfPresent(String.self, forKey: .context),
      metadata: try values.decode(Metadata.self, forKey: .metadata),
      tags: try values.decode([String].self, forKey: .tags),
      entities: try values.decodeIfPresent([String].self, forKey: .entities) ?? [],
      isUndated: try values.decodeIfPresent(Bool.self, forKey: .isUndated) ?? false,
      update: try values.decodeIfPresent(DocumentUpdate.self, forKey: .update) ?? .append)
  }
}

extension RetainedMessage {
  /// The message as a document holds it: `USER: …`, `ASSISTANT: …`, `ASSISTANT_TOOL_CALLS: …`, `TOOL_RESULT: …`, a note
  /// as it is; a cut one says so at its end.
  public var item: String {
    let label =
      switch speaker {
      case .user: "USER: "
      case .assistant: "ASSISTANT: "
      case .toolCall: "ASSISTANT_TOOL_CALLS: "
      case .toolResult: "TOOL_RESULT: "
      case .note: ""
      }
    guard isCut else { return label + text }
    return label + text + (text.last?.isWhitespace == true ? "" : " ") + Self.cutMark
  }

  /// What stands behind a text that was cut off.
  public static let cutMark = "[cut off]"

  /// Messages as the text of a document, a blank line between two of them; those without a word are left out.
  public static func text(of messages: some Sequence<RetainedMessage>) -> String {
    messages.filter { !$0.text.allSatisfy(\.isWhitespace) }.map(\.item).joined(separator: "\n\n")
  }
}

/// How far a store is with a turn that it took.
public enum Retained: Hashable, Sendable {
  /// It can be recalled.
  case stored
  /// The store has it on its disk and works on it; retaining the turn again tells how far it is.
  case processing
}
