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
public struct RecallAnswer: Sendable {
  private let id: JSONValue?
  private let query: String
  private let result: RecallResult

  public init(_ request: RecallRequest, _ result: RecallResult) {
    id = request.id
    query = request.query.text
    self.result = result
  }

  /// One object. An encoder would take longer to write it than the store to find it.
  public var json: JSONValue {
    var members: [(String, JSONValue)] = []
    if let id { members.append(("id", id)) }
    members.append(("query", .text(query)))
    members.append(("results", .list(result.memories.map(Self.item))))
    if let count = result.matchCount { members.append(("match_count", .integer(count))) }
    if let count = result.searchedCount { members.append(("searched_count", .integer(count))) }
    if !result.notices.isEmpty { members.append(("notices", .list(result.notices.map(JSONValue.text)))) }
    return .object(JSONObject(members))
  }

  /// A memory with its scores beside its own fields, which are those of `Memory` as it is encoded.
  private static func item(_ recalled: RecalledMemory) -> JSONValue {
    let memory = recalled.memory
    var members: [(String, JSONValue)] = [
      ("id", .text(memory.id)), ("type", .text(memory.type.rawValue)), ("text", .text(memory.text)),
    ]
    func add(_ name: String, _ text: String?) { if let text { members.append((name, .text(text))) } }
    add("context", memory.context)
    add("mentioned_at", memory.mentionedAt.map(recordTime))
    add("occurred_start", memory.occurredStart.map(recordTime))
    add("occurred_end", memory.occurredEnd.map(recordTime))
    add("document_id", memory.documentID)
    add("turn_id", memory.turnID)
    members.append(("tags", .list(memory.tags.map(JSONValue.text))))
    members.append(("entities", .list(memory.entities.map(JSONValue.text))))
    members.append(("metadata", .object(memory.metadata.object)))
    add("state", memory.state.rawValue)
    add("state_reason", memory.stateReason)
    members.append(("proof_count", .integer(memory.proofCount)))
    add("created_at", memory.createdAt.map(recordTime))
    add("updated_at", memory.updatedAt.map(recordTime))
    var scores = (recalled.scores ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, JSONValue.number($0.value)) }
    if let score = recalled.score { scores.append(("final", .number(score))) }
    members.append(("scores", .object(JSONObject(scores))))
    if let sources = recalled.sources { members.append(("sources", .list(sources.map(source)))) }
    members.append(("token_count", .integer(recalled.tokenCount)))
    return .object(JSONObject(members))
  }

  private static func source(_ source: MemorySource) -> JSONValue {
    var members: [(String, JSONValue)] = []
    if let document = source.documentID { members.append(("document_id", .text(document))) }
    if let turn = source.turnID { members.append(("turn_id", .text(turn))) }
    if let saidAt = source.saidAt { members.append(("said_at", .text(recordTime(saidAt)))) }
    members.append(("metadata", .object(source.metadata.object)))
    return .object(JSONObject(members))
  }
}
