import Testing

@testable import RearviewText

@Suite struct MarkdownStreamTests {
  private static let answer = """
    # Plan

    First paragraph with *emphasis*
    over two lines.

    - one
    - two
      - nested

      more of two
    - three
    **not a list item**

    | a | b |
    |---|---|
    | 1 | 2 |
    after the table

    text before
    | c | d |
    |---|---|
    | 3 | 4 |

    ```swift
    let x = 1

    # not a heading
    ```

    > quote
    lazy

    Setext
    ======

    1. a
    2. b

    ---
    end
    """

  @Test("at each step of a stream the lines are those of the text so far", arguments: [1, 2, 7, 40])
  func everyPrefix(_ chunk: Int) {
    expectSameAsWhole(Self.answer, chunk: chunk)
  }

  @Test("a stream in any chunks ends with the lines of the whole")
  func fuzz() {
    var generator = SeededGenerator(seed: 31)
    // Without reference definitions and loose lists, which only the end can settle.
    let pieces = markdownPieces.filter { !$0.contains("]: ") }
    for _ in 0..<60 {
      let source = DisplayText(generator.text(of: pieces, count: 1...60)).string
      expectSameAsWhole(source, chunk: Int.random(in: 1...9, using: &generator))
    }
  }

  @Test("the end settles reference links that stood before their definition")
  func references() {
    var text = MarkdownText()
    for piece: DisplayText in ["See [r].\n\n", "More.\n\n", "[r]: https://r.example\n"] {
      text.append(piece)
      _ = text.lines(width: 60)
    }
    #expect(text.lines(width: 60).first?.text.string == "See [r].")
    text.finish()
    #expect(text.lines(width: 60).first?.text.string == "See r (https://r.example).")
  }

  @Test("what was laid out once stays when more comes, and a text goes on after its end")
  func appendAfterFinish() {
    var text = MarkdownText("one\n\ntwo")
    #expect(strings(&text, 20) == ["one", "", "two"])
    text.append(" and *three*")
    text.finish()
    #expect(strings(&text, 20) == ["one", "", "two and three"])
    text.append("\n\nfour")
    #expect(strings(&text, 7) == ["one", "", "two and", "three", "", "four"])
  }

  @Test("a long list, table or source text goes on after its beginning is kept")
  func longBlocks() {
    let cases: [(String, (Int) -> String, String)] = [
      ("", { "\($0). item number \($0) with some words\n" }, "1. "),
      ("", { "- item \($0) with some words in it\n" }, "• "),
      ("```swift\n", { "let value\($0) = \($0) // comment here\n" }, "│ swift"),
      ("| a | b |\n|---|---|\n", { "| row \(1000 + $0) | cell with words |\n" }, "a"),
    ]
    for (head, row, start) in cases {
      let source = head + (1...900).map(row).joined()
      var text = MarkdownText()
      var most = 0
      for piece in chunks(source, 601) {
        text.append(DisplayText(piece))
        most = max(most, text.lines(width: 60).count)
      }
      let grown = strings(&text, 60)
      text.finish()
      let whole = strings(&text, 60)
      #expect(grown.map { $0.filter { $0 != " " } } == whole.map { $0.filter { $0 != " " } }, "\(head)")
      #expect(most == whole.count)
      #expect(grown.first?.drop(while: { $0 == " " }).hasPrefix(start) == true)
    }
  }

  @Test("text after a long fenced block that was closed is text again")
  func afterLongFence() {
    let source = "```\n" + String(repeating: "line of code here\n", count: 1200) + "```\n\n# Done\n\ntext"
    var text = MarkdownText()
    for piece in chunks(source, 601) {
      text.append(DisplayText(piece))
      _ = text.lines(width: 40)
    }
    let lines = text.lines(width: 40)
    #expect(lines.count == 1200 + 4)
    #expect(lines.suffix(3).map(\.text.string) == ["Done", "", "text"])
  }

  @Test("one paragraph without end costs a bounded parse a call and loses no word", arguments: ["word ", "日本語", "x"])
  func endlessParagraph(_ unit: String) {
    let source = String(repeating: unit, count: 200_000 / unit.utf8.count)
    var text = MarkdownText()
    for (index, piece) in chunks(source, 640).enumerated() {
      text.append(DisplayText(piece))
      if index % 4 == 0 { _ = text.lineCount(width: 80) }
    }
    let grown = strings(&text, 80).joined().filter { $0 != " " }
    #expect(grown == source.filter { $0 != " " })
    text.finish()
    #expect(strings(&text, 80).joined().filter { $0 != " " } == source.filter { $0 != " " })
  }

  @Test("a finished text beyond the limit for a whole parse is read in windows and loses no word")
  func hugeText() {
    let paragraph = "Some **bold** words and `code` in a paragraph.\n\n- item\n- item\n\n"
    let source = String(repeating: paragraph, count: 2 * MarkdownText.wholeLimit / paragraph.utf8.count)
    var text = MarkdownText(DisplayText(source))
    let lines = text.lines(width: 80)
    let count = 2 * MarkdownText.wholeLimit / paragraph.utf8.count
    #expect(lines.count == count * 5 - 1)
    #expect(lines.last?.text.string == "• item")
  }

  @Test("parsing from many tasks at once gives the same everywhere")
  func parallel() async {
    let source = DisplayText(String(repeating: "~~a~~ b ~~c~~ ", count: 600))
    let expected = Self.lines(of: source)
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<60 { group.addTask { Self.lines(of: source) == expected } }
      for await isSame in group { #expect(isSame) }
    }
  }

  private static func lines(of source: DisplayText) -> [StyledLine] {
    var text = MarkdownText(source)
    return text.lines(width: 80)
  }

  /// Streams a source and compares with a parse of the whole so far after each chunk.
  private func expectSameAsWhole(_ source: String, chunk: Int) {
    var text = MarkdownText()
    var soFar = ""
    for piece in chunks(source, chunk) {
      text.append(DisplayText(sanitised: piece))
      soFar += piece
      var whole = MarkdownText(DisplayText(sanitised: soFar))
      let isSame = text.lines(width: 40) == whole.lines(width: 40)
      #expect(isSame, "\(soFar.debugDescription)\n\(strings(&text, 40))\n\(strings(&whole, 40))")
      if !isSame { return }
    }
  }

  private func strings(_ text: inout MarkdownText, _ width: Int) -> [String] {
    text.lines(width: width).map(\.text.string)
  }

  private func chunks(_ source: String, _ size: Int) -> [String] {
    var pieces: [String] = []
    var rest = Substring(source)
    while !rest.isEmpty {
      pieces.append(String(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    return pieces
  }
}
