#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A position in a JSON text, and what can be read there without building anything.
public struct JSONScan {
  private let bytes: UnsafeBufferPointer<UInt8>
  /// How many bytes were stepped over.
  public private(set) var position = 0

  public init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
  }

  /// The inside of a string as it stands in the text. Valid as long as the scanned bytes are.
  public struct RawString {
    let bytes: UnsafeBufferPointer<UInt8>
    /// Whether it holds a backslash, so that `text` is not simply its bytes.
    public let hasEscapes: Bool

    /// Whether its bytes, escapes and all, are those of `text`.
    public func equals(_ text: StaticString) -> Bool {
      guard bytes.count == text.utf8CodeUnitCount, let base = bytes.baseAddress else { return false }
      return memcmp(base, text.utf8Start, bytes.count) == 0
    }

    /// The string. Half a surrogate pair and an escape that JSON does not know become U+FFFD.
    public var text: String {
      hasEscapes ? unescaped(bytes) : String(decoding: bytes, as: UTF8.self)
    }
  }

  /// Steps over so many bytes, which must be there.
  mutating func step(over count: Int) { position += count }

  /// The next byte that is no blank.
  public mutating func next() -> UInt8? {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return bytes[position]
      }
    }
    return nil
  }

  /// Whether nothing but blanks follows.
  public mutating func isAtEnd() -> Bool { next() == nil }

  /// Steps over `byte` if it is next.
  public mutating func take(_ byte: UInt8) -> Bool {
    guard next() == byte else { return false }
    position += 1
    return true
  }

  /// Steps over `null` if it is next.
  public mutating func takeNull() -> Bool {
    guard next() == UInt8(ascii: "n"), bytes.count - position >= 4, bytes[position + 1] == UInt8(ascii: "u"),
      bytes[position + 2] == UInt8(ascii: "l"), bytes[position + 3] == UInt8(ascii: "l")
    else { return false }
    position += 4
    return true
  }

  /// Steps over a string if it is next and whole.
  public mutating func takeString() -> RawString? {
    guard next() == UInt8(ascii: "\"") else { return nil }
    let start = position + 1
    var hasEscapes = false
    var index = start
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        position = index + 1
        return RawString(bytes: UnsafeBufferPointer(rebasing: bytes[start..<index]), hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        index += 2
      default:
        index += 1
      }
    }
    return nil
  }

  /// Steps over a value of any kind if one is next. `false` where there is none, and where it takes more than a look to
  /// be sure that `JSONValue` would read it: nested 50 deep, or a number out of the ordinary.
  public mutating func skipValue() -> Bool { skipValue(depth: 0) }

  private mutating func skipValue(depth: Int) -> Bool {
    guard depth < 50 else { return false }
    switch next() {
    case nil:
      return false
    case UInt8(ascii: "\""):
      return takeString() != nil
    case UInt8(ascii: "{"):
      position += 1
      if take(UInt8(ascii: "}")) { return true }
      repeat {
        guard takeString() != nil, take(UInt8(ascii: ":")), skipValue(depth: depth + 1) else { return false }
      } while take(UInt8(ascii: ","))
      return take(UInt8(ascii: "}"))
    case UInt8(ascii: "["):
      position += 1
      if take(UInt8(ascii: "]")) { return true }
      repeat {
        guard skipValue(depth: depth + 1) else { return false }
      } while take(UInt8(ascii: ","))
      return take(UInt8(ascii: "]"))
    default:
      return takeScalar().map(Self.isPlain) ?? false
    }
  }

  /// Whether it is `null`, `true`, `false`, or a number without a doubt.
  private static func isPlain(_ scalar: UnsafeBufferPointer<UInt8>) -> Bool {
    let raw = RawString(bytes: scalar, hasEscapes: false)
    if raw.equals("null") || raw.equals("true") || raw.equals("false") { return true }
    var index = scalar.first == UInt8(ascii: "-") ? 1 : 0
    func skipsDigits(atMost limit: Int) -> Bool {
      let start = index
      while index < scalar.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(scalar[index]) { index += 1 }
      return (1...limit).contains(index - start)
    }
    guard skipsDigits(atMost: 100) else { return false }
    if index < scalar.count, scalar[index] == UInt8(ascii: ".") {
      index += 1
      guard skipsDigits(atMost: 100) else { return false }
    }
    if index < scalar.count, scalar[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      if index < scalar.count, scalar[index] == UInt8(ascii: "-") || scalar[index] == UInt8(ascii: "+") { index += 1 }
      guard skipsDigits(atMost: 2) else { return false }
    }
    return index == scalar.count
  }

  /// Steps over a number, `true`, `false` or `null` and returns what stands there; `nil` when a mark is next.
  mutating func takeScalar() -> UnsafeBufferPointer<UInt8>? {
    guard next() != nil else { return nil }
    let start = position
    skipScalar()
    return position > start ? UnsafeBufferPointer(rebasing: bytes[start..<position]) : nil
  }

  /// A number, `true`, `false` or `null`: all up to the next blank or mark.
  private mutating func skipScalar() {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ":"), UInt8(ascii: "\""), 0x20, 0x09,
        0x0A, 0x0D, UInt8(ascii: "{"), UInt8(ascii: "["):
        return
      default:
        position += 1
      }
    }
  }
}

/// The text of the inside of a JSON string (RFC 8259, section 7).
private func unescaped(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
  var output: [UInt8] = []
  output.reserveCapacity(bytes.count)
  var index = 0
  while index < bytes.count {
    let byte = bytes[index]
    guard byte == UInt8(ascii: "\\"), index + 1 < bytes.count else {
      output.append(byte)
      index += 1
      continue
    }
    let escape = bytes[index + 1]
    index += 2
    switch escape {
    case UInt8(ascii: "n"): output.append(0x0A)
    case UInt8(ascii: "t"): output.append(0x09)
    case UInt8(ascii: "r"): output.append(0x0D)
    case UInt8(ascii: "b"): output.append(0x08)
    case UInt8(ascii: "f"): output.append(0x0C)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(escape)
    case UInt8(ascii: "u"):
      let (scalar, length) = unicodeEscape(bytes, at: index)
      output.append(contentsOf: String(Character(scalar)).utf8)
      index += length
    default:
      output.append(contentsOf: "\u{FFFD}".utf8)
    }
  }
  return String(decoding: output, as: UTF8.self)
}

/// The scalar of `XXXX` or, for a surrogate pair, `XXXX\uXXXX`, and how many bytes it takes.
private func unicodeEscape(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> (Unicode.Scalar, length: Int) {
  guard let first = fourHexDigits(bytes, at: index) else { return ("\u{FFFD}", 0) }
  if let scalar = Unicode.Scalar(first) { return (scalar, 4) }
  guard (0xD800...0xDBFF).contains(first), index + 5 < bytes.count, bytes[index + 4] == UInt8(ascii: "\\"),
    bytes[index + 5] == UInt8(ascii: "u"), let second = fourHexDigits(bytes, at: index + 6),
    (0xDC00...0xDFFF).contains(second),
    let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
  else { return ("\u{FFFD}", 4) }
  return (scalar, 10)
}

private func fourHexDigits(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> UInt32? {
  guard index + 4 <= bytes.count else { return nil }
  var value: UInt32 = 0
  for byte in bytes[index..<(index + 4)] {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - 0x30)
    case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - 0x57)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - 0x37)
    default: return nil
    }
  }
  return value
}
