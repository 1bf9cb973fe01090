import RearviewText

// Pasted text: between the marks of mode 2004, or a burst that no one can type.
extension KeyDecoder {
  static let pasteEnd = Array("\u{1B}[201~".utf8)

  /// Takes what stands before the end mark; false when the mark has not come.
  mutating func takePastedBytes(into tokens: inout [Token]) -> Bool {
    if let end = Self.firstRange(of: Self.pasteEnd, in: pending) {
      keep(pending[..<end])
      pending.removeFirst(end + Self.pasteEnd.count)
      finishPaste(into: &tokens)
      return true
    }
    // The mark may be cut in two.
    let held = (1..<Self.pasteEnd.count).last { pending.suffix($0) == Self.pasteEnd.prefix($0) } ?? 0
    keep(pending.dropLast(held))
    pending.removeFirst(pending.count - held)
    return false
  }

  /// Takes everything up to an escape sequence.
  mutating func takeBurst(into tokens: inout [Token]) -> Bool {
    let end = pending.firstIndex(of: 0x1B) ?? pending.count
    keep(pending[..<end])
    pending.removeFirst(end)
    guard !pending.isEmpty else { return false }
    finishPaste(into: &tokens)
    return true
  }

  /// More plain characters at the front than a person types between two reads.
  var isBurst: Bool {
    guard pending.count > limits.burstCharacters else { return false }
    var characters = 0
    for byte in pending {
      guard byte >= 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D, byte != 0x7F else { return false }
      if byte & 0xC0 != 0x80 { characters += 1 }
      if characters > limits.burstCharacters { return true }
    }
    return false
  }

  mutating func finishPaste(into tokens: inout [Token]) {
    let text = Self.plainText(pasted)
    pasted = []
    mode = .keys
    if !text.isEmpty { tokens.append(.input(.paste(text))) }
  }

  private mutating func keep(_ bytes: ArraySlice<UInt8>) {
    pasted.append(contentsOf: bytes.prefix(max(0, limits.pasteBytes - pasted.count)))
  }

  private static func firstRange(of mark: [UInt8], in bytes: [UInt8]) -> Int? {
    guard bytes.count >= mark.count else { return nil }
    return (0...(bytes.count - mark.count)).first {
      bytes[$0] == mark[0] && bytes[$0..<($0 + mark.count)].elementsEqual(mark)
    }
  }

  /// Line ends become LF; escape sequences and control characters other than Tab and LF are taken out.
  static func plainText(_ bytes: [UInt8]) -> String {
    var kept: [UInt8] = []
    kept.reserveCapacity(bytes.count)
    var at = 0
    while at < bytes.count {
      let byte = bytes[at]
      switch byte {
      case 0x0D:
        kept.append(0x0A)
        if at + 1 < bytes.count, bytes[at + 1] == 0x0A { at += 1 }
      case 0x1B:
        at = endOfSequence(bytes, from: at)
        continue
      case 0x09, 0x0A: kept.append(byte)
      case 0x00..<0x20, 0x7F: break
      default: kept.append(byte)
      }
      at += 1
    }
    // A limit may have cut the last character.
    let text = String(decoding: kept.prefix(completeUTF8Length(kept)), as: UTF8.self)
    guard text.unicodeScalars.contains(where: { (0x80...0x9F).contains($0.value) }) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.filter { !(0x80...0x9F).contains($0.value) }))
  }

  /// Behind the sequence that begins at `start`; one that does not end ends with its line.
  private static func endOfSequence(_ bytes: [UInt8], from start: Int) -> Int {
    guard start + 1 < bytes.count else { return bytes.count }
    switch bytes[start + 1] {
    case UInt8(ascii: "["):
      var at = start + 2
      while at < bytes.count, (0x20...0x3F).contains(bytes[at]) { at += 1 }
      return at < bytes.count && (0x40...0x7E).contains(bytes[at]) ? at + 1 : at
    case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"), UInt8(ascii: "^"), UInt8(ascii: "X"):
      var at = start + 2
      while at < bytes.count, bytes[at] != 0x0A, bytes[at] != 0x0D {
        if bytes[at] == 0x07 { return at + 1 }
        if bytes[at] == 0x1B { return at + 1 < bytes.count && bytes[at + 1] == UInt8(ascii: "\\") ? at + 2 : at }
        at += 1
      }
      return at
    case 0x20...0x2F:
      var at = start + 1
      while at < bytes.count, (0x20...0x2F).contains(bytes[at]) { at += 1 }
      return at < bytes.count ? at + 1 : at
    case 0x30...0x7E: return start + 2
    default: return start + 1
    }
  }
}
