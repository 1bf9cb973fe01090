import RearviewText

/// Where everything stands, for one size. All columns and rows are whole rectangles of the screen.
public struct Layout: Hashable, Sendable {
  public enum Columns: Hashable, Sendable {
    /// Chat with a strip of memory, or one pane whole.
    case one
    /// Chat and one of memory and inspector.
    case two
    case three
  }

  public var size: Size
  public var columns: Columns
  public var header: Rect
  public var footer: Rect
  /// Its first row is the rule with the title.
  public var composer: Rect
  /// Panes that can be seen, each with its title rule as the first row.
  public var panes: [Pane: Rect]
  /// Columns of vertical rules between panes.
  public var verticalRules: [Int]
  /// Rows that panes take, for the vertical rules.
  public var paneRows: Range<Int>

  public static let smallest = Size(columns: 40, rows: 10)
  static let memoryColumns = 52
  static let inspectorColumns = 60
  static let rightColumns = 48

  /// - Parameters:
  ///   - composerRows: rows that the typed text takes; 1 to 10 are given.
  ///   - right: what the right pane of two columns shows, or the whole screen of one column when `isWhole`.
  public init(size: Size, composerRows: Int, right: Pane, isWhole: Bool) {
    // Below the smallest size nothing is drawn from it, but it is asked for all the same.
    let size = Size(
      columns: max(size.columns, Self.smallest.columns), rows: max(size.rows, Self.smallest.rows))
    self.size = size
    columns = size.columns >= 160 ? .three : size.columns >= 104 ? .two : .one
    header = Rect(column: 0, row: 0, columns: size.columns, rows: 1)
    footer = Rect(column: 0, row: size.rows - 1, columns: size.columns, rows: 1)
    let most = max(1, min(10, size.rows / 3))
    let composerHeight = min(max(1, composerRows), most) + 1
    composer = Rect(column: 0, row: size.rows - 1 - composerHeight, columns: size.columns, rows: composerHeight)
    let height = composer.row - 1
    paneRows = 1..<composer.row
    panes = [:]
    verticalRules = []
    switch columns {
    case .one where isWhole:
      panes[right] = Rect(column: 0, row: 1, columns: size.columns, rows: height)
    case .one:
      let strip = size.rows < 20 ? 2 : 4
      panes[.chat] = Rect(column: 0, row: 1, columns: size.columns, rows: height - strip)
      panes[.memory] = Rect(column: 0, row: 1 + height - strip, columns: size.columns, rows: strip)
    case .two:
      let chat = size.columns - Self.rightColumns - 1
      panes[.chat] = Rect(column: 0, row: 1, columns: chat, rows: height)
      panes[right] = Rect(column: chat + 1, row: 1, columns: Self.rightColumns, rows: height)
      verticalRules = [chat]
    case .three:
      let chat = size.columns - Self.memoryColumns - Self.inspectorColumns - 2
      panes[.chat] = Rect(column: 0, row: 1, columns: chat, rows: height)
      panes[.memory] = Rect(column: chat + 1, row: 1, columns: Self.memoryColumns, rows: height)
      panes[.inspector] = Rect(
        column: chat + Self.memoryColumns + 2, row: 1, columns: Self.inspectorColumns, rows: height)
      verticalRules = [chat, chat + Self.memoryColumns + 1]
    }
  }

  /// The pane's rows below its title.
  public func body(of pane: Pane) -> Rect? {
    panes[pane].map { Rect(column: $0.column, row: $0.row + 1, columns: $0.columns, rows: max(0, $0.rows - 1)) }
  }

  /// Panes that Tab walks through, the composer first.
  public var focusOrder: [Pane] { [.composer] + [.chat, .memory, .inspector].filter { panes[$0] != nil } }
}

/// What can have the keyboard.
public enum Pane: Hashable, Sendable {
  case composer, chat, memory, inspector
}
