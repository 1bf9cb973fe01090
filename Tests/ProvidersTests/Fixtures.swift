import Foundation
import RearviewChat
import RearviewHTTP
import RearviewJSON
import ScriptedServer
import Testing

@testable import RearviewProviders

/// Everything an answer gave, gathered.
struct Gathered: Equatable, Sendable {
  var text = ""
  var reasoning = ""
  var toolCalls: [ToolCall] = []
  var usage: Usage?
  var finish: FinishReason?
  var thinkingBlocks: [JSONObject] = []

  mutating func add(_ event: ChatEvent) {
    switch event {
    case .text(let more): text += more
    case .reasoning(let more): reasoning += more
    case .toolCall(let call): toolCalls.append(call)
    case .usage(let usage): self.usage = usage
    case .thinkingBlock(let block): thinkingBlocks.append(block)
    case .retrying: break
    case .finished(let reason): finish = reason
    }
  }
}

/// Reads an answer to its end; the error is the one that ended it.
func gather(_ stream: AsyncThrowingStream<ChatEvent, any Error>) async -> (Gathered, ChatModelError?) {
  var gathered = Gathered()
  do {
    for try await event in stream { gathered.add(event) }
    return (gathered, nil)
  } catch {
    return (gathered, error as? ChatModelError)
  }
}

/// A model at a scripted server, with a key. What fails is not tried again unless `retries` says so.
func scriptedModel(
  _ server: ScriptedServer, key: String? = "sk-test-4711", headers: [String: String] = [:],
  timeouts: Timeouts = Timeouts(), retries: RetryPolicy = .never
) -> RemoteModel {
  let endpoint = Endpoint(
    provider: "Scripted", baseURL: server.url + "/v1",
    credential: key.map { .variable(name: "SCRIPTED_KEY", value: $0) } ?? .none, headers: headers)
  return RemoteModel(
    name: "scripted/m", route: Route(.openAIChat, "m", url: endpoint.baseURL + "/chat/completions"),
    endpoint: endpoint, transport: HTTPClientTransport(userAgent: "rearview/test"), timeouts: timeouts,
    retries: retries)
}

/// A model of Anthropic's protocol at a scripted server, with a key.
func scriptedClaude(
  _ server: ScriptedServer, key: String? = "sk-ant-test-4711", headers: [String: String] = [:],
  timeouts: Timeouts = Timeouts(), retries: RetryPolicy = .never
) -> RemoteModel {
  let endpoint = Endpoint(
    provider: "Scripted", wire: .anthropicMessages, baseURL: server.url,
    credential: key.map { .variable(name: "SCRIPTED_KEY", value: $0) } ?? .none, headers: headers)
  return RemoteModel(
    name: "anthropic/m", route: Route(.anthropicMessages, "m", url: endpoint.baseURL + "/v1/messages"),
    endpoint: endpoint, transport: HTTPClientTransport(userAgent: "rearview/test"), timeouts: timeouts,
    retries: retries)
}

extension OpenAIRequest {
  /// A request to a server that the table does not know.
  init(_ request: ChatRequest, model: String) {
    self.init(
      request, to: Route(.openAIChat, model, url: "http://h/v1/chat/completions"),
      at: Endpoint(provider: "P", baseURL: "http://h/v1"))
  }
}

extension AnthropicRequest {
  init(_ request: ChatRequest, model: String) {
    self.init(request, to: Route(.anthropicMessages, model, url: "http://h/v1/messages"))
  }
}

/// A recorded file, by its path in `Golden`.
func golden(_ path: String) throws -> [UInt8] {
  let folder = try #require(Bundle.module.url(forResource: "Golden", withExtension: nil))
  return [UInt8](try Data(contentsOf: folder.appendingPathComponent(path)))
}

let question = ChatRequest(messages: [Message(.system, "S"), Message(.user, "hi")])

/// A stream of bytes and what a provider's own reader made of it.
struct RecordedStream: Sendable, CustomTestStringConvertible {
  struct Expectation: Decodable, Sendable {
    struct Tokens: Decodable, Sendable {
      var input: Int
      var output: Int
    }

    struct Call: Decodable, Equatable, Sendable {
      var name: String
      var arguments: JSONValue
    }

    var text: String
    var reasoning: String
    var toolCalls: [Call]
    var finish: String?
    var usage: Tokens?
    var hasError: Bool

    private enum CodingKeys: String, CodingKey {
      case text, reasoning, finish, usage, error
      case toolCalls = "tool_calls"
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      text = try values.decode(String.self, forKey: .text)
      reasoning = try values.decode(String.self, forKey: .reasoning)
      toolCalls = try values.decode([Call].self, forKey: .toolCalls)
      finish = try values.decodeIfPresent(String.self, forKey: .finish)
      usage = try values.decodeIfPresent(Tokens.self, forKey: .usage)
      hasError = try !values.decodeNil(forKey: .error)
    }
  }

  var name: String
  var wire: WireProtocol
  var bytes: [UInt8]
  var expected: Expectation
  var testDescription: String { "\(wire.rawValue) \(name)" }

  private init(_ stream: URL, _ wire: WireProtocol) throws {
    self.wire = wire
    name = stream.deletingPathExtension().lastPathComponent
    bytes = [UInt8](try Data(contentsOf: stream))
    let expectation = stream.deletingPathExtension().appendingPathExtension("expect.json")
    let data = try Data(contentsOf: expectation)
    expected = try JSONDecoder().decode(Expectation.self, from: data)
    // `JSONDecoder` takes 1.0 for 1.
    expected.toolCalls = (try JSONValue(parsing: [UInt8](data))["tool_calls"]?.list ?? []).map { call in
      Expectation.Call(name: call["name"]?.text ?? "", arguments: call["arguments"] ?? .null)
    }
  }

  /// The streams that are in the repository.
  static func golden() throws -> [RecordedStream] {
    let folder = try #require(Bundle.module.url(forResource: "Golden", withExtension: nil))
    return try WireProtocol.withStreams.flatMap { wire in
      try streams(in: folder.appendingPathComponent(wire.rawValue), wire)
    }
  }

  /// The streams of real providers, which are not; none when the environment does not name their folder.
  static func recorded() throws -> [RecordedStream] {
    guard let folder = recordingsFolder else { return [] }
    return try WireProtocol.withStreams.flatMap { wire in
      try streams(in: folder, wire).filter { $0.name.hasPrefix(wire.rawValue + ".") }
    }
  }

  static var recordingsFolder: URL? {
    ProcessInfo.processInfo.environment["REARVIEW_WIRE_RECORDINGS"].map { URL(fileURLWithPath: $0, isDirectory: true) }
  }

  private static func streams(in folder: URL, _ wire: WireProtocol) throws -> [RecordedStream] {
    try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { ["sse", "ndjson", "bin"].contains($0.pathExtension) }.sorted { $0.path < $1.path }
      .map { try RecordedStream($0, wire) }
  }
}

extension WireProtocol {
  /// Those of which there are recorded streams: the others are spoken in one of these.
  static let withStreams: [WireProtocol] = [
    .openAIChat, .openAIResponses, .anthropicMessages, .gemini, .bedrockConverse, .ollama,
  ]
}

/// Why the tests on recordings did not run.
let noRecordings: Comment = "set REARVIEW_WIRE_RECORDINGS to the folder of recorded answers to run this"

/// Keeps the requests that it is given and answers each with a short whole answer.
actor KeepingTransport: HTTPTransport {
  private(set) var requests: [HTTPRequest] = []

  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    requests.append(request)
    let text = #"{"choices":[{"message":{"content":"ok"}}],"content":[{"type":"text","text":"ok"}]}"#
    return HTTPResponse(status: 200, body: HTTPBody(chunks: [Array(text.utf8)]))
  }
}
