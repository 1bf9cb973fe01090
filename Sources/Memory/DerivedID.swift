/// A UUID that follows from a name: of version 8 (RFC 9562), 122 bits of two FNV-1a sums, the same in every run and on
/// every machine.
public func derivedID(_ name: String) -> String {
  let bytes = Array(name.utf8)
  let high = fnv1a(bytes, from: 0xCBF2_9CE4_8422_2325)
  let low = fnv1a(bytes.reversed(), from: high)
  let versioned = high & ~0xF000 | 0x8000
  let varied = low & ~(0b11 << 62) | 0b10 << 62
  let digits = [versioned, varied].map { number in
    let text = String(number, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }
  .joined()
  var groups: [String] = []
  var rest = digits[...]
  for length in [8, 4, 4, 4, 12] {
    groups.append(String(rest.prefix(length)))
    rest = rest.dropFirst(length)
  }
  return groups.joined(separator: "-")
}

private func fnv1a(_ bytes: [UInt8], from start: UInt64) -> UInt64 {
  bytes.reduce(start) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}
