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
  let fault: Fault

  private let clock = ContinuousClock()

  init(
    record: TurnRecord, request: TurnRequest, store: any MemoryStore, journal: any TurnJournal, words: WordsUnderWay,
    now: @escaping @Sendable () -> Date, report: @escaping @Sendable (TurnEvent) -> Void, fault: Fault
  ) {
    self.record = record
    self.request = request
    self.store = store
    self.journal = journal
    self.words = words
    self.now = now
    self.report = report
    self.fault = fault
  }

  private var settings: MemorySettings { record.settings }
  private var rules: TurnRules { request.rules }

  mutating func run() async {
    let model = Result { try request.resolveModel() }
    if case .success(let model) = model { record.retainsAnswer = model.retainsAnswers }
    let isExcluded = isExcluded(record.model, by: settings.excludedModels)
    if isExcluded {
      record.retrieval = Retrieval(state: .excluded)
      record.settings.storeConversations = false
      record.storage = Storage(state: .off)
    }
    if !isExcluded, settings.bankID == nil, settings.injectMemories || settings.storeConversations {
      return end(unsent: TurnRecord.noBank)
    }
    do {
      let opened = record
      try await uncancelled { [journal] in try await journal.open(opened) }
    } catch {
      return end(unsent: "The turn was not sent because it could not be saved: \(error)")
    }
    report(.opened(record))
    if isExcluded { report(.retrieved(record.retrieval)) } else { await retrieve() }
    if record.retrieval.state == .failed, settings.memoryFailure == .fail, !Task.isCancelled {
      record.answer.state = .failed
      record.answer.error =
        "The model was not asked because memory failed (memory_failure = \"fail\"): \(record.retrieval.error ?? "")"
    } else {
      compose()
      advance()
      await answer(model)
    }
    await keep()
    report(.record(record))
  }

  /// Ends a turn that never began.
  private mutating func end(unsent reason: String) {
    record.answer.state = .failed
    record.answer.error = reason
    record.storage = reason == TurnRecord.noBank ? Storage(state: .off) : Storage(state: .failed, error: reason)
    report(.finished(record.answer))
    report(.record(record))
  }

  // MARK: Recall and reflect

  private mutating func retrieve() async {
    guard settings.injectMemories else {
      report(.retrieved(record.retrieval))
      return
    }
    let mode: Retrieval.Mode = settings.useReflect ? .reflect : .recall
    guard let text = settings.query ?? recallText(of: request.messages, firstPartOnly: rules.asksFirstPartOnly) else {
      record.retrieval = Retrieval(state: .noQuery, mode: mode)
      report(.retrieved(record.retrieval))
      return
    }
    record.retrieval = Retrieval(state: .asking, mode: mode, query: text)
    if mode == .recall, let limit = store.queryTokenLimit, let short = shortened(text, toTokens: limit) {
      record.retrieval.query = short
      record.retrieval.uncutQueryTokens = estimatedTokens(text)
    }
    let started = clock.now
    // What was said a moment ago, in another session too, is to be found.
    await words.arrive(within: .seconds(1))
    do {
      switch mode {
      case .recall: try await recall(record.retrieval.query ?? text)
      case .reflect: try await reflect(record.retrieval.query ?? text)
      }
    } catch is CancellationError {
      record.retrieval.state = .failed
      record.retrieval.error = TurnRecord.stoppedBeforeMemory
    } catch {
      record.retrieval.state = .failed
      record.retrieval.error = "\(error)"
    }
    record.retrieval.durationMilliseconds = started.duration(to: clock.now).milliseconds
    report(.retrieved(record.retrieval))
  }

  private mutating func recall(_ text: String) async throws {
    let limit = Duration.seconds(settings.recallTimeoutSeconds ?? rules.recallTimeoutSeconds)
    let query = RecallQuery(
      bankID: settings.bankID ?? "", text: text, budget: settings.budget, maxTokens: settings.maxMemoryTokens,
      types: settings.factTypes, tags: settings.tagFilter,
      includesEntities: settings.includeEntities ?? rules.includesEntities, traces: settings.trace, timeout: limit)
    let result = try await withTimeLimit(limit, of: "recall", at: store, bankID: query.bankID) { [store] in
      try await store.recall(query)
    }
    record.retrieval.memories = use(result.memories)
    record.retrieval.state = record.retrieval.memories.contains { $0.use != .blank } ? .found : .nothing
    record.retrieval.matchCount = result.matchCount
    record.retrieval.searchedCount = result.searchedCount
    record.retrieval.words = result.words
    record.retrieval.trace = result.trace
    record.retrieval.notices = result.notices
  }

  private mutating func reflect(_ text: String) async throws {
    let limit = Duration.seconds(settings.reflectTimeoutSeconds)
    let query = ReflectQuery(
      bankID: settings.bankID ?? "", text: text, budget: settings.budget, context: settings.reflectContext,
      responseSchema: settings.reflectResponseSchema, includesFacts: settings.reflectIncludeFacts,
      tags: settings.tagFilter, timeout: limit)
    let reflection = try await withTimeLimit(limit, of: "reflect", at: store, bankID: query.bankID) { [store] in
      try await store.reflect(query)
    }
    record.retrieval.reflection = reflection
    record.retrieval.state = reflection.text.isEmpty && reflection.structuredOutput == nil ? .nothing : .found
    record.retrieval.trace = settings.trace ? reflection.trace : nil
  }

  /// Decides what becomes of each recalled memory. What already stands in the conversation is not sent twice.
  private func use(_ recalled: [RecalledMemory]) -> [RetrievedMemory] {
    let said = request.messages.map { SaidText($0.text) }
    var taken = 0
    return recalled.map { item in
      let text = SaidText(item.memory.text)
      if said.contains(where: { $0.contains(text) }) { return RetrievedMemory(recalled: item, use: .inConversation) }
      if let limit = settings.maxMemories, taken >= limit { return RetrievedMemory(recalled: item, use: .overLimit) }
      taken += 1
      return RetrievedMemory(recalled: item, use: block.isBlank(item.memory) ? .blank : .injected)
    }
  }

  // MARK: Injection

  private var block: MemoryBlock {
    MemoryBlock(isDated: rules.isBlockDated, format: settings.injectionFormat, now: record.startedAt)
  }

  private mutating func compose() {
    record.block =
      switch record.retrieval.mode {
      case .recall:
        block.text(
          recalling: record.retrieval.memories.filter { $0.use == .injected || $0.use == .blank }
            .map(\.recalled.memory))
      case .reflect: block.text(reflecting: reflectionText)
      }
    record.setSent(
      record.block.map {
        inject($0, into: request.messages, mode: settings.injectionMode, separator: rules.separator)
      } ?? request.messages)
    report(.injected(block: record.block, messages: record.messages))
  }

  private var reflectionText: String {
    guard let reflection = record.retrieval.reflection else { return "" }
    if rules.injectsStructuredOutput, let output = reflection.structuredOutput { return output.written(indent: 2) }
    return reflection.text
  }

  // MARK: Answer

  /// The model ended well and said nothing: no fault of the call, whose words are retained as after any answer.
  private var answeredNothing = false

  private mutating func answer(_ model: Result<any ChatModel, any Error>) async {
    let started = clock.now
    fault.error = nil
    do {
      let model = try model.get()
      try Task.checkCancellation()
      try await stream(from: model, started: started)
    } catch {
      fault.error = error
    }
    record.answer.durationMilliseconds = started.duration(to: clock.now).milliseconds
    let isEmpty = record.answer.isEmpty
    if Task.isCancelled && record.answer.state != .complete {
      record.answer.state = isEmpty ? .failed : .cut
      record.answer.error = "Stopped."
    } else if let fault = fault.error {
      record.answer.state = isEmpty ? .failed : .cut
      record.answer.error = "\(fault)"
    } else if isEmpty {
      answeredNothing = true
      record.answer.state = .failed
      record.answer.error =
        "\(request.model) ended without an answer"
        + (record.answer.reasoning.isEmpty ? "" : " after its reasoning") + "; send again, or pick another model."
    } else {
      record.answer.state = .complete
    }
  }

  private mutating func stream(from model: any ChatModel, started: ContinuousClock.Instant) async throws {
    let chat = ChatRequest(
      messages: record.messages, memories: record.retrieval.memories.map(\.recalled), form: request.form,
      parameters: request.parameters, streams: request.streams, isCompletable: rules.isCompletable)
    let checkpoint = journal.keepsCheckpoints ? AnswerCheckpoint() : nil
    let writing = checkpoint.map { checkpoint in
      Task { [id = record.id, journal] in await checkpoint.run(turnID: id, journal: journal) }
    }
    defer { writing?.cancel() }
    // The model that is asked now, where it is not the one of the turn.
    var asked: String?
    for try await event in model.stream(chat) {
      if case .retrying(let retry) = event { asked = retry.model ?? asked } else { record.answer.answeredBy = asked }
      switch event {
      case .text(let text):
        if record.answer.firstTokenMilliseconds == nil {
          record.answer.firstTokenMilliseconds = started.duration(to: clock.now).milliseconds
        }
        record.answer.text += text
        report(.text(text))
        checkpoint?.add(text)
      case .reasoning(let text):
        record.answer.reasoning += text
        report(.reasoning(text))
      case .thinkingBlock(let block):
        record.answer.thinkingBlocks.append(block)
      case .toolCall(let call):
        record.answer.toolCalls.append(call)
        report(.toolCall(call))
      case .usage(let usage):
        record.answer.usage = usage
        report(.usage(usage))
      case .retrying(let retry):
        report(.retrying(retry))
      case .finished(let reason):
        record.answer.finishReason = reason
        if !record.answer.isEmpty { record.answer.state = .complete }
      }
    }
  }

  // MARK: Storage

  /// After the recall, which would find nothing but the question itself; not waited for.
  private func advance() {
    guard rules.keepsWordsOfFailedTurns else { return }
    let early = store.takesPartialTurns ? retention : nil
    words.start(turnID: record.id) { [journal, record] in await journal.advance(record, retaining: early) }
  }

  /// What is to be retained of the turn as it stands.
  private var retention: RetainTurn? {
    let messages =
      switch rules.retained {
      case .conversation: request.messages
      case .exchange: lastExchange(of: request.messages)
      }
    return retained(of: record, messages: messages, rules: rules, at: now())
  }

  private mutating func keep() async {
    let isLost = record.answer.state == .failed && record.answer.error != nil && !rules.keepsWordsOfFailedTurns
    let isKept = !isLost || answeredNothing && rules.retainsWithoutAnswer
    let turn = isKept ? retention : nil
    record.storage = Storage(state: turn == nil ? .off : .queued)
    await close(retaining: turn)
    guard record.storage.state == .queued else { return }
    report(.storage(record.storage))
    let id = record.id
    let storing = Task { [journal] in await journal.store(turnID: id) }
    if settings.syncStorage {
      record.storage = await uncancelled { await storing.value }
    } else if let storage = await uncancelled({ await Self.value(of: storing, within: Self.patience) }) {
      record.storage = storage
    } else {
      // It goes on by itself, and whoever looks after the queue hears of its end.
      return
    }
    report(.storage(record.storage))
  }

  /// How long a turn that nobody waits for waits for its storage itself.
  private static let patience = Duration.seconds(3)

  private static func value<Value: Sendable>(of task: Task<Value, Never>, within limit: Duration) async -> Value? {
    let (values, continuation) = AsyncStream.makeStream(of: Value.self)
    let timer = Task {
      try? await Task.sleep(for: limit)
      continuation.finish()
    }
    Task {
      continuation.yield(await task.value)
      continuation.finish()
    }
    defer { timer.cancel() }
    return await values.first { _ in true }
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
        record.storage = try await uncancelled { [journal] in try await journal.close(closed, retaining: turn) }
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

/// Runs work that is not cancelled with the calling task.
private func uncancelled<Success: Sendable>(_ work: @escaping @Sendable () async -> Success) async -> Success {
  await Task { await work() }.value
}

private func uncancelled<Success: Sendable>(
  _ work: @escaping @Sendable () async throws -> Success
) async throws -> Success {
  try await Task { try await work() }.value
}

/// Bounds what a store should have bounded itself.
private func withTimeLimit<Success: Sendable>(
  _ limit: Duration, of operation: String, at store: any MemoryStore, bankID: String,
  _ work: @escaping @Sendable () async throws -> Success
) async throws -> Success {
  try await withThrowingTaskGroup(of: Success?.self) { group in
    group.addTask { try await work() }
    group.addTask {
      // A moment later, since a store's own words for it say more.
      try await Task.sleep(for: limit + .milliseconds(50))
      return nil
    }
    defer { group.cancelAll() }
    guard let first = try await group.next(), let success = first else {
      throw MemoryStoreError.timedOut(
        location: store.location, operation: operation, bankID: bankID, after: limit)
    }
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
