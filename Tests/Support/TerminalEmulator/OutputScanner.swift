/// Watches the bytes of a program for what libvterm does not tell: modes, titles, the clipboard, questions.
struct OutputScanner {
  enum Sighting: Equatable {
    case mode(Int, isOn: Bool)
    case modeQuestion(Int)
    case backgroundQuestion
    case cursorQuestion
    case deviceQuestion
    case title(String)
    case clipboard(String)
    case titlePushed, titlePopped
  }

  private enum State { case text, escape, csi, osc, oscEscape }
  private var state = State.text
  private var collected: [UInt8] = []

  mutating func take(_ byte: UInt8) -> [Sighting] {
    switch state {
    case .text: if byte == 0x1B { state = .escape }
    case .escape:
      collected = []
      switch byte {
      case UInt8(ascii: "["): state = .csi
      case UInt8(ascii: "]"): state = .osc
      case 0x1B: break
      default: state = .text
      }
    case .csi:
      collected.append(byte)
      if (0x40...0x7E).contains(byte) {
        state = .text
        return control()
      }
    case .osc:
      if byte == 0x07 {
        state = .text
        return command()
      }
      if byte == 0x1B { state = .oscEscape } else { collected.append(byte) }
    case .oscEscape:
      state = .text
      if byte == UInt8(ascii: "\\") { return command() }
    }
    return []
  }

  private func control() -> [Sighting] {
    let text = String(decoding: collected, as: UTF8.self)
    switch text {
    case "6n": return [.cursorQuestion]
    case "c", "0c": return [.deviceQuestion]
    case let text where text.hasPrefix("22;") && text.hasSuffix("t"): return [.titlePushed]
    case let text where text.hasPrefix("23;") && text.hasSuffix("t"): return [.titlePopped]
    default: break
    }
    guard text.hasPrefix("?") else { return [] }
    if text.hasSuffix("$p"), let mode = Int(text.dropFirst().dropLast(2)) { return [.modeQuestion(mode)] }
    guard text.hasSuffix("h") || text.hasSuffix("l") else { return [] }
    let modes = text.dropFirst().dropLast().split(separator: ";").compactMap { Int($0) }
    return modes.map { .mode($0, isOn: text.hasSuffix("h")) }
  }

  private func command() -> [Sighting] {
    let text = String(decoding: collected, as: UTF8.self)
    if text == "11;?" { return [.backgroundQuestion] }
    if text.hasPrefix("0;") || text.hasPrefix("2;") { return [.title(String(text.dropFirst(2)))] }
    if text.hasPrefix("52;c;") { return [.clipboard(String(text.dropFirst(5)))] }
    return []
  }
}
