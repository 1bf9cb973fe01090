import Rearview
import RearviewJSON
import Testing

/// Rows 183 to 187: how programs call, how long they wait, what bodies and errors hold.
enum CallerRows {
  static let all: [Int: RowCheck] = [
    183: {
      try await expectAsRecorded("surface_batch_completion")
      try await expectAsRecorded("surface_router")
      try await asksTheModelOnceWhateverStorageDoes()
    },
    184: { try await usesMemoryUnderANameOfBefore() },
    185: {
      hasTheTimeoutsOfThePackage()
      try await expectAsRecorded("inject_recall_timeout")
      try await waitsNoLongerThanEachTimeout()
    },
    186: { try await writesNullWhereTheClientDoes() },
    187: { try await namesOperationBankAndCause() },
  ]

  private static func asksTheModelOnceWhateverStorageDoes() async throws {
    let failures = Array(repeating: RowSupportB.failure("retain", 500), count: 4)
    try await RowSupportB.scene(["sync_storage": true], memory: failures) { scene in
      let completion = try await scene.ask()
      #expect(completion.text == RowSupportB.answer)
      #expect(completion.storageError != nil)
      #expect(scene.asked.count == 1)
      #expect(scene.bodies("recall").count == 1)
    }
    // A batch: each question its own recall, block and store.
    try await RowSupportB.scene(memory: []) { scene in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for question in ["one", "two", "three"] { group.addTask { _ = try await scene.ask(question) } }
        try await group.waitForAll()
      }
      #expect(Set(scene.bodies("recall").map { $0["query"] }) == ["one", "two", "three"])
      #expect(scene.asked.count == 3)
      let expected = ["one", "two", "three"].map { "USER: \($0)\n\nASSISTANT: \(RowSupportB.answer)" }
      #expect(await scene.storedTexts().sorted() == expected.sorted())
    }
  }

  /// The package replaces two names of a module, which does not reach those who imported them before; and its
  /// positional messages are lost. Here a call is one function with one request.
  private static func usesMemoryUnderANameOfBefore() async throws {
    try await RowSupportB.scene { scene in
      let instance = scene.instance
      let complete: @Sendable (CompletionRequest) async throws -> Completion = { try await instance.completion($0) }
      await instance.disable()
      _ = try await complete(scene.request("before"))
      #expect(scene.bodies("recall") == [])
      _ = try await instance.enable()
      let completion = try await complete(
        CompletionRequest(model: "gpt-4o-mini", messages: [Message(.user, Expected.question)]))
      #expect(completion.record.block == Expected.block)
      #expect(scene.said == [["before"], [Expected.block, Expected.question]])
      #expect(await scene.storedTexts() == [RowSupportB.turn])
    }
  }

  private static func hasTheTimeoutsOfThePackage() {
    let settings = MemorySettings()
    #expect(settings.recallTimeoutSeconds == nil)
    for rules in [TurnRules.completion, .wrapped, .callback] { #expect(rules.recallTimeoutSeconds == 30) }
    #expect(settings.reflectTimeoutSeconds == 30)
    #expect(settings.retainTimeoutSeconds == 30)
    #expect(settings.bankTimeoutSeconds == 300)
  }

  private static func waitsNoLongerThanEachTimeout() async throws {
    func bounded(_ work: () async throws -> Void) async rethrows {
      let started = ContinuousClock.now
      try await work()
      #expect(started.duration(to: .now) < .seconds(8))
    }
    func words(_ operation: String) -> String {
      "did not answer within 0.2 s; \(operation)_timeout_seconds sets the limit"
    }
    let settings: JSONObject = [
      "recall_timeout_seconds": 0.2, "reflect_timeout_seconds": 0.2, "retain_timeout_seconds": 0.2,
      "bank_timeout_seconds": 0.2,
    ]
    try await RowSupportB.scene(settings, silent: ["recall", "reflect", "retain", "bank"]) { scene in
      let instance = scene.instance
      try await bounded {
        let recall = try await RowSupportB.error(MemoryStoreError.self) { _ = try await instance.recall("q") }
        #expect(recall.description.contains(words("recall")))
        let reflect = try await RowSupportB.error(MemoryStoreError.self) { _ = try await instance.reflect("q") }
        #expect(reflect.description.contains(words("reflect")))
        let retain = try await RowSupportB.error(MemoryStoreError.self) {
          _ = try await instance.retain("x", waits: true)
        }
        #expect(retain.description.contains(words("retain")))
        let bank = try await RowSupportB.error(HindsightError.self) { try await instance.setBankMission("m") }
        #expect(bank.description.hasPrefix("Failed to set bank mission for 'bank-a': bank in bank bank-a: "))
        #expect(bank.description.contains(words("bank")))
      }
    }
    // Of a turn, too.
    try await RowSupportB.scene(settings, silent: ["reflect", "retain"]) { scene in
      try await bounded {
        let completion = try await scene.ask(
          Expected.question, ["hindsight_use_reflect": true, "hindsight_sync_storage": true])
        #expect(completion.text == RowSupportB.answer)
        #expect(completion.record.retrieval.error?.contains(words("reflect")) == true)
        #expect(completion.storageError?.message.contains(words("retain")) == true)
      }
    }
  }

  /// Which members a body has, those that are null included.
  private static func names(of body: JSONValue) -> [String] {
    let inner = (body["include"]?.object?.keys ?? []).map { "include." + $0 }
    let item = (body.at("items.0")?.object?.keys ?? []).map { "items.0." + $0 }
    return ((body.object?.keys ?? []) + inner + item).sorted()
  }

  /// What the package's client sends is the same in every recorded request, but for a bank's two members.
  private static func writesNullWhereTheClientDoes() async throws {
    var recorded: [String: Set<[String]>] = [:]
    for recording in Recording.all where !recording.isCallback {
      for request in recording.memoryRequests where request.method != "GET" {
        let operation = request.path.split(separator: "/").last.map(String.init) ?? ""
        recorded[request.method == "PUT" ? "bank" : operation, default: []].insert(names(of: request.body))
      }
    }
    #expect(recorded["bank"] == [["mission"], ["mission", "name"]])
    let memory = [try RowSupportB.recalled, RowSupportB.reflected]
    try await RowSupportB.scene(memory: memory) { scene in
      let instance = scene.instance
      _ = try await scene.ask()
      _ = try await instance.recall("q")
      _ = try await instance.reflect("q")
      _ = try await instance.retain("x", waits: true)
      _ = await scene.stored()
      try await instance.setBankMission("m")
      try await instance.setBankMission("m", name: "n")
      #expect(scene.bodies("recall").count == 2)
      #expect(Set(scene.bodies("recall").map(names(of:))) == recorded["recall"])
      #expect(scene.bodies("recall").map { $0.at("include.entities") } == [.null, ["max_tokens": 500]])
      #expect(Set(scene.bodies("reflect").map(names(of:))) == recorded["reflect"])
      // The id of the operation is ours.
      let retains = scene.bodies("retain")
      #expect(retains.count == 2)
      #expect(Set(retains.map { names(of: $0.setting("operation_id", to: nil)) }) == recorded["memories"])
      #expect(retains.allSatisfy { $0["operation_id"]?.text != nil })
      #expect(Set(scene.bodies("bank").map(names(of:))) == recorded["bank"])
    }
  }

  private static func namesOperationBankAndCause() async throws {
    let memory = ["retain", "retain", "bank"].map { RowSupportB.failure($0, 500) }
    try await RowSupportB.scene(["sync_storage": true], memory: memory) { scene in
      let completion = try await scene.ask(Expected.question, ["hindsight_bank_id": "bank-b"])
      #expect(completion.text == RowSupportB.answer)
      let storage = try #require(completion.storageError)
      #expect(storage.operation == .storage && storage.bankID == "bank-b")
      let cause = try #require(storage.cause)
      #expect("\(cause)".hasPrefix("retain in bank bank-b failed at http://127.0.0.1:"))
      #expect("\(cause)".hasSuffix("(HTTP 500): boom"))
      #expect(storage.message == "Failed to store conversation: \(cause)")
      #expect(storage.description == storage.message)

      let bank = try await RowSupportB.error(HindsightError.self) { try await scene.instance.setBankMission("m") }
      #expect(bank.operation == .bank && bank.bankID == "bank-a")
      #expect((bank.cause as? MemoryStoreError)?.description.hasSuffix("(HTTP 500): boom") == true)
    }
    // Of a direct call in the background.
    try await RowSupportB.scene(memory: [RowSupportB.failure("retain", 500)]) { scene in
      _ = try await scene.instance.retain("x")
      var errors: [HindsightError] = []
      _ = await RowSupportB.eventually {
        errors = await scene.instance.pendingRetainErrors()
        return !errors.isEmpty
      }
      let error = try #require(errors.first)
      #expect(error.operation == .retain && error.bankID == "bank-a")
      #expect(error.cause.map { "\($0)".hasSuffix("(HTTP 500): boom") } == true)
    }
  }
}
