import Foundation
import Rearview
import RearviewJSON
import ScriptedServer
import Testing

extension Rows {
  /// What memory is asked.
  static let queries: [Int: RowCheck] = [
    47: recorded("inject_recall_query_explicit"),
    48: lastUserMessageIsAsked,
    49: recorded("inject_recall_multimodal_user"),
    50: recorded("inject_recall_multimodal_no_text"),
    51: each(recorded("inject_recall_image_only"), nothingToAsk),
    52: recorded("inject_recall_query_empty_string"),
    53: each(recorded("defaults_query_forced"), queryIsASetting),
    54: longQueriesAreCut,
  ]

  /// How memory is asked.
  static let options: [Int: RowCheck] = [
    55: each(recorded("max_memories_negative"), mostMemories),
    56: each(recorded("inject_recall_max_memory_tokens"), noTokensMeansTheDefault),
    57: recorded("inject_recall_fact_types"),
    58: each(recorded("inject_recall_fact_types_opinion"), opinionIsNoMore),
    59: budgets,
    60: each(recorded("inject_recall_entities_off"), entities),
    61: traces,
    62: recorded("inject_recall_tags", "inject_reflect_tags_budget"),
    63: recorded("inject_off_store_on"),
    64: recorded("inject_on_store_off"),
    65: recorded("inject_off_store_off"),
  ]

  private static func lastUserMessageIsAsked() async throws {
    let caller = try await Caller()
    try await caller.ask(messages: [
      Expected.user("My name is Anna."), ["role": "assistant", "content": "Hello Anna."],
      Expected.user("  What is my name?\n"), ["role": "assistant", "content": "Well,"],
    ])
    // As it is, untrimmed.
    #expect(caller.bodies("recall").map { $0["query"] } == ["  What is my name?\n"])
  }

  private static func nothingToAsk() async throws {
    let silences: [[JSONValue]] = [
      [Expected.system("Say hello.")],
      [["role": "assistant", "content": "Hello."]],
      // An empty last text does not let an earlier one speak.
      [Expected.user("first"), ["role": "assistant", "content": "Yes?"], Expected.user("")],
    ]
    for useReflect in [false, true] {
      for messages in silences {
        let caller = try await Caller(["use_reflect": .boolean(useReflect), "injection_mode": "prepend_user"])
        let completion = try await caller.ask(messages: messages)
        #expect(caller.bodies("recall") == [] && caller.bodies("reflect") == [])
        #expect(caller.said == messages)
        #expect(completion.record.retrieval.state == .noQuery)
        #expect(await caller.instance.lastInjectionDebug == nil)
        #expect(await caller.storedTexts().last?.hasSuffix("ASSISTANT: Hello from the model.") == true)
      }
    }
  }

  private static func queryIsASetting() async throws {
    let caller = try await Caller(["query": "standing query"])
    try await caller.ask()
    try await caller.ask(Expected.question, ["hindsight_query": "for this call"])
    try await caller.instance.setDefaults { $0.query = nil }
    try await caller.ask()
    #expect(
      caller.bodies("recall").map { $0["query"] } == ["standing query", "for this call", .text(Expected.question)])
    #expect(
      await Set(caller.storedTexts()) == ["USER: What language should I use?\n\nASSISTANT: Hello from the model."])
  }

  /// Ours: the server takes 500 tokens; head and tail of a longer query are asked, and the record says so.
  private static func longQueriesAreCut() async throws {
    let server = try memoryServer { operation, _, request in
      guard operation == "recall" else { return nil }
      let query = Player.request(request).body["query"]?.text ?? ""
      let tokens = estimatedTokens(query)
      guard tokens <= 500 else {
        return .json(
          400, #"{"detail":"Query too long: \#(tokens) tokens exceeds maximum of 500. Please shorten your query."}"#)
      }
      return .json(200, JSONValue.object(["results": [fact("User prefers Python")]]).written())
    }
    defer { server.stop() }
    let middles = [
      String(repeating: "and then this happened too, ", count: 300),
      String(repeating: "let x = f(y[0]); // 42\n", count: 200),
      String(repeating: "我记得那天下雨了。", count: 300),
      String(repeating: "a", count: 9_000),
    ]
    for middle in middles {
      let text = "HEAD of it. " + middle + " What was the TAIL?"
      let caller = try await Caller(["sync_storage": true], server: server)
      let completion = try await caller.ask(text)
      let retrieval = completion.record.retrieval
      let asked = try #require(retrieval.query)
      #expect(caller.bodies("recall").last?["query"] == .text(asked))
      #expect(asked.hasPrefix("HEAD of it. ") && asked.hasSuffix(" What was the TAIL?") && asked.contains(" … "))
      #expect(estimatedTokens(asked) > 350, "no more is cut than need be")
      #expect(retrieval.uncutQueryTokens == estimatedTokens(text))
      #expect(retrieval.state == .found && retrieval.error == nil)
      // The model and the bank get all of it.
      #expect(caller.said == [Expected.system(block("1. [WORLD] User prefers Python")), Expected.user(text)])
      #expect(await caller.storedTexts().last?.hasPrefix("USER: " + text + "\n\n") == true)
    }
    let caller = try await Caller(server: server)
    #expect(try await caller.ask("short").record.retrieval.uncutQueryTokens == nil)
  }

  // MARK: Options

  private static func mostMemories() async throws {
    let caller = try await Caller(["max_memories": 2])
    let capped = try await caller.ask()
    #expect(
      caller.system
        == block(
          "1. [WORLD] User prefers Python for backend work", "2. [EXPERIENCE] Assistant helped debug a FastAPI route"))
    #expect(capped.record.retrieval.memories.map(\.use) == [.injected, .injected, .overLimit])
    try await caller.ask(Expected.question, ["hindsight_max_memories": 0])
    #expect(caller.system == Expected.block)
    #expect(caller.bodies("recall").allSatisfy { $0["max_tokens"] == 4096 })
  }

  private static func noTokensMeansTheDefault() async throws {
    let caller = try await Caller(["max_memory_tokens": 0])
    try await caller.ask()
    try await caller.ask(Expected.question, ["hindsight_max_memory_tokens": 77])
    try await caller.instance.setDefaults { $0.maxMemoryTokens = 0 }
    try await caller.ask()
    #expect(caller.bodies("recall").map { $0["max_tokens"] } == [4096, 77, 4096])
  }

  private static func opinionIsNoMore() async throws {
    let caller = try await Caller(["fact_types": ["world", "opinion"]])
    let completion = try await caller.ask()
    #expect(caller.bodies("recall").first?["types"] == ["world", "opinion"])
    #expect(
      completion.record.warnings == [
        "The type opinion is no more; servers find nothing for it. Use world, experience, observation."
      ])
  }

  private static func budgets() async throws {
    let caller = try await Caller(["budget": "low"])
    try await caller.ask()
    try await caller.instance.setDefaults { $0.budget = .high }
    try await caller.ask()
    #expect(caller.bodies("recall").map { $0["budget"] } == ["low", "high"])
  }

  private static func entities() async throws {
    let caller = try await Caller()
    // A completion asks for them when it is told to.
    try await caller.ask()
    try await caller.ask(Expected.question, ["hindsight_include_entities": true])
    // recall() does unless it is told not to.
    _ = try await caller.instance.recall("q")
    _ = try await caller.instance.recall("q") { $0.includeEntities = false }
    #expect(
      caller.bodies("recall").map { $0.at("include.entities") } == [
        .null, ["max_tokens": 500], ["max_tokens": 500], .null,
      ])
    let found = try await caller.instance.recall("q")
    #expect(found.memories.map(\.memory.entities) == [[], ["FastAPI"], []])
  }

  private static func traces() async throws {
    let trace: JSONValue = ["total_time": 0.25, "entry_points": ["m-1"]]
    let recall = answer("recall", 200, ["results": [fact("User prefers Python")], "trace": trace])
    let caller = try await Caller(["trace": true], memory: [recall, recall, recall])
    let completion = try await caller.ask()
    #expect(caller.bodies("recall").last?["trace"] == true)
    #expect(completion.record.retrieval.trace == trace)
    // Every parameter of recall().
    let found = try await caller.instance.recall("Where is Alice?") { settings in
      settings.bankID = "bank-b"
      settings.budget = .high
      settings.maxMemoryTokens = 1000
      settings.factTypes = [.world, .observation]
      settings.recallTags = ["user:alice"]
      settings.recallTagsMatch = .allStrict
      settings.includeEntities = false
    }
    #expect(found.trace == trace)
    let request = try #require(caller.requests("recall").last)
    #expect(request.path == "/v1/default/banks/bank-b/memories/recall")
    let expected: JSONValue = [
      "query": "Where is Alice?", "budget": "high", "max_tokens": 1000, "trace": true,
      "include": ["entities": nil, "chunks": nil, "source_facts": nil], "tags_match": "all_strict",
      "types": ["world", "observation"], "prefer_observations": nil, "query_timestamp": nil, "tags": ["user:alice"],
      "tag_groups": nil, "min_scores": nil, "temporal_window": nil,
    ]
    #expect(request.body == expected)
    let untraced = try await caller.ask(Expected.question, ["hindsight_trace": false])
    #expect(caller.bodies("recall").last?["trace"] == false)
    #expect(untraced.record.retrieval.state == .found)
  }
}
