import RearviewText

/// A grid of cells that can show a frame. Only the thread that owns it may use it.
public protocol Screen: AnyObject {
  /// The cells there are now.
  var size: Size { get }
  var capabilities: TerminalCapabilities { get }
  /// Shows a whole frame. What does not fit is cut; what the frame does not cover is blank. The cursor stands where the
  /// frame says, and is hidden where it says nothing.
  func draw(_ frame: Frame)
  func bell()
  /// Sets the window's title: control characters are taken out, the rest is cut to 80 characters. Never put a model's
  /// words there.
  func setTitle(_ title: String)
  /// Puts text on the user's clipboard through the terminal (OSC 52). False when it cannot be sent: the terminal is not
  /// of a kind that knows the sequence, or the text is longer than 56,244 bytes of UTF-8 (74,994 of base64, an old
  /// limit of xterm). True does not mean that the terminal obeyed; it has no way to say.
  @discardableResult func copyToClipboard(_ text: String) -> Bool
}
