/// A colour as a theme names it. The terminal maps it to what it can show.
public enum Color: Hashable, Sendable {
  /// The terminal's own foreground or background.
  case standard
  /// One of the terminal's palette: 0 to 7 the ANSI colours, 8 to 15 their bright forms, up to 255.
  case indexed(UInt8)
  case rgb(UInt8, UInt8, UInt8)
}

/// How a cell is drawn.
public struct Style: Hashable, Sendable {
  /// What is not colour.
  public struct Attributes: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let bold = Attributes(rawValue: 1)
    public static let dim = Attributes(rawValue: 2)
    public static let italic = Attributes(rawValue: 4)
    public static let underline = Attributes(rawValue: 8)
    public static let reverse = Attributes(rawValue: 16)
    public static let strikethrough = Attributes(rawValue: 32)
  }
  public var foreground: Color
  public var background: Color
  public var attributes: Attributes

  public init(foreground: Color = .standard, background: Color = .standard, attributes: Attributes = []) {
    self.foreground = foreground
    self.background = background
    self.attributes = attributes
  }
}

/// What a piece of text means; a theme gives each a `Style`.
public enum StyleRole: String, CaseIterable, Hashable, Sendable {
  case text, muted, accent, selection
  case rule, ruleFocused = "rule.focused", title, titleFocused = "title.focused"
  case user, assistant, error, warning, success
  case code, heading, link, quote
  case world = "memory.world", experience = "memory.experience", observation = "memory.observation"
  case match, added = "diff.new", score
}
