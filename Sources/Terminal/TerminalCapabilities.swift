/// What the terminal can do, as far as it is known. It grows once: when the terminal has answered the questions of the
/// start, some milliseconds after the first frame; until then, and for ever where it does not answer, the cautious
/// values stand.
public struct TerminalCapabilities: Hashable, Sendable {
  /// A colour that the terminal told.
  public struct RGB: Hashable, Sendable {
    public var red: UInt8
    public var green: UInt8
    public var blue: UInt8

    public init(red: UInt8, green: UInt8, blue: UInt8) {
      self.red = red
      self.green = green
      self.blue = blue
    }

    /// Perceived brightness by Rec. 601, 0 to 1.
    public var luminance: Double { (0.299 * Double(red) + 0.587 * Double(green) + 0.114 * Double(blue)) / 255 }
  }

  /// The name of the entry that is drawn with.
  public var term: String
  public var colors: ColorDepth
  /// False: box drawing and blocks are replaced by ASCII.
  public var drawsUnicode: Bool
  /// Frames are shown whole (mode 2026).
  public var synchronizesOutput = false
  /// The background colour, from OSC 11.
  public var background: RGB?
  /// From `background`, else from COLORFGBG; `nil` when nobody knows.
  public var isDark: Bool?
  /// Titles, the clipboard, focus and the mouse: what xterm and its descendants have and a console has not.
  public var isXtermLike: Bool
  /// The terminal has answered all it will answer.
  public var hasAnswered = false

  public init(term: String, colors: ColorDepth, drawsUnicode: Bool = true, isXtermLike: Bool = true) {
    self.term = term
    self.colors = colors
    self.drawsUnicode = drawsUnicode
    self.isXtermLike = isXtermLike
  }
}
