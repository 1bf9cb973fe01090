/// Ways to cut bytes into pieces, as a network might.
enum Pieces {
  static func oneByteEach(_ bytes: [UInt8]) -> [[UInt8]] {
    bytes.map { [$0] }
  }

  /// Cut into two, at every place.
  static func cutAnywhere(_ bytes: [UInt8]) -> [[[UInt8]]] {
    (0...bytes.count).map { [Array(bytes[..<$0]), Array(bytes[$0...])] }
  }

  static func ofSize(_ size: Int, _ bytes: [UInt8]) -> [[UInt8]] {
    stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
  }

  static func bytes(hex: String) -> [UInt8] {
    let digits = hex.utf8.map { UInt8($0 < 58 ? $0 - 48 : $0 - 87) }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
