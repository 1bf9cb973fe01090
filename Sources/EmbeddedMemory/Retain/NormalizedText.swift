import Foundation

/// A text without what does not change what it says: letter case, the kind and number of its blanks, and the way
/// its accents are encoded. Two messages that are equal so are one memory.
struct NormalizedText: Hashable, Sendable {
  let text: String

  init(_ original: String) {
    if original.utf8.allSatisfy({ $0 < 0x80 }) {
      text = Self.foldedASCII(original)
    } else {
      let composed = original.precomposedStringWithCanonicalMapping.lowercased()
      text = composed.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
  }

  private static func foldedASCII(_ original: String) -> String {
    var folded: [UInt8] = []
    folded.reserveCapacity(original.utf8.count)
    for byte in original.utf8 {
      switch byte {
      case 0x09...0x0D, 0x20:
        if let last = folded.last, last != 0x20 { folded.append(0x20) }
      case UInt8(ascii: "A")...UInt8(ascii: "Z"):
        folded.append(byte | 0x20)
      default:
        folded.append(byte)
      }
    }
    if folded.last == 0x20 { folded.removeLast() }
    return String(decoding: folded, as: UTF8.self)
  }

  /// FNV-1a of 64 bits over the UTF-8 bytes: the same in every run and on every machine, unlike `hashValue`.
  /// Equal hashes do not prove equal texts.
  var hash: Int64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    return Int64(bitPattern: hash)
  }
}
