import RearviewText
import Testing

@testable import RearviewTerminal

@Suite("Colours") struct ColorTests {
  private struct Entries: TerminalDatabase {
    var entries: [String: TerminalEntry] = [
      "xterm-256color": .init(colors: 256, hasXtermTitles: true), "xterm": .init(colors: 8, hasXtermTitles: true),
      "xterm-direct": .init(colors: 1 << 24, isDirect: true, hasXtermTitles: true),
      "tmux-256color": .init(colors: 256), "tmux-direct": .init(colors: 1 << 24, isDirect: true),
      "linux": .init(colors: 8), "vt100": .init(colors: 0), "paper": .init(colors: 0, canDraw: false),
      "linux-16color": .init(colors: 16),
    ]
    func entry(_ term: String) -> TerminalEntry? { entries[term] }
  }

  private func choice(_ environment: [String: String], limit: ColorDepth? = nil) throws -> TerminalChoice {
    var options = TerminalOptions(environment: environment)
    options.colorLimit = limit
    return try TerminalChoice.decide(options, in: Entries())
  }

  @Test(
    "the entry and the depth follow the environment",
    arguments: [
      (["TERM": "xterm-256color"], "xterm-256color", ColorDepth.palette256),
      (["TERM": "xterm-256color", "COLORTERM": "truecolor"], "xterm-direct", .trueColor),
      (["TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"], "xterm-256color", .mono),
      (["TERM": "xterm-256color", "NO_COLOR": ""], "xterm-256color", .palette256),
      (["TERM": "tmux-256color", "TMUX": "x", "COLORTERM": "24bit"], "tmux-direct", .trueColor),
      (["TERM": "xterm-direct"], "xterm-direct", .trueColor),
      (["TERM": "xterm-direct", "NO_COLOR": "1"], "xterm-direct", .mono),
      (["TERM": "linux", "COLORTERM": "truecolor"], "linux", .ansi8),
      (["TERM": "linux-16color"], "linux-16color", .ansi16),
      (["TERM": "vt100"], "vt100", .mono), (["TERM": "xterm-new-thing"], "xterm-256color", .palette256),
    ])
  func decision(environment: [String: String], term: String, colors: ColorDepth) throws {
    let choice = try choice(environment)
    #expect(choice.term == term)
    #expect(choice.colors == colors)
  }

  @Test("a limit is kept") func limit() throws {
    #expect(try choice(["TERM": "xterm-direct"], limit: .ansi16).colors == .ansi16)
    #expect(try choice(["TERM": "xterm-256color"], limit: .mono).colors == .mono)
  }

  @Test("a terminal that cannot draw is refused in one sentence", arguments: ["", "dumb", "paper"])
  func refused(term: String) {
    let error = #expect(throws: TerminalError.self) { try choice(["TERM": term]) }
    #expect(error == .cannotDraw(term: term))
    #expect(error?.description.contains("xterm-256color") == true)
  }

  @Test("the nearest colour is the one that looks nearest") func nearest() {
    var palette = Palette(depth: .palette256)
    #expect(palette.value(of: .rgb(255, 0, 0)) == 196)
    #expect(palette.value(of: .rgb(255, 255, 255)) == 231)
    #expect(palette.value(of: .rgb(0x80, 0x80, 0x80)) == 244)
    #expect(palette.value(of: .indexed(3)) == 3)
    #expect(palette.value(of: .standard) == -1)
    var eight = Palette(depth: .ansi8)
    #expect(eight.value(of: .rgb(250, 30, 20)) == 1)
    #expect(eight.value(of: .rgb(10, 200, 30)) == 2)
    #expect(eight.value(of: .indexed(12)) == 4)
    #expect(eight.boldens(.indexed(12)))
    #expect(eight.value(of: .indexed(208)) == eight.value(of: .rgb(255, 135, 0)))
    var sixteen = Palette(depth: .ansi16)
    #expect(sixteen.value(of: .rgb(255, 0, 255)) == 13)
    #expect(sixteen.value(of: .indexed(12)) == 12)
    var none = Palette(depth: .mono)
    #expect(none.value(of: .indexed(5)) == -1)
  }

  @Test("every colour of the cube is its own nearest") func cube() {
    var palette = Palette(depth: .palette256)
    for index in 16..<256 {
      let rgb = Palette.xterm[index]
      let value = palette.value(of: .rgb(UInt8(rgb >> 16), UInt8(rgb >> 8 & 255), UInt8(rgb & 255)))
      #expect(Palette.xterm[Int(value)] == rgb)
    }
  }

  @Test("in true colour, black and the blues do not become palette colours") func nearBlack() {
    var palette = Palette(depth: .trueColor)
    #expect(palette.value(of: .rgb(0, 0, 5)) == 0x000105)
    #expect(palette.value(of: .rgb(0, 0, 255)) == 0x0001FF)
    #expect(palette.value(of: .rgb(1, 2, 3)) == 0x010203)
    #expect(palette.value(of: .indexed(1)) == 1)
    #expect(palette.value(of: .indexed(208)) == 208)
    var narrow = Palette(depth: .trueColor, mixesPalette: false)
    #expect(narrow.value(of: .rgb(0, 0, 5)) == 0x00000D)
    #expect(narrow.value(of: .indexed(7)) == 7)
    #expect(narrow.value(of: .indexed(208)) == 0xFF8700)
  }

  @Test(
    "COLORFGBG tells light from dark",
    arguments: [("15;0", true), ("0;15", false), ("0;default;7", false), ("12;8", true)])
  func colorFgBg(value: String, isDark: Bool) {
    #expect(CursesScreen.isDark(colorFgBg: value) == isDark)
    #expect(CursesScreen.isDark(colorFgBg: "0;default") == nil)
  }
}
