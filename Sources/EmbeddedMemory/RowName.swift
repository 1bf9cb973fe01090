import Foundation

/// The name of a row across files: a UUID of version 7 (RFC 9562), 16 bytes, ordered by the time it was made.
struct RowName: Hashable, Sendable {
  let bytes: Data

  /// A new name, made at `milliseconds` since 1970.
  init(milliseconds: Int64) {
    var bytes = [UInt8](repeating: 0, count: 16)
    for index in 0..<6 { bytes[index] = UInt8(truncatingIfNeeded: milliseconds >> (40 - 8 * index)) }
    var random = SystemRandomNumberGenerator()
    let (high, low) = (random.next(), random.next())
    for index in 6..<8 { bytes[index] = UInt8(truncatingIfNeeded: high >> (8 * (index - 6))) }
    for index in 8..<16 { bytes[index] = UInt8(truncatingIfNeeded: low >> (8 * (index - 8))) }
    bytes[6] = 0x70 | (bytes[6] & 0x0F)
    bytes[8] = 0x80 | (bytes[8] & 0x3F)
    self.bytes = Data(bytes)
  }

  /// The name that `id` spells, if it spells one.
  init?(_ id: String) {
    guard let uuid = UUID(uuidString: id) else { return nil }
    bytes = withUnsafeBytes(of: uuid.uuid) { Data($0) }
  }

  /// The canonical spelling of a stored name, in lower case.
  static func spelling(_ bytes: Data) -> String {
    let digits: StaticString = "0123456789abcdef"
    return String(unsafeUninitializedCapacity: 36) { text in
      var length = 0
      for (index, byte) in bytes.prefix(16).enumerated() {
        if index == 4 || index == 6 || index == 8 || index == 10 {
          text[length] = UInt8(ascii: "-")
          length += 1
        }
        text[length] = digits.utf8Start[Int(byte >> 4)]
        text[length + 1] = digits.utf8Start[Int(byte & 15)]
        length += 2
      }
      return length
    }
  }
}
