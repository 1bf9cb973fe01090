import Rearview
import RearviewJSON
import Testing

/// Rows 175 to 182: calls that the program makes itself.
enum CallbackRows {
  static let all: [Int: RowCheck] = [
    175: {
      try await expectAsRecorded("callback_default")
      try await handsOutWhatIsToBeSent()
      try await tellsItsObservers()
    },
    176: {
      try await expectAsRecorded("callback_recall_options")
      try await injectsStructuredOutput()
    },
    177: { try await partsTheBlockFromTheUsersText() },
    178: {
      let replay = try await expectAsRecorded("callback_default")
      let retain = try #require(replay.memoryRequests.last)
      #expect(retain.body.at("items.0.metadata.tokens") == "18")
      try await expectAsRecorded("callback_dedup")
      try await storesAnExchangeOnceForEachBank()
    },
    179: recorded(
      "callback_session_existing", "callback_tool_response", "callback_stream", "callback_async", "callback_excluded"),
    180: {
      let recall = try await expectAsRecorded("callback_recall_error")
      #expect(recall.answers == [RowSupportB.answer])
      #expect(recall.records.map(\.retrieval.state) == [.failed])
      let store = try await expectAsRecorded("callback_store_error")
      #expect(store.answers == [RowSupportB.answer])
      #expect(store.storageErrors.map { $0.hasSuffix("(HTTP 500): boom") } == [true])
      try await storesNothingOfACallThatFailed()
      try await refusesWhereMemoryMustNotFail()
    },
    181: {
      try await doesNothingTwice()
      try await endsACallThatIsLetGo()
    },
    182: {
      let replay = try await expectAsRecorded("callback_overrides")
      #expect(replay.records.map(\.settings.bankID) == ["bank-b"])
      #expect(replay.modelRequests.first?.body.object?.keys.contains { $0.hasPrefix("hindsight_") } == false)
      try await takesEveryOverride()
    },
  ]

  private static func answer(_ text: String = RowSupportB.answer) -> Answer {
    var answer = Answer()
    answer.text = text
    return answer
  }

  private static func handsOutWhatIsToBeSent() async throws {
    try await RowSupportB.scene { scene in
      let callback = await scene.instance.callback()
      var request = scene.request(Expected.question, ["temperature": 0.2, "hindsight_budget": "high"])
      request.messages.insert(Message(.system, "You are helpful."), at: 0)
      let prepared = try await callback.beforeCall(request)
      #expect(prepared.request.messages.map(\.text) == ["You are helpful.\n\n" + Expected.block, Expected.question])
      #expect(prepared.request.parameters == ["temperature": 0.2])
      #expect(prepared.request.model == "gpt-4o-mini")
      #expect(scene.bodies("recall") == [RowSupportB.recallBody(entities: true, ["budget": "high"])])
      #expect(scene.bodies("retain") == [])
      let record = try await callback.afterCall(prepared, answer: answer())
      #expect(record.block == Expected.block)
      #expect(record.storage.state == .stored)
      #expect(await scene.storedTexts() == [RowSupportB.turn])
      #expect(scene.asked == [], "the model is the program's own")
    }
  }

  private static func endsACallThatIsLetGo() async throws {
    try await RowSupportB.scene { scene in
      let observer = Records()
      await scene.instance.addObserver(observer)
      _ = try await scene.instance.callback().beforeCall(scene.request())
      #expect(await RowSupportB.eventually { await observer.records.count == 1 })
      #expect(scene.bodies("retain") == [])
    }
  }

  private static func tellsItsObservers() async throws {
    try await RowSupportB.scene { scene in
      let observer = Records()
      await scene.instance.addObserver(observer)
      let callback = await scene.instance.callback()
      let prepared = try await callback.beforeCall(scene.request())
      #expect(await observer.announced.map(\.block) == [Expected.block])
      let record = try await callback.afterCall(prepared, answer: answer())
      #expect(await RowSupportB.eventually { await observer.records.count == 1 })
      #expect(await observer.records == [record])
    }
  }

  private static func injectsStructuredOutput() async throws {
    let reply = RowSupportB.reply(
      "reflect",
      ["text": "Structured answer follows.", "structured_output": ["language": "Python", "confidence": 0.9]])
    let settings: JSONObject = ["use_reflect": true, "reflect_response_schema": ["type": "object"]]
    try await RowSupportB.scene(settings, memory: [reply]) { scene in
      let prepared = try await scene.instance.callback().beforeCall(scene.request())
      let block = """
        # Relevant Context from Memory
        {
          "language": "Python",
          "confidence": 0.9
        }
        """
      #expect(prepared.request.messages.map(\.text) == [block, Expected.question])
      #expect(
        scene.bodies("reflect") == [
          RowSupportB.reflectBody(Expected.question, ["response_schema": ["type": "object"]])
        ])
      try await scene.instance.callback().afterCall(prepared, answer: answer())
    }
  }

  private static func partsTheBlockFromTheUsersText() async throws {
    try await RowSupportB.scene(["injection_mode": "prepend_user"]) { scene in
      let callback = await scene.instance.callback()
      let prepared = try await callback.beforeCall(scene.request())
      #expect(prepared.request.messages.map(\.text) == [Expected.block + "\n\n---\n\n" + Expected.question])
      try await callback.afterCall(prepared, answer: answer())
      #expect(await scene.storedTexts() == [RowSupportB.turn])
    }
    // The package loses the memory where the content has parts.
    try await RowSupportB.scene(["injection_mode": "prepend_user"]) { scene in
      var request = scene.request()
      request.messages = [Message(.user, parts: [ContentPart(text: Expected.question)])]
      let callback = await scene.instance.callback()
      let prepared = try await callback.beforeCall(request)
      let parts: JSONValue = [
        ["type": "text", "text": .text(Expected.block)], ["type": "text", "text": .text(Expected.question)],
      ]
      #expect(prepared.request.messages.map { $0.json["content"] } == [parts])
      try await callback.afterCall(prepared, answer: answer())
    }
  }

  private static func storesAnExchangeOnceForEachBank() async throws {
    try await RowSupportB.scene(memory: []) { scene async throws in
      let callback = await scene.instance.callback()
      func call(_ question: String, _ text: String, bank: JSONValue = "bank-a") async throws -> Storage.State {
        let prepared = try await callback.beforeCall(scene.request(question, ["hindsight_bank_id": bank]))
        return try await callback.afterCall(prepared, answer: answer(text)).storage.state
      }
      #expect(try await call("Hello", "Hi.") == .stored)
      // Case and blanks around do not count.
      #expect(try await call("  hello ", "HI.\n") == .known)
      #expect(try await call("Hello", "Hi.", bank: "bank-b") == .stored)
      #expect(try await call("Hello", "Hi there.") == .stored)
      #expect(try await call("Hello?", "Hi.") == .stored)
      _ = await scene.stored()
      let banks = scene.requests("retain").map { String($0.path.split(separator: "/")[3]) }
      #expect(banks == ["bank-a", "bank-b", "bank-a", "bank-a"])
    }
  }

  private struct Refusal: Error {}

  private static func storesNothingOfACallThatFailed() async throws {
    try await RowSupportB.scene { scene in
      let callback = await scene.instance.callback()
      let prepared = try await callback.beforeCall(scene.request())
      let record = try await callback.afterCall(prepared, failing: Refusal())
      #expect(record.answer.state == .failed)
      #expect(await scene.storedTexts() == [])
    }
  }

  private static func refusesWhereMemoryMustNotFail() async throws {
    let failure = RowSupportB.failure("recall", 500)
    try await RowSupportB.scene(["memory_failure": "fail"], memory: [failure]) { scene in
      let callback = await scene.instance.callback()
      let error = try await RowSupportB.error(CompletionFailed.self) {
        _ = try await callback.beforeCall(scene.request())
      }
      #expect(error.description.hasPrefix("The model was not asked because memory failed"))
      #expect(scene.order == ["hindsight POST recall"])
    }
  }

  /// The callback and `enable` together: a warning, and one recall, one block, one store.
  private static func doesNothingTwice() async throws {
    try await RowSupportB.scene(memory: [RowSupportB.recalled, RowSupportB.recalled]) { scene in
      #expect(try await scene.instance.enable() == [])
      let callback = await scene.instance.callback()
      let warnings = try await scene.instance.enable()
      #expect(warnings.count == 1 && warnings.first?.contains("callback") == true)
      let prepared = try await callback.beforeCall(scene.request())
      let completion = try await scene.instance.completion(prepared.request)
      try await callback.afterCall(prepared, answer: completion.record.answer)
      #expect(scene.said == [[Expected.block, Expected.question]])
      #expect(await scene.storedTexts() == [RowSupportB.turn])
      #expect(scene.order == ["hindsight POST recall", Expected.chat, "hindsight POST retain"])
      // The next call is one of its own again.
      _ = try await scene.ask("another question")
      #expect(scene.bodies("recall").count == 2)
    }
  }

  private static func takesEveryOverride() async throws {
    try await RowSupportB.scene { scene in
      let parameters: JSONObject = [
        "hindsight_bank_id": "bank-b", "hindsight_session_id": "s-9", "hindsight_tags": ["t"],
        "hindsight_fact_types": ["world"], "hindsight_max_memories": 1, "hindsight_include_entities": false,
        "hindsight_unknown": true, "top_p": 1,
      ]
      let callback = await scene.instance.callback()
      let prepared = try await callback.beforeCall(scene.request(Expected.question, parameters))
      #expect(prepared.request.parameters == ["top_p": 1])
      #expect(prepared.request.messages.map(\.text) == [Expected.blockOfOne, Expected.question])
      #expect(scene.bodies("recall") == [RowSupportB.recallBody(entities: false, ["types": ["world"]])])
      try await callback.afterCall(prepared, answer: answer())
      let item = try #require(await scene.stored().first)
      #expect(item["document_id"] == "s-9" && item["tags"] == ["t"])
      #expect(scene.requests("retain").map(\.path) == ["/v1/default/banks/bank-b/memories"])
    }
    try await RowSupportB.scene { scene in
      let parameters: JSONObject = ["hindsight_inject_memories": false, "hindsight_store_conversations": false]
      let callback = await scene.instance.callback()
      let prepared = try await callback.beforeCall(scene.request(Expected.question, parameters))
      #expect(prepared.request.messages == scene.request().messages)
      #expect(prepared.request.parameters == [:])
      try await callback.afterCall(prepared, answer: answer())
      #expect(scene.order == [])
    }
  }
}
