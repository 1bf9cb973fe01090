import Foundation

/// The words of a text as the vocabulary keeps them: in lower case, without accents, each once.
enum VocabularyWords {
  /// Shorter ones are like too many others; longer ones are no words.
  private static let lengths = 3...40
  /// Of a longer text only the beginning is looked at.
  private static let textLimit = 65_536

  static func words(of text: String) -> Set<String> {
    var words: Set<String> = []
    var word: [UInt8] = []
    var hasLetter = false
    var isPlain = true
    func end() {
      if lengths.contains(word.count), hasLetter { words.insert(String(decoding: word, as: UTF8.self)) }
      word.removeAll(keepingCapacity: true)
      hasLetter = false
    }
    for byte in text.utf8.prefix(textLimit) {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"):
        word.append(byte)
        hasLetter = true
      case UInt8(ascii: "A")...UInt8(ascii: "Z"):
        word.append(byte | 0x20)
        hasLetter = true
      case UInt8(ascii: "0")...UInt8(ascii: "9"): word.append(byte)
      case 0x80...:
        isPlain = false
      default: end()
      }
      if !isPlain { break }
    }
    guard !isPlain else {
      end()
      return words
    }
    words.removeAll()
    for found in WordScanner.words(String(text.prefix(textLimit))) where !found.isSegment {
      let folded = found.text.lowercased().decomposedStringWithCanonicalMapping.unicodeScalars
        .filter { $0.properties.generalCategory != .nonspacingMark }
      let word = String(String.UnicodeScalarView(folded))
      if lengths.contains(word.utf8.count), word.contains(where: \.isLetter) { words.insert(word) }
    }
    return words
  }
}
