import Foundation
import RearviewChat
import RearviewHTTP
import RearviewJSON
import Testing

@testable import RearviewProviders

@Suite("Whole answers and faults of each protocol")
struct WireAnswerTests {
  /// Feeds a whole answer in pieces of that size.
  private static func read(
    _ bytes: [UInt8], _ wire: WireProtocol, pieceSize: Int = .max
  ) -> (Gathered, AnswerEnding?) {
    switch wire {
    case .openAIChat, .azureOpenAI, .vertex: read(bytes, OpenAIDialect(), pieceSize)
    case .openAIResponses: read(bytes, ResponsesDialect(), pieceSize)
    case .anthropicMessages: read(bytes, AnthropicDialect(), pieceSize)
    case .gemini: read(bytes, GeminiDialect(), pieceSize)
    case .bedrockConverse: read(bytes, BedrockDialect(), pieceSize)
    case .ollama: read(bytes, OllamaDialect(), pieceSize)
    }
  }

  private static func read(
    _ bytes: [UInt8], _ dialect: some AnswerDialect, _ pieceSize: Int
  ) -> (Gathered, AnswerEnding?) {
    var reader = AnswerReader(dialect)
    var gathered = Gathered()
    var position = 0
    while position < bytes.count {
      let end = min(bytes.count - position, pieceSize) + position
      for event in reader.take(Array(bytes[position..<end])) { gathered.add(event) }
      position = end
    }
    for event in reader.end() { gathered.add(event) }
    return (gathered, reader.ending)
  }

  private static let text = "Hello, world. Zażółć gęślą jaźń 🌍 日本語."

  @Test("the recorded whole answer of each protocol reads as it should", arguments: WireProtocol.withStreams)
  func whole(wire: WireProtocol) throws {
    let bytes = try golden("\(wire.rawValue)/response.json")
    for size in [Int.max, 1, 7] {
      let (gathered, ending) = Self.read(bytes, wire, pieceSize: size)
      #expect(gathered.text == Self.text)
      #expect(gathered.usage?.inputTokens == 11 && gathered.usage?.outputTokens == 7)
      switch wire {
      case .bedrockConverse:
        #expect(ending == .finished(.toolCalls) && gathered.reasoning == "Let me think. ")
        #expect(
          gathered.toolCalls == [ToolCall(id: "tooluse_1", name: "weather", arguments: #"{"city":"Kraków"}"#)])
      case .gemini: #expect(ending == .finished(.stop) && gathered.reasoning == "Let me think. ")
      default: #expect(ending == .finished(.stop) || ending == .finished(.toolCalls))
      }
    }
  }

  /// Whole answers of hosted services, and what they said where they did not answer.
  struct Recording: Sendable, CustomTestStringConvertible {
    var name: String
    var wire: WireProtocol
    var bytes: [UInt8]
    var testDescription: String { name }

    static func all() throws -> [Recording] {
      guard let folder = RecordedStream.recordingsFolder else { return [] }
      return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        .filter { $0.pathExtension == "json" && !$0.path.hasSuffix(".req.json") && !$0.path.hasSuffix(".expect.json") }
        .sorted { $0.path < $1.path }
        .compactMap { url in
          let name = url.lastPathComponent
          guard let wire = WireProtocol.withStreams.first(where: { name.hasPrefix($0.rawValue + ".") }) else {
            return nil
          }
          return Recording(name: name, wire: wire, bytes: [UInt8](try Data(contentsOf: url)))
        }
    }
  }

  @Test(
    "a recorded whole answer is read whole", .enabled(if: RecordedStream.recordingsFolder != nil, noRecordings),
    arguments: try Recording.all())
  func recorded(recording: Recording) {
    if recording.name.contains(".err") {
      let said = ProviderErrorObject(body: recording.bytes)
      #expect(said.message?.isEmpty == false)
      return
    }
    let (gathered, ending) = Self.read(recording.bytes, recording.wire)
    switch ending {
    case .finished(let reason):
      let isBlocked = reason == .contentFilter
      #expect(isBlocked || !gathered.text.isEmpty || !gathered.toolCalls.isEmpty || !gathered.reasoning.isEmpty)
      #expect(gathered.usage != nil)
    case .failed(let said): #expect(said.message?.contains("blocked") == true)
    default: Issue.record("\(String(describing: ending))")
    }
    // Cut short it is never whole.
    for count in stride(from: 1, to: recording.bytes.count - 1, by: max(1, recording.bytes.count / 200)) {
      let (_, ending) = Self.read(Array(recording.bytes.prefix(count)), recording.wire)
      if case .finished = ending { Issue.record("whole at \(count) of \(recording.bytes.count)") }
    }
  }

  @Test(
    "the statuses of each protocol are told apart, with the server's own words", arguments: WireProtocol.withStreams)
  func statuses(wire: WireProtocol) throws {
    let mocks = try #require(try JSONValue(parsing: golden("\(wire.rawValue)/errors.mock.json")).list)
    #expect(mocks.count == 6)
    for mock in mocks {
      let status = try #require(mock["status"]?.integer)
      var headers: HeaderFields = [:]
      for (name, value) in mock["headers"]?.object ?? [:] { headers[name] = value.text }
      let failure = ProviderFailure(provider: "P", model: "p/m", redaction: Redaction(secrets: []))
      let error = failure.error(
        status: status, headers: headers, body: (mock["body"] ?? .null).bytes(), now: Date())
      #expect(error.detail?.contains("mock error \(status)") == true)
      #expect(error.status == status && error.provider == "P" && error.model == "p/m")
      let isLimited = error.kind == .rateLimited(retryAfter: .seconds(2))
      switch status {
      case 400: #expect(error.kind == .badRequest)
      case 401: #expect(error.kind == .unauthorised)
      case 429: #expect(isLimited)
      default: #expect(error.kind == .server)
      }
    }
  }

  struct Fault: Sendable, CustomTestStringConvertible {
    var wire: WireProtocol
    var body: String
    var ending: AnswerEnding
    var testDescription: String { "\(wire.rawValue) \(body.prefix(60))" }
  }

  @Test(
    "safety blocks, cuts by length and refusals are what they are",
    arguments: [
      Fault(
        wire: .gemini, body: #"data: {"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}"# + "\n\n",
        ending: .failed(
          ProviderErrorObject(message: "the prompt was blocked: PROHIBITED_CONTENT", codes: ["content_filter"]))),
      Fault(
        wire: .gemini,
        body: #"data: {"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"SAFETY"}]}"# + "\n\n",
        ending: .finished(.contentFilter)),
      Fault(
        wire: .gemini,
        body: #"data: {"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"MAX_TOKENS"}]}"# + "\n\n",
        ending: .finished(.length)),
      Fault(
        wire: .gemini, body: #"[{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}]"#,
        ending: .finished(.stop)),
      Fault(
        wire: .gemini, body: #"[{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}]"#,
        ending: .failed(ProviderErrorObject(message: "bad", codes: ["INVALID_ARGUMENT"], status: 400))),
      Fault(
        wire: .openAIResponses,
        body: #"data: {"type":"response.refusal.delta","delta":"I cannot"}"# + "\n\n"
          + #"data: {"type":"response.completed","response":{"status":"completed","output":[]}}"# + "\n\n",
        ending: .finished(.stop)),
      Fault(
        wire: .openAIResponses,
        body: #"data: {"type":"response.incomplete","response":{"incomplete_details":{"reason":"max_output_tokens"}}}"#
          + "\n\n", ending: .finished(.length)),
      Fault(
        wire: .openAIResponses,
        body: #"data: {"type":"response.failed","response":{"error":{"code":"server_error","message":"m"}}}"# + "\n\n",
        ending: .failed(ProviderErrorObject(message: "m", codes: ["server_error"]))),
      Fault(
        wire: .ollama, body: #"{"message":{"content":"a"},"done":true,"done_reason":"length"}"# + "\n",
        ending: .finished(.length)),
      Fault(
        wire: .ollama, body: "{\n  \"message\": {\"content\": \"a\"},\n  \"done\": true\n}\n",
        ending: .finished(.stop)),
      Fault(
        wire: .ollama, body: #"{"error":"model 'x' not found"}"#,
        ending: .failed(ProviderErrorObject(message: "model 'x' not found"))),
      Fault(wire: .ollama, body: "<html>no</html>\n", ending: .unreadable(beginning: "<html>no</html>\n")),
      Fault(wire: .ollama, body: #"{"message":{"content":"a"},"done":false}"# + "\n", ending: .cut),
      Fault(
        wire: .bedrockConverse,
        body: #"{"output":{"message":{"content":[{"text":"a"}]}},"stopReason":"guardrail_intervened"}"#,
        ending: .finished(.contentFilter)),
      Fault(
        wire: .openAIChat, body: #"{"choices":[{"message":{"refusal":"I cannot"},"finish_reason":"stop"}]}"#,
        ending: .finished(.stop)),
    ])
  func faults(fault: Fault) {
    let (_, ending) = Self.read(Array(fault.body.utf8), fault.wire)
    #expect(ending == fault.ending)
  }

  @Test("a block by policy says so, and is not tried again")
  func policy() {
    let failure = ProviderFailure(provider: "P", model: "p/m", redaction: Redaction(secrets: []))
    let azure = failure.error(
      status: 400, headers: [:],
      body: Array(#"{"error":{"code":"content_filter","message":"filtered"}}"#.utf8), now: Date())
    #expect(azure.kind == .blocked && azure.description.contains("content policy (filtered); ask"))
    let gemini = failure.error(
      midStream: ProviderErrorObject(message: "the prompt was blocked: SAFETY", codes: ["content_filter"]),
      hasAnswered: false)
    #expect(gemini.kind == .blocked)
    #expect(Backoff(policy: RetryPolicy()).wait(after: gemini, attempt: 1) == nil)
  }

  @Test("a damaged binary stream is told as damaged, with what came before it kept")
  func damaged() throws {
    var bytes = try golden("bedrock-converse/stream.text.bin")
    bytes[bytes.count / 2] ^= 0x40
    for size in [Int.max, 1, 100] {
      let (gathered, ending) = Self.read(bytes, .bedrockConverse, pieceSize: size)
      #expect(!gathered.text.isEmpty && Self.text.hasPrefix(gathered.text))
      guard case .damaged(let why)? = ending else {
        Issue.record("\(String(describing: ending))")
        continue
      }
      #expect(why.contains("checksum") || why.contains("length") || why.contains("header"))
    }
  }

  @Test("a second stop without a reason does not take back the first")
  func secondStop() {
    var dialect = BedrockDialect()
    var news = AnswerNews()
    for payload in [#"{"stopReason":"end_turn"}"#, "{}"] {
      let stop = EventStreamMessage(headers: [":event-type": .string("messageStop")], payload: Array(payload.utf8))
      dialect.take(stop, into: &news)
    }
    #expect(news.finish == .stop)
  }

  @Test("a whole answer behind a byte-order mark is read", arguments: WireProtocol.withStreams)
  func mark(wire: WireProtocol) throws {
    let (gathered, _) = Self.read([0xEF, 0xBB, 0xBF] + (try golden("\(wire.rawValue)/response.json")), wire)
    #expect(gathered.text == Self.text)
  }

  @Test("a long beginning tells the same form however it is cut")
  func longBeginning() {
    let answer = String(repeating: "x", count: 70_000) + "\n" + #"{"message":{"content":"a"},"done":true}"# + "\n"
    for size in [Int.max, 1_000] {
      let (gathered, ending) = Self.read(Array(answer.utf8), .ollama, pieceSize: size)
      #expect(gathered.text == "a" && ending == .finished(.stop))
    }
  }

  @Test("bytes after the ending say nothing")
  func afterEnding() {
    var reader = AnswerReader(OpenAIDialect())
    _ = reader.take(Array("data: [DONE]\n\n".utf8))
    #expect(reader.take(Array(#"data: {"choices":[{"delta":{"content":"more"}}]}"#.utf8) + [10, 10]).isEmpty)
    #expect(reader.end().isEmpty && reader.ending == .finished(.other))
  }

  @Test("cached and reasoning tokens are counted where they are told")
  func usage() {
    let (openAI, _) = Self.read(
      Array(
        (#"{"choices":[{"message":{"content":"a"}}],"usage":{"prompt_tokens":9,"completion_tokens":5,"#
          + #""prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":3}}}"#).utf8),
      .openAIChat)
    #expect(openAI.usage == Usage(inputTokens: 9, outputTokens: 5, cachedInputTokens: 4, reasoningTokens: 3))
    let (gemini, _) = Self.read(
      Array(
        (#"{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":9,"#
          + #""candidatesTokenCount":5,"thoughtsTokenCount":3,"cachedContentTokenCount":2}}"#).utf8), .gemini)
    #expect(gemini.usage?.outputTokens == 5 && gemini.usage?.paidOutputTokens == 8)
    #expect(gemini.usage?.cachedInputTokens == 2)
  }

  @Test("thinking that was signed goes back with the results of tools, as it came")
  func thinkingBlocks() throws {
    let events = [
      #"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
      #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me "}}"#,
      #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"think."}}"#,
      #"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}"#,
      #"{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"hush"}}"#,
      #"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","name":"w","input":{}}}"#,
      #"{"type":"message_delta","delta":{"stop_reason":"tool_use"}}"#, #"{"type":"message_stop"}"#,
    ]
    let blocks: [JSONObject] = [
      ["type": "thinking", "thinking": "Let me think.", "signature": "c2ln"],
      ["type": "redacted_thinking", "data": "hush"],
    ]
    let stream = events.map { "data: \($0)\n\n" }.joined()
    let (claude, _) = Self.read(Array(stream.utf8), .anthropicMessages)
    #expect(claude.thinkingBlocks == blocks)
    let answer = Message(
      answer: claude.text, toolCalls: claude.toolCalls, thinkingBlocks: claude.thinkingBlocks)
    let sent = AnthropicRequest(ChatRequest(messages: [Message(.user, "q"), answer], streams: false), model: "m")
    let content = try #require(sent.json["messages"]?.list?[1]["content"]?.list)
    #expect(content.prefix(2).map { $0 } == blocks.map(JSONValue.object))
    // Without tools nothing has to go back.
    let (plain, _) = Self.read(
      Array(stream.replacing("tool_use", with: "unknown").utf8), .anthropicMessages)
    #expect(plain.thinkingBlocks.isEmpty)

    let (bedrock, _) = Self.read(try golden("bedrock-converse/response.json"), .bedrockConverse)
    #expect(
      bedrock.thinkingBlocks == [["type": "thinking", "thinking": "Let me think. ", "signature": "c2ln"]])
    let back = BedrockRequest(
      ChatRequest(
        messages: [
          Message(.user, "q"),
          Message(answer: bedrock.text, toolCalls: bedrock.toolCalls, thinkingBlocks: bedrock.thinkingBlocks),
        ], streams: false), to: Route(.bedrockConverse, "m", url: "http://h"))
    #expect(
      back.json["messages"]?.list?[1]["content"]?.list?[0] == [
        "reasoningContent": ["reasoningText": ["text": "Let me think. ", "signature": "c2ln"]]
      ])
  }

  @Test("a call that Gemini signed goes back with its signature")
  func signedCalls() throws {
    let event =
      #"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"w","args":{}},"thoughtSignature":"c2ln"}]},"#
      + #""finishReason":"STOP"}]}"#
    let (gathered, _) = Self.read(Array("data: \(event)\n\n".utf8), .gemini)
    #expect(gathered.toolCalls.first?.signature == "c2ln")
    // By way of the JSON that a program keeps.
    let kept = Message(json: Message(answer: "", toolCalls: gathered.toolCalls).json)
    let sent = GeminiRequest(
      ChatRequest(messages: [Message(.user, "q"), kept], streams: false), to: Route(.gemini, "m", url: "http://h"))
    #expect(
      sent.json["contents"]?.list?[1]["parts"] == [
        ["function_call": ["name": "w", "args": [:]], "thoughtSignature": "c2ln"]
      ])
  }
}
