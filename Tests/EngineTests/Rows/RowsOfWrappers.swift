import Rearview
import RearviewJSON
import Testing

extension Rows {
  static let wrappersAndCallbacks: [Int: RowCheck] = OpenAIWrapperRows.all.merging(OpenAIWrapperStoringRows.all) { $1 }
    .merging(AnthropicWrapperRows.all) { $1 }.merging(CallbackRows.all) { $1 }.merging(CallerRows.all) { $1 }
}

extension RowSupportB.Scene {
  /// A client of the scripted model with memory around it, in the bank `bank-a` of the scripted server.
  func wrapped(_ client: (any ChatClient)? = nil, _ settings: JSONObject = [:]) async throws -> WrappedClient {
    var all: JSONObject = ["hindsight_api_url": .text(stage.url), "bank_id": "bank-a"]
    all.merge(settings)
    return try await instance.wrap(client ?? OpenAIClient(environment: servers.environment)) { [all] settings in
      for (name, value) in all { try settings.set(name, to: value) }
    }
  }
}

/// Rows 152 to 157, 159, 160, 165 and 166: what a wrapped client asks memory and says to the model.
enum OpenAIWrapperRows {
  static let all: [Int: RowCheck] = [
    152: {
      try await saysWhenAndWhence()
      try await expectAsRecorded("openai_recall_existing_system")
    },
    153: {
      let replay = try await expectAsRecorded("openai_reflect")
      #expect(replay.records.map(\.retrieval.mode) == [.reflect])
      try await expectAsRecorded("openai_override_reflect")
      try await saysTheTimeWithAReflection()
    },
    154: { try await asksWithEveryOption() },
    155: {
      try await expectAsRecorded("openai_bank_default")
      try await doesNotCareForTheConfiguration()
    },
    156: {
      try await takesEveryOverride()
      try await asksNothingOfMemoryWhereThatIsOff()
      try await expectAsRecorded("openai_override_store_off")
    },
    157: {
      try await expectAsRecorded("openai_recall_null_type")
      let replay = try await expectAsRecorded("openai_recall_empty")
      #expect(replay.records.map(\.block) == [nil])
    },
    160: {
      let replay = try await expectAsRecorded("openai_multimodal_first_text_only")
      #expect(replay.records.map(\.retrieval.query) == ["One."])
      #expect(replay.records.map(\.question) == ["One. Two."])
    },
    165: {
      try await expectAsRecorded("openai_mission")
      let replay = try await expectAsRecorded("openai_mission_error_silent")
      #expect(replay.errors == [] && replay.answers == [RowSupportB.answer])
      #expect(replay.storageErrors.count == 1)
      #expect(
        replay.storageErrors.first?.hasPrefix("The bank's mission was not set: bank in bank bank-a failed") == true)
    },
    166: {
      try await expectAsRecorded("openai_prepend_user_ignored")
      try await includesFacts()
    },
  ]

  static let request: JSONObject = ["model": "gpt-4o-mini", "messages": .list([Expected.user()])]

  static func request(_ parameters: JSONObject) -> JSONObject {
    var request = request
    request.merge(parameters)
    return request
  }

  private static func saysWhenAndWhence() async throws {
    try await RowSupportB.scene(isConfigured: false) { scene in
      let completion = try await scene.wrapped().create(request)
      #expect(completion.text == RowSupportB.answer)
      #expect(scene.said == [[RowSupportB.datedBlock, Expected.question]])
      #expect(scene.bodies("recall") == [RowSupportB.recallBody(entities: true)])
    }
  }

  private static func saysTheTimeWithAReflection() async throws {
    try await RowSupportB.scene(memory: [RowSupportB.reflected], isConfigured: false) { scene in
      _ = try await scene.wrapped(nil, ["use_reflect": true]).create(request)
      let block = """
        # Relevant Context from Memory
        Current date/time: <NOW>
        The user likes typed languages.
        """
      #expect(scene.said == [[block, Expected.question]])
      #expect(scene.bodies("reflect") == [RowSupportB.reflectBody()])
    }
  }

  private static let options: JSONObject = [
    "budget": "low", "fact_types": ["world", "observation"], "max_memory_tokens": 99, "include_entities": false,
    "trace": true, "recall_tags": ["t", "u"], "recall_tags_match": "any_strict", "max_memories": 1,
  ]

  private static let optionsOnTheWire = RowSupportB.recallBody(
    entities: false,
    [
      "budget": "low", "types": ["world", "observation"], "max_tokens": 99, "trace": true, "tags": ["t", "u"],
      "tags_match": "any_strict",
    ])

  private static let cappedBlock = RowSupportB.datedBlock.split(separator: "\n", omittingEmptySubsequences: false)
    .prefix(5).joined(separator: "\n")

  private static func asksWithEveryOption() async throws {
    try await RowSupportB.scene(isConfigured: false) { scene in
      _ = try await scene.wrapped(nil, options).create(request)
      #expect(scene.bodies("recall") == [optionsOnTheWire])
      #expect(scene.said == [[cappedBlock, Expected.question]])
    }
  }

  private static func doesNotCareForTheConfiguration() async throws {
    let global: JSONObject = [
      "bank_id": "bank-global", "budget": "high", "inject_memories": false, "tags": ["global"], "session_id": "global",
    ]
    try await RowSupportB.scene(global) { scene in
      await scene.instance.disable()
      let url = scene.stage.url
      let client = OpenAIClient(environment: scene.servers.environment)
      _ = try await scene.instance.wrap(client) { $0.hindsightAPIURL = url }.create(request)
      #expect(scene.bodies("recall") == [RowSupportB.recallBody(entities: true)])
      #expect(scene.requests("recall").map(\.path) == ["/v1/default/banks/default/memories/recall"])
      #expect(scene.said == [[RowSupportB.datedBlock, Expected.question]])
      let stored = await scene.stored()
      #expect(stored.map { $0["tags"] } == [.null] && stored.map { $0["document_id"] } == [.null])
      #expect(await scene.instance.configuration?.bankID == "bank-global")
    }
  }

  private static func takesEveryOverride() async throws {
    let overrides: JSONObject = [
      "hindsight_bank_id": "bank-b", "hindsight_session_id": "s-9", "hindsight_query": "Where is Alice?",
      "hindsight_tags": ["stored"], "hindsight_injection_mode": "prepend_user", "hindsight_no_such_setting": 1,
    ]
    let parameters = options.reduce(into: overrides) { $0["hindsight_" + $1.key] = $1.value }
    try await RowSupportB.scene(isConfigured: false) { scene in
      let completion = try await scene.wrapped().create(request(parameters))
      #expect(scene.bodies("recall") == [optionsOnTheWire.setting("query", to: "Where is Alice?")])
      #expect(scene.said == [[cappedBlock + "\n\n" + Expected.question]])
      // None of them is left for the model, not even one that is no setting.
      #expect(scene.asked.first?.object?.keys.sorted() == ["messages", "model"])
      #expect(
        completion.record.warnings == ["hindsight_no_such_setting is no setting; it was left out of the request."])
      let item = try #require(await scene.stored().first)
      #expect(item["content"]?.text == RowSupportB.turn)
      #expect(item["document_id"] == "s-9" && item["tags"] == ["stored"])
      #expect(scene.requests("retain").map(\.path) == ["/v1/default/banks/bank-b/memories"])
    }
    // Another call of the same client has none of them.
    try await RowSupportB.scene(memory: [RowSupportB.recalled, RowSupportB.recalled], isConfigured: false) { scene in
      let wrapped = try await scene.wrapped()
      _ = try await wrapped.create(request(parameters))
      _ = try await wrapped.create(request)
      #expect(scene.bodies("recall").last == RowSupportB.recallBody(entities: true))
    }
  }

  private static func asksNothingOfMemoryWhereThatIsOff() async throws {
    try await RowSupportB.scene(isConfigured: false) { scene in
      _ = try await scene.wrapped().create(request(["hindsight_inject_memories": false]))
      #expect(scene.said == [[Expected.question]])
      #expect(scene.asked == [.object(request)])
      #expect(await scene.storedTexts() == [RowSupportB.turn])
      #expect(scene.order == [Expected.chat, "hindsight POST retain"])
    }
  }

  private static func includesFacts() async throws {
    let facts: JSONValue = [["id": "m-1", "text": "Likes Rust", "type": "world"]]
    let reply = RowSupportB.reply("reflect", ["text": "Typed ones.", "based_on": ["memories": facts]])
    let settings: JSONObject = ["use_reflect": true, "reflect_include_facts": true, "injection_mode": "prepend_user"]
    try await RowSupportB.scene(memory: [reply], isConfigured: false) { scene in
      let record = try await scene.wrapped(nil, settings).create(request).record
      #expect(scene.bodies("reflect") == [RowSupportB.reflectBody(Expected.question, ["include": ["facts": [:]]])])
      #expect(record.retrieval.reflection?.basedOn?.map(\.text) == ["Likes Rust"])
      let block = "# Relevant Context from Memory\nCurrent date/time: <NOW>\nTyped ones."
      #expect(scene.said == [[block + "\n\n" + Expected.question]])
    }
  }
}
