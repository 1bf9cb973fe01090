import GRDB
import RearviewMemory

/// Conditions on rows of `memory` by type and tags, to be put behind others.
struct MemoryFilter {
  private(set) var sql = ""
  private(set) var arguments = StatementArguments()

  init(types: [MemoryType]?, tags: TagFilter?) {
    if let types {
      sql += " AND memory.type IN (\(Self.marks(types.count)))"
      arguments += StatementArguments(types.map(\.rawValue))
    }
    if let tags { add(tags) }
  }

  /// As `TagFilter.accepts`, on the JSON list of tags, which is NULL where there are none.
  private mutating func add(_ filter: TagFilter) {
    let tags = Set(filter.tags)
    let hits = "(SELECT count(DISTINCT value) FROM json_each(memory.tags) WHERE value IN (\(Self.marks(tags.count))))"
    switch filter.match {
    case .any: sql += " AND (memory.tags IS NULL OR \(hits) > 0)"
    case .all: sql += " AND (memory.tags IS NULL OR \(hits) = \(tags.count))"
    case .anyStrict: sql += " AND \(hits) > 0"
    case .allStrict: sql += " AND memory.tags IS NOT NULL AND \(hits) = \(tags.count)"
    case .exact where tags.isEmpty: sql += " AND memory.tags IS NULL"
    case .exact: sql += " AND json_array_length(memory.tags) = \(tags.count) AND \(hits) = \(tags.count)"
    }
    if filter.match != .exact || !tags.isEmpty { arguments += StatementArguments(tags) }
  }

  private static func marks(_ count: Int) -> String { Array(repeating: "?", count: count).joined(separator: ", ") }
}
