import Foundation
import Rearview
import RearviewJSON
import ScriptedServer
import Testing

extension Rows {
  /// When and how turns come to the store, and what is said when they do not.
  static let delivery: [Int: RowCheck] = [
    90: syncStorageBlocks,
    91: each(recorded("store_async"), answerDoesNotWait),
    92: each(recorded("store_async_two_quick_calls_same_session"), turnsOfASessionKeepTheirOrder),
    93: each(recorded("store_async_process_exit"), nothingIsLostAtTheEnd, nextStartGoesOn),
    94: each(recorded("store_llm_error"), nothingStoredOfAFailure),
    95: syncFailureKeepsTheAnswer,
    96: each(recorded("store_async_error_500", "store_async_refused"), backgroundFailuresAreTold),
    97: errorsAreTakenOnce,
    98: each(recorded("store_sync_success_false"), successFalseIsAFailure),
    99: each(recorded("store_sync_retain_timeout"), retainTimeoutIsASetting, slowServerIsAskedHowFarItIs),
    100: each(recorded("store_sync_503"), retriedByItselfUnderOneID),
  ]

  /// A memory server whose first stores wait at a gate.
  private static func gatedServer(_ gate: Gate, first count: Int = 1) throws -> ScriptedServer {
    try memoryServer { operation, before, _ in
      operation == "retain" && before < count ? .json(200, storedWell.written()).pausing(after: 0, at: gate) : nil
    }
  }

  private static func syncStorageBlocks() async throws {
    let (gate, returned) = (Gate(), Gate())
    let server = try gatedServer(gate)
    defer { server.stop() }
    let caller = try await Caller(["sync_storage": true], server: server)
    let call = Task {
      defer { returned.open() }
      return try await caller.ask()
    }
    #expect(await server.waitForRequests(2))
    #expect(await !returned.wait(seconds: 0.2), "it returned before its turn was stored")
    gate.open()
    let completion = try await call.value
    #expect(completion.record.storage.state == .stored && completion.storageError == nil)
    #expect(caller.bodies("retain").map { $0.at("items.0.content") } == [.text(exchange)])
  }

  private static func answerDoesNotWait() async throws {
    let gate = Gate()
    let server = try gatedServer(gate)
    defer { server.stop() }
    let caller = try await Caller(server: server)
    let completion = try await caller.ask()
    // Only after the gate can it be stored.
    #expect(completion.text == "Hello from the model." && completion.record.storage.state != .stored)
    #expect(await server.waitForRequests(2))
    gate.open()
    #expect(await caller.storedTexts() == [exchange])
    #expect(await caller.instance.pendingStorageErrors().isEmpty)
  }

  private static func turnsOfASessionKeepTheirOrder() async throws {
    let gate = Gate()
    let server = try gatedServer(gate)
    defer { server.stop() }
    let caller = try await Caller(["session_id": "session-1", "inject_memories": false], server: server)
    try await caller.ask("one")
    #expect(await server.waitForRequests(1))
    try await caller.ask("two")
    try await caller.ask("three")
    // Another session does not wait.
    try await caller.ask("aside", ["hindsight_session_id": "session-2"])
    #expect(await server.waitForRequests(2))
    #expect(caller.bodies("retain").map { $0.at("items.0.document_id") } == ["session-1", "session-2"])
    gate.open()
    let texts = await caller.storedTexts().filter { !$0.contains("aside") }
    #expect(texts == ["one", "two", "three"].map { "USER: \($0)\n\nASSISTANT: Hello from the model." })
    #expect(server.requests.allSatisfy { Servers.operation(of: $0) == "retain" })
  }

  /// Ours: the end of the program waits for a moment.
  private static func nothingIsLostAtTheEnd() async throws {
    let caller = try await Caller()
    for number in 1...5 { try await caller.ask("question \(number)") }
    await caller.instance.cleanup()
    #expect(caller.bodies("retain").count == 5)
    // But no longer than it was told to.
    let hanging = try await Caller(silent: ["retain"])
    try await hanging.ask()
    let took = await ContinuousClock().measure { await hanging.instance.cleanup(within: .milliseconds(100)) }
    #expect(took < .seconds(5))
  }

  /// Ours: what was not stored is on disk, and the next program brings it to its server by itself.
  private static func nextStartGoesOn() async throws {
    let isUp = Guarded(false)
    let server = try memoryServer { operation, _, _ in
      operation == "retain" && !isUp.access { $0 } ? .hang : nil
    }
    defer { server.stop() }
    let caller = try await Caller(["api_key": "hs-key"], server: server)
    let first = try await caller.ask("first")
    #expect(await server.waitForRequests(2))
    isUp.access { $0 = true }
    let next = RearviewInstance(
      paths: Paths(environment: ["HOME": caller.stage.folder]), environment: caller.stage.servers.environment)
    try await next.configure(named: caller.values(["api_key": "hs-key"]))
    let second = try await next.completion(
      CompletionRequest(model: "gpt-4o-mini", messages: [Message(.user, "second")]))
    #expect(await caller.waitForRetains(3), "the turn of the program before stays where it is")
    let ids = caller.bodies("retain").compactMap { $0["operation_id"]?.text }
    #expect(ids.filter { $0 == first.record.id }.count == 2)
    #expect(ids.contains(second.record.id))
    #expect(server.requests.allSatisfy { $0.headers["authorization"] == "Bearer hs-key" })
    await next.cleanup()
  }

  private static func nothingStoredOfAFailure() async throws {
    for isSync in [true, false] {
      let caller = try await Caller(["sync_storage": .boolean(isSync)], model: [["status": 400]])
      do {
        try await caller.ask()
        Issue.record("it answered")
      } catch let error as CompletionFailed {
        #expect(error.cause is ChatModelError)
        #expect(error.record.answer.state == .failed && error.record.storage.state == .off)
        #expect("\(error)".contains("canned failure"))
      }
      #expect(await caller.stored() == [])
      #expect(await caller.instance.pendingStorageErrors().isEmpty)
    }
  }

  // MARK: Failures

  private static let boom = answer("retain", 500, ["detail": "boom"])

  private static func expectBoom(_ error: HindsightError?, _ caller: Caller) {
    #expect(
      error?.message
        == "Failed to store conversation: retain in bank bank-a failed at \(caller.memory.url) (HTTP 500): boom")
    #expect(error?.operation == .storage && error?.bankID == "bank-a")
  }

  private static func syncFailureKeepsTheAnswer() async throws {
    let caller = try await Caller(["sync_storage": true], memory: [threeFacts, boom])
    let completion = try await caller.ask()
    #expect(completion.text == "Hello from the model.")
    expectBoom(completion.storageError, caller)
    #expect(completion.record.storage.state == .failed)
    #expect(caller.sent.count == 1, "the model is not asked again")
  }

  private static func backgroundFailuresAreTold() async throws {
    let caller = try await Caller(memory: [threeFacts, boom, boom])
    #expect(try await caller.ask().storageError == nil)
    await caller.instance.flush()
    let errors = await caller.instance.pendingStorageErrors()
    #expect(errors.count == 1)
    expectBoom(errors.first, caller)
    // The other documented function tells it too.
    #expect(await caller.instance.pendingRetainErrors().map(\.message) == errors.map(\.message))
    // And of a retain in the background.
    let direct = try await Caller(memory: [boom, boom])
    try await direct.instance.retain("a text")
    #expect(await direct.waitForRetains(1))
    let told = await direct.errors()
    #expect(told.map(\.operation) == [.retain] && told.first?.bankID == "bank-a")
    #expect(told.first?.message.hasPrefix("Failed to retain: ") == true)
    #expect(told.first?.message.hasSuffix("boom") == true)
    // Nothing listens there.
    let refused = try await Caller(["hindsight_api_url": "http://127.0.0.1:9"])
    #expect(try await refused.ask().text == "Hello from the model.")
    await refused.instance.flush(within: .seconds(2))
    let error = try #require(await refused.errors().first)
    #expect(error.message.contains("retain in bank bank-a") && error.message.contains("cannot be reached"))
  }

  private static func errorsAreTakenOnce() async throws {
    let caller = try await Caller(memory: [threeFacts, boom, boom, threeFacts])
    try await caller.ask()
    await caller.instance.flush()
    #expect(await caller.instance.pendingStorageErrors().count == 1)
    #expect(await caller.instance.pendingStorageErrors().isEmpty)
    #expect(await caller.instance.pendingRetainErrors().count == 1)
    #expect(await caller.instance.pendingRetainErrors().isEmpty)
    // The next call knows nothing of it.
    let next = try await caller.ask("next")
    #expect(next.storageError == nil && next.text == "Hello from the model.")
    await caller.instance.flush()
    #expect(await caller.instance.pendingStorageErrors().isEmpty)
    let texts = Set(await caller.storedTexts())
    #expect(texts == [exchange, "USER: next\n\nASSISTANT: Hello from the model."])
  }

  private static func successFalseIsAFailure() async throws {
    let nothing = answer("retain", 200, ["success": false, "bank_id": "bank-a", "items_count": 0, "async": false])
    let caller = try await Caller(["sync_storage": true], memory: [threeFacts, nothing])
    let completion = try await caller.ask()
    #expect(completion.storageError?.message.contains("it says that it stored nothing") == true)
    #expect(completion.record.storage.state == .failed)
    await caller.instance.flush()
    #expect(caller.bodies("retain").count == 2)
    #expect(Set(caller.bodies("retain")).count == 1)
  }

  private static func retainTimeoutIsASetting() async throws {
    let caller = try await Caller(["sync_storage": true, "retain_timeout_seconds": 0.3], silent: ["retain"])
    let clock = ContinuousClock()
    let start = clock.now
    let completion = try await caller.ask()
    #expect(start.duration(to: clock.now) < .seconds(5))
    #expect(
      completion.storageError?.message
        == "Failed to store conversation: retain in bank bank-a: \(caller.memory.url) did not answer within 0.3 s; "
        + "retain_timeout_seconds sets the limit.")
  }

  /// Ours: the server takes the turn at once and works on it; being slow is no failure.
  private static func slowServerIsAskedHowFarItIs() async throws {
    let isDone = Guarded(false)
    let server = try memoryServer { operation, _, request in
      switch operation {
      case "retain":
        let id = Player.request(request).body["operation_id"] ?? .null
        let taken: JSONValue = [
          "success": true, "bank_id": "bank-a", "items_count": 1, "async": true, "operation_id": id,
        ]
        return .json(200, taken.written())
      case "operation": return .json(200, isDone.access { $0 } ? #"{"status":"completed"}"# : #"{"status":"pending"}"#)
      default: return nil
      }
    }
    defer { server.stop() }
    let caller = try await Caller(["sync_storage": true, "retain_timeout_seconds": 0.5], server: server)
    let completion = try await caller.ask()
    #expect(completion.storageError == nil && completion.record.storage.state == .processing)
    let id = completion.record.id
    #expect(caller.bodies("retain").map { $0["operation_id"] } == [.text(id)])
    #expect(caller.bodies("retain").first?["async"] == true)
    #expect(caller.requests("operation").first?.path == "/v1/default/banks/bank-a/operations/\(id)")
    isDone.access { $0 = true }
    await caller.instance.flush()
    #expect(Set(caller.bodies("retain").map { $0["operation_id"] }) == [.text(id)])
    #expect(await caller.instance.pendingStorageErrors().isEmpty)
    // One that is done in time is stored when the call returns.
    let quick = try await caller.ask("quick")
    #expect(quick.record.storage.state == .stored)
  }

  private static func retriedByItselfUnderOneID() async throws {
    let busy = answer("retain", 503, ["detail": "busy"])
    let caller = try await Caller(["sync_storage": true], memory: [threeFacts, busy])
    let completion = try await caller.ask()
    #expect(completion.storageError?.message.contains("HTTP 503") == true)
    #expect(caller.bodies("retain").count == 1, "a write is not repeated within one call")
    #expect(await caller.waitForRetains(2), "it is tried again by itself")
    #expect(Set(caller.bodies("retain")).count == 1)
    #expect(caller.bodies("retain").first?["operation_id"] == .text(completion.record.id))
    await caller.instance.flush()
    #expect(caller.bodies("retain").count == 2)
  }
}
