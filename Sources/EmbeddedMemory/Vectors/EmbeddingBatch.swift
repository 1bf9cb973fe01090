import Foundation
import GRDB

/// Memories that a model's space lacks, read in one transaction, embedded outside of any, stored in another.
///
/// What happens in between is told by the file itself: a memory that was edited, invalidated or deleted meanwhile no
/// longer has the text that was read and gets no vector; one that another process embedded has it already.
struct EmbeddingBatch: Sendable {
  struct Item: Sendable {
    /// The row id of the memory.
    var memory: Int64
    var text: String

    /// What is embedded: the text alone. The date is in the word index, where a question's words for it are looked up;
    /// the context of a conversation is the same for all of its turns and would only bring them closer together.
    var embedded: String { Self.cut(text) }

    /// The characters that are embedded of a longer text: about what the 512 tokens of the small models hold.
    static let limit = 2_000

    static func cut(_ text: String) -> String {
      text.utf8.count <= limit ? text : String(text.prefix(limit))
    }

    var isBlank: Bool { text.allSatisfy(\.isWhitespace) }
  }

  /// The most memories of one batch, which is one request to the model.
  static let size = 64

  /// Where they are missing; `nil` while the model has no space in the bank.
  var space: EmbeddingSpace?
  var items: [Item]
  /// Memories that stood in the queue, some of which may not be there any more.
  private var queued: [Int64]
  /// With these items all up to this memory are done.
  private var scannedTo: Int64

  /// Whether the space lacked nothing.
  var isEmpty: Bool { items.isEmpty && queued.isEmpty }

  /// Whether there is anything to do; texts of nothing but blanks are no reason for a space.
  var isWork: Bool {
    guard let space else { return items.contains { !$0.isBlank } }
    return !isEmpty || space.state == .building
  }

  /// The next memories of a bank that the space of `model` lacks: those that changed, then the oldest others.
  init(bank: BankRow, model: String, in database: Database) throws {
    let space = try EmbeddingSpace.ofModel(model, bank: bank.id, in: database).first
    self.space = space
    queued =
      try space.map {
        try Int64.fetchAll(
          database.cachedStatement(sql: "SELECT memory FROM embedding_queue WHERE space = ? ORDER BY memory LIMIT ?"),
          arguments: [$0.id, Self.size])
      } ?? []
    let find = try database.cachedStatement(
      sql: "SELECT id, CAST(text AS BLOB) FROM memory WHERE id = ? AND bank = ? AND state = 0")
    items = try queued.compactMap { memory in
      try Row.fetchOne(find, arguments: [memory, bank.id]).map(Self.item)
    }
    let room = Self.size - queued.count
    let start = space?.embeddedTo ?? bank.memoryIDs.lowerBound - 1
    // Without the bank, which these ids tell: SQLite would go through all of it by an index that begins with it.
    let found = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT id, CAST(text AS BLOB) FROM memory
          WHERE id > ? AND id <= ? AND state = 0
            AND NOT EXISTS (SELECT 1 FROM vector WHERE vector.space = ? AND vector.memory = memory.id)
          ORDER BY id LIMIT ?
          """), arguments: [start, bank.lastMemory, space?.id, room]
    ).map(Self.item)
    scannedTo = max(start, found.count < room ? bank.lastMemory : found.last?.memory ?? start)
    let known = Set(queued)
    items += found.filter { !known.contains($0.memory) }
  }

  private static func item(_ row: Row) -> Item { Item(memory: row[0], text: MemoryRow.text(row[1]) ?? "") }

  /// Stores the vectors of the items, `nil` for an item that gets none, and notes that the items are done.
  ///
  /// - Returns: The space that they went to, `nil` where there is none to go to.
  /// - Throws: `DimensionChange` when the vectors do not fit the space, and `mayMove` is not set.
  func store(
    _ vectors: [[Float]?], model: String, bank: Int64, now: Int64, mayMove: Bool, in database: Database
  ) throws -> EmbeddingSpace? {
    let dimension = vectors.lazy.compactMap { $0?.count }.first
    guard let target = try target(dimension, model: model, bank: bank, now: now, mayMove: mayMove, in: database)
    else { return nil }
    let text = try database.cachedStatement(sql: "SELECT CAST(text AS BLOB) FROM memory WHERE id = ? AND state = 0")
    let insert = try database.cachedStatement(
      sql: "INSERT INTO vector (space, memory, codes, scale) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
    let dequeue = try database.cachedStatement(sql: "DELETE FROM embedding_queue WHERE space = ? AND memory = ?")
    // Only who read what this space lacked may say that it lacks it no more.
    let isSame = target.id == space?.id
    var stored = 0
    for (item, vector) in zip(items, vectors) {
      let current = try Row.fetchOne(text, arguments: [item.memory]).map { MemoryRow.text($0[0]) }
      guard current == .some(item.text) else { continue }
      if let vector {
        let codes = Int8Vector(vector)
        try insert.execute(
          arguments: [target.id, item.memory, VectorRows.data(codes.codes), Double(codes.scale)])
        stored += database.changesCount
      }
      if isSame { try dequeue.execute(arguments: [target.id, item.memory]) }
    }
    if isSame {
      // What left the queue's memories behind: they are gone, and no trigger has to tell.
      for memory in queued where try Row.fetchOne(text, arguments: [memory]) == nil {
        try dequeue.execute(arguments: [target.id, memory])
      }
    }
    try database.cachedStatement(
      sql: """
        UPDATE space SET generation = generation + 1, vector_count = vector_count + ?,
          embedded_to = max(embedded_to, ?) WHERE id = ?
        """
    ).execute(arguments: [stored, isSame ? scannedTo : 0, target.id])
    try VectorPages.pack(space: target.id, dimension: target.dimension, in: database)
    return target
  }

  /// The space that vectors of a dimension belong to. `nil` dimension: the one that was read.
  private func target(
    _ dimension: Int?, model: String, bank: Int64, now: Int64, mayMove: Bool, in database: Database
  ) throws -> EmbeddingSpace? {
    let known = try EmbeddingSpace.ofModel(model, bank: bank, in: database)
    guard let dimension else { return known.first { $0.id == space?.id } }
    if let newest = known.first, newest.dimension == dimension { return newest }
    if let newest = known.first {
      guard mayMove else { throw DimensionChange(from: newest.dimension, to: dimension) }
      if let former = known.first(where: { $0.dimension == dimension }) {
        // The model is again what it was before.
        try newest.set(.retired, in: database)
        return former
      }
    }
    return try EmbeddingSpace.create(model: model, dimension: dimension, bank: bank, now: now, in: database)
  }

  /// A model's vectors have another dimension than those before.
  struct DimensionChange: Error {
    var from: Int
    var to: Int
  }

  /// Makes the space the one that is searched, if it still lacks nothing. A space that is so already stays as it is.
  static func complete(_ bank: BankRow, model: String, in database: Database) throws -> Bool {
    let batch = try EmbeddingBatch(bank: bank, model: model, in: database)
    guard batch.isEmpty else { return false }
    guard let space = batch.space, space.state == .building else { return true }
    try database.execute(
      sql: "UPDATE space SET embedded_to = max(embedded_to, ?) WHERE id = ?", arguments: [batch.scannedTo, space.id])
    try space.complete(in: database)
    return true
  }
}
