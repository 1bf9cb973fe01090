import Rearview
import RearviewJSON
import ScriptedServer
import Testing

/// Rows 169 to 174: a wrapped client of Anthropic's protocol.
enum AnthropicWrapperRows {
  static let all: [Int: RowCheck] = [
    169: {
      try await expectAsRecorded("anthropic_recall_default")
      try await appendsToTheSystemText()
      try await keepsTheSystemBlocks()
    },
    170: recorded("anthropic_reflect"),
    171: {
      let replay = try await expectAsRecorded("anthropic_list_content")
      #expect(replay.records.map(\.retrieval.query) == ["One."])
    },
    172: {
      try await expectAsRecorded("anthropic_two_text_blocks")
      try await storesToolUse()
    },
    173: {
      let replay = try await expectAsRecorded("anthropic_stream_full")
      #expect(replay.answers == [RowSupportB.streamed])
      try await storesAnAbandonedStreamAsCut()
    },
    174: {
      let failed = try await expectAsRecorded("anthropic_recall_error_silent")
      #expect(failed.answers == [RowSupportB.answer])
      #expect(failed.records.map(\.retrieval.state) == [.failed])
      try await expectAsRecorded("anthropic_session_existing")
      let overridden = try await expectAsRecorded("anthropic_overrides")
      #expect(overridden.modelRequests.first?.body.object?.keys.contains { $0.hasPrefix("hindsight_") } == false)
      try await expectAsRecorded("anthropic_stream_helper")
    },
  ]

  private static let request: JSONObject = [
    "model": "claude-sonnet-4-20250514", "max_tokens": 64, "messages": .list([Expected.user()]),
  ]

  private static func wrapped(_ scene: RowSupportB.Scene) async throws -> WrappedClient {
    try await scene.wrapped(AnthropicClient(environment: scene.servers.environment))
  }

  private static func system(_ scene: RowSupportB.Scene) throws -> JSONValue {
    let body = try #require(scene.asked.first)
    return try JSONValue(parsing: RowSupportB.withoutClock((body["system"] ?? .null).written()))
  }

  private static func appendsToTheSystemText() async throws {
    for (given, block) in [
      ("You are helpful.", "You are helpful.\n\n" + RowSupportB.datedBlock), ("", RowSupportB.datedBlock),
    ] {
      try await RowSupportB.scene(isConfigured: false) { scene in
        var request = request
        request["system"] = .text(given)
        _ = try await wrapped(scene).create(request)
        #expect(try system(scene) == .text(block))
        #expect(scene.asked.first?["messages"] == [Expected.user()])
        #expect(scene.asked.first?["max_tokens"] == 64)
        #expect(await scene.storedTexts() == [RowSupportB.turn])
      }
    }
  }

  private static func keepsTheSystemBlocks() async throws {
    try await RowSupportB.scene(isConfigured: false) { scene in
      let blocks: [JSONValue] = [
        ["type": "text", "text": "You are helpful."],
        ["type": "text", "text": "A long text.", "cache_control": ["type": "ephemeral"]],
      ]
      var request = request
      request["system"] = .list(blocks)
      _ = try await wrapped(scene).create(request)
      #expect(try system(scene) == .list(blocks + [["type": "text", "text": .text(RowSupportB.datedBlock)]]))
      #expect(scene.asked.first?["messages"] == [Expected.user()])
    }
  }

  private static func storesToolUse() async throws {
    let use: JSONValue = ["type": "tool_use", "id": "t-1", "name": "get_weather", "input": ["city": "Paris"]]
    let cases: [(blocks: JSONValue, stored: String)] = [
      ([use], #"ASSISTANT_TOOL_CALLS: get_weather({"city":"Paris"})"#),
      (
        [["type": "text", "text": "Let me check."], use],
        "ASSISTANT: Let me check.\n\n" + #"ASSISTANT_TOOL_CALLS: get_weather({"city":"Paris"})"#
      ),
    ]
    for (blocks, stored) in cases {
      try await RowSupportB.scene(model: [["blocks": blocks]], isConfigured: false) { scene in
        let completion = try await wrapped(scene).create(request)
        #expect(completion.toolCalls.map(\.name) == ["get_weather"])
        let texts = await scene.storedTexts().map { $0.replacing(#/:\s+"Paris"/#, with: #":"Paris""#) }
        #expect(texts == ["USER: \(Expected.question)\n\n" + stored])
      }
    }
  }

  private static func storesAnAbandonedStreamAsCut() async throws {
    @Sendable func event(_ name: String, _ data: String) -> ScriptedResponse.Step {
      .send(Array("event: \(name)\ndata: {\"type\":\"\(name)\",\(data)}\n\n".utf8))
    }
    let model = try ScriptedServer { _ in
      .stream([
        event(
          "message_start",
          #""message":{"id":"m","role":"assistant","content":[],"usage":{"input_tokens":1,"output_tokens":1}}"#),
        event("content_block_start", #""index":0,"content_block":{"type":"text","text":""}"#),
        event("content_block_delta", #""index":0,"delta":{"type":"text_delta","text":"Hello "}"#),
        .hang,
      ])
    }
    defer { model.stop() }
    try await RowSupportB.scene(isConfigured: false) { scene in
      let wrapped = try await scene.wrapped(AnthropicClient(apiKey: "sk", baseURL: model.url))
      for try await element in try await wrapped.stream(request) {
        if element == .text("Hello ") { break }
      }
      #expect(await model.waitForDisconnects())
      let item = try #require(await scene.stored().first)
      #expect(item["content"]?.text == "USER: \(Expected.question)\n\nASSISTANT: Hello [cut off]")
      #expect(item.at("metadata.cut") == "true")
    }
  }
}
