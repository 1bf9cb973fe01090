import Crypto
import Foundation

extension RowName {
  /// The bytes that `spelling` spelt, of whatever length.
  static func bytes(spelled text: String) -> Data? {
    let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
    guard digits.count.isMultiple(of: 2), !digits.isEmpty else { return nil }
    var bytes = Data(capacity: digits.count / 2)
    var high: UInt8?
    for digit in digits {
      let value: UInt8
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
      default: return nil
      }
      if let first = high {
        bytes.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    return bytes
  }

  /// The name of the copy of a row in a bank: it follows from both, begins with the same time, and is marked as one
  /// that was computed (version 8 of RFC 9562).
  static func copy(of name: Data, bank: String) -> Data {
    var sum = SHA256()
    sum.update(data: name)
    sum.update(data: Data(bank.utf8))
    var bytes = Array(name.prefix(6)) + sum.finalize().prefix(16)
    bytes = Array(bytes.prefix(16))
    bytes[6] = 0x80 | (bytes[6] & 0x0F)
    bytes[8] = 0x80 | (bytes[8] & 0x3F)
    return Data(bytes)
  }
}
