/// How many colours can be shown, from none to all.
public enum ColorDepth: Int, Comparable, CaseIterable, Sendable {
  case mono, ansi8, ansi16, palette256, trueColor

  public static func < (left: ColorDepth, right: ColorDepth) -> Bool { left.rawValue < right.rawValue }

  init(paletteSize: Int) {
    switch paletteSize {
    case ..<8: self = .mono
    case ..<16: self = .ansi8
    case ..<256: self = .ansi16
    default: self = .palette256
    }
  }
}

/// What the terminal database says about a name; a protocol so that a test can make up terminals.
protocol TerminalDatabase {
  func entry(_ term: String) -> TerminalEntry?
}

/// One terminal of the database.
struct TerminalEntry: Hashable {
  var colors: Int
  var canDraw = true
  /// Colours are 24-bit values (the `RGB` extension).
  var isDirect = false
  var hasXtermTitles = false
}

/// Which entry to draw with and how many colours to use: decided before curses starts, because an entry cannot be
/// changed under it.
struct TerminalChoice: Hashable {
  var term: String
  var colors: ColorDepth
  var isXtermLike: Bool

  /// `NO_COLOR` (any text) is mono. An entry with `RGB` is true colour, and so is COLORTERM where a matching `-direct`
  /// entry exists. Else the entry's own number. A name that the database does not know is taken for xterm-256color.
  static func decide(_ options: TerminalOptions, in database: some TerminalDatabase) throws -> TerminalChoice {
    let environment = options.environment
    let named = environment["TERM"] ?? ""
    guard !named.isEmpty, named != "dumb" else { throw TerminalError.cannotDraw(term: named) }
    let term = database.entry(named) == nil ? "xterm-256color" : named
    guard let entry = database.entry(term) else { throw TerminalError.unknownTerminal(term: named) }
    guard entry.canDraw else { throw TerminalError.cannotDraw(term: named) }
    let isXtermLike = entry.hasXtermTitles || xtermFamily.contains { term.hasPrefix($0) }
    let limit = environment["NO_COLOR"]?.isEmpty == false ? .mono : options.colorLimit ?? .trueColor

    if entry.isDirect {
      // The palette works in true colour too, so a limit needs no other entry.
      return TerminalChoice(term: term, colors: limit, isXtermLike: isXtermLike)
    }
    if limit == .trueColor, announcesTrueColor(environment) {
      let candidates = ["\(term)-direct", environment["TMUX"] == nil ? nil : "tmux-direct", "xterm-direct"]
      // Only a terminal of xterm's family can be drawn with xterm's strings.
      for case let name? in candidates where isXtermLike || name == candidates[0] {
        if let other = database.entry(name), other.isDirect, other.canDraw {
          return TerminalChoice(term: name, colors: .trueColor, isXtermLike: isXtermLike)
        }
      }
    }
    return TerminalChoice(
      term: term, colors: min(ColorDepth(paletteSize: entry.colors), limit), isXtermLike: isXtermLike)
  }

  private static func announcesTrueColor(_ environment: [String: String]) -> Bool {
    ["truecolor", "24bit"].contains(environment["COLORTERM"]?.lowercased())
  }

  private static let xtermFamily = [
    "xterm", "tmux", "screen", "alacritty", "foot", "kitty", "ghostty", "wezterm", "rxvt", "konsole", "vte", "gnome",
    "st-",
    "contour", "iterm", "mintty", "putty", "mlterm",
  ]
}
