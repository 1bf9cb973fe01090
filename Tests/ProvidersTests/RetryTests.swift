import RearviewChat
import RearviewHTTP
import ScriptedServer
import Testing

@testable import RearviewProviders

@Suite("Tries and fallbacks")
struct RetryTests {
  /// All events, and the error that ended them.
  private func events(
    _ stream: AsyncThrowingStream<ChatEvent, any Error>
  ) async -> ([ChatEvent], ChatModelError?) {
    var events: [ChatEvent] = []
    do {
      for try await event in stream { events.append(event) }
      return (events, nil)
    } catch {
      return (events, error as? ChatModelError)
    }
  }

  private func retries(_ events: [ChatEvent]) -> [Retry] {
    events.compactMap { if case .retrying(let retry) = $0 { retry } else { nil } }
  }

  @Test(
    "what passes is tried again until it has",
    arguments: [408, 409, 429, 500, 502, 503, 529])
  func passing(status: Int) async throws {
    let server = try ScriptedServer()
    let refusal = ScriptedResponse.json(status, #"{"error":{"message":"later"}}"#, headers: ["retry-after-ms": "60"])
    server.enqueue(refusal, refusal, .openAIAnswer("ok"))
    let (events, error) = await events(scriptedModel(server, retries: RetryPolicy()).stream(question))
    #expect(error == nil)
    let tries = retries(events)
    #expect(tries.map(\.attempt) == [2, 3])
    #expect(tries.allSatisfy { $0.waitMilliseconds == 60 && $0.reason.contains("later") && $0.model == nil })
    #expect(events.last == .finished(.stop))
    #expect(server.requests.count == 3)
  }

  @Test("what does not pass is not tried again", arguments: [400, 401, 402, 403, 404, 422])
  func lasting(status: Int) async throws {
    let server = try ScriptedServer()
    server.enqueue(.json(status, "{}"))
    let (events, error) = await events(scriptedModel(server, retries: RetryPolicy()).stream(question))
    #expect(events.isEmpty && error?.status == status && server.requests.count == 1)
  }

  @Test("a quota that is used up, a wait that is too long, and a server that says no end it at once")
  func refusals() async throws {
    for response in [
      ScriptedResponse.json(429, #"{"error":{"code":"insufficient_quota","message":"m"}}"#),
      .json(429, "{}", headers: ["retry-after": "3600"]), .json(500, "{}", headers: ["x-should-retry": "false"]),
    ] {
      let server = try ScriptedServer()
      server.enqueue(response)
      let (events, error) = await events(scriptedModel(server, retries: RetryPolicy()).stream(question))
      #expect(events.isEmpty && error != nil && server.requests.count == 1)
    }
  }

  @Test("the last failure is told when the tries are used up")
  func exhausted() async throws {
    let server = try ScriptedServer { _ in
      .json(503, #"{"error":{"message":"still"}}"#, headers: ["retry-after-ms": "51"])
    }
    let (events, error) = await events(
      scriptedModel(server, retries: RetryPolicy(maxRetries: 1)).stream(question))
    #expect(retries(events).count == 1 && error?.kind == .server && server.requests.count == 2)
  }

  @Test("an error in a stream that has not begun to answer is tried again; after the first word none is")
  func midStream() async throws {
    let overloaded = #"data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"# + "\n\n"
    let server = try ScriptedServer()
    let begun = #"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}"# + "\n\n"
    server.enqueue(
      .sse([overloaded]),
      .json(200, #"{"content":[{"type":"text","text":"ok"}],"stop_reason":"end_turn"}"#))
    let (first, none) = await events(scriptedClaude(server, retries: RetryPolicy()).stream(question))
    #expect(none == nil && retries(first).count == 1 && first.contains(.text("ok")))
    server.enqueue(.sse([begun, overloaded]))
    let (second, error) = await events(scriptedClaude(server, retries: RetryPolicy()).stream(question))
    #expect(second == [.text("a")] && error?.kind == .failedMidStream)
    #expect(server.requests.count == 3)
  }

  @Test("a connection that is refused, or breaks before the answer, is tried again")
  func connections() async throws {
    let server = try ScriptedServer()
    server.enqueue(.stream([.cut]), .openAIAnswer("ok"))
    let (events, error) = await events(scriptedModel(server, retries: RetryPolicy()).stream(question))
    #expect(error == nil && retries(events).count == 1)
    let gone = try ScriptedServer()
    let model = scriptedModel(gone, retries: RetryPolicy(maxRetries: 1))
    gone.stop()
    let (refused, failure) = await self.events(model.stream(question))
    #expect(retries(refused).count == 1 && failure?.kind == .unreachable)
  }

  @Test("cancelling ends the wait at once, and nothing more is sent")
  func cancelled() async throws {
    let server = try ScriptedServer { _ in .json(429, "{}", headers: ["retry-after": "100"]) }
    let model = scriptedModel(server, retries: RetryPolicy())
    let task = Task {
      for try await event in model.stream(question) {
        if case .retrying = event { withUnsafeCurrentTask { $0?.cancel() } }
      }
    }
    _ = await task.result
    #expect(server.requests.count == 1)
  }

  @Test("waits double up to eight seconds, less a part by chance; what the provider asks for holds")
  func waits() {
    let backoff = Backoff(policy: RetryPolicy(maxRetries: 9))
    var error = ChatModelError(.server, provider: "P", model: "m")
    for (attempt, most) in [(1, 500), (2, 1000), (3, 2000), (4, 4000), (5, 8000), (6, 8000)] {
      for _ in 0..<20 {
        let wait = backoff.wait(after: error, attempt: attempt) ?? .zero
        #expect(wait <= .milliseconds(most) && wait >= .milliseconds(most * 3 / 4))
      }
    }
    #expect(backoff.wait(after: error, attempt: 10) == nil)
    error.wait = .seconds(3)
    #expect(backoff.wait(after: error, attempt: 1) == .seconds(3))
    error.wait = .zero
    #expect(backoff.wait(after: error, attempt: 1) == .milliseconds(50))
    let limited = ChatModelError(.rateLimited(retryAfter: .seconds(7)), provider: "P", model: "m")
    #expect(backoff.wait(after: limited, attempt: 1) == .seconds(7))
  }

  // MARK: Fallbacks

  @Test("a model that fails before it answers is followed by the next; one that has begun is not")
  func fallbacks() async throws {
    let first = try ScriptedServer { _ in .json(401, #"{"error":{"message":"no"}}"#) }
    let second = try ScriptedServer { _ in .openAIAnswer("from two") }
    let catalog = ModelCatalog(
      transport: HTTPClientTransport(userAgent: "t"), environment: [:],
      providers: [
        ProviderConfiguration(name: "one", baseURL: first.url), ProviderConfiguration(name: "two", baseURL: second.url),
      ], retries: .never)
    let model = try catalog.resolve("one/m", fallbacks: ["one/m", "nowhere/m", "two/m"]) { name, request in
      var request = request
      request.parameters = ["user": .text(name)]
      return request
    }
    #expect(model.name == "one/m")
    let (events, error) = await events(model.stream(question))
    #expect(error == nil)
    #expect(retries(events).map(\.model) == ["two/m"])
    #expect(retries(events).first?.waitMilliseconds == 0)
    #expect(events.contains(.text("from two")))
    #expect(first.requests.first?.json["user"] == nil && second.requests.first?.json["user"] as? String == "two/m")

    let cut = try ScriptedServer { _ in
      .sse([
        #"data: {"choices":[{"delta":{"content":"half"}}]}"# + "\n\n", "data: {\"error\":{\"message\":\"broke\"}}\n\n",
      ])
    }
    let other = ModelCatalog(
      transport: HTTPClientTransport(userAgent: "t"), environment: [:],
      providers: [
        ProviderConfiguration(name: "one", baseURL: cut.url), ProviderConfiguration(name: "two", baseURL: second.url),
      ], retries: .never)
    let (half, failure) = await self.events(try other.resolve("one/m", fallbacks: ["two/m"]).stream(question))
    #expect(half == [.text("half")] && failure?.kind == .failedMidStream)
    #expect(second.requests.count == 1)
  }

  @Test("when all fail, the last one's error is told")
  func allFail() async throws {
    let one = try ScriptedServer { _ in .json(401, "{}") }
    let two = try ScriptedServer { _ in .json(404, "{}") }
    let catalog = ModelCatalog(
      transport: HTTPClientTransport(userAgent: "t"), environment: [:],
      providers: [
        ProviderConfiguration(name: "one", baseURL: one.url), ProviderConfiguration(name: "two", baseURL: two.url),
      ], retries: .never)
    let (_, error) = await events(try catalog.resolve("one/m", fallbacks: ["two/m"]).stream(question))
    #expect(error?.kind == .notFound && error?.model == "two/m")
  }
}
