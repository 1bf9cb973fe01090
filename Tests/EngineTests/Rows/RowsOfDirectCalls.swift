import Foundation
import Rearview
import RearviewJSON
import Testing

extension Rows {
  static let directCalls: [Int: RowCheck] = DirectCallRows.all.merging(DirectRetainRows.all) { $1 }
    .merging(ScopeRows.all) { $1 }
}

/// Rows 133 to 139, 145 and 146: recall and reflect without a model.
enum DirectCallRows {
  static let all: [Int: RowCheck] = [
    133: {
      try await recallsWithDefaultsAndWithEveryParameter()
      try await expectAsRecorded("direct_recall_from_defaults")
    },
    134: { try await givesAllThatTheServerSaidOfAMemory() },
    135: {
      try await findsNothing()
      try await saysWhyARecallFailed()
      try await recallsUnconfiguredOnlyWhereToldWhere()
    },
    136: { try await logsDirectCalls() },
    137: {
      let standard = try await expectAsRecorded("direct_reflect_default")
      #expect(standard.answers == ["The user is a Python developer who likes typed languages."])
      let full = try await expectAsRecorded("direct_reflect_all_params")
      #expect(full.answers == ["Structured answer follows."])
      try await reflectsWithEveryParameter()
    },
    138: {
      try await inheritsNothingOfCompletions()
      let replay = try await expectAsRecorded("direct_reflect_error")
      #expect(replay.errors.count == 1)
      #expect(replay.errors.first?.hasPrefix("reflect in bank bank-a failed at") == true)
    },
    139: { try await givesFactsAndStructuredOutput() },
    145: {
      let recall = try await expectAsRecorded("direct_arecall")
      #expect(recall.answers == [texts.joined(separator: "\n")])
      let reflect = try await expectAsRecorded("direct_areflect")
      #expect(reflect.answers == ["The user is a Python developer who likes typed languages."])
      let retain = try await expectAsRecorded("direct_aretain")
      #expect(retain.answers == ["0"])
      try await waitsInATask()
    },
    146: {
      try await expectAsRecorded("direct_arecall_extra_params_missing")
      try await takesEveryParameterInATask()
    },
  ]

  private static let texts = [
    "User prefers Python for backend work", "Assistant helped debug a FastAPI route",
    "User tends to choose typed languages",
  ]

  @Sendable private static func everyParameterOfRecall(_ settings: inout MemorySettings) {
    settings.bankID = "bank-b"
    settings.budget = .high
    settings.factTypes = [.world, .experience]
    settings.maxMemoryTokens = 77
    settings.includeEntities = false
    settings.trace = true
    settings.recallTags = ["t", "u"]
    settings.recallTagsMatch = .allStrict
  }

  private static let everyParameterOnTheWire = RowSupportB.recallBody(
    "q", entities: false,
    [
      "budget": "high", "types": ["world", "experience"], "max_tokens": 77, "trace": true, "tags": ["t", "u"],
      "tags_match": "all_strict",
    ])

  private static func recallsWithDefaultsAndWithEveryParameter() async throws {
    try await RowSupportB.scene(memory: [RowSupportB.recalled, RowSupportB.recalled]) { scene async throws in
      #expect(try await scene.instance.recall("q").memories.map(\.memory.text) == texts)
      #expect(try await scene.instance.recall("q", everyParameterOfRecall).memories.count == 3)
      #expect(scene.bodies("recall") == [RowSupportB.recallBody("q", entities: true), everyParameterOnTheWire])
      #expect(
        scene.requests("recall").map(\.path) == ["bank-a", "bank-b"].map { "/v1/default/banks/\($0)/memories/recall" })
      // Those were the settings of that call alone.
      #expect(await scene.instance.configuration?.bankID == "bank-a")
    }
  }

  private static func givesAllThatTheServerSaidOfAMemory() async throws {
    let result: JSONValue = [
      "id": "m-2", "text": "Assistant helped debug a FastAPI route", "type": "experience",
      "context": "debugging session", "occurred_start": "2026-01-10T09:00:00Z", "occurred_end": "2026-01-10T10:00:00Z",
      "mentioned_at": "2026-01-10T10:05:00Z", "document_id": "doc-7", "metadata": ["source": "chat", "lang": "en"],
      "tags": ["user:alice"], "entities": ["FastAPI"],
      "scores": ["final": 0.9, "semantic": 0.5, "bm25": 0.25],
    ]
    try await RowSupportB.scene(memory: [RowSupportB.reply("recall", ["results": [result]])]) { scene in
      let found = try #require(try await scene.instance.recall("q").memories.first)
      let mentioned = Date(timeIntervalSince1970: 1_768_039_500)
      let memory = Memory(
        id: "m-2", type: .experience, text: "Assistant helped debug a FastAPI route", context: "debugging session",
        mentionedAt: mentioned, occurredStart: mentioned - 3_900, occurredEnd: mentioned - 300, documentID: "doc-7",
        tags: ["user:alice"], entities: ["FastAPI"], metadata: ["source": "chat", "lang": "en"], createdAt: nil,
        updatedAt: nil)
      #expect(found.memory == memory)
      #expect(found.score == 0.9)
      #expect(found.scores == ["semantic": 0.5, "bm25": 0.25])
      #expect(found.tokenCount > 0)
    }
  }

  private static func findsNothing() async throws {
    try await RowSupportB.scene(memory: []) { scene async throws in
      #expect(try await scene.instance.recall("q").memories == [])
      #expect(scene.bodies("recall").count == 1)
    }
  }

  private static func saysWhyARecallFailed() async throws {
    let replay = try await expectAsRecorded("direct_recall_error")
    #expect(replay.errors.count == 1)
    #expect(replay.errors.first?.hasPrefix("recall in bank bank-a failed at http://127.0.0.1:") == true)
    #expect(replay.errors.first?.hasSuffix("(HTTP 500): boom") == true)
  }

  private static let notConfigured =
    "Hindsight not configured. Call configure() or provide bank_id and hindsight_api_url."

  private static func recallsUnconfiguredOnlyWhereToldWhere() async throws {
    let key = ["HINDSIGHT_API_KEY": "hs-environment"]
    try await RowSupportB.scene(environment: key, isConfigured: false) { scene in
      let error = try await RowSupportB.error(HindsightError.self) { _ = try await scene.instance.recall("q") }
      #expect(error.message == notConfigured && error.operation == .configuration)
      #expect(scene.order == [])

      let url = scene.stage.url
      let found = try await scene.instance.recall("q") { settings in
        settings.hindsightAPIURL = url
        settings.bankID = "bank-b"
      }
      #expect(found.memories.map(\.memory.text) == texts)
      #expect(scene.requests("recall").map(\.path) == ["/v1/default/banks/bank-b/memories/recall"])
      // The variable is read by `configure`, which was not called.
      #expect(scene.requests("recall").map(\.authorization) == [nil])
      #expect(await scene.instance.configuration == nil)
    }
  }

  private static func logsDirectCalls() async throws {
    try await RowSupportB.scene(memory: [RowSupportB.recalled, RowSupportB.reflected]) { scene in
      _ = try await scene.instance.recall("a word that nobody else says")
      _ = try await scene.instance.reflect("a word that nobody else says")
      _ = try await scene.instance.retain("a word that nobody else says", waits: true)
      let log = scene.log
      for operation in ["recall", "reflect", "retain"] {
        try #require(log.contains { $0.contains(operation) && $0.contains("bank-a") }, "\(operation): \(log)")
      }
      #expect(log.contains { $0.contains("recall") && $0.contains("3") }, "how many were found: \(log)")
      #expect(!log.contains { $0.contains("a word that nobody else says") })
    }
    try await RowSupportB.scene(["verbose": false]) { scene in
      _ = try await scene.instance.recall("q")
      #expect(scene.log == [])
    }
  }

  private static func reflectsWithEveryParameter() async throws {
    try await RowSupportB.scene(memory: [RowSupportB.reflected]) { scene in
      let reflection = try await scene.instance.reflect("q") { settings in
        settings.bankID = "bank-b"
        settings.budget = .low
        settings.reflectContext = "ctx"
        settings.reflectResponseSchema = ["type": "object"]
        settings.reflectIncludeFacts = true
        settings.recallTags = ["t"]
        settings.recallTagsMatch = .anyStrict
      }
      #expect(reflection == Reflection(text: "The user likes typed languages."))
      let body = RowSupportB.reflectBody(
        "q",
        [
          "budget": "low", "context": "ctx", "response_schema": ["type": "object"], "tags": ["t"],
          "tags_match": "any_strict", "include": ["facts": [:]],
        ])
      #expect(scene.bodies("reflect") == [body])
      #expect(scene.requests("reflect").map(\.path) == ["/v1/default/banks/bank-b/reflect"])
    }
  }

  private static func inheritsNothingOfCompletions() async throws {
    let settings: JSONObject = [
      "reflect_context": "of completions", "reflect_response_schema": ["type": "object"], "reflect_include_facts": true,
      "budget": "high", "recall_tags": ["t"], "recall_tags_match": "all",
    ]
    try await RowSupportB.scene(settings, memory: [RowSupportB.reflected]) { scene in
      _ = try await scene.instance.reflect("q")
      let body = RowSupportB.reflectBody("q", ["budget": "high", "tags": ["t"], "tags_match": "all"])
      #expect(scene.bodies("reflect") == [body])
    }
  }

  private static func givesFactsAndStructuredOutput() async throws {
    let reply = RowSupportB.reply(
      "reflect",
      [
        "text": "Typed ones.", "structured_output": ["language": "Swift"],
        "based_on": ["memories": [["id": "m-1", "text": "Likes Rust", "type": "world", "context": "a chat"]]],
      ])
    try await RowSupportB.scene(memory: [reply]) { scene in
      let reflection = try await scene.instance.reflect("q") { $0.reflectIncludeFacts = true }
      #expect(reflection.text == "Typed ones.")
      #expect(reflection.structuredOutput == ["language": "Swift"])
      #expect(
        reflection.basedOn == [
          Memory(id: "m-1", type: .world, text: "Likes Rust", context: "a chat", createdAt: nil, updatedAt: nil)
        ])
      #expect(!reflection.isExtract)
      #expect(scene.bodies("reflect") == [RowSupportB.reflectBody("q", ["include": ["facts": [:]]])])
    }
  }

  private static func waitsInATask() async throws {
    try await RowSupportB.scene { scene in
      let result = try await Task.detached { try await scene.instance.retain("x", waits: true) }.value
      #expect(result.itemsCount == 1 && !result.isProcessing)
      #expect(scene.bodies("retain").map { $0.at("items.0") } == [RowSupportB.item("x")])
    }
  }

  private static func takesEveryParameterInATask() async throws {
    try await RowSupportB.scene(memory: [RowSupportB.recalled, RowSupportB.reflected]) { scene in
      async let recalling = scene.instance.recall("q", everyParameterOfRecall)
      async let reflecting = scene.instance.reflect("q") { settings in
        settings.recallTags = ["t"]
        settings.recallTagsMatch = .exact
      }
      let (found, reflection) = try await (recalling, reflecting)
      #expect(found.memories.map(\.memory.text) == texts)
      #expect(reflection.text == "The user likes typed languages.")
      #expect(scene.bodies("recall") == [everyParameterOnTheWire])
      #expect(scene.bodies("reflect") == [RowSupportB.reflectBody("q", ["tags": ["t"], "tags_match": "exact"])])
    }
  }
}
