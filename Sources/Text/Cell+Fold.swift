extension Cell {
  /// The cells that show a grapheme cluster: almost always one, of width 1 or 2; two letters for a flag, one a letter
  /// for an Indic conjunct. The widths add up to `cellWidth(character)`. The second half of a wide cell is not part
  /// of the result; `Frame` adds it.
  ///
  /// The first scalar is the base, up to four zero-width scalars stay with it. Variation selectors, skin tones,
  /// keycaps, tags and what a joiner ties to an emoji are not drawn. What the C library cannot print, or measures
  /// otherwise than we do, becomes `□`, followed by a blank where it is wide. A control or bidi character becomes
  /// `□`. The exact text stays in the model; copy, search and export use that.
  public static func fold(_ character: Character, style: Style) -> [Cell] {
    var cells: [Cell] = []
    forEachCell(of: character, style: style) { cells.append($0) }
    return cells
  }

  /// `fold` without an array, for drawing.
  @inline(__always)
  static func forEachCell(of character: Character, style: Style, _ body: (Cell) -> Void) {
    var folding = ClusterFolding()
    var open: Cell?
    for scalar in character.unicodeScalars {
      switch folding.next(scalar) {
      case .base(let value, let width):
        if let cell = open { emit(cell, body) }
        open = Cell(base: value, width: UInt8(width), style: style)
      case .orphan(let value):
        open = Cell(base: ClusterFolding.dottedCircle, width: 1, style: style)
        open?.add(mark: value)
      case .mark(let value): open?.add(mark: value)
      case .skip: continue
      case .stop:
        if let cell = open { emit(cell, body) }
        return
      }
    }
    if let cell = open { emit(cell, body) }
  }

  private static func emit(_ cell: Cell, _ body: (Cell) -> Void) {
    guard !DrawableScalars.contains(cell.base) else { return body(cell) }
    body(Cell(base: ClusterFolding.replacement, width: 1, style: cell.style))
    if cell.width == 2 { body(.blank(cell.style)) }
  }

  private mutating func add(mark: UInt32) {
    guard DrawableScalars.contains(mark) else { return }
    if mark1 == 0 {
      mark1 = mark
    } else if mark2 == 0 {
      mark2 = mark
    } else if mark3 == 0 {
      mark3 = mark
    } else if mark4 == 0 {
      mark4 = mark
    }
  }
}
