import Rearview
import RearviewJSON
import Testing

extension Rows {
  static let debugAndStreams: [Int: RowCheck] = MemoryFailureRows.all.merging(DebugRows.all) { $1 }
    .merging(StreamRows.all) { $1 }.merging(TaskRows.all) { $1 }
}

/// Rows 101 to 107: memory fails, and the call goes on or does not.
enum MemoryFailureRows {
  static let all: [Int: RowCheck] = [
    101: { try await goesOnAfterEachStatus() },
    102: {
      try await triesThreeTimesWhileTheServerIsBusy()
      try await triesNoLongerThanTheTimeout()
    },
    103: {
      try await goesOn(
        "inject_recall_refused",
        saying: "recall in bank bank-a: the memory server at http://127.0.0.1:9 cannot be reached")
    },
    104: { try await goesOnAfterATimeout() },
    105: { try await goesOnAfterAnAnswerThatIsNone() },
    106: { try await stopsWhereMemoryMustNotFail() },
    107: { try await goesOn("inject_reflect_error_500", saying: "(HTTP 500): boom", mode: .reflect) },
  ]

  /// A recorded run in which memory failed: the model answered, nothing was injected, and the debug information says
  /// why.
  private static func goesOn(
    _ name: String, saying cause: String, mode: Retrieval.Mode = .recall,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let replay = try await expectAsRecorded(name, sourceLocation: sourceLocation)
    #expect(replay.answers == [RowSupportB.answer], "\(name)", sourceLocation: sourceLocation)
    let debug = try #require(replay.debug, "\(name)", sourceLocation: sourceLocation)
    #expect(debug.error?.contains(cause) == true, "\(debug.error ?? "no error")", sourceLocation: sourceLocation)
    #expect(debug.mode == mode && debug.bankID == "bank-a" && debug.query == Expected.question)
    #expect(debug.memoryContext == "" && !debug.injected && debug.resultsCount == 0)
    #expect(debug.recallResults == nil && debug.reflectText == nil && debug.reflectFacts == nil)
    #expect(replay.records.map(\.retrieval.state) == [.failed])
  }

  private static func goesOnAfterEachStatus() async throws {
    for status in [400, 404, 422, 500] {
      try await goesOn("inject_recall_error_\(status)", saying: "(HTTP \(status)): canned \(status)")
    }
    try await goesOn("inject_recall_error_401", saying: "refused the key (canned 401); set api_key")
  }

  private static func triesThreeTimesWhileTheServerIsBusy() async throws {
    let replay = try await expectAsRecorded("inject_recall_error_429_then_ok")
    #expect(replay.debug?.injected == true && replay.debug?.error == nil)

    let busy = RowSupportB.failure("recall", 503, "busy", headers: ["retry-after": "0"])
    try await RowSupportB.scene(memory: [busy, busy, busy, RowSupportB.recalled]) { scene async throws in
      #expect(try await scene.ask().text == RowSupportB.answer)
      #expect(scene.bodies("recall").count == 3)
      #expect(scene.said == [[Expected.question]])
      let error = await scene.instance.lastInjectionDebug?.error
      #expect(error?.hasPrefix("recall in bank bank-a failed at") == true)
      #expect(error?.hasSuffix("(HTTP 503): busy") == true)
    }
    try await RowSupportB.scene(memory: [busy, RowSupportB.recalled]) { scene async throws in
      #expect(try await scene.ask().record.block == Expected.block)
      #expect(scene.order.prefix(3) == ["hindsight POST recall", "hindsight POST recall", Expected.chat])
      #expect(await scene.instance.lastInjectionDebug?.error == nil)
    }
  }

  /// A server that wants to be left alone for an hour is not waited for, and its own words are what is told.
  private static func triesNoLongerThanTheTimeout() async throws {
    let busy = RowSupportB.failure("recall", 429, "slow down", headers: ["retry-after": "360000"])
    try await RowSupportB.scene(["recall_timeout_seconds": 2], memory: [busy, busy, busy]) { scene in
      let record = try await scene.ask().record
      #expect(scene.bodies("recall").count == 1)
      #expect(record.retrieval.error?.hasSuffix("(HTTP 429): slow down") == true)
    }
  }

  private static func goesOnAfterATimeout() async throws {
    try await goesOn(
      "inject_recall_timeout", saying: "did not answer within 0.3 s; recall_timeout_seconds sets the limit")
    try await RowSupportB.scene(silent: ["recall"]) { scene in
      let started = ContinuousClock.now
      let record = try await scene.ask(Expected.question, ["hindsight_recall_timeout_seconds": 0.2]).record
      #expect(started.duration(to: .now) < .seconds(5))
      #expect(record.answer.text == RowSupportB.answer)
      #expect(record.retrieval.error?.contains("did not answer within 0.2 s") == true)
      #expect(scene.asked.first?["hindsight_recall_timeout_seconds"] == nil)
    }
  }

  private static func goesOnAfterAnAnswerThatIsNone() async throws {
    try await goesOn("inject_recall_bad_json", saying: "did not answer as a Hindsight server does")
    for wrong: JSONValue in [["results": "none"], ["memories": []], ["results": ["a text"]], []] {
      try await RowSupportB.scene(memory: [RowSupportB.reply("recall", wrong)]) { scene in
        let record = try await scene.ask().record
        #expect(record.answer.text == RowSupportB.answer)
        #expect(record.retrieval.state == .failed, "\(wrong.written())")
        #expect(record.retrieval.error?.contains("did not answer as a Hindsight server does") == true)
        #expect(scene.said == [[Expected.question]])
      }
    }
  }

  private static func stopsWhereMemoryMustNotFail() async throws {
    for (operation, settings): (String, JSONObject) in [("recall", [:]), ("reflect", ["use_reflect": true])] {
      var settings = settings
      settings["memory_failure"] = "fail"
      try await RowSupportB.scene(settings, memory: [RowSupportB.failure(operation, 500)]) { scene in
        let error = try await RowSupportB.error(CompletionFailed.self) { _ = try await scene.ask() }
        #expect(error.description.hasPrefix("The model was not asked because memory failed"))
        #expect(error.description.contains("\(operation) in bank bank-a failed at"))
        #expect(error.description.hasSuffix("(HTTP 500): boom"))
        #expect(error.record.answer.state == .failed)
        #expect(await scene.storedTexts() == [])
        #expect(scene.order == ["hindsight POST \(operation)"])
      }
    }
    // A call may ask for it, too, and a stream.
    try await RowSupportB.scene(memory: [RowSupportB.failure("recall", 500)]) { scene in
      let error = try await RowSupportB.error(CompletionFailed.self) {
        _ = try await scene.stream(Expected.question, ["hindsight_memory_failure": "fail"]).text()
      }
      #expect(error.record.retrieval.state == .failed)
      #expect(scene.asked == [])
    }
  }
}
