/// The modes that are on while the screen is up, and how each goes off again.
struct TerminalModes {
  var isXtermLike: Bool
  var usesMouse: Bool
  var setsTitle: Bool

  /// Bracketed paste everywhere: a terminal that does not know a private mode ignores it. The rest only where xterm is
  /// spoken.
  var on: [UInt8] {
    var modes = "\u{1B}[?2004h"
    if isXtermLike { modes += "\u{1B}[?1004h\u{1B}[>4;1m" }
    if isXtermLike, usesMouse { modes += Self.mouseOn }
    if isXtermLike, setsTitle { modes += "\u{1B}[22;2t" }
    return Array(modes.utf8)
  }

  var off: [UInt8] {
    var modes = "\u{1B}[?2004l"
    if isXtermLike {
      modes += "\u{1B}[?2026l\u{1B}[?1004l\u{1B}[>4;0m\u{1B}[?1003l\u{1B}[?1002l" + Self.mouseOff
      if setsTitle { modes += "\u{1B}[23;2t" }
    }
    return Array(modes.utf8)
  }

  /// What a program that was killed may have left on.
  var repair: [UInt8] {
    guard isXtermLike else { return Array("\u{1B}[?2004l".utf8) }
    return TerminalModes(isXtermLike: true, usesMouse: true, setsTitle: false).off
  }

  static let mouseOn = "\u{1B}[?1000h\u{1B}[?1006h"
  static let mouseOff = "\u{1B}[?1006l\u{1B}[?1000l"
}
