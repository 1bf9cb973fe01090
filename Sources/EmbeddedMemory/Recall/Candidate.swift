import GRDB

/// What each way to find a memory says of it: its share of the best of that way, 0 where it was not found so.
struct ArmScores: Sendable {
  var words = 0.0
  var trigrams = 0.0
  var vectors = 0.0
  var entities = 0.0
  var time = 0.0
  /// Behind `vectors`: the cosine to the question, where one is known. It counts for nothing by itself.
  var cosine: Double?

  func sum(_ weights: RecallWeights) -> Double {
    weights.words * words + weights.trigrams * trigrams + weights.vectors * vectors + weights.entities * entities
      + weights.time * time
  }

  /// Those that found it, by the names that people see.
  var named: [String: Double] {
    let all = [
      ("words", words), ("trigrams", trigrams), ("vectors", vectors), ("cosine", cosine ?? 0), ("entities", entities),
      ("time", time),
    ]
    return Dictionary(uniqueKeysWithValues: all.filter { $0.1 != 0 })
  }
}

/// A memory that may be an answer, with what ranking needs of its row.
struct Candidate: Sendable {
  var row: Int64
  var thread: Int64
  var speaker: String?
  var textHash: Int64
  var proofCount: Int
  var saidAt: Int64?
  var occurredStart: Int64?
  var occurredEnd: Int64?
  var isPinned: Bool

  var arms = ArmScores()
  /// What it borrowed from the turns around it, and from the best of its thread.
  var neighbours = 0.0
  var threadShare = 0.0
  var boost = 1.0
  /// What it is ranked by.
  var score = 0.0

  /// Whether an arm found it; others came along with their neighbours.
  var isHit: Bool { arms.sum(.standard) > 0 }

  /// The valid ones among these rows that pass the filter, in no order.
  static func load(_ rows: some Sequence<Int64>, _ filter: MemoryFilter, in database: Database) throws -> [Candidate] {
    let statement = try database.cachedStatement(
      sql: """
        SELECT memory.id, thread, speaker, text_hash, proof, said_at, occurred_start, occurred_end, pinned
        FROM json_each(?) AS wanted CROSS JOIN memory ON memory.id = wanted.value
        WHERE state = 0\(filter.sql)
        """)
    let found = try Row.fetchCursor(statement, arguments: [jsonList(rows)] + filter.arguments)
    var candidates: [Candidate] = []
    while let row = try found.next() {
      candidates.append(
        Candidate(
          row: row[0], thread: row[1] ?? row[0], speaker: row[2], textHash: row[3], proofCount: row[4],
          saidAt: row[5], occurredStart: row[6], occurredEnd: row[7], isPinned: row[8]))
    }
    return candidates
  }
}

/// The valid memories around one in its thread.
struct Neighbours {
  var previous: Int64?
  var next: Int64?
  var second: Int64?
  /// What was said next, but had been said before elsewhere.
  var echoes: [Int64] = []

  /// For each of these rows.
  static func of(_ rows: some Collection<Int64>, in database: Database) throws -> [Int64: Neighbours] {
    let statement = try database.cachedStatement(
      sql: """
        SELECT memory.id,
          (SELECT near.id FROM memory AS near WHERE near.thread = memory.thread AND near.state = 0
            AND near.id < memory.id ORDER BY near.id DESC LIMIT 1),
          (SELECT near.id FROM memory AS near WHERE near.thread = memory.thread AND near.state = 0
            AND near.id > memory.id ORDER BY near.id LIMIT 1),
          (SELECT near.id FROM memory AS near WHERE near.thread = memory.thread AND near.state = 0
            AND near.id > memory.id ORDER BY near.id LIMIT 1 OFFSET 1)
        FROM json_each(?) AS wanted CROSS JOIN memory ON memory.id = wanted.value
        """)
    let found = try Row.fetchCursor(statement, arguments: [jsonList(rows)])
    var neighbours: [Int64: Neighbours] = [:]
    while let row = try found.next() {
      neighbours[row[0]] = Neighbours(previous: row[1], next: row[2], second: row[3])
    }
    let echoes = try Row.fetchCursor(
      database.cachedStatement(
        sql: "SELECT after, memory FROM json_each(?) AS wanted CROSS JOIN echo ON echo.after = wanted.value"),
      arguments: [jsonList(rows)])
    while let row = try echoes.next() { neighbours[row[0]]?.echoes.append(row[1]) }
    return neighbours
  }
}

/// Row ids for `json_each`.
func jsonList(_ rows: some Sequence<Int64>) -> String {
  "[" + rows.map(String.init).joined(separator: ",") + "]"
}
