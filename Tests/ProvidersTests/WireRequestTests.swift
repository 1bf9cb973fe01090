import Foundation
import RearviewChat
import RearviewHTTP
import RearviewJSON
import Testing

@testable import RearviewProviders

@Suite("Requests of each protocol")
struct WireRequestTests {
  /// A conversation with everything that a protocol must put in its own way.
  private static let tools: JSONValue = [
    [
      "type": "function",
      "function": [
        "name": "weather", "description": "d",
        "parameters": ["type": "object", "properties": ["city": ["type": "string"]], "required": ["city"]],
      ],
    ]
  ]

  private static let conversation: [Message] = [
    Message(.system, "S"), Message(json: ["role": "developer", "content": "D"]),
    Message(
      .user,
      parts: [
        ContentPart(text: "what is this?"),
        ContentPart(json: ["type": "image_url", "image_url": ["url": "data:image/jpeg;base64,aGk="]]),
        ContentPart(json: ["type": "image_url", "image_url": ["url": "https://h/p.webp?x=1"]]),
      ]),
    Message(answer: "let me see", toolCalls: [ToolCall(id: "c1", name: "weather", arguments: #"{"city":"Kraków"}"#)]),
    Message(json: ["role": "tool", "tool_call_id": "c1", "content": #"{"t":18}"#]),
    Message(json: ["role": "tool", "tool_call_id": "c1", "content": "18C"]), Message(.user, "more"),
  ]

  private static func request(
    _ parameters: JSONObject = [:], _ messages: [Message] = conversation, streams: Bool = false
  ) -> ChatRequest {
    ChatRequest(messages: messages, parameters: parameters, streams: streams, isCompletable: false)
  }

  private static func route(_ wire: WireProtocol, _ model: String) -> Route { Route(wire, model, url: "http://h") }

  private static let threeTurns: [Message] = [
    Message(.system, "S"), Message(.user, "hi"), Message(.assistant, "yo"), Message(.user, "more"),
  ]

  // MARK: As the vendors' own programs write them

  @Test("Bedrock's request is the one that boto3 makes")
  func bedrockRecorded() throws {
    let recorded = try JSONValue(parsing: golden("bedrock-converse/request.multi_turn.json"))["body"]
    let sent = BedrockRequest(
      Self.request(["max_tokens": 64, "temperature": 0.5], Self.threeTurns), to: Self.route(.bedrockConverse, "m"))
    #expect(.object(sent.json) == recorded)
    let thinking = try JSONValue(parsing: golden("bedrock-converse/request.stream_arn_thinking.json"))["body"]
    let asked = BedrockRequest(
      Self.request(["max_tokens": 64, "thinking": ["type": "enabled", "budget_tokens": 1024]], Self.threeTurns),
      to: Self.route(.bedrockConverse, "m"))
    #expect(asked.json["additionalModelRequestFields"] == thinking?["additionalModelRequestFields"])
    // Less than the model thinks with is refused.
    #expect(asked.json["inferenceConfig"] == ["maxTokens": 1088])
  }

  @Test("Gemini's request says what Google's own program says")
  func geminiRecorded() throws {
    let recorded = try JSONValue(parsing: golden("gemini/request.multi_turn.json"))["body"]
    let settings: JSONValue = [["category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"]]
    let sent = GeminiRequest(
      Self.request(["max_tokens": 64, "temperature": 0.5, "safetySettings": settings], Self.threeTurns),
      to: Self.route(.gemini, "gemini-2.5-flash")
    ).json
    #expect(sent["contents"] == recorded?["contents"])
    #expect(sent["safetySettings"] == recorded?["safetySettings"])
    #expect(sent["system_instruction"]?["parts"] == recorded?["systemInstruction"]?["parts"])
    #expect(sent["generationConfig"]?["max_output_tokens"] == recorded?["generationConfig"]?["maxOutputTokens"])
    #expect(sent["generationConfig"]?["temperature"] == recorded?["generationConfig"]?["temperature"])
  }

  @Test("a Responses request says what OpenAI's own program says")
  func responsesRecorded() throws {
    let recorded = try #require(try JSONValue(parsing: golden("openai-responses/request.stream.json"))["body"])
    let sent = ResponsesRequest(
      Self.request(["max_tokens": 64, "reasoning_effort": "low"], Self.threeTurns, streams: true),
      to: Self.route(.openAIResponses, "gpt-5-codex"), at: Endpoint(provider: "P", baseURL: "http://h")
    ).json
    #expect(sent["reasoning"] == ["effort": "low"])
    for name in ["instructions", "max_output_tokens", "model", "store", "stream"] {
      #expect(sent[name] == recorded[name])
    }
    let roles = (sent["input"]?.list ?? []).map { ($0["role"]?.text ?? "", $0["content"]?.list?.first?["text"]?.text) }
    let expected = (recorded["input"]?.list ?? []).map { ($0["role"]?.text ?? "", $0["content"]?.text) }
    #expect(roles.map(\.0) == expected.map(\.0) && roles.map(\.1) == expected.map(\.1))
    #expect(sent["input"]?.list?[1]["content"]?.list?[0]["type"] == "output_text")
  }

  @Test("Azure's requests are those of OpenAI's own program")
  func azureRecorded() async throws {
    for (file, variables) in [
      ("deployment_api_key", ["AZURE_API_KEY": "az-test", "AZURE_API_VERSION": "2024-10-21"]),
      ("deployment_entra", ["AZURE_AD_TOKEN": "ad-test", "AZURE_API_VERSION": "2024-10-21"]),
      ("v1", ["AZURE_API_KEY": "az-test", "AZURE_API_VERSION": "v1"]),
    ] {
      let recorded = try JSONValue(parsing: golden("azure-openai/request.\(file).json"))
      let transport = KeepingTransport()
      let environment = variables.merging(["AZURE_API_BASE": "https://res.openai.azure.com/"]) { $1 }
      let model = try ModelCatalog(transport: transport, environment: environment).resolve("azure/my-deployment")
      _ = await gather(model.stream(Self.request([:], Self.threeTurns)))
      let sent = try #require(await transport.requests.first)
      #expect(sent.url == "https://res.openai.azure.com" + (recorded["target"]?.text ?? ""))
      for name in ["api-key", "authorization"] { #expect(sent.headers[name] == recorded["headers"]?[name]?.text) }
      #expect(try JSONValue(parsing: sent.body ?? []) == recorded["body"])
    }
  }

  @Test("Claude on Vertex is asked as Anthropic's own program asks")
  func vertexClaude() async throws {
    let recorded = try JSONValue(parsing: golden("vertex/request.anthropic_stream.json"))
    let account = try JSONValue(parsing: golden("vertex/oauth_jwt_bearer.json"))["service_account"] ?? [:]
    let transport = TokenTransport()
    let environment = [
      "VERTEXAI_CREDENTIALS": account.written(), "VERTEXAI_PROJECT": "test-project", "VERTEXAI_LOCATION": "us-east5",
    ]
    let model = try ModelCatalog(transport: transport, environment: environment)
      .resolve("vertex_ai/claude-sonnet-4-5@20250929")
    _ = await gather(model.stream(Self.request(["max_tokens": 64], Self.threeTurns, streams: true)))
    let sent = try #require(await transport.requests.last)
    #expect(sent.url == "https://us-east5-aiplatform.googleapis.com" + (recorded["target"]?.text ?? ""))
    #expect(sent.headers["authorization"] == "Bearer ya29.test")
    #expect(sent.headers["x-api-key"] == nil)
    let body = try JSONValue(parsing: sent.body ?? [])
    #expect(body["model"] == nil)
    #expect(body["anthropic_version"] == "vertex-2023-10-16")
    #expect(body["max_tokens"] == 64 && body["stream"] == true)
    #expect(body["messages"]?.list?.map { $0["role"] } == recorded["body"]?["messages"]?.list?.map { $0["role"] })
  }

  // MARK: Tools, images, parameters

  @Test("Gemini gets tools, results, images and instructions in its own words")
  func gemini() {
    let sent = GeminiRequest(
      Self.request([
        "tools": Self.tools, "tool_choice": "required", "stop": "END", "reasoning_effort": "low", "user": "u",
        "stream_options": ["include_usage": true],
      ]), to: Self.route(.gemini, "gemini-2.5-flash")
    ).json
    #expect(sent["system_instruction"] == ["parts": [["text": "S"], ["text": "D"]]])
    #expect(
      sent["contents"] == [
        [
          "role": "user",
          "parts": [
            ["text": "what is this?"], ["inline_data": ["mime_type": "image/jpeg", "data": "aGk="]],
            ["file_data": ["mime_type": "image/webp", "file_uri": "https://h/p.webp?x=1"]],
          ],
        ],
        [
          "role": "model",
          "parts": [["text": "let me see"], ["function_call": ["name": "weather", "args": ["city": "Kraków"]]]],
        ],
        [
          "role": "user",
          "parts": [
            ["function_response": ["name": "weather", "response": ["t": 18]]],
            ["function_response": ["name": "weather", "response": ["content": "18C"]]], ["text": "more"],
          ],
        ],
      ])
    #expect(
      sent["tools"] == [
        [
          "function_declarations": [
            [
              "name": "weather", "description": "d",
              "parametersJsonSchema": [
                "type": "object", "properties": ["city": ["type": "string"]], "required": ["city"],
              ],
            ]
          ]
        ]
      ])
    #expect(sent["toolConfig"] == ["functionCallingConfig": ["mode": "ANY"]])
    #expect(
      sent["generationConfig"] == [
        "stop_sequences": ["END"], "thinkingConfig": ["thinkingBudget": 1024, "includeThoughts": true],
      ])
    #expect(sent["user"] == nil && sent["stream_options"] == nil)
    let later = GeminiRequest(
      Self.request(["reasoning_effort": "high"], Self.threeTurns), to: Self.route(.gemini, "gemini-3-pro"))
    #expect(
      later.json["generationConfig"] == ["thinkingConfig": ["thinkingLevel": "high", "includeThoughts": true]])
  }

  @Test("Bedrock gets tools, results, images and instructions in its own words")
  func bedrock() {
    let sent = BedrockRequest(
      Self.request([
        "tools": Self.tools, "tool_choice": ["type": "function", "function": ["name": "weather"]], "top_p": 0.9,
        "stop": ["A", "B"], "top_k": 5,
      ]), to: Self.route(.bedrockConverse, "meta.llama3")
    ).json
    #expect(sent["system"] == [["text": "S"], ["text": "D"]])
    #expect(
      sent["messages"] == [
        [
          "role": "user",
          "content": [
            ["text": "what is this?"], ["image": ["format": "jpeg", "source": ["bytes": "aGk="]]],
            ["text": "https://h/p.webp?x=1"],
          ],
        ],
        [
          "role": "assistant",
          "content": [
            ["text": "let me see"],
            ["toolUse": ["toolUseId": "c1", "name": "weather", "input": ["city": "Kraków"]]],
          ],
        ],
        [
          "role": "user",
          "content": [
            ["toolResult": ["toolUseId": "c1", "content": [["text": #"{"t":18}"#]]]],
            ["toolResult": ["toolUseId": "c1", "content": [["text": "18C"]]]], ["text": "more"],
          ],
        ],
      ])
    #expect(sent["toolConfig"]?["toolChoice"] == ["tool": ["name": "weather"]])
    #expect(sent["toolConfig"]?["tools"]?.list?[0]["toolSpec"]?["inputSchema"]?["json"]?["type"] == "object")
    #expect(sent["inferenceConfig"] == ["topP": 0.9, "stopSequences": ["A", "B"]])
    #expect(sent["additionalModelRequestFields"] == ["top_k": 5])
    let claude = BedrockRequest(
      Self.request(["reasoning_effort": "high", "temperature": 0.2], Self.threeTurns),
      to: Self.route(.bedrockConverse, "us.anthropic.claude-sonnet-4-5-20250929-v1:0"))
    #expect(
      claude.json["additionalModelRequestFields"] == ["thinking": ["type": "enabled", "budget_tokens": 4096]])
    #expect(claude.json["inferenceConfig"] == nil)
  }

  @Test("Ollama gets tools, results, images and options in its own words")
  func ollama() {
    let sent = OllamaRequest(
      Self.request([
        "tools": Self.tools, "max_tokens": 9, "reasoning_effort": "none", "keep_alive": "5m",
        "options": ["num_gpu": 1], "response_format": ["type": "json_object"],
      ]), to: Self.route(.ollama, "llama3.2")
    ).json
    #expect(sent["model"] == "llama3.2" && sent["stream"] == false && sent["think"] == false)
    #expect(sent["options"] == ["num_predict": 9, "num_gpu": 1])
    #expect(sent["tools"] == Self.tools && sent["keep_alive"] == "5m" && sent["format"] == "json")
    let messages = sent["messages"]?.list ?? []
    #expect(messages.map { $0["role"]?.text } == ["system", "system", "user", "assistant", "tool", "tool", "user"])
    #expect(messages[2]["content"] == "what is this?\nhttps://h/p.webp?x=1" && messages[2]["images"] == ["aGk="])
    #expect(messages[3]["tool_calls"] == [["function": ["name": "weather", "arguments": ["city": "Kraków"]]]])
    #expect(messages[5]["tool_name"] == "weather")
  }

  @Test("the Responses protocol gets tools, results and images in its own words")
  func responses() {
    let sent = ResponsesRequest(
      Self.request([
        "tools": Self.tools, "tool_choice": ["type": "function", "function": ["name": "weather"]], "temperature": 0.5,
        "stop": "x", "response_format": ["type": "json_schema", "json_schema": ["name": "n", "schema": [:]]],
      ]), to: Self.route(.openAIResponses, "gpt-4o"), at: Endpoint(provider: "P", baseURL: "http://h")
    ).json
    #expect(sent["instructions"] == "S\n\nD" && sent["temperature"] == 0.5 && sent["stop"] == nil)
    let input = sent["input"]?.list ?? []
    #expect(
      input.map { $0["type"]?.text } == [
        "message", "message", "function_call", "function_call_output", "function_call_output", "message",
      ])
    #expect(
      input[0]["content"] == [
        ["type": "input_text", "text": "what is this?"],
        ["type": "input_image", "image_url": "data:image/jpeg;base64,aGk="],
        ["type": "input_image", "image_url": "https://h/p.webp?x=1"],
      ])
    #expect(sent["tools"]?.list?[0]["strict"] == false)
    #expect(input[2]["call_id"] == "c1" && input[2]["arguments"] == #"{"city":"Kraków"}"#)
    #expect(input[4]["output"] == "18C")
    #expect(sent["tools"]?.list?[0]["name"] == "weather" && sent["tools"]?.list?[0]["function"] == nil)
    #expect(sent["tool_choice"] == ["type": "function", "name": "weather"])
    #expect(sent["text"] == ["format": ["type": "json_schema", "name": "n", "schema": [:]]])
    let reasoning = ResponsesRequest(
      Self.request(["temperature": 0.5], Self.threeTurns), to: Self.route(.openAIResponses, "o3-pro"),
      at: Endpoint(provider: "P", baseURL: "http://h"))
    #expect(reasoning.json["temperature"] == nil && reasoning.json["store"] == false)
  }

  @Test("a request in Anthropic's form is put into every protocol")
  func fromAnthropic() {
    let request = ChatRequest(
      messages: [Message(.user, "hi")], form: .anthropic, parameters: ["system": "S", "max_tokens": 5], streams: false)
    let endpoint = Endpoint(provider: "P", baseURL: "http://h")
    #expect(
      GeminiRequest(request, to: Self.route(.gemini, "g")).json == [
        "contents": [["role": "user", "parts": [["text": "hi"]]]],
        "system_instruction": ["parts": [["text": "S"]]], "generationConfig": ["max_output_tokens": 5],
      ])
    #expect(
      BedrockRequest(request, to: Self.route(.bedrockConverse, "b")).json == [
        "messages": [["role": "user", "content": [["text": "hi"]]]], "system": [["text": "S"]],
        "inferenceConfig": ["maxTokens": 5],
      ])
    #expect(OllamaRequest(request, to: Self.route(.ollama, "o")).json["options"] == ["num_predict": 5])
    let responses = ResponsesRequest(request, to: Self.route(.openAIResponses, "r"), at: endpoint).json
    #expect(responses["instructions"] == "S" && responses["max_output_tokens"] == 5)
  }

  @Test("effort becomes thinking for Claude, with room for the answer")
  func claudeEffort() {
    let sent = AnthropicRequest(
      Self.request(["reasoning_effort": "high", "max_tokens": 100, "temperature": 0.2], Self.threeTurns),
      to: Self.route(.anthropicMessages, "claude"))
    #expect(sent.json["thinking"] == ["type": "enabled", "budget_tokens": 4096])
    #expect(sent.json["max_tokens"] == 4196 && sent.json["temperature"] == nil && sent.json["reasoning_effort"] == nil)
    let off = AnthropicRequest(
      Self.request(["reasoning_effort": "none"], Self.threeTurns), to: Self.route(.anthropicMessages, "claude"))
    #expect(off.json["thinking"] == nil && off.json["reasoning_effort"] == nil)
  }

  @Test("Claude from 4.6 on thinks by itself, before with a budget; one that must call a tool does not")
  func claudeThinking() {
    func thinking(_ model: String, _ more: JSONObject = [:]) -> (JSONValue?, JSONValue?) {
      var parameters = more
      parameters["reasoning_effort"] = "high"
      let sent = AnthropicRequest(Self.request(parameters, Self.threeTurns), to: Self.route(.anthropicMessages, model))
      return (sent.json["thinking"], sent.json["output_config"])
    }
    let adaptive: JSONValue = ["type": "adaptive"]
    for model in [
      "claude-opus-4-6", "claude-opus-4-7-20260416", "claude-sonnet-5", "claude-haiku-5-5", "claude-fable-5-1",
    ] {
      #expect(thinking(model).0 == adaptive && thinking(model).1 == ["effort": "high"], "\(model)")
    }
    let budget: JSONValue = ["type": "enabled", "budget_tokens": 4096]
    for model in [
      "claude-3-7-sonnet-20250219", "claude-sonnet-4-5-20250929", "claude-sonnet-4-20250514", "claude-opus-4-5",
    ] {
      #expect(thinking(model).0 == budget && thinking(model).1 == nil, "\(model)")
    }
    #expect(thinking("claude-opus-4-6", ["tool_choice": "required"]).0 == nil)
    let bedrock = BedrockRequest(
      Self.request(["reasoning_effort": "low"], Self.threeTurns),
      to: Self.route(.bedrockConverse, "us.anthropic.claude-opus-4-6-v1:0"))
    #expect(
      bedrock.json["additionalModelRequestFields"] == ["thinking": adaptive, "output_config": ["effort": "low"]])
  }

  @Test("histories that Anthropic and Bedrock refuse are put right")
  func histories() {
    let messages = [
      Message(.assistant, "I begin."), Message(.user, "\n"), Message(.user, "go on"),
      Message(answer: "", toolCalls: [ToolCall(id: "a", name: "f", arguments: "{}")]),
      Message(json: ["role": "tool", "tool_call_id": "a", "content": "1"]),
    ]
    let claude = AnthropicRequest(
      Self.request(["seed": 1, "n": 1, "response_format": ["type": "json_object"], "stop": ["\n", "END"]], messages),
      to: Self.route(.anthropicMessages, "m")
    ).json
    let turns = claude["messages"]?.list ?? []
    #expect(turns.map { $0["role"] } == ["user", "assistant", "user", "assistant", "user"])
    #expect(turns[2]["content"] == [["type": "text", "text": "go on"]])
    #expect(claude.keys.sorted() == ["max_tokens", "messages", "model", "stop_sequences"])
    #expect(claude["stop_sequences"] == ["END"])
    let bedrock = BedrockRequest(Self.request([:], messages), to: Self.route(.bedrockConverse, "m")).json
    #expect(bedrock["messages"]?.list?.map { $0["role"] } == ["user", "assistant", "user", "assistant", "user"])
    #expect(bedrock["toolConfig"]?["tools"]?.list?[0]["toolSpec"]?["name"] == "f")
    let huge = AnthropicRequest(
      Self.request(["thinking": ["type": "enabled", "budget_tokens": .integer(.max)]], Self.threeTurns),
      to: Self.route(.anthropicMessages, "m"))
    #expect(huge.json["max_tokens"] == 1_004_096)
  }

  @Test("a result answers the nearest call before it, also where ids come twice")
  func repeatedIDs() {
    func step(_ name: String) -> [Message] {
      [
        Message(answer: "", toolCalls: [ToolCall(id: "call_0", name: name, arguments: "{}")]),
        Message(json: ["role": "tool", "tool_call_id": "call_0", "content": "x"]),
      ]
    }
    let sent = GeminiRequest(
      Self.request([:], [Message(.user, "q")] + step("first") + step("second")), to: Self.route(.gemini, "g"))
    let names = (sent.json["contents"]?.list ?? []).compactMap { $0["parts"]?.list?[0]["function_response"]?["name"] }
    #expect(names == ["first", "second"])
  }

  @Test("an image at an address is refused where nobody would fetch it")
  func imageAddresses() async throws {
    let transport = KeepingTransport()
    let environment = ["OLLAMA_HOST": "127.0.0.1:9"]
    let model = try ModelCatalog(transport: transport, environment: environment).resolve("ollama/llava")
    let (_, error) = await gather(model.stream(Self.request()))
    #expect(error?.kind == .badRequest && error?.description.contains("data: URLs") == true)
    #expect(await transport.requests.isEmpty)
  }

  @Test("a summary is asked for where a person reads along, and not again where it is refused")
  func summaries() async throws {
    actor Refusing: HTTPTransport {
      private(set) var bodies: [JSONValue] = []
      func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try JSONValue(parsing: request.body ?? [])
        bodies.append(body)
        let isRefused = body["reasoning"]?["summary"] != nil
        let text =
          isRefused
          ? #"{"error":{"message":"Your organization must be verified to generate reasoning summaries."}}"#
          : #"{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"ok"}]}]}"#
        return HTTPResponse(status: isRefused ? 400 : 200, body: HTTPBody(chunks: [Array(text.utf8)]))
      }
    }
    let transport = Refusing()
    let model = try ModelCatalog(transport: transport, environment: ["OPENAI_API_KEY": "k"])
      .resolve("openai/gpt-5-codex")
    let request = ChatRequest(
      messages: [Message(.user, "hi")], parameters: ["reasoning_effort": "low"], streams: false)
    for _ in 0..<2 { #expect(await gather(model.stream(request)).0.text == "ok") }
    #expect(await transport.bodies.map { $0["reasoning"]?["summary"] } == ["auto", nil, nil])
  }

  @Test("what a provider of OpenAI's protocol is known to refuse is put in its way")
  func quirks() throws {
    func sent(_ row: String, _ model: String, _ parameters: JSONObject) throws -> JSONObject {
      let endpoint = Endpoint(row: try #require(ProviderTable.row(row)), provider: row, baseURL: "http://h")
      return OpenAIRequest(
        Self.request(parameters, [Message(.user, parts: [ContentPart(text: "a"), ContentPart(text: "b")])]),
        to: Route(.openAIChat, model, url: "http://h"), at: endpoint
      ).json
    }
    let sampled: JSONObject = ["max_completion_tokens": 5, "temperature": 0.5]
    #expect(try sent("groq", "m", sampled)["max_tokens"] == 5)
    #expect(try sent("groq", "m", sampled)["max_completion_tokens"] == nil)
    #expect(try sent("v0", "m", sampled).keys == ["messages", "model"])
    #expect(try sent("deepseek", "m", ["reasoning_effort": "high"])["thinking"] == ["type": "enabled"])
    #expect(try sent("deepseek", "m", ["reasoning_effort": "none"])["thinking"] == ["type": "disabled"])
    #expect(try sent("deepseek", "m", [:])["messages"] == [["role": "user", "content": "a\nb"]])
    #expect(try sent("groq", "m", [:])["messages"]?.list?[0]["content"]?.list?.count == 2)
    #expect(
      try sent("openai", "gpt-5-mini", ["max_tokens": 5, "temperature": 0.5]).keys.contains("temperature") == false)
    #expect(
      try sent("openai", "gpt-5.1", ["temperature": 0.5, "reasoning_effort": "none"])["temperature"] == 0.5)
    #expect(try sent("openai", "gpt-5-chat-latest", ["temperature": 0.5])["temperature"] == 0.5)
  }
}

/// Answers a token where one is asked for, and short whole answers elsewhere.
actor TokenTransport: HTTPTransport {
  private(set) var requests: [HTTPRequest] = []
  var tokenRequests: [HTTPRequest] { requests.filter { $0.url.contains("/token") } }
  var lifetime = 3599

  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    requests.append(request)
    let text =
      request.url.contains("/token")
      ? #"{"access_token":"ya29.test","expires_in":\#(lifetime)}"#
      : #"{"choices":[{"message":{"content":"ok"}}],"content":[{"type":"text","text":"ok"}]}"#
    return HTTPResponse(status: 200, body: HTTPBody(chunks: [Array(text.utf8)]))
  }

  func setLifetime(_ seconds: Int) { lifetime = seconds }
}
