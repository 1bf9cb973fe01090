import Foundation
import RearviewMemory

/// What is to be forgotten for good.
public enum ForgetTarget: Hashable, Sendable {
  /// By their ids.
  case memories([String])
  /// All that a document says; what was said elsewhere too stays there.
  case document(String)
  /// An entity, and every memory that mentions it.
  case entity(String)
}

/// What goes when something is forgotten for good, to be shown before it is done.
public struct ForgetPlan: Hashable, Encodable, Sendable {
  /// How many, and the first few of them.
  public struct Sample: Hashable, Codable, Sendable {
    public var count = 0
    public var texts: [String] = []

    static let limit = 5

    mutating func add(_ text: String) {
      count += 1
      if texts.count < Self.limit { texts.append(text) }
    }
  }

  public var bankID: String
  /// Memories that are forgotten themselves.
  public var memories = Sample()
  /// Facts and observations that were drawn from them, and go with them.
  public var derived = Sample()
  /// Of those, how many rest on something else too, from which they are drawn anew where a model works.
  public var rederivedCount = 0
  /// Messages of which the verbatim text goes, whole or in part.
  public var messages = Sample()
  /// Documents that hold nothing after it.
  public var documents = Sample()
  /// Entities that nothing mentions after it.
  public var entities = Sample()
  /// Images of earlier states, in the journal and for undo: what they held cannot be brought back.
  public var journalCount = 0
  public var vectorCount = 0
  /// Mental models of which answers go, because they stand on what is forgotten or quote it.
  public var mentalModels = Sample()
  /// Memories of the bank that stay and say the same, word for word: forget them too, if that is meant.
  public var alikeCount = 0
  /// Memories that stay, from which what is forgotten was drawn.
  public var sourceCount = 0
  /// Files beside the memory file that may still hold it (copies, sessions); they are not touched.
  public var copies: [String] = []

  /// The names of all memories that go: what is forgotten must be what was shown.
  var names: Set<String> = []
  var target: ForgetTarget

  enum CodingKeys: String, CodingKey {
    case memories, derived, messages, documents, entities, copies
    case bankID = "bank_id"
    case rederivedCount = "rederived_count"
    case journalCount = "journal_count"
    case vectorCount = "vector_count"
    case mentalModels = "mental_models"
    case alikeCount = "alike_count"
    case sourceCount = "source_count"
  }

  init(bankID: String, target: ForgetTarget) {
    self.bankID = bankID
    self.target = target
  }

  /// Whether nothing goes.
  public var isEmpty: Bool { memories.count == 0 && messages.count == 0 && entities.count == 0 }
}

/// What was forgotten.
public struct ForgetReport: Hashable, Encodable, Sendable {
  /// As it was shown before.
  public var plan: ForgetPlan
  /// Why bytes of it may still be on the disk, in one sentence; `nil` when none are in the memory file.
  public var remainder: String?
}
