import Foundation
import GRDB
import NIOConcurrencyHelpers

/// The words of a file, packed, to find those that are spelt almost like another.
struct Vocabulary: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  /// Which letters each word holds, a bit for each of 32 classes of bytes.
  private var letters: [UInt32] = []
  private var lastRow: Int64 = 0

  /// A word that is like another one.
  struct Similar: Hashable, Sendable {
    var word: String
    /// From 0 to 1.
    var similarity: Double
  }

  /// Reads the words that came since.
  mutating func update(in database: Database) throws {
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
    letters.append(Self.letters(word[...]))
  }

  var count: Int { ends.count }

  /// The words most like `word`, but not itself, most alike first.
  ///
  /// Alike are words that differ by a letter or two (the longer, the more), that share most of their trigrams, and longer
  /// ones that hold it.
  func similar(to word: String, limit: Int) -> [Similar] {
    let asked = Array(word.utf8)
    guard asked.count >= 4 else { return [] }
    let askedLetters = Self.letters(asked[...])
    let askedTrigrams = Self.trigrams(asked[...])
    var found: [Similar] = []
    bytes.withUnsafeBufferPointer { bytes in
      var start = 0
      for index in ends.indices {
        let end = ends[index]
        defer { start = end }
        let length = end - start
        guard length + 2 >= asked.count, length <= 3 * asked.count else { continue }
        // A letter that is changed leaves one class out; a word that is held leaves none.
        let missing = (askedLetters & ~letters[index]).nonzeroBitCount
        guard missing <= (length > asked.count + 2 ? 1 : 2) else { continue }
        let candidate = bytes[start..<end]
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
      let distance = distance(asked, candidate, limit: allowed)
      if distance <= allowed { return 1 - Double(distance) / Double(longest) }
    }
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

  private static func letters(_ word: ArraySlice<UInt8>) -> UInt32 {
    word.reduce(0) { $0 | 1 << (UInt32($1) & 31) }
  }

  /// How many letters must be put in, taken out, changed, or swapped with the next; more than `limit` is `limit + 1`.
  private static func distance(
    _ one: [UInt8], _ other: Slice<UnsafeBufferPointer<UInt8>>, limit: Int
  ) -> Int {
    let other = Array(other)
    var before = [Int](repeating: 0, count: other.count + 1)
    var last = Array(0...other.count)
    for i in 1...one.count {
      var row = [Int](repeating: i, count: other.count + 1)
      var least = i
      for j in stride(from: 1, through: other.count, by: 1) {
        var value = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1))
        if i > 1, j > 1, one[i - 1] == other[j - 2], one[i - 2] == other[j - 1] {
          value = min(value, before[j - 2] + 1)
        }
        row[j] = value
        least = min(least, value)
      }
      if least > limit { return limit + 1 }
      (before, last) = (last, row)
    }
    return last[other.count]
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

  /// Of each word this many, of all words twice as many as a question has words at most.
  private static let limitOfEach = 4

  init(_ search: WordSearch, vocabulary: Vocabulary) {
    rows = search.rows
    for term in search.terms {
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
