/// A rectangle of cells. Sizes are never negative.
public struct Rect: Hashable, Sendable {
  public var column: Int
  public var row: Int
  public var columns: Int
  public var rows: Int

  public init(column: Int, row: Int, columns: Int, rows: Int) {
    self.column = column
    self.row = row
    self.columns = max(0, columns)
    self.rows = max(0, rows)
  }

  /// The whole of a screen.
  public init(_ size: Size) { self.init(column: 0, row: 0, columns: size.columns, rows: size.rows) }

  public var isEmpty: Bool { columns <= 0 || rows <= 0 }
  public var origin: Position { Position(column: column, row: row) }
  public var size: Size { Size(columns: columns, rows: rows) }
  /// The first column to the right of it.
  public var endColumn: Int { column + columns }
  /// The first row below it.
  public var endRow: Int { row + rows }

  public func contains(_ position: Position) -> Bool {
    position.column >= column && position.column < endColumn && position.row >= row && position.row < endRow
  }

  /// Smaller by so many cells on each side; empty rather than negative.
  public func inset(columns sides: Int, rows ends: Int = 0) -> Rect {
    Rect(column: column + sides, row: row + ends, columns: columns - 2 * sides, rows: rows - 2 * ends)
  }

  /// What both cover; empty where they do not meet.
  public func intersection(_ other: Rect) -> Rect {
    let left = max(column, other.column)
    let top = max(row, other.row)
    return Rect(
      column: left, row: top, columns: min(endColumn, other.endColumn) - left, rows: min(endRow, other.endRow) - top)
  }

  /// Cut by a vertical line into a left part of so many columns and the rest, `gap` columns between them left out.
  public func splitting(left count: Int, gap: Int = 0) -> (left: Rect, right: Rect) {
    let count = min(max(0, count), columns)
    let rest = min(count + gap, columns)
    return (
      Rect(column: column, row: row, columns: count, rows: rows),
      Rect(column: column + rest, row: row, columns: columns - rest, rows: rows)
    )
  }

  /// As `splitting(left:gap:)`, with the size of the right part given.
  public func splitting(right count: Int, gap: Int = 0) -> (left: Rect, right: Rect) {
    let count = min(max(0, count), columns)
    let split = splitting(left: columns - count)
    return (Rect(column: column, row: row, columns: columns - count - gap, rows: rows), split.right)
  }

  /// Cut by a horizontal line into a top part of so many rows and the rest, `gap` rows between them left out.
  public func splitting(top count: Int, gap: Int = 0) -> (top: Rect, bottom: Rect) {
    let count = min(max(0, count), rows)
    let rest = min(count + gap, rows)
    return (
      Rect(column: column, row: row, columns: columns, rows: count),
      Rect(column: column, row: row + rest, columns: columns, rows: rows - rest)
    )
  }

  /// As `splitting(top:gap:)`, with the size of the bottom part given.
  public func splitting(bottom count: Int, gap: Int = 0) -> (top: Rect, bottom: Rect) {
    let count = min(max(0, count), rows)
    let split = splitting(top: rows - count)
    return (Rect(column: column, row: row, columns: columns, rows: rows - count - gap), split.bottom)
  }
}
