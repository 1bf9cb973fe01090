import Foundation
import Rearview
import RearviewJSON
import ScriptedServer
import Testing

extension Rows {
  /// The bank's mission.
  static let banks: [Int: RowCheck] = [
    17: each(
      recorded("bank_configure_mission_error", "bank_configure_mission_no_bank"), missionAtConfigure,
      missionThatFailsAtConfigure),
    18: recorded("bank_set_mission", "bank_set_mission_no_name"),
    19: each(recorded("bank_set_mission_no_bank"), missionThatFails),
  ]

  /// On and off, and what a call is.
  static let calls: [Int: RowCheck] = [
    20: each(recorded("lifecycle_enable_unconfigured", "lifecycle_enable_no_bank"), enableNeedsABank),
    21: switchesAreIdempotent,
    22: nothingAfterDisable,
    23: cleanupResetsAndStores,
    24: orderOnTheWire,
    25: recorded("convenience_completion_unconfigured"),
    26: each(recorded("convenience_completion_not_enabled"), configuredIsEnough),
    27: each(
      recorded(
        "convenience_completion_enabled_double", "convenience_completion_enabled_double_stream",
        "convenience_completion_enabled_double_sync"), quickStartRunsOnce),
    28: each(recorded("convenience_completion_no_bank"), bankIsNeeded),
  ]

  private static func missionAtConfigure() async throws {
    let caller = try await Caller(["mission": "Route tickets.", "bank_name": "Router"])
    let request = try #require(caller.memory.requests.map(Player.request).first)
    #expect(caller.memory.requests.count == 1)
    #expect(request.method == "PUT" && request.path == "/v1/default/banks/bank-a")
    #expect(request.body == ["name": "Router", "mission": "Route tickets."])
    // Only what is given.
    try await caller.instance.configure(named: caller.values(["bank_name": "Router"]))
    #expect(caller.bodies("bank").last == ["name": "Router"])
    #expect(await caller.instance.pendingStorageErrors().isEmpty)
  }

  private static func missionThatFailsAtConfigure() async throws {
    let caller = try await Caller(["mission": "m"], memory: [answer("bank", 500, ["detail": "boom"])])
    #expect(await caller.instance.configuration?.mission == "m")
    let error = try #require(await caller.instance.pendingStorageErrors().first)
    #expect(error.operation == .bank && error.bankID == "bank-a")
    #expect(error.message.contains("bank-a") && error.message.contains("boom"))
    let nowhere = try await Caller(["mission": "m", "bank_id": nil])
    #expect(nowhere.memory.requests.isEmpty)
    #expect(await nowhere.instance.pendingStorageErrors().map(\.operation) == [.bank])
  }

  private static func missionThatFails() async throws {
    let caller = try await Caller(memory: [answer("bank", 500, ["detail": "boom"])])
    do {
      try await caller.instance.setBankMission("m")
      Issue.record("it went through")
    } catch let error as HindsightError {
      #expect(error.operation == .bank && error.bankID == "bank-a")
      #expect(error.message.hasPrefix("Failed to set bank mission for 'bank-a': "))
      #expect(error.message.contains("HTTP 500") && error.message.hasSuffix("boom"))
      #expect(error.cause is MemoryStoreError)
    }
    let nowhere = try await Caller(["bank_id": nil])
    let said = try Recording("bank_set_mission_no_bank").calls.first?.error?["message"]?.text
    #expect(said != nil)
    #expect(await refusal { try await nowhere.instance.setBankMission("m") } == said)
  }

  private static func enableNeedsABank() async throws {
    func said(_ name: String) throws -> String {
      try #require(try Recording(name).calls.last?.error?["message"]?.text)
    }
    let stage = try Stage()
    let unconfigured = try said("lifecycle_enable_unconfigured")
    #expect(await refusal { try await stage.instance.enable() } == unconfigured)
    try await stage.instance.configure { $0.verbose = true }
    let noBank = try said("lifecycle_enable_no_bank")
    #expect(await refusal { try await stage.instance.enable() } == noBank)
    #expect(await !stage.instance.isEnabled)
    try await stage.instance.setDefaults { $0.bankID = "bank-a" }
    #expect(await refusal { try await stage.instance.enable() } == nil)
    #expect(await stage.instance.isEnabled)
  }

  private static func switchesAreIdempotent() async throws {
    let caller = try await Caller(["sync_storage": true])
    #expect(await !caller.instance.isEnabled)
    for _ in 1...2 {
      #expect(try await caller.instance.enable() == [])
      #expect(await caller.instance.isEnabled)
    }
    try await caller.ask()
    #expect(caller.bodies("recall").count == 1 && caller.bodies("retain").count == 1)
    #expect(caller.said == [Expected.system(Expected.block), Expected.user()])
    for _ in 1...2 {
      await caller.instance.disable()
      #expect(await !caller.instance.isEnabled)
    }
    try await caller.ask()
    #expect(caller.memory.requests.count == 2)
    try await caller.instance.enable()
    try await caller.ask()
    #expect(caller.memory.requests.count == 4)
  }

  private static func nothingAfterDisable() async throws {
    let caller = try await Caller(["sync_storage": true])
    try await caller.instance.enable()
    await caller.instance.disable()
    let completion = try await caller.ask(
      Expected.question, ["temperature": 0.5, "hindsight_budget": "high", "hindsight_inject_memories": true])
    #expect(completion.text == "Hello from the model." && completion.storageError == nil)
    #expect(caller.sent == [["model": "gpt-4o-mini", "messages": [Expected.user()], "temperature": 0.5]])
    #expect(await caller.stored() == [])
    #expect(caller.memory.requests.isEmpty)
    #expect(await caller.instance.configuration?.bankID == "bank-a")
  }

  private static func cleanupResetsAndStores() async throws {
    let caller = try await Caller(memory: [threeFacts, answer("bank", 500, ["detail": "boom"])])
    try await caller.instance.enable()
    #expect(await refusal { try await caller.instance.setBankMission("m") } != nil)
    try await caller.instance.configure(named: caller.values(["mission": "m"]))
    try await caller.ask()
    await caller.instance.cleanup()
    // What the answer left to store is at the server when it returns.
    #expect(
      caller.bodies("retain").map { $0.at("items.0.content") } == [
        "USER: What language should I use?\n\nASSISTANT: Hello from the model."
      ])
    #expect(await caller.instance.configuration == nil)
    #expect(await !caller.instance.isEnabled)
    #expect(await !caller.instance.isConfigured)
    // The last debug information outlives it, as in the package.
    #expect(await caller.instance.lastInjectionDebug?.memoryContext == Expected.block)
    try await caller.ask()
    #expect(caller.said == [Expected.user()])
    #expect(await caller.stored().count == 1)
    await caller.instance.cleanup()
    await caller.instance.cleanup()
  }

  private static func orderOnTheWire() async throws {
    let caller = try await Caller()
    try await caller.ask()
    await caller.instance.flush()
    #expect(caller.stage.servers.order == ["hindsight POST recall", Expected.chat, "hindsight POST retain"])
  }

  private static func configuredIsEnough() async throws {
    let caller = try await Caller(["sync_storage": true])
    #expect(await !caller.instance.isEnabled)
    try await caller.ask()
    #expect(caller.system == Expected.block)
    #expect(caller.bodies("retain").count == 1)
  }

  /// The quick start with the settings of the call: they hold for all that happens.
  private static func quickStartRunsOnce() async throws {
    let caller = try await Caller(["injection_mode": "prepend_user"])
    try await caller.instance.enable()
    try await caller.ask(Expected.question, ["hindsight_bank_id": "user-7", "hindsight_query": "languages"])
    await caller.instance.flush()
    #expect(caller.stage.servers.order == ["hindsight POST recall", Expected.chat, "hindsight POST retain"])
    #expect(caller.memory.requests.allSatisfy { $0.path.hasPrefix("/v1/default/banks/user-7/") })
    #expect(caller.bodies("recall").map { $0["query"] } == ["languages"])
    #expect(caller.said == [Expected.user(Expected.block + "\n\n" + Expected.question)])
  }

  private static func bankIsNeeded() async throws {
    let caller = try await Caller(["bank_id": nil])
    let said = try #require(try Recording("convenience_completion_no_bank").calls.first?.error?["message"]?.text)
    #expect(await refusal { try await caller.ask() } == said)
    #expect(caller.sent.isEmpty && caller.memory.requests.isEmpty)
    try await caller.ask(Expected.question, ["hindsight_bank_id": "bank-c"])
    await caller.instance.flush()
    #expect(
      caller.memory.requests.map(\.path) == [
        "/v1/default/banks/bank-c/memories/recall", "/v1/default/banks/bank-c/memories",
      ])
    #expect(caller.system == Expected.block)
    // A call that neither recalls nor stores needs none.
    try await caller.ask("hi", ["hindsight_inject_memories": false, "hindsight_store_conversations": false])
    #expect(caller.said == [Expected.user("hi")])
  }
}
