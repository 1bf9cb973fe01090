import RearviewText

/// The sequences that a terminal's entry gives its keys. Everything that the grammar of `KeyDecoder` reads the same way
/// needs no place here; what stands here wins, because the same bytes are other keys on other terminals (vt100's F5 is
/// a keypad digit elsewhere).
struct KeyTable: Hashable {
  private var keys: [[UInt8]: KeyPress] = [:]
  private var longest = 0

  init() {}

  /// Asks for each key by its terminfo name.
  init(capability: (String) -> [UInt8]) {
    for (name, press) in Self.names {
      let sequence = capability(name)
      // One byte is a control character, which is the same everywhere.
      guard sequence.count > 1, sequence[0] == 0x1B, keys[sequence] == nil else { continue }
      keys[sequence] = press
      longest = max(longest, sequence.count)
    }
  }

  func longestMatch(_ bytes: [UInt8]) -> (key: KeyPress, length: Int)? {
    guard longest > 0, bytes.first == 0x1B, bytes.count > 1 else { return nil }
    for length in stride(from: min(longest, bytes.count), through: 2, by: -1) {
      if let key = keys[Array(bytes[..<length])] { return (key, length) }
    }
    return nil
  }

  /// In the order of precedence, for entries that give two keys one sequence.
  private static let names: [(String, KeyPress)] = {
    var names: [(String, KeyPress)] = [
      ("kcuu1", KeyPress(.up)), ("kcud1", KeyPress(.down)), ("kcub1", KeyPress(.left)), ("kcuf1", KeyPress(.right)),
      ("khome", KeyPress(.home)), ("kend", KeyPress(.end)), ("kpp", KeyPress(.pageUp)), ("knp", KeyPress(.pageDown)),
      ("kich1", KeyPress(.insert)), ("kdch1", KeyPress(.delete)), ("kcbt", KeyPress(.tab, .shift)),
      ("kbs", KeyPress(.backspace)), ("kent", KeyPress(.enter)),
      ("kri", KeyPress(.up, .shift)), ("kind", KeyPress(.down, .shift)), ("kLFT", KeyPress(.left, .shift)),
      ("kRIT", KeyPress(.right, .shift)), ("kHOM", KeyPress(.home, .shift)), ("kEND", KeyPress(.end, .shift)),
      ("kPRV", KeyPress(.pageUp, .shift)), ("kNXT", KeyPress(.pageDown, .shift)), ("kDC", KeyPress(.delete, .shift)),
      ("kIC", KeyPress(.insert, .shift)),
    ]
    names += (1...12).map { ("kf\($0)", KeyPress(.function($0))) }
    let extended: [(String, KeyPress.Key)] = [
      ("kUP", .up), ("kDN", .down), ("kLFT", .left), ("kRIT", .right), ("kHOM", .home), ("kEND", .end),
      ("kPRV", .pageUp),
      ("kNXT", .pageDown), ("kDC", .delete), ("kIC", .insert),
    ]
    for (name, key) in extended {
      for code in 3...8 { names.append(("\(name)\(code)", KeyPress(key, KeyDecoder.modifiers(code: code)))) }
    }
    return names
  }()
}
