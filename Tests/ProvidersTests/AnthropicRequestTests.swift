import RearviewChat
import RearviewHTTP
import RearviewJSON
import Testing

@testable import RearviewProviders

@Suite("What is sent in Anthropic's protocol")
struct AnthropicRequestTests {
  @Test(
    "a request in Anthropic's own form goes out as the vendor's own client sends it",
    arguments: ["bearer", "cache_and_image", "multi_turn", "stream", "thinking"])
  func recorded(name: String) throws {
    let body = try #require(try JSONValue(parsing: golden("anthropic-messages/request.\(name).json"))["body"]?.object)
    let request = try ChatRequest(recorded: body, form: .anthropic)
    #expect(AnthropicRequest(request, model: try #require(body["model"]?.text)).json == body)
  }

  @Test(
    "a request in Anthropic's own form goes out as a wrapped client sent it",
    arguments: ["anthropic_list_content", "anthropic_stream_full"])
  func wrapped(name: String) throws {
    let (request, body) = try liteLLM(name, form: .anthropic)
    #expect(AnthropicRequest(request, model: "claude-sonnet-4-20250514").json == body)
  }

  @Test("a request in OpenAI's form goes out as LiteLLM sent it")
  func likeLiteLLM() throws {
    let (request, body) = try liteLLM("inject_recall_via_litellm_anthropic")
    #expect(AnthropicRequest(request, model: "claude-sonnet-4-20250514").json == body)
  }

  @Test("system messages of Anthropic's form are one text, or one list; later ones stay")
  func nativeSystem() {
    func system(_ contents: [JSONValue]) -> JSONValue? {
      let messages = contents.map { Message(json: ["role": "system", "content": $0]) } + [Message(.user, "u")]
      return AnthropicRequest(ChatRequest(messages: messages, form: .anthropic), model: "m").json["system"]
    }
    let cached: JSONValue = [["type": "text", "text": "C", "cache_control": ["type": "ephemeral"]]]
    #expect(system([]) == nil)
    #expect(system(["S"]) == "S")
    #expect(system([cached]) == cached)
    #expect(system([.null]) == nil)
    #expect(
      system(["S", cached])
        == [
          ["type": "text", "text": "S"], ["type": "text", "text": "C", "cache_control": ["type": "ephemeral"]],
        ])
    let later = ChatRequest(messages: [Message(.user, "u"), Message(.system, "S")], form: .anthropic)
    #expect(AnthropicRequest(later, model: "m").json["messages"]?.list?.count == 2)
  }

  @Test("parameters of Anthropic's form go out untouched; max_tokens is there, and room for thinking")
  func nativeParameters() {
    func body(_ parameters: JSONObject) -> JSONObject {
      AnthropicRequest(
        ChatRequest(messages: [], form: .anthropic, parameters: parameters, streams: false), model: "m"
      ).json
    }
    #expect(body([:]) == ["model": "m", "messages": [], "max_tokens": 4096])
    #expect(
      body(["stop": "x", "user": "u", "stream": true, "model": "y", "max_tokens": 1])
        == ["model": "m", "messages": [], "max_tokens": 1, "stop": "x", "user": "u"])
    #expect(body(["thinking": ["type": "enabled", "budget_tokens": 8000]])["max_tokens"] == 12_096)
  }

  @Test("a conversation in OpenAI's form becomes turns of blocks")
  func conversation() throws {
    let messages = try JSONValue(
      parsing: #"""
        [{"role":"system","content":"S"},{"role":"developer","content":[{"type":"text","text":""},
          {"type":"text","text":"D","cache_control":{"type":"ephemeral"}}]},
        {"role":"user","content":"one","cache_control":{"type":"ephemeral"}},{"role":"user","content":""},
        {"role":"user","name":"n","content":[{"type":"text","text":"two"},
          {"type":"image_url","image_url":{"url":"data:image/png;base64,aGk="},"cache_control":{"type":"ephemeral"}},
          {"type":"image_url","image_url":{"url":"https://h/i.png","detail":"low"}}]},
        {"role":"assistant","content":null,"tool_calls":[
          {"id":"a","type":"function","function":{"name":"f","arguments":"{\"z\": 1, \"a\": 2}"}},
          {"id":"b","type":"function","function":{"name":"g","arguments":""}}]},
        {"role":"tool","tool_call_id":"a","content":"18C"},
        {"role":"tool","tool_call_id":"b","content":[{"type":"text","text":"12:00"}]},
        {"role":"tool","tool_call_id":"c","content":null},
        {"role":"user","content":"thanks"},{"role":"system","content":"S2"},
        {"role":"assistant","content":"","thinking_blocks":[{"type":"thinking","thinking":"t","signature":"s"}]},
        {"role":"assistant","content":"bye"}]
        """#)
    let request = ChatRequest(
      messages: try #require(messages.list).compactMap { $0.object.map(Message.init(json:)) }, streams: false)
    let expected = try JSONValue(
      parsing: #"""
        {"model":"m","max_tokens":4096,"system":[{"type":"text","text":"S"},
          {"type":"text","text":"D","cache_control":{"type":"ephemeral"}},{"type":"text","text":"S2"}],
        "messages":[{"role":"user","content":[{"type":"text","text":"one","cache_control":{"type":"ephemeral"}},
          {"type":"text","text":"two"},
          {"type":"image","source":{"type":"base64","media_type":"image/png","data":"aGk="},
            "cache_control":{"type":"ephemeral"}},
          {"type":"image","source":{"type":"url","url":"https://h/i.png"}}]},
        {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"z":1,"a":2}},
          {"type":"tool_use","id":"b","name":"g","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"18C"},
          {"type":"tool_result","tool_use_id":"b","content":[{"type":"text","text":"12:00"}]},
          {"type":"tool_result","tool_use_id":"c"},{"type":"text","text":"thanks"}]},
        {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},
          {"type":"text","text":"bye"}]}]}
        """#)
    let sent = AnthropicRequest(request, model: "m").json
    #expect(.object(sent) == expected)
    let input = sent["messages"]?.list?[1]["content"]?.list?[0]["input"]
    #expect(input?.written() == #"{"z":1,"a":2}"#)
  }

  @Test("arguments that are no object are kept in one")
  func oddArguments() {
    for (arguments, input) in [
      (" ", [:]), (#"{"x"#, ["arguments": #"{"x"#]), ("[1]", ["arguments": "[1]"]), ("{}", [:]),
    ] as [(String, JSONValue)] {
      let answer = Message(answer: "", toolCalls: [ToolCall(id: "a", name: "f", arguments: arguments)])
      let sent = AnthropicRequest(ChatRequest(messages: [Message(.user, "q"), answer]), model: "m").json
      #expect(sent["messages"]?.list?.last?["content"]?.list?.first?["input"] == input)
    }
  }

  struct Translation: Sendable {
    var openAI: JSONObject
    var anthropic: JSONObject
  }

  @Test(
    "parameters of OpenAI's form have their names in Anthropic's; others pass",
    arguments: [
      Translation(openAI: ["max_completion_tokens": 5, "max_tokens": 7], anthropic: ["max_tokens": 5]),
      Translation(openAI: ["max_tokens": 7, "max_completion_tokens": .null], anthropic: ["max_tokens": 7]),
      Translation(openAI: ["max_tokens": .null], anthropic: ["max_tokens": 4096]),
      Translation(openAI: ["max_tokens": 1, "stop": "x"], anthropic: ["max_tokens": 1, "stop_sequences": ["x"]]),
      Translation(openAI: ["max_tokens": 1, "stop": ["x"]], anthropic: ["max_tokens": 1, "stop_sequences": ["x"]]),
      Translation(
        openAI: [
          "max_tokens": 1, "temperature": 0.5, "top_p": 1, "top_k": 2, "metadata": ["user_id": "u"], "odd": [1],
        ],
        anthropic: [
          "max_tokens": 1, "temperature": 0.5, "top_p": 1, "top_k": 2, "metadata": ["user_id": "u"], "odd": [1],
        ]),
      Translation(
        openAI: ["max_tokens": 1, "user": "u", "stream": true, "stream_options": ["include_usage": true]],
        anthropic: ["max_tokens": 1, "metadata": ["user_id": "u"]]),
      Translation(
        openAI: [
          "max_tokens": 1, "tool_choice": "required",
          "tools": [
            ["type": "function", "function": ["name": "f", "description": "d", "parameters": ["type": "object"]]],
            ["type": "function", "function": ["name": "g"], "cache_control": ["type": "ephemeral"]],
            ["type": "web_search_20250305", "name": "web_search"],
          ],
        ],
        anthropic: [
          "max_tokens": 1, "tool_choice": ["type": "any"],
          "tools": [
            ["type": "custom", "name": "f", "description": "d", "input_schema": ["type": "object"]],
            [
              "type": "custom", "name": "g", "input_schema": ["type": "object", "properties": [:]],
              "cache_control": ["type": "ephemeral"],
            ],
            ["type": "web_search_20250305", "name": "web_search"],
          ],
        ]),
      Translation(
        openAI: ["max_tokens": 1, "tool_choice": ["type": "function", "function": ["name": "f"]]],
        anthropic: ["max_tokens": 1, "tool_choice": ["type": "tool", "name": "f"]]),
      Translation(
        openAI: ["max_tokens": 1, "tool_choice": "auto", "parallel_tool_calls": true],
        anthropic: ["max_tokens": 1, "tool_choice": ["type": "auto", "disable_parallel_tool_use": false]]),
      Translation(
        openAI: ["max_tokens": 1, "parallel_tool_calls": false],
        anthropic: ["max_tokens": 1, "tool_choice": ["type": "auto", "disable_parallel_tool_use": true]]),
      Translation(
        openAI: ["max_tokens": 1, "tool_choice": "none", "parallel_tool_calls": false],
        anthropic: ["max_tokens": 1, "tool_choice": ["type": "none"]]),
    ])
  func parameters(translation: Translation) {
    var expected = translation.anthropic
    expected["model"] = "m"
    expected["messages"] = []
    let request = ChatRequest(messages: [], parameters: translation.openAI, streams: false)
    #expect(AnthropicRequest(request, model: "m").json == expected)
  }
}
