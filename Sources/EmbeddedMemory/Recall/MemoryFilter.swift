import GRDB
import RearviewMemory

/// Conditions on rows of `memory` by type, tags and time, to be put behind others.
struct MemoryFilter {
  private(set) var sql = ""
  private(set) var arguments = StatementArguments()

  /// Whether it lets everything through.
  var isEmpty: Bool { sql.isEmpty }

  init(types: [MemoryType]? = nil, tags: TagFilter? = nil, groups: [TagGroup] = [], window: TimeRange? = nil) {
    if let types {
      sql += " AND memory.type IN (\(Self.marks(types.count)))"
      arguments += StatementArguments(types.map(\.rawValue))
    }
    if let tags { sql += " AND " + condition(tags) }
    for group in groups { sql += " AND " + condition(group) }
    if let window { add(window) }
  }

  init(_ query: RecallQuery) {
    self.init(types: query.types, tags: query.tags, groups: query.tagGroups, window: query.window)
  }

  /// As `TagFilter.accepts`, on the JSON list of tags, which is NULL where there are none.
  private mutating func condition(_ filter: TagFilter) -> String {
    let tags = Set(filter.tags).sorted()
    let hits = "(SELECT count(DISTINCT value) FROM json_each(memory.tags) WHERE value IN (\(Self.marks(tags.count))))"
    if filter.match == .exact, tags.isEmpty { return "memory.tags IS NULL" }
    arguments += StatementArguments(tags)
    switch filter.match {
    case .any: return "(memory.tags IS NULL OR \(hits) > 0)"
    case .all: return "(memory.tags IS NULL OR \(hits) = \(tags.count))"
    case .anyStrict: return "\(hits) > 0"
    case .allStrict: return "(memory.tags IS NOT NULL AND \(hits) = \(tags.count))"
    case .exact: return "(coalesce(json_array_length(memory.tags), 0) = \(tags.count) AND \(hits) = \(tags.count))"
    }
  }

  /// As `TagGroup.accepts`.
  private mutating func condition(_ group: TagGroup) -> String {
    switch group {
    case .tags(let filter): return condition(filter)
    case .not(let group): return "NOT \(condition(group))"
    case .all(let groups): return joined(groups, by: " AND ", ifNone: "TRUE")
    case .any(let groups): return joined(groups, by: " OR ", ifNone: "FALSE")
    }
  }

  private mutating func joined(_ groups: [TagGroup], by word: String, ifNone: String) -> String {
    guard !groups.isEmpty else { return ifNone }
    return "(" + groups.map { condition($0) }.joined(separator: word) + ")"
  }

  /// What was said in the window, or tells of something that overlaps it.
  private mutating func add(_ window: TimeRange) {
    let start = window.start.map(milliseconds) ?? Int64.min
    let end = window.end.map(milliseconds) ?? Int64.max
    sql += """
       AND (memory.said_at >= ? AND memory.said_at < ?
      OR memory.occurred_start < ? AND coalesce(memory.occurred_end, memory.occurred_start) >= ?)
      """
    arguments += [start, end, end, start]
  }

  private static func marks(_ count: Int) -> String { Array(repeating: "?", count: count).joined(separator: ", ") }
}
