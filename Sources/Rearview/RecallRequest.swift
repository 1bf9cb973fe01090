import Foundation
import RearviewEngine
import RearviewJSON
import RearviewMemory

/// A question to a bank in the fields of Hindsight's recall: one line of `rearview recall --jsonl`.
public struct RecallRequest: Hashable, Sendable {
  /// What the caller calls it; comes back with the answer.
  public var id: JSONValue?
  public var query: RecallQuery

  /// - Parameters:
  ///   - value: The request; only `query` must be there. What it leaves out is as the settings say.
  /// - Throws: `FieldError`.
  public init(_ value: JSONValue, settings: MemorySettings, bankID: String) throws {
    let fields = try Fields(value)
    guard let text = try fields.text("query"), !text.allSatisfy(\.isWhitespace) else {
      throw FieldError("query", "is missing or empty")
    }
    id = fields["id"]
    let budget = try fields.choice("budget", Budget.allCases.map(\.rawValue)).flatMap(Budget.init)
    let types = try fields.texts("types")?.map(MemoryType.init(rawValue:))
    query = RecallQuery(
      bankID: try fields.text("bank_id") ?? bankID, text: text, budget: budget ?? settings.budget,
      maxTokens: try fields.integer("max_tokens") ?? settings.maxMemoryTokens, types: types ?? settings.factTypes,
      tags: try Self.tags(fields) ?? settings.tagFilter, tagGroups: try Self.groups(fields),
      window: try Self.window(fields), minimumScores: try Self.minimumScores(fields),
      askedAt: try fields.date("query_timestamp"), includesEntities: settings.includeEntities ?? true,
      timeout: settings.recallTimeoutSeconds.map(Duration.seconds))
  }

  private static func match(_ fields: Fields, _ name: String) throws -> TagsMatch? {
    try fields.choice(name, TagsMatch.allCases.map(\.rawValue)).flatMap(TagsMatch.init)
  }

  private static func tags(_ fields: Fields) throws -> TagFilter? {
    let match = try match(fields, "tags_match")
    guard let tags = try fields.texts("tags") ?? (match == .exact ? [] : nil) else { return nil }
    return TagFilter(tags: tags, match: match ?? .any)
  }

  private static func groups(_ fields: Fields) throws -> [TagGroup] {
    guard let value = fields["tag_groups"] else { return [] }
    guard let list = value.list else { throw FieldError("tag_groups", "must be a list") }
    return try list.map(group)
  }

  private static func group(_ value: JSONValue) throws -> TagGroup {
    let fields = try Fields(value)
    if let groups = fields["and"]?.list { return .all(try groups.map(group)) }
    if let groups = fields["or"]?.list { return .any(try groups.map(group)) }
    if let other = fields["not"] { return .not(try group(other)) }
    guard let tags = try fields.texts("tags") else {
      throw FieldError("tag_groups", "must hold tags, and, or, or not")
    }
    return .tags(TagFilter(tags: tags, match: try match(fields, "match") ?? .anyStrict))
  }

  private static func window(_ fields: Fields) throws -> TimeRange? {
    guard let value = fields["temporal_window"] else { return nil }
    let window = try Fields(value)
    return TimeRange(start: try window.date("start"), end: try window.date("end"))
  }

  private static func minimumScores(_ fields: Fields) throws -> MinimumScores? {
    guard let value = fields["min_scores"] else { return nil }
    let scores = try Fields(value)
    return MinimumScores(
      final: try scores.number("final"), keyword: try scores.number("keyword"),
      semantic: try scores.number("semantic"))
  }
}

/// What a recall answered, in the fields of Hindsight's answer.
public struct RecallAnswer: Encodable, Sendable {
  private let id: JSONValue?
  private let query: String
  private let result: RecallResult

  public init(_ request: RecallRequest, _ result: RecallResult) {
    id = request.id
    query = request.query.text
    self.result = result
  }

  enum CodingKeys: String, CodingKey {
    case id, query, results, notices
    case matchCount = "match_count"
    case searchedCount = "searched_count"
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encodeIfPresent(id, forKey: .id)
    try values.encode(query, forKey: .query)
    try values.encode(result.memories.map(Item.init), forKey: .results)
    try values.encodeIfPresent(result.matchCount, forKey: .matchCount)
    try values.encodeIfPresent(result.searchedCount, forKey: .searchedCount)
    if !result.notices.isEmpty { try values.encode(result.notices, forKey: .notices) }
  }

  /// A memory with its scores beside its own fields.
  private struct Item: Encodable {
    let recalled: RecalledMemory

    enum CodingKeys: String, CodingKey {
      case scores, sources
      case tokenCount = "token_count"
    }

    func encode(to encoder: any Encoder) throws {
      try recalled.memory.encode(to: encoder)
      var values = encoder.container(keyedBy: CodingKeys.self)
      var scores = recalled.scores ?? [:]
      scores["final"] = recalled.score
      try values.encode(scores, forKey: .scores)
      try values.encodeIfPresent(recalled.sources, forKey: .sources)
      try values.encode(recalled.tokenCount, forKey: .tokenCount)
    }
  }
}
