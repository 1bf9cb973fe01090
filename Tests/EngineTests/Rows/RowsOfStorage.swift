import Foundation
import Rearview
import RearviewJSON
import ScriptedServer
import Testing

extension Rows {
  /// What is stored of a call.
  static let texts: [Int: RowCheck] = [
    75: systemIsNotStored,
    76: recorded("store_sync_multimodal"),
    77: recorded("store_sync_tool_history", "store_sync_tool_history_null_content"),
    78: each(recorded("store_sync_tool_response"), answerWithTextAndTools),
    79: recorded("store_sync_null_answer"),
    80: recorded("store_sync_other_roles"),
    81: firstChoiceOnly,
    82: each(recorded("store_sync_user_text_starting_with_marker"), typedMarkersAreKept),
    83: each(recorded("excluded_provider_prefix"), contextAndMetadata),
    84: recorded("store_sync_tags"),
  ]

  /// Sessions, and what was stored before.
  static let documents: [Int: RowCheck] = [
    85: recorded("store_sync_session_new"),
    86: each(recorded("store_sync_session_existing", "store_async_session_existing"), sessionByReplacing),
    87: each(recorded("store_sync_session_growing_history"), turnsAreStoredOnce),
    88: each(recorded("store_sync_session_doc_error"), unreadDocumentIsNotReplaced),
    89: each(recorded("store_sync_identical_twice", "callback_dedup"), deduplication),
  ]

  static let exchange = "USER: What language should I use?\n\nASSISTANT: Hello from the model."

  private static func systemIsNotStored() async throws {
    let caller = try await Caller(["sync_storage": true, "inject_memories": false])
    try await caller.ask(messages: [Expected.system("You are helpful."), Expected.user()])
    #expect(await caller.storedTexts() == [exchange])
    // The block in the system message neither, whoever put it there.
    let injecting = try await Caller(["sync_storage": true])
    let first = try await injecting.ask(messages: [Expected.system("You are helpful."), Expected.user()])
    #expect(injecting.system == "You are helpful.\n\n" + Expected.block)
    try await injecting.ask(messages: first.record.messages.map { .object($0.json) })
    #expect(await injecting.storedTexts() == [exchange, exchange])
  }

  private static let weatherCall: JSONValue = [
    "id": "call_1", "type": "function", "function": ["name": "get_weather", "arguments": #"{"city": "Paris"}"#],
  ]

  private static func answerWithTextAndTools() async throws {
    let time: JSONValue = ["id": "call_2", "type": "function", "function": ["name": "get_time", "arguments": "{}"]]
    let caller = try await Caller(
      ["inject_memories": false, "sync_storage": true],
      model: [["text": "Let me check.", "tool_calls": [weatherCall, time]]])
    let completion = try await caller.ask("Weather in Paris?")
    #expect(completion.text == "Let me check." && completion.toolCalls.map(\.name) == ["get_weather", "get_time"])
    #expect(
      await caller.storedTexts() == [
        "USER: Weather in Paris?\n\nASSISTANT: Let me check.\n\n"
          + #"ASSISTANT_TOOL_CALLS: get_weather({"city": "Paris"}); get_time({})"#
      ])
    // In a history the calls come first.
    let again = JSONValue.object(completion.message.json)
    #expect(again["content"] == "Let me check.")
    try await caller.ask(messages: [
      Expected.user("Weather in Paris?"), again, ["role": "tool", "tool_call_id": "call_1", "content": "18C"],
    ])
    #expect(
      await caller.storedTexts().last?.hasPrefix(
        "USER: Weather in Paris?\n\n" + #"ASSISTANT_TOOL_CALLS: get_weather({"city": "Paris"}); get_time({})"#
          + "\n\nASSISTANT: Let me check.\n\nTOOL_RESULT: 18C\n\nASSISTANT: ") == true)
  }

  private static func firstChoiceOnly() async throws {
    func choice(_ index: Int, _ text: String) -> JSONValue {
      [
        "index": .integer(index), "finish_reason": "stop", "message": ["role": "assistant", "content": .text(text)],
      ]
    }
    let body: JSONValue = ["id": "c", "choices": [choice(0, "First."), choice(1, "Second.")]]
    let model = try ScriptedServer { _ in .json(200, body.written()) }
    defer { model.stop() }
    let caller = try await Caller(["sync_storage": true], environment: ["OPENAI_BASE_URL": model.url + "/v1"])
    let completion = try await caller.ask(Expected.question, ["n": 2])
    #expect(completion.text == "First.")
    #expect(await caller.storedTexts() == ["USER: What language should I use?\n\nASSISTANT: First."])
  }

  private static func typedMarkersAreKept() async throws {
    let typed = [
      "# Relevant Memories", "# Relevant Memories\n1. [WORLD] mine", "# Relevant Context from Memory\nmine",
      "<memories>mine</memories>",
      "# Relevant Memories\nThe following information from memory may be relevant:\n\nis what it says. Why?",
    ]
    for text in typed {
      let caller = try await Caller(["inject_memories": false])
      try await caller.ask(messages: [
        Expected.user(text), ["role": "assistant", "content": .text(text)], Expected.user("So?"),
      ])
      #expect(
        await caller.storedTexts() == [
          "USER: \(text)\n\nASSISTANT: \(text)\n\nUSER: So?\n\nASSISTANT: Hello from the model."
        ])
    }
  }

  private static func contextAndMetadata() async throws {
    let caller = try await Caller(["sync_storage": true])
    let completion = try await caller.ask()
    let body = try #require(caller.bodies("retain").first)
    #expect(
      body["async"] == true && body["operation_id"] == .text(completion.record.id) && body["document_tags"] == .null)
    let expected: JSONValue = [
      "content": .text(exchange), "context": "conversation:rearview:gpt-4o-mini",
      "metadata": ["source": "rearview", "model": "gpt-4o-mini"], "document_id": nil, "resolve_entities": true,
      "timestamp": nil, "entities": nil, "tags": nil, "observation_scopes": nil, "strategy": nil, "update_mode": nil,
    ]
    #expect(body["items"] == [expected])
  }

  // MARK: Sessions

  /// A memory server that keeps one document, as Hindsight does: appended text stands behind one line end.
  private static func documentServer(
    _ document: Guarded<String?>, failsToRead: Guarded<Int> = Guarded(0)
  ) throws -> ScriptedServer {
    try memoryServer { operation, _, request in
      switch operation {
      case "document":
        let fails = failsToRead.access { count in
          count -= 1
          return count >= 0
        }
        if fails { return .json(500, #"{"detail":"db down"}"#) }
        guard let text = document.access({ $0 }) else { return nil }
        return .json(200, JSONValue.object(["id": "session-1", "original_text": .text(text)]).written())
      case "retain":
        let item = Player.request(request).body.at("items.0")
        let content = item?["content"]?.text ?? ""
        document.access { text in
          text = item?["update_mode"] == "append" ? text.map { $0 + "\n" + content } ?? content : content
        }
        return nil
      default: return nil
      }
    }
  }

  private static let session: JSONObject = [
    "session_id": "session-1", "sync_storage": true, "inject_memories": false,
  ]

  private static func sessionByReplacing() async throws {
    let document = Guarded<String?>("USER: earlier\n\nASSISTANT: before")
    let server = try documentServer(document)
    defer { server.stop() }
    var settings = session
    settings["session_update"] = "replace"
    let caller = try await Caller(settings, server: server)
    try await caller.ask()
    #expect(server.requests.map(Servers.operation) == ["document", "retain"])
    #expect(caller.requests("document").map(\.path) == ["/v1/default/banks/bank-a/documents/session-1"])
    let item = try #require(await caller.stored().first)
    #expect(item["content"] == .text("USER: earlier\n\nASSISTANT: before\n\n" + exchange))
    #expect(item["document_id"] == "session-1" && item["update_mode"] == .null)
  }

  /// Ours: a program sends its whole conversation with each call, and each turn is stored once.
  private static func turnsAreStoredOnce() async throws {
    for update in ["append", "replace"] {
      let document = Guarded<String?>(nil)
      let server = try documentServer(document)
      defer { server.stop() }
      var settings = session
      settings["session_update"] = .text(update)
      let caller = try await Caller(settings, server: server)
      var messages: [JSONValue] = []
      for number in 1...3 {
        messages.append(Expected.user("Question \(number)"))
        let completion = try await caller.ask(messages: messages)
        #expect(completion.storageError == nil)
        messages.append(.object(completion.message.json))
      }
      func turn(_ number: Int) -> String { "USER: Question \(number)\n\nASSISTANT: Hello from the model." }
      if update == "append" {
        #expect(await caller.storedTexts() == [turn(1), turn(2), turn(3)])
        #expect(await caller.stored().allSatisfy { $0["update_mode"] == "append" && $0["document_id"] == "session-1" })
      }
      let between = update == "append" ? "\n" : "\n\n"
      #expect(document.access { $0 } == [turn(1), turn(2), turn(3)].joined(separator: between))

      // Another start of the program, and another program on another machine, go on without a second copy.
      let again = RearviewInstance(
        paths: Paths(environment: ["HOME": caller.stage.folder]), environment: caller.stage.servers.environment)
      let elsewhere = try Stage()
      for (number, instance) in [again, elsewhere.instance].enumerated() {
        messages.append(Expected.user("Question \(number + 4)"))
        try await instance.configure(named: caller.values(settings))
        let environment = number == 0 ? again : elsewhere.instance
        let completion = try await environment.completion(
          CompletionRequest(json: ["model": "gpt-4o-mini", "messages": .list(messages)]))
        #expect(completion.storageError == nil)
        messages.append(.object(completion.message.json))
      }
      #expect(document.access { $0 } == (1...5).map(turn).joined(separator: between), "\(update)")
      await again.cleanup()
    }
  }

  /// Ours: what could not be read is never written over.
  private static func unreadDocumentIsNotReplaced() async throws {
    for update in ["append", "replace"] {
      let document = Guarded<String?>("USER: Q1\n\nASSISTANT: A1")
      let server = try documentServer(document, failsToRead: Guarded(1))
      defer { server.stop() }
      var settings = session
      settings["session_update"] = .text(update)
      let caller = try await Caller(settings, server: server)
      let completion = try await caller.ask(messages: [
        Expected.user("Q1"), ["role": "assistant", "content": "A1"], Expected.user("Q2"),
      ])
      #expect(completion.text == "Hello from the model.")
      #expect(completion.storageError?.message.contains("db down") == true)
      #expect(server.requests.map(Servers.operation) == ["document"])
      #expect(document.access { $0 } == "USER: Q1\n\nASSISTANT: A1")
      await caller.instance.flush()
      let between = update == "append" ? "\n" : "\n\n"
      #expect(
        document.access { $0 } == "USER: Q1\n\nASSISTANT: A1\(between)USER: Q2\n\nASSISTANT: Hello from the model.")
    }
  }

  /// Ours: as the package's callbacks do it, but a bank does not lose what another has.
  private static func deduplication() async throws {
    let caller = try await Caller(["deduplicate": true, "sync_storage": true])
    #expect(try await caller.ask().record.storage.state == .stored)
    let second = try await caller.ask("  what language SHOULD I use?\n")
    #expect(second.record.storage.state == .known && second.storageError == nil)
    #expect(await caller.storedTexts() == [exchange])
    try await caller.ask(Expected.question, ["hindsight_bank_id": "bank-b"])
    try await caller.ask("Another question?")
    try await caller.ask(Expected.question, ["hindsight_deduplicate": false])
    await caller.instance.flush()
    #expect(
      caller.requests("retain").map(\.path) == [
        "/v1/default/banks/bank-a/memories", "/v1/default/banks/bank-b/memories", "/v1/default/banks/bank-a/memories",
        "/v1/default/banks/bank-a/memories",
      ])
  }
}
