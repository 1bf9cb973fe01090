import GRDB
import RearviewChat
import RearviewMemory

/// How far a bank is embedded.
public struct EmbeddingProgress: Hashable, Sendable {
  /// Memories that have a vector.
  public var done: Int
  /// Valid memories of the bank.
  public var total: Int
  /// Memories whose text the model refused while it took others. They are found by their words only.
  public var refused = 0

  public init(done: Int, total: Int, refused: Int = 0) {
    self.done = done
    self.total = total
    self.refused = refused
  }
}

extension EmbeddedMemory {
  /// Embeds what a bank lacks of a model's vectors: all of it after a model was chosen, what is new or was edited later.
  ///
  /// Goes in batches of 64 memories, each stored in one transaction, so it can be cancelled or killed at any point and
  /// goes on from there the next time. Run by two processes at once, some memories are embedded twice and stored once.
  /// Until a model has embedded all of the bank, recall goes on with the vectors of the model before, which are removed
  /// then; the same holds for a model that gives another dimension than before. Two models in turn for one bank (two
  /// processes that are set up differently) embed all of it again at each turn.
  ///
  /// Returns at once when nothing is missing; whoever retained something calls it again.
  ///
  /// - Parameters:
  ///   - progress: Called after each batch, with what is stored by then; what it throws ends the work.
  /// - Returns: How far it came; all of it, but for what the model refused.
  /// - Throws: What `model` or `progress` throws, `CancellationError`, `MemoryStoreError`. What was stored before stays.
  @discardableResult
  public func embedMissing(
    bankID: String, model: any EmbeddingModel,
    progress: @Sendable (EmbeddingProgress) async throws -> Void = { _ in }
  ) async throws -> EmbeddingProgress {
    // Before a model is asked for what could not be kept.
    if isReadOnly { throw MemoryStoreError.readOnly(location: location) }
    var work = EmbeddingWork(store: self, bankID: bankID, model: model)
    try await work.embed(progress)
    try await work.tidy()
    return try await work.progress()
  }
}

/// One run over a bank with one model.
private struct EmbeddingWork {
  let store: EmbeddedMemory
  let bankID: String
  let model: any EmbeddingModel
  /// The texts that the model refused in this run, by memory.
  private var refused: [Int64: String] = [:]
  /// Whether the model has changed its dimension in this run.
  private var hasMoved = false

  init(store: EmbeddedMemory, bankID: String, model: any EmbeddingModel) {
    self.store = store
    self.bankID = bankID
    self.model = model
  }

  func progress() async throws -> EmbeddingProgress {
    let done = try await store.read { [bankID, name = model.name] database in
      guard let bank = try BankRow.find(bankID, in: database) else { return EmbeddingProgress(done: 0, total: 0) }
      let space = try EmbeddingSpace.ofModel(name, bank: bank.id, in: database).first
      return EmbeddingProgress(done: space?.vectorCount ?? 0, total: bank.validCount)
    }
    return EmbeddingProgress(done: done.done, total: done.total, refused: refused.count)
  }

  mutating func embed(_ report: @Sendable (EmbeddingProgress) async throws -> Void) async throws {
    while true {
      try Task.checkCancellation()
      let next = try await store.read { [bankID, name = model.name] database in
        try BankRow.find(bankID, in: database).map { ($0, try EmbeddingBatch(bank: $0, model: name, in: database)) }
      }
      guard let (bank, batch) = next else { return }
      if batch.isEmpty {
        if batch.space?.state != .building { return }
        let isComplete = try await store.write { [bankID, name = model.name] database in
          guard let bank = try BankRow.find(bankID, in: database) else { return true }
          return try EmbeddingBatch.complete(bank, model: name, in: database)
        }
        if isComplete { return }
        continue
      }
      let vectors = try await vectors(of: batch)
      if batch.space == nil, vectors.allSatisfy({ $0 == nil }) { return }
      try await store(vectors, of: batch, bank: bank.id)
      try await report(try await progress())
    }
  }

  /// One vector for each item; `nil` where there is nothing to embed, and where the model refuses a text.
  private mutating func vectors(of batch: EmbeddingBatch) async throws -> [[Float]?] {
    let items = batch.items.filter { !$0.isBlank && refused[$0.memory] != $0.text }
    var found: [Int64: [Float]] = [:]
    if !items.isEmpty {
      do {
        for (item, vector) in zip(items, try await embed(items.map(\.embedded))) { found[item.memory] = vector }
      } catch let error as ChatModelError where error.isOfText {
        found = try await oneByOne(items, after: error)
      }
    }
    guard Set(found.values.map(\.count)).count <= 1 else { throw unreadable("its vectors differ in length") }
    return batch.items.map { found[$0.memory] }
  }

  /// Finds out which of the texts the model refuses; those that are too long it is asked about once more, cut.
  private mutating func oneByOne(
    _ items: [EmbeddingBatch.Item], after error: ChatModelError
  ) async throws -> [Int64: [Float]] {
    var last = error
    var found: [Int64: [Float]] = [:]
    for item in items {
      var text = item.embedded
      while true {
        do {
          found[item.memory] = try await embed([text]).first
        } catch let error as ChatModelError where error.isOfText {
          last = error
          if error.kind == .contextTooLong, text.count > 125 {
            text = String(text.prefix(text.count / 2))
            continue
          }
        }
        break
      }
    }
    // What it refuses all alike is not the texts' fault.
    guard !found.isEmpty else { throw last }
    for item in items where found[item.memory] == nil { refused[item.memory] = item.text }
    return found
  }

  private func embed(_ texts: [String]) async throws -> [[Float]] {
    let vectors = try await model.embed(texts, for: .document)
    guard vectors.count == texts.count else {
      throw unreadable("it gave \(vectors.count) vectors for \(texts.count) texts")
    }
    guard vectors.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isFinite) }) else {
      throw unreadable("a vector is empty or holds something that is no number")
    }
    return vectors
  }

  private mutating func store(_ vectors: [[Float]?], of batch: EmbeddingBatch, bank: Int64) async throws {
    do {
      let target = try await store.write { [name = model.name, now = store.now, mayMove = !hasMoved] database in
        try batch.store(vectors, model: name, bank: bank, now: now, mayMove: mayMove, in: database)
      }
      if let known = batch.space, let target, target.dimension != known.dimension { hasMoved = true }
    } catch let change as EmbeddingBatch.DimensionChange {
      throw unreadable("its vectors have \(change.from) and \(change.to) numbers in turn")
    }
  }

  private func unreadable(_ detail: String) -> ChatModelError {
    ChatModelError(
      .unreadable, provider: String(model.name.prefix { $0 != "/" }), model: model.name, detail: detail)
  }

  /// Removes spaces that are no longer searched and rewrites pages of which much is dead, a part at a time.
  func tidy() async throws {
    while try await tidyPart() { try Task.checkCancellation() }
  }

  private func tidyPart() async throws -> Bool {
    let isNeeded = try await store.read { [bankID] database in
      guard let bank = try BankRow.find(bankID, in: database) else { return false }
      return try EmbeddingSpace.retired(ofBank: bank.id, in: database) != nil
        || VectorPages.sparsePage(bank: bank.id, in: database) != nil
    }
    guard isNeeded else { return false }
    try await store.write { [bankID] database in
      guard let bank = try BankRow.find(bankID, in: database) else { return }
      if let retired = try EmbeddingSpace.retired(ofBank: bank.id, in: database) {
        try retired.removePart(in: database)
      } else if let (space, dimension, page) = try VectorPages.sparsePage(bank: bank.id, in: database) {
        try VectorPages.unpack(page: page, space: space, dimension: dimension, in: database)
        try VectorPages.pack(space: space, dimension: dimension, in: database)
      }
    }
    return true
  }
}

extension ChatModelError {
  /// Whether another text might have been taken.
  fileprivate var isOfText: Bool {
    switch kind {
    case .badRequest, .contextTooLong, .blocked: true
    case .noKey, .unauthorised, .payment, .notFound, .rateLimited, .server, .unreachable, .timedOut, .cutStream,
      .failedMidStream, .unreadable:
      false
    }
  }
}
