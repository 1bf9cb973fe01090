import RearviewText

/// A screen without a terminal: it keeps what it was told. For tests, and for everything that wants a picture of a
/// frame.
public final class MemoryScreen: Screen {
  public private(set) var size: Size
  public var capabilities: TerminalCapabilities
  /// Every frame drawn, the last one last.
  public private(set) var frames: [Frame] = []
  public private(set) var bells = 0
  public private(set) var title: String?
  public private(set) var clipboard: String?

  public init(
    size: Size = Size(columns: 80, rows: 24),
    capabilities: TerminalCapabilities = TerminalCapabilities(term: "memory", colors: .trueColor)
  ) {
    self.size = size
    self.capabilities = capabilities
  }

  public func resize(to size: Size) { self.size = size }
  public func draw(_ frame: Frame) { frames.append(frame) }
  public func bell() { bells += 1 }
  public func setTitle(_ title: String) { self.title = ControlStrings.sanitizedTitle(title) }

  public func copyToClipboard(_ text: String) -> Bool {
    guard ControlStrings.clipboard(text) != nil else { return false }
    clipboard = text
    return true
  }

  /// The last frame as lines without trailing blanks; the second half of a wide character is not there twice.
  public var text: String {
    guard let frame = frames.last else { return "" }
    return (0..<frame.size.rows).map { row in
      var line = ""
      for column in 0..<frame.size.columns {
        let cell = frame[column, row]
        guard cell.width > 0 else { continue }
        for value in [cell.base, cell.mark1, cell.mark2, cell.mark3, cell.mark4] where value != 0 {
          if let scalar = Unicode.Scalar(value) { line.unicodeScalars.append(scalar) }
        }
      }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
