import Foundation
import GRDB

/// The memories of what a question names.
struct EntitySearch {
  /// What more of a bank's memories than this share are about tells nothing; in a small bank, more than this many.
  private static let commonShare = 0.05
  private static let commonCount = 20.0

  private var named: [(entity: Int64, score: Double)] = []

  init(_ question: Question, bank: BankRow, in database: Database) throws {
    let writer = EntityWriter(bank: bank.id, now: 0, database: database)
    var norms = try writer.mentions(in: question.text, given: []).map(\.norm)
    norms += question.words.terms.map(\.text)
    var seen: Set<Int64> = []
    for norm in norms {
      guard let entity = try writer.entity(named: norm), seen.insert(entity).inserted else { continue }
      let mentions =
        try Double.fetchOne(
          database.cachedStatement(sql: "SELECT mentions FROM entity WHERE id = ?"), arguments: [entity]) ?? 0
      guard mentions <= max(Self.commonCount, Self.commonShare * Double(bank.validCount)) else { continue }
      named.append((entity, 1 / log(2 + mentions)))
    }
  }

  func matches(_ filter: MemoryFilter, limit: Int, in database: Database) throws -> [Int64: Double] {
    let statement = try database.cachedStatement(
      sql: """
        SELECT memory.id FROM memory_entity CROSS JOIN memory ON memory.id = memory_entity.memory
        WHERE memory_entity.entity = ? AND memory.state = 0\(filter.sql) ORDER BY memory_entity.memory DESC LIMIT ?
        """)
    var matches: [Int64: Double] = [:]
    for (entity, score) in named {
      for row in try Int64.fetchAll(statement, arguments: [entity] + filter.arguments + [limit]) {
        matches[row, default: 0] += score
      }
    }
    return matches
  }
}

/// The memories of the time that a question names.
struct TimeSearch {
  /// A long time is searched in as many parts, so that not all memories come from its beginning.
  private static let parts: Int64 = 8

  let window: TimeWindow

  /// Whether a memory was said then, or tells of what happened then.
  func fits(_ candidate: Candidate) -> Bool {
    if let saidAt = candidate.saidAt, window.contains(saidAt) { return true }
    guard let start = candidate.occurredStart else { return false }
    return window.overlaps(TimeWindow(start: start, end: max(candidate.occurredEnd ?? start, start + 1)))
  }

  func matches(bank: BankRow, _ filter: MemoryFilter, limit: Int, in database: Database) throws -> [Int64: Double] {
    var matches: [Int64: Double] = [:]
    // Named, since the planner knows nothing of sizes and may take an index that holds more of the columns.
    for (column, index) in [("said_at", "memory_said"), ("occurred_start", "memory_occurred")] {
      let statement = try database.cachedStatement(
        sql: """
          SELECT id FROM memory INDEXED BY \(index) WHERE bank = ? AND state = 0 AND \(column) IS NOT NULL AND \(column) >= ?
            AND \(column) < ?\(filter.sql) ORDER BY \(column) DESC LIMIT ?
          """)
      for part in parts {
        let arguments: StatementArguments = [bank.id, part.start, part.end]
        for row in try Int64.fetchAll(statement, arguments: arguments + filter.arguments + [limit / Int(Self.parts)]) {
          matches[row] = 1
        }
      }
    }
    return matches
  }

  /// Equal parts; a window without an end is one.
  private var parts: [TimeWindow] {
    let (length, isTooLong) = window.end.subtractingReportingOverflow(window.start)
    guard !isTooLong, window.start != .min, window.end != .max, length >= Self.parts else { return [window] }
    return (0..<Self.parts).map { part in
      TimeWindow(
        start: window.start + length / Self.parts * part,
        end: part == Self.parts - 1 ? window.end : window.start + length / Self.parts * (part + 1))
    }
  }
}
