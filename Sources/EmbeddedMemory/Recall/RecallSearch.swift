import Foundation
import GRDB
import RearviewMemory

/// One question to one bank: found by every arm, ranked by all of them together.
struct RecallSearch {
  let query: RecallQuery
  let question: Question
  let bank: BankRow
  let vocabulary: Vocabulary
  let now: Int64
  var weights = RecallWeights.standard
  let filter: MemoryFilter
  let vectors: VectorSearch?

  init(
    _ query: RecallQuery, _ question: Question, bank: BankRow, vocabulary: Vocabulary, vectors: VectorSearch? = nil,
    now: Int64
  ) {
    self.query = query
    self.question = question
    self.bank = bank
    self.vocabulary = vocabulary
    self.vectors = vectors
    self.now = now
    filter = MemoryFilter(query)
  }

  /// What was found, best first.
  struct Found {
    var candidates: [Candidate] = []
    /// How many there are with those that are too far behind to be looked at, at most as many as the budget says.
    var count = 0
    /// The words that were looked for.
    var words: [String] = []
    /// The turns around each of the best that found it.
    var neighbours: [Int64: Neighbours] = [:]
  }

  /// Tokens of a short memory: no more of the best are looked at than there may be room for.
  private static let shortMemory = 24
  /// The neighbours of this many of the best may come along.
  private static let lenderCount = 80

  func run(in database: Database) throws -> Found {
    let search = try WordSearch(question.words, bank: bank, in: database)
    let similar = SimilarWords(search, vocabulary: vocabulary)
    let time = question.window.map(TimeSearch.init)
    let near = try vectors?.found(self, in: database)
    let arms = try arms(search, similar, time, near, in: database)
    let breadth = query.budget.breadth
    let best = arms.map { (row: $0.key, score: $0.value.sum(weights)) }.filter { $0.score > 0 }
      .sorted { ($0.score, $0.row) > ($1.score, $1.row) }.prefix(breadth)
    let looked = best.prefix(max(breadth / 3, query.maxTokens / Self.shortMemory))
    var candidates = try Candidate.load(looked.map(\.row), filter, in: database)
    // What the last ones could lend would not lift a neighbour over anything.
    let lenders = Set(looked.prefix(Self.lenderCount).map(\.row))
    let neighbours = try Neighbours.of(candidates.filter { lenders.contains($0.row) }, in: database)
    var borrowed: [Int64: Double] = [:]
    for (row, score) in best.prefix(lenders.count) {
      guard let around = neighbours[row] else { continue }
      let answered = (around.isAsked ? weights.previousQuestion : weights.previousTurn) * score
      for next in around.echoes + (around.next.map { [$0] } ?? []) { borrowed[next, default: 0] += answered }
      if let second = around.second { borrowed[second, default: 0] += weights.twoTurnsBack * score }
      if let previous = around.previous { borrowed[previous, default: 0] += weights.nextTurn * score }
    }
    let known = Set(looked.map(\.row))
    let least = weights.neighbourFloor * (best.first?.score ?? 0)
    let brought = borrowed.filter { $0.value >= least && !known.contains($0.key) }.map(\.key)
    candidates += try Candidate.load(brought, filter, in: database)
    for index in candidates.indices {
      candidates[index].arms = arms[candidates[index].row] ?? ArmScores()
      if let time, time.fits(candidates[index]) { candidates[index].arms.time = 1 }
      candidates[index].neighbours = borrowed[candidates[index].row] ?? 0
    }
    let speakers = try speakers(of: candidates, in: database)
    shareThreads(&candidates)
    weigh(&candidates, named: question.namedSpeaker(among: speakers))
    candidates = ranked(candidates)
    guard try near?.isAnswer == true || isAnswered(candidates, speakers, by: search, similar, in: database) else {
      return Found(words: search.words)
    }
    return Found(
      candidates: Array(candidates.prefix(breadth)), count: min(breadth, candidates.count + best.count - looked.count),
      words: search.words, neighbours: neighbours)
  }

  // MARK: - Finding

  private func arms(
    _ search: WordSearch, _ similar: SimilarWords, _ time: TimeSearch?, _ near: VectorSearch.Found?,
    in database: Database
  ) throws -> [Int64: ArmScores] {
    let breadth = query.budget.breadth
    var arms: [Int64: ArmScores] = [:]
    func add(_ found: [Int64: Double], _ arm: WritableKeyPath<ArmScores, Double>) {
      guard let best = found.values.max(), best > 0 else { return }
      for (row, score) in found { arms[row, default: ArmScores()][keyPath: arm] = score / best }
    }
    add(try search.matches(filter, limit: 2 * breadth, in: database), \.words)
    add(try similar.matches(filter, limit: 2 * breadth, in: database), \.trigrams)
    if let near { add(near.shares, \.vectors) }
    let entities = try EntitySearch(question, bank: bank, in: database)
    add(try entities.matches(filter, limit: breadth, in: database), \.entities)
    if let time { add(try time.matches(bank: bank, filter, limit: breadth, in: database), \.time) }
    for (row, cosine) in near?.cosines ?? [:] { arms[row]?.cosine = cosine }
    return arms
  }

  // MARK: - Ranking

  /// Each memory of a thread gains by the thread's best ones.
  private func shareThreads(_ candidates: inout [Candidate]) {
    var best: [Int64: [Double]] = [:]
    for candidate in candidates {
      let score = candidate.arms.sum(weights)
      var list = best[candidate.thread] ?? []
      let place = list.firstIndex { $0 < score } ?? list.count
      guard place < weights.threadBest else { continue }
      list.insert(score, at: place)
      best[candidate.thread] = Array(list.prefix(weights.threadBest))
    }
    for index in candidates.indices {
      let sum = best[candidates[index].thread]?.reduce(0, +) ?? 0
      candidates[index].threadShare = weights.thread * sum / Double(weights.threadBest)
    }
  }

  /// The names of those who speak in these memories, by their hashes.
  private func speakers(of candidates: [Candidate], in database: Database) throws -> [Int64: String] {
    var examples: [Int64: Int64] = [:]
    for candidate in candidates {
      if let speaker = candidate.speaker { examples[speaker] = candidate.row }
    }
    let statement = try database.cachedStatement(sql: "SELECT speaker FROM memory WHERE id = ?")
    return try examples.compactMapValues { try String.fetchOne(statement, arguments: [$0]) }
  }

  /// - Parameter named: The speaker whom the question names.
  private func weigh(_ candidates: inout [Candidate], named: Int64?) {
    for index in candidates.indices {
      let candidate = candidates[index]
      var boost = min(weights.proofLimit, 1 + weights.proof * log(Double(max(candidate.proofCount, 1))))
      if let named, candidate.speaker == named { boost *= weights.namedSpeaker }
      boost *= recency(candidate) * nearness(candidate)
      candidates[index].boost = boost
      candidates[index].score =
        (candidate.arms.sum(weights) + candidate.neighbours + candidate.threadShare) * boost
    }
  }

  /// From `1 + recency` for what was said now down to `1 - recency` for what is a year old, or has no time.
  private func recency(_ candidate: Candidate) -> Double {
    guard let saidAt = candidate.saidAt else { return 1 - weights.recency }
    let year = 365.0 * 86_400_000
    let age = min(max(Double(now) - Double(saidAt), 0) / year, 1)
    return 1 + weights.recency * (1 - 2 * age)
  }

  /// From `1 + nearness` in the middle of the time that is asked for down to `1 - nearness` far from it.
  private func nearness(_ candidate: Candidate) -> Double {
    guard let window = question.window, window.start != .min, window.end != .max,
      let time = candidate.occurredStart ?? candidate.saidAt
    else { return 1 }
    let (start, end) = (Double(window.start), Double(window.end))
    let distance = abs(Double(time) - (start + end) / 2) / max(end - start, 1)
    return 1 + weights.windowNearness * (1 - 2 * min(distance, 1))
  }

  /// Best first; the question itself, repeated texts, and neighbours that are far behind are left out. Pinned ones come
  /// before all others.
  private func ranked(_ candidates: [Candidate]) -> [Candidate] {
    let best = candidates.map(\.score).max() ?? 0
    // Keys are sorted, not candidates: those are large.
    let keys = candidates.indices
      .filter { candidates[$0].isHit || candidates[$0].score >= weights.neighbourFloor * best }
      .map {
        (pinned: candidates[$0].isPinned ? 1 : 0, score: candidates[$0].score, row: candidates[$0].row, index: $0)
      }
      .sorted { ($0.pinned, $0.score, $0.row) > ($1.pinned, $1.score, $1.row) }
    var said: Set<Int64> = [question.textHash]
    return keys.map { candidates[$0.index] }.filter { said.insert($0.textHash).inserted }
  }

  /// Whether what was found can be an answer: a question on something else shares a word with many banks.
  private func isAnswered(
    _ candidates: [Candidate], _ speakers: [Int64: String], by search: WordSearch, _ similar: SimilarWords,
    in database: Database
  ) throws -> Bool {
    let hits = candidates.filter(\.isHit)
    // A question of nothing but a time, or about something that the bank knows by name.
    if question.words.terms.isEmpty || hits.contains(where: { $0.arms.entities > 0 }) { return !hits.isEmpty }
    // A question about one who speaks here is about this bank, in whatever words.
    if hits.contains(where: { $0.speaker.flatMap { speakers[$0] }.map(question.names) ?? false }) { return true }
    if similar.coverage >= weights.coverageFloor { return true }
    for hit in hits.sorted(by: { $0.arms.words > $1.arms.words }).prefix(3)
    where try search.coverage(of: hit.row, in: database) >= weights.coverageFloor {
      return true
    }
    return false
  }
}

extension WordSearch {
  var words: [String] { terms.map(\.term.text) }
}
