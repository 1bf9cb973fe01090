import RearviewText

/// Turns the bytes of a terminal into keys, pastes, mouse events and answers. Pure: bytes and times in, events out.
///
/// What it promises: whatever the reads cut apart comes out as if it had come at once; a sequence that nobody knows is
/// swallowed whole and never typed; pasted text is never keys; and nothing it waits for can hold the keyboard up for
/// longer than its limit.
///
/// A sequence is first looked up in the terminal's own table (`KeyTable`), then read by the grammar of ECMA-48 with the
/// meanings that xterm, rxvt, the Linux console and the fixed key protocols gave it, so that keys work when TERM and
/// the terminal disagree.
struct KeyDecoder {
  /// What was read.
  enum Token: Hashable, Sendable {
    case input(InputEvent)
    case reply(TerminalReply)
  }

  /// How long the decoder waits for the rest of something, and how much it takes.
  struct Limits {
    /// Esc alone, or the beginning of an Alt combination.
    var escape: Duration = .milliseconds(25)
    /// The same while answers are on their way: a cut answer must not be typed.
    var escapeWhileProbing: Duration = .milliseconds(200)
    /// A sequence that has begun beyond doubt.
    var sequence: Duration = .milliseconds(500)
    /// A paste whose end mark does not come.
    var paste: Duration = .seconds(5)
    /// Silence that ends a burst of characters without marks.
    var burst: Duration = .milliseconds(40)
    var pasteBytes = 1 << 20
    /// More characters than this at once are a paste, marks or not.
    var burstCharacters = 800
    var sequenceBytes = 4096
  }

  enum Mode: Equatable {
    case keys
    /// Between the marks, or a burst without them.
    case paste(isMarked: Bool)
  }

  let table: KeyTable
  let limits: Limits
  /// Set while answers are expected.
  var isProbing = false
  var mode = Mode.keys
  var pending: [UInt8] = []
  var pasted: [UInt8] = []
  private(set) var deadline: ContinuousClock.Instant?

  init(table: KeyTable = KeyTable(), limits: Limits = Limits()) {
    self.table = table
    self.limits = limits
  }

  /// Takes bytes in; what is complete comes out. `deadline` then says when to call `expire`.
  mutating func feed(_ bytes: some Sequence<UInt8>, at now: ContinuousClock.Instant) -> [Token] {
    pending.append(contentsOf: bytes)
    var tokens: [Token] = []
    decode(into: &tokens)
    setDeadline(from: now)
    return tokens
  }

  /// Gives up waiting when the deadline has come: what was incomplete becomes what it most likely was.
  mutating func expire(at now: ContinuousClock.Instant) -> [Token] {
    guard let deadline, now >= deadline else { return [] }
    var tokens: [Token] = []
    switch mode {
    case .paste:
      finishPaste(into: &tokens)
      decode(into: &tokens)
    case .keys:
      giveUp(into: &tokens)
    }
    setDeadline(from: now)
    return tokens
  }

  private mutating func decode(into tokens: inout [Token]) {
    while !pending.isEmpty {
      switch mode {
      case .paste(let isMarked):
        if !(isMarked ? takePastedBytes(into: &tokens) : takeBurst(into: &tokens)) { return }
      case .keys:
        if isBurst {
          mode = .paste(isMarked: false)
        } else if !takeNext(into: &tokens) {
          return
        }
      }
    }
  }

  /// One event from the front of `pending`; false when more bytes are needed.
  private mutating func takeNext(into tokens: inout [Token]) -> Bool {
    if let match = table.longestMatch(pending) {
      pending.removeFirst(match.length)
      tokens.append(.input(.key(match.key)))
      return true
    }
    switch pending[0] {
    case 0x1B: return takeEscape(into: &tokens)
    case 0x00..<0x20, 0x7F:
      tokens.append(.input(.key(Self.controlKey(pending.removeFirst()))))
      return true
    default: return takeText(into: &tokens)
    }
  }

  private mutating func setDeadline(from now: ContinuousClock.Instant) {
    switch mode {
    case .paste(let isMarked): deadline = now + (isMarked ? limits.paste : limits.burst)
    case .keys:
      guard let first = pending.first else {
        deadline = nil
        return
      }
      if first != 0x1B || pending.count > 2 {
        deadline = now + limits.sequence
      } else {
        deadline = now + (isProbing ? max(limits.escape, limits.escapeWhileProbing) : limits.escape)
      }
    }
  }

  /// Nothing more came: a lone Esc is the key, Esc and one more is Alt, a longer sequence or half a character is
  /// nothing.
  private mutating func giveUp(into tokens: inout [Token]) {
    guard pending.first == 0x1B else {
      pending = []
      tokens.append(.input(.key(KeyPress(.character("\u{FFFD}")))))
      return
    }
    switch pending.count {
    case 1: tokens.append(.input(.key(KeyPress(.escape))))
    case 2 where pending[1] == 0x1B:
      tokens += [.input(.key(KeyPress(.escape))), .input(.key(KeyPress(.escape)))]
    case 2:
      let character = Character(Unicode.Scalar(pending[1]))
      tokens.append(.input(.key(KeyPress(.character(character), .alt))))
    default: break
    }
    pending = []
  }

  // MARK: text

  /// Whole characters as far as they go; a grapheme cluster that comes in one piece is one key.
  private mutating func takeText(into tokens: inout [Token]) -> Bool {
    let end = pending.firstIndex { $0 < 0x20 || $0 == 0x7F } ?? pending.count
    let cut = end == pending.count ? Self.completeUTF8Length(pending) : end
    guard cut > 0 else { return false }
    for character in String(decoding: pending[..<cut], as: UTF8.self) where !Self.isC1(character) {
      tokens.append(.input(.key(KeyPress(.character(character)))))
    }
    pending.removeFirst(cut)
    return true
  }

  private static func isC1(_ character: Character) -> Bool {
    character.unicodeScalars.first.map { (0x80...0x9F).contains($0.value) } ?? false
  }

  /// The length without a character at the end whose bytes are not all there.
  static func completeUTF8Length(_ bytes: [UInt8]) -> Int {
    var start = bytes.count
    for back in 1...3 where back <= bytes.count {
      let byte = bytes[bytes.count - back]
      if byte & 0xC0 == 0x80 { continue }
      if utf8Length(lead: byte) > back { start = bytes.count - back }
      break
    }
    return start
  }

  static func utf8Length(lead: UInt8) -> Int {
    switch lead {
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: 1
    }
  }

  // MARK: control characters

  /// Enter sends CR, because the line does not translate; LF is Ctrl-J.
  static func controlKey(_ byte: UInt8) -> KeyPress {
    switch byte {
    case 0x00: KeyPress(.character(" "), .control)
    case 0x08, 0x7F: KeyPress(.backspace)
    case 0x09: KeyPress(.tab)
    case 0x0D: KeyPress(.enter)
    case 0x1B: KeyPress(.escape)
    case 0x01...0x1A: KeyPress(.character(Character(Unicode.Scalar(byte + 0x60))), .control)
    default: KeyPress(.character(Character(Unicode.Scalar(byte + 0x40))), .control)
    }
  }
}
