import CKernels
import Foundation
import GRDB
import NIOConcurrencyHelpers

/// The words of a file, packed, to find those that are spelt almost like another.
struct Vocabulary: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  /// Which pairs of letters each word holds, a bit for each of 64 classes of pairs.
  private var pairs: [UInt64] = []
  private var lastRow: Int64 = 0
  /// Which time words were last taken out of the file.
  private var sweep: Int?

  /// A word that is like another one.
  struct Similar: Hashable, Sendable {
    var word: String
    /// From 0 to 1.
    var similarity: Double
  }

  /// Reads the words that came since; all of them anew, after some went with what was forgotten.
  mutating func update(in database: Database) throws {
    let sweep = try WordSweep.count(in: database)
    if sweep != self.sweep {
      self = Vocabulary()
      self.sweep = sweep
    }
    let found = try Row.fetchCursor(
      database.cachedStatement(sql: "SELECT id, text FROM word WHERE id > ? ORDER BY id"), arguments: [lastRow])
    while let row = try found.next() {
      lastRow = row[0]
      append(Array((row[1] as String).utf8))
    }
  }

  mutating func append(_ word: [UInt8]) {
    bytes += word
    ends.append(bytes.count)
    pairs.append(Self.pairs(word[...]))
  }

  var count: Int { ends.count }

  /// The words most like `word`, but not itself, most alike first.
  ///
  /// Alike are words that differ by a letter or two (the longer, the more), that share most of their trigrams, and longer
  /// ones that hold it.
  func similar(to word: String, limit: Int) -> [Similar] {
    let asked = Array(word.utf8)
    guard asked.count >= 4 else { return [] }
    let askedPairs = Self.pairs(asked[...])
    // A letter that is changed takes two pairs with it; of most trigrams most pairs are there; a part leaves none out.
    let allowedMissing = max(asked.count >= 7 ? 4 : 2, asked.count / 3)
    let askedTrigrams = Self.trigrams(asked[...])
    var found: [Similar] = []
    // The pairs leave few to be looked at letter by letter.
    let near = [UInt32](unsafeUninitializedCapacity: ends.count) { buffer, initializedCount in
      guard let places = buffer.baseAddress else { return }
      initializedCount = rearview_near_masks(pairs, pairs.count, askedPairs, Int32(allowedMissing), places)
    }
    bytes.withUnsafeBufferPointer { bytes in
      for place in near {
        let index = Int(place)
        let start = index == 0 ? 0 : ends[index - 1]
        let length = ends[index] - start
        guard length + 2 >= asked.count, length <= 3 * asked.count else { continue }
        let candidate = bytes[start..<start + length]
        let similarity = Self.similarity(asked, askedTrigrams, candidate)
        if similarity > 0, !candidate.elementsEqual(asked) {
          found.append(Similar(word: String(decoding: candidate, as: UTF8.self), similarity: similarity))
        }
      }
    }
    return Array(found.sorted { ($0.similarity, $1.word) > ($1.similarity, $0.word) }.prefix(limit))
  }

  private static func similarity(
    _ asked: [UInt8], _ askedTrigrams: [UInt32], _ candidate: Slice<UnsafeBufferPointer<UInt8>>
  ) -> Double {
    let longest = max(asked.count, candidate.count)
    if candidate.count > asked.count, holds(candidate, asked) {
      return max(0.5, Double(asked.count) / Double(candidate.count))
    }
    let allowed = asked.count >= 7 ? 2 : 1
    // Of short words those that begin otherwise are other words ("year", "pear").
    guard asked.count > 5 || candidate.first == asked.first else { return 0 }
    if abs(candidate.count - asked.count) <= allowed {
      if differsByLetters(asked, candidate, atMost: allowed), isNear(asked[...], candidate, within: allowed) {
        let distance = allowed > 1 && isNear(asked[...], candidate, within: 1) ? 1 : allowed
        return 1 - Double(distance) / Double(longest)
      }
    }
    // Other forms of a word begin as it does.
    guard zip(asked, candidate).prefix(4).allSatisfy({ $0 == $1 }) else { return 0 }
    let trigrams = trigrams(ArraySlice(candidate))
    var common = 0
    var (i, j) = (0, 0)
    while i < askedTrigrams.count, j < trigrams.count {
      if askedTrigrams[i] == trigrams[j] {
        common += 1
        i += 1
        j += 1
      } else if askedTrigrams[i] < trigrams[j] {
        i += 1
      } else {
        j += 1
      }
    }
    let dice = 2 * Double(common) / Double(askedTrigrams.count + trigrams.count)
    return dice >= 0.6 ? dice : 0
  }

  /// Whether of the letters of each at most so many are not in the other.
  private static func differsByLetters(
    _ one: [UInt8], _ other: Slice<UnsafeBufferPointer<UInt8>>, atMost limit: Int
  ) -> Bool {
    let (ones, others) = (letters(one), letters(other))
    return (ones & ~others).nonzeroBitCount <= limit && (others & ~ones).nonzeroBitCount <= limit
  }

  private static func letters(_ word: some Sequence<UInt8>) -> UInt64 { word.reduce(0) { $0 | 1 << UInt64($1 & 63) } }

  private static func holds(_ text: Slice<UnsafeBufferPointer<UInt8>>, _ part: [UInt8]) -> Bool {
    var start = text.startIndex
    while text.endIndex - start >= part.count {
      if text[start] == part[0], text[start..<start + part.count].elementsEqual(part) { return true }
      start += 1
    }
    return false
  }

  /// The sorted trigrams of a word with its beginning and end marked.
  private static func trigrams(_ word: ArraySlice<UInt8>) -> [UInt32] {
    var result: [UInt32] = []
    result.reserveCapacity(word.count + 1)
    var window: UInt32 = 0x0001
    for byte in word + [2] {
      window = (window << 8 | UInt32(byte)) & 0xFF_FFFF
      result.append(window)
    }
    return result.sorted()
  }

  private static func pairs(_ word: ArraySlice<UInt8>) -> UInt64 {
    zip(word, word.dropFirst()).reduce(0) { $0 | 1 << ((UInt64($1.0) &* 31 &+ UInt64($1.1) &* 7) & 63) }
  }

  /// Whether one becomes the other when at most `limit` letters are put in, taken out, changed, or swapped with the next.
  private static func isNear(
    _ one: ArraySlice<UInt8>, _ other: Slice<UnsafeBufferPointer<UInt8>>, within limit: Int
  ) -> Bool {
    guard abs(one.count - other.count) <= limit else { return false }
    var (i, j) = (one.startIndex, other.startIndex)
    while i < one.endIndex, j < other.endIndex, one[i] == other[j] { (i, j) = (i + 1, j + 1) }
    if i == one.endIndex, j == other.endIndex { return true }
    guard limit > 0 else { return false }
    let (rest, otherRest) = (one[i...], other[j...])
    if isNear(rest.dropFirst(), otherRest.dropFirst(), within: limit - 1) { return true }
    if isNear(rest.dropFirst(), otherRest, within: limit - 1) { return true }
    if isNear(rest, otherRest.dropFirst(), within: limit - 1) { return true }
    guard rest.count > 1, otherRest.count > 1, rest[i] == otherRest[j + 1], rest[i + 1] == otherRest[j] else {
      return false
    }
    return isNear(rest.dropFirst(2), otherRest.dropFirst(2), within: limit - 1)
  }
}

/// The vocabulary of an open file, read when it is first asked for and kept up to date.
final class SharedVocabulary: Sendable {
  private let vocabulary = NIOLockedValueBox(Vocabulary())

  func current(in database: Database) throws -> Vocabulary {
    try vocabulary.withLockedValue { vocabulary in
      try vocabulary.update(in: database)
      return vocabulary
    }
  }
}

/// The words of a file that are spelt almost like those of a question, and what they find: typing errors, inflections
/// that a stemmer does not know, parts of longer names.
struct SimilarWords {
  private var strings: [(expression: String, weight: Double)] = []
  private let rows: ClosedRange<Int64>
  /// The share of what the question asks for that is here under another spelling only.
  private(set) var coverage = 0.0

  /// Of each word this many.
  private static let limitOfEach = 4
  /// A word that more memories hold is spelt as it should be, and its stem finds its other forms.
  private static let commonCount = 10.0

  init(_ search: WordSearch, vocabulary: Vocabulary) {
    rows = search.rows
    for term in search.terms where term.matchCount < Self.commonCount {
      let similar = vocabulary.similar(to: term.term.text, limit: Self.limitOfEach)
        .filter { !stopWords.contains($0.word) }
      for similar in similar { strings.append((ftsString([similar.word]), term.weight * similar.similarity)) }
      if term.matchCount == 0, let best = similar.first, search.information > 0 {
        coverage += term.information * best.similarity / search.information
      }
    }
  }

  func matches(_ filter: MemoryFilter, limit: Int, in database: Database) throws -> [Int64: Double] {
    try WordSearch.matches(strings, rows: rows, filter: filter, limit: limit, in: database)
  }
}
