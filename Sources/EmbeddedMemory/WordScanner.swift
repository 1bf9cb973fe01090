import Foundation

/// Cuts text into words where SQLite's `unicode61` tokenizer does, keeping the spelling.
enum WordScanner {
  /// A word, or a segment of a run without blanks (`IndexedText`), as it is written.
  struct Word: Hashable, Sendable {
    var text: String
    /// Whether it is a segment of a run of Chinese, Japanese or Korean.
    var isSegment: Bool
  }

  /// The words of `text` in order, repetitions included.
  ///
  /// - Parameter joinsApostrophes: Whether `don't` is one word; the tokenizer makes two of it.
  static func words(_ text: some StringProtocol, joinsApostrophes: Bool = false) -> [Word] {
    var words: [Word] = []
    var word = ""
    var run: [Unicode.Scalar] = []
    func endWord() {
      while word.hasSuffix("'") { word.removeLast() }
      if !word.isEmpty { words.append(Word(text: word, isSegment: false)) }
      word = ""
    }
    func endRun() {
      words += IndexedText.segments(of: run).map { Word(text: $0, isSegment: true) }
      run.removeAll()
    }
    for scalar in text.precomposedStringWithCanonicalMapping.unicodeScalars {
      if IndexedText.isSegmented(scalar) {
        endWord()
        run.append(scalar)
        continue
      }
      endRun()
      if isPartOfWord(scalar) {
        word.unicodeScalars.append(scalar)
      } else if joinsApostrophes, !word.isEmpty, scalar == "'" || scalar == "\u{2019}" {
        word += "'"
      } else {
        endWord()
      }
    }
    endWord()
    endRun()
    return words
  }

  private static func isPartOfWord(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber, .nonspacingMark, .spacingMark, .privateUse:
      return true
    default:
      return false
    }
  }
}

/// `words` as one FTS5 string: a word, or a phrase where there are several. Nothing in it can be read as syntax.
func ftsString(_ words: some Sequence<String>) -> String {
  // Words hold letters, digits and apostrophes, never a quotation mark; doubling keeps that from mattering.
  "\"" + words.joined(separator: " ").replacingOccurrences(of: "\"", with: "\"\"") + "\""
}
