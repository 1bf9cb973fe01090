import RearviewChat
import RearviewJSON
import RearviewMemory

extension HindsightAPI {
  /// The memories that fit, best first by the server's own order. Asks up to three times while the server is busy.
  ///
  /// A bank that the server says it does not have finds nothing, and so does a query without a letter or a digit.
  /// At least one memory comes whatever `maxTokens` says, unless that is 0; how many matched is not known.
  public func recall(_ query: RecallQuery) async throws -> RecallResult {
    let call = Call.ofBank(query.bankID, .recall, .post, "/memories/recall", body: Self.body(of: query))
    let answer = try await patientAnswer(call, by: deadline(query.timeout)) { $0.meansNoBank || $0.meansEmptyQuery }
    guard let answer else { return RecallResult() }
    guard let results = answer["results"]?.list else { throw unreadable(call, "it holds no list of results") }
    return RecallResult(
      memories: try results.map { result in
        guard let object = result.object else { throw unreadable(call, "one of its results is no object") }
        return RecalledMemory(object)
      },
      trace: answer.present("trace"))
  }

  /// The server's answer from memory; a model thinks about it, so it takes a while. On a bank that is not there it
  /// answers from nothing. Asks up to three times while the server is busy.
  public func reflect(_ query: ReflectQuery) async throws -> Reflection {
    let call = Call.ofBank(query.bankID, .reflect, .post, "/reflect", body: Self.body(of: query))
    guard let answer = try await patientAnswer(call, by: deadline(query.timeout)) else { return Reflection(text: "") }
    guard let text = answer["text"], text.text != nil || text.isNull else {
      throw unreadable(call, "it holds no text")
    }
    let facts = answer["based_on"]?["memories"]?.list
    let told = ["trace", "usage"].compactMap { name in answer.present(name).map { (name, $0) } }
    return Reflection(
      text: text.text ?? "", basedOn: facts?.compactMap(\.object).map(Memory.init(hindsight:)),
      structuredOutput: answer.present("structured_output"),
      trace: told.isEmpty ? nil : .object(JSONObject(told)))
  }

  /// The entities that a recall asks for cost at most this many tokens on the server's side.
  private static let entityTokens = 500

  private static func body(of query: RecallQuery) -> JSONValue {
    [
      "query": .text(query.text),
      "budget": .text(query.budget.rawValue),
      "max_tokens": .integer(query.maxTokens),
      "trace": .boolean(query.traces),
      "include": [
        "entities": query.includesEntities ? ["max_tokens": .integer(entityTokens)] : nil,
        "chunks": nil,
        "source_facts": nil,
      ],
      "tags_match": .text((query.tags?.match ?? .any).rawValue),
      "types": query.types.map { .list($0.map { .text($0.rawValue) }) } ?? .null,
      "prefer_observations": nil,
      "query_timestamp": query.askedAt.map { .text($0.formatted(.iso8601)) } ?? .null,
      "tags": query.tags.map { .list($0.tags.map(JSONValue.text)) } ?? .null,
      "tag_groups": query.tagGroups.isEmpty ? nil : .list(query.tagGroups.map(tagGroup)),
      "min_scores": query.minimumScores.map(minimumScores) ?? .null,
      "temporal_window": query.window.map(window) ?? .null,
    ]
  }

  private static func tagGroup(_ group: TagGroup) -> JSONValue {
    switch group {
    case .tags(let filter):
      ["tags": .list(filter.tags.map(JSONValue.text)), "match": .text(filter.match.rawValue)]
    case .all(let groups): ["and": .list(groups.map(tagGroup))]
    case .any(let groups): ["or": .list(groups.map(tagGroup))]
    case .not(let group): ["not": tagGroup(group)]
    }
  }

  private static func minimumScores(_ scores: MinimumScores) -> JSONValue {
    let given = [("semantic", scores.semantic), ("keyword", scores.keyword), ("final", scores.final)]
    return .object(JSONObject(given.compactMap { name, value in value.map { (name, .number($0)) } }))
  }

  private static func window(_ window: TimeRange) -> JSONValue {
    [
      "start": window.start.map { .text($0.formatted(.iso8601)) } ?? .null,
      "end": window.end.map { .text($0.formatted(.iso8601)) } ?? .null,
    ]
  }

  private static func body(of query: ReflectQuery) -> JSONValue {
    var body: JSONObject = [
      "query": .text(query.text),
      "budget": .text(query.budget.rawValue),
      "tags_match": .text((query.tags?.match ?? .any).rawValue),
      "reflect_search_observations_max_tokens": nil,
      "reflect_search_observations_include_entities": nil,
      "context": query.context.map(JSONValue.text) ?? .null,
      "response_schema": query.responseSchema.map(JSONValue.object) ?? .null,
      "tags": query.tags.map { .list($0.tags.map(JSONValue.text)) } ?? .null,
      "tag_groups": nil,
      "fact_types": nil,
      "exclude_mental_model_ids": nil,
    ]
    if query.includesFacts { body["include"] = ["facts": [:]] }
    return .object(body)
  }
}

extension JSONValue {
  /// A member that is there and not null.
  fileprivate func present(_ key: String) -> JSONValue? {
    guard let member = self[key], !member.isNull else { return Optional.none }
    return member
  }
}

extension RecalledMemory {
  /// One of the `results` of a recall.
  fileprivate init(_ result: JSONObject) {
    let memory = Memory(hindsight: result)
    var arms: [String: Double] = [:]
    for (name, value) in result["scores"]?.object ?? [:] where name != "final" { arms[name] = value.number }
    self.init(
      memory: memory, score: result["scores"]?["final"]?.number, scores: arms.isEmpty ? nil : arms,
      tokenCount: estimatedTokens(memory.text))
  }
}
