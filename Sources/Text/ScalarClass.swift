/// The classes of Unicode scalars that decide what may be shown.
enum ScalarClass {
  static let softHyphen: UInt32 = 0xAD
  static let zeroWidthNonJoiner: UInt32 = 0x200C
  static let zeroWidthJoiner: UInt32 = 0x200D

  /// C0 with tab and line ends, DEL, C1.
  static func isControl(_ value: UInt32) -> Bool { value < 0x20 || (0x7F...0x9F).contains(value) }

  /// Shows nothing, yet changes what is read: bidi controls (the "Trojan Source" set), zero-width spaces and joining
  /// controls, invisible operators, interlinear and musical format marks, tags.
  /// ZWJ and ZWNJ are not among them: Persian and Indic words and emoji need them.
  static func isHidden(_ value: UInt32) -> Bool {
    if value < 0x61C { return false }
    switch value {
    case 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0x202A...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB,
      0x1D173...0x1D17A, 0xE0000...0xE007F:
      return true
    default:
      return false
    }
  }

  static func isJoiner(_ value: UInt32) -> Bool { value == zeroWidthJoiner || value == zeroWidthNonJoiner }

  /// Takes no cell of its own and hangs on the scalar before it; joiners are counted apart.
  static func isMark(_ value: UInt32) -> Bool {
    value >= 0x300 && !isJoiner(value) && ScalarWidth.of(value) == 0
  }

  static func isSkinTone(_ value: UInt32) -> Bool { (0x1F3FB...0x1F3FF).contains(value) }

  /// What is never drawn inside a cluster, because terminals disagree about its width: grapheme joiner, variation
  /// selectors, ZWNJ, enclosing keycap, skin tones, tags.
  static func isDroppedInCluster(_ value: UInt32) -> Bool {
    if value < 0x34F { return false }
    switch value {
    case 0x34F, 0x180B...0x180D, 0x180F, 0x200C, 0x20E3, 0xFE00...0xFE0F, 0x1F3FB...0x1F3FF, 0xE0000...0xE01EF:
      return true
    default:
      return false
    }
  }

  /// The ASCII letter of one half of a flag.
  static func letter(ofRegionalIndicator value: UInt32) -> UInt32? {
    (0x1F1E6...0x1F1FF).contains(value) ? value - 0x1F1E6 + 0x41 : nil
  }
}
