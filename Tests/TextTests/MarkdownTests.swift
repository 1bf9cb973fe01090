import Testing

@testable import RearviewText

@Suite struct MarkdownTests {
  @Test(
    "blocks look as they are meant",
    arguments: [
      ("paragraphs", "one\ntwo\n\nthree  \nfour", 20, ["one two", "", "three", "four"]),
      ("headings", "# One\ntext\n\nTwo\n---\n\n### Three", 20, ["One", "", "text", "", "Two", "", "Three"]),
      ("bullets", "- a\n- b\n  - c\n    - d\n- e", 20, ["• a", "• b", "  ◦ c", "    ▪ d", "• e"]),
      ("loose list", "- a\n\n- b", 20, ["• a", "", "• b"]),
      ("numbers", "9. a\n10. b\n    more", 20, [" 9. a", "10. b more"]),
      ("parens", "1) a\n2) b", 20, ["1) a", "2) b"]),
      ("tasks", "- [x] done\n- [ ] open", 20, ["[x] done", "[ ] open"]),
      ("hanging", "- one two three\n- x", 9, ["• one two", "  three", "• x"]),
      ("empty item", "- \n- b", 9, ["•", "• b"]),
      ("quote", "> one two\n> three\n>\n> - a", 11, ["│ one two", "│ three", "│", "│ • a"]),
      ("fenced", "```swift\nlet a = 1\n\n  b\n```", 20, ["│ swift", "│ let a = 1", "│", "│   b"]),
      ("long code", "```\nabcdefghijkl  m\n```", 10, ["│ abcdefgh", "│ ijkl  m"]),
      ("indented", "    a\n      b", 20, ["│ a", "│   b"]),
      ("open fence", "```py\nx = 1", 20, ["│ py", "│ x = 1"]),
      ("code in a list", "- a\n\n  ```\n  x\n  ```", 20, ["• a", "", "  │ x"]),
      ("rule", "a\n\n***", 5, ["a", "", "─────"]),
      ("html", "<b>a</b>\n\n<div>\n<p>x</p>\n</div>", 30, ["<b>a</b>", "", "<div>", "<p>x</p>", "</div>"]),
      ("nothing", "", 10, []), ("blank", " \n\n ", 10, []),
    ] as [(String, String, Int, [String])])
  func blocks(_ name: String, _ source: String, _ width: Int, _ expected: [String]) {
    #expect(texts(source, width) == expected, "\(name)")
  }

  @Test("inline marks become styles")
  func inlines() {
    var text = MarkdownText("a *b* **c** ***d*** ~~e~~ `f` **g `h`**")
    #expect(
      text.lines(width: 80) == [
        [
          StyledSpan("a "), StyledSpan("b", .text, .italic), StyledSpan(" "), StyledSpan("c", .text, .bold),
          StyledSpan(" "),
          StyledSpan("d", .text, [.bold, .italic]), StyledSpan(" "), StyledSpan("e", .text, .strikethrough),
          StyledSpan(" "),
          StyledSpan("f", .code), StyledSpan(" "), StyledSpan("g ", .text, .bold), StyledSpan("h", .code, .bold),
        ]
      ])
  }

  @Test("blocks have their roles")
  func roles() {
    var text = MarkdownText("# A\n\n> q\n\n```swift\nc\n```\n\n- i\n\n---")
    let roles = text.lines(width: 20).filter { !$0.isEmpty }.map { $0.spans.map(\.role) }
    #expect(roles == [[.heading], [.quote, .quote], [.rule, .muted], [.rule, .code], [.muted, .text], [.rule]])
  }

  @Test(
    "a link shows where it leads, and only a web address looks like one",
    arguments: [
      (
        "[docs](https://a.example/x)",
        [StyledSpan("docs"), StyledSpan(" (", .muted), link("https://a.example/x"), StyledSpan(")", .muted)]
      ),
      ("<https://a.example/>", [link("https://a.example/")]), ("https://a.example/x", [link("https://a.example/x")]),
      ("[a.example](https://a.example/)", [link("a.example")]), ("www.a.example", [link("www.a.example")]),
      ("[](https://a.example)", [link("https://a.example")]),
      (
        "[https://good.example](https://evil.example)",
        [
          StyledSpan("https://good.example"), StyledSpan(" (", .muted), link("https://evil.example"),
          StyledSpan(")", .muted),
        ]
      ),
      ("[run](javascript:alert)", [StyledSpan("run"), StyledSpan(" (javascript:alert)", .muted)]),
      ("[f](file:///etc/passwd)", [StyledSpan("f"), StyledSpan(" (file:///etc/passwd)", .muted)]),
      ("<me@a.example>", [StyledSpan("me@a.example")]),
      (
        "![cat](http://a.example/c.png)",
        [
          StyledSpan("image: ", .muted), StyledSpan("cat"), StyledSpan(" (", .muted), link("http://a.example/c.png"),
          StyledSpan(")", .muted),
        ]
      ),
    ] as [(String, [StyledSpan])])
  func links(_ source: String, _ expected: [StyledSpan]) {
    var text = MarkdownText(DisplayText(source))
    #expect(text.lines(width: 200) == [StyledLine(expected)])
  }

  @Test("entities cannot bring back what the sanitiser took out")
  func entities() {
    let source =
      "&#x1B;[2J &#x202E;abc&#10;def &#x200B; `&#x1B;` [a](https://x.example/&#x1B;) &Tab;&#0;&#x85;\n\n"
      + "```&#x1B;c\nx\n```"
    for line in texts(source, 200) {
      #expect(line == DisplayText(line).string)
      #expect(!line.contains("\n") && !line.contains("\u{1B}") && !line.contains("\u{202E}"))
    }
    #expect(texts("a&#10;b", 20) == ["a b"])
  }

  @Test("a table has aligned columns")
  func table() {
    let source = "| Name | Count | Note |\n|:--|--:|:-:|\n| alpha | 1 | x |\n| 日本 | 1000 | long note |"
    #expect(
      texts(source, 60) == [
        "Name  │ Count │   Note",
        "──────┼───────┼──────────",
        "alpha │     1 │     x",
        "日本  │  1000 │ long note",
      ])
  }

  @Test("a table that is too wide breaks its cells, and shows records where even that does not fit")
  func wideTable() {
    let source = "| Key | Value |\n|--|--|\n| a | one two three four |\n| b | x |"
    #expect(
      texts(source, 18) == ["Key │ Value", "────┼─────────────", "a   │ one two", "    │ three four", "b   │ x"])
    #expect(texts(source, 8) == ["Key: a", "Value:", "  one", "  two", "  three", "  four", "", "Key: b", "Value: x"])
  }

  @Test("no line is wider than asked for, at any width and nesting")
  func widths() {
    var generator = SeededGenerator(seed: 21)
    let pieces = markdownPieces
    for _ in 0..<400 {
      let source = DisplayText(generator.text(of: pieces, count: 1...40))
      var text = MarkdownText(source)
      for width in [2, 3, 7, 11, 24, 80] {
        for line in text.lines(width: width) {
          #expect(line.width <= width, "\(source.string.debugDescription) at \(width)")
          #expect(!line.text.string.contains("\n"))
        }
      }
    }
  }

  @Test(
    "nesting without end neither crashes nor hangs",
    arguments: [">", "- ", "> - ", "*a **b ", "[", "1. ", "![", "~~a", "`"])
  func deepNesting(_ piece: String) {
    var text = MarkdownText(DisplayText(String(repeating: piece, count: 20_000 / piece.utf8.count)))
    #expect(text.lines(width: 40).allSatisfy { $0.width <= 40 })
  }

  @Test("a text of at signs is not searched for addresses")
  func atSigns() {
    let few = MarkdownText("https://a.example me@a.example")
    let many = MarkdownText(DisplayText("https://a.example " + String(repeating: "a@b", count: 201)))
    #expect(roles(few).contains(.link))
    #expect(!roles(many).contains(.link))
  }

  private func roles(_ text: MarkdownText) -> Set<StyleRole> {
    var text = text
    return Set(text.lines(width: 80).flatMap(\.spans).map(\.role))
  }

  @Test("a window of lines is a part of all lines")
  func window() {
    var text = MarkdownText("a\n\nb\n\nc")
    #expect(text.lineCount(width: 10) == 5)
    #expect(text.lines(width: 10, range: 2..<4).map(\.text.string) == ["b", ""])
    #expect(text.lines(width: 10, range: 4..<99).map(\.text.string) == ["c"])
    #expect(text.lines(width: 10, range: 7..<9).isEmpty)
  }

  @Test("texts are equal when their sources are, whatever was laid out")
  func equality() {
    var one = MarkdownText("a *b*")
    let other = MarkdownText("a *b*")
    _ = one.lines(width: 20)
    #expect(one == other && one.hashValue == other.hashValue)
    #expect(one.source == "a *b*" && !one.isEmpty && MarkdownText().isEmpty)
  }

  private func texts(_ source: String, _ width: Int) -> [String] {
    var text = MarkdownText(DisplayText(source))
    return text.lines(width: width).map { line in
      var line = line.text.string
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}

private func link(_ address: DisplayText) -> StyledSpan { StyledSpan(address, .link, .underline) }

/// What Markdown is made of, in any order.
let markdownPieces: [String] = [
  "# ", "## ", "- ", "  - ", "1. ", "10) ", "> ", "> > ", "```\n", "```swift\n", "~~~\n", "    ", "\n", "\n", "\n\n",
  "\n\n", "*", "**",
  "_", "`", "~~", "[a](https://a.example/b) ", "[r]", "[r]: https://r.example\n", "![i](x) ", "| a | b |\n",
  "|--|:-:|\n", "| 日本 | word |\n",
  "a|b\n-|-\n", "---\n", "***\n", "===\n", "- [x] ", "<b>", "<div>\n", "&amp;", "&#x1B;", "\\", "word ",
  "some longer words here ", "日本語。", "👩‍👩‍👧",
  "averyveryverylongwordindeed", "  \n", "https://x.example/path ", "\t",
]
