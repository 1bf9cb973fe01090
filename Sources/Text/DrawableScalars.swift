import CMark
import Foundation

/// Which scalars the C library of this machine moves the cursor by as many cells as `ScalarWidth` says.
///
/// ncurses asks `wcwidth` where the cursor stands after a character. Where that differs from our table, or is -1
/// because the library is older than the character, the row would be torn; such a scalar is drawn as a sign that both
/// agree on. `wcwidth` is asked under the locale C.UTF-8, whatever the locale of the process, once (about 1 ms, at
/// the first character beyond Latin that is drawn). A machine without that locale is taken to agree.
enum DrawableScalars {
  /// One bit a scalar, from `first` on; empty when the library cannot be asked.
  private struct Agreement {
    let first: UInt32
    let bits: [UInt64]

    init(_ range: Range<UInt32>) {
      first = range.lowerBound
      guard let widths = libraryWidths(range) else {
        bits = []
        return
      }
      var bits = [UInt64](repeating: 0, count: range.count / 64)
      for (offset, width) in widths.enumerated() where Int(width) == ScalarWidth.of(first + UInt32(offset)) {
        bits[offset >> 6] |= 1 << UInt64(offset & 63)
      }
      self.bits = bits
    }

    func contains(_ value: UInt32) -> Bool {
      guard !bits.isEmpty else { return true }
      let offset = Int(value - first)
      return bits[offset >> 6] & (1 << UInt64(offset & 63)) != 0
    }
  }

  private static let basicPlane = Agreement(0..<0x10000)
  /// Emoji, historic scripts and the rarer ideographs.
  private static let supplementaryPlanes = Agreement(0x10000..<0x40000)

  static func contains(_ value: UInt32) -> Bool {
    switch value {
    case ..<0x250: true
    case ..<0x10000: basicPlane.contains(value)
    case ..<0x40000: supplementaryPlanes.contains(value)
    // Private use: fonts with icons.
    case 0xF0000...0xFFFFD, 0x100000...0x10FFFD: true
    default: false
    }
  }

  /// What `wcwidth` says of each scalar: -1 for what it cannot print. `nil` without the locale.
  static func libraryWidths(_ range: Range<UInt32>) -> [Int8]? {
    guard let utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil) else { return nil }
    let previous = uselocale(utf8)
    defer {
      uselocale(previous)
      freelocale(utf8)
    }
    return range.map { Int8(wcwidth(wchar_t($0))) }
  }
}
