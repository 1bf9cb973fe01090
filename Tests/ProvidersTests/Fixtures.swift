import Foundation
import RearviewChat
import RearviewHTTP
import RearviewProviders
import ScriptedServer
import Testing

/// Everything an answer gave, gathered.
struct Gathered: Equatable, Sendable {
  var text = ""
  var reasoning = ""
  var usage: Usage?
  var finish: FinishReason?

  mutating func add(_ event: ChatEvent) {
    switch event {
    case .text(let more): text += more
    case .reasoning(let more): reasoning += more
    case .usage(let usage): self.usage = usage
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

/// A model at a scripted server, with a key.
func scriptedModel(
  _ server: ScriptedServer, key: String? = "sk-test-4711", headers: [String: String] = [:],
  timeouts: Timeouts = Timeouts()
) -> OpenAIChatModel {
  OpenAIChatModel(
    name: "scripted/m", model: "m",
    endpoint: OpenAIEndpoint(
      provider: "Scripted", baseURL: server.url + "/v1",
      credential: key.map { .variable(name: "SCRIPTED_KEY", value: $0) } ?? .none, headers: headers),
    transport: HTTPClientTransport(userAgent: "rearview/test"), timeouts: timeouts)
}

let question = ChatRequest(messages: [Message(.system, "S"), Message(.user, "hi")])

/// A stream of bytes and what a provider's own reader made of it.
struct RecordedStream: Sendable, CustomTestStringConvertible {
  struct Expectation: Decodable, Sendable {
    struct Tokens: Decodable, Sendable {
      var input: Int
      var output: Int
    }

    var text: String
    var reasoning: String
    var finish: String?
    var usage: Tokens?
    var hasError: Bool

    private enum CodingKeys: String, CodingKey {
      case text, reasoning, finish, usage, error
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      text = try values.decode(String.self, forKey: .text)
      reasoning = try values.decode(String.self, forKey: .reasoning)
      finish = try values.decodeIfPresent(String.self, forKey: .finish)
      usage = try values.decodeIfPresent(Tokens.self, forKey: .usage)
      hasError = try !values.decodeNil(forKey: .error)
    }
  }

  var name: String
  var bytes: [UInt8]
  var expected: Expectation
  var testDescription: String { name }

  init(_ stream: URL) throws {
    name = stream.deletingPathExtension().lastPathComponent
    bytes = [UInt8](try Data(contentsOf: stream))
    let expectation = stream.deletingPathExtension().appendingPathExtension("expect.json")
    expected = try JSONDecoder().decode(Expectation.self, from: Data(contentsOf: expectation))
  }

  /// The streams that are in the repository.
  static func golden() throws -> [RecordedStream] {
    try streams(in: #require(Bundle.module.url(forResource: "Golden", withExtension: nil)))
  }

  /// The streams of real providers, which are not; none when the environment does not name their folder.
  static func recorded() throws -> [RecordedStream] {
    guard let folder = recordingsFolder else { return [] }
    return try streams(in: folder).filter { $0.name.hasPrefix("openai-chat.") }
  }

  static var recordingsFolder: URL? {
    ProcessInfo.processInfo.environment["REARVIEW_WIRE_RECORDINGS"].map { URL(fileURLWithPath: $0, isDirectory: true) }
  }

  private static func streams(in folder: URL) throws -> [RecordedStream] {
    try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "sse" }.sorted { $0.path < $1.path }.map(RecordedStream.init)
  }
}

/// Why the tests on recordings did not run.
let noRecordings: Comment = "set REARVIEW_WIRE_RECORDINGS to the folder of recorded answers to run this"
