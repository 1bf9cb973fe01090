import Foundation
import GRDB
import RearviewJSON

/// The vector of a memory: its numbers in base64, and the sum of the text that they were made of.
struct ExchangedVector {
  static let name = "vector"

  var memory: String
  var textHash: Int64
  var codes: Data
  var scale: Double

  var members: [(String, JSONValue)] {
    [
      ("memory", .text(memory)), ("text_hash", .integer(Int(textHash))), ("codes", .text(codes.base64EncodedString())),
      ("scale", .number(scale)),
    ]
  }

  /// The vectors of a space in the order of their memories.
  struct Cursor {
    private let rows: RowCursor
    private let space: EmbeddingSpace
    private let database: Database
    private var pages: [Page] = []
    /// Pages hold memories in order, but for those that changed: these few are in turns.
    private static let pageLimit = 8

    private struct Page {
      var number: Int64
      var rows: VectorRows
      var places: [Int64: Int]
    }

    init(space: EmbeddingSpace, in database: Database) throws {
      self.space = space
      self.database = database
      rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT vector.memory, vector.page, vector.codes, vector.scale, memory.uid, memory.text_hash
          FROM vector JOIN memory ON memory.id = vector.memory WHERE vector.space = ? ORDER BY vector.memory
          """, arguments: [space.id])
    }

    mutating func next() throws -> ExchangedVector? {
      guard let row = try rows.next() else { return nil }
      let memory: Int64 = row[0]
      var vector = ExchangedVector(
        memory: RowName.spelling(row[4]), textHash: row[5], codes: row[2] ?? Data(), scale: row[3] ?? 0)
      if let number: Int64 = row[1] {
        let page = try page(number)
        guard let place = page.places[memory] else { throw VectorRows.damaged }
        vector.codes = VectorRows.data(page.rows[place])
        vector.scale = Double(page.rows.scales[place])
      }
      return vector
    }

    private mutating func page(_ number: Int64) throws -> Page {
      if let known = pages.first(where: { $0.number == number }) { return known }
      guard let rows = try VectorPages.rows(page: number, space: space.id, dimension: space.dimension, in: database)
      else { throw VectorRows.damaged }
      let places = Dictionary(rows.ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 })
      let page = Page(number: number, rows: rows, places: places)
      if pages.count == Self.pageLimit { pages.removeFirst() }
      pages.append(page)
      return page
    }
  }
}
