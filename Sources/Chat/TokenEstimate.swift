// How many tokens a text costs, guessed without a vocabulary.
//
// The rules are those that byte-pair tokenizers share: a word takes the blank before it along and is cut at a change
// to upper case; digits come in threes; a run of punctuation or of blanks is few tokens; other scripts cost by the
// letter. The weights were fitted to o200k_base on prose, code, JSON and texts in 14 languages: the median is within
// 5 % for English prose, 10 % for code and JSON, 10 % for other languages.

/// Estimated tokens of a text, shown with `~` until the provider's own figure comes.
///
/// One pass over the bytes; the median error is under 15 % against what providers report.
public func estimatedTokens(_ text: String) -> Int {
  var text = text
  let hundredths = text.withUTF8 { bytes in
    byteKinds.withUnsafeBufferPointer { kinds in
      var scan = TokenScan(bytes: bytes, kinds: kinds)
      return scan.total()
    }
  }
  return (hundredths + 99) / 100
}

/// Estimated tokens of a conversation as a provider counts it: the texts, and what marks each message and the answer.
///
/// Each message costs 3 tokens more and the start of the answer 3, as OpenAI documents for its chat models; models with
/// instructions of their own in the template cost more than that.
public func estimatedTokens(_ messages: [Message]) -> Int {
  messages.isEmpty ? 0 : messages.reduce(3) { $0 + 3 + estimatedTokens($1) }
}

/// Estimated tokens of what one message says: its text and its tool calls. Images are not counted.
public func estimatedTokens(_ message: Message) -> Int {
  message.toolCalls.reduce(estimatedTokens(message.text)) { $0 + estimatedTokens($1.written) }
}

/// Walks over a text run by run and adds up hundredths of tokens.
private struct TokenScan {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let kinds: UnsafeBufferPointer<ByteKind>
  private var position = 0

  /// - Parameter kinds: `byteKinds`, handed in so that the loop does not look it up anew at each byte.
  init(bytes: UnsafeBufferPointer<UInt8>, kinds: UnsafeBufferPointer<ByteKind>) {
    self.bytes = bytes
    self.kinds = kinds
  }

  private var kind: ByteKind { kinds[Int(bytes[position])] }

  mutating func total() -> Int {
    var sum = 0
    while position < bytes.count {
      switch kind {
      case .lower, .upper, .accented: sum += word()
      case .digit: sum += number()
      case .blank: sum += blanks()
      case .lineEnd: sum += lineEnds()
      case .punctuation: sum += punctuation()
      case .twoBytes: sum += letters()
      case .threeBytes: sum += threeByteCharacter()
      case .fourBytes: sum += skip(4, for: 170)
      case .stray: sum += skip(1, for: 100)
      }
    }
    return sum
  }

  /// A word up to 7 letters is one token; a longer one takes one more for each 4.6 letters.
  private mutating func word() -> Int {
    var letters = 0
    var accents = 0
    var endedLower = false
    scan: while position < bytes.count {
      switch kind {
      case .lower:
        endedLower = true
        position += 1
      case .upper:
        if endedLower { break scan }
        position += 1
      case .accented:
        endedLower = true
        accents += 1
        position += 2
      case .digit, .blank, .lineEnd, .punctuation, .twoBytes, .threeBytes, .fourBytes, .stray:
        break scan
      }
      letters += 1
    }
    return 100 + max(0, letters - 7) * 22 + accents * 60
  }

  private mutating func number() -> Int {
    (run(of: .digit) + 2) / 3 * 100
  }

  /// One blank belongs to the word after it, but not to a number.
  private mutating func blanks() -> Int {
    if run(of: .blank) > 1 { return 100 }
    return position < bytes.count && kind == .digit ? 100 : 0
  }

  /// Line ends, and the indentation after them.
  private mutating func lineEnds() -> Int {
    _ = run(of: .lineEnd)
    return 60 + (run(of: .blank) > 1 ? 80 : 0)
  }

  private mutating func punctuation() -> Int {
    85 + (run(of: .punctuation) - 1) * 33
  }

  /// Greek, Cyrillic, Hebrew, Arabic and their like: two bytes a letter.
  private mutating func letters() -> Int {
    let start = position
    while position < bytes.count, kind == .twoBytes { position += 2 }
    return 55 + (position - start) / 2 * 27
  }

  private mutating func threeByteCharacter() -> Int {
    switch bytes[position] {
    case 0xE0: skip(3, for: 45)  // Devanagari, Thai and their neighbours
    case 0xE3: skip(3, for: 70)  // kana
    case 0xE4...0xE9: skip(3, for: 80)  // Han
    case 0xEA...0xED: skip(3, for: 65)  // Hangul
    default: skip(3, for: 100)  // dashes, quotes, symbols
    }
  }

  private mutating func skip(_ count: Int, for hundredths: Int) -> Int {
    position += count
    return hundredths
  }

  private mutating func run(of kind: ByteKind) -> Int {
    let start = position
    while position < bytes.count, self.kind == kind { position += 1 }
    return position - start
  }
}

/// What a byte begins.
private enum ByteKind: UInt8 {
  case lower, upper, digit, blank, lineEnd, punctuation
  /// A Latin letter with an accent (U+00C0 to U+02BF), part of a word.
  case accented
  case twoBytes, threeBytes, fourBytes
  /// A control character, or a byte that begins nothing.
  case stray
}

private let byteKinds: [ByteKind] = (0...255).map { byte in
  switch UInt8(byte) {
  case UInt8(ascii: "a")...UInt8(ascii: "z"): .lower
  case UInt8(ascii: "A")...UInt8(ascii: "Z"): .upper
  case UInt8(ascii: "0")...UInt8(ascii: "9"): .digit
  case UInt8(ascii: " "), UInt8(ascii: "\t"): .blank
  case UInt8(ascii: "\n"), UInt8(ascii: "\r"): .lineEnd
  case 0x21...0x7E: .punctuation
  case 0xC3...0xCA: .accented
  case 0xC2, 0xCB...0xDF: .twoBytes
  case 0xE0...0xEF: .threeBytes
  case 0xF0...0xF7: .fourBytes
  default: .stray
  }
}
