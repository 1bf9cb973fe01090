/// The one place where text that we did not write becomes text that may be shown.
///
/// Works scalar by scalar and carries all of its state along, so it does not matter where a stream is cut. Promises
/// of the output: no control character but LF; no bidi control, zero-width space, tag or other hidden scalar; at most
/// four marks on a base and no two joiners in a row; and sanitising it again changes nothing.
struct Sanitiser: Sendable {
  enum Mode: Sendable {
    /// Drops what is hidden, keeps line ends, sets tabs to columns.
    case prose
    /// As `prose`, but shows what it would drop, as `<U+202E>`.
    case revealing
    /// As `prose`, with every run of blanks and line ends as one blank, none at the ends.
    case line
  }

  static let tabStop = 8

  let mode: Mode
  private(set) var hiddenCount = 0
  private(set) var output = ""

  private var escapes = EscapeParser()
  private var skipsLineFeed = false
  private var owesBlank = false
  private var hasText = false
  private var column = 0
  private var marks = 0
  private var endsInJoiner = false

  init(mode: Mode) { self.mode = mode }

  mutating func feed(_ text: String) {
    if takePlain(text) { return }
    output.reserveCapacity(output.utf8.count + text.utf8.count)
    for scalar in text.unicodeScalars { feed(scalar) }
  }

  /// Ends the stream: a sequence that is still open counts as one hidden thing.
  mutating func finish() {
    if escapes.isInside { hiddenCount += 1 }
    escapes = EscapeParser()
  }

  /// Takes the output away, for streams.
  mutating func takeOutput() -> String {
    defer { output = "" }
    return output
  }

  /// The usual case, a piece of printable ASCII and line feeds, goes through untouched.
  private mutating func takePlain(_ text: String) -> Bool {
    guard mode != .line, !escapes.isInside, !skipsLineFeed else { return false }
    var text = text
    let lastLineLength: Int? = text.withUTF8 { bytes in
      var lineStart = -1
      for (offset, byte) in bytes.enumerated() {
        if byte == 0x0A { lineStart = offset } else if byte < 0x20 || byte > 0x7E { return nil }
      }
      return lineStart < 0 ? column + bytes.count : bytes.count - lineStart - 1
    }
    guard let lastLineLength else { return false }
    guard !text.isEmpty else { return true }
    column = lastLineLength
    endBase()
    output += text
    return true
  }

  private mutating func feed(_ scalar: Unicode.Scalar) {
    if mode != .revealing {
      var verdict = escapes.judge(scalar.value)
      while case .brokenOff = verdict {
        hiddenCount += 1
        verdict = escapes.judge(scalar.value)
      }
      switch verdict {
      case .text: break
      case .swallowed, .brokenOff:
        skipsLineFeed = false
        return
      case .ended:
        hiddenCount += 1
        return
      }
    }
    place(scalar)
  }

  private mutating func place(_ scalar: Unicode.Scalar) {
    let value = scalar.value
    let skips = skipsLineFeed
    skipsLineFeed = false
    switch value {
    case 0x0A:
      if !skips { endLine() }
    case 0x0D where mode == .revealing: hide(value)
    case 0x0D:
      endLine()
      skipsLineFeed = true
    case 0x2028, 0x2029: endLine()
    case 0x09: tab()
    case _ where ScalarClass.isControl(value) || ScalarClass.isHidden(value): hide(value)
    case _ where ScalarClass.isJoiner(value):
      if endsInJoiner { hide(value) } else { append(scalar) }
      endsInJoiner = true
    case _ where ScalarClass.isMark(value):
      marks += 1
      if marks > ClusterFolding.marksPerBase {
        hide(value)
      } else {
        append(scalar)
        endsInJoiner = false
      }
    case _ where mode == .line && scalar.properties.isWhitespace:
      endBase()
      owesBlank = hasText
    default: space(scalar)
    }
  }

  /// A scalar that takes cells.
  private mutating func space(_ scalar: Unicode.Scalar) {
    let value = scalar.value
    let isDrawnWithBase = (endsInJoiner && scalar.properties.isEmoji) || ScalarClass.isSkinTone(value)
    if column == 0 || value < 0x80 || !isDrawnWithBase { column += ScalarWidth.of(value) }
    endBase()
    append(scalar)
  }

  /// What follows hangs on nothing that came before.
  private mutating func endBase() {
    marks = 0
    endsInJoiner = false
  }

  private mutating func append(_ scalar: Unicode.Scalar) {
    if owesBlank {
      output.unicodeScalars.append(" ")
      owesBlank = false
    }
    hasText = true
    output.unicodeScalars.append(scalar)
  }

  private mutating func endLine() {
    endBase()
    column = 0
    if mode == .line { owesBlank = hasText } else { output.unicodeScalars.append("\n") }
  }

  private mutating func tab() {
    endBase()
    guard mode != .line else {
      owesBlank = hasText
      return
    }
    let blanks = Self.tabStop - column % Self.tabStop
    column += blanks
    output += String(repeating: " ", count: blanks)
  }

  private mutating func hide(_ value: UInt32) {
    guard mode == .revealing else {
      hiddenCount += 1
      return
    }
    let digits = String(value, radix: 16, uppercase: true)
    let name = "<U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ">"
    output += name
    column += name.utf8.count
    endBase()
  }
}
