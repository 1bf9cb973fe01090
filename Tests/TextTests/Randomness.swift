/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

extension SeededGenerator {
  /// Up to `count` pieces out of `pieces`, one after the other.
  mutating func text(of pieces: [String], count: ClosedRange<Int>) -> String {
    (0..<Int.random(in: count, using: &self)).map { _ in pieces.randomElement(using: &self) ?? "" }.joined()
  }
}

/// What a hostile text is made of.
let hostilePieces: [String] = [
  "\u{1B}", "\u{1B}[", "\u{1B}]", "\u{1B}P", "\u{1B}_", "\u{1B}^", "\u{1B}X", "\u{1B}\\", "\u{9B}", "\u{9D}", "\u{90}",
  "\u{9C}", "\u{85}", "\u{7}", "\u{8}", "\u{0}", "\u{7F}", "\r", "\n", "\r\n", "\t", "\u{C}", "\u{18}", ";", "0", "1",
  "m",
  "H", "c", "\\", "[", "]", " ", "  ", "a", "b c", "\u{301}", "\u{302}\u{303}\u{304}\u{305}\u{306}", "\u{200D}",
  "\u{200C}",
  "\u{FE0F}", "\u{200B}", "\u{202E}", "\u{2066}", "\u{2069}", "\u{61C}", "\u{200F}", "\u{2060}", "\u{FEFF}", "\u{FFF9}",
  "\u{E0041}", "\u{E0100}", "\u{2028}", "中", "文。", "é", "👩", "👍\u{1F3FD}", "🇩🇪", "🇩", "क्ष", "की", "\u{1100}\u{1161}",
  "\u{AD}", "\u{3000}", "\u{A0}", "\u{1FAE9}", "\u{600}", "\u{10FFFF}", "word", "`", "*", "#",
]

/// What prose is made of, hostile in layout only.
let layoutPieces: [String] = [
  "a", "word", "longer-word", " ", " ", "  ", "\n", ".", ",", "中", "文字", "。", "「", "」", "é", "e\u{301}", "👩‍👩‍👧",
  "👍\u{1F3FD}", "🇩🇪", "क्ष", "की", "\u{AD}", "\u{301}", "\u{A0}", "\u{600}1", "averyveryverylongwordindeed",
]
