import Rearview
import RearviewJSON
import ScriptedServer
import Testing

/// Rows 117 to 127: answers in pieces.
enum StreamRows {
  static let all: [Int: RowCheck] = [
    117: { try await givesEachPieceAndIsStoredAtItsEnd() },
    118: { try await letGoClosesTheConnectionAndKeepsWhatCame() },
    119: { try await cancelledIsStoredAsCut() },
    120: { try await leftByAnErrorIsStoredAsCut() },
    121: { try await brokenOffSaysSoAndIsStoredAsCut() },
    122: { try await keepsToolCalls() },
    123: { try await isNotStoredWhereThatIsOff() },
    124: { try await reportsAFailedStoreAfterTheLastPiece() },
    125: { try await keepsTheSettingsOfItsBeginning() },
    126: { try await isAppendedToItsSession() },
    127: {
      for name in ["lifecycle_disable_midstream", "lifecycle_cleanup_midstream"] {
        let replay = try await expectAsRecorded(name)
        #expect(replay.answers == [RowSupportB.streamed], "\(name)")
        #expect(replay.records.map(\.storage.state) == [.stored], "\(name)")
      }
    },
  ]

  private static let pieces = ["Hello ", "from ", "the ", "stream."]
  private static let wire = ["hindsight POST recall", Expected.chat, "hindsight POST retain"]
  private static let cutTurn = "USER: \(Expected.question)\n\nASSISTANT: Hello [cut off]"

  private static func texts(_ elements: [CompletionStream.Element]) -> [String] {
    elements.compactMap { if case .text(let text) = $0 { text } else { nil } }
  }

  private static func expectCutTurn(
    _ scene: RowSupportB.Scene, _ text: String = cutTurn, sourceLocation: SourceLocation = #_sourceLocation
  ) async {
    let stored = await scene.stored()
    #expect(stored.map { $0["content"]?.text } == [text], sourceLocation: sourceLocation)
    #expect(stored.first?.at("metadata.cut") == "true", sourceLocation: sourceLocation)
  }

  private static func givesEachPieceAndIsStoredAtItsEnd() async throws {
    let replay = try await expectAsRecorded("stream_full_sync_store")
    #expect(replay.answers == [RowSupportB.streamed])
    try await givesEachPieceAsItWasSent()
    for isSync in [false, true] {
      try await RowSupportB.scene(["sync_storage": .boolean(isSync)]) { scene in
        var elements: [CompletionStream.Element] = []
        for try await element in try await scene.stream() {
          elements.append(element)
          if case .finished = element { continue }
          #expect(scene.bodies("retain") == [], "stored before its end")
        }
        #expect(texts(elements).joined() == RowSupportB.streamed)
        guard case .finished(let answer) = elements.last else { throw CancellationError() }
        #expect(answer.text == RowSupportB.streamed && answer.state == .complete)
        if isSync { #expect(scene.order == wire) }
        #expect(await scene.storedTexts() == [RowSupportB.streamedTurn])
        #expect(await scene.stored().first?.at("metadata.cut") == nil)
        #expect(scene.order == wire)
      }
    }
  }

  /// Each piece comes when it was sent, before the next one is sent, and as it is. (Pieces that come in one packet are
  /// one text: the reader of answers puts them together.)
  private static func givesEachPieceAsItWasSent() async throws {
    let gates = pieces.map { _ in Gate() }
    let model = try ScriptedServer { _ in
      var steps: [ScriptedResponse.Step] = []
      for (piece, gate) in zip(pieces, gates) {
        steps.append(.send(Array(ScriptedResponse.delta(#"{"content":\#(ScriptedResponse.quoted(piece))}"#).utf8)))
        steps.append(.wait(gate))
      }
      steps.append(.send(Array((ScriptedResponse.delta("{}", finish: "stop") + "data: [DONE]\n\n").utf8)))
      return .stream(steps)
    }
    defer { model.stop() }
    let environment = ["OPENAI_BASE_URL": model.url + "/v1"]
    try await RowSupportB.scene(environment: environment) { scene in
      var came: [String] = []
      for try await element in try await scene.stream() {
        guard case .text(let text) = element else { continue }
        came.append(text)
        gates[came.count - 1].open()
      }
      #expect(came == pieces)
      #expect(await scene.storedTexts() == [RowSupportB.streamedTurn])
    }
  }

  private static func letGoClosesTheConnectionAndKeepsWhatCame() async throws {
    try await expectAsRecorded("stream_abandoned_break")
    try await RowSupportB.scene(holdsStream: true) { scene in
      for try await element in try await scene.stream() {
        #expect(element == .text("Hello "))
        break
      }
      #expect(await scene.servers.model.waitForDisconnects())
      await expectCutTurn(scene)
    }
  }

  private static func cancelledIsStoredAsCut() async throws {
    try await expectAsRecorded("stream_abandoned_close")
    try await RowSupportB.scene(holdsStream: true) { scene in
      let stream = try await scene.stream()
      var came: [String] = []
      let error = try await RowSupportB.error(CompletionFailed.self) {
        for try await element in stream {
          came += texts([element])
          stream.cancel()
        }
      }
      #expect(came == ["Hello "])
      #expect(error.record.answer.state == .cut)
      #expect(error.description == "Stopped.")
      #expect(await scene.servers.model.waitForDisconnects())
      await expectCutTurn(scene)
    }
    // The task that reads is cancelled.
    try await RowSupportB.scene(holdsStream: true) { scene in
      let stream = try await scene.stream()
      let (begun, continuation) = AsyncStream.makeStream(of: Void.self)
      let reader = Task {
        for try await _ in stream { continuation.finish() }
      }
      for await _ in begun {}
      reader.cancel()
      _ = await reader.result
      await expectCutTurn(scene)
    }
  }

  private struct Interruption: Error {}

  private static func leftByAnErrorIsStoredAsCut() async throws {
    try await expectAsRecorded("stream_with_block_partial")
    try await expectAsRecorded("stream_with_block_exception")
    try await RowSupportB.scene(holdsStream: true) { scene in
      await #expect(throws: Interruption.self) {
        for try await _ in try await scene.stream() { throw Interruption() }
      }
      await expectCutTurn(scene)
    }
  }

  private static func brokenOffSaysSoAndIsStoredAsCut() async throws {
    let replay = try await expectAsRecorded("stream_cut_by_server")
    #expect(replay.pieces.map { $0.joined() } == ["Hello from "])
    #expect(replay.errors.count == 1)
    try await RowSupportB.scene(["sync_storage": true], model: [["text": "x", "cut": 3]]) { scene in
      let stream = try await scene.stream()
      let error = try await RowSupportB.error(CompletionFailed.self) { for try await _ in stream {} }
      #expect(error.record.answer.state == .cut)
      #expect(error.record.answer.text == "Hello from ")
      #expect(error.cause != nil)
      #expect(error.description == error.record.answer.error)
      await expectCutTurn(scene, "USER: \(Expected.question)\n\nASSISTANT: Hello from [cut off]")
    }
  }

  private static func keepsToolCalls() async throws {
    for (name, text) in [("stream_tool_calls_only", ""), ("stream_text_and_tool_calls", "Let me check.")] {
      let replay = try await expectAsRecorded(name)
      #expect(replay.pieces.map { $0.joined() } == [text], "\(name)")
      let call = ToolCall(id: "call_1", name: "get_weather", arguments: #"{"city": "Paris"}"#)
      #expect(replay.records.map(\.answer.toolCalls) == [[call]], "\(name)")
      try await RowSupportB.scene(model: try Recording(name).modelAnswers) { scene in
        var calls: [ToolCall] = []
        for try await element in try await scene.stream() {
          if case .toolCall(let call) = element { calls.append(call) }
        }
        #expect(calls == [call], "\(name)")
      }
    }
  }

  private static func isNotStoredWhereThatIsOff() async throws {
    try await RowSupportB.scene(["store_conversations": false]) { scene async throws in
      let observer = Records()
      await scene.instance.addObserver(observer)
      #expect(try await scene.stream().text() == RowSupportB.streamed)
      #expect(await scene.storedTexts() == [])
      #expect(scene.order == ["hindsight POST recall", Expected.chat])
      #expect(scene.said == [[Expected.block, Expected.question]])
      #expect(await observer.records.map(\.storage.state) == [.off])
    }
  }

  private static func reportsAFailedStoreAfterTheLastPiece() async throws {
    let replay = try await expectAsRecorded("stream_sync_store_error")
    #expect(replay.pieces.map { $0.joined() } == [RowSupportB.streamed])
    #expect(replay.errors.map { $0.hasPrefix("Failed to store conversation: ") } == [true])
    let failures = [RowSupportB.failure("retain", 500), RowSupportB.failure("retain", 500)]
    try await RowSupportB.scene(["sync_storage": true], memory: failures) { scene in
      let stream = try await scene.stream()
      var elements: [CompletionStream.Element] = []
      let error = try await RowSupportB.error(HindsightError.self) {
        for try await element in stream { elements.append(element) }
      }
      #expect(texts(elements).joined() == RowSupportB.streamed)
      guard case .finished = elements.last else { throw CancellationError() }
      #expect(error.operation == .storage && error.bankID == "bank-a")
      #expect(error.message.hasPrefix("Failed to store conversation: retain in bank bank-a failed at"))
      #expect(error.message.hasSuffix("(HTTP 500): boom"))
      #expect(await scene.instance.pendingStorageErrors().map(\.message) == [error.message])
    }
  }

  private static func keepsTheSettingsOfItsBeginning() async throws {
    try await expectAsRecorded("stream_settings_changed_midway")
    try await RowSupportB.scene { scene in
      for try await element in try await scene.stream() {
        guard element == .text("Hello ") else { continue }
        try await scene.instance.setDefaults { settings in
          settings.bankID = "bank-changed"
          settings.sessionID = "changed"
          settings.tags = ["changed"]
          settings.storeConversations = false
        }
      }
      let stored = await scene.stored()
      #expect(stored.map { $0["content"]?.text } == [RowSupportB.streamedTurn])
      #expect(stored.first?["document_id"] == .null && stored.first?["tags"] == .null)
      #expect(scene.requests("retain").map(\.path) == ["/v1/default/banks/bank-a/memories"])
    }
  }

  private static func isAppendedToItsSession() async throws {
    try await expectAsRecorded("stream_session_existing")
    try await RowSupportB.scene(["session_id": "session-1", "sync_storage": true]) { scene in
      #expect(try await scene.stream().text() == RowSupportB.streamed)
      let item = try #require(await scene.stored().first)
      #expect(item["content"]?.text == RowSupportB.streamedTurn)
      #expect(item["document_id"] == "session-1")
      #expect(item["update_mode"] == "append")
      #expect(scene.order == wire)
    }
  }
}
