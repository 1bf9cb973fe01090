/// The rows with the highest scores of all that were added, in whatever order they come; of equals the newer memory.
struct NearestRows {
  struct Hit: Hashable, Sendable {
    var row: Int64
    var score: Float

    static func isBefore(_ left: Hit, _ right: Hit) -> Bool { (left.score, left.row) > (right.score, right.row) }
  }

  private let limit: Int
  private let capacity: Int
  private var hits: [Hit] = []
  /// The mean of all scores that were added, pulled towards 0 while there are few: what an unrelated memory has.
  var usualScore: Double { scoreSum / Double(scoreCount + Self.fewRows) }
  private var scoreSum = 0.0
  private var scoreCount = 0
  private static let fewRows = 8
  /// What is not above this cannot be among the best.
  private var floor = Hit(row: .min, score: -.infinity)

  init(limit: Int) {
    self.limit = limit
    capacity = limit * 2 + 256
  }

  /// - Parameters:
  ///   - dead: Rows of this page that are no longer valid.
  ///   - isWanted: Asked only about rows that would be among the best so far.
  mutating func add(
    _ rows: VectorRows, scores: [Float], dead: Set<Int64>, where isWanted: (Int64) throws -> Bool
  ) rethrows {
    scoreSum += Double(scores.reduce(0, +))
    scoreCount += scores.count
    for index in scores.indices where scores[index] >= floor.score {
      let hit = Hit(row: rows.ids[index], score: scores[index])
      guard Hit.isBefore(hit, floor), !dead.contains(hit.row), try isWanted(hit.row) else { continue }
      hits.append(hit)
      if hits.count >= capacity { prune() }
    }
  }

  private mutating func prune() {
    hits.sort(by: Hit.isBefore)
    guard hits.count >= limit, limit > 0 else { return }
    hits.removeSubrange(limit...)
    floor = hits[limit - 1]
  }

  /// The best ones, the best first.
  mutating func best() -> [Hit] {
    prune()
    return Array(hits.prefix(limit))
  }
}
