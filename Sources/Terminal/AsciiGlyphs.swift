/// What stands for a character where only ASCII can be drawn: the character set of the locale is not UTF-8, the
/// terminal draws boxes two columns wide, or the user said so. The name of the terminal does not matter: a `vt100` or
/// `linux` entry in a UTF-8 locale is nearly always an emulator or a console in UTF-8 mode, and both show boxes.
enum AsciiGlyphs {
  /// The stand-in, one column wide; the scalar itself where it is ASCII already.
  static func replacement(for scalar: UInt32) -> UInt32 {
    if scalar < 0x80 { return scalar }
    if let known = table[scalar] { return known }
    switch scalar {
    case 0x2500...0x257F: return code("+")
    case 0x2581...0x2588: return code("#")
    case 0x2589...0x258F: return code("|")
    case 0x2580...0x259F: return code("#")
    default: return code("?")
    }
  }

  private static func code(_ scalar: Unicode.Scalar) -> UInt32 { scalar.value }

  private static let table: [UInt32: UInt32] = {
    let groups: [(Unicode.Scalar, String)] = [
      ("|", "│╎╏┆┇┊┋╵╷╽╿▌▐▍▎▏"), ("-", "─╌╍┄┅┈┉╴╶╼╾–—‒―‐‑"), ("=", "━═╸╺"), ("#", "┃║╹╻█▓"), (":", "▒⋮"), (".", "░·•∙"),
      ("_", "▁"), ("~", "…≈"), (">", "▸▶►›»→❯⟩"), ("<", "◂◀◄‹«←❮⟨"), ("^", "↑▲▴"), ("v", "↓▼▾✓✔"), ("x", "✗✘×"),
      ("*", "●◆★∗"),
      ("o", "○◇☆◦"), ("'", "‘’′"), ("\"", "“”″"), (" ", "\u{A0}\u{2002}\u{2003}\u{2007}\u{2009}\u{202F}"), ("/", "╱"),
      ("\\", "╲"), ("[", "▕"),
    ]
    var result: [UInt32: UInt32] = [:]
    for (ascii, originals) in groups {
      for original in originals.unicodeScalars { result[original.value] = ascii.value }
    }
    return result
  }()
}
