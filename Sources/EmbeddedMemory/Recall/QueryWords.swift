import Foundation

/// What a question asks for: its words without the stop words, quoted phrases, and names with punctuation in them
/// (`user_id`, `libfoo-2.1`), each once, in the order they came.
///
/// Everything in a question is data: what is not a letter or a digit only parts words.
struct QueryWords: Sendable {
  /// One thing to look for.
  struct Term: Hashable, Sendable {
    /// As the reader wrote it, in lower case.
    var text: String
    /// The FTS5 strings that find it, one for each of its forms.
    var forms: [String]

    var expression: String { forms.joined(separator: " OR ") }
  }

  /// Of a longer question, this many bytes at its start and as many at its end are looked at.
  static let clipLength = 4_096
  /// Of more distinct terms, half are taken from the start of the question and half from its end, where people put
  /// what they ask about a text that they pasted.
  static let termLimit = 48

  private(set) var terms: [Term] = []
  /// Whether it holds no other words than those of no meaning.
  let isOfStopWords: Bool

  init(_ question: String) {
    let text = Self.clipped(question)
    terms = Self.terms(text) { !stopWords.contains($0) }
    isOfStopWords = terms.isEmpty
    if terms.isEmpty { terms = Self.terms(text) { _ in true } }
    if terms.count > Self.termLimit {
      terms = Array(terms.prefix(Self.termLimit / 2) + terms.suffix(Self.termLimit / 2))
    }
  }

  private static func clipped(_ text: String) -> String {
    guard text.utf8.count > 2 * clipLength else { return text }
    // A character that the clip cuts becomes U+FFFD, which is no part of a word.
    return String(decoding: text.utf8.prefix(clipLength), as: UTF8.self) + " "
      + String(decoding: text.utf8.suffix(clipLength), as: UTF8.self)
  }

  private static func terms(_ text: String, isWanted: (String) -> Bool) -> [Term] {
    var seen: Set<String> = []
    var terms: [Term] = []
    func add(_ text: String, _ words: [String]) {
      let expression = ftsString(words)
      guard seen.insert(expression).inserted else { return }
      let others = words.count == 1 ? WordForms.others(of: words[0]).map { ftsString([$0]) } : []
      terms.append(Term(text: text, forms: [expression] + others.filter { seen.insert($0).inserted }))
    }
    for phrase in quotedPhrases(text) {
      let words = WordScanner.words(phrase).map { $0.text.lowercased() }
      if words.count > 1 { add(phrase.lowercased(), words) }
    }
    for chunk in text.split(whereSeparator: \.isWhitespace) {
      let words = WordScanner.words(chunk, joinsApostrophes: true)
      if let name = name(chunk, words) { add(name, words.map { $0.text.lowercased() }) }
      for word in words {
        let lowercased = word.text.lowercased()
        guard isWanted(lowercased) else { continue }
        // "Anna's" asks for Anna; "don't" without its stop word is two words of one sound.
        let stem = lowercased.split(separator: "'").first.map(String.init) ?? lowercased
        if isWanted(stem) { add(stem, [stem]) }
      }
    }
    return terms
  }

  /// The texts between pairs of straight or curly quotation marks.
  private static func quotedPhrases(_ text: String) -> [String] {
    let marks = text.split(omittingEmptySubsequences: false) { "\"\u{201C}\u{201D}".contains($0) }
    // Of an odd number of marks the last one opens nothing.
    let closed = marks.count.isMultiple(of: 2) ? marks.dropLast() : marks[...]
    return closed.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map {
      $0.element.trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  /// `chunk` without the punctuation around it, if it is several words held together by punctuation.
  private static func name(_ chunk: Substring, _ words: [WordScanner.Word]) -> String? {
    guard words.count > 1, !words.contains(where: \.isSegment) else { return nil }
    let trimmed = chunk.trimmingCharacters(in: .alphanumerics.inverted)
    let joiners: Set<Character> = ["_", "-", ".", "/", "\\", ":", "@", "#", "+"]
    let isName = trimmed.allSatisfy { $0.isLetter || $0.isNumber || joiners.contains($0) }
    return isName ? trimmed.lowercased() : nil
  }
}

/// What a filter asks for: all its words, the last one perhaps half-typed.
struct FilterWords: Sendable {
  /// The FTS5 expression, or `nil` when the filter holds no word, which filters nothing.
  let expression: String?

  init(_ filter: String) {
    let words = WordScanner.words(filter.utf8.count > 1_024 ? String(filter.prefix(1_024)) : filter)
    guard let last = words.last else {
      expression = nil
      return
    }
    let whole = Set(words.dropLast().map { ftsString([$0.text]) }).sorted()
    let isFinished = filter.unicodeScalars.last.map { $0.properties.isWhitespace } ?? false
    let beginning = ftsString([last.text]) + (isFinished ? "" : " *")
    expression = (whole + [beginning]).joined(separator: " AND ")
  }
}
