extension Frame {
  /// Draws one line at a cell, clipped to `limit` columns and to the frame; a line feed ends it. A wide character
  /// that does not fit before the limit becomes a blank.
  /// - Returns: the columns used, at most `limit`, whether or not they lie inside the frame.
  @discardableResult
  public mutating func draw(_ text: DisplayText, at place: Position, limit: Int, style: Style) -> Int {
    guard limit > 0 else { return 0 }
    guard place.row >= 0, place.row < size.rows else { return min(limit, text.firstLineWidth) }
    let columns = size.columns
    let rowStart = place.row * columns
    return cells.withUnsafeMutableBufferPointer { cells in
      let row = UnsafeMutableBufferPointer(rebasing: cells[rowStart..<rowStart + columns])
      var brush = Brush(pen: RowPen(cells: row), start: place.column, limit: limit)
      forEachCluster(of: text.string) { _, byte in
        byte != 0x0A && brush.put(Cell(base: UInt32(byte), width: 1, style: style))
      } cluster: { _, _, character in
        Cell.forEachCell(of: character, style: style) { brush.put($0) }
        return brush.hasRoom
      }
      return brush.used
    }
  }

  /// Draws the spans of a line one after the other, each in the style that `style` gives it.
  /// - Returns: the columns used, at most `limit`.
  @discardableResult
  public mutating func draw(_ line: StyledLine, at place: Position, limit: Int, style: (StyledSpan) -> Style) -> Int {
    var used = 0
    for span in line.spans where used < limit {
      let next = Position(column: place.column + used, row: place.row)
      used += draw(span.text, at: next, limit: limit - used, style: style(span))
    }
    return used
  }

  /// Fills a rectangle with blanks.
  public mutating func fill(_ rect: Rect, style: Style) {
    let area = rect.intersection(bounds)
    guard !area.isEmpty else { return }
    let columns = size.columns
    cells.withUnsafeMutableBufferPointer { cells in
      for row in area.row..<area.endRow {
        var pen = RowPen(cells: UnsafeMutableBufferPointer(rebasing: cells[row * columns..<(row + 1) * columns]))
        for column in area.column..<area.endColumn { pen.put(.blank(style), at: column) }
      }
    }
  }
}

/// Puts cells side by side from a column on, which may lie left of the row.
private struct Brush {
  var pen: RowPen
  let start: Int
  let limit: Int
  private(set) var used = 0

  init(pen: RowPen, start: Int, limit: Int) {
    self.pen = pen
    self.start = start
    self.limit = limit
  }

  var hasRoom: Bool { used < limit }

  /// - Returns: whether more can be drawn.
  @inline(__always) @discardableResult
  mutating func put(_ cell: Cell) -> Bool {
    guard used < limit else { return false }
    let column = start + used
    let width = Int(cell.width)
    let isWhole = used + width <= limit && column >= 0
    used = min(limit, used + width)
    if isWhole {
      if column < pen.cells.count { pen.put(cell, at: column) }
    } else {
      for cut in max(0, column)..<max(0, start + used) where cut < pen.cells.count {
        pen.put(.blank(cell.style), at: cut)
      }
    }
    return used < limit
  }
}
