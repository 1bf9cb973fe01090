import Foundation
import Rearview
import RearviewJSON
import Testing

/// Rows 158, 159, 161 to 164, 167 and 168: what of a wrapped client's calls is stored, and how its calls end.
enum OpenAIWrapperStoringRows {
  static let all: [Int: RowCheck] = [
    158: {
      try await expectAsRecorded("openai_multi_turn_only_last_stored")
      try await storesTheLastExchange()
    },
    159: recorded("openai_query_override_stored_as_user"),
    161: { try await appendsToItsSession() },
    162: { try await reportsFailures() },
    163: {
      let replay = try await expectAsRecorded("openai_tool_response_not_stored")
      #expect(replay.records.map(\.answer.toolCalls.count) == [1])
      try await storesToolsOfTheExchange()
    },
    164: {
      try await streamsAllOfIt()
      for name in ["openai_stream_break", "openai_stream_close"] {
        let replay = try await expectAsRecorded(name)
        #expect(replay.pieces == [["Hello "]], "\(name)")
        #expect(replay.records.map(\.answer.state) == [.cut], "\(name)")
      }
    },
    167: {
      let replay = try await expectAsRecorded("openai_inside_event_loop")
      #expect(replay.records.map(\.retrieval.state) == [.nothing])
      try await expectAsRecorded("openai_two_threads")
    },
    168: {
      try await expectAsRecorded("openai_close")
      try await expectAsRecorded("openai_other_surfaces")
      try await storesWhatWaitsWhenItIsClosed()
      try await hasItsClientWithoutMemory()
      try await refusesASettingThatIsNone()
    },
  ]

  private static var request: JSONObject { OpenAIWrapperRows.request }

  private static func storesTheLastExchange() async throws {
    try await RowSupportB.scene(isConfigured: false) { scene in
      let messages: JSONValue = [
        Expected.system("You are helpful."), Expected.user("An older question"),
        ["role": "assistant", "content": "An older answer"], Expected.user(),
      ]
      _ = try await scene.wrapped().create(["model": "gpt-4o-mini", "messages": messages])
      let item = RowSupportB.item(
        RowSupportB.turn,
        [
          "context": "conversation:rearview:gpt-4o-mini", "metadata": ["source": "rearview", "model": "gpt-4o-mini"],
        ])
      #expect(await scene.stored() == [item])
      #expect(scene.said.first?.count == 4)
    }
  }

  private static func appendsToItsSession() async throws {
    try await RowSupportB.scene(isConfigured: false) { scene in
      let wrapped = try await scene.wrapped(nil, ["session_id": "session-1", "tags": ["t"]])
      _ = try await wrapped.create(request)
      let answer: JSONValue = ["role": "assistant", "content": .text(RowSupportB.answer)]
      let messages: JSONValue = [Expected.user(), answer, Expected.user("And then?")]
      _ = try await wrapped.create(["model": "gpt-4o-mini", "messages": messages])
      let stored = await scene.stored()
      #expect(
        stored.map { $0["content"]?.text } == [
          RowSupportB.turn, "USER: And then?\n\nASSISTANT: \(RowSupportB.answer)",
        ])
      #expect(stored.map { $0["document_id"] } == ["session-1", "session-1"])
      #expect(stored.map { $0["update_mode"] } == ["append", "append"])
      #expect(stored.map { $0["tags"] } == [["t"], ["t"]])
    }
  }

  private static func reportsFailures() async throws {
    let recall = try await expectAsRecorded("openai_recall_error_silent")
    #expect(recall.answers == [RowSupportB.answer])
    #expect(recall.records.map(\.retrieval.state) == [.failed])
    #expect(recall.records.first?.retrieval.error?.hasPrefix("recall in bank bank-a failed at") == true)
    let store = try await expectAsRecorded("openai_store_error_silent")
    #expect(store.answers == [RowSupportB.answer])
    #expect(store.storageErrors.count == 1)
    #expect(store.storageErrors.first?.hasPrefix("Failed to store conversation: retain in bank bank-a failed") == true)
    // Where it is told to, it waits and gives the error with the answer.
    try await RowSupportB.scene(memory: [RowSupportB.failure("retain", 500)], isConfigured: false) { scene in
      let completion = try await scene.wrapped(nil, ["sync_storage": true]).create(request)
      #expect(completion.text == RowSupportB.answer)
      #expect(completion.storageError?.bankID == "bank-a")
      #expect(completion.storageError?.message.hasSuffix("(HTTP 500): boom") == true)
    }
  }

  /// The last question, the tools that were called for it, and the answer.
  private static func storesToolsOfTheExchange() async throws {
    try await RowSupportB.scene(isConfigured: false) { scene in
      let call: JSONValue = [
        "id": "call_1", "type": "function", "function": ["name": "get_weather", "arguments": #"{"city": "Paris"}"#],
      ]
      let messages: JSONValue = [
        Expected.user("Older"), ["role": "assistant", "content": "Old"], Expected.user("Weather?"),
        ["role": "assistant", "content": nil, "tool_calls": [call]],
        ["role": "tool", "tool_call_id": "call_1", "content": "18C"],
      ]
      _ = try await scene.wrapped().create(["model": "gpt-4o-mini", "messages": messages])
      #expect(
        await scene.storedTexts() == [
          #"""
          USER: Weather?

          ASSISTANT_TOOL_CALLS: get_weather({"city": "Paris"})

          TOOL_RESULT: 18C

          ASSISTANT: Hello from the model.
          """#
        ])
    }
  }

  private static func streamsAllOfIt() async throws {
    try await RowSupportB.scene(isConfigured: false) { scene in
      let wrapped = try await scene.wrapped(nil, ["sync_storage": true])
      var pieces: [String] = []
      for try await element in try await wrapped.stream(request) {
        if case .text(let text) = element { pieces.append(text) }
      }
      #expect(pieces.joined() == RowSupportB.streamed)
      #expect(scene.order == ["hindsight POST recall", Expected.chat, "hindsight POST retain"])
      #expect(await scene.storedTexts() == [RowSupportB.streamedTurn])
      #expect(scene.said == [[RowSupportB.datedBlock, Expected.question]])
      #expect(scene.asked.first?["stream"] == true)
    }
  }

  private static func storesWhatWaitsWhenItIsClosed() async throws {
    try await RowSupportB.scene(memory: [RowSupportB.failure("retain", 500)], isConfigured: false) { scene in
      let wrapped = try await scene.wrapped()
      _ = try await wrapped.create(request)
      await wrapped.close()
      await wrapped.close()
      let texts = scene.bodies("retain").map { $0.at("items.0.content")?.text }
      #expect(texts == [RowSupportB.turn, RowSupportB.turn])
    }
  }

  private static func hasItsClientWithoutMemory() async throws {
    try await RowSupportB.scene(isConfigured: false) { scene in
      let wrapped = try await scene.wrapped()
      let chat = ChatRequest(messages: [Message(.user, "Hi")], streams: false, isCompletable: false)
      var text = ""
      for try await event in wrapped.client.model("gpt-4o-mini").stream(chat) {
        if case .text(let piece) = event { text += piece }
      }
      #expect(text == RowSupportB.answer)
      #expect(scene.said == [["Hi"]])
      #expect(await scene.storedTexts() == [])
      #expect(scene.order == [Expected.chat])
    }
  }

  private static func refusesASettingThatIsNone() async throws {
    try await RowSupportB.scene(isConfigured: false) { scene in
      let error = try await RowSupportB.error(SettingError.self) {
        _ = try await scene.wrapped(nil, ["no_such_setting": 1])
      }
      #expect(error.description.hasPrefix("there is no setting no_such_setting; the settings are hindsight_api_url"))
      await #expect(throws: SettingError.self) { _ = try await scene.wrapped(nil, ["budget": "huge"]) }
      #expect(scene.order == [])
    }
  }
}
