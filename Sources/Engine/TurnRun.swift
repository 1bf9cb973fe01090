import Foundation
import RearviewChat
import RearviewMemory

/// The steps of one turn, in their order.
///
/// Cancelling its task stops recall and stream; the steps that write run in tasks of their own, so that they end
/// properly all the same.
struct TurnRun {
  var record: TurnRecord
  let request: TurnRequest
  let store: any MemoryStore
  let journal: any TurnJournal
  let words: WordsUnderWay
  let now: @Sendable () -> Date
  let report: @Sendable (TurnEvent) -> Void

  private let clock = ContinuousClock()

  init(
    record: TurnRecord, request: TurnRequest, store: any MemoryStore, journal: any TurnJournal, words: WordsUnderWay,
    now: @escaping @Sendable () -> Date, report: @escaping @Sendable (TurnEvent) -> Void
  ) {
    self.record = record
    self.request = request
    self.store = store
    self.journal = journal
    self.words = words
    self.now = now
    self.report = report
  }

  mutating func run() async {
    let model = Result { try request.resolveModel() }
    if case .success(let model) = model { record.retainsAnswer = model.retainsAnswers }
    do {
      let opened = record
      try await uncancelled { [journal] in try await journal.open(opened) }
    } catch {
      record.answer.state = .failed
      record.answer.error = "The turn was not sent because it could not be saved: \(error)"
      record.storage = Storage(state: .failed, error: "\(error)")
      report(.finished(record.answer))
      report(.record(record))
      return
    }
    report(.opened(record))
    await retrieve()
    compose()
    advance()
    await answer(model)
    await keep()
    report(.record(record))
  }

  // MARK: Recall and injection

  private mutating func retrieve() async {
    guard request.settings.injectMemories else {
      report(.retrieved(record.retrieval))
      return
    }
    let messages = request.history + [Message(.user, request.question)]
    guard let text = recallText(of: messages) else {
      record.retrieval = Retrieval(state: .noQuery)
      report(.retrieved(record.retrieval))
      return
    }
    let settings = request.settings
    let query = RecallQuery(
      bankID: settings.bankID, text: text, budget: settings.budget, maxTokens: settings.maxMemoryTokens,
      types: settings.factTypes)
    let started = clock.now
    // What was said a moment ago, in another session too, is to be found.
    await words.arrive(within: .seconds(1))
    do {
      let store = store
      let result = try await withTimeLimit(.seconds(settings.recallTimeoutSeconds)) { try await store.recall(query) }
      record.retrieval = Retrieval(
        state: result.memories.isEmpty ? .nothing : .found, query: text,
        memories: Self.use(result.memories, limit: settings.maxMemories, messages: messages),
        matchCount: result.matchCount, searchedCount: result.searchedCount, words: result.words)
    } catch is CancellationError {
      record.retrieval = Retrieval(state: .failed, query: text, error: TurnRecord.stoppedBeforeMemory)
    } catch {
      record.retrieval = Retrieval(state: .failed, query: text, error: "\(error)")
    }
    record.retrieval.durationMilliseconds = started.duration(to: clock.now).milliseconds
    report(.retrieved(record.retrieval))
  }

  /// Decides what becomes of each recalled memory. What already stands in the conversation is not sent twice.
  static func use(_ recalled: [RecalledMemory], limit: Int?, messages: [Message]) -> [RetrievedMemory] {
    let said = messages.map { SaidText($0.content) }
    var injected = 0
    return recalled.map { item in
      let text = SaidText(item.memory.text)
      if said.contains(where: { $0.contains(text) }) { return RetrievedMemory(recalled: item, use: .inConversation) }
      if let limit, injected >= limit { return RetrievedMemory(recalled: item, use: .overLimit) }
      injected += 1
      return RetrievedMemory(recalled: item, use: .injected)
    }
  }

  private mutating func compose() {
    let messages = request.history + [Message(.user, request.question)]
    record.block = memoryBlock(of: record.retrieval.injected.map(\.recalled.memory))
    record.setSent(record.block.map { inject($0, into: messages, mode: request.settings.injectionMode) } ?? messages)
    report(.injected(block: record.block, messages: record.messages))
  }

  // MARK: Answer

  private mutating func answer(_ model: Result<any ChatModel, any Error>) async {
    let started = clock.now
    var fault: (any Error)?
    do {
      let model = try model.get()
      try Task.checkCancellation()
      try await stream(from: model, started: started)
    } catch {
      fault = error
    }
    record.answer.durationMilliseconds = started.duration(to: clock.now).milliseconds
    let isEmpty = record.answer.text.isEmpty
    if Task.isCancelled && record.answer.state != .complete {
      record.answer.state = isEmpty ? .failed : .cut
      record.answer.error = "Stopped."
    } else if let fault {
      record.answer.state = isEmpty ? .failed : .cut
      record.answer.error = "\(fault)"
    } else if isEmpty {
      record.answer.state = .failed
      record.answer.error =
        "\(request.model) ended without an answer"
        + (record.answer.reasoning.isEmpty ? "" : " after its reasoning") + "; send again, or pick another model."
    } else {
      record.answer.state = .complete
    }
  }

  private mutating func stream(from model: any ChatModel, started: ContinuousClock.Instant) async throws {
    let chat = ChatRequest(messages: record.messages, memories: record.retrieval.memories.map(\.recalled))
    let checkpoint = AnswerCheckpoint()
    let writing = Task { [id = record.id, journal] in await checkpoint.run(turnID: id, journal: journal) }
    defer { writing.cancel() }
    for try await event in model.stream(chat) {
      switch event {
      case .text(let text):
        if record.answer.firstTokenMilliseconds == nil {
          record.answer.firstTokenMilliseconds = started.duration(to: clock.now).milliseconds
        }
        record.answer.text += text
        report(.text(text))
        checkpoint.add(text)
      case .reasoning(let text):
        record.answer.reasoning += text
        report(.reasoning(text))
      case .usage(let usage):
        record.answer.usage = usage
        report(.usage(usage))
      case .finished(let reason):
        record.answer.finishReason = reason
        if !record.answer.text.isEmpty { record.answer.state = .complete }
      }
    }
  }

  // MARK: Storage

  /// After the recall, which would find nothing but the question itself; not waited for.
  private func advance() {
    words.start(turnID: record.id) { [journal, record, retained = retained(of: record, at: now())] in
      await journal.advance(record, retaining: retained)
    }
  }

  private mutating func keep() async {
    let retained = retained(of: record, at: now())
    record.storage = Storage(state: retained == nil ? .off : .queued)
    await close(retaining: retained)
    guard record.storage.state != .unsaved else { return }
    guard retained != nil else { return }
    report(.storage(record.storage))
    let id = record.id
    record.storage = await uncancelled { [journal] in await journal.store(turnID: id) }
    report(.storage(record.storage))
  }

  /// Writes the finished turn. What cannot be written (a full disk, a locked file) is said at once and tried again for
  /// a minute; until then the answer is only on the screen.
  private mutating func close(retaining turn: RetainTurn?) async {
    let deadline = clock.now + .seconds(60)
    var pause = Duration.milliseconds(500)
    let queued = record.storage
    while true {
      record.storage = queued
      let closed = record
      do {
        try await uncancelled { [journal] in try await journal.close(closed, retaining: turn) }
        if pause == .milliseconds(500) { report(.finished(record.answer)) }
        return
      } catch {
        record.storage = Storage(state: .unsaved, error: "\(error)")
        if pause == .milliseconds(500) { report(.finished(record.answer)) }
        report(.storage(record.storage))
        guard clock.now + pause < deadline else { return }
        await uncancelled { [pause] in try? await Task.sleep(for: pause) }
        pause = min(pause * 2, .seconds(10))
      }
    }
  }
}

/// What a store is handed: the words as they were said, never the memory block. An answer that is not complete is
/// marked as cut. `nil` when there is nothing to retain.
public func retained(of record: TurnRecord, at answeredAt: Date) -> RetainTurn? {
  guard record.settings.storeConversations else { return nil }
  var messages: [RetainedMessage] = []
  if !record.question.allSatisfy(\.isWhitespace) {
    messages.append(RetainedMessage(speaker: .user, text: record.question, saidAt: record.startedAt))
  }
  if record.retainsAnswer, !record.answer.text.allSatisfy(\.isWhitespace) {
    messages.append(
      RetainedMessage(
        speaker: .assistant, text: record.answer.text, saidAt: answeredAt,
        isCut: record.answer.state != .complete || record.answer.finishReason == .length))
  }
  guard !messages.isEmpty else { return nil }
  return RetainTurn(
    bankID: record.settings.bankID, turnID: record.id, documentID: record.sessionID, messages: messages,
    context: "conversation:rearview:\(record.model)",
    metadata: ["source": "rearview", "model": record.model], tags: record.settings.tags)
}

/// Runs work that is not cancelled with the calling task.
private func uncancelled<Success: Sendable>(_ work: @escaping @Sendable () async -> Success) async -> Success {
  await Task { await work() }.value
}

private func uncancelled(_ work: @escaping @Sendable () async throws -> Void) async throws {
  try await Task { try await work() }.value
}

/// Says that memory took too long.
struct TimeLimitExceeded: Error, CustomStringConvertible {
  let limit: Duration
  var description: String {
    "Memory did not answer within \(limit.formatted(.units(allowed: [.seconds, .milliseconds], width: .abbreviated))); "
      + "the answer goes on without it (recall_timeout_seconds sets the limit)."
  }
}

private func withTimeLimit<Success: Sendable>(
  _ limit: Duration, _ work: @escaping @Sendable () async throws -> Success
) async throws -> Success {
  try await withThrowingTaskGroup(of: Success?.self) { group in
    group.addTask { try await work() }
    group.addTask {
      try await Task.sleep(for: limit)
      return nil
    }
    defer { group.cancelAll() }
    guard let first = try await group.next(), let success = first else { throw TimeLimitExceeded(limit: limit) }
    return success
  }
}

extension Duration {
  /// As a number for records.
  public var milliseconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) * 1_000 + Double(attoseconds) / 1e15
  }
}
