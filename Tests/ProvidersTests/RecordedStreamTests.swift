import Foundation
import RearviewChat
import RearviewJSON
import Testing

@testable import RearviewHTTP
@testable import RearviewProviders

@Suite("Recorded answers")
struct RecordedStreamTests {
  @Test("a golden stream reads as its provider's own reader read it", arguments: try RecordedStream.golden())
  func golden(stream: RecordedStream) {
    check(stream, pieceSize: stream.bytes.count)
  }

  @Test("a golden stream reads the same in pieces of any size", arguments: try RecordedStream.golden())
  func goldenInPieces(stream: RecordedStream) {
    for size in [1, 2, 3, 7, 64, 1_000] { check(stream, pieceSize: size) }
  }

  @Test(
    "a recorded stream reads as the vendor's SDK read it",
    .enabled(if: RecordedStream.recordingsFolder != nil, noRecordings), arguments: try RecordedStream.recorded())
  func recorded(stream: RecordedStream) {
    check(stream, pieceSize: stream.bytes.count)
    check(stream, pieceSize: 113)
  }

  @Test("a golden stream that is cut anywhere loses nothing and claims nothing", arguments: try RecordedStream.golden())
  func goldenCuts(stream: RecordedStream) {
    checkCuts(stream)
  }

  @Test(
    "a recorded stream that is cut anywhere loses nothing and claims nothing",
    .enabled(if: RecordedStream.recordingsFolder != nil, noRecordings), arguments: try RecordedStream.recorded())
  func recordedCuts(stream: RecordedStream) {
    checkCuts(stream)
  }

  @Test(
    "the fast and the thorough way agree on every chunk of the golden streams",
    arguments: try RecordedStream.golden().filter { $0.wire == .openAIChat })
  func goldenPathsAgree(stream: RecordedStream) {
    checkThatPathsAgree(stream)
  }

  @Test(
    "the fast and the thorough way agree on every chunk of the recorded streams",
    .enabled(if: RecordedStream.recordingsFolder != nil, noRecordings),
    arguments: try RecordedStream.recorded().filter { $0.wire == .openAIChat })
  func recordedPathsAgree(stream: RecordedStream) {
    checkThatPathsAgree(stream)
  }

  private func check(_ stream: RecordedStream, pieceSize: Int) {
    withDialect(of: stream) { check(stream, pieceSize: pieceSize, $0) }
  }

  private func withDialect(of stream: RecordedStream, _ work: (any AnswerDialect) -> Void) {
    switch stream.wire {
    case .openAIChat, .azureOpenAI, .vertex: work(OpenAIDialect())
    case .openAIResponses: work(ResponsesDialect())
    case .anthropicMessages: work(AnthropicDialect())
    case .gemini: work(GeminiDialect())
    case .bedrockConverse: work(BedrockDialect())
    case .ollama: work(OllamaDialect())
    }
  }

  /// Feeds byte by byte and ends a copy of the reader after each.
  private func checkCuts(_ stream: RecordedStream) {
    withDialect(of: stream) { checkCuts(stream, $0) }
  }

  private func checkCuts(_ stream: RecordedStream, _ dialect: some AnswerDialect) {
    var reader = AnswerReader(dialect)
    var gathered = Gathered()
    var problems: Set<String> = []
    // Every cut of a long one takes minutes in a debug build.
    let isThorough = ProcessInfo.processInfo.environment["REARVIEW_LONG"] != nil
    let step = isThorough ? 1 : max(1, stream.bytes.count / 1_500)
    for (position, byte) in stream.bytes.enumerated() {
      for event in reader.take([byte]) { gathered.add(event) }
      if reader.ending != nil { break }
      if position % step != 0 { continue }
      var ended = reader
      var atEnd = gathered
      for event in ended.end() { atEnd.add(event) }
      // Not by characters: a mark that joins the one before may come in the next piece.
      if !stream.expected.text.utf8.starts(with: atEnd.text.utf8) {
        problems.insert("text that is not there, at \(position)")
      }
      switch ended.ending {
      case .finished:
        if atEnd.text != stream.expected.text || atEnd.toolCalls.count != stream.expected.toolCalls.count {
          problems.insert("whole before it is, at \(position)")
        }
      case .cut, .unreadable: if !atEnd.toolCalls.isEmpty { problems.insert("a call of a cut answer, at \(position)") }
      case .failed: if !stream.expected.hasError { problems.insert("an error that nobody sent, at \(position)") }
      case .damaged(let why): problems.insert("damaged at \(position): \(why)")
      case nil: problems.insert("no ending at \(position)")
      }
    }
    #expect(problems.isEmpty)
  }

  private func check(_ stream: RecordedStream, pieceSize: Int, _ dialect: some AnswerDialect) {
    var reader = AnswerReader(dialect)
    var gathered = Gathered()
    var position = 0
    while position < stream.bytes.count, reader.ending == nil {
      let piece = Array(stream.bytes[position..<min(position + pieceSize, stream.bytes.count)])
      for event in reader.take(piece) { gathered.add(event) }
      position += pieceSize
    }
    for event in reader.end() { gathered.add(event) }
    let expected = stream.expected
    #expect(gathered.text == expected.text)
    // Some readers leave out reasoning that only stands in details; ours shows it.
    if !expected.reasoning.isEmpty { #expect(gathered.reasoning == expected.reasoning) }
    let calls = gathered.toolCalls.map { call in
      RecordedStream.Expectation.Call(
        name: call.name, arguments: (try? JSONValue(parsing: call.arguments)) ?? .text(call.arguments))
    }
    #expect(calls == expected.toolCalls)
    // A reader that stops at an error does not see the usage beside it.
    if !expected.hasError {
      #expect(gathered.usage?.inputTokens == expected.usage?.input)
      #expect(gathered.usage?.outputTokens == expected.usage?.output)
    }
    switch reader.ending {
    case .failed: #expect(expected.hasError)
    case .finished(let reason):
      #expect(!expected.hasError)
      #expect(reason == Self.finish(expected.finish, hasCalls: !calls.isEmpty))
    case .cut, .damaged, .unreadable, nil: Issue.record("\(String(describing: reader.ending))")
    }
  }

  /// A reason as the recordings have it: in a word of their own, or as the provider said it.
  private static func finish(_ reason: String?, hasCalls: Bool) -> FinishReason {
    switch reason {
    case "completed": hasCalls ? .toolCalls : .stop
    case "STOP": .stop
    case "tool", "tool_use": .toolCalls
    case "end_turn": .stop
    case let reason?: FinishReason(rawValue: reason) ?? .other
    case nil: .other
    }
  }

  private func checkThatPathsAgree(_ stream: RecordedStream) {
    var decoder = SSEDecoder()
    for event in decoder.feed(stream.bytes) where !event.isDone {
      guard let fast = OpenAIChunk.scanned(event.data) else { continue }
      #expect(fast == OpenAIChunk.parsed(event.data), "\(event.text)")
    }
  }
}
