import Foundation

/// Names compared.
enum EntityName {
  /// A name without case, accents, a possessive and the kind of its blanks: what is equal so is one entity.
  static func norm(_ name: String) -> String {
    var norm = name
    if name.utf8.allSatisfy({ $0 < 0x80 }) {
      norm = NormalizedText(name).text
    } else {
      let folded = NormalizedText(name).text.replacingOccurrences(of: "\u{2019}", with: "'")
      var scalars = String.UnicodeScalarView()
      for scalar in folded.decomposedStringWithCanonicalMapping.unicodeScalars {
        // Marks of Latin, Greek and Cyrillic letters; those of other scripts are letters to their readers.
        if (0x300...0x36F).contains(scalar.value) { continue }
        if let letters = foldings[scalar] {
          scalars.append(contentsOf: letters.unicodeScalars)
        } else {
          scalars.append(scalar)
        }
      }
      norm = String(scalars).precomposedStringWithCanonicalMapping
    }
    if norm.hasSuffix("'s") {
      norm.removeLast(2)
    } else if norm.hasSuffix("'") {
      norm.removeLast()
    }
    return norm
  }

  private static let foldings: [Unicode.Scalar: String] = [
    "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i",
  ]

  /// Whether all words of one norm stand among those of another that has more: "anna" and "anna berg".
  static func isTokenSubset(_ norm: String, of other: String) -> Bool {
    let words = Set(norm.split(separator: " "))
    let others = Set(other.split(separator: " "))
    return !words.isEmpty && words.count < others.count && words.isSubset(of: others)
  }

  /// How far two names may be the same one: half by their letters, .3 by what else is mentioned with both, .2 by when.
  /// Those are Hindsight's weights. From `mergeSuggestion` on a merge is worth suggesting, never worth making.
  ///
  /// - Parameters:
  ///   - sharedCoMentions: The share, 0 to 1, of what is mentioned with the one that was also mentioned with the other.
  ///   - daysApart: Between the nearest mentions; seven or more are far.
  static func similarity(
    _ norm: String, _ other: String, sharedCoMentions: Double, daysApart: Double
  ) -> Double {
    let closeness = max(0, 1 - abs(daysApart) / 7)
    return 0.5 * stringRatio(norm, other) + 0.3 * min(1, max(0, sharedCoMentions)) + 0.2 * closeness
  }

  static let mergeSuggestion = 0.75

  /// Twice the letters in common, in order, over all letters (Ratcliff and Obershelp): 1 for equal texts, 0 for texts
  /// without a letter in common. Of longer names the first 64 characters are compared.
  static func stringRatio(_ first: String, _ second: String) -> Double {
    let (first, second) = (Array(first.prefix(64)), Array(second.prefix(64)))
    guard !first.isEmpty || !second.isEmpty else { return 1 }
    return 2 * Double(matching(first[...], second[...])) / Double(first.count + second.count)
  }

  private static func matching(_ first: ArraySlice<Character>, _ second: ArraySlice<Character>) -> Int {
    guard !first.isEmpty, !second.isEmpty else { return 0 }
    var best = (start: first.startIndex, other: second.startIndex, length: 0)
    // The length of the run that ends at each place of the second.
    var lengths = [Int](repeating: 0, count: second.count + 1)
    for index in first.indices {
      var diagonal = 0
      for (place, other) in second.indices.enumerated() {
        let above = lengths[place + 1]
        lengths[place + 1] = first[index] == second[other] ? diagonal + 1 : 0
        diagonal = above
        if lengths[place + 1] > best.length {
          let length = lengths[place + 1]
          best = (index - length + 1, other - length + 1, length)
        }
      }
    }
    guard best.length > 0 else { return 0 }
    return best.length + matching(first[..<best.start], second[..<best.other])
      + matching(first[(best.start + best.length)...], second[(best.other + best.length)...])
  }
}
