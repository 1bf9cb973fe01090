import RearviewJSON

/// Lists of names as the file keeps them: a JSON list, NULL for none.
enum NameList {
  /// The column's value for a set of tags: sorted, each once.
  static func written(tags: [String]) -> String? { tags.isEmpty ? nil : written(Set(tags).sorted()) }

  /// In the order given.
  static func written(_ names: [String]) -> String { JSONValue.list(names.map(JSONValue.text)).written() }

  static func read(_ column: String?) -> [String] {
    column.flatMap { try? JSONValue(parsing: $0).list }?.compactMap(\.text) ?? []
  }
}
