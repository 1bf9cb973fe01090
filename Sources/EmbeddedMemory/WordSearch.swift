import GRDB
import RearviewMemory

/// A search of a bank by words, at a cost that does not grow with the bank.
///
/// How common a word is, is estimated on the bank's newest `sampleSize` memories. The rarest words are taken until
/// together they promise `matchLimit` matches; when even the rarest one is in more, only as many of the newest
/// memories are searched.
struct WordSearch {
  /// A memory that was found, with what ranking and packing need of it.
  struct Match: Sendable {
    /// Its row id, which grows with time.
    var row: Int64
    var text: String
    var textHash: Int64
    var proofCount: Int
    var score: Double
  }

  static let sampleSize: Int64 = 8_192
  static let termLimit = 12
  static let matchLimit = 10_000

  /// What is looked for, in the order of the question.
  let terms: [QueryWords.Term]
  private let rows: ClosedRange<Int64>

  init(_ words: QueryWords, bank: BankRow, in database: Database) throws {
    let first = bank.memoryIDs.lowerBound
    let last = max(bank.lastMemory, first)
    let sample = max(first, last - Self.sampleSize + 1)...last
    let scale = Double(last - first + 1) / Double(sample.count)
    var counted: [(term: QueryWords.Term, matches: Double)] = []
    for term in words.terms {
      let count = try Self.matchCount(term.expression, rows: sample, in: database)
      counted.append((term, Double(count) * scale))
    }
    counted.sort { $0.matches < $1.matches }
    var taken: [QueryWords.Term] = []
    var promised = 0.0
    for (term, matches) in counted.prefix(Self.termLimit) {
      guard taken.isEmpty || promised + matches <= Double(Self.matchLimit) else { break }
      taken.append(term)
      promised += matches
    }
    terms = words.terms.filter(taken.contains)
    let share = promised > Double(Self.matchLimit) ? Double(Self.matchLimit) / promised : 1
    rows = max(first, last - Int64(Double(last - first) * share))...last
  }

  /// The best `limit` memories of these types and tags (`nil` for all), best first.
  func matches(
    types: [MemoryType]?, tags: TagFilter?, limit: Int, in database: Database
  ) throws -> [Match] {
    guard !terms.isEmpty else { return [] }
    let filter = MemoryFilter(types: types, tags: tags)
    // FTS5 sorts by rank itself and hands out rows one by one, so the join stops at the limit.
    let statement = try database.cachedStatement(
      sql: """
        SELECT memory.id, CAST(memory.text AS BLOB), memory.text_hash, memory.proof, memory_fts.rank
        FROM memory_fts CROSS JOIN memory ON memory.id = memory_fts.rowid
        WHERE memory_fts MATCH ? AND memory_fts.rowid BETWEEN ? AND ?\(filter.sql)
        ORDER BY memory_fts.rank LIMIT ?
        """)
    let expression = terms.map(\.expression).joined(separator: " OR ")
    var arguments: StatementArguments = [expression, rows.lowerBound, rows.upperBound]
    arguments += filter.arguments
    arguments += [limit]
    let found = try Row.fetchCursor(statement, arguments: arguments)
    var matches: [Match] = []
    while let row = try found.next() {
      matches.append(
        Match(
          row: row[0], text: MemoryRow.text(row[1]) ?? "", textHash: row[2], proofCount: row[3],
          score: -(row[4] as Double)))
    }
    return matches
  }

  private static func matchCount(
    _ expression: String, rows: ClosedRange<Int64>, in database: Database
  ) throws -> Int {
    let statement = try database.cachedStatement(
      sql: "SELECT count(*) FROM memory_fts WHERE memory_fts MATCH ? AND rowid BETWEEN ? AND ?")
    return try Int.fetchOne(statement, arguments: [expression, rows.lowerBound, rows.upperBound]) ?? 0
  }
}
