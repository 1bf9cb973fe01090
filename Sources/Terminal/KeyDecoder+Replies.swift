import RearviewText

// Mouse reports and the terminal's answers.
extension KeyDecoder {
  /// Rows that one notch of the wheel moves.
  static let wheelRows = 3

  /// SGR coding (1006): button with modifier bits, column and row from 1.
  static func mouse(_ parameters: [Int], isPress: Bool) -> InputEvent? {
    guard parameters.count == 3, parameters[1] > 0, parameters[2] > 0 else { return nil }
    let position = Position(column: parameters[1] - 1, row: parameters[2] - 1)
    // Shift, Alt and Control with the mouse are the terminal's own; what they mark is ignored, and so is motion.
    switch parameters[0] & ~0b1_1100 {
    case 0 where isPress: return .click(position)
    case 64 where isPress: return .scroll(rows: -wheelRows, at: position)
    case 65 where isPress: return .scroll(rows: wheelRows, at: position)
    default: return nil
    }
  }

  /// The coding of 1984: three bytes, each 32 more than its value. Some multiplexers still send it.
  mutating func takeOldMouse(at final: Int, into tokens: inout [Token]) -> Bool {
    guard pending.count > final + 3 else { return false }
    let values = pending[(final + 1)...(final + 3)].map { Int($0) - 32 }
    pending.removeFirst(final + 4)
    let isRelease = values[0] & 0b11 == 3 && values[0] < 64
    if let event = Self.mouse(values, isPress: !isRelease) { tokens.append(.input(event)) }
    return true
  }

  /// `?2026;1$y` and `?…c`; other private sequences are nobody's.
  static func reply(_ body: [UInt8], final: UInt8) -> TerminalReply? {
    switch final {
    case UInt8(ascii: "y") where body.last == UInt8(ascii: "$"):
      let parameters = parameters(body.dropFirst().dropLast())
      return parameters.count == 2 ? .mode(parameters[0], state: parameters[1]) : nil
    case UInt8(ascii: "c"): return .deviceAttributes
    default: return nil
    }
  }

  /// An operating system command, ended by BEL or Esc \.
  mutating func takeOSC(into tokens: inout [Token]) -> Bool {
    for at in 2..<pending.count {
      if pending[at] == 0x07 {
        takeOSC(body: 2..<at, end: at + 1, into: &tokens)
        return true
      }
      guard pending[at] == 0x1B else { continue }
      guard at + 1 < pending.count else { return false }
      let isEnd = pending[at + 1] == UInt8(ascii: "\\")
      // Another sequence breaks it off.
      if isEnd { takeOSC(body: 2..<at, end: at + 2, into: &tokens) } else { pending.removeFirst(at) }
      return true
    }
    if pending.count > limits.sequenceBytes {
      pending = []
      return true
    }
    return false
  }

  private mutating func takeOSC(body: Range<Int>, end: Int, into tokens: inout [Token]) {
    let text = String(decoding: pending[body], as: UTF8.self)
    pending.removeFirst(end)
    guard text.hasPrefix("11;"), let color = Self.color(text.dropFirst(3)) else { return }
    tokens.append(.reply(.background(color)))
  }

  /// XParseColor's `rgb:` form with one to four hexadecimal digits a channel, `rgba:` with a fourth channel, or
  /// `#rrggbb`.
  static func color(_ text: Substring) -> TerminalCapabilities.RGB? {
    var channels: [Substring]
    if let colon = text.firstIndex(of: ":"), text.hasPrefix("rgb") {
      channels = text[text.index(after: colon)...].split(separator: "/", omittingEmptySubsequences: false)
    } else if text.hasPrefix("#"), text.count == 7 {
      let digits = Array(text.dropFirst())
      channels = stride(from: 0, to: 6, by: 2).map { Substring(String(digits[$0...($0 + 1)])) }
    } else {
      return nil
    }
    channels = Array(channels.prefix(3))
    let values = channels.compactMap { channel -> UInt8? in
      guard (1...4).contains(channel.count), let value = Int(channel, radix: 16), value >= 0 else { return nil }
      return UInt8(value * 255 / ((1 << (4 * channel.count)) - 1))
    }
    guard values.count == 3 else { return nil }
    return TerminalCapabilities.RGB(red: values[0], green: values[1], blue: values[2])
  }
}
