import Foundation
import Rearview
import RearviewJSON
import Testing

/// Rows 108 to 116: what is told of a call.
enum DebugRows {
  static let all: [Int: RowCheck] = [
    108: {
      try await isAsRecorded("inject_recall_existing_system")
      try await hasAllTenFields()
    },
    109: {
      try await isAsRecorded("inject_reflect_default")
      try await hasAllTenFieldsOfAReflection()
    },
    110: { try await tellsWhatWasRecalledBeforeTheCap() },
    111: {
      try await isAsRecorded("inject_recall_empty")
      try await isAsRecorded("inject_reflect_empty")
    },
    112: { try await namesTheBankOfTheFailedCall() },
    113: { try await isKeptOnlyWhereVerbose() },
    114: { try await isOfTheLastCall() },
    115: { try await canBeCleared() },
    116: { try await isPrintedNowhere() },
  ]

  private static func written(_ debug: InjectionDebug?) throws -> JSONValue {
    try JSONValue(parsing: [UInt8](JSONEncoder.record.encode(#require(debug))))
  }

  /// Plays a recording and compares the debug information, all fields of it.
  private static func isAsRecorded(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let replay = try await expectAsRecorded(name, sourceLocation: sourceLocation)
    let recorded = try Recording(name).debug
    #expect(recorded.object?.count == 10, "\(name)", sourceLocation: sourceLocation)
    #expect(try written(replay.debug) == recorded, "\(name)", sourceLocation: sourceLocation)
  }

  private static let allFacts: JSONValue = [
    ["text": "User prefers Python for backend work", "type": "world"],
    ["text": "Assistant helped debug a FastAPI route", "type": "experience"],
    ["text": "User tends to choose typed languages", "type": "observation"],
  ]

  private static func debug(_ changes: JSONObject = [:]) -> JSONValue {
    let standard: JSONValue = [
      "mode": "recall", "query": .text(Expected.question), "bank_id": "bank-a", "memory_context": .text(Expected.block),
      "reflect_text": nil, "reflect_facts": nil, "recall_results": allFacts, "results_count": 3, "injected": true,
      "error": nil,
    ]
    return changes.reduce(standard) { $0.setting($1.key, to: $1.value) }
  }

  private static func hasAllTenFields() async throws {
    try await RowSupportB.scene { scene in
      _ = try await scene.ask(Expected.question, ["hindsight_bank_id": "bank-b"])
      #expect(try written(await scene.instance.lastInjectionDebug) == debug(["bank_id": "bank-b"]))
    }
  }

  private static func hasAllTenFieldsOfAReflection() async throws {
    let facts: JSONValue = [["id": "m-1", "text": "Likes Rust", "type": "world", "context": "a chat"]]
    let reply = RowSupportB.reply("reflect", ["text": "Typed ones.", "based_on": ["memories": facts]])
    try await RowSupportB.scene(["use_reflect": true, "reflect_include_facts": true], memory: [reply]) { scene in
      _ = try await scene.ask()
      let expected = debug([
        "mode": "reflect", "memory_context": "# Relevant Context from Memory\nTyped ones.",
        "reflect_text": "Typed ones.", "recall_results": nil, "results_count": 1,
        "reflect_facts": [["text": "Likes Rust", "type": "world", "context": "a chat"]],
      ])
      #expect(try written(await scene.instance.lastInjectionDebug) == expected)
    }
  }

  private static func tellsWhatWasRecalledBeforeTheCap() async throws {
    try await RowSupportB.scene(["max_memories": 2]) { scene in
      let record = try await scene.ask().record
      let block = Expected.blockOfOne + "\n2. [EXPERIENCE] Assistant helped debug a FastAPI route"
      let expected = debug(["memory_context": .text(block), "results_count": 2])
      #expect(try written(await scene.instance.lastInjectionDebug) == expected)
      #expect(record.retrieval.memories.map(\.use) == [.injected, .injected, .overLimit])
      #expect(scene.said == [[block, Expected.question]])
    }
  }

  private static func namesTheBankOfTheFailedCall() async throws {
    let replay = try await expectAsRecorded("inject_recall_error_bank_override_debug")
    #expect(replay.debug?.bankID == "bank-b")
    #expect(replay.debug?.error?.hasPrefix("recall in bank bank-b failed at") == true)
    #expect(replay.debug?.recallResults == nil)
  }

  private static func isKeptOnlyWhereVerbose() async throws {
    let replay = try await expectAsRecorded("inject_recall_not_verbose")
    #expect(replay.debug == nil)
    let record = try #require(replay.records.first)
    #expect(record.block == Expected.block)
    #expect(record.retrieval.memories.map(\.recalled.memory.id).count == 3)
    #expect(record.retrieval.durationMilliseconds != nil)

    try await RowSupportB.scene(["verbose": false]) { scene in
      _ = try await scene.ask()
      #expect(await scene.instance.lastInjectionDebug == nil)
      _ = try await scene.ask(Expected.question, ["hindsight_verbose": true])
      #expect(await scene.instance.lastInjectionDebug?.query == Expected.question)
    }
  }

  private static func isOfTheLastCall() async throws {
    let replay = try await expectAsRecorded("debug_stale_after_skipped_injection")
    #expect(replay.debug == nil)

    let memory = try Array(repeating: RowSupportB.recalled, count: 4)
    let skipped: [(model: String, parameters: JSONObject)] = [
      ("gpt-3.5-turbo", [:]), ("gpt-4o-mini", ["hindsight_inject_memories": false]),
      ("gpt-4o-mini", ["hindsight_verbose": false]),
    ]
    try await RowSupportB.scene(["excluded_models": ["gpt-3.5*"]], memory: memory) { scene in
      for call in skipped {
        _ = try await scene.ask()
        #expect(await scene.instance.lastInjectionDebug?.injected == true)
        _ = try await scene.ask("again", model: call.model, call.parameters)
        #expect(await scene.instance.lastInjectionDebug == nil, "\(call)")
      }
      _ = try await scene.ask()
      // A message without a word asks nothing of memory.
      let image = ContentPart(json: ["type": "image_url", "image_url": ["url": "http://x/y.png"]])
      let request = CompletionRequest(model: "gpt-4o-mini", messages: [Message(.user, parts: [image])])
      _ = try await scene.instance.completion(request)
      #expect(await scene.instance.lastInjectionDebug == nil)
    }
  }

  private static func canBeCleared() async throws {
    try await RowSupportB.scene { scene in
      _ = try await scene.ask()
      #expect(await scene.instance.lastInjectionDebug != nil)
      await scene.instance.clearInjectionDebug()
      #expect(await scene.instance.lastInjectionDebug == nil)
      #expect(await scene.instance.isConfigured)
    }
  }

  private static func isPrintedNowhere() async throws {
    try await RowSupportB.scene { scene in
      let printed = try await Self.printed {
        _ = try await scene.instance.enable()
        _ = try await scene.ask()
        _ = await scene.stored()
        await scene.instance.disable()
      }
      #expect(printed == "")
      #expect(scene.order == ["hindsight POST recall", Expected.chat, "hindsight POST retain"])
      let log = scene.log
      try #require(log.contains { $0.contains("recall") && $0.contains("bank-a") }, "\(log)")
      #expect(log.contains { $0.contains("stored") && $0.contains("bank-a") }, "\(log)")
      #expect(!log.contains { $0.contains(Expected.question) || $0.contains("Python") }, "\(log)")
    }
  }

  /// What came out of descriptor 1 while this ran.
  private static func printed(_ work: () async throws -> Void) async throws -> String {
    let path = NSTemporaryDirectory() + "rearview-printed-" + UUID().uuidString
    defer { unlink(path) }
    let (file, terminal) = (open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600), dup(1))
    try #require(file >= 0 && terminal >= 0)
    fflush(nil)
    dup2(file, 1)
    func putBack() {
      fflush(nil)
      dup2(terminal, 1)
      close(terminal)
      close(file)
    }
    do { try await work() } catch {
      putBack()
      throw error
    }
    putBack()
    return FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
