import RearviewChat
import RearviewHTTP
import RearviewJSON
import ScriptedServer
import Testing

@testable import RearviewProviders

@Suite("What is sent in OpenAI's protocol")
struct OpenAIRequestTests {
  @Test(
    "a request that a program wrote goes out as the vendor's own client sends it",
    arguments: ["multi_turn", "reasoning_model", "stream", "tool_result"])
  func recorded(name: String) throws {
    let body = try #require(try JSONValue(parsing: golden("openai-chat/request.\(name).json"))["body"]?.object)
    let request = try ChatRequest(recorded: body)
    let sent = OpenAIRequest(request, model: try #require(body["model"]?.text))
    #expect(sent.json == body)
    #expect(!sent.mayAskForUsage)
  }

  @Test(
    "a request goes out as LiteLLM sent it",
    arguments: [
      "inject_recall_developer_role", "inject_recall_message_objects", "inject_recall_multimodal_user",
      "store_sync_other_roles", "store_sync_tool_history", "stream_text_and_tool_calls", "stream_tool_calls_only",
    ])
  func likeLiteLLM(name: String) throws {
    let (request, body) = try liteLLM(name)
    #expect(OpenAIRequest(request, model: "gpt-4o-mini").json == body)
  }

  @Test("a content that is null stays, which LiteLLM leaves out and OpenAI's own client does not")
  func nullContent() throws {
    let (request, body) = try liteLLM("store_sync_tool_history_null_content")
    let sent = OpenAIRequest(request, model: "gpt-4o-mini").json
    var messages = try #require(sent["messages"]?.list)
    #expect(messages[1]["content"] == .null)
    var answer = try #require(messages[1].object)
    answer["content"] = nil
    messages[1] = .object(answer)
    #expect(.list(messages) == body["messages"])
  }

  @Test("members of a message that are null are left out, all others stay in their order")
  func nullMembers() {
    let message = Message(json: [
      "name": "n", "role": "assistant", "content": .null, "refusal": .null, "audio": .null, "x": [.null],
    ])
    #expect(
      written(ChatRequest(messages: [message], streams: false))
        == #"{"messages":[{"name":"n","role":"assistant","content":null,"x":[null]}],"model":"m"}"#)
  }

  @Test("instructions of a developer are the system's to a model that has no such role")
  func developerRole() {
    let request = ChatRequest(messages: [Message(.developer, "D"), Message(.user, "u")])
    for (model, role) in [
      ("gpt-4o-mini", "system"), ("gpt-4.1", "system"), ("llama3.2", "system"), ("olmo", "system"),
      ("openai/gpt-oss-120b", "system"), ("o1", "developer"), ("o3-mini", "developer"), ("o4-mini", "developer"),
      ("gpt-5-mini", "developer"), ("gpt-5.2", "developer"), ("openai/o3", "developer"),
    ] {
      let messages = OpenAIRequest(request, model: model).json["messages"]
      #expect(messages == [["role": .text(role), "content": "D"], ["role": "user", "content": "u"]], "\(model)")
    }
  }

  @Test("parameters go out untouched, and none of them passes for the messages, the model or the stream")
  func parameters() {
    let parameters: JSONObject = [
      "temperature": 0.5, "stop": .null, "stream": true, "messages": [], "model": "x", "seed": 1,
      "stream_options": ["include_usage": false],
    ]
    #expect(
      written(ChatRequest(messages: [], parameters: parameters, streams: false))
        == #"{"messages":[],"model":"m","temperature":0.5,"stop":null,"seed":1,"#
        + #""stream_options":{"include_usage":false}}"#)
    let streamed = OpenAIRequest(ChatRequest(messages: [], parameters: parameters), model: "m")
    #expect(streamed.json["stream"] == true)
    #expect(!streamed.mayAskForUsage)
  }

  @Test("the usage of a stream is asked for only where the request may be completed")
  func usage() async throws {
    let server = try ScriptedServer { _ in .openAIAnswer("ok") }
    var request = question
    for (isCompletable, streams, asks) in [(true, true, true), (false, true, false), (true, false, false)] {
      request.isCompletable = isCompletable
      request.streams = streams
      #expect(await gather(scriptedModel(server).stream(request)).0.text == "ok")
      let sent = try #require(server.requests.last)
      #expect((sent.json["stream_options"] != nil) == asks)
      #expect((sent.json["stream"] != nil) == streams)
    }
  }

  @Test("a program's own stream_options that are refused are an error, not left out")
  func ownStreamOptions() async throws {
    let server = try ScriptedServer { _ in .json(400, #"{"error":{"message":"Unknown field: stream_options"}}"#) }
    var request = question
    request.parameters = ["stream_options": ["include_usage": true]]
    #expect(await gather(scriptedModel(server).stream(request)).1?.kind == .badRequest)
    #expect(server.requests.count == 1)
  }

  @Test("a whole answer may take five times as long to begin as a stream")
  func wholeTimeouts() async throws {
    let transport = KeepingTransport()
    let endpoint = Endpoint(provider: "P", baseURL: "http://h/v1")
    let model = try RemoteModel(name: "p/m", model: "m", endpoint: endpoint, transport: transport)
    for streams in [true, false] {
      #expect(await gather(model.stream(ChatRequest(messages: [], streams: streams))).0.text == "ok")
    }
    #expect(await transport.requests.map(\.timeouts) == [Timeouts(), Timeouts(firstByte: .seconds(600))])
    #expect(
      await transport.requests.map { $0.headers["accept"] } == [
        "text/event-stream, application/json", "application/json",
      ])
  }

  @Test("a request in Anthropic's form is translated")
  func anthropicForm() throws {
    let messages: [JSONObject] = [
      ["role": "system", "content": "S"],
      [
        "role": "user",
        "content": [
          ["type": "text", "text": "look"],
          ["type": "image", "source": ["type": "base64", "media_type": "image/gif", "data": "aGk="]],
          ["type": "image", "source": ["type": "url", "url": "http://h/i.png"]],
        ],
      ],
      [
        "role": "assistant",
        "content": [
          ["type": "thinking", "thinking": "hm", "signature": "s"], ["type": "text", "text": "I ask."],
          ["type": "tool_use", "id": "t", "name": "f", "input": ["z": 1, "a": 2]],
        ],
      ],
      [
        "role": "user",
        "content": [
          ["type": "tool_result", "tool_use_id": "t", "content": "42"], ["type": "text", "text": "and?"],
        ],
      ],
      ["role": "assistant", "content": [["type": "tool_use", "id": "u", "name": "g", "input": [:]]]],
      ["role": "user", "content": [["type": "tool_result", "tool_use_id": "u"]]],
    ]
    let request = ChatRequest(
      messages: messages.map(Message.init(json:)), form: .anthropic,
      parameters: [
        "max_tokens": 9, "stop_sequences": ["x"], "thinking": ["type": "enabled"], "top_k": 3,
        "tools": [["name": "f", "description": "d", "input_schema": ["type": "object"]]],
        "tool_choice": ["type": "tool", "name": "f", "disable_parallel_tool_use": true],
      ], streams: false)
    let expected = try JSONValue(
      parsing: #"""
        {"model":"m","messages":[{"role":"system","content":"S"},
        {"role":"user","content":[{"type":"text","text":"look"},
          {"type":"image_url","image_url":{"url":"data:image/gif;base64,aGk="}},
          {"type":"image_url","image_url":{"url":"http://h/i.png"}}]},
        {"role":"assistant","content":"I ask.",
          "tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{\"z\":1,\"a\":2}"}}]},
        {"role":"tool","tool_call_id":"t","content":"42"},
        {"role":"user","content":[{"type":"text","text":"and?"}]},
        {"role":"assistant","content":null,
          "tool_calls":[{"id":"u","type":"function","function":{"name":"g","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"u","content":""}],
        "max_tokens":9,"stop":["x"],"parallel_tool_calls":false,
        "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}],
        "tool_choice":{"type":"function","function":{"name":"f"}}}
        """#)
    #expect(.object(OpenAIRequest(request, model: "m").json) == expected)
    #expect(OpenAIRequest(request, model: "o3").json["max_completion_tokens"] == 9)
  }

  private func written(_ request: ChatRequest) -> String {
    JSONValue.object(OpenAIRequest(request, model: "m").json).written()
  }
}

extension ChatRequest {
  /// The request that a program writes so that this body goes out.
  init(recorded body: JSONObject, form: Form = .openAI) throws {
    var messages = try #require(body["messages"]?.list).map { Message(json: try #require($0.object)) }
    var parameters = body
    for name in ["messages", "model", "stream"] { parameters[name] = nil }
    if form == .anthropic, let system = body["system"] {
      messages.insert(Message(json: ["role": "system", "content": system]), at: 0)
      parameters["system"] = nil
    }
    self.init(
      messages: messages, form: form, parameters: parameters, streams: body["stream"] == true, isCompletable: false)
  }
}

/// What a Python program asked of LiteLLM, with the memories where LiteLLM's hook put them, and what it sent.
func liteLLM(_ name: String, form: ChatRequest.Form = .openAI) throws -> (request: ChatRequest, body: JSONObject) {
  let recording = try JSONValue(parsing: golden("litellm/\(name).json"))
  let body = try #require(recording["llm_request"]?["body"]?.object)
  var request = try ChatRequest(recorded: try #require(recording["call"]?["kwargs"]?.object), form: form)
  let told =
    body["system"]?.text ?? body["system"]?.list?.first?["text"]?.text
    ?? body["messages"]?.list?.first?["content"]?.text
  if let told, told.contains("# Relevant Memories") {
    if request.messages.first?.role == .system { request.messages.removeFirst() }
    request.messages.insert(Message(.system, told), at: 0)
  }
  return (request, body)
}
