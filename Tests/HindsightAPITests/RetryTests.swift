import RearviewHindsightAPI
import RearviewJSON
import RearviewMemory
import Testing

@Suite("Tries")
struct RetryTests {
  @Test("a busy server is asked three times, after longer waits", arguments: [429, 503])
  func busy(_ status: Int) async throws {
    let scene = try Scene()
    for _ in 1...4 { scene.play(["detail": "slow down"], status: status) }
    #expect(
      await scene.failure { try await $0.recall(query()) }
        == .serverFailed(
          location: scene.server.url, operation: "recall", bankID: "bank-a", status: status, said: "slow down"))
    #expect(scene.server.requests.count == 3)
    #expect(scene.sleeps == [.milliseconds(500), .seconds(1)])
  }

  @Test("the server's own wait counts, and the answer after it")
  func retryAfter() async throws {
    let scene = try Scene()
    scene.play(["detail": "slow down"], status: 429, headers: ["retry-after": "7"])
    scene.play(["detail": "slow down"], status: 503, headers: ["retry-after": "0.25"])
    scene.play(["text": "Hello"])
    #expect(try await scene.store.reflect(ReflectQuery(bankID: "b", text: "q")).text == "Hello")
    #expect(scene.sleeps == [.seconds(7), .milliseconds(250)])
    #expect(Set(try (0...2).map { try scene.body($0) }).count == 1)
  }

  @Test("a wait that is no number counts as none", arguments: ["Wed, 21 Oct 2026 07:28:00 GMT", "soon", ""])
  func strangeRetryAfter(_ header: String) async throws {
    let scene = try Scene()
    scene.play([:], status: 503, headers: ["retry-after": header])
    scene.play(["results": []])
    _ = try await scene.store.recall(query())
    #expect(scene.sleeps == [.milliseconds(500)])
  }

  @Test("a negative or endless wait is none", arguments: ["-5", "inf", "nan"])
  func wildRetryAfter(_ header: String) async throws {
    let scene = try Scene()
    scene.play([:], status: 503, headers: ["retry-after": header])
    scene.play(["results": []])
    _ = try await scene.store.recall(query())
    #expect(scene.sleeps == [.zero])
  }

  @Test("a wait that is longer than the time ends with what the server said")
  func tooLong() async throws {
    let scene = try Scene()
    scene.play(["detail": "at capacity"], status: 503, headers: ["retry-after": "60"])
    let error = await scene.failure { try await $0.recall(query(timeout: .seconds(10))) }
    guard case .serverFailed(_, _, _, 503, "at capacity") = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(scene.sleeps.isEmpty)
  }

  @Test("nothing else is tried again", arguments: [400, 401, 403, 404, 409, 422, 500, 502, 504])
  func notAgain(_ status: Int) async throws {
    let scene = try Scene()
    for _ in 1...2 { scene.play(["detail": "no"], status: status) }
    #expect(await scene.failure { try await $0.recall(query()) } != nil)
    #expect(scene.server.requests.count == 1)
  }

  @Test("writes are not tried again here", arguments: [429, 503])
  func writes(_ status: Int) async throws {
    for call in [
      { @Sendable (store: HindsightAPI) in _ = try await store.retain(turn()) },
      { @Sendable (store: HindsightAPI) in try await store.setBank(id: "b", name: "n", mission: nil, timeout: nil) },
      { @Sendable (store: HindsightAPI) in _ = try await store.edit(id: "a", bankID: "b", text: "t") },
    ] {
      let scene = try Scene()
      for _ in 1...2 { scene.play(["detail": "no"], status: status) }
      guard case .serverFailed = await scene.failure(call) else {
        Issue.record("no failure")
        continue
      }
      #expect(scene.server.requests.count == 1)
    }
  }
}
