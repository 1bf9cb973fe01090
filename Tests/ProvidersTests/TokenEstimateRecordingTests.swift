import Foundation
import RearviewChat
import Testing

@testable import RearviewHTTP
@testable import RearviewProviders

/// The estimate against what providers counted, on recorded requests that are text only: no tools, no files.
///
/// Recorded prompts are a few words each, and most providers put words of their own before them (Llama's dates, the
/// instructions of thinking models), so for prompts the error is measured in tokens, and in percent only for OpenAI,
/// whose models add nothing but marks.
@Suite("Token estimate against providers", .enabled(if: RecordedStream.recordingsFolder != nil, noRecordings))
struct TokenEstimateRecordingTests {
  @Test("the median error over answers is under 15 %")
  func answers() throws {
    let errors = try Recording.all().compactMap { recording -> Double? in
      // Below that, the rounding of one token is the error.
      guard let counted = recording.usage?.outputTokens, counted >= 16, !recording.answer.isEmpty else { return nil }
      return Double(abs(estimatedTokens(recording.answer) - counted)) / Double(counted)
    }.sorted()
    try #require(errors.count >= 12)
    #expect(errors[errors.count / 2] < 0.15, "\(errors)")
  }

  @Test("the median error over prompts is under 10 tokens, and under 15 % at OpenAI")
  func prompts() throws {
    let counted = try Recording.all().compactMap { recording -> (Recording, Int)? in
      recording.usage.map { (recording, $0.inputTokens) }
    }
    let errors = counted.map { abs(estimatedTokens($0.0.messages) - $0.1) }.sorted()
    try #require(errors.count >= 12)
    #expect(errors[errors.count / 2] < 10, "\(errors)")
    let atOpenAI = counted.filter { $0.0.name.hasPrefix("openai-chat.openai.") || $0.0.model.hasPrefix("openai/") }
      .map { Double(abs(estimatedTokens($0.0.messages) - $0.1)) / Double($0.1) }.sorted()
    try #require(!atOpenAI.isEmpty)
    #expect(atOpenAI[atOpenAI.count / 2] < 0.15, "\(atOpenAI)")
  }
}

/// A recorded request in OpenAI's chat protocol that is text only, and its answer.
private struct Recording {
  var name: String
  var model: String
  var messages: [Message]
  /// Text and reasoning; empty where a tool was called.
  var answer: String
  var usage: Usage?

  /// `nil` for a request that is more than text.
  private init?(request file: URL) throws {
    guard let json = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any],
      json["status"] as? Int == 200, let body = json["request_body"] as? [String: Any],
      let model = body["model"] as? String, let messages = body["messages"] as? [[String: Any]],
      ["tools", "plugins", "web_search_options", "response_format"].allSatisfy({ body[$0] == nil })
    else { return nil }
    name = file.lastPathComponent
    self.model = model
    self.messages = []
    for message in messages {
      guard let text = message["content"] as? String, let role = message["role"] as? String else { return nil }
      self.messages.append(Message(Role(rawValue: role), text))
    }
    let base = file.deletingPathExtension().deletingPathExtension()
    var reader = AnswerReader(OpenAIDialect())
    let stream = base.appendingPathExtension("sse")
    let hasStream = FileManager.default.fileExists(atPath: stream.path)
    let bytes = try Data(contentsOf: hasStream ? stream : base.appendingPathExtension("json"))
    var gathered = Gathered()
    for event in reader.take([UInt8](bytes)) + reader.end() { gathered.add(event) }
    answer = gathered.finish == .toolCalls ? "" : gathered.text + gathered.reasoning
    usage = gathered.usage
  }

  static func all() throws -> [Recording] {
    let folder = try #require(RecordedStream.recordingsFolder)
    return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.lastPathComponent.hasPrefix("openai-chat.") && $0.lastPathComponent.hasSuffix(".req.json") }
      .compactMap(Recording.init(request:))
  }
}
