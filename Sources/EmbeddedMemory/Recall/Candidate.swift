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
  /// A hash of the speaker's name.
  var speaker: Int64?
  var textHash: Int64
  var proofCount: Int
  var saidAt: Int64?
  var occurredStart: Int64?
  var occurredEnd: Int64?
  var isPinned: Bool
  /// Of its text, in bytes.
  var length: Int
  /// Whether it asks something.
  var isQuestion: Bool

  var arms = ArmScores()
  /// What it borrowed from the turns around it, and from the best of its thread.
  var neighbours = 0.0
  var threadShare = 0.0
  var boost = 1.0
  /// What it is ranked by.
  var score = 0.0

  /// Whether an arm found it; others came along with their neighbours.
  var isHit: Bool { arms.sum(.standard) > 0 }

  /// The valid ones among these rows that pass the filter, in the order of the file.
  static func load(_ rows: [Int64], _ filter: MemoryFilter, in database: Database) throws -> [Candidate] {
    // Many at once: running a statement costs more than finding a row.
    let width = 32
    let marks = Array(repeating: "?", count: width).joined(separator: ",")
    let padding = Array(repeating: Int64(0), count: (width - rows.count % width) % width)
    let statement = try database.cachedStatement(
      sql: """
        SELECT id, thread, speaker, text_hash, proof, said_at, occurred_start, occurred_end, pinned, length(CAST(text AS BLOB)), instr(text, '?')
        FROM memory WHERE id IN (\(marks)) AND state = 0\(filter.sql)
        """)
    let found = try IntegerRows(
      statement, keys: rows.sorted() + padding, width: width, arguments: filter.arguments, columns: 11, limit: width)
    return found.map { row in
      Candidate(
        row: row[0], thread: row.optional(1) ?? row[0], speaker: row.optional(2), textHash: row[3],
        proofCount: Int(row[4]), saidAt: row.optional(5), occurredStart: row.optional(6),
        occurredEnd: row.optional(7), isPinned: row[8] != 0, length: Int(row[9]), isQuestion: row[10] > 0)
    }
  }
}

/// The valid memories around one in its thread.
struct Neighbours {
  /// Whether the one in the middle asks something.
  let isAsked: Bool
  var previous: Int64?
  var next: Int64?
  var second: Int64?
  /// What was said next, but had been said before elsewhere.
  var echoes: [Int64] = []

  /// For each of these.
  static func of(_ candidates: some Sequence<Candidate>, in database: Database) throws -> [Int64: Neighbours] {
    let keys = candidates.flatMap { [$0.thread, $0.row] }
    var neighbours: [Int64: Neighbours] = [:]
    for candidate in candidates { neighbours[candidate.row] = Neighbours(isAsked: candidate.isQuestion) }
    let behind = try database.cachedStatement(
      sql: """
        SELECT ?2, id FROM memory INDEXED BY memory_thread WHERE thread = ?1 AND id > ?2 AND state = 0 ORDER BY id LIMIT 2
        """)
    for row in try IntegerRows(behind, keys: keys, width: 2, columns: 2, limit: 2) {
      if neighbours[row[0]]?.next == nil {
        neighbours[row[0]]?.next = row[1]
      } else {
        neighbours[row[0]]?.second = row[1]
      }
    }
    let before = try database.cachedStatement(
      sql: """
        SELECT ?2, id FROM memory INDEXED BY memory_thread WHERE thread = ?1 AND id < ?2 AND state = 0
        ORDER BY id DESC LIMIT 1
        """)
    for row in try IntegerRows(before, keys: keys, width: 2, columns: 2) { neighbours[row[0]]?.previous = row[1] }
    let echoes = try Row.fetchCursor(
      database.cachedStatement(
        sql: "SELECT after, memory FROM json_each(?) AS wanted CROSS JOIN echo ON echo.after = wanted.value"),
      arguments: [jsonList(neighbours.keys)])
    while let row = try echoes.next() { neighbours[row[0]]?.echoes.append(row[1]) }
    return neighbours
  }
}

/// Row ids for `json_each`.
func jsonList(_ rows: some Sequence<Int64>) -> String {
  "[" + rows.map(String.init).joined(separator: ",") + "]"
}
