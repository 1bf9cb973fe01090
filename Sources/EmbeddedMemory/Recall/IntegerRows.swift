import CWordRank
import GRDB

/// Rows of integers, one after the other, without an object for each.
struct IntegerRows: RandomAccessCollection, Sendable {
  private let values: [Int64]
  private let columns: Int
  let count: Int

  /// One row.
  struct Element: Sendable {
    fileprivate let values: ArraySlice<Int64>

    /// A text's is its hash.
    subscript(column: Int) -> Int64 { values[values.startIndex + column] }

    /// `nil` for NULL.
    func optional(_ column: Int) -> Int64? { self[column] == Int64.min ? nil : self[column] }
  }

  var startIndex: Int { 0 }
  var endIndex: Int { count }

  subscript(index: Int) -> Element { Element(values: values[index * columns..<(index + 1) * columns]) }

  /// What a statement yields for each key, at most `limit` rows of each.
  ///
  /// - Parameters:
  ///   - keys: `width` integers for each key, which are the statement's first parameters.
  ///   - arguments: Its other parameters.
  init(
    _ statement: Statement, keys: [Int64], width: Int = 1, arguments: StatementArguments = [], columns: Int,
    limit: Int = 1
  ) throws {
    let keyCount = keys.count / width
    let capacity = keyCount * limit
    try statement.setArguments(StatementArguments(Array(repeating: 0, count: width)) + arguments)
    var found = 0
    var result: Int32 = 0
    values = [Int64](unsafeUninitializedCapacity: capacity * columns) { buffer, initializedCount in
      guard let rows = buffer.baseAddress else { return }
      result = rearview_read_rows(
        statement.sqliteStatement, keys, width, keyCount, Int32(columns), rows, capacity, &found)
      initializedCount = found * columns
    }
    guard result == 0 else { throw DatabaseError(resultCode: ResultCode(rawValue: result)) }
    count = found
    self.columns = columns
  }
}

/// The best rows, with their scores, of a statement that yields both in no order.
func bestRows(_ statement: Statement, arguments: StatementArguments, limit: Int) throws -> [Int64: Double] {
  try statement.setArguments(arguments)
  var result: Int32 = 0
  let rows = [rearview_scored_row](unsafeUninitializedCapacity: max(limit, 0)) { buffer, initializedCount in
    guard let rows = buffer.baseAddress else { return }
    result = rearview_read_best(statement.sqliteStatement, rows, buffer.count, &initializedCount)
  }
  guard result == 0 else { throw DatabaseError(resultCode: ResultCode(rawValue: result)) }
  return Dictionary(uniqueKeysWithValues: rows.map { ($0.row, $0.score) })
}
