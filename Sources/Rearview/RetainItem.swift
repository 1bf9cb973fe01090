import Foundation
import RearviewJSON
import RearviewMemory

/// A text to keep, in the fields of Hindsight's retain items: one line of `rearview retain --jsonl`.
public struct RetainItem: Hashable, Sendable {
  /// When the text was said.
  public enum Timestamp: Hashable, Sendable {
    /// When it is kept.
    case now
    /// Nobody knows.
    case unset
    case at(Date)
  }

  public var content: String
  public var timestamp: Timestamp
  /// Items of one document are its messages, in their order; one without is a document by itself.
  public var documentID: String?
  public var context: String?
  public var tags: [String]
  public var metadata: Metadata
  public var entities: [String]
  /// Whether the document becomes this text, whatever it was (`update_mode` = `replace`).
  public var replacesDocument: Bool
  /// The bank, where it is not the one of the settings (`bank_id`).
  public var bankID: String?

  /// - Throws: `FieldError`.
  public init(_ value: JSONValue) throws {
    let fields = try Fields(value)
    content = try fields.content()
    timestamp = try Self.timestamp(fields)
    documentID = try fields.text("document_id")
    context = try fields.text("context")
    tags = try fields.texts("tags") ?? []
    metadata = try fields.metadata()
    entities = try fields.entities()
    bankID = try fields.text("bank_id")
    replacesDocument = try fields.choice("update_mode", ["append", "replace"]) == "replace"
  }

  private static func timestamp(_ fields: Fields) throws -> Timestamp {
    if try fields.text("timestamp") == "unset" { return .unset }
    return try fields.date("timestamp").map(Timestamp.at) ?? .now
  }

  /// The turn that a store keeps. Its id follows from what the item says, so an item that is handed in again is known.
  public func turn(bankID: String, now: Date) -> RetainTurn {
    let saidAt = if case .at(let date) = timestamp { date } else { now }
    let stamp =
      switch timestamp {
      case .now: ""
      case .unset: "unset"
      case .at(let date): String(date.timeIntervalSince1970)
      }
    let bank = self.bankID ?? bankID
    let identity: JSONValue = [
      "bank": .text(bank), "content": .text(content), "timestamp": .text(stamp),
      "document": documentID.map(JSONValue.text) ?? .null, "context": context.map(JSONValue.text) ?? .null,
      "tags": .list(tags.map(JSONValue.text)), "metadata": .object(metadata.object),
    ]
    return RetainTurn(
      bankID: bank, turnID: derivedID("rearview item " + identity.written()), documentID: documentID,
      messages: [RetainedMessage(speaker: .note, text: content, saidAt: saidAt)], context: context,
      metadata: metadata, tags: tags, entities: entities, isUndated: timestamp == .unset,
      update: replacesDocument ? .overwrite : .append)
  }
}

/// What is wrong with a field, and what it should be.
public struct FieldError: Error, Hashable, Sendable, CustomStringConvertible {
  public var description: String

  init(_ name: String, _ problem: String) { description = "\(name) \(problem)" }
}

/// The members of an object that a person or a program wrote, read with an error that names the member.
struct Fields {
  private let object: JSONObject

  init(_ value: JSONValue) throws {
    guard let object = value.object else { throw FieldError("the line", "is no JSON object") }
    self.object = object
  }

  /// A member that is there and not null.
  subscript(name: String) -> JSONValue? {
    guard let value = object[name], !value.isNull else { return nil }
    return value
  }

  func text(_ name: String) throws -> String? {
    guard let value = self[name] else { return nil }
    guard let text = value.text else { throw FieldError(name, "must be a text") }
    return text
  }

  func texts(_ name: String) throws -> [String]? {
    guard let value = self[name] else { return nil }
    let texts = value.list?.compactMap(\.text)
    guard let texts, texts.count == value.list?.count else { throw FieldError(name, "must be a list of texts") }
    return texts
  }

  func integer(_ name: String) throws -> Int? {
    guard let value = self[name] else { return nil }
    guard let number = value.integer else { throw FieldError(name, "must be a whole number") }
    return number
  }

  func number(_ name: String) throws -> Double? {
    guard let value = self[name] else { return nil }
    guard let number = value.number else { throw FieldError(name, "must be a number") }
    return number
  }

  func choice(_ name: String, _ choices: [String]) throws -> String? {
    guard let text = try text(name) else { return nil }
    guard choices.contains(text) else {
      throw FieldError(name, "must be one of \(choices.joined(separator: ", ")), not \(text)")
    }
    return text
  }

  /// An ISO 8601 time; without an offset it is UTC, without a time it is the day's beginning.
  func date(_ name: String) throws -> Date? {
    guard let text = try text(name) else { return nil }
    guard let date = Self.date(text) else {
      throw FieldError(name, "must be an ISO 8601 time such as 2026-03-14T09:30:00Z, not \(text)")
    }
    return date
  }

  static func date(_ text: String) -> Date? {
    let day = text.prefix(10)
    let time = text.dropFirst(10).replacing(" ", with: "T", maxReplacements: 1)
    var stamp = day + (time.isEmpty ? "T00:00:00" : time)
    let clock = stamp.dropFirst(11)
    // Seconds may be left out, and so may the offset.
    let offset = clock.firstIndex { "Z+-z".contains($0) } ?? clock.endIndex
    let digits = clock[..<offset]
    let rest = clock[offset...]
    let whole = digits.split(separator: ":").count == 2 ? digits + ":00" : digits
    stamp = stamp.prefix(11) + whole + (rest.isEmpty ? "Z" : rest.uppercased())
    for hasFraction in [false, true] {
      let style = Date.ISO8601FormatStyle(includingFractionalSeconds: hasFraction)
      if let date = try? style.parse(String(stamp)) { return date }
    }
    return nil
  }

  func content() throws -> String {
    guard let value = self["content"] else { throw FieldError("content", "is missing") }
    let text = try value.text ?? Self.joined(value.list ?? [])
    guard !text.allSatisfy(\.isWhitespace) else { throw FieldError("content", "is empty") }
    return text
  }

  /// Blocks of text as one; what is no text cannot be kept.
  private static func joined(_ blocks: [JSONValue]) throws -> String {
    let texts = blocks.compactMap { $0["type"]?.text == "text" ? $0["text"]?.text : nil }
    guard !texts.isEmpty, texts.count == blocks.count else {
      throw FieldError("content", "must be a text, or a list of blocks of type text")
    }
    return texts.joined(separator: "\n\n")
  }

  func metadata() throws -> Metadata {
    guard let value = self["metadata"] else { return [:] }
    guard let object = value.object else { throw FieldError("metadata", "must be an object") }
    return Metadata(object)
  }

  func entities() throws -> [String] {
    guard let value = self["entities"] else { return [] }
    let names = value.list?.compactMap { $0.text ?? $0["text"]?.text }
    guard let names, names.count == value.list?.count else {
      throw FieldError("entities", "must be a list of names, or of objects with a text")
    }
    return names
  }
}
