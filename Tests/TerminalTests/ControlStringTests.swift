import RearviewText
import Testing

@testable import RearviewTerminal

@Suite("What is written beside curses") struct ControlStringTests {
  @Test("a title cannot end its sequence, hide or turn text around") func title() {
    let hostile = "a\u{1B}]0;b\u{7}c\u{9C}d\u{202E}e\u{2066}f\n\u{200B}g"
    #expect(ControlStrings.sanitizedTitle(hostile) == "a]0;bcdefg")
    #expect(ControlStrings.sanitizedTitle(String(repeating: "é", count: 200)).count == 80)
    #expect(ControlStrings.title("x") == Array("\u{1B}]2;x\u{7}".utf8))
  }

  @Test("the clipboard takes what fits and refuses the rest") func clipboard() {
    #expect(ControlStrings.clipboard("hi ✓") == Array("\u{1B}]52;c;aGkg4pyT\u{7}".utf8))
    let longest = String(repeating: "x", count: 56_244)
    #expect(ControlStrings.clipboard(longest) != nil)
    #expect(ControlStrings.clipboard(longest + "x") == nil)
  }

  @Test("what goes on goes off") func modes() {
    for usesMouse in [true, false] {
      for isXtermLike in [true, false] {
        let modes = TerminalModes(isXtermLike: isXtermLike, usesMouse: usesMouse, setsTitle: true)
        let on = String(decoding: modes.on, as: UTF8.self)
        let off = String(decoding: modes.off, as: UTF8.self)
        for mode in on.matches(of: /\?(\d+)h/).map({ String($0.output.1) }) {
          #expect(off.contains("?\(mode)l"), "\(mode)")
        }
        #expect(!isXtermLike || off.contains("23;2t"))
      }
    }
  }

  @Test("each box and block has an ASCII stand-in, and none is left over") func ascii() {
    func mapped(_ text: String) -> String {
      var result = String.UnicodeScalarView()
      for scalar in text.unicodeScalars {
        if let scalar = Unicode.Scalar(AsciiGlyphs.replacement(for: scalar.value)) { result.append(scalar) }
      }
      return String(result)
    }
    #expect(mapped("│─━┃▌…┌┼╯▸•█▁▇“x”") == "|-=#|~+++>.#_#\"x\"")
    for value in UInt32(0x2500)...0x259F { #expect(AsciiGlyphs.replacement(for: value) < 0x7F) }
    #expect(mapped("\u{1F600}") == "?")
  }

  @Test("the screen in memory keeps frames as text") func memoryScreen() {
    let screen = MemoryScreen(size: Size(columns: 6, rows: 2))
    var frame = Frame(size: screen.size)
    frame[0, 0] = Cell(base: 0x4E2D, width: 2, style: Style())
    frame[1, 0] = Cell(base: 0, width: 0, style: Style())
    frame[2, 0] = Cell(base: 0x61, width: 1, style: Style())
    screen.draw(frame)
    #expect(screen.text == "中a\n")
    #expect(screen.copyToClipboard("x"))
    #expect(screen.clipboard == "x")
  }

  @Test("each error is one sentence that says what to do") func errors() {
    let all: [TerminalError] = [
      .notATerminal, .cannotDraw(term: ""), .cannotDraw(term: "dumb"), .unknownTerminal(term: "x"),
      .cannotStart(reason: "memory is short"), .alreadyRunning,
    ]
    for error in all {
      #expect(error.description.hasSuffix("."))
      #expect(!error.description.dropLast().contains(". "))
    }
  }
}
