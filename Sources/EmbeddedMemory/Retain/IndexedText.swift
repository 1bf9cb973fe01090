import Foundation

/// What the word indexes see of a text.
///
/// SQLite's tokenizer takes a run of Chinese, Japanese or Korean for one word. Such runs are given to it as
/// overlapping pairs of characters with blanks between them, then the last character alone, so that any part of
/// two characters is found, and one character as the beginning of a word. A query is segmented the same way.
/// Segmenting before SQLite keeps the file readable for programs without our tokenizer.
enum IndexedText {
  /// The text to index in place of `text`, or `nil` where `text` itself will do.
  static func of(_ text: String) -> String? {
    // Below U+1000 there is nothing to segment, and that is nearly all text.
    guard text.utf8.contains(where: { $0 >= 0xE1 || $0 == 0 }) else { return nil }
    let composed = text.precomposedStringWithCanonicalMapping
    guard composed.unicodeScalars.contains(where: { isSegmented($0) || $0 == "\0" }) else { return nil }
    var indexed = ""
    var run: [Unicode.Scalar] = []
    func endRun() {
      guard !run.isEmpty else { return }
      for segment in segments(of: run) { indexed += " \(segment)" }
      if run.count > 1, let last = run.last { indexed += " \(last)" }
      indexed += " "
      run.removeAll(keepingCapacity: true)
    }
    for scalar in composed.unicodeScalars {
      if isSegmented(scalar) {
        run.append(scalar)
      } else {
        endRun()
        // SQLite's text functions end at a NUL.
        indexed.unicodeScalars.append(scalar == "\0" ? " " : scalar)
      }
    }
    endRun()
    return indexed
  }

  /// The overlapping pairs of a run; of one character, itself.
  static func segments(of run: [Unicode.Scalar]) -> [String] {
    guard run.count > 1 else { return run.map { String($0) } }
    return zip(run, run.dropFirst()).map { first, second in
      var pair = String(first)
      pair.unicodeScalars.append(second)
      return pair
    }
  }

  /// Whether a character belongs to a script that is written without blanks, or with few (Korean).
  static func isSegmented(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1100...0x11FF, 0x3005...0x3007, 0x3041...0x30FF, 0x3130...0x318F, 0x31F0...0x31FF, 0x3400...0x4DBF,
      0x4E00...0x9FFF, 0xAC00...0xD7AF, 0xF900...0xFAFF, 0xFF66...0xFF9F, 0x20000...0x3FFFF:
      // The katakana middle dot parts words.
      scalar.value != 0x30FB
    default: false
    }
  }
}
