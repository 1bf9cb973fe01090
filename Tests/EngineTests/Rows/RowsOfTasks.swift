import Foundation
import Rearview
import RearviewJSON
import ScriptedServer
import Testing

/// Rows 128 to 132: calls of tasks and threads, one or many.
enum TaskRows {
  static let all: [Int: RowCheck] = [
    128: {
      let replay = try await expectAsRecorded("async_completion_default")
      #expect(replay.order == ["hindsight POST recall", Expected.chat, "hindsight POST retain"])
      try await injectsInEachTask()
    },
    129: { try await reflectsInEachTask() },
    130: { try await storesBeforeItReturns() },
    131: {
      let full = try await expectAsRecorded("async_stream_full")
      #expect(full.answers == [RowSupportB.streamed])
      for name in ["async_stream_abandoned", "async_stream_aclose"] {
        let replay = try await expectAsRecorded(name)
        #expect(replay.pieces == [["Hello "]], "\(name)")
        #expect(replay.records.map(\.answer.state) == [.cut], "\(name)")
      }
    },
    132: {
      try await worksOnAnyThread()
      try await keepsTwentyCallsApart()
    },
  ]

  private static func injectsInEachTask() async throws {
    try await RowSupportB.scene { scene in
      let completion = try await Task.detached { try await scene.ask() }.value
      #expect(completion.record.block == Expected.block)
      #expect(scene.said == [[Expected.block, Expected.question]])
    }
  }

  private static func reflectsInEachTask() async throws {
    let replay = try await expectAsRecorded("async_completion_reflect")
    #expect(replay.order.first == "hindsight POST reflect")
    try await RowSupportB.scene(["use_reflect": true], memory: [RowSupportB.reflected]) { scene in
      _ = try await Task.detached { try await scene.ask() }.value
      #expect(scene.bodies("reflect") == [RowSupportB.reflectBody()])
      #expect(scene.said == [[RowSupportB.reflectedBlock, Expected.question]])
      #expect(scene.bodies("recall") == [])
    }
  }

  private static func storesBeforeItReturns() async throws {
    try await expectAsRecorded("async_stream_sync_storage")
    try await RowSupportB.scene(["sync_storage": true]) { scene in
      let (completion, stored) = try await Task.detached {
        let completion = try await scene.ask()
        return (completion, scene.bodies("retain"))
      }.value
      #expect(completion.text == RowSupportB.answer)
      #expect(completion.storageError == nil)
      #expect(completion.record.storage.state == .stored)
      #expect(stored.map { $0.at("items.0.content") } == [.text(RowSupportB.turn)])
      #expect(await scene.storedTexts().count == 1)
    }
  }

  private static func worksOnAnyThread() async throws {
    try await RowSupportB.scene { scene in
      let text: String = try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
          Task { continuation.resume(with: await Task { try await scene.ask().text }.result) }
        }
      }
      #expect(text == RowSupportB.answer)
      #expect(scene.said == [[Expected.block, Expected.question]])
      #expect(await scene.storedTexts() == [RowSupportB.turn])
    }
  }

  /// Each of many calls at once has its own question, its own memory, its own bank, and its own record of them.
  private static func keepsTwentyCallsApart() async throws {
    let memory = try ScriptedServer { request in
      switch Servers.operation(of: request) {
      case "recall":
        let query = request.json["query"] as? String ?? ""
        let result: JSONValue = [
          "id": .text("m-" + query), "type": "world", "text": .text("What is known of \(query)"),
        ]
        return .json(200, JSONValue.object(["results": [result]]).written())
      default: return .json(200, #"{"success":true,"bank_id":"b","items_count":1,"async":false}"#)
      }
    }
    defer { memory.stop() }
    try await RowSupportB.scene(["hindsight_api_url": .text(memory.url)]) { scene in
      let records = try await withThrowingTaskGroup(of: (Int, TurnRecord).self) { group in
        for number in 0..<20 {
          group.addTask {
            let parameters: JSONObject = ["hindsight_bank_id": .text("bank-\(number)")]
            return (number, try await scene.ask("question \(number)", parameters).record)
          }
        }
        return try await group.reduce(into: [Int: TurnRecord]()) { $0[$1.0] = $1.1 }
      }
      func block(_ number: Int) -> String {
        "# Relevant Memories\nThe following information from memory may be relevant:\n\n"
          + "1. [WORLD] What is known of question \(number)"
      }
      for number in 0..<20 {
        let record = try #require(records[number])
        #expect(record.block == block(number))
        #expect(record.question == "question \(number)")
        #expect(record.settings.bankID == "bank-\(number)")
        let debug = try #require(InjectionDebug(record))
        #expect(debug.memoryContext == block(number) && debug.bankID == "bank-\(number)")
      }
      #expect(Set(scene.said) == Set((0..<20).map { [block($0), "question \($0)"] }))
      // The one slot of the last call holds one call, whichever it is.
      let last = try #require(await scene.instance.lastInjectionDebug)
      #expect(last.query == "question " + last.bankID.dropFirst("bank-".count))
      #expect(last.memoryContext.hasSuffix("What is known of " + last.query))

      await scene.instance.flush(within: .seconds(10))
      let stored = memory.requests.filter { Servers.operation(of: $0) == "retain" }.map(Player.request)
      let expected = (0..<20).map { number in
        "/v1/default/banks/bank-\(number)/memories USER: question \(number)\n\nASSISTANT: \(RowSupportB.answer)"
      }
      #expect(stored.map { "\($0.path) \($0.body.at("items.0.content")?.text ?? "")" }.sorted() == expected.sorted())
    }
  }
}
