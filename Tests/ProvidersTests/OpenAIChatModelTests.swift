import Foundation
import RearviewChat
import RearviewHTTP
import RearviewProviders
import ScriptedServer
import Testing

@Suite("A model behind OpenAI's protocol")
struct OpenAIChatModelTests {
  @Test("the request is the one that the protocol asks for")
  func request() async throws {
    let server = try ScriptedServer()
    server.enqueue(.openAIAnswer("ok"))
    _ = await gather(scriptedModel(server, headers: ["x-title": "Rearview"]).stream(question))
    let request = try #require(server.requests.first)
    #expect(request.method == "POST")
    #expect(request.target == "/v1/chat/completions")
    #expect(request.headers["authorization"] == "Bearer sk-test-4711")
    #expect(request.headers["content-type"] == "application/json")
    #expect(request.headers["x-title"] == "Rearview")
    #expect(
      request.bodyText
        == #"{"messages":[{"role":"system","content":"S"},{"role":"user","content":"hi"}],"model":"m","#
        + #""stream":true,"stream_options":{"include_usage":true}}"#)
  }

  @Test("an answer streams with its reasoning, usage and finish")
  func answer() async throws {
    let server = try ScriptedServer()
    let text = "Zażółć gęślą jaźń 🌍 日本語, \"quoted\".\n\n- done"
    server.enqueue(.openAIAnswer(text, chunkSize: 3, reasoning: "Let me think.", usage: (11, 7)))
    let (gathered, error) = await gather(scriptedModel(server).stream(question))
    #expect(error == nil)
    #expect(
      gathered
        == Gathered(
          text: text, reasoning: "Let me think.", usage: Usage(inputTokens: 11, outputTokens: 7), finish: .stop))
  }

  @Test("text is there while the answer goes on, and its order with reasoning is kept")
  func streaming() async throws {
    let server = try ScriptedServer()
    let gate = Gate()
    server.enqueue(.openAIAnswer("ab", chunkSize: 1, reasoning: "r").pausing(after: 3, at: gate))
    var events: [ChatEvent] = []
    for try await event in scriptedModel(server).stream(question) {
      events.append(event)
      // The rest is sent only when this much has been seen.
      if event == .text("a") { gate.open() }
    }
    #expect(events == [.reasoning("r"), .text("a"), .text("b"), .finished(.stop)])
  }

  @Test("a whole answer to a request for a stream is an answer")
  func notStreamed() async throws {
    let server = try ScriptedServer()
    server.enqueue(
      .json(
        200,
        #" {"choices":[{"message":{"content":"whole","reasoning_content":"r"},"finish_reason":"stop"}],"#
          + #""usage":{"prompt_tokens":1,"completion_tokens":2}}"#))
    let (gathered, error) = await gather(scriptedModel(server).stream(question))
    #expect(error == nil)
    let usage = Usage(inputTokens: 1, outputTokens: 2)
    #expect(gathered == Gathered(text: "whole", reasoning: "r", usage: usage, finish: .stop))
  }

  @Test("an endpoint that refuses stream_options is asked without, and remembered")
  func streamOptionsRefused() async throws {
    let server = try ScriptedServer { request in
      request.json["stream_options"] == nil
        ? .openAIAnswer("ok") : .json(400, #"{"error":{"message":"Unknown field: stream_options"}}"#)
    }
    let model = scriptedModel(server)
    for _ in 0..<2 { #expect(await gather(model.stream(question)).0.text == "ok") }
    #expect(server.requests.map { $0.json["stream_options"] != nil } == [true, false, false])
  }

  @Test("a 422 that names it is understood too")
  func streamOptionsUnprocessable() async throws {
    let server = try ScriptedServer { request in
      request.json["stream_options"] == nil
        ? .openAIAnswer("ok")
        : .json(422, #"{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"no"}]}"#)
    }
    #expect(await gather(scriptedModel(server).stream(question)).0.text == "ok")
  }

  @Test("another 400 is not asked twice")
  func otherRefusal() async throws {
    let server = try ScriptedServer { _ in .json(400, #"{"error":{"message":"no such parameter: temperature"}}"#) }
    let (_, error) = await gather(scriptedModel(server).stream(question))
    #expect(error?.kind == .badRequest)
    #expect(server.requests.count == 1)
  }

  @Test("a stream needs no end mark after its finish, however it ends")
  func noEndMark() async throws {
    let server = try ScriptedServer()
    let events = [
      ScriptedResponse.delta(#"{"content":"a"}"#), ScriptedResponse.delta("{}", finish: "length"),
    ]
    server.enqueue(.sse(events), ScriptedResponse.sse(events + [""]).cutAfter(2))
    for _ in 0..<2 {
      let (gathered, error) = await gather(scriptedModel(server).stream(question))
      #expect(error == nil)
      #expect(gathered == Gathered(text: "a", finish: .length))
    }
  }

  @Test("a stream with an end mark needs no finish, and no end of the connection")
  func endMarkOnly() async throws {
    let server = try ScriptedServer()
    let steps = [ScriptedResponse.delta(#"{"content":"a"}"#), "data: [DONE]\n"].map { Array($0.utf8) }
    server.enqueue(.stream(steps.map { .send($0) } + [.hang]))
    let (gathered, error) = await gather(scriptedModel(server).stream(question))
    #expect(error == nil)
    #expect(gathered == Gathered(text: "a", finish: .other))
    #expect(await server.waitForDisconnects())
  }

  @Test("a last event without its blank line counts")
  func lastEventWithoutBlankLine() async throws {
    let server = try ScriptedServer()
    let last = ScriptedResponse.delta("{}", finish: "stop").trimmingCharacters(in: .newlines)
    server.enqueue(.sse([ScriptedResponse.delta(#"{"content":"a"}"#), last]))
    let (gathered, error) = await gather(scriptedModel(server).stream(question))
    #expect(error == nil)
    #expect(gathered == Gathered(text: "a", finish: .stop))
  }

  @Test("a chunk that does not parse costs only itself")
  func brokenChunk() async throws {
    let server = try ScriptedServer()
    server.enqueue(
      .sse([
        ScriptedResponse.delta(#"{"content":"a"}"#), "data: {broken\n\n", ": comment\n\n",
        ScriptedResponse.delta(#"{"content":"b"}"#, finish: "stop"),
      ]))
    #expect(await gather(scriptedModel(server).stream(question)).0 == Gathered(text: "ab", finish: .stop))
  }

  @Test("comments keep a slow answer alive")
  func commentsAreLife() async throws {
    let server = try ScriptedServer()
    // Each comment comes well within the limit, all of them together well after it.
    server.enqueue(
      .stream([
        .send(Array(ScriptedResponse.delta(#"{"content":"a"}"#).utf8)),
        .trickle(Array(": keep-alive\n\n".utf8), count: 60, pauseMilliseconds: 20),
        .send(Array(ScriptedResponse.delta("{}", finish: "stop").utf8)),
      ]))
    let timeouts = Timeouts(firstByte: .seconds(60), idle: .milliseconds(800))
    let (gathered, error) = await gather(scriptedModel(server, timeouts: timeouts).stream(question))
    #expect(error == nil)
    #expect(gathered == Gathered(text: "a", finish: .stop))
  }

  @Test("cancelling the reader closes the connection at once")
  func cancel() async throws {
    let server = try ScriptedServer()
    server.enqueue(.stream([.send(Array(ScriptedResponse.delta(#"{"content":"a"}"#).utf8)), .hang]))
    let hasBegun = Gate()
    let model = scriptedModel(server)
    let reader = Task {
      for try await event in model.stream(question) where event == .text("a") { hasBegun.open() }
    }
    #expect(await hasBegun.wait())
    reader.cancel()
    #expect(await server.waitForDisconnects(seconds: 5))
    _ = await reader.result
  }

  @Test("cancelling before the first byte closes the connection at once")
  func cancelBeforeAnswer() async throws {
    let server = try ScriptedServer()
    server.enqueue(.hang)
    let model = scriptedModel(server)
    let reader = Task { for try await _ in model.stream(question) {} }
    #expect(await server.waitForRequests())
    reader.cancel()
    #expect(await server.waitForDisconnects(seconds: 5))
    await #expect(throws: CancellationError.self) { try await reader.value }
  }

  @Test("a fire hose arrives whole, in far fewer events than chunks")
  func fireHose() async throws {
    let server = try ScriptedServer()
    server.enqueue(.openAIFireHose(count: 5_000))
    var count = 0
    var length = 0
    for try await event in scriptedModel(server).stream(question) {
      guard case .text(let text) = event else { continue }
      count += 1
      length += text.utf8.count
    }
    #expect(length == 25_000)
    #expect(count < 2_500)
  }

  @Test("an answer that was read to its end leaves a whole connection behind")
  func connectionStaysWhole() async throws {
    let server = try ScriptedServer()
    let model = scriptedModel(server)
    for _ in 0..<3 {
      server.enqueue(.openAIAnswer("ok"))
      _ = await gather(model.stream(question))
    }
    #expect(server.disconnects == 0)
    #expect(server.connectionCount == 1)
  }
}
