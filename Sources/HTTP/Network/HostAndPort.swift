#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// `HOST`, `HOST:PORT`, `[IPv6]`, `[IPv6]:PORT` or a bare IPv6 address.
struct HostAndPort {
  /// Without brackets.
  let host: String
  let port: Int?

  /// `nil` when the port is none, a bracket is not closed, or colons stand in what is no IPv6 address.
  init?(_ text: Substring) {
    let portText: Substring?
    if text.first == "[" {
      guard let bracket = text.firstIndex(of: "]") else { return nil }
      host = String(text[text.index(after: text.startIndex)..<bracket])
      let rest = text[text.index(after: bracket)...]
      guard rest.isEmpty || rest.first == ":" else { return nil }
      portText = rest.isEmpty ? nil : rest.dropFirst()
    } else if let colon = text.firstIndex(of: ":"), colon == text.lastIndex(of: ":") {
      host = String(text[..<colon])
      portText = text[text.index(after: colon)...]
    } else {
      guard !text.contains(":") || IPAddress(String(text)) != nil else { return nil }
      host = String(text)
      portText = nil
    }
    if let portText {
      guard portText.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(portText), number > 0 else {
        return nil
      }
      port = Int(number)
    } else {
      port = nil
    }
  }
}

/// An IPv4 or IPv6 address; an IPv4 address in the form of an IPv6 one (`::ffff:1.2.3.4`) is an IPv4 address.
struct IPAddress: Hashable {
  /// 4 or 16.
  let bytes: [UInt8]

  /// Reads what the system takes for an address without looking it up: also `127.1`.
  init?(_ text: String) {
    var ipv4 = in_addr()
    var ipv6 = in6_addr()
    if !text.contains(where: \.isWhitespace), inet_aton(text, &ipv4) != 0 {
      bytes = withUnsafeBytes(of: ipv4) { Array($0) }
    } else if inet_pton(AF_INET6, text, &ipv6) == 1 {
      let all = withUnsafeBytes(of: ipv6) { Array($0) }
      bytes = all.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) ? Array(all.suffix(4)) : all
    } else {
      return nil
    }
  }

  /// Whether it names this machine: loopback, or no address at all.
  var isLoopback: Bool {
    if bytes.allSatisfy({ $0 == 0 }) { return true }
    return bytes.count == 4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
  }

  /// Whether its first `bitCount` bits are those of another.
  func isSame(as other: IPAddress, bitCount: Int) -> Bool {
    guard bytes.count == other.bytes.count, (0...bytes.count * 8).contains(bitCount) else { return false }
    return (0..<bitCount).allSatisfy { bit in
      (bytes[bit / 8] ^ other.bytes[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
    }
  }
}

extension StringProtocol where SubSequence == Substring {
  /// Without the given characters at both ends.
  func trimming(_ characters: String) -> Substring {
    var rest = drop { characters.contains($0) }
    while let last = rest.last, characters.contains(last) { rest.removeLast() }
    return rest
  }
}
