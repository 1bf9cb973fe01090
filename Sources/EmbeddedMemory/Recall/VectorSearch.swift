import GRDB
import RearviewChat
import RearviewMemory

/// How a store gets the vectors of questions, and what it keeps of those of memories.
struct QuestionEmbedding: Sendable {
  let index: VectorIndex
  let vectors: QueryVectors
  /// How long a recall waits for the vector of its question.
  let limit: Duration
}

/// A question's vector, and where to look for those that point the same way.
struct VectorSearch: Sendable {
  let query: QueryVector
  let index: VectorIndex

  /// What is near to the question.
  struct Found {
    /// The cosine of each memory that was looked at.
    var cosines: [Int64: Double] = [:]
    /// Where between unrelated and the best it is, from 0 to 1; only those above unrelated.
    var shares: [Int64: Double] = [:]
    /// Whether the best one has to do with the question whatever its words.
    var isAnswer = false
  }

  /// The nearest twice `breadth` memories that the filter lets through. The filter is asked about each memory that
  /// would be among them, so one that lets almost nothing through costs as much as reading the bank.
  func found(_ search: RecallSearch, in database: Database) throws -> Found {
    let bank = search.bank.id
    // The question itself, if it was said before, is nearest of all and says nothing.
    let echoes = try Int64.fetchSet(
      database.cachedStatement(
        sql: "SELECT id FROM memory INDEXED BY memory_text_hash WHERE bank = ? AND text_hash = ?"),
      arguments: [bank, search.question.textHash])
    let passes = try database.cachedStatement(
      sql: "SELECT TRUE FROM memory WHERE id = ? AND state = 0\(search.filter.sql)")
    let near = try index.search(query, bank: bank, limit: 2 * search.query.budget.breadth, in: database) { row in
      if echoes.contains(row) { return false }
      if search.filter.isEmpty { return true }
      return try Bool.fetchOne(passes, arguments: [row] + search.filter.arguments) ?? false
    }
    guard let best = near.hits.first?.cosine else { return Found() }
    let weights = search.weights
    let unrelated = max(weights.unrelatedCosine, near.usualCosine)
    var found = Found(isAnswer: best >= weights.cosineFloor + unrelated - weights.unrelatedCosine)
    for hit in near.hits {
      found.cosines[hit.row] = hit.cosine
      if hit.cosine > unrelated { found.shares[hit.row] = (hit.cosine - unrelated) / (best - unrelated) }
    }
    return found
  }
}

extension EmbeddedMemory {
  /// Lets recall search by meaning in banks that have the vectors of an embedding model (`embedMissing`, `Worker`).
  ///
  /// Each recall asks for the vector of its question by the model whose vectors the bank has; while a bank is embedded
  /// anew, that is the model before. A model that fails or is late costs the recall nothing but this arm, which
  /// `RecallResult.notices` says. Nothing is sent to a model for a bank without vectors.
  ///
  /// - Parameters:
  ///   - limit: How long a recall waits for the vector of its question.
  ///   - cacheLimit: The most bytes of vectors that are kept in memory, of all banks together; a bank with more is read
  ///     from the file at each recall, with the same result.
  ///   - model: The embedding model of a name; `nil` where there is no way to it.
  public func setEmbeddings(
    within limit: Duration = .milliseconds(150), cacheLimit: Int = 256 << 20,
    model: @escaping @Sendable (String) -> (any EmbeddingModel)?
  ) {
    let embedding = QuestionEmbedding(
      index: VectorIndex(cacheLimit: cacheLimit), vectors: QueryVectors(model: model), limit: limit)
    models.withLockedValue { $0.vectors = embedding }
  }

  /// What a recall searches vectors with; `nil` where it goes without, with the reason if that is a fault.
  func vectorSearch(for query: RecallQuery) async throws -> (search: VectorSearch?, notices: [String]) {
    guard let embedding = models.withLockedValue(\.vectors),
      let space = try await searchedSpace(bankID: query.bankID)
    else {
      return (nil, [])
    }
    switch await embedding.vectors.answer(to: query.text, by: space.model, within: embedding.limit) {
    case .vector(let vector): return (VectorSearch(query: vector, index: embedding.index), [])
    case .blank: return (nil, [])
    case .late:
      let waited = Int(embedding.limit / .milliseconds(1))
      return (nil, ["Searched without vectors: \(space.model) did not answer within \(waited) ms."])
    case .failed(let cause): return (nil, ["Searched without vectors: \(cause)"])
    }
  }
}
