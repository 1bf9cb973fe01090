import Foundation

/// A text in which quotes are looked for, as it reads without regard to case, to the kind and number of its blanks, and
/// to quotation marks.
struct QuotedText {
  private let characters: [Character]
  /// Of each of `characters`: the bytes of UTF-8 of the text that it stands for.
  private let spans: [Range<Int>]

  init(_ text: String) {
    var characters: [Character] = []
    var spans: [Range<Int>] = []
    var offset = 0
    for character in text {
      let length = character.utf8.count
      defer { offset += length }
      if character.isWhitespace {
        if let last = characters.last, last != " " {
          characters.append(" ")
          spans.append(offset..<offset + length)
        }
      } else if !Self.isQuotationMark(character) {
        for lower in character.lowercased() {
          characters.append(lower)
          spans.append(offset..<offset + length)
        }
      }
    }
    if characters.last == " " {
      characters.removeLast()
      spans.removeLast()
    }
    self.characters = characters
    self.spans = spans
  }

  /// Where a quote stands in the text, in bytes of UTF-8; `nil` when it does not.
  ///
  /// What is too short to be evidence (under four letters and digits; two where a script has no blanks) stands nowhere,
  /// unless it is the whole text.
  func span(of quote: String) -> Range<Int>? {
    let wanted = QuotedText(quote).characters
    guard !wanted.isEmpty, wanted.count <= characters.count, Self.isEvidence(wanted) || wanted == characters else {
      return nil
    }
    for start in 0...(characters.count - wanted.count)
    where characters[start] == wanted[0] && characters[start..<start + wanted.count].elementsEqual(wanted) {
      return spans[start].lowerBound..<spans[start + wanted.count - 1].upperBound
    }
    return nil
  }

  private static func isEvidence(_ quote: [Character]) -> Bool {
    let weight = quote.reduce(0) { sum, character in
      guard character.isLetter || character.isNumber else { return sum }
      return sum + (character.unicodeScalars.first.map(IndexedText.isSegmented) == true ? 2 : 1)
    }
    return weight >= 4
  }

  private static func isQuotationMark(_ character: Character) -> Bool {
    switch character {
    case "\"", "'", "`", "´", "‘", "’", "‚", "‛", "“", "”", "„", "‟", "«", "»", "‹", "›", "「", "」", "『", "』", "＂", "＇":
      true
    default: false
    }
  }
}
