import RearviewChat

/// Vectors of questions, as far as they come in time.
///
/// A question is embedded while its words are looked up; when the model is late, recall goes without. The request that
/// was late goes on: its vector is there when the same question comes again, and a local model that had to be loaded
/// first is. The last few vectors are kept. Letting go of it cancels what still runs.
actor QueryVectors {
  /// What became of asking for a vector.
  enum Answer: Hashable, Sendable {
    case vector(QueryVector)
    /// It did not come in time.
    case late
    /// The model failed, or there is no way to it: why, in one sentence.
    case failed(String)
    /// The question holds nothing to embed.
    case blank
  }

  private struct Key: Hashable {
    var model: String
    var text: String
  }

  private struct Request {
    var key: Key
    var task: Task<Void, Never>
    var waiting: [AsyncStream<Answer>.Continuation] = []
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

  /// The vector of a question by the model of that name; `late` also when the calling task is cancelled.
  func answer(to text: String, by name: String, within limit: Duration) async -> Answer {
    let key = Key(model: name, text: EmbeddingBatch.Item.cut(text))
    if let index = kept.firstIndex(where: { $0.key == key }) {
      let known = kept.remove(at: index)
      kept.append(known)
      return .vector(known.vector)
    }
    if text.allSatisfy(\.isWhitespace) { return .blank }
    guard let model = model(name) else { return .failed("There is no way to the model \(name) any more.") }
    let (answers, continuation) = AsyncStream.makeStream(of: Answer.self)
    if let index = requests.firstIndex(where: { $0.key == key }) {
      requests[index].waiting.append(continuation)
    } else {
      ask(model, key, continuation)
    }
    return await withTaskGroup(of: Answer.self) { group in
      group.addTask { await answers.first { _ in true } ?? .late }
      group.addTask {
        try? await Task.sleep(for: limit)
        return .late
      }
      defer { group.cancelAll() }
      return await group.next() ?? .late
    }
  }

  private func ask(_ model: any EmbeddingModel, _ key: Key, _ continuation: AsyncStream<Answer>.Continuation) {
    if requests.count >= Self.requestLimit {
      let oldest = requests.removeFirst()
      oldest.task.cancel()
      for continuation in oldest.waiting { continuation.finish() }
    }
    let task = Task { [weak self] in
      let answer = await Self.answer(key, of: model)
      await self?.settle(key, answer)
    }
    requests.append(Request(key: key, task: task, waiting: [continuation]))
  }

  private static func answer(_ key: Key, of model: any EmbeddingModel) async -> Answer {
    do {
      guard let numbers = try await model.embed([key.text], for: .query).first, !numbers.isEmpty,
        numbers.allSatisfy(\.isFinite)
      else { return .failed("\(key.model) gave no vector for the question.") }
      return .vector(QueryVector(model: key.model, numbers: numbers))
    } catch {
      return .failed("\(error)")
    }
  }

  private func settle(_ key: Key, _ answer: Answer) {
    guard !Task.isCancelled, let index = requests.firstIndex(where: { $0.key == key }) else { return }
    let request = requests.remove(at: index)
    if case .vector(let vector) = answer {
      kept.append((key, vector))
      if kept.count > Self.keptLimit { kept.removeFirst() }
    }
    for continuation in request.waiting {
      continuation.yield(answer)
      continuation.finish()
    }
  }
}
