/// A key as the keyboard says it, whatever bytes the terminal sent for it.
public struct KeyPress: Hashable, Sendable {
  public enum Key: Hashable, Sendable {
    /// A printable grapheme cluster, or the letter of a Ctrl combination (lower case).
    case character(Character)
    case enter, tab, backspace, delete, insert, escape
    case up, down, left, right, home, end, pageUp, pageDown
    case function(Int)
  }
  public struct Modifiers: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let shift = Modifiers(rawValue: 1)
    public static let alt = Modifiers(rawValue: 2)
    public static let control = Modifiers(rawValue: 4)
  }
  public var key: Key
  public var modifiers: Modifiers

  public init(_ key: Key, _ modifiers: Modifiers = []) {
    self.key = key
    self.modifiers = modifiers
  }
}

/// What comes from the terminal.
public enum InputEvent: Hashable, Sendable {
  case key(KeyPress)
  /// A bracketed paste, line ends as LF, escape sequences taken out. Never to be read as keys.
  case paste(String)
  case resize(Size)
  case focus(Bool)
  /// The wheel, in rows (negative is up), at a cell.
  case scroll(rows: Int, at: Position)
  case click(Position)
}

/// A place on the screen; the origin is the top left cell.
public struct Position: Hashable, Sendable {
  public var column: Int
  public var row: Int
  public init(column: Int, row: Int) {
    self.column = column
    self.row = row
  }
}

/// The size of a screen in cells.
public struct Size: Hashable, Sendable {
  public var columns: Int
  public var rows: Int
  public init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
  }
}
