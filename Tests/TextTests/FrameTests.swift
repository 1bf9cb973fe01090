import Testing

@testable import RearviewText

@Suite struct FrameTests {
  private let bold = Style(attributes: .bold)

  @Test("text is drawn at its cell, clipped to the limit and to the frame")
  func clipping() {
    var frame = Frame(size: Size(columns: 8, rows: 4))
    #expect(frame.draw("hello", at: Position(column: 1, row: 0), limit: 3, style: bold) == 3)
    #expect(frame.draw("hello", at: Position(column: 5, row: 1), limit: 9, style: bold) == 5)
    #expect(frame.draw("hello", at: Position(column: -2, row: 2), limit: 9, style: bold) == 5)
    #expect(frame.draw("日本語", at: Position(column: 0, row: 3), limit: 5, style: bold) == 5)
    #expect(frame.draw("hello", at: Position(column: 0, row: 4), limit: 3, style: bold) == 3)
    #expect(frame.draw("hello", at: Position(column: 0, row: -1), limit: 9, style: bold) == 5)
    #expect(frame.text() == " hel\n     hel\nllo\n日本\n")
    #expect(isWhole(frame))
  }

  @Test("a wide character that would straddle an edge becomes a blank")
  func straddling() {
    var frame = Frame(size: Size(columns: 5, rows: 3))
    frame.draw("日本語", at: Position(column: 0, row: 0), limit: 9, style: bold)
    frame.draw("日本", at: Position(column: -1, row: 1), limit: 9, style: bold)
    frame[4, 2] = Cell(base: 0x65E5, width: 2, style: bold)
    #expect(frame.text() == "日本\n 本\n\n")
    #expect(frame[0, 1] == .blank(bold))
    #expect(frame[4, 2] == .blank(bold))
    #expect(isWhole(frame))
  }

  @Test("half of a wide character that is overwritten becomes a blank")
  func overwriting() {
    var frame = Frame(size: Size(columns: 6, rows: 1))
    frame.draw("日本語", at: Position(column: 0, row: 0), limit: 6, style: Style())
    frame.draw("x", at: Position(column: 1, row: 0), limit: 1, style: Style())
    #expect(frame.text() == " x本語\n")
    frame.draw("文", at: Position(column: 3, row: 0), limit: 2, style: Style())
    #expect(frame.text() == " x 文\n")
    frame.fill(Rect(column: 4, row: 0, columns: 1, rows: 1), style: Style())
    #expect(frame.text() == " x\n")
    #expect(isWhole(frame))
  }

  @Test("whatever is drawn over whatever, no half of a character stands alone")
  func wholeness() {
    var generator = SeededGenerator(seed: 9)
    var frame = Frame(size: Size(columns: 12, rows: 3))
    for _ in 0..<3000 {
      let text = DisplayText(line: generator.text(of: layoutPieces, count: 1...6))
      let place = Position(
        column: Int.random(in: -4...13, using: &generator), row: Int.random(in: -1...3, using: &generator))
      let limit = Int.random(in: 0...14, using: &generator)
      let used = frame.draw(text, at: place, limit: limit, style: Style())
      #expect(used == min(text.width, limit))
      frame[place.column + 1, place.row] = Cell(base: 0x65E5, width: 2, style: Style())
      #expect(isWhole(frame))
    }
  }

  @Test("spans are drawn side by side in their own styles")
  func styledLines() {
    var frame = Frame(size: Size(columns: 8, rows: 1))
    let line: StyledLine = [StyledSpan("ab", .accent), StyledSpan("日", .link, .underline), StyledSpan("cdefgh")]
    let used = frame.draw(line, at: Position(column: 1, row: 0), limit: 6) { span in
      Style(foreground: span.role == .accent ? .indexed(4) : .standard, attributes: span.attributes)
    }
    #expect(used == 6)
    #expect(frame.text() == " ab日cd\n")
    #expect(frame.styleMap() == ".aabb\na fg=4\nb underline\n")
  }

  @Test("reading outside a frame gives a blank and writing there does nothing")
  func outside() {
    var frame = Frame(size: Size(columns: 2, rows: 1))
    frame[2, 0] = Cell(base: 65, width: 1, style: bold)
    frame[0, -1] = Cell(base: 65, width: 1, style: bold)
    #expect(frame[7, 7] == .blank())
    #expect(frame == Frame(size: Size(columns: 2, rows: 1)))
    #expect(Frame(size: Size(columns: -1, rows: 3)).text() == "\n\n\n")
  }

  @Test("rectangles split, shrink and never turn negative")
  func rectangles() {
    let rect = Rect(column: 2, row: 1, columns: 10, rows: 4)
    #expect(rect.splitting(left: 3, gap: 1).left == Rect(column: 2, row: 1, columns: 3, rows: 4))
    #expect(rect.splitting(left: 3, gap: 1).right == Rect(column: 6, row: 1, columns: 6, rows: 4))
    #expect(rect.splitting(right: 3, gap: 1).left == Rect(column: 2, row: 1, columns: 6, rows: 4))
    #expect(rect.splitting(right: 3, gap: 1).right == Rect(column: 9, row: 1, columns: 3, rows: 4))
    #expect(rect.splitting(top: 1).bottom == Rect(column: 2, row: 2, columns: 10, rows: 3))
    #expect(rect.splitting(bottom: 1, gap: 1).top == Rect(column: 2, row: 1, columns: 10, rows: 2))
    #expect(rect.splitting(left: 99, gap: 1).right.isEmpty)
    #expect(rect.inset(columns: 1, rows: 1) == Rect(column: 3, row: 2, columns: 8, rows: 2))
    #expect(rect.inset(columns: 6).isEmpty)
    #expect(rect.contains(Position(column: 11, row: 4)) && !rect.contains(Position(column: 12, row: 4)))
    #expect(
      rect.intersection(Rect(column: 8, row: 0, columns: 9, rows: 2)) == Rect(column: 8, row: 1, columns: 4, rows: 1))
  }

  private func isWhole(_ frame: Frame) -> Bool {
    for row in 0..<frame.size.rows {
      for column in 0..<frame.size.columns {
        let followsWide = column > 0 && frame[column - 1, row].width == 2
        if (frame[column, row].width == 0) != followsWide { return false }
        if frame[column, row].width == 2, column + 1 == frame.size.columns { return false }
      }
    }
    return true
  }
}
