import Testing

@testable import RearviewText

@Suite struct WrapTests {
  @Test(
    "text breaks as a reader expects",
    arguments: [
      ("the quick brown fox", 10, ["the quick", "brown fox"]), ("the quick", 9, ["the quick"]), ("", 5, [""]),
      ("a\n\nb", 5, ["a", "", "b"]), ("a\n", 5, ["a", ""]), ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
      ("go abcdefghij", 6, ["go", "abcdef", "ghij"]), ("a  b", 2, ["a", "b"]), ("  indent", 8, ["  indent"]),
      ("      indented", 10, ["indented"]), ("ab ", 5, ["ab "]), ("ab   ", 3, ["ab "]),
      ("日本語テキスト", 6, ["日本語", "テキス", "ト"]),
      ("日本語。", 6, ["日本", "語。"]), ("ab日本", 4, ["ab日", "本"]), ("日本ab cd", 6, ["日本ab", "cd"]),
      ("日「本」", 4, ["日", "「本", "」"]),
      ("one 👩‍👩‍👧 two", 6, ["one 👩‍👩‍👧", "two"]), ("a\u{A0}b c", 4, ["a\u{A0}b", "c"]), ("日本", 1, ["…", "…"]),
      ("ab", 0, ["a", "b"]),
      ("日, x", 3, ["日,", "x"]),
    ] as [(String, Int, [String])])
  func examples(_ source: String, _ width: Int, _ expected: [String]) {
    #expect(wrap(DisplayText(source), to: width).map(\.string) == expected)
  }

  @Test("no line is wider than the width, and nothing is lost but blanks")
  func property() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<3000 {
      let text = DisplayText(generator.text(of: layoutPieces, count: 0...40))
      let width = Int.random(in: 2...30, using: &generator)
      let lines = wrap(text, to: width)
      #expect(lines.allSatisfy { $0.width <= width }, "\(text.string.debugDescription) at \(width)")
      #expect(words(lines.map(\.string).joined()) == words(text.string), "\(text.string.debugDescription) at \(width)")
      #expect(lines.allSatisfy { !$0.string.contains("\n") })
    }
  }

  @Test("styled text breaks where the same text in one style breaks, and keeps its styles")
  func styledProperty() {
    var generator = SeededGenerator(seed: 5)
    let roles: [StyleRole] = [.text, .code, .link]
    for _ in 0..<2000 {
      let spans = (0..<Int.random(in: 0...5, using: &generator)).map { index in
        StyledSpan(DisplayText(generator.text(of: layoutPieces, count: 1...8)), roles[index % 3])
      }
      let line = StyledLine(spans)
      let width = Int.random(in: 4...24, using: &generator)
      let indent = Int.random(in: 0...2, using: &generator)
      let lines = line.wrapped(to: width, hangingIndent: indent)
      #expect(lines.allSatisfy { $0.width <= width }, "\(line) at \(width)")
      for role in roles where indent == 0 {
        let before = spans.filter { $0.role == role }.map(\.text.string).joined()
        let after = lines.flatMap(\.spans).filter { $0.role == role }.map(\.text.string).joined()
        #expect(words(before) == words(after))
      }
      if spans.count == 1, indent == 0 {
        #expect(lines.map(\.text.string) == wrap(spans[0].text, to: width).map(\.string))
      }
    }
  }

  @Test("further lines hang under the first")
  func hangingIndent() {
    let lines = StyledLine("one two three", .accent).wrapped(to: 7, hangingIndent: 2)
    #expect(lines.map(\.text.string) == ["one two", "  three"])
    #expect(lines[1].spans.map(\.role) == [.text, .accent])
  }

  @Test("source text keeps every blank")
  func sourceText() {
    let lines = StyledLine("ab  cd   ", .code).wrappedAnywhere(to: 4)
    #expect(lines.map(\.text.string) == ["ab  ", "cd  ", " "])
  }

  private func words(_ text: String) -> [UInt32] {
    text.unicodeScalars.map(\.value).filter { $0 != 0x20 && $0 != 0x0A }
  }
}
