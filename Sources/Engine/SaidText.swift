import Foundation

/// A text as bytes, runs of white space as one blank, for telling whether one was said within another.
struct SaidText {
  private let bytes: [UInt8]

  init(_ text: String) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      if byte == 0x20 || (0x09...0x0D).contains(byte) {
        if let last = bytes.last, last != 0x20 { bytes.append(0x20) }
      } else {
        bytes.append(byte)
      }
    }
    if bytes.last == 0x20 { bytes.removeLast() }
    self.bytes = bytes
  }

  /// Whether the other text stands in this one, not in the middle of words.
  func contains(_ other: SaidText) -> Bool {
    guard !other.bytes.isEmpty, other.bytes.count <= bytes.count else { return false }
    return bytes.withUnsafeBytes { haystack in
      other.bytes.withUnsafeBytes { needle in
        guard let base = haystack.baseAddress, let start = needle.baseAddress else { return false }
        var offset = 0
        while offset + needle.count <= haystack.count,
          let found = memchr(base + offset, Int32(needle[0]), haystack.count - needle.count - offset + 1)
        {
          let place = UnsafeRawPointer(found) - base
          if memcmp(base + place, start, needle.count) == 0, isEdge(before: place),
            isEdge(before: place + needle.count)
          {
            return true
          }
          offset = place + 1
        }
        return false
      }
    }
  }

  /// Whether no word goes on from the byte before this place to the one at it.
  private func isEdge(before place: Int) -> Bool {
    guard place > 0, place < bytes.count else { return true }
    return !(Self.isWordPart(bytes[place - 1]) && Self.isWordPart(bytes[place]))
  }

  private static func isWordPart(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }
}
