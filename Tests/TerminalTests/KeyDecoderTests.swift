import RearviewText
import Testing

@testable import RearviewTerminal

/// Bytes to events, without a terminal.
@Suite("Key decoder") struct KeyDecoderTests {
  private typealias Token = KeyDecoder.Token
  private let start = ContinuousClock.now

  private func key(_ key: KeyPress.Key, _ modifiers: KeyPress.Modifiers = []) -> Token {
    .input(.key(KeyPress(key, modifiers)))
  }

  private func keys(_ text: String) -> [Token] { text.map { key(.character($0)) } }

  /// Everything that comes out of some bytes, the last wait included.
  private func decode(_ text: String, table: KeyTable = KeyTable()) -> [Token] {
    var decoder = KeyDecoder(table: table)
    let tokens = decoder.feed(Array(text.utf8), at: start)
    return tokens + decoder.expire(at: start + .seconds(10))
  }

  private static let samples: [(String, [Token])] = {
    func key(_ key: KeyPress.Key, _ modifiers: KeyPress.Modifiers = []) -> [Token] {
      [.input(.key(KeyPress(key, modifiers)))]
    }
    return [
      ("a", key(.character("a"))), ("é", key(.character("é"))), ("中", key(.character("中"))),
      ("👍", key(.character("👍"))),
      ("\r", key(.enter)), ("\n", key(.character("j"), .control)), ("\t", key(.tab)), ("\u{7F}", key(.backspace)),
      ("\u{8}", key(.backspace)), ("\u{3}", key(.character("c"), .control)), ("\0", key(.character(" "), .control)),
      ("\u{1F}", key(.character("_"), .control)), ("\u{1B}x", key(.character("x"), .alt)),
      ("\u{1B}é", key(.character("é"), .alt)), ("\u{1B}\r", key(.enter, .alt)), ("\u{1B}\u{7F}", key(.backspace, .alt)),
      ("\u{1B}[A", key(.up)), ("\u{1B}OA", key(.up)), ("\u{1B}\u{1B}[A", key(.up, .alt)),
      ("\u{1B}[1;5D", key(.left, .control)),
      ("\u{1B}[1;2C", key(.right, .shift)), ("\u{1B}[1;3B", key(.down, .alt)),
      ("\u{1B}[1;6A", key(.up, [.control, .shift])),
      ("\u{1B}[H", key(.home)), ("\u{1B}OH", key(.home)), ("\u{1B}[1~", key(.home)), ("\u{1B}[7~", key(.home)),
      ("\u{1B}[F", key(.end)), ("\u{1B}OF", key(.end)), ("\u{1B}[4~", key(.end)), ("\u{1B}[8~", key(.end)),
      ("\u{1B}[2~", key(.insert)), ("\u{1B}[3~", key(.delete)), ("\u{1B}[5~", key(.pageUp)),
      ("\u{1B}[6~", key(.pageDown)),
      ("\u{1B}[5;5~", key(.pageUp, .control)), ("\u{1B}[5^", key(.pageUp, .control)),
      ("\u{1B}[3$", key(.delete, .shift)),
      ("\u{1B}[a", key(.up, .shift)), ("\u{1B}Oa", key(.up, .control)), ("\u{1B}[Z", key(.tab, .shift)),
      ("\u{1B}OP", key(.function(1))), ("\u{1B}[11~", key(.function(1))), ("\u{1B}[[A", key(.function(1))),
      ("\u{1B}[15~", key(.function(5))), ("\u{1B}[17~", key(.function(6))), ("\u{1B}[21~", key(.function(10))),
      ("\u{1B}[24~", key(.function(12))), ("\u{1B}[1;2R", key(.function(3), .shift)), ("\u{1B}OM", key(.enter)),
      ("\u{1B}Oq", key(.character("1"))), ("\u{1B}[13;2u", key(.enter, .shift)),
      ("\u{1B}[27;2;13~", key(.enter, .shift)),
      ("\u{1B}[27;5;9~", key(.tab, .control)), ("\u{1B}[99;5u", key(.character("c"), .control)),
      ("\u{1B}[97;2u", key(.character("A"))), ("\u{1B}[13;3u", key(.enter, .alt)),
      ("\u{1B}[I", [.input(.focus(true))]), ("\u{1B}[O", [.input(.focus(false))]),
      ("\u{1B}[<0;5;7M", [.input(.click(Position(column: 4, row: 6)))]), ("\u{1B}[<0;5;7m", []),
      ("\u{1B}[<64;1;1M", [.input(.scroll(rows: -3, at: Position(column: 0, row: 0)))]),
      ("\u{1B}[<65;300;90M", [.input(.scroll(rows: 3, at: Position(column: 299, row: 89)))]), ("\u{1B}[<35;5;7M", []),
      ("\u{1B}[M !!", [.input(.click(Position(column: 0, row: 0)))]),
      ("\u{1B}[200~two\rlines\u{1B}[201~", [.input(.paste("two\nlines"))]),
      ("\u{1B}[?2026;2$y", [.reply(.mode(2026, state: 2))]), ("\u{1B}[?62;22c", [.reply(.deviceAttributes)]),
      ("\u{1B}[2;2R", [.reply(.cursor(Position(column: 1, row: 1)))]),
      ("\u{1B}]11;rgb:ffff/8080/0000\u{1B}\\", [.reply(.background(.init(red: 255, green: 128, blue: 0)))]),
      ("\u{1B}]11;rgb:f/8/0\u{7}", [.reply(.background(.init(red: 255, green: 136, blue: 0)))]),
      ("\u{1B}[99;99;99z", []), ("\u{1B}[>1;2c", []), ("\u{1B}[1;2;3;4;5q", []), ("\u{1B}]4;1;rgb:0/0/0\u{7}", []),
    ]
  }()

  @Test("each sequence is what it says, and what follows is not touched", arguments: samples.indices)
  func sequences(index: Int) {
    let (bytes, expected) = Self.samples[index]
    #expect(decode(bytes) == expected)
    #expect(decode("<" + bytes + "zz") == keys("<") + expected + keys("zz"))
  }

  @Test("a sequence that is cut anywhere means the same", arguments: samples.indices) func splits(index: Int) {
    let (text, expected) = Self.samples[index]
    let bytes = Array(text.utf8)
    for cut in bytes.indices {
      var decoder = KeyDecoder()
      // Inside the escape delay.
      var tokens = decoder.feed(bytes[..<cut], at: start)
      tokens += decoder.expire(at: start + .milliseconds(5))
      tokens += decoder.feed(bytes[cut...], at: start + .milliseconds(5))
      tokens += decoder.expire(at: start + .seconds(10))
      #expect(tokens == expected, "cut at \(cut)")
    }
  }

  @Test("byte by byte is the same as all at once") func byteByByte() {
    let all = Self.samples.map(\.0).joined()
    var decoder = KeyDecoder()
    let tokens = Array(all.utf8).flatMap { decoder.feed([$0], at: start) }
    #expect(tokens == Self.samples.flatMap(\.1))
  }

  @Test("Esc alone is Esc after the delay and not before") func escape() {
    var decoder = KeyDecoder()
    #expect(decoder.feed([0x1B], at: start).isEmpty)
    #expect(decoder.deadline == start + .milliseconds(25))
    #expect(decoder.expire(at: start + .milliseconds(24)).isEmpty)
    #expect(decoder.expire(at: start + .milliseconds(25)) == [key(.escape)])
    #expect(decoder.deadline == nil)
    #expect(decoder.feed(Array("x".utf8), at: start + .milliseconds(30)) == [key(.character("x"))])
  }

  @Test("Esc twice, and Alt with a bracket") func ambiguousEscapes() {
    #expect(decode("\u{1B}\u{1B}") == [key(.escape), key(.escape)])
    #expect(decode("\u{1B}[") == [key(.character("["), .alt)])
    #expect(decode("\u{1B}O") == [key(.character("O"), .alt)])
    #expect(decode("\u{1B}]") == [key(.character("]"), .alt)])
    #expect(decode("\u{1B}]x") == [key(.character("]"), .alt), key(.character("x"))])
  }

  @Test("while answers are expected, Esc waits for them longer") func probing() {
    var decoder = KeyDecoder()
    decoder.isProbing = true
    #expect(decoder.feed([0x1B], at: start).isEmpty)
    #expect(decoder.expire(at: start + .milliseconds(150)).isEmpty)
    #expect(decoder.feed(Array("[?1;2c".utf8), at: start + .milliseconds(150)) == [.reply(.deviceAttributes)])
  }

  @Test("what never ends is dropped, and the keyboard works again") func unfinished() {
    #expect(decode("\u{1B}[12;34") == [])
    #expect(decode("\u{1B}]11;rgb:") == [])
    #expect(decode("\u{1B}[12\u{3}") == [key(.character("c"), .control)])
    #expect(decode("\u{1B}[12\u{1B}[A") == [key(.up)])
    var decoder = KeyDecoder()
    _ = decoder.feed(Array("\u{1B}[12".utf8), at: start)
    _ = decoder.expire(at: start + .seconds(1))
    #expect(decoder.feed(Array("x".utf8), at: start + .seconds(1)) == [key(.character("x"))])
    var flooded = KeyDecoder()
    _ = flooded.feed(Array("\u{1B}]11;".utf8) + [UInt8](repeating: 0x61, count: 5000), at: start)
    #expect(flooded.pending.isEmpty)
  }

  @Test("a cluster in one piece is one key; bytes that are no UTF-8 are one mark") func clusters() {
    #expect(decode("e\u{301}o") == [key(.character("e\u{301}")), key(.character("o"))])
    #expect(decode("👩‍👩‍👧") == [key(.character("👩‍👩‍👧"))])
    var decoder = KeyDecoder()
    #expect(decoder.feed([0xE9, 0x61], at: start) == [key(.character("\u{FFFD}")), key(.character("a"))])
    #expect(decoder.feed([0xE4, 0xB8], at: start).isEmpty)
    #expect(decoder.expire(at: start + .seconds(1)) == [key(.character("\u{FFFD}"))])
  }

  @Test("the terminal's own table wins over the grammar") func table() {
    let table = KeyTable { name in
      switch name {
      case "kf5": Array("\u{1B}Ot".utf8)
      case "kcbt": Array("\u{1B}\t".utf8)
      case "kbs": [0x08]
      default: []
      }
    }
    #expect(decode("\u{1B}Ot") == [key(.character("4"))])
    #expect(decode("\u{1B}Ot", table: table) == [key(.function(5))])
    #expect(decode("\u{1B}\t", table: table) == [key(.tab, .shift)])
    #expect(decode("\u{1B}\u{1B}Ot", table: table) == [key(.function(5), .alt)])
  }

  // MARK: paste

  @Test("a paste is text: line ends are LF, sequences and control characters are gone") func pasteIsPlain() {
    let dirty = "a\r\nb\rc\u{1B}[31md\u{1B}]52;c;AAAA\u{7}e\u{1B}(Bf\u{0}\u{8}\tg\u{9B}31mh"
    #expect(decode("\u{1B}[200~\(dirty)\u{1B}[201~q") == [.input(.paste("a\nb\nc" + "def\tg31mh"))] + keys("q"))
  }

  @Test("no key of a paste is a key, whatever it is cut into") func cutPaste() {
    let bytes = Array("\u{1B}[200~\u{3}\r\u{1B}[Ax中\u{1B}[201~".utf8)
    for cut in bytes.indices {
      var decoder = KeyDecoder()
      let tokens = decoder.feed(bytes[..<cut], at: start) + decoder.feed(bytes[cut...], at: start)
      #expect(tokens == [.input(.paste("\nx中"))], "cut at \(cut)")
    }
  }

  @Test("a paste is cut at a mebibyte and the rest is not typed") func hugePaste() throws {
    var decoder = KeyDecoder()
    var tokens = decoder.feed(Array("\u{1B}[200~".utf8), at: start)
    let piece = [UInt8](repeating: 0x78, count: 4096)
    for _ in 0..<300 { tokens += decoder.feed(piece, at: start) }
    tokens += decoder.feed(Array("\u{1B}[201~k".utf8), at: start)
    #expect(tokens.count == 2)
    guard case .input(.paste(let text)) = try #require(tokens.first) else {
      Issue.record("no paste: \(tokens.count)")
      return
    }
    #expect(text.utf8.count == 1 << 20)
    #expect(tokens.last == key(.character("k")))
  }

  @Test("a paste without an end is delivered after five seconds of silence") func endlessPaste() {
    var decoder = KeyDecoder()
    #expect(decoder.feed(Array("\u{1B}[200~lost".utf8), at: start).isEmpty)
    #expect(decoder.feed(Array(" end".utf8), at: start + .seconds(4)).isEmpty)
    #expect(decoder.expire(at: start + .seconds(8)).isEmpty)
    #expect(decoder.expire(at: start + .seconds(9)) == [.input(.paste("lost end"))])
    #expect(decoder.feed(Array("x".utf8), at: start + .seconds(9)) == [key(.character("x"))])
  }

  @Test("a burst without marks is a paste, to its last line") func burst() {
    var decoder = KeyDecoder()
    let text = String(repeating: "word\r", count: 200)
    #expect(decoder.feed(Array(text.utf8), at: start).isEmpty)
    #expect(decoder.feed(Array("tail\r".utf8), at: start + .milliseconds(20)).isEmpty)
    let expected = String(repeating: "word\n", count: 200) + "tail\n"
    #expect(decoder.expire(at: start + .milliseconds(60)) == [.input(.paste(expected))])
    #expect(decode("fast typing\r").count == 12)
  }

  @Test("random bytes never stop the decoder") func fuzz() {
    var generator = SystemRandomNumberGenerator()
    let alphabet: [UInt8] = [
      0x1B, 0x5B, 0x4F, 0x5D, 0x3B, 0x32, 0x30, 0x31, 0x7E, 0x4D, 0x3C, 0x24, 0x07, 0x5C, 0x41, 0xE4, 0xB8, 0x00,
    ]
    for _ in 0..<300 {
      var decoder = KeyDecoder()
      let bytes = (0..<200).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
      _ = bytes.flatMap { decoder.feed([$0], at: start) }
      _ = decoder.expire(at: start + .seconds(10))
      _ = decoder.feed(Array("\u{1B}[201~".utf8), at: start + .seconds(20))
      _ = decoder.expire(at: start + .seconds(30))
      #expect(decoder.feed(Array("x".utf8), at: start + .seconds(40)).last == key(.character("x")), "\(bytes)")
    }
  }
}
