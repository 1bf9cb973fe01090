import CTerminal

/// How the terminal is to be used. Every field has a default that suits an interactive program.
public struct TerminalOptions: Sendable {
  /// Which characters may stand in a cell.
  public enum Glyphs: Hashable, Sendable {
    /// Unicode where the character set is UTF-8 and the terminal draws boxes one column wide, else ASCII.
    case automatic
    case unicode, ascii
  }

  /// Where TERM, COLORTERM, NO_COLOR, COLORFGBG, SSH_TTY and TMUX are read from.
  public var environment: [String: String]
  /// No more colours than these, whatever the terminal can; `nil` sets no limit.
  public var colorLimit: ColorDepth?
  /// How long a lone Esc waits for the rest of a key, in milliseconds. `nil`: 25, and 100 over ssh, where packets split
  /// keys.
  public var escapeDelayMilliseconds: Int?
  /// The window's title, restored at the end; `nil` leaves titles alone, also later ones.
  public var title: String?
  /// Wheel and clicks. Selecting text with the mouse then needs Shift (Option on macOS).
  public var usesMouse = true
  public var glyphs = Glyphs.automatic
  /// Where a crash is written down, mode 0600; its folder must exist.
  public var crashReportPath: String?
  /// The most frames in a second for what is posted; keys are drawn at once.
  public var framesPerSecond = 60

  public init(environment: [String: String] = TerminalOptions.processEnvironment) {
    self.environment = environment
  }

  /// The environment of this process, at the time of the call.
  public static var processEnvironment: [String: String] {
    var result: [String: String] = [:]
    guard var entry = ct_environment() else { return result }
    while let line = entry.pointee {
      let parts = String(cString: line).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
      entry += 1
    }
    return result
  }

  var escapeDelay: Duration {
    if let escapeDelayMilliseconds { return .milliseconds(max(0, escapeDelayMilliseconds)) }
    return .milliseconds(environment["SSH_TTY"].map { $0.isEmpty } == false ? 100 : 25)
  }
}
