import RearviewChat

/// Vectors of questions, as far as they come in time.
///
/// A question is embedded while its words are looked up; when the model is late, recall goes without. The request that
/// was late goes on: its vector is there when the same question comes again, and a local model that had to be loaded
/// first is. The last few vectors are kept. Letting go of it cancels what still runs.
actor QueryVectors {
  private struct Key: Hashable {
    var model: String
    var text: String
  }

  private struct Request {
    var key: Key
    var task: Task<Void, Never>
    var waiting: [AsyncStream<QueryVector?>.Continuation] = []
  }

  /// The vectors that are kept, and the requests that run at most.
  private static let keptLimit = 16
  private static let requestLimit = 4

  private let model: @Sendable (String) -> (any EmbeddingModel)?
  private var kept: [(key: Key, vector: QueryVector)] = []
  private var requests: [Request] = []

  /// - Parameter model: The model of a name, `nil` where there is none of that name: while models are switched, the one
  ///   before is asked for.
  init(model: @escaping @Sendable (String) -> (any EmbeddingModel)?) {
    self.model = model
  }

  deinit {
    for request in requests {
      request.task.cancel()
      for continuation in request.waiting { continuation.finish() }
    }
  }

  /// The vector of a question by the model of that name; `nil` when it does not come within `limit`, or cannot be had,
  /// or the calling task is cancelled.
  func vector(of text: String, model name: String, within limit: Duration) async -> QueryVector? {
    let key = Key(model: name, text: EmbeddingBatch.Item.cut(text))
    if let index = kept.firstIndex(where: { $0.key == key }) {
      kept.append(kept.remove(at: index))
      return kept.last?.vector
    }
    guard !text.allSatisfy(\.isWhitespace), let model = model(name) else { return nil }
    let (vectors, continuation) = AsyncStream.makeStream(of: QueryVector?.self)
    if let index = requests.firstIndex(where: { $0.key == key }) {
      requests[index].waiting.append(continuation)
    } else {
      ask(model, key, continuation)
    }
    return await withTaskGroup(of: QueryVector?.self) { group in
      group.addTask { await vectors.first { _ in true } ?? nil }
      group.addTask {
        try? await Task.sleep(for: limit)
        return nil
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
  }

  private func ask(_ model: any EmbeddingModel, _ key: Key, _ continuation: AsyncStream<QueryVector?>.Continuation) {
    if requests.count >= Self.requestLimit {
      let oldest = requests.removeFirst()
      oldest.task.cancel()
      for continuation in oldest.waiting { continuation.finish() }
    }
    let task = Task { [weak self] in
      let numbers = try? await model.embed([key.text], for: .query).first
      let isUsable = numbers?.allSatisfy(\.isFinite) == true && numbers?.isEmpty == false
      await self?.settle(key, isUsable ? numbers.map { QueryVector(model: key.model, numbers: $0) } : nil)
    }
    requests.append(Request(key: key, task: task, waiting: [continuation]))
  }

  private func settle(_ key: Key, _ vector: QueryVector?) {
    guard !Task.isCancelled, let index = requests.firstIndex(where: { $0.key == key }) else { return }
    let request = requests.remove(at: index)
    if let vector {
      kept.append((key, vector))
      if kept.count > Self.keptLimit { kept.removeFirst() }
    }
    for continuation in request.waiting {
      continuation.yield(vector)
      continuation.finish()
    }
  }
}
