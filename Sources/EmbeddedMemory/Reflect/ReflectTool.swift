import Foundation
import GRDB
import RearviewChat
import RearviewJSON
import RearviewMemory

/// What a model can ask for while it reflects.
enum ReflectTool: String, CaseIterable, Sendable {
  case searchMentalModels = "search_mental_models"
  case searchObservations = "search_observations"
  case recall
  case expand
  case done

  var says: String {
    switch self {
    case .searchMentalModels: "Finds answers that were prepared for standing questions."
    case .searchObservations: "Finds what is known, put together from facts."
    case .recall: "Finds what was said, and single facts."
    case .expand: "Shows what stands around memories: the conversation, or the facts under an observation."
    case .done: "Gives the answer, with the memories that it rests on."
    }
  }

  var argumentsInWords: String {
    switch self {
    case .searchMentalModels, .searchObservations, .recall: "query (text)"
    case .expand: "memory_ids (list of names)"
    case .done: "answer (text), memory_ids (list of names), mental_model_ids (list of names)"
    }
  }

  private var properties: JSONObject {
    let names: JSONValue = ["type": "array", "items": ["type": "string"]]
    switch self {
    case .searchMentalModels, .searchObservations, .recall:
      return ["query": ["type": "string", "description": "What is looked for, in words that would stand in it."]]
    case .expand:
      return ["memory_ids": names]
    case .done:
      return ["answer": ["type": "string"], "memory_ids": names, "mental_model_ids": names]
    }
  }

  /// In the form of OpenAI's `tools`.
  var json: JSONValue {
    [
      "type": "function",
      "function": [
        "name": .text(rawValue), "description": .text(says),
        "parameters": [
          "type": "object", "properties": .object(properties), "required": .list(properties.keys.map(JSONValue.text)),
          "additionalProperties": false,
        ],
      ],
    ]
  }
}

/// Runs the tools that look something up.
struct ReflectSearch: Sendable {
  let store: EmbeddedMemory
  let query: ReflectQuery
  let excludedMentalModel: String?

  static let observationTokens = 2_000
  static let recallTokens = 3_000
  private static let mentalModelLimit = 3
  /// Messages on each side of the one that a memory comes from.
  private static let surroundings = 3
  private static let passageBytes = 6_000

  /// What is found, as the model reads it, and how many things that is.
  func run(
    _ tool: ReflectTool, _ arguments: JSONValue, evidence: inout ReflectEvidence
  ) async throws -> (text: String, count: Int) {
    let words = arguments.member("query", "q", "question")?.laxText ?? query.text
    let found: [JSONValue]
    switch tool {
    case .searchMentalModels: found = try await mentalModels(words, &evidence)
    case .searchObservations:
      found = try await memories(words, [.observation], maxTokens: Self.observationTokens, &evidence)
    case .recall: found = try await memories(words, [.world, .experience], maxTokens: Self.recallTokens, &evidence)
    case .expand:
      let names = arguments.member("memory_ids", "ids", "memories", "memory_id")?.laxTexts ?? []
      found = try await expand(names, &evidence)
    case .done: found = []
    }
    guard !found.isEmpty else { return ("{\"found\": []}", 0) }
    return (JSONValue.object(["found": .list(found)]).written(), found.count)
  }

  // MARK: - Searches

  private func mentalModels(_ words: String, _ evidence: inout ReflectEvidence) async throws -> [JSONValue] {
    let wanted = Set(QueryWords(words).terms.map(\.text))
    let scored = try await visibleMentalModels().map { model in
      let own = Set(QueryWords("\(model.name) \(model.question) \(model.body)").terms.map(\.text))
      return (model, wanted.intersection(own).count)
    }
    return scored.filter { $0.1 > 0 }.sorted { $0.1 > $1.1 }.prefix(Self.mentalModelLimit).map { model, _ in
      [
        "id": .text(evidence.name(of: model)), "question": .text(model.question), "answer": .text(model.body),
        "answered": .text(model.refreshedAt.map(ReflectPrompt.day) ?? ""), "is_stale": .boolean(model.isStale),
      ]
    }
  }

  /// Those that have an answer, and that the tags asked for let through.
  func visibleMentalModels() async throws -> [MentalModel] {
    try await store.mentalModels(bankID: query.bankID).filter {
      !$0.body.isEmpty && $0.id != excludedMentalModel && query.tags?.accepts($0.tags) ?? true
    }
  }

  private func memories(
    _ words: String, _ types: [MemoryType], maxTokens: Int, _ evidence: inout ReflectEvidence
  ) async throws -> [JSONValue] {
    let found = try await store.recall(
      RecallQuery(
        bankID: query.bankID, text: words, budget: query.budget, maxTokens: maxTokens, types: types, tags: query.tags))
    let memories = found.memories.map(\.memory)
    let newest = types == [.observation] ? try await newestWaitingFact() : nil
    return memories.map { memory in
      var json = written(memory, &evidence)
      if memory.type == .observation {
        json["rests_on"] = .integer(memory.proofCount)
        json["is_stale"] = .boolean((memory.updatedAt.map(milliseconds) ?? 0) < newest ?? .min)
      }
      return .object(json)
    }
  }

  private func written(_ memory: Memory, _ evidence: inout ReflectEvidence) -> JSONObject {
    var json: JSONObject = ["id": .text(evidence.name(of: memory)), "text": .text(memory.text)]
    json["type"] = .text(memory.type.rawValue)
    if let said = memory.mentionedAt { json["said"] = .text(ReflectPrompt.day(said)) }
    if let start = memory.occurredStart { json["happened"] = .text(ReflectPrompt.day(start)) }
    return json
  }

  /// When the last fact came that no observation took in yet: observations from before may be stale.
  private func newestWaitingFact() async throws -> Int64? {
    try await store.read { [query] database in
      guard let bank = try BankRow.find(query.bankID, in: database) else { return nil }
      return try Int64.fetchOne(
        database,
        sql: """
          SELECT max(created) FROM memory WHERE bank = ? AND origin = 'extract' AND state = 0 AND consolidated IS NULL
          """, arguments: [bank.id])
    }
  }

  // MARK: - Expanding

  /// Only of memories that were found: what a bank's tags hide is not opened by guessing.
  private func expand(_ names: [String], _ evidence: inout ReflectEvidence) async throws -> [JSONValue] {
    var found: [JSONValue] = []
    for name in names.prefix(5) {
      guard let memory = evidence.memory(name) else { continue }
      if memory.type == .observation {
        let sources = try await store.sources(id: memory.id, bankID: query.bankID)
        let visible = sources.filter { $0.state == .valid && query.tags?.accepts($0.tags) ?? true }
        guard !visible.isEmpty else { continue }
        found.append(["id": .text(name), "rests_on": .list(visible.map { .object(written($0, &evidence)) })])
      } else if let text = try await surroundings(of: memory) {
        evidence.add(passage: text)
        found.append(["id": .text(name), "conversation": .text(text)])
      }
    }
    return found
  }

  private func surroundings(of memory: Memory) async throws -> String? {
    guard let name = RowName(memory.id) else { return nil }
    return try await store.read { [query] database in
      let place = try Row.fetchOne(
        database,
        sql: """
          SELECT message.id, message.document FROM memory
            JOIN source ON source.memory = memory.id JOIN message ON message.id = source.message
          WHERE memory.uid = ? ORDER BY message.id DESC LIMIT 1
          """, arguments: [name.bytes])
      guard let place else { return nil }
      let columns = "message.id, message.speaker, CAST(message.text AS BLOB) AS text, message.said_at, message.is_cut"
      let (id, document) = (place[0] as Int64, place[1] as Int64)
      let before = try Row.fetchAll(
        database,
        sql:
          "SELECT \(columns) FROM message WHERE document = ? AND id < ? AND is_replaced = 0 ORDER BY id DESC LIMIT ?",
        arguments: [document, id, Self.surroundings])
      let after = try Row.fetchAll(
        database,
        sql: "SELECT \(columns) FROM message WHERE document = ? AND id >= ? AND is_replaced = 0 ORDER BY id LIMIT ?",
        arguments: [document, id, Self.surroundings + 1])
      let shown = try (before.reversed() + after).filter { try Self.isVisible($0["id"], query.tags, in: database) }
      let text = RetainedMessage.text(
        of: shown.map { row in
          RetainedMessage(
            speaker: RetainedMessage.Speaker(rawValue: row["speaker"]) ?? .note,
            text: MemoryRow.text(row["text"]) ?? "",
            saidAt: date(milliseconds: row["said_at"]), isCut: row["is_cut"])
        })
      guard text.utf8.count > Self.passageBytes else { return text }
      return String(text.prefix(Self.passageBytes)) + " " + RetainedMessage.cutMark
    }
  }

  /// Whether all of a message's words still count, and those who ask may see them.
  private static func isVisible(_ message: Int64, _ tags: TagFilter?, in database: Database) throws -> Bool {
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT memory.tags, memory.state FROM source JOIN memory ON memory.id = source.memory
          WHERE source.message = ? AND memory.origin IS NULL
          """), arguments: [message])
    return !rows.isEmpty
      && rows.allSatisfy { $0["state"] as Int == 0 && tags?.accepts(NameList.read($0["tags"])) ?? true }
  }
}
