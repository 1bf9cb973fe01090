import Testing

@testable import RearviewText

@Suite struct DisplayTextTests {
  @Test("our own words and numbers make a text")
  func interpolation() {
    let name = DisplayText(line: "bank\u{1B}[31m one")
    let text: DisplayText = "Bank \(name), \(3) memories, \(UInt8(7)) new, \(1.25, decimals: 1) s"
    #expect(text.string == "Bank bank one, 3 memories, 7 new, 1.3 s")
    #expect(text.hiddenCount == 1)
  }

  @Test(
    "numbers have the decimals that were asked for",
    arguments: [
      (0.0, 2, "0.00"), (-0.04, 1, "0.0"), (-1.5, 0, "-2"), (0.005, 2, "0.01"), (12.3456, 3, "12.346"),
      (999.96, 1, "1000.0"),
      (1e300, 2, "1e+300"), (.infinity, 1, "inf"), (.nan, 1, "nan"),
    ])
  func decimals(_ value: Double, _ decimals: Int, _ expected: String) {
    let text: DisplayText = "\(value, decimals: decimals)"
    #expect(text.string == expected)
  }

  @Test("a literal with a control character is sanitised like any other text")
  func hostileLiteral() {
    let text: DisplayText = "a\u{1B}[2Jb"
    #expect(text.string == "ab")
    #expect(DisplayText(stringLiteral: "x\u{202E}y").string == "xy")
  }

  @Test("marks at the seam of two texts keep the limit of one base")
  func seam() {
    let base = DisplayText("e\u{301}\u{302}\u{303}")
    let marks = DisplayText("\u{304}\u{305}\u{306}x")
    #expect((base + marks).string.unicodeScalars.count == 6)
    #expect((base + marks).hiddenCount == 2)
    #expect((DisplayText() + marks).string == marks.string)
    #expect([base, marks].joined(separator: "x").string.unicodeScalars.count == 4 + 1 + 3 + 1)
  }

  @Test(
    "cut text ends in an ellipsis at the edge of a cluster and fits",
    arguments: [
      ("hello", 5, "hello"), ("hello", 4, "hel…"), ("hello", 1, "…"), ("hello", 0, ""), ("日本語", 5, "日本…"),
      ("日本語", 4, "日…"),
      ("ab\ncd", 9, "ab…"), ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"), ("a👩‍👩‍👧b", 3, "a…"), ("", 3, ""),
    ])
  func truncation(_ source: String, _ width: Int, _ expected: String) {
    #expect(DisplayText(source).truncated(to: width).string == expected)
    #expect(DisplayText(source).truncated(to: width).width <= width)
  }

  @Test("width is that of the widest line")
  func width() {
    #expect(DisplayText("ab\nabcd\nabc").width == 4)
    #expect(DisplayText("日本\nabc").width == 4)
    #expect(DisplayText("").width == 0)
  }

  @Test("lines are what stands between line feeds")
  func lines() {
    #expect(DisplayText("a\n\nb\n").lines == ["a", "", "b", ""])
    #expect(DisplayText("").lines == [""])
  }

  @Test("styled lines cut in the style of the span that was cut")
  func styledTruncation() {
    let line: StyledLine = [StyledSpan("abc", .accent), StyledSpan("defg", .muted)]
    #expect(line.truncated(to: 7) == line)
    #expect(line.truncated(to: 5) == [StyledSpan("abc", .accent), StyledSpan("d…", .muted)])
    #expect(line.truncated(to: 3) == [StyledSpan("ab…", .accent)])
    #expect(line.truncated(to: 0).isEmpty)
  }
}
