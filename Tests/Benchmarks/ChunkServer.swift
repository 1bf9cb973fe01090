import Foundation
import ScriptedServer

/// A server that streams as fast as it is read, in every protocol that we speak. It runs in a process of its own, so
/// that what it costs is on no reader's account.
///
/// The name of the model says how much and in what pieces: `bundled-1000` is 1,000 chunks, 64 to a chunk of HTTP, as
/// they come where something on the way gathers them; `single-1000` is one chunk of HTTP each, as providers send them.
enum ChunkServer {
  /// Says its port and serves until standard input ends.
  static func serve() throws {
    let server = try ScriptedServer { answer(to: $0) }
    print(server.port)
    fflush(nil)
    while readLine() != nil {}
    server.stop()
  }

  private static func answer(to request: ScriptedRequest) -> ScriptedResponse {
    guard let found = (request.target + request.bodyText).firstMatch(of: /(bundled|single)-([0-9]+)/),
      let count = Int(found.2)
    else { return .body(404, "no such model") }
    let stream = ChunkStream(path: request.path)
    let bundle = found.1 == "bundled" ? 64 : 1
    func chunks(_ count: Int) -> [UInt8] { Array(repeatElement(stream.chunk, count: count).joined()) }
    // The first chunk goes out at once, by itself.
    var steps: [ScriptedResponse.Step] = [.send(stream.start + stream.chunk)]
    steps.append(.flood(chunks(bundle), count: (count - 1) / bundle))
    steps.append(.send(chunks((count - 1) % bundle) + stream.end))
    return ScriptedResponse(headers: [("content-type", stream.type)], steps: steps)
  }
}

/// What a protocol's answer is made of, byte for byte in the form of the provider.
private struct ChunkStream {
  var type = "text/event-stream; charset=utf-8"
  var start: [UInt8] = []
  /// One piece of text, ` word`.
  var chunk: [UInt8] = []
  var end: [UInt8] = []

  init(path: String) {
    if path.hasSuffix("/messages") {
      self.init(anthropic: ())
    } else if path.hasSuffix("/responses") {
      self.init(responses: ())
    } else if path.hasSuffix(":streamGenerateContent") {
      self.init(gemini: ())
    } else if path.hasSuffix("/api/chat") {
      self.init(ollama: ())
    } else if path.hasSuffix("/converse-stream") {
      self.init(bedrock: ())
    } else {
      self.init(openAI: ())
    }
  }

  private init(openAI: ()) {
    func event(_ delta: String, finish: String = "null") -> [UInt8] {
      Array(
        (#"data: {"id":"chatcmpl-Dx0XpqH8w09uBXwq1zFGYdETjtnEl","object":"chat.completion.chunk","created":1782955817,"#
          + #""model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_d0469e1700","#
          + #""choices":[{"index":0,"delta":\#(delta),"logprobs":null,"finish_reason":\#(finish)}],"usage":null,"#
          + #""obfuscation":"C63rqfQVOw"}"# + "\n\n").utf8)
    }
    start = event(#"{"role":"assistant","content":"","refusal":null}"#)
    chunk = event(#"{"content":" word"}"#)
    end = event("{}", finish: #""stop""#) + Array("data: [DONE]\n\n".utf8)
  }

  private init(anthropic: ()) {
    start =
      Self.named(
        "message_start",
        #""message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"#
          + #""stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":11,"output_tokens":1}}"#)
      + Self.named("content_block_start", #""index":0,"content_block":{"type":"text","text":""}"#)
    chunk = Self.named("content_block_delta", #""index":0,"delta":{"type":"text_delta","text":" word"}"#)
    end =
      Self.named("content_block_stop", #""index":0"#)
      + Self.named(
        "message_delta",
        #""delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":7}"#)
      + Self.named("message_stop", #""x":0"#)
  }

  private init(responses: ()) {
    start = Self.named("response.created", #""sequence_number":0,"response":{"id":"resp_1","status":"in_progress"}"#)
    chunk = Self.named(
      "response.output_text.delta",
      #""sequence_number":4,"item_id":"msg_68ba3e2f0c8c8191a2b7","output_index":0,"content_index":0,"#
        + #""delta":" word","logprobs":[],"obfuscation":"C63rqfQVOw""#)
    end = Self.named(
      "response.completed",
      #""sequence_number":13,"response":{"id":"resp_1","status":"completed","output":[],"error":null,"#
        + #""incomplete_details":null,"usage":{"input_tokens":11,"output_tokens":7}}"#)
  }

  private init(gemini: ()) {
    func event(_ text: String, _ finish: String) -> [UInt8] {
      Array(
        (#"data: {"candidates":[{"content":{"parts":[{"text":"\#(text)"}],"role":"model"}\#(finish),"index":0}],"#
          + #""usageMetadata":{"promptTokenCount":11,"candidatesTokenCount":7,"totalTokenCount":18,"#
          + #""promptTokensDetails":[{"modality":"TEXT","tokenCount":11}]},"#
          + #""modelVersion":"gemini-2.5-flash","responseId":"qXo5aJ2kF4Wk7dcP"}"# + "\r\n\r\n").utf8)
    }
    chunk = event(" word", "")
    end = event("", #","finishReason":"STOP""#)
  }

  private init(ollama: ()) {
    type = "application/x-ndjson"
    func line(_ text: String, _ rest: String) -> [UInt8] {
      Array(
        (#"{"model":"llama3.2","created_at":"2026-01-01T00:00:00.123456789Z","#
          + #""message":{"role":"assistant","content":"\#(text)"},\#(rest)}"# + "\n").utf8)
    }
    chunk = line(" word", #""done":false"#)
    end = line("", #""done":true,"done_reason":"stop","prompt_eval_count":11,"eval_count":7"#)
  }

  private init(bedrock: ()) {
    type = "application/vnd.amazon.eventstream"
    start = Self.frame("messageStart", #"{"role":"assistant","p":"abcd"}"#)
    chunk = Self.frame("contentBlockDelta", #"{"contentBlockIndex":0,"delta":{"text":" word"},"p":"abcdefghijkl"}"#)
    end =
      Self.frame("messageStop", #"{"stopReason":"end_turn","p":"ab"}"#)
      + Self.frame("metadata", #"{"metrics":{"latencyMs":1},"usage":{"inputTokens":11,"outputTokens":7}}"#)
  }

  private static func named(_ type: String, _ members: String) -> [UInt8] {
    Array(("event: \(type)\ndata: {\"type\":\"\(type)\"," + members + "}\n\n").utf8)
  }

  /// A message of `application/vnd.amazon.eventstream`.
  private static func frame(_ type: String, _ payload: String) -> [UInt8] {
    func number(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
    let fields = [(":event-type", type), (":content-type", "application/json"), (":message-type", "event")]
    var headers: [UInt8] = []
    for (name, value) in fields {
      headers += [UInt8(name.utf8.count)] + Array(name.utf8)
      // 7 is a string.
      headers += [7, 0, UInt8(value.utf8.count)] + Array(value.utf8)
    }
    let prelude = number(16 + headers.count + payload.utf8.count) + number(headers.count)
    let checked = prelude + number(checksum(prelude)) + headers + Array(payload.utf8)
    return checked + number(checksum(checked))
  }

  private static func checksum(_ bytes: [UInt8]) -> Int {
    let reversed = bytes.reduce(~0 as UInt32) { value, byte in
      (0..<8).reduce(value ^ UInt32(byte)) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320 }
    }
    return Int(~reversed)
  }
}
