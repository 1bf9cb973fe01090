import CVterm

// What a person would see.
extension TerminalEmulator {
  public var columns: Int { size.columns }
  public var rows: Int { size.rows }

  private var size: (columns: Int, rows: Int) {
    var rows: Int32 = 0
    var columns: Int32 = 0
    vterm_get_size(vterm, &rows, &columns)
    return (Int(columns), Int(rows))
  }

  /// The rows of the screen without trailing blanks, joined by line feeds.
  public var screenText: String { (0..<rows).map(rowText).joined(separator: "\n") }

  public func rowText(_ row: Int) -> String {
    var text = ""
    var column = 0
    while column < columns {
      guard let cell = cell(column: column, row: row) else { break }
      text += cell.text.isEmpty ? " " : cell.text
      column += max(1, cell.width)
    }
    while text.last == " " { text.removeLast() }
    return text
  }

  public func cell(column: Int, row: Int) -> EmulatorCell? {
    var cell = VTermScreenCell()
    guard vterm_screen_get_cell(screen, VTermPos(row: Int32(row), col: Int32(column)), &cell) != 0 else { return nil }
    return EmulatorCell(cell)
  }

  /// The first place where a text stands, which must be on one row.
  public func place(of text: String) -> (column: Int, row: Int)? {
    for row in 0..<rows {
      let line = rowText(row)
      // Columns and characters are the same as long as no wide character stands before the text.
      if let range = line.firstRange(of: text) {
        return (line.distance(from: line.startIndex, to: range.lowerBound), row)
      }
    }
    return nil
  }

  public var cursor: (column: Int, row: Int) {
    var position = VTermPos()
    vterm_state_get_cursorpos(state, &position)
    return (Int(position.col), Int(position.row))
  }

  public var isCursorVisible: Bool { modes.contains(25) }
  public var isOnAlternateScreen: Bool { modes.contains(1049) }
}
