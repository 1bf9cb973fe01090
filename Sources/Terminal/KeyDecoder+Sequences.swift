import RearviewText

// Escape sequences: ECMA-48 CSI, the SS3 of cursor and function keys, OSC answers, and Alt as a leading Esc.
extension KeyDecoder {
  /// A sequence at the front of `pending`; false when more bytes are needed.
  mutating func takeEscape(into tokens: inout [Token]) -> Bool {
    guard pending.count > 1 else { return false }
    switch pending[1] {
    case UInt8(ascii: "["): return takeCSI(from: 0, modifiers: [], into: &tokens)
    case UInt8(ascii: "O"): return takeSS3(from: 0, modifiers: [], into: &tokens)
    case UInt8(ascii: "]"):
      guard pending.count > 2 else { return false }
      if (0x30...0x39).contains(pending[2]) { return takeOSC(into: &tokens) }
      return takeAlt(into: &tokens)
    case 0x1B: return takeDoubleEscape(into: &tokens)
    default: return takeAlt(into: &tokens)
    }
  }

  /// rxvt and old terminals put Alt before a key that has a sequence by one more Esc.
  private mutating func takeDoubleEscape(into tokens: inout [Token]) -> Bool {
    guard pending.count > 2 else { return false }
    if let match = table.longestMatch(Array(pending.dropFirst())) {
      pending.removeFirst(match.length + 1)
      tokens.append(.input(.key(KeyPress(match.key.key, match.key.modifiers.union(.alt)))))
      return true
    }
    switch pending[2] {
    case UInt8(ascii: "["): return takeCSI(from: 1, modifiers: .alt, into: &tokens)
    case UInt8(ascii: "O"): return takeSS3(from: 1, modifiers: .alt, into: &tokens)
    default:
      pending.removeFirst()
      tokens.append(.input(.key(KeyPress(.escape))))
      return true
    }
  }

  private mutating func takeAlt(into tokens: inout [Token]) -> Bool {
    let byte = pending[1]
    if byte < 0x20 || byte == 0x7F {
      let plain = Self.controlKey(byte)
      pending.removeFirst(2)
      tokens.append(.input(.key(KeyPress(plain.key, plain.modifiers.union(.alt)))))
      return true
    }
    let length = Self.utf8Length(lead: byte)
    guard pending.count > length else { return false }
    if let character = String(decoding: pending[1...length], as: UTF8.self).first {
      tokens.append(.input(.key(KeyPress(.character(character), .alt))))
    }
    pending.removeFirst(length + 1)
    return true
  }

  // MARK: SS3

  private mutating func takeSS3(
    from start: Int, modifiers: KeyPress.Modifiers, into tokens: inout [Token]
  ) -> Bool {
    var at = start + 2
    while at < pending.count, (0x30...0x3B).contains(pending[at]) { at += 1 }
    guard at < pending.count else { return false }
    let final = pending[at]
    guard (0x40...0x7E).contains(final) else {
      // Not a sequence: Alt-Shift-O and something else.
      return takeAlt(into: &tokens)
    }
    let parameters = Self.parameters(pending[(start + 2)..<at])
    pending.removeFirst(at + 1)
    let all = modifiers.union(Self.modifiers(code: parameters.last ?? 1))
    if let key = Self.cursorKey(final) ?? Self.keypadKey(final) {
      tokens.append(.input(.key(KeyPress(key, all))))
    } else if let key = Self.cursorKey(final &- 0x20), (0x61...0x64).contains(final) {
      tokens.append(.input(.key(KeyPress(key, all.union(.control)))))
    }
    return true
  }

  // MARK: CSI

  private mutating func takeCSI(
    from start: Int, modifiers: KeyPress.Modifiers, into tokens: inout [Token]
  ) -> Bool {
    let first = start + 2
    guard pending.count > first else { return false }
    // The Linux console's F1 to F5.
    if pending[first] == UInt8(ascii: "[") {
      guard pending.count > first + 1 else { return false }
      let letter = pending[first + 1]
      pending.removeFirst(first + 2)
      if (0x41...0x45).contains(letter) {
        tokens.append(.input(.key(KeyPress(.function(Int(letter) - 0x40), modifiers))))
      }
      return true
    }
    var at = first
    while at < pending.count, (0x20...0x3F).contains(pending[at]), !endsRxvtKey(at, first: first) { at += 1 }
    guard at < pending.count else { return dropOversized() }
    let final = pending[at]
    guard (0x40...0x7E).contains(final) || final == UInt8(ascii: "$") else {
      // A control character or a letter of another script breaks the sequence off: drop it, keep what broke it.
      pending.removeFirst(at)
      return true
    }
    if final == UInt8(ascii: "M"), at == first { return takeOldMouse(at: at, into: &tokens) }
    let body = Array(pending[first..<at])
    pending.removeFirst(at + 1)
    interpret(body, final: final, modifiers: modifiers, into: &tokens)
    return true
  }

  /// rxvt ends Shift-Home and its like in `$`, which elsewhere only stands before the last byte.
  private func endsRxvtKey(_ at: Int, first: Int) -> Bool {
    pending[at] == UInt8(ascii: "$") && at > first && (0x30...0x39).contains(pending[first])
  }

  private mutating func dropOversized() -> Bool {
    if pending.count <= limits.sequenceBytes { return false }
    pending = []
    return true
  }

  private mutating func interpret(
    _ body: [UInt8], final: UInt8, modifiers: KeyPress.Modifiers, into tokens: inout [Token]
  ) {
    switch body.first {
    case UInt8(ascii: "?"):
      if let reply = Self.reply(body, final: final) { tokens.append(.reply(reply)) }
      return
    case UInt8(ascii: "<"):
      if let event = Self.mouse(Self.parameters(body.dropFirst()), isPress: final == UInt8(ascii: "M")) {
        tokens.append(.input(event))
      }
      return
    case UInt8(ascii: ">"), UInt8(ascii: "="): return
    default: break
    }
    let parameters = Self.parameters(body[...])
    if final == UInt8(ascii: "~"), parameters == [200] {
      mode = .paste(isMarked: true)
    } else if final == UInt8(ascii: "R"), parameters.count == 2, parameters[0] > 1 {
      tokens.append(.reply(.cursor(Position(column: parameters[1] - 1, row: parameters[0] - 1))))
    } else if body.isEmpty, final == UInt8(ascii: "I") || final == UInt8(ascii: "O") {
      tokens.append(.input(.focus(final == UInt8(ascii: "I"))))
    } else if let press = Self.key(parameters, final: final) {
      tokens.append(.input(.key(KeyPress(press.key, press.modifiers.union(modifiers)))))
    }
  }

  private static func key(_ parameters: [Int], final: UInt8) -> KeyPress? {
    let number = parameters.first ?? 0
    let modifiers = modifiers(code: parameters.count > 1 ? parameters[1] : 1)
    switch final {
    case UInt8(ascii: "Z"): return KeyPress(.tab, modifiers.union(.shift))
    case UInt8(ascii: "u"): return coded(number, modifiers)
    case UInt8(ascii: "~"):
      if number == 27, parameters.count == 3 { return coded(parameters[2], modifiers) }
      return numberedKey(number).map { KeyPress($0, modifiers) }
    case UInt8(ascii: "^"): return numberedKey(number).map { KeyPress($0, .control) }
    case UInt8(ascii: "$"): return numberedKey(number).map { KeyPress($0, .shift) }
    case UInt8(ascii: "@"): return numberedKey(number).map { KeyPress($0, [.control, .shift]) }
    case 0x61...0x64: return cursorKey(final - 0x20).map { KeyPress($0, .shift) }
    default: return cursorKey(final).map { KeyPress($0, modifiers) }
    }
  }

  /// A key that comes as its code point (modifyOtherKeys, and the `u` form of others).
  private static func coded(_ code: Int, _ modifiers: KeyPress.Modifiers) -> KeyPress? {
    switch code {
    case 13, 57414: return KeyPress(.enter, modifiers)
    case 9: return KeyPress(.tab, modifiers)
    case 27: return KeyPress(.escape, modifiers)
    case 8, 127: return KeyPress(.backspace, modifiers)
    case ..<32, 57344...63743: return nil
    default:
      guard let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init) else { return nil }
      let character = Character(scalar)
      if modifiers.contains(.control) {
        return character.lowercased().first.map { KeyPress(.character($0), modifiers) }
      }
      // Shift is in the character already, or is put there.
      let shifted = modifiers.contains(.shift) ? character.uppercased().first ?? character : character
      return KeyPress(.character(shifted), modifiers.subtracting(.shift))
    }
  }

  // MARK: tables of the grammar

  static func parameters(_ bytes: ArraySlice<UInt8>) -> [Int] {
    guard !bytes.isEmpty else { return [] }
    return bytes.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map { field in
      // Sub-parameters after a colon tell things that no key of ours needs.
      field.prefix { (0x30...0x39).contains($0) }.reduce(0) { min($0 * 10 + Int($1 - 0x30), 1 << 24) }
    }
  }

  /// xterm's numbers: one more than a sum of 1 Shift, 2 Alt, 4 Control, 8 Meta.
  static func modifiers(code: Int) -> KeyPress.Modifiers {
    let bits = max(code, 1) - 1
    var result: KeyPress.Modifiers = []
    if bits & 1 != 0 { result.insert(.shift) }
    if bits & (2 | 8) != 0 { result.insert(.alt) }
    if bits & 4 != 0 { result.insert(.control) }
    return result
  }

  private static func cursorKey(_ final: UInt8) -> KeyPress.Key? {
    switch final {
    case UInt8(ascii: "A"): .up
    case UInt8(ascii: "B"): .down
    case UInt8(ascii: "C"): .right
    case UInt8(ascii: "D"): .left
    case UInt8(ascii: "F"): .end
    case UInt8(ascii: "H"): .home
    case UInt8(ascii: "P"): .function(1)
    case UInt8(ascii: "Q"): .function(2)
    case UInt8(ascii: "R"): .function(3)
    case UInt8(ascii: "S"): .function(4)
    default: nil
    }
  }

  /// The keypad in application mode.
  private static func keypadKey(_ final: UInt8) -> KeyPress.Key? {
    switch final {
    case UInt8(ascii: "M"): .enter
    case UInt8(ascii: "I"): .tab
    case UInt8(ascii: "X"): .character("=")
    case 0x6A...0x79: .character(Character(Unicode.Scalar(final - 0x40)))
    default: nil
    }
  }

  private static func numberedKey(_ number: Int) -> KeyPress.Key? {
    switch number {
    case 1, 7: .home
    case 2: .insert
    case 3: .delete
    case 4, 8: .end
    case 5: .pageUp
    case 6: .pageDown
    case 11...15: .function(number - 10)
    case 17...21: .function(number - 11)
    case 23...26: .function(number - 12)
    case 28, 29: .function(number - 13)
    case 31...34: .function(number - 14)
    default: nil
    }
  }
}
