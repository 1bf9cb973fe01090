import CProviderTables
import RearviewJSON

/// The providers that come with the program.
enum ProviderTable {
  /// All rows, in the order of the table.
  static let rows: [ProviderRow] = {
    let file = provider_table()
    let bytes = [UInt8](UnsafeBufferPointer(start: file.bytes, count: file.count))
    return (try? JSONValue(parsing: bytes))?.list?.compactMap(ProviderRow.init) ?? []
  }()

  private static let byID = Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })

  static func row(_ id: String) -> ProviderRow? { byID[id] }
}
