import Foundation
import Rearview
import RearviewJSON
import ScriptedServer
import Testing

extension Rows {
  /// Models without memory, settings of one call, and what the model gets.
  static let overrides: [Int: RowCheck] = [
    66: each(
      recorded("excluded_exact", "excluded_glob", "excluded_case", "excluded_no_match", "excluded_provider_prefix"),
      excludedPatterns),
    67: each(recorded("excluded_convenience_enabled", "excluded_convenience_not_enabled"), excludedOverride),
    68: recorded("override_bank_id"),
    69: each(
      recorded(
        "override_unsupported_inject_memories", "override_unsupported_injection_mode",
        "override_unsupported_recall_tags", "override_unsupported_session_id",
        "override_unsupported_store_conversations", "override_unsupported_tags", "override_unsupported_use_reflect",
        "override_unsupported_verbose"), everyOverrideWorks, noNameLeaks, keyStaysAtItsAddress),
    70: recorded("override_unsupported_anthropic"),
    71: requestsCanBeUsedAgain,
    72: each(recorded("inject_recall_message_objects"), otherMembersSurvive),
    73: openAIRequest,
    74: recorded("inject_recall_via_litellm_anthropic"),
  ]

  private static func excludedPatterns() async throws {
    let patterns: [(String, String, Bool)] = [
      ("gpt-?o-mini", "gpt-4o-mini", true), ("GPT-[45]O-mini", "gpt-4o-mini", true), ("*", "gpt-4o-mini", true),
      ("gpt-[!4]*", "gpt-4o-mini", false), ("gpt-4", "gpt-4o-mini", false), ("*/gpt-4o*", "openai/gpt-4o-mini", true),
    ]
    for (pattern, model, isExcluded) in patterns {
      let caller = try await Caller(["excluded_models": ["claude*", .text(pattern)], "sync_storage": true])
      let completion = try await caller.ask(Expected.question, ["hindsight_budget": "high"], model: model)
      #expect(caller.memory.requests.isEmpty == isExcluded, "\(pattern) \(model)")
      #expect(caller.sent.last?["hindsight_budget"] == nil)
      #expect((caller.said == [Expected.user()]) == isExcluded)
      #expect((completion.record.retrieval.state == .excluded) == isExcluded)
    }
  }

  private static func excludedOverride() async throws {
    let caller = try await Caller(["sync_storage": true])
    try await caller.ask(Expected.question, ["hindsight_excluded_models": ["gpt-4o*"]])
    #expect(caller.memory.requests.isEmpty)
    #expect(caller.sent == [["model": "gpt-4o-mini", "messages": [Expected.user()]]])
    try await caller.ask()
    #expect(caller.memory.requests.count == 2)
  }

  // MARK: Overrides

  /// Each setting given for one call, and where it shows: a place in the recall, the reflection or the stored turn.
  private static let effects: [(name: String, value: JSONValue, operation: String, place: String, shows: JSONValue)] = [
    ("query", "Where is Alice?", "recall", "query", "Where is Alice?"),
    ("budget", "high", "recall", "budget", "high"),
    ("max_memory_tokens", 512, "recall", "max_tokens", 512),
    ("fact_types", ["world"], "recall", "types", ["world"]),
    ("recall_tags", ["user:alice"], "recall", "tags", ["user:alice"]),
    ("include_entities", true, "recall", "include.entities", ["max_tokens": 500]),
    ("trace", true, "recall", "trace", true),
    ("use_reflect", true, "reflect", "query", .text(Expected.question)),
    ("tags", ["app:test"], "retain", "items.0.tags", ["app:test"]),
    ("session_id", "conv-9", "retain", "items.0.document_id", "conv-9"),
    ("document_id", "conv-8", "retain", "items.0.document_id", "conv-8"),
  ]

  /// Of these only the record tells, or what was said to the model; the rows of each check more.
  private static let others: JSONObject = [
    "bank_id": "bank-z", "bank_name": "Z", "mission": "m", "api_key": "hs-other", "excluded_models": ["gpt-3*"],
    "inject_memories": false, "injection_mode": "prepend_user", "injection_format": "delimited", "max_memories": 1,
    "recall_tags_match": "all", "reflect_context": "A chat.", "reflect_response_schema": ["type": "object"],
    "reflect_include_facts": true, "store_conversations": false, "sync_storage": true, "session_update": "replace",
    "deduplicate": true, "memory_failure": "fail", "recall_timeout_seconds": 9.5, "reflect_timeout_seconds": 9.5,
    "retain_timeout_seconds": 9.5, "bank_timeout_seconds": 9.5, "verbose": false,
    "hindsight_api_url": nil,
  ]

  private static func everyOverrideWorks() async throws {
    #expect(Set(effects.map(\.name) + others.keys) == Set(MemorySettings.names))
    for effect in effects {
      let caller = try await Caller(["sync_storage": true])
      try await caller.ask(Expected.question, ["hindsight_" + effect.name: effect.value, "temperature": 0.5])
      #expect(caller.bodies(effect.operation).last?.at(effect.place) == effect.shows, "\(effect.name)")
      #expect(caller.sent.last?.object?.keys.sorted() == ["messages", "model", "temperature"], "\(effect.name)")
      // Only that call.
      try await caller.ask()
      #expect(caller.bodies(effect.operation).last?.at(effect.place) != effect.shows || effect.name == "use_reflect")
    }
    for (name, value) in others {
      let caller = try await Caller()
      let completion = try await caller.ask(Expected.question, ["hindsight_" + name: value])
      let settings = completion.record.settings
      #expect(settings.value(of: name) == (name == "api_key" ? "•••" : value), "\(name)")
      #expect(caller.sent.last?.object?.keys.sorted() == ["messages", "model"], "\(name)")
      await caller.instance.flush()
      switch name {
      case "bank_id": #expect(caller.memory.requests.allSatisfy { $0.path.hasPrefix("/v1/default/banks/bank-z/") })
      case "api_key": #expect(caller.memory.requests.allSatisfy { $0.headers["authorization"] == "Bearer hs-other" })
      case "inject_memories": #expect(caller.said == [Expected.user()] && caller.bodies("recall") == [])
      case "injection_mode": #expect(caller.said == [Expected.user(Expected.block + "\n\n" + Expected.question)])
      case "injection_format": #expect(caller.system == "<memories>\n\(Expected.block)\n</memories>")
      case "max_memories": #expect(caller.system == Expected.blockOfOne)
      case "store_conversations": #expect(caller.bodies("retain") == [])
      case "sync_storage": #expect(completion.record.storage.state == .stored)
      case "verbose": #expect(await caller.instance.lastInjectionDebug == nil)
      // The embedded file.
      case "hindsight_api_url": #expect(caller.memory.requests.isEmpty)
      default: #expect(caller.system == Expected.block, "\(name)")
      }
    }
    let caller = try await Caller()
    try await caller.ask(
      Expected.question,
      [
        "hindsight_use_reflect": true, "hindsight_reflect_context": "A chat.",
        "hindsight_reflect_response_schema": ["type": "object"], "hindsight_reflect_include_facts": true,
        "hindsight_recall_tags": ["a"], "hindsight_recall_tags_match": "all",
      ])
    let body = try #require(caller.bodies("reflect").first)
    #expect(body["context"] == "A chat." && body["response_schema"] == ["type": "object"])
    #expect(body["include"] == ["facts": [:]] && body["tags"] == ["a"] && body["tags_match"] == "all")
  }

  private static func noNameLeaks() async throws {
    let caller = try await Caller()
    let completion = try await caller.ask(
      Expected.question, ["hindsight_bogus": 1, "hindsight_budget": "", "hindsight_": 2, "user": "anna"])
    #expect(caller.sent == [["model": "gpt-4o-mini", "messages": .list(caller.said), "user": "anna"]])
    #expect(
      completion.record.warnings.sorted() == [
        "hindsight_ is no setting; it was left out of the request.",
        "hindsight_bogus is no setting; it was left out of the request.",
      ])
    // Without memory too.
    await caller.instance.disable()
    try await caller.ask(Expected.question, ["hindsight_bogus": 1, "hindsight_budget": "high"])
    #expect(caller.sent.last == ["model": "gpt-4o-mini", "messages": [Expected.user()]])
  }

  /// A request that names another server does not get the key along.
  private static func keyStaysAtItsAddress() async throws {
    let other = try memoryServer { _, _, _ in nil }
    defer { other.stop() }
    let caller = try await Caller(["api_key": "hs-secret", "sync_storage": true])
    try await caller.ask(Expected.question, ["hindsight_hindsight_api_url": .text(other.url)])
    #expect(other.requests.map(Servers.operation) == ["recall", "retain"])
    #expect(other.requests.allSatisfy { $0.headers["authorization"] == nil })
    #expect(caller.memory.requests.isEmpty)
    // Nor do a direct call and new defaults; a key that comes with them goes along.
    let url = other.url
    _ = try await caller.instance.recall("q") { $0.hindsightAPIURL = url }
    try await caller.instance.setDefaults { $0.hindsightAPIURL = url }
    _ = try await caller.instance.recall("q")
    #expect(other.requests.count == 4)
    #expect(other.requests.allSatisfy { $0.headers["authorization"] == nil })
    try await caller.instance.setDefaults { $0.apiKey = Secret("hs-others") }
    _ = try await caller.instance.recall("q")
    #expect(other.requests.last?.headers["authorization"] == "Bearer hs-others")
    #expect(caller.memory.requests.isEmpty)
  }

  // MARK: What the model gets

  private static func requestsCanBeUsedAgain() async throws {
    for mode in ["system_message", "prepend_user"] {
      let caller = try await Caller(["injection_mode": .text(mode)])
      let request = try CompletionRequest(json: [
        "model": "gpt-4o-mini", "messages": [Expected.system("Be kind."), Expected.user()], "hindsight_budget": "high",
      ])
      let before = request
      _ = try await caller.instance.completion(request)
      #expect(request == before)
      _ = try await caller.instance.completion(request)
      #expect(caller.sent.count == 2 && caller.sent.first == caller.sent.last)
      #expect(caller.bodies("recall").map { $0["budget"] } == ["high", "high"])
    }
  }

  private static func otherMembersSurvive() async throws {
    let caller = try await Caller(["injection_mode": "prepend_user"])
    let messages: [JSONValue] = [
      ["role": "system", "content": "Be kind.", "name": "boss"],
      ["role": "user", "content": "Hello.", "name": "anna", "x_vendor": ["a": [1, 2.5, nil]]],
      [
        "role": "assistant", "content": nil,
        "tool_calls": [["id": "1", "type": "function", "function": ["name": "f", "arguments": "{}"]]],
      ],
      ["role": "tool", "tool_call_id": "1", "content": "18C"],
      ["role": "user", "content": "And?", "name": "anna"],
    ]
    try await caller.ask(messages: messages)
    #expect(
      caller.said
        == messages.dropLast() + [["role": "user", "content": .text(Expected.block + "\n\nAnd?"), "name": "anna"]])
    // Swift's own messages make the same request.
    let completion = try await caller.instance.completion(
      CompletionRequest(model: "gpt-4o-mini", messages: [Message(.system, "Be kind."), Message(.user, "And?")]))
    #expect(caller.said == [Expected.system("Be kind."), Expected.user(Expected.block + "\n\nAnd?")])
    #expect(completion.record.messages.map { JSONValue.object($0.json) } == caller.said)
  }

  private static func openAIRequest() async throws {
    let caller = try await Caller()
    let tools: JSONValue = [["type": "function", "function": ["name": "f", "parameters": ["type": "object"]]]]
    let completion = try await caller.ask(Expected.question, ["temperature": 0.25, "tools": tools, "seed": 7])
    let request = try #require(caller.stage.servers.model.requests.first)
    #expect(request.method == "POST" && request.path == "/v1/chat/completions")
    #expect(request.headers["authorization"] == "Bearer sk-test")
    #expect(request.headers["content-type"] == "application/json")
    #expect(
      caller.sent == [
        [
          "model": "gpt-4o-mini", "messages": [Expected.system(Expected.block), Expected.user()], "temperature": 0.25,
          "tools": tools, "seed": 7,
        ]
      ])
    #expect(completion.text == "Hello from the model." && completion.finishReason == .stop)
    #expect(completion.usage == Usage(inputTokens: 11, outputTokens: 7))
    // A prefix of the provider's name is for the table of providers.
    try await caller.ask("hi", model: "openai/gpt-4o-mini")
    #expect(caller.sent.last?["model"] == "gpt-4o-mini")
  }
}
