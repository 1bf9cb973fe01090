import RearviewChat
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

  @Test(
    "the fast and the thorough way agree on every chunk of the golden streams", arguments: try RecordedStream.golden())
  func goldenPathsAgree(stream: RecordedStream) {
    checkThatPathsAgree(stream)
  }

  @Test(
    "the fast and the thorough way agree on every chunk of the recorded streams",
    .enabled(if: RecordedStream.recordingsFolder != nil, noRecordings), arguments: try RecordedStream.recorded())
  func recordedPathsAgree(stream: RecordedStream) {
    checkThatPathsAgree(stream)
  }

  private func check(_ stream: RecordedStream, pieceSize: Int) {
    var reader = AnswerReader()
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
    // A reader that stops at an error does not see the usage beside it.
    if !expected.hasError {
      #expect(gathered.usage?.inputTokens == expected.usage?.input)
      #expect(gathered.usage?.outputTokens == expected.usage?.output)
    }
    switch reader.ending {
    case .failed: #expect(expected.hasError)
    case .finished(let reason):
      #expect(!expected.hasError)
      let finish = expected.finish == "tool" ? "tool_calls" : expected.finish
      #expect(reason == finish.map { FinishReason(rawValue: $0) ?? .other } ?? .other)
    case .cut, .unreadable, nil: Issue.record("\(String(describing: reader.ending))")
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
