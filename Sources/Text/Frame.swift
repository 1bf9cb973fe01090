/// One cell of the screen: a folded grapheme cluster (`Cell.fold`) and its style. Trivial on purpose: a frame is
/// copied whole.
public struct Cell: Hashable, Sendable {
  /// The spacing scalar; 0 in the second half of a wide character.
  public var base: UInt32
  /// Zero-width scalars drawn with it, 0 where there is none.
  public var mark1: UInt32 = 0
  public var mark2: UInt32 = 0
  public var mark3: UInt32 = 0
  public var mark4: UInt32 = 0
  /// 1 or 2; 0 in the second half of a wide character.
  public var width: UInt8
  public var style: Style

  public init(base: UInt32, width: UInt8, style: Style) {
    self.base = base
    self.width = width
    self.style = style
  }

  public static func blank(_ style: Style = Style()) -> Cell { Cell(base: 32, width: 1, style: style) }
}

/// A whole screen, drawn by `Screen.draw`. Everything outside it is clipped; a wide character that would straddle an
/// edge becomes a blank.
public struct Frame: Hashable, Sendable {
  public let size: Size
  /// Row by row, `size.columns * size.rows` of them.
  public internal(set) var cells: [Cell]
  /// Where the hardware cursor stands; hidden when `nil`.
  public var cursor: Position?

  public init(size: Size, style: Style = Style()) {
    self.size = Size(columns: max(0, size.columns), rows: max(0, size.rows))
    cells = Array(repeating: .blank(style), count: self.size.columns * self.size.rows)
  }

  /// The whole of it.
  public var bounds: Rect { Rect(size) }

  /// A cell by its place. Reading outside the frame gives a blank, writing there does nothing. Writing a cell of
  /// width 2 fills the one to its right too; half of a wide character that is overwritten becomes a blank.
  public subscript(column: Int, row: Int) -> Cell {
    get { contains(column, row) ? cells[row * size.columns + column] : .blank() }
    set {
      guard contains(column, row) else { return }
      let rowStart = row * size.columns
      cells.withUnsafeMutableBufferPointer { cells in
        var pen = RowPen(cells: UnsafeMutableBufferPointer(rebasing: cells[rowStart..<rowStart + size.columns]))
        pen.put(newValue, at: column)
      }
    }
  }

  private func contains(_ column: Int, _ row: Int) -> Bool {
    column >= 0 && column < size.columns && row >= 0 && row < size.rows
  }
}

/// Writes into one row and keeps it whole: a cell of width 0 stands right of one of width 2 and nowhere else.
struct RowPen {
  let cells: UnsafeMutableBufferPointer<Cell>

  /// `column` must lie inside the row.
  @inline(__always)
  mutating func put(_ cell: Cell, at column: Int) {
    switch cell.width {
    case 0:
      // The second half came with the first; alone it means nothing.
      guard column == 0 || cells[column - 1].width != 2 else { return }
      replace(at: column, with: .blank(cell.style))
    case 1: replace(at: column, with: cell)
    default:
      guard column + 1 < cells.count else { return replace(at: column, with: .blank(cell.style)) }
      replace(at: column, with: cell)
      replace(at: column + 1, with: Cell(base: 0, width: 0, style: cell.style), isSecondHalf: true)
    }
  }

  @inline(__always)
  private func replace(at column: Int, with cell: Cell, isSecondHalf: Bool = false) {
    let old = cells[column].width
    if old != 1 { mend(around: column, oldWidth: old, keepsLeft: isSecondHalf) }
    cells[column] = cell
  }

  private func mend(around column: Int, oldWidth: UInt8, keepsLeft: Bool) {
    if oldWidth == 0, !keepsLeft, column > 0 { cells[column - 1] = .blank(cells[column - 1].style) }
    if oldWidth == 2, column + 1 < cells.count { cells[column + 1] = .blank(cells[column + 1].style) }
  }
}
