import Foundation
import GRDB
import RearviewMemory

/// A search of a bank by words, at a cost that does not grow with the bank.
///
/// How common a word is, is estimated on the bank's newest `sampleSize` memories. The rarest words are taken until
/// together they promise `matchLimit(of:)` matches; when even the rarest one is in more, only as many of the newest
/// memories are searched. A word weighs by its rarity in this bank, whatever other banks of the file hold.
struct WordSearch {
  /// What is looked for, with its share in the score.
  struct Term {
    var term: QueryWords.Term
    /// Its rarity in the bank, and so its weight in the score.
    var weight: Double
    /// Its share in what the question asks for.
    var information: Double
    /// About how many memories hold it.
    var matchCount: Double
  }

  static let sampleSize: Int64 = 4_096
  static let termLimit = 12
  /// How many matches are ranked: all in a small bank, 5 of 100 memories in a large one.
  static func matchLimit(of size: Double) -> Double { 1_000 + 0.05 * size }
  /// What the month, year and weekday of a memory count beside its text.
  static let columnWeights = [1.0, 0.3]

  /// What is looked for, in the order of the question.
  let terms: [Term]
  /// What all words of the question ask for, those included that are not looked for.
  let information: Double
  let rows: ClosedRange<Int64>

  init(_ words: QueryWords, bank: BankRow, in database: Database) throws {
    let first = bank.memoryIDs.lowerBound
    let last = max(bank.lastMemory, first)
    let sample = max(first, last - Self.sampleSize + 1)...last
    let scale = Double(last - first + 1) / Double(sample.count)
    let size = Double(max(bank.validCount, 1))
    var counted: [Term] = []
    for term in words.terms {
      let count = try Self.matchCount(term.expression, rows: sample, in: database)
      // The sample may hold it more often than the whole does: older memories are fewer than their numbers.
      let matches = min(Double(count) * scale, size)
      counted.append(
        Term(
          term: term, weight: Self.rarity(of: matches, in: size),
          information: Self.information(of: matches, in: size), matchCount: matches))
    }
    information = counted.map(\.information).reduce(0, +)
    counted.sort { $0.matchCount < $1.matchCount }
    let limit = Self.matchLimit(of: size)
    var taken: [Term] = []
    var promised = 0.0
    for term in counted.prefix(Self.termLimit) {
      guard taken.isEmpty || promised + term.matchCount <= limit else { break }
      taken.append(term)
      promised += term.matchCount
    }
    let order = Dictionary(uniqueKeysWithValues: words.terms.enumerated().map { ($1, $0) })
    terms = taken.sorted { order[$0.term, default: 0] < order[$1.term, default: 0] }
    let share = promised > limit ? limit / promised : 1
    rows = max(first, last - Int64(Double(last - first) * share))...last
  }

  /// BM25's measure of how much a word tells; never nothing, so that a bank of two memories finds something too.
  static func rarity(of matches: Double, in size: Double) -> Double {
    max(log((size - matches + 0.5) / (matches + 0.5)), 0.1)
  }

  /// As `rarity`, but a word that is not there at all asks for no more than one that is there once, and in a small bank
  /// no word counts as common.
  private static func information(of matches: Double, in size: Double) -> Double {
    let matches = max(matches, 1)
    return log(1 + (max(size, matches, 100) - matches + 0.5) / (matches + 0.5))
  }

  /// The best `limit` memories by these words.
  func matches(_ filter: MemoryFilter, limit: Int, in database: Database) throws -> [Int64: Double] {
    try Self.matches(
      terms.flatMap { term in term.term.forms.map { ($0, term.weight) } }, rows: rows, filter: filter, limit: limit,
      in: database)
  }

  /// The best `limit` memories for weighed FTS5 strings, with their scores.
  static func matches(
    _ strings: [(expression: String, weight: Double)], rows: ClosedRange<Int64>, filter: MemoryFilter, limit: Int,
    in database: Database
  ) throws -> [Int64: Double] {
    guard !strings.isEmpty else { return [:] }
    // The index alone is read unless the filter asks for more.
    let join = filter.isEmpty ? "" : "CROSS JOIN memory ON memory.id = memory_fts.rowid"
    let statement = try database.cachedStatement(
      sql: """
        SELECT memory_fts.rowid, word_rank(memory_fts, ?) FROM memory_fts \(join)
        WHERE memory_fts MATCH ? AND memory_fts.rowid BETWEEN ? AND ?\(filter.sql)
        """)
    var arguments: StatementArguments = [
      weights(strings.map(\.weight)), strings.map(\.expression).joined(separator: " OR "), rows.lowerBound,
      rows.upperBound,
    ]
    arguments += filter.arguments
    return try bestRows(statement, arguments: arguments, limit: limit)
  }

  /// The share of what the question asks for whose words a memory holds.
  func coverage(of row: Int64, in database: Database) throws -> Double {
    guard information > 0 else { return 0 }
    let statement = try database.cachedStatement(
      sql: "SELECT word_mask(memory_fts) FROM memory_fts WHERE memory_fts MATCH ? AND rowid = ?")
    let expression = terms.map(\.term.expression).joined(separator: " OR ")
    let mask = try Int64.fetchOne(statement, arguments: [expression, row]) ?? 0
    var held = 0.0
    var bit: Int64 = 1
    for term in terms {
      var isHeld = false
      for _ in term.term.forms {
        isHeld = isHeld || mask & bit != 0
        bit &<<= 1
      }
      if isHeld { held += term.information }
    }
    return held / information
  }

  /// As `word_rank` takes them.
  private static func weights(_ phrases: [Double]) -> Data {
    (columnWeights + phrases).withUnsafeBytes { Data($0) }
  }

  static func matchCount(_ expression: String, rows: ClosedRange<Int64>, in database: Database) throws -> Int {
    let statement = try database.cachedStatement(
      sql: "SELECT count(*) FROM memory_fts WHERE memory_fts MATCH ? AND rowid BETWEEN ? AND ?")
    return try Int.fetchOne(statement, arguments: [expression, rows.lowerBound, rows.upperBound]) ?? 0
  }
}
