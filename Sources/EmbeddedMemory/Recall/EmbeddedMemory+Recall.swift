import Foundation
import GRDB
import RearviewChat
import RearviewMemory

extension EmbeddedMemory {
  /// The memories that answer a question, best first.
  ///
  /// Several arms look for them: the question's words by their stems, words spelt almost alike, its meaning where the
  /// bank has vectors (`setEmbeddings`), what it names, and the time that it names. Their scores are added
  /// (`RecallWeights`); a memory borrows from the turns around it and from the best of its thread. Nothing is found where
  /// the best ones have too little to do with the question. A memory whose text is the question itself is left out: it
  /// says nothing new. The texts are packed best first into `maxTokens`; one that does not fit is skipped, and smaller
  /// ones behind it may still go in. What is left is for the turns around the first five.
  public func recall(_ query: RecallQuery) async throws -> RecallResult {
    let question = Question(query.text, askedAt: query.askedAt ?? clock(), times: times)
    let vectors = try await vectorSearch(for: query)
    return try await read { [now, vocabulary] database in
      guard let bank = try BankRow.find(query.bankID, in: database) else {
        return RecallResult(matchCount: 0, searchedCount: 0, words: question.words.terms.map(\.text))
      }
      let search = RecallSearch(
        query, question, bank: bank, vocabulary: try vocabulary.current(in: database), vectors: vectors.search,
        now: now)
      let found = try search.run(in: database)
      return RecallResult(
        memories: try Packing(search, found).memories(in: database), matchCount: found.count,
        searchedCount: bank.validCount, words: found.words, notices: vectors.notices)
    }
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
