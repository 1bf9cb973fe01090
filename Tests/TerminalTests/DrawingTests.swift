import OwnThread
import TerminalEmulator
import Testing

/// What a person sees, on the terminals that people have.
@Suite("Drawing in a terminal", .serialized, .ownThread) struct DrawingTests {
  @Test(
    "every kind of terminal draws text and boxes, and is left clean",
    arguments: [
      ("xterm-256color", "palette256"), ("tmux-256color", "palette256"), ("xterm-direct", "trueColor"),
      ("linux", "ansi8"),
      ("vt100", "mono"), ("screen-256color", "palette256"), ("no-such-terminal", "palette256"),
    ])
  func terminals(term: String, colors: String) throws {
    let terminal = try probe("commands", environment: ["TERM": term])
    let settings = terminal.lineSettingsBefore
    try terminal.wait(for: "ready 80x24")
    try terminal.wait(until: { $0.rowText(0).hasSuffix(colors) })
    terminal.type("3")
    try terminal.wait(for: "│─━┃▌…┌┘")
    try terminal.wait(until: { $0.cursor == (3, 23) })
    #expect(terminal.rowText(3) == "é中")
    terminal.type("Q")
    #expect(try terminal.waitForEnd() == .exit(0))
    #expect(terminal.modes == [7, 25])
    #expect(terminal.lineSettings == settings)
  }

  @Test("a console is asked nothing that it would print") func console() throws {
    for term in ["linux", "vt100"] {
      let terminal = try probe("commands", environment: ["TERM": term])
      try terminal.wait(for: "ready")
      terminal.type("CNQ")
      try terminal.waitForEnd()
      #expect(!terminal.transcript.contains("␛]"))
      #expect(!terminal.transcript.contains("$p"))
    }
  }

  @Test("NO_COLOR means no colour, and attributes stay") func noColor() throws {
    let terminal = try probe("commands", environment: ["NO_COLOR": "1", "COLORTERM": "truecolor"])
    try terminal.wait(for: "mono")
    terminal.type("2")
    try terminal.wait(for: "bright")
    for row in 0..<10 {
      #expect(terminal.cell(column: 0, row: row)?.foreground == .standard)
      #expect(terminal.cell(column: 0, row: row)?.background == .standard)
    }
    #expect(terminal.cell(column: 0, row: 6)?.isBold == true)
    #expect(terminal.cell(column: 0, row: 7)?.isReversed == true)
  }

  @Test("colours come out as the terminal can show them") func colors() throws {
    let indexed = try probe("commands")
    try indexed.wait(for: "palette256")
    indexed.type("2")
    try indexed.wait(for: "bright")
    #expect(indexed.cell(column: 0, row: 2)?.foreground == .indexed(202))
    #expect(indexed.cell(column: 0, row: 3)?.foreground == .indexed(1))
    #expect(indexed.cell(column: 0, row: 4)?.foreground == .indexed(208))
    #expect(indexed.cell(column: 0, row: 5)?.foreground == .standard)
    let bold = try #require(indexed.cell(column: 0, row: 6))
    #expect(bold.isBold && bold.isUnderlined && !bold.isItalic)
    let italic = try #require(indexed.cell(column: 0, row: 7))
    #expect(italic.isItalic && italic.isReversed)
    #expect(indexed.cell(column: 0, row: 8)?.foreground == .indexed(12))
  }

  @Test(
    "in true colour a theme may mix the palette with red, green and blue", arguments: ["xterm-256color", "tmux-direct"])
  func trueColor(term: String) throws {
    let terminal = try probe("commands", environment: ["TERM": term, "COLORTERM": "truecolor"])
    try terminal.wait(for: "trueColor")
    terminal.type("2")
    try terminal.wait(for: "bright")
    #expect(terminal.cell(column: 0, row: 2)?.foreground == .rgb(255, 100, 0))
    #expect(terminal.cell(column: 0, row: 2)?.background == .rgb(0, 1, 5))
    #expect(terminal.cell(column: 0, row: 3)?.foreground == .indexed(1))
    #expect(terminal.cell(column: 0, row: 4)?.foreground == .indexed(208))
    #expect(terminal.cell(column: 0, row: 8)?.foreground == .indexed(12))
    terminal.type("Q")
    try terminal.waitForEnd()
    #expect(terminal.isRestored)
  }

  @Test("a wide character at the edge is cut, and nothing after it moves") func wideAtEdge() throws {
    let terminal = try probe("commands", columns: 41)
    try terminal.wait(for: "ready")
    terminal.type("1")
    try terminal.wait(for: "after")
    #expect(terminal.cell(column: 39, row: 2)?.text == "中")
    #expect(terminal.cell(column: 40, row: 3)?.text.trimmingPrefix(" ") == "")
    #expect(terminal.rowText(4) == "below")
    #expect(terminal.cell(column: 0, row: 5)?.text == "e\u{301}")
    // Escape, a bidi override and a character that the C library does not know take their columns and do nothing.
    #expect(terminal.cell(column: 1, row: 5)?.text == " ")
    #expect(terminal.cell(column: 2, row: 5)?.text == "□")
    #expect(terminal.rowText(5).hasSuffix("after"))
    #expect(terminal.place(of: "after")?.column == 5)
  }

  @Test("boxes are ASCII where the user says so, or the terminal draws them wide") func ascii() throws {
    let asked = try probe("commands", "--ascii")
    try asked.wait(for: "ready")
    asked.type("3")
    try asked.wait(for: "|-=#|~++")
    #expect(asked.rowText(3) == "é中")
    var answers = TerminalEmulator.Answers()
    answers.extraCursorColumns = 1
    let wide = try probe("commands", answers: answers)
    try wide.wait(for: "answered")
    wide.type("3")
    try wide.wait(for: "|-=#|~++")
  }

  @Test("the cursor is hidden when the frame has none") func cursor() throws {
    let terminal = try probe("commands")
    try terminal.wait(for: "answered")
    #expect(terminal.isCursorVisible)
    terminal.type("4")
    try terminal.wait(until: { !$0.isCursorVisible })
    terminal.type("3")
    try terminal.wait(until: { $0.isCursorVisible })
    #expect(terminal.cursor == (3, 23))
  }

  @Test("a frame of another size is cut, and blank where it ends") func otherSize() throws {
    let terminal = try probe("commands", columns: 40, rows: 10)
    try terminal.wait(for: "answered")
    terminal.type("6")
    try terminal.wait(for: "ready 30x5")
    #expect(terminal.rowText(1) == "events 0 batches 0 order true")
    #expect(terminal.rowText(2) == "")
    terminal.type("7")
    try terminal.wait(for: "ready 60x30")
    try terminal.wait(until: { !$0.isCursorVisible })
    #expect(terminal.rowText(0) == "ready 60x30 xterm-256color palette256")
  }

  @Test("a storm of sizes ends in the last one, whole") func resizeStorm() throws {
    let terminal = try probe("keys")
    try terminal.wait(for: "answered")
    for step in 0..<100 {
      terminal.resize(columns: 30 + step * 37 % 120, rows: 5 + step * 13 % 50)
      if step % 5 == 0 { terminal.watch(seconds: 0.005) }
    }
    terminal.resize(columns: 97, rows: 31)
    try terminal.wait(for: "ready 97x31")
    try terminal.wait(for: "size 97x31")
    #expect(terminal.cursor == (3, 30))
    terminal.resize(columns: 1, rows: 1)
    try terminal.wait(until: { $0.rowText(0) == "r" })
    terminal.resize(columns: 80, rows: 24)
    try terminal.wait(for: "ready 80x24")
    terminal.type("\u{11}")
    try terminal.waitForEnd()
    #expect(terminal.isRestored)
  }

  @Test("frames are bracketed only for a terminal that knows how") func synchronizedOutput() throws {
    let knowing = try probe("keys")
    try knowing.wait(for: "sync=true")
    knowing.type("x")
    try knowing.wait(for: "key 'x'")
    #expect(knowing.modesSeen.contains(2026))
    #expect(!knowing.modes.contains(2026))
    var answers = TerminalEmulator.Answers()
    answers.knowsSynchronizedOutput = false
    let other = try probe("keys", answers: answers)
    try other.wait(for: "sync=false")
    other.type("x")
    try other.wait(for: "key 'x'")
    #expect(!other.modesSeen.contains(2026))
  }

  @Test("title and clipboard") func titleAndClipboard() throws {
    let terminal = try probe("commands", "--title", "first")
    try terminal.wait(for: "answered")
    #expect(terminal.title == "first")
    terminal.type("NC")
    try terminal.wait(for: "copied true")
    #expect(terminal.title == "new]0;evil title")
    #expect(terminal.clipboard == "Y2xpcCDinJM=")
    terminal.type("Q")
    try terminal.waitForEnd()
    #expect(terminal.titlesPushed == terminal.titlesPopped)
  }

  @Test("without a usable terminal there is one clear sentence and nothing else") func noTerminal() throws {
    let dumb = try probe("keys", environment: ["TERM": "dumb"])
    try dumb.waitForEnd()
    #expect(dumb.screenText.contains("error: The terminal type “dumb” cannot show a full screen"))
    #expect(!dumb.transcript.contains("␛"))
    let piped = try TerminalEmulator("/bin/sh", ["-c", "'\(probePath)' keys </dev/null"])
    try piped.waitForEnd()
    #expect(piped.screenText.contains("error: Standard input and output must be a terminal"))
  }
}
