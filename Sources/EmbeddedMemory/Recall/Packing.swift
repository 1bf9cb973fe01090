import Foundation
import GRDB
import RearviewChat
import RearviewMemory

/// Puts what was found into the tokens that there are.
struct Packing {
  private let search: RecallSearch
  private let found: RecallSearch.Found

  /// Repeated statements are looked for among this many of the best.
  private static let comparedCount = 60
  /// So many are read at first; then as many as may fit by the tokens of those before.
  private static let batchSize = 32
  /// A token has no more bytes than this: a word of seven letters and a blank.
  private static let tokenLength = 8
  /// The turns around this many of the best go in when there is room.
  private static let surroundedCount = 5

  init(_ search: RecallSearch, _ found: RecallSearch.Found) {
    self.search = search
    self.found = found
  }

  func memories(in database: Database) throws -> [RecalledMemory] {
    let best = found.candidates.map(\.score).max() ?? 0
    var left = search.query.maxTokens
    var packed: [RecalledMemory] = []
    var rows: Set<Int64> = []
    var said: [StatementWords] = []
    func pack(_ memory: Memory?, _ row: Int64, _ candidate: Candidate?) throws {
      guard left > 0, !rows.contains(row), let memory else { return }
      let tokenCount = estimatedTokens(memory.text)
      guard tokenCount <= left else { return }
      if said.count < Self.comparedCount {
        let words = StatementWords(memory.text)
        if said.contains(where: { $0.says(words, share: search.weights.sameWords) }) { return }
        said.append(words)
      }
      rows.insert(row)
      left -= tokenCount
      packed.append(
        RecalledMemory(
          memory: memory, score: best > 0 ? (candidate?.score ?? 0) / best : 1,
          scores: candidate.map(scores) ?? [:],
          sources: memory.proofCount > 1 ? try sources(of: row, in: database) : nil, tokenCount: tokenCount))
    }
    var wanted = found.candidates.filter { isWanted($0, best: best) }[...]
    while left > 0, !wanted.isEmpty {
      let used = search.query.maxTokens - left
      let size = packed.isEmpty ? Self.batchSize : max(Self.batchSize / 4, left * packed.count / max(used, 1) + 4)
      wanted = wanted.drop { $0.length > Self.tokenLength * left }
      let batch = wanted.prefix(size).filter { $0.length <= Self.tokenLength * left }
      wanted = wanted.dropFirst(size)
      let memories = try MemoryRow.memories(rows: batch.map(\.row), in: database)
      for candidate in batch { try pack(memories[candidate.row], candidate.row, candidate) }
    }
    guard search.query.minimumScores == nil else { return packed }
    let around = found.candidates.prefix(Self.surroundedCount).compactMap { found.neighbours[$0.row] }
    let surrounding = around.flatMap { [$0.previous, $0.next].compactMap { $0 } }.filter { !rows.contains($0) }
    for candidate in try Candidate.load(surrounding, search.filter, in: database).sorted(by: { $0.row < $1.row }) {
      guard candidate.textHash != search.question.textHash else { continue }
      try pack(try MemoryRow.memory(row: candidate.row, in: database), candidate.row, nil)
    }
    return packed
  }

  private func isWanted(_ candidate: Candidate, best: Double) -> Bool {
    guard let minimum = search.query.minimumScores else { return true }
    let arms = candidate.arms
    return (minimum.final.map { candidate.score >= $0 * best } ?? true)
      && (minimum.keyword.map { arms.words >= $0 } ?? true)
      && (minimum.semantic.map { arms.cosine ?? -.infinity >= $0 } ?? true)
  }

  /// Why it is where it is: the arms that found it, what it borrowed, and what it was multiplied by.
  private func scores(_ candidate: Candidate) -> [String: Double] {
    var scores = candidate.arms.named
    if candidate.neighbours > 0 { scores["neighbours"] = candidate.neighbours }
    if candidate.threadShare > 0 { scores["thread"] = candidate.threadShare }
    if candidate.boost != 1 { scores["boost"] = candidate.boost }
    return scores
  }

  private func sources(of row: Int64, in database: Database) throws -> [MemorySource] {
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT CAST(document.key AS BLOB), CAST(message.turn AS BLOB), message.said_at, message.metadata,
            message.is_undated
          FROM source JOIN message ON message.id = source.message JOIN document ON document.id = message.document
          WHERE source.memory = ? AND message.is_replaced = 0 ORDER BY message.id
          """), arguments: [row])
    return rows.map { row in
      MemorySource(
        documentID: MemoryRow.text(row[0]), turnID: MemoryRow.text(row[1]),
        saidAt: row[4] ? nil : date(milliseconds: row[2]), metadata: MemoryRow.metadata(row[3]))
    }
  }
}

/// The words of a statement, to tell whether another one says the same.
struct StatementWords {
  /// Hashes of the words, and of those with a digit, sorted, each once.
  private let words: [UInt32]
  private let numbers: [UInt32]

  init(_ text: String) {
    var words: [UInt32] = []
    var numbers: [UInt32] = []
    var hash: UInt32 = 0x811C_9DC5
    var length = 0
    var hasDigit = false
    func end() {
      guard length > 0 else { return }
      words.append(hash)
      if hasDigit { numbers.append(hash) }
      (hash, length, hasDigit) = (0x811C_9DC5, 0, false)
    }
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
        hash = (hash ^ UInt32(byte)) &* 0x0100_0193
        if byte <= UInt8(ascii: "9") { hasDigit = true }
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): hash = (hash ^ UInt32(byte | 0x20)) &* 0x0100_0193
      default:
        end()
        continue
      }
      length += 1
    }
    end()
    self.words = Self.unique(words)
    self.numbers = Self.unique(numbers)
  }

  private static func unique(_ hashes: [UInt32]) -> [UInt32] {
    var result: [UInt32] = []
    for hash in hashes.sorted() where hash != result.last { result.append(hash) }
    return result
  }

  /// Whether both say the same: the same numbers, and of all their words at least this share is in both.
  func says(_ other: StatementWords, share: Double) -> Bool {
    guard numbers == other.numbers, !words.isEmpty, !other.words.isEmpty else { return false }
    // Cheap first: sets of very different size cannot agree.
    let (small, large) = (min(words.count, other.words.count), max(words.count, other.words.count))
    guard Double(small) >= share * Double(large) else { return false }
    var (i, j, common) = (0, 0, 0)
    while i < words.count, j < other.words.count {
      if words[i] == other.words[j] {
        (i, j, common) = (i + 1, j + 1, common + 1)
      } else if words[i] < other.words[j] {
        i += 1
      } else {
        j += 1
      }
    }
    return Double(common) >= share * Double(words.count + other.words.count - common)
  }
}
