import RearviewChat
import RearviewHTTP
import RearviewJSON
import ScriptedServer
import Testing

@testable import RearviewProviders

@Suite("A model behind Anthropic's protocol")
struct AnthropicChatModelTests {
  private func event(_ type: String, _ members: String) -> String {
    "event: \(type)\ndata: {\"type\":\"\(type)\",\(members)}\n\n"
  }

  private func text(_ text: String, at index: Int = 0) -> String {
    event("content_block_delta", #""index":\#(index),"delta":{"type":"text_delta","text":"\#(text)"}"#)
  }

  private func ending(_ reason: String) -> [String] {
    [
      event("message_delta", #""delta":{"stop_reason":"\#(reason)"},"usage":{"output_tokens":7}"#),
      "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    ]
  }

  @Test("the request is the one that the protocol asks for")
  func request() async throws {
    let server = try ScriptedServer { _ in .sse([text("ok")] + ending("end_turn")) }
    let headers = ["anthropic-beta": "b", "Anthropic-Version": "2026-10-21"]
    for (headers, version) in [([:], "2023-06-01"), (headers, "2026-10-21")] {
      let (gathered, error) = await gather(scriptedClaude(server, headers: headers).stream(question))
      #expect(error == nil)
      #expect(gathered.text == "ok")
      let request = try #require(server.requests.last)
      #expect(request.method == "POST")
      #expect(request.target == "/v1/messages")
      #expect(request.headers["x-api-key"] == "sk-ant-test-4711")
      #expect(request.headers["authorization"] == nil)
      #expect(request.headers["content-type"] == "application/json")
      #expect(request.headers["anthropic-version"] == version)
      #expect(request.headers["anthropic-beta"] == headers["anthropic-beta"])
      #expect(
        request.bodyText
          == #"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"#
          + #""max_tokens":4096,"system":[{"type":"text","text":"S"}],"stream":true}"#)
    }
  }

  @Test("text is there while the answer goes on; a body that stays open after the end is left")
  func streaming() async throws {
    let server = try ScriptedServer()
    let gate = Gate()
    let steps = [text("a"), text("b", at: 1)] + ending("end_turn")
    server.enqueue(
      ScriptedResponse.stream(steps.map { .send(Array($0.utf8)) } + [.hang]).pausing(after: 1, at: gate))
    var events: [ChatEvent] = []
    for try await event in scriptedClaude(server).stream(question) {
      events.append(event)
      if event == .text("a") { gate.open() }
    }
    #expect(
      events.filter { if case .usage = $0 { false } else { true } } == [.text("a"), .text("b"), .finished(.stop)])
    #expect(await server.waitForDisconnects())
  }

  @Test("what is read from the cache or put there is input; later counts replace earlier ones")
  func usage() async throws {
    let server = try ScriptedServer()
    let counts = #"{"input_tokens":3,"cache_creation_input_tokens":20,"cache_read_input_tokens":100,"output_tokens":1}"#
    server.enqueue(
      .sse([event("message_start", #""message":{"usage":\#(counts)}"#), text("a")] + ending("end_turn")),
      .json(200, #"{"content":[{"type":"text","text":"a"}],"stop_reason":"end_turn","usage":\#(counts)}"#))
    for output in [7, 1] {
      let (gathered, error) = await gather(scriptedClaude(server).stream(question))
      #expect(error == nil)
      #expect(gathered.usage == Usage(inputTokens: 123, outputTokens: output, cachedInputTokens: 100))
    }
  }

  @Test("a whole answer is one event of each kind, its texts joined")
  func wholeInterleaved() async throws {
    let server = try ScriptedServer()
    server.enqueue(
      .json(
        200,
        #"{"content":[{"type":"thinking","thinking":"a"},{"type":"text","text":"b"},{"type":"redacted_thinking"},"#
          + #"{"type":"thinking","thinking":"c"},{"type":"text","text":"d"}],"stop_reason":"end_turn"}"#))
    var events: [ChatEvent] = []
    for try await event in scriptedClaude(server).stream(question) { events.append(event) }
    #expect(events == [.reasoning("ac"), .text("bd"), .finished(.stop)])
  }

  @Test(
    "each reason to stop has its word",
    arguments: [
      ("end_turn", .stop), ("stop_sequence", .stop), ("max_tokens", .length), ("tool_use", .toolCalls),
      ("refusal", .contentFilter), ("model_context_window_exceeded", .length), ("pause_turn", .other), ("new", .other),
    ] as [(String, FinishReason)])
  func finish(reason: String, expected: FinishReason) async throws {
    let server = try ScriptedServer()
    server.enqueue(
      .sse(ending(reason)), .json(200, #"{"type":"message","content":[],"stop_reason":"\#(reason)"}"#))
    for _ in 0..<2 {
      let (gathered, error) = await gather(scriptedClaude(server).stream(question))
      #expect(error == nil)
      #expect(gathered.finish == expected)
    }
  }

  @Test("text in the start of a block counts; thinking there, pings and what is unknown do not")
  func laxReading() async throws {
    let server = try ScriptedServer()
    let events = [
      event("ping", #""x":1"#), "data: {broken\n\n", ": comment\n\n",
      event("content_block_start", #""index":0,"content_block":{"type":"thinking","thinking":"hm"}"#),
      event("content_block_delta", #""index":0,"delta":{"type":"thinking_delta","thinking":"hm"}"#),
      event("content_block_start", #""index":1,"content_block":{"type":"text","text":"a"}"#), text("b", at: 1),
      event("content_block_start", #""index":2,"content_block":{"type":"server_tool_use","id":"s","name":"w"}"#),
      event("content_block_delta", #""index":2,"delta":{"type":"input_json_delta","partial_json":"{}"}"#),
      event("content_block_delta", #""index":3,"delta":{"type":"new_delta","new":"x"}"#), event("new_event", #""x":1"#),
    ]
    server.enqueue(.sse(events + ending("end_turn")))
    let (gathered, error) = await gather(scriptedClaude(server).stream(question))
    #expect(error == nil)
    let usage = Usage(inputTokens: 0, outputTokens: 7)
    #expect(gathered == Gathered(text: "ab", reasoning: "hm", usage: usage, finish: .stop))
  }

  @Test("tool calls are put together by their block; one without input has an empty object, one with has it")
  func toolCalls() async throws {
    func start(_ index: Int, _ id: String, _ input: String) -> String {
      event(
        "content_block_start",
        #""index":\#(index),"content_block":{"type":"tool_use","id":"\#(id)","name":"f","input":\#(input)}"#)
    }
    func piece(_ index: Int, _ json: String) -> String {
      event(
        "content_block_delta",
        #""index":\#(index),"delta":{"type":"input_json_delta","partial_json":\#(ScriptedResponse.quoted(json))}"#)
    }
    let server = try ScriptedServer()
    server.enqueue(
      .sse(
        [start(0, "a", "{}"), start(1, "b", "{}"), piece(1, ""), piece(0, #"{"x""#), piece(0, ": 1}")]
          + [start(2, "c", #"{"z":1,"y":2}"#)] + ending("tool_use")),
      .sse([start(0, "a", "{}"), piece(0, #"{"x"#)] + ending("max_tokens")))
    #expect(
      await gather(scriptedClaude(server).stream(question)).0.toolCalls == [
        ToolCall(id: "a", name: "f", arguments: #"{"x": 1}"#), ToolCall(id: "b", name: "f", arguments: "{}"),
        ToolCall(id: "c", name: "f", arguments: #"{"z":1,"y":2}"#),
      ])
    #expect(
      await gather(scriptedClaude(server).stream(question)).0.toolCalls == [
        ToolCall(id: "a", name: "f", arguments: #"{"x"#)
      ])
  }

  @Test("a stream that ends early is cut; what came is kept, half a tool call is not")
  func cut() async throws {
    let server = try ScriptedServer()
    let call = event(
      "content_block_start", #""index":1,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}"#)
    let steps = [text("half"), call, "event: message_st"]
    server.enqueue(.sse(steps), ScriptedResponse.sse(steps).cutAfter(2), .sse([]))
    for expected in ["half", "half", ""] {
      let (gathered, error) = await gather(scriptedClaude(server).stream(question))
      #expect(error?.kind == .cutStream)
      #expect(gathered == Gathered(text: expected))
    }
  }

  @Test("an error in a stream is told in the provider's words, and by its type where nothing came before")
  func failures() async throws {
    let server = try ScriptedServer()
    let overloaded = event("error", #""error":{"type":"overloaded_error","message":"Overloaded"}"#)
    let limited = event("error", #""error":{"type":"rate_limit_error","message":"Slow"}"#)
    server.enqueue(.sse([text("half"), overloaded]), .sse([overloaded]), .sse([limited]))
    for (kind, detail) in [
      (.failedMidStream, "Overloaded"), (.server, "Overloaded"), (.rateLimited(retryAfter: nil), "Slow"),
    ] as [(ChatModelError.Kind, String)] {
      let (_, error) = await gather(scriptedClaude(server).stream(question))
      #expect(error?.kind == kind)
      #expect(error?.detail == detail)
      #expect(error?.model == "anthropic/m")
    }
  }

  @Test(
    "each refusal is told apart",
    arguments: [
      (400, "prompt is too long: 200082 tokens > 199999 maximum", .contextTooLong),
      (400, "Your credit balance is too low to access the Anthropic API.", .payment),
      (400, "messages: at least one message is required", .badRequest), (404, "model: m", .notFound),
      (529, "Overloaded", .server),
    ] as [(Int, String, ChatModelError.Kind)])
  func refusals(status: Int, message: String, kind: ChatModelError.Kind) async throws {
    let server = try ScriptedServer()
    server.enqueue(
      .json(status, #"{"type":"error","error":{"type":"invalid_request_error","message":"\#(message)"}}"#))
    let (_, error) = await gather(scriptedClaude(server).stream(question))
    #expect(error?.kind == kind)
    #expect(error?.status == status)
    #expect(error?.detail == message)
  }

  @Test("a page, or an object of another protocol, is unreadable")
  func unreadable() async throws {
    let server = try ScriptedServer()
    server.enqueue(.body(200, "<p>Hello"), .json(200, #"{"hello":1}"#))
    for _ in 0..<2 {
      #expect(await gather(scriptedClaude(server).stream(question)).1?.kind == .unreadable)
    }
  }

  @Test("a key that is not set is named and nothing is sent; one that is repeated does not get into the error")
  func keys() async throws {
    let server = try ScriptedServer { request in
      .json(401, #"{"error":{"message":"bad \#(request.headers["x-api-key"] ?? "")"}}"#)
    }
    #expect(
      await gather(scriptedClaude(server, key: " ").stream(question)).1?.kind == .noKey(variable: "SCRIPTED_KEY"))
    #expect(server.requests.isEmpty)
    let (_, error) = await gather(scriptedClaude(server).stream(question))
    #expect(error?.kind == .unauthorised)
    #expect(error?.detail == "bad [key]")
  }

  @Test("cancelling the reader closes the connection at once")
  func cancel() async throws {
    let server = try ScriptedServer()
    server.enqueue(.hang)
    let model = scriptedClaude(server)
    let reader = Task { for try await _ in model.stream(question) {} }
    #expect(await server.waitForRequests())
    reader.cancel()
    #expect(await server.waitForDisconnects(seconds: 5))
    await #expect(throws: CancellationError.self) { try await reader.value }
  }
}
