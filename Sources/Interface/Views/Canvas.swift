import RearviewText

/// A frame that is being drawn with a theme.
struct Canvas {
  var frame: Frame
  let theme: Theme

  init(size: Size, theme: Theme) {
    self.theme = theme
    frame = Frame(size: size, style: theme[.text])
  }

  /// Draws a line within a rectangle's row.
  @discardableResult
  mutating func draw(_ line: StyledLine, in rect: Rect, row: Int, indent: Int = 0) -> Int {
    guard row >= 0, row < rect.rows, indent < rect.columns else { return 0 }
    let theme = theme
    return frame.draw(
      line, at: Position(column: rect.column + indent, row: rect.row + row), limit: rect.columns - indent,
      style: { theme.style(of: $0) })
  }

  /// Draws lines from the top, those from `scroll` on.
  mutating func draw(_ lines: [StyledLine], in rect: Rect, scroll: Int = 0) {
    for (row, line) in lines.dropFirst(scroll).prefix(rect.rows).enumerated() { draw(line, in: rect, row: row) }
  }

  /// The rule on top of a pane, with its title; heavy and in the accent when the pane has the keyboard.
  mutating func rule(
    _ rect: Rect, title: DisplayText, isFocused: Bool, right: DisplayText = "",
    joins: [(column: Int, mark: DisplayText)] = []
  ) {
    let line: DisplayText = isFocused ? "━" : "─"
    let style = theme[isFocused ? .ruleFocused : .rule]
    for column in 0..<rect.columns {
      frame.draw(line, at: Position(column: rect.column + column, row: rect.row), limit: 1, style: style)
    }
    for join in joins where join.column >= rect.column && join.column < rect.column + rect.columns {
      frame.draw(join.mark, at: Position(column: join.column, row: rect.row), limit: 1, style: style)
    }
    let titleText = " " + title + " "
    let used = frame.draw(
      titleText.truncated(to: max(0, rect.columns - 2)), at: Position(column: rect.column + 1, row: rect.row),
      limit: max(0, rect.columns - 2), style: titleStyle(isFocused))
    guard !right.isEmpty else { return }
    let text = " " + right + " "
    let room = rect.columns - used - 4
    guard text.width <= room else { return }
    frame.draw(
      text, at: Position(column: rect.column + rect.columns - text.width - 1, row: rect.row), limit: text.width,
      style: theme[.muted])
  }

  private func titleStyle(_ isFocused: Bool) -> Style {
    var style = theme[isFocused ? .titleFocused : .title]
    if isFocused { style.attributes.insert(.bold) }
    return style
  }

  /// A dialog's box with its title, its inside cleared.
  mutating func box(_ rect: Rect, title: DisplayText, hint: DisplayText = "") -> Rect {
    frame.fill(rect, style: theme[.text])
    let style = theme[.ruleFocused]
    let (right, bottom) = (rect.column + rect.columns - 1, rect.row + rect.rows - 1)
    func at(_ column: Int, _ row: Int) -> Position { Position(column: column, row: row) }
    for column in rect.column...right {
      frame.draw("─", at: at(column, rect.row), limit: 1, style: style)
      frame.draw("─", at: at(column, bottom), limit: 1, style: style)
    }
    for row in rect.row...bottom {
      frame.draw("│", at: at(rect.column, row), limit: 1, style: style)
      frame.draw("│", at: at(right, row), limit: 1, style: style)
    }
    let corners: [(DisplayText, Int, Int)] = [
      ("┌", rect.column, rect.row), ("┐", right, rect.row), ("└", rect.column, bottom), ("┘", right, bottom),
    ]
    for (corner, column, row) in corners { frame.draw(corner, at: at(column, row), limit: 1, style: style) }
    let room = max(0, rect.columns - 4)
    frame.draw(
      (" " + title + " ").truncated(to: room), at: at(rect.column + 2, rect.row), limit: room,
      style: titleStyle(true))
    if !hint.isEmpty {
      frame.draw(
        (" " + hint + " ").truncated(to: room), at: at(rect.column + 2, bottom), limit: room, style: theme[.muted])
    }
    return Rect(
      column: rect.column + 2, row: rect.row + 1, columns: max(0, rect.columns - 4), rows: max(0, rect.rows - 2))
  }

  /// A row of a list that is selected: marked by `▸`, drawn in the selection's style.
  mutating func select(_ rect: Rect, row: Int) {
    guard row >= 0, row < rect.rows else { return }
    let style = theme[.selection]
    for column in 0..<rect.columns {
      let (x, y) = (rect.column + column, rect.row + row)
      guard x < frame.size.columns, y < frame.size.rows else { return }
      var cell = frame[x, y]
      let kept = cell.style.attributes.intersection([.bold, .underline, .strikethrough])
      cell.style = style
      cell.style.attributes.formUnion(kept)
      frame[x, y] = cell
    }
  }
}
