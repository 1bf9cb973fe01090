import Foundation
import GRDB
import RearviewMemory

extension EmbeddedMemory {
  /// All banks by name, with counts that are kept, not counted.
  public func banks() async throws -> [Bank] {
    try await read { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT CAST(name AS BLOB) AS name, valid_count, invalidated_count, document_count, last_retained_at
          FROM bank ORDER BY bank.name
          """)
      return rows.map {
        Bank(
          id: MemoryRow.text($0["name"]) ?? "", memoryCount: $0["valid_count"],
          invalidatedCount: $0["invalidated_count"], documentCount: $0["document_count"],
          lastRetainedAt: ($0["last_retained_at"] as Int64?).map(date(milliseconds:)))
      }
    }
  }

  /// A page of a bank's memories, invalidated ones included, the last retained first.
  ///
  /// The filter's words are compared as they stand, without regard to case and accents. A blank at its end says that
  /// the last word is finished. A filter without a letter or digit filters nothing. `after` that no page gave starts
  /// at the beginning.
  public func memories(_ request: MemoryPageRequest) async throws -> MemoryPage {
    let filter = FilterWords(request.filter)
    let limit = max(request.limit, 1)
    return try await read { database in
      guard let bank = try BankRow.find(request.bankID, in: database) else {
        return MemoryPage(memories: [], next: nil)
      }
      let all = bank.memoryIDs
      let end = request.after.flatMap(Int64.init).map { min($0, all.upperBound) } ?? all.upperBound
      let rows: [Row]
      if let expression = filter.expression {
        rows = try Row.fetchAll(
          database.cachedStatement(
            sql: """
              SELECT \(MemoryRow.columns)
              FROM memory_words CROSS JOIN memory ON memory.id = memory_words.rowid \(MemoryRow.joins)
              WHERE memory_words MATCH ? AND memory_words.rowid >= ? AND memory_words.rowid < ?
              ORDER BY memory_words.rowid DESC LIMIT ?
              """), arguments: [expression, all.lowerBound, end, limit + 1])
      } else {
        rows = try Row.fetchAll(
          database.cachedStatement(
            sql: """
              SELECT \(MemoryRow.columns) FROM memory \(MemoryRow.joins)
              WHERE memory.id >= ? AND memory.id < ? ORDER BY memory.id DESC LIMIT ?
              """), arguments: [all.lowerBound, end, limit + 1])
      }
      let page = rows.prefix(limit)
      let next = rows.count > limit ? page.last.map { String($0["id"] as Int64) } : nil
      return MemoryPage(memories: page.map(MemoryRow.memory), next: next)
    }
  }

  public func memory(id: String, bankID: String) async throws -> Memory? {
    try await read { database in
      try StoredMemory.find(id: id, bankID: bankID, in: database)?.memory
    }
  }
}
