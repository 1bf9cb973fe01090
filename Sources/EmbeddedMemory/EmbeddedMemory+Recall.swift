import Foundation
import GRDB
import RearviewChat
import RearviewMemory

extension EmbeddedMemory {
  /// The memories that share words with the question, ranked by BM25 over stems.
  ///
  /// Stop words are left out unless there is nothing else; of many words the rarest are looked for. A memory whose
  /// text is the question itself is left out: it says nothing new. The texts are packed best first into
  /// `maxTokens`; one that does not fit is skipped, and smaller ones behind it may still go in.
  public func recall(_ query: RecallQuery) async throws -> RecallResult {
    let words = QueryWords(query.text)
    let asked = NormalizedText(query.text).hash
    return try await read { database in
      guard let bank = try BankRow.find(query.bankID, in: database) else {
        return RecallResult(matchCount: 0, searchedCount: 0, words: words.terms.map(\.text))
      }
      let search = try WordSearch(words, bank: bank, in: database)
      let found = try search.matches(
        types: query.types, tags: query.tags, limit: query.budget.breadth, in: database)
      let ranked = Self.ranked(found, without: asked)
      return RecallResult(
        memories: try Self.packed(ranked, maxTokens: query.maxTokens, in: database), matchCount: ranked.count,
        searchedCount: bank.validCount, words: search.terms.map(\.text))
    }
  }

  /// Scores as shares of the best one; the question itself and repeated texts are left out.
  private static func ranked(_ found: [WordSearch.Match], without asked: Int64) -> [WordSearch.Match] {
    var said: Set<Int64> = [asked]
    var matches: [WordSearch.Match] = []
    for var match in found where said.insert(match.textHash).inserted {
      // What was said often weighs up to a quarter more.
      match.score *= min(1.25, 1 + 0.05 * log(Double(max(match.proofCount, 1))))
      matches.append(match)
    }
    let best = matches.map(\.score).max() ?? 0
    for index in matches.indices { matches[index].score = best > 0 ? matches[index].score / best : 1 }
    return matches.sorted { ($0.score, $0.row) > ($1.score, $1.row) }
  }

  private static func packed(
    _ matches: [WordSearch.Match], maxTokens: Int, in database: Database
  ) throws -> [RecalledMemory] {
    var left = maxTokens
    var packed: [RecalledMemory] = []
    for match in matches where left > 0 {
      let tokenCount = estimatedTokens(match.text)
      guard tokenCount <= left, let memory = try MemoryRow.memory(row: match.row, in: database) else { continue }
      left -= tokenCount
      packed.append(RecalledMemory(memory: memory, score: match.score, tokenCount: tokenCount))
    }
    return packed
  }
}

extension Budget {
  /// How many of the best matches are looked at; Hindsight's numbers.
  var breadth: Int {
    switch self {
    case .low: 100
    case .mid: 300
    case .high: 1_000
    }
  }
}
