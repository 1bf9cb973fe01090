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
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for (index, byte) in bytes.enumerated() {
      if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
