import Foundation
import RearviewHTTP
import RearviewHindsightAPI
import RearviewJSON
import RearviewMemory
import ScriptedServer
import Testing

@Suite("Failures")
struct FailureTests {
  @Test("every request carries the key, and none without one", arguments: [Scene.key, " \(Scene.key)\n", nil, "  "])
  func key(_ key: String?) async throws {
    let scene = try Scene(
      apiKey: key,
      answers: [
        ["results": []], ["text": ""], ["success": true, "async": true, "operation_id": "x"], ["status": "completed"],
        ["original_text": ""], [:], ["banks": []], ["items": []], ["items": []], ["id": "a"], ["id": "a"],
        ["id": "a"], ["id": "a"], ["api_version": "1.1.0"],
      ])
    let store = scene.store
    _ = try await store.recall(query())
    _ = try await store.reflect(ReflectQuery(bankID: "b", text: "q"))
    _ = try await store.retain(turn(), timeout: nil)
    _ = try await store.documentText(id: "d", bankID: "b")
    try await store.setBank(id: "b", name: nil, mission: nil, timeout: nil)
    _ = try await store.banks()
    _ = try await store.memories(MemoryPageRequest(bankID: "b"))
    _ = try await store.memory(id: "a", bankID: "b")
    _ = try await store.edit(id: "a", bankID: "b", text: "t")
    _ = try await store.invalidate(id: "a", bankID: "b", reason: nil)
    _ = try await store.restore(id: "a", bankID: "b")
    _ = try await store.version()
    #expect(scene.server.requests.count == 14)
    let isKeyless = key?.contains(Scene.key) != true
    for request in scene.server.requests {
      #expect(request.headers["authorization"] == (isKeyless ? nil : "Bearer \(Scene.key)"))
      #expect(request.headers["accept"] == "application/json")
      #expect(request.headers["content-type"] == (request.body.isEmpty ? nil : "application/json"))
      #expect(request.headers["user-agent"] == "rearview/test")
    }
  }

  @Test("a recorded refusal of the key says so")
  func unauthorised() async throws {
    let scene = try Scene()
    try scene.playRecorded("auth", "wrong key")
    #expect(
      await scene.failure { try await $0.recall(query()) }
        == .unauthorised(
          location: scene.server.url, operation: "recall", bankID: query().bankID,
          said: "Authentication failed: Invalid API key"))
  }

  @Test(
    "a refusal repeats what the server says",
    arguments: [
      ("recall_memories", "bad query time", "Invalid query_timestamp format. Expected ISO format"),
      ("reflect", "bad response schema", "body.response_schema: Value error, response_schema must define"),
      ("other", "no such path", "Not Found"),
    ])
  func refused(_ operation: String, _ name: String, _ words: String) async throws {
    let scene = try Scene()
    try scene.playRecorded(operation, name)
    guard case .refused(_, "recall", "bank-a", _, let said) = await scene.failure({ try await $0.recall(query()) })
    else {
      Issue.record("not refused")
      return
    }
    #expect(said.hasPrefix(words))
  }

  @Test("a list of mistakes is told whole, with the places")
  func severalMistakes() async throws {
    let scene = try Scene()
    scene.play(
      [
        "detail": [
          ["loc": ["body", "items", 0, "content"], "msg": "content cannot be empty"], ["msg": "too long"], "plain",
        ]
      ], status: 422)
    #expect(
      await scene.failure { try await $0.retain(turn()) }
        == .refused(
          location: scene.server.url, operation: "retain", bankID: "bank-a", status: 422,
          said: "body.items.0.content: content cannot be empty; too long; plain"))
  }

  @Test("a failing model is the server's failure", arguments: ["the model fails", "the model refuses the key"])
  func modelFails(_ name: String) async throws {
    let scene = try Scene()
    try scene.playRecorded("reflect", name)
    let error = await scene.failure { try await $0.reflect(ReflectQuery(bankID: "b", text: "q")) }
    guard case .serverFailed(_, "reflect", "b", 500, let said) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(said.contains("mock failure"))
    #expect(scene.server.requests.count == 1)
  }

  @Test("no error holds the key, also when the server repeats it", arguments: [400, 401, 403, 404, 500, 503, 200])
  func keyIsNotRepeated(_ status: Int) async throws {
    let scene = try Scene()
    // Where it is cut, half a key would be left.
    let words = String(repeating: "x", count: 290) + Scene.key
    for _ in 1...3 { scene.play(["detail": .text("bad key \(Scene.key)! \(words)")], status: status) }
    let error = try #require(await scene.failure { try await $0.recall(query()) })
    #expect(!"\(error)".contains(Scene.key.prefix(5)))
    var dumped = ""
    dump(error, to: &dumped)
    #expect(!dumped.contains(Scene.key))
  }

  @Test("long and wild words of a server become one short line")
  func shortened() async throws {
    let scene = try Scene()
    scene.play(["detail": .text("a\u{1B}[31m\n\n\tb " + String(repeating: "word ", count: 500))], status: 400)
    guard case .refused(_, _, _, _, let said) = await scene.failure({ try await $0.recall(query()) }) else {
      Issue.record("not refused")
      return
    }
    #expect(said.hasPrefix("a [31m b word word"))
    #expect(said.count == 300)
    #expect(said.hasSuffix("…"))
  }

  @Test("a proxy's page is not repeated, a proxy's line is")
  func proxies() async throws {
    for (body, words) in [
      ("<html><title>502 Bad Gateway</title></html>", "it gives no reason"), ("", "it gives no reason"),
      ("upstream is down\n", "upstream is down"), (#"{"message":"no tunnel"}"#, "no tunnel"),
    ] {
      let scene = try Scene()
      scene.server.enqueue(.body(502, body, type: "text/html"))
      #expect(
        await scene.failure { try await $0.recall(query()) }
          == .serverFailed(
            location: scene.server.url, operation: "recall", bankID: "bank-a", status: 502, said: words))
    }
  }

  @Test(
    "an answer that is none of a Hindsight server is told as such",
    arguments: [
      "<html>oops", "", "[]", "null", "{}", #"{"results":{}}"#, #"{"results":null}"#, #"{"results":["a"]}"#,
      #"{"results":[}"#, String(repeating: "[", count: 100_000),
    ])
  func broken(_ body: String) async throws {
    let scene = try Scene()
    scene.server.enqueue(.body(200, body))
    let error = await scene.failure { try await $0.recall(query()) }
    guard case .unreadable(_, "recall", "bank-a", _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test("every call refuses an answer of the wrong shape")
  func wrongShapes() async throws {
    let calls: [@Sendable (HindsightAPI) async throws -> Void] = [
      { _ = try await $0.reflect(ReflectQuery(bankID: "b", text: "q")) }, { _ = try await $0.retain(turn()) },
      { _ = try await $0.documentText(id: "d", bankID: "b") }, { _ = try await $0.banks() },
      { _ = try await $0.memories(MemoryPageRequest(bankID: "b")) }, { _ = try await $0.memory(id: "a", bankID: "b") },
      { _ = try await $0.edit(id: "a", bankID: "b", text: "t") }, { _ = try await $0.version() },
    ]
    for (number, call) in calls.enumerated() {
      let scene = try Scene(answers: [[1], [1]])
      let error = await scene.failure(call)
      guard case .unreadable = error else {
        Issue.record("call \(number): \(String(describing: error))")
        continue
      }
    }
  }

  @Test("an answer that does not end is given up")
  func endless() async throws {
    let scene = try Scene()
    scene.server.enqueue(
      ScriptedResponse(steps: [.flood(Array(repeating: UInt8(ascii: " "), count: 65_536), count: 1_000)]))
    guard case .unreadable(_, _, _, let cause) = await scene.failure({ try await $0.recall(query()) }) else {
      Issue.record("it was read")
      return
    }
    #expect(cause.contains("longer than"))
  }

  @Test("a server that is not there is unreachable, and asked once")
  func unreachable() async throws {
    let scene = try Scene()
    scene.server.stop()
    let error = await scene.failure { try await $0.recall(query()) }
    guard case .unreachable(_, "recall", "bank-a", let cause) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(cause.contains("nothing listens"))
    #expect(scene.sleeps.isEmpty)
  }

  @Test("a connection that breaks is told as such")
  func cut() async throws {
    let scene = try Scene()
    scene.server.enqueue(.cut)
    guard case .unreachable = await scene.failure({ try await $0.recall(query()) }) else {
      Issue.record("it was answered")
      return
    }
    #expect(scene.server.requests.count == 1)
  }

  @Test("silence ends with the timeout that was set, and says which")
  func silence() async throws {
    let scene = try Scene()
    scene.server.enqueue(.hang)
    let error = await scene.failure { try await $0.recall(query(timeout: .milliseconds(200))) }
    #expect(
      error
        == .timedOut(location: scene.server.url, operation: "recall", bankID: "bank-a", after: .milliseconds(200)))
    #expect("\(try #require(error))".contains("did not answer within 0.2 s; recall_timeout_seconds"))
    #expect(await scene.server.waitForDisconnects())
  }

  @Test("a body that trickles does not outlast the timeout")
  func trickle() async throws {
    let scene = try Scene()
    scene.server.enqueue(ScriptedResponse(steps: [.trickle([0x20], count: 500, pauseMilliseconds: 20)]))
    let start = ContinuousClock.now
    let error = await scene.failure { try await $0.recall(query(timeout: .milliseconds(200))) }
    #expect(ContinuousClock.now - start < .seconds(3))
    guard case .timedOut = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(await scene.server.waitForDisconnects())
  }

  @Test("an error of an operation that no setting limits names no setting")
  func noHint() async throws {
    let scene = try Scene()
    scene.server.enqueue(.hang)
    let error = try #require(await scene.failure { _ = try await $0.version(timeout: .milliseconds(100)) })
    #expect("\(error)" == "version: \(scene.server.url) did not answer within 0.1 s.")
  }

  @Test("a cancelled call closes its connection")
  func cancelled() async throws {
    let scene = try Scene()
    scene.server.enqueue(.hang)
    let task = Task { try await scene.store.recall(query()) }
    #expect(await scene.server.waitForRequests())
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(await scene.server.waitForDisconnects())
  }

  @Test("a call that is cancelled while it waits for its next try asks no more")
  func cancelledBetweenTries() async throws {
    let server = try ScriptedServer { _ in .json(503, "{}") }
    let asleep = Gate()
    let store = try HindsightAPI(
      url: server.url, apiKey: nil, transport: HTTPClientTransport(userAgent: "rearview/test"),
      timing: HindsightAPI.Timing(sleep: { _ in
        asleep.open()
        try await Task.sleep(for: .seconds(60))
      }))
    let task = Task { try await store.recall(query()) }
    #expect(await asleep.wait())
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(server.requests.count == 1)
  }
}
