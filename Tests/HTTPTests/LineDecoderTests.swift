import RearviewHTTP
import Testing

@Suite("Lines from bytes")
struct LineDecoderTests {
  private struct Decoded: Equatable {
    var lines: [String]
    var rest: String?
  }

  private func decode(_ pieces: [[UInt8]]) -> Decoded {
    var decoder = LineDecoder()
    let lines = pieces.flatMap { decoder.feed($0) }
    return Decoded(
      lines: lines.map { String(decoding: $0, as: UTF8.self) },
      rest: decoder.finish().map { String(decoding: $0, as: UTF8.self) })
  }

  @Test(
    "lines end with LF or CRLF, and what has no end is the rest",
    arguments: [
      ("{\"a\":1}\n{\"b\":2}\n", ["{\"a\":1}", "{\"b\":2}"], nil),
      ("a\r\nb\r\n", ["a", "b"], nil),
      ("a\rb\n", ["a\rb"], nil),
      ("\n\na\n\r\n\nb\n", ["a", "b"], nil),
      ("a\nb", ["a"], "b"),
      ("a\nb\r", ["a"], "b"),
      ("a\n\r", ["a"], nil),
      ("", [], nil),
      ("\u{FEFF}a\n\u{FEFF}b\n", ["a", "\u{FEFF}b"], nil),
      ("\u{FEFF}a", [], "a"),
      ("\u{FEFF}\na\n", ["a"], nil),
      ("\u{FEFF}", [], nil),
      ("zażółć 🌍\u{2028}\u{85}\u{0B}\u{0C}x\n", ["zażółć 🌍\u{2028}\u{85}\u{0B}\u{0C}x"], nil),
    ] as [(String, [String], String?)])
  func lines(input: String, lines: [String], rest: String?) {
    let bytes = Array(input.utf8)
    let expected = Decoded(lines: lines, rest: rest)
    #expect(decode([bytes]) == expected)
    #expect(decode(Pieces.oneByteEach(bytes)) == expected)
    for pieces in Pieces.cutAnywhere(bytes) { #expect(decode(pieces) == expected) }
  }

  @Test("bytes that are not UTF-8 come through as they are")
  func notUTF8() {
    var decoder = LineDecoder()
    #expect(decoder.feed([0xFF, 0xC3, 0x0A]) == [[0xFF, 0xC3]])
  }

  @Test("a line of 10 MB comes whole, in pieces of any size", arguments: [64, 1_000, 65_536, 20_000_000])
  func longLine(size: Int) {
    let long = [UInt8](repeating: UInt8(ascii: "x"), count: 10_000_000)
    var decoder = LineDecoder()
    let lines = Pieces.ofSize(size, long + Array("\ny\n".utf8)).flatMap { decoder.feed($0) }
    #expect(lines.map(\.count) == [long.count, 1])
    #expect(lines.first == long)
  }
}
