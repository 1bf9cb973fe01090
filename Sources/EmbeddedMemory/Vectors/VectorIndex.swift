import GRDB
import NIOConcurrencyHelpers
import RearviewMemory

/// Finds the memories whose vectors point the same way as a question's, by comparing it with all of a bank.
///
/// The bank's vectors are kept in memory after the first search. Each search asks the file, in its own snapshot, whether
/// they are still all there is (`generation`), and reads what is new: so it finds what another process stored a moment
/// ago, and nothing that was edited, invalidated or deleted. Banks that were not searched for longest make room for
/// others; one that is larger than `cacheLimit` is read from the file at each search, with the same result.
package final class VectorIndex: Sendable {
  /// A memory that was found.
  package struct Hit: Hashable, Sendable {
    /// Its row id.
    package var row: Int64
    /// The cosine of what is stored of both vectors, from −1 to 1.
    package var cosine: Double
  }

  /// What a search found.
  struct Found: Hashable, Sendable {
    /// The nearest first, of equals the newest.
    var hits: [Hit] = []
    /// About the cosine that a memory has which has nothing to do with the question. Models differ in it: near 0 with
    /// some, above .5 with others.
    var usualCosine = 0.0
  }

  /// What is kept of a space as it was at one generation.
  private struct Contents: Sendable {
    var space: EmbeddingSpace
    var pages: [Int64: VectorRows]
    var fresh: VectorRows
    var dead: [Int64: Set<Int64>]

    var byteCount: Int {
      (pages.count * VectorPages.rowCount + fresh.count) * VectorRows.byteCount(dimension: space.dimension)
    }
  }

  private struct Cache: Sendable {
    /// The one that was used last stands last.
    var contents: [Contents] = []

    mutating func use(_ space: Int64) -> Contents? {
      guard let index = contents.firstIndex(where: { $0.space.id == space }) else { return nil }
      contents.append(contents.remove(at: index))
      return contents.last
    }

    mutating func keep(_ new: Contents, limit: Int) {
      if let known = contents.first(where: { $0.space.id == new.space.id }) {
        // A reader of an older snapshot came later.
        guard known.space.generation < new.space.generation else { return }
      }
      remove(bank: new.space.bank)
      contents.append(new)
      while byteCount > limit, contents.count > 1 { contents.removeFirst() }
    }

    mutating func remove(bank: Int64) { contents.removeAll { $0.space.bank == bank } }

    var byteCount: Int { contents.reduce(0) { $0 + $1.byteCount } }
  }

  /// The most bytes of vectors that are kept in memory, of all banks together.
  package let cacheLimit: Int
  private let cache = NIOLockedValueBox(Cache())
  /// Held by who fills the cache, so that many first searches at once read the file once.
  private let filling = NIOLock()

  /// - Parameter cacheLimit: 256 MB by default, 650,000 vectors of 384 numbers.
  package init(cacheLimit: Int = 256 << 20) {
    self.cacheLimit = cacheLimit
  }

  /// The bytes of vectors that are kept in memory now.
  package var cachedByteCount: Int { cache.withLockedValue(\.byteCount) }

  /// The `limit` memories nearest to `query`.
  ///
  /// Empty where the bank has no complete space, and where that is of another model than the query: which model to ask is
  /// told by `EmbeddingSpace.complete`.
  ///
  /// - Parameters:
  ///   - bank: The row id of the bank.
  ///   - isWanted: Leaves out memories by their row ids; asked only about those that would be among the nearest.
  func search(
    _ query: QueryVector, bank: Int64, limit: Int, in database: Database,
    where isWanted: (Int64) throws -> Bool = { _ in true }
  ) throws -> Found {
    guard limit > 0, let space = try EmbeddingSpace.complete(ofBank: bank, in: database),
      space.model == query.model, space.dimension == query.numbers.count
    else { return Found() }
    let vector = Int8Vector(query.numbers)
    var nearest = NearestRows(limit: limit)
    var scores: [Float] = []
    func add(_ rows: VectorRows, dead: Set<Int64>) throws {
      rows.score(vector, into: &scores)
      try nearest.add(rows, scores: scores, dead: dead, where: isWanted)
    }
    if let kept = try contents(of: space, in: database) {
      for (page, rows) in kept.pages { try add(rows, dead: kept.dead[page] ?? []) }
      try add(kept.fresh, dead: [])
    } else {
      let dead = try VectorPages.dead(space: space.id, in: database)
      for page in try VectorPages.numbers(space: space.id, in: database) {
        guard let rows = try Self.rows(page, of: space, in: database) else { continue }
        try add(rows, dead: dead[page] ?? [])
      }
      try add(VectorPages.fresh(space: space.id, dimension: space.dimension, in: database), dead: [])
    }
    return Found(
      hits: nearest.best().map { Hit(row: $0.row, cosine: Double(min(max($0.score, -1), 1))) },
      usualCosine: nearest.usualScore)
  }

  /// All of a space as the reader's snapshot has it, from memory as far as it is there; `nil` for one that is too large.
  private func contents(of space: EmbeddingSpace, in database: Database) throws -> Contents? {
    if let kept = cache.withLockedValue({ $0.use(space.id) }), kept.space.generation == space.generation { return kept }
    return try filling.withLock {
      let kept = cache.withLockedValue { $0.use(space.id) }
      if let kept, kept.space.generation == space.generation { return kept }
      let numbers = try VectorPages.numbers(space: space.id, in: database)
      let freshCount = try VectorPages.freshCount(space: space.id, in: database)
      let rowCount = numbers.count * VectorPages.rowCount + freshCount
      guard rowCount * VectorRows.byteCount(dimension: space.dimension) <= cacheLimit else {
        cache.withLockedValue { $0.remove(bank: space.bank) }
        return nil
      }
      var pages: [Int64: VectorRows] = [:]
      for page in numbers {
        pages[page] = try kept?.pages[page] ?? Self.rows(page, of: space, in: database)
      }
      let contents = Contents(
        space: space, pages: pages,
        fresh: try VectorPages.fresh(space: space.id, dimension: space.dimension, in: database),
        dead: try VectorPages.dead(space: space.id, in: database))
      cache.withLockedValue { $0.keep(contents, limit: cacheLimit) }
      return contents
    }
  }

  private static func rows(_ page: Int64, of space: EmbeddingSpace, in database: Database) throws -> VectorRows? {
    try VectorPages.rows(page: page, space: space.id, dimension: space.dimension, in: database)
  }
}

extension EmbeddedMemory {
  /// The space of a bank that is searched: which model to ask for a query's vector. `nil` while there is none.
  func searchedSpace(bankID: String) async throws -> EmbeddingSpace? {
    try await read { database in
      guard let bank = try BankRow.find(bankID, in: database) else { return nil }
      return try EmbeddingSpace.complete(ofBank: bank.id, in: database)
    }
  }

  /// The memories of a bank nearest to a vector, by nothing but that.
  package func nearest(
    to query: QueryVector, bankID: String, limit: Int, in index: VectorIndex
  ) async throws -> [VectorIndex.Hit] {
    try await read { database in
      guard let bank = try BankRow.find(bankID, in: database) else { return [] }
      return try index.search(query, bank: bank.id, limit: limit, in: database).hits
    }
  }
}
