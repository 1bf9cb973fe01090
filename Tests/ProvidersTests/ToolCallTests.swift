import RearviewChat
import RearviewHTTP
import RearviewJSON
import ScriptedServer
import Testing

@testable import RearviewProviders

@Suite("Tool calls in OpenAI's protocol")
struct ToolCallTests {
  /// The calls of a stream whose deltas have these `tool_calls`.
  private func calls(_ deltas: [String]) -> [ToolCall] {
    var reader = AnswerReader(OpenAIDialect())
    var gathered = Gathered()
    for delta in deltas {
      for event in reader.take(Array(ScriptedResponse.delta(#"{"tool_calls":\#(delta)}"#).utf8)) {
        gathered.add(event)
      }
    }
    for event in reader.take(Array(ScriptedResponse.delta("{}", finish: "tool_calls").utf8)) { gathered.add(event) }
    for event in reader.end() { gathered.add(event) }
    #expect(reader.hasAnswered)
    #expect(reader.ending == .finished(.toolCalls))
    return gathered.toolCalls
  }

  @Test("several calls are told apart by their index, in whatever order their pieces come")
  func interleaved() {
    #expect(
      calls([
        #"[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]"#,
        #"[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{"}}]"#,
        #"[{"index":0,"function":{"arguments":"{\"x\""}},{"index":1,"function":{"arguments":"}"}}]"#,
        #"[{"index":0,"function":{"arguments":":1}"}}]"#,
      ]) == [ToolCall(id: "a", name: "f", arguments: #"{"x":1}"#), ToolCall(id: "b", name: "g", arguments: "{}")])
  }

  @Test("a server that leaves out the index, or sends all at once, is understood")
  func noIndex() {
    let both = [ToolCall(id: "a", name: "f", arguments: "{}"), ToolCall(id: "b", name: "f", arguments: "{}")]
    #expect(
      calls([
        #"[{"id":"a","function":{"name":"f","arguments":"{"}}]"#, #"[{"function":{"arguments":"}"}}]"#,
        #"[{"id":"b","function":{"name":"f","arguments":"{}"}}]"#,
      ]) == both)
    #expect(
      calls([
        #"[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"f","arguments":"{}"}}]"#
      ]) == both)
  }

  @Test("an index that repeats with a new id is a new call; one that repeats with its id is not")
  func repeatedIndex() {
    #expect(
      calls([
        #"[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}]"#,
        #"[{"index":0,"id":"a","function":{"name":"f","arguments":"1}"}}]"#,
        #"[{"index":0,"id":"b","function":{"name":"f","arguments":"{\"x\":2}"}}]"#,
      ]) == [
        ToolCall(id: "a", name: "f", arguments: #"{"x":1}"#), ToolCall(id: "b", name: "f", arguments: #"{"x":2}"#),
      ])
  }

  @Test("calls without ids are told apart by names and by arguments that are whole")
  func noIDs() {
    #expect(
      calls([
        #"[{"index":0,"id":"","function":{"name":"f","arguments":"{}"}}]"#,
        #"[{"index":0,"id":"","function":{"name":"g","arguments":"{}"}}]"#,
        #"[{"index":0,"id":"","function":{"name":"g","arguments":"{\"x\""}}]"#,
        #"[{"index":0,"id":"","function":{"name":"g","arguments":":1}"}}]"#,
      ]) == [
        ToolCall(name: "f", arguments: "{}"), ToolCall(name: "g", arguments: "{}"),
        ToolCall(name: "g", arguments: #"{"x":1}"#),
      ])
    #expect(
      calls([#"[{"function":{"name":"f","arguments":""}},{"function":{"name":"g","arguments":""}}]"#]) == [
        ToolCall(name: "f", arguments: ""), ToolCall(name: "g", arguments: ""),
      ])
  }

  @Test("arguments that are an object keep their members' order; a nameless call is none")
  func oddForms() {
    #expect(
      calls([#"[{"index":0,"id":"a","function":{"name":"f","arguments":{"z":1,"a":[true,null]}}}]"#]) == [
        ToolCall(id: "a", name: "f", arguments: #"{"z":1,"a":[true,null]}"#)
      ])
    #expect(calls([#"[{"index":0,"id":"a","function":{"arguments":"{}"}},null,7]"#]).isEmpty)
  }

  @Test("the call of before there were several is a call")
  func legacy() async throws {
    let server = try ScriptedServer()
    server.enqueue(
      .sse([
        ScriptedResponse.delta(#"{"function_call":{"name":"f","arguments":""}}"#),
        ScriptedResponse.delta(#"{"function_call":{"arguments":"{\"x\""}}"#),
        ScriptedResponse.delta(#"{"function_call":{"arguments":":1}"}}"#),
        ScriptedResponse.delta("{}", finish: "function_call"),
      ]),
      .json(200, #"{"choices":[{"message":{"content":null,"function_call":{"name":"f","arguments":"{\"x\":1}"}}}]}"#))
    for _ in 0..<2 {
      let (gathered, error) = await gather(scriptedModel(server).stream(question))
      #expect(error == nil)
      #expect(gathered == Gathered(toolCalls: [ToolCall(name: "f", arguments: #"{"x":1}"#)], finish: .toolCalls))
    }
  }

  @Test("calls come whole, right before the finish, after text and usage")
  func order() async throws {
    let server = try ScriptedServer()
    server.enqueue(
      .sse([
        ScriptedResponse.delta(#"{"content":"Let me "}"#),
        ScriptedResponse.delta(
          #"{"content":"check.","tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#),
        ScriptedResponse.delta("{}", finish: "tool_calls"),
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n", "data: [DONE]\n\n",
      ]))
    var events: [ChatEvent] = []
    for try await event in scriptedModel(server).stream(question) { events.append(event) }
    #expect(
      events.suffix(3) == [
        .usage(Usage(inputTokens: 1, outputTokens: 2)),
        .toolCall(ToolCall(id: "a", name: "f", arguments: "{}")), .finished(.toolCalls),
      ])
  }

  @Test("an answer of calls alone is one, also without a finish reason")
  func callsAlone() async throws {
    let server = try ScriptedServer()
    let call = ScriptedResponse.delta(#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f"}}]}"#)
    server.enqueue(
      .sse([call, "data: [DONE]\n\n"]),
      .json(200, #"{"choices":[{"message":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":""}}]}}]}"#))
    for _ in 0..<2 {
      let (gathered, error) = await gather(scriptedModel(server).stream(question))
      #expect(error == nil)
      #expect(
        gathered == Gathered(toolCalls: [ToolCall(id: "a", name: "f", arguments: "")], finish: .toolCalls))
    }
  }

  @Test("a token limit in the middle of arguments gives what came; a stream that breaks off gives none")
  func partial() async throws {
    let server = try ScriptedServer()
    let begun = ScriptedResponse.delta(
      #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x"}}]}"#)
    server.enqueue(.sse([begun, ScriptedResponse.delta("{}", finish: "length")]), .sse([begun]))
    let (cut, error) = await gather(scriptedModel(server).stream(question))
    #expect(error == nil)
    #expect(cut == Gathered(toolCalls: [ToolCall(id: "a", name: "f", arguments: #"{"x"#)], finish: .length))
    let (broken, failure) = await gather(scriptedModel(server).stream(question))
    #expect(failure?.kind == .cutStream)
    #expect(broken == Gathered())
  }

  @Test("the recorded whole answer gives everything", arguments: [ChatRequest.Form.openAI, .anthropic])
  func wholeAnswer(form: ChatRequest.Form) async throws {
    let server = try ScriptedServer()
    let folder = form == .openAI ? "openai-chat" : "anthropic-messages"
    server.enqueue(.json(200, String(decoding: try golden("\(folder)/response.json"), as: UTF8.self)))
    let model: any ChatModel = form == .openAI ? scriptedModel(server) : scriptedClaude(server)
    var request = question
    request.streams = false
    var events: [ChatEvent] = []
    for try await event in model.stream(request) { events.append(event) }
    let call =
      form == .openAI
      ? ToolCall(id: "call_1", name: "weather", arguments: #"{"city": "Kraków"}"#)
      : ToolCall(id: "toolu_1", name: "weather", arguments: #"{"city":"Kraków"}"#)
    // Only Anthropic signs it.
    let thinking: JSONObject = ["type": "thinking", "thinking": "Let me think. ", "signature": "c2lnbmF0dXJl"]
    #expect(
      events == [
        .reasoning("Let me think. "), .text("Hello, world. Zażółć gęślą jaźń 🌍 日本語."),
        .usage(Usage(inputTokens: 11, outputTokens: 7)),
      ] + (form == .anthropic ? [.thinkingBlock(thinking)] : []) + [.toolCall(call), .finished(.toolCalls)])
  }
}
