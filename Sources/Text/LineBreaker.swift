/// Finds where lines break. Takes a text in pieces (the spans of a line), yields ranges of UTF-8 offsets over all of
/// them.
///
/// A line breaks at blanks, which are dropped there; before and after a wide character, so that Chinese and Japanese
/// break anywhere but before closing and after opening punctuation; and inside a word, at the edge of a cluster, when
/// the word alone is wider than a line. A line feed always breaks. Blanks at the beginning of a text or after a line
/// feed stay.
struct LineBreaker {
  enum Mode {
    /// Prose.
    case words
    /// Source text: breaks only where the width is full and drops nothing.
    case cells
  }

  /// At least 1.
  let width: Int
  /// Columns kept free in all lines but the first.
  let hangingIndent: Int
  let mode: Mode

  private(set) var lines: [Range<Int>] = []
  /// Indices of lines that hold one cluster wider than the line; it is shown as `…`.
  private(set) var oversized: Set<Int> = []

  private var start = 0
  private var used = 0
  private var position = 0

  /// The last place where the line may break: what stands before `content` stays, what stands from `next` on moves.
  private var opportunity: (content: Int, next: Int, used: Int)?
  /// Where the run of blanks that we are in began, and the cells used before it.
  private var blanks: (start: Int, used: Int)?
  /// Whether a break is allowed before the next narrow character, because a wide one stands before it.
  private var mayBreakBeforeNarrow = false
  private var followsOpening = false

  init(width: Int, hangingIndent: Int = 0, mode: Mode = .words) {
    self.width = max(1, width)
    self.hangingIndent = max(0, min(hangingIndent, self.width / 2))
    self.mode = mode
  }

  private var indent: Int { lines.isEmpty ? 0 : hangingIndent }

  /// Takes the next piece.
  mutating func feed(_ text: String) {
    let base = position
    forEachCluster(of: text) { offset, byte in
      takeASCII(byte, at: base + offset)
      return true
    } cluster: { offset, length, character in
      take(character, at: base + offset, length: length)
      return true
    }
    position = base + text.utf8.count
  }

  /// Closes the last line. A text without content has one empty line.
  mutating func finish() { endLine(at: position, next: position) }

  @inline(__always)
  private mutating func takeASCII(_ byte: UInt8, at offset: Int) {
    if byte > 0x20 || (byte == 0x20 && mode == .cells) {
      if mayBreakBeforeNarrow {
        if !Self.closes(UInt32(byte)) { opportunity = (offset, offset, used) }
        mayBreakBeforeNarrow = false
      }
      blanks = nil
      followsOpening = false
      if used >= width { makeRoom(for: 1, at: offset) }
      used += 1
    } else if byte == 0x0A {
      endLine(at: offset, next: offset + 1)
    } else {
      let run = blanks ?? (offset, used)
      blanks = run
      used += 1
      opportunity = (run.start, offset + 1, used)
      mayBreakBeforeNarrow = false
    }
  }

  private mutating func take(_ character: Character, at offset: Int, length: Int) {
    let cells = cellWidth(character)
    let scalar = character.unicodeScalars.first?.value ?? 0
    let isWide = cells > 1 && mode == .words && ScalarWidth.of(scalar) == 2
    if mode == .words, isWide || mayBreakBeforeNarrow, !Self.closes(scalar), !followsOpening, blanks == nil,
      offset > start
    {
      opportunity = (offset, offset, used)
    }
    mayBreakBeforeNarrow = isWide
    followsOpening = isWide && Self.opens(scalar)
    if followsOpening { mayBreakBeforeNarrow = false }
    blanks = nil
    if used + cells > width { makeRoom(for: cells, at: offset) }
    used += cells
    if used > width {
      lines.append(offset..<offset + length)
      oversized.insert(lines.count - 1)
      start = offset + length
      used = indent
      opportunity = nil
    }
  }

  /// Breaks before `offset` or earlier, so that `cells` more fit, if an empty line can hold them.
  private mutating func makeRoom(for cells: Int, at offset: Int) {
    if let place = opportunity {
      let moved = used - place.used
      // What fits a first line need not fit one that hangs.
      if place.content <= start || hangingIndent + moved <= width {
        if place.content > start { lines.append(start..<place.content) }
        start = place.next
        used = indent + moved
        if used + cells <= width {
          opportunity = nil
          return
        }
      }
    }
    if offset > start { lines.append(start..<offset) }
    start = offset
    used = indent
    opportunity = nil
  }

  private mutating func endLine(at end: Int, next: Int) {
    var end = end
    if let blanks, used > width { end = max(start, blanks.start) + max(0, width - blanks.used) }
    let followsOversized = oversized.contains(lines.count - 1) && lines.last?.upperBound == end
    if !followsOversized { lines.append(start..<end) }
    start = next
    used = indent
    opportunity = nil
    blanks = nil
    mayBreakBeforeNarrow = false
    followsOpening = false
  }

  /// Must not begin a line (from the rules of JIS X 4051, the common part).
  private static func closes(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x21, 0x29, 0x2C, 0x2E, 0x3A, 0x3B, 0x3F, 0x5D, 0x7D, 0x2019, 0x201D, 0x2026,
      0x3001, 0x3002, 0x3005, 0x3009, 0x300B, 0x300D, 0x300F, 0x3011, 0x3015, 0x3017, 0x301C, 0x301F, 0x30FB, 0x30FC,
      0xFF01, 0xFF09, 0xFF0C, 0xFF0E, 0xFF1A, 0xFF1B, 0xFF1F, 0xFF3D, 0xFF5D:
      true
    default: false
    }
  }

  /// Must not end a line.
  private static func opens(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x3008, 0x300A, 0x300C, 0x300E, 0x3010, 0x3014, 0x3016, 0x301D, 0xFF08, 0xFF3B, 0xFF5B: true
    default: false
    }
  }
}

/// Breaks a text into lines of at most `width` cells (at least 1): at blanks, around wide characters, and inside a
/// word only when it alone is wider. Keeps every line feed. An empty text has one empty line. Nothing is lost but the
/// blanks at a break and a cluster that is wider than `width` itself, which shows as `…`.
public func wrap(_ text: DisplayText, to width: Int) -> [DisplayText] {
  var breaker = LineBreaker(width: width)
  breaker.feed(text.string)
  breaker.finish()
  var string = text.string
  return string.withUTF8 { bytes in
    breaker.lines.enumerated().map { index, range in
      if breaker.oversized.contains(index) { return "…" }
      return DisplayText(sanitised: String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self))
    }
  }
}
