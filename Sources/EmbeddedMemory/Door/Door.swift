/// What happens to a text before it is kept: secrets are taken out of it, our own memory block does not come back in, and
/// of a tool's long answer only the beginning stays.
enum Door {
  /// A text without keys, tokens and passwords, each replaced by what it was (`[redacted OpenAI key]`).
  ///
  /// They are not hidden but gone: the file never has them. `SecretScanner` says what is found. Doing it again changes
  /// nothing.
  static func redacted(_ text: String) -> RedactedText { SecretScanner.redacted(text) }

  /// A text without the memory block that we injected into it, or that somebody quotes (`MemoryBlockFilter`).
  static func withoutMemoryBlock(_ text: String) -> String { MemoryBlockFilter.withoutMemoryBlock(text) }

  /// Of a tool's answer, so many characters (Unicode scalars) are kept whole.
  static let toolResultLimit = 8_000
  /// Of a longer one, so many at its beginning.
  static let toolResultHead = 2_000

  /// A tool's answer as it is kept: whole up to `toolResultLimit`; of a longer one the beginning, cut at a line's end where
  /// there is one near, how much was left out, and a hash of the whole by which it can be told again
  /// (`NormalizedText.hash`).
  ///
  /// Redact first: a secret that the cut parts would not be known any more.
  static func storedToolResult(_ text: String) -> String {
    guard text.utf8.count > toolResultLimit else { return text }
    let scalars = text.unicodeScalars
    let count = scalars.count
    guard count > toolResultLimit else { return text }
    var end = scalars.index(scalars.startIndex, offsetBy: toolResultHead)
    let half = scalars.index(scalars.startIndex, offsetBy: toolResultHead / 2)
    if let line = scalars[half..<end].lastIndex(of: "\n") {
      end = line
    } else {
      // No grapheme is cut in two, unless it is one that never ends.
      for _ in 0..<64 where end.samePosition(in: text) == nil { end = scalars.index(before: end) }
    }
    let head = String(scalars[..<end])
    let hash = String(UInt64(bitPattern: NormalizedText(text).hash), radix: 16)
    let padded = String(repeating: "0", count: 16 - hash.count) + hash
    return head + "\n[\(count - head.unicodeScalars.count) more characters left out; FNV-1a \(padded)]"
  }
}
