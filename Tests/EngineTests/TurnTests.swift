import Foundation
import RearviewChat
import RearviewEngine
import RearviewMemory
import Testing

@Suite("A turn")
struct TurnTests {
  private let journal = RecordingJournal()

  private func run(
    _ question: String = "What is my dog called?", history: [Message] = [], store: ScriptedStore,
    model: @escaping @Sendable () throws -> any ChatModel, settings: MemorySettings = .ofBank,
    onEvent: (TurnEvent, Turn) async -> Void = { _, _ in }
  ) async throws -> (events: [TurnEvent], record: TurnRecord) {
    let turn = Engine(store: store, journal: journal).turn(
      TurnRequest(
        sessionID: "s1", question: question, history: history, model: "test/model", resolveModel: model,
        settings: settings))
    var events: [TurnEvent] = []
    for await event in turn.events {
      events.append(event)
      await onEvent(event, turn)
    }
    guard case .record(let record) = events.last else {
      Issue.record("the last event is not the record")
      throw CancellationError()
    }
    return (events, record)
  }

  private static let biscuit = ScriptedStore { query in
    RecallResult(memories: [memory("My dog is called Biscuit")], matchCount: 1, searchedCount: 9, words: ["dog"])
  }

  @Test("has its words on disk first, recalls, injects, streams and stores, in this order")
  func order() async throws {
    let model = ScriptedModel(pieces: [
      .text("She is "), .text("Biscuit."), .usage(Usage(inputTokens: 9, outputTokens: 3)),
    ])
    let (events, record) = try await run(store: Self.biscuit, model: { model })
    let names = events.map { event in
      switch event {
      case .opened: "opened"
      case .retrieved: "retrieved"
      case .injected: "injected"
      case .text: "text"
      case .reasoning: "reasoning"
      case .toolCall: "tool call"
      case .usage: "usage"
      case .retrying: "retrying"
      case .finished: "finished"
      case .storage(let storage): storage.state.rawValue
      case .record: "record"
      }
    }
    #expect(
      names == ["opened", "retrieved", "injected", "text", "text", "usage", "finished", "queued", "stored", "record"])
    #expect(await journal.calls == ["open What is my dog called?", "close", "store"])
    #expect(record.answer.text == "She is Biscuit.")
    #expect(record.answer.state == .complete)
    #expect(record.answer.usage == Usage(inputTokens: 9, outputTokens: 3))
    #expect(record.retrieval.state == .found)
    #expect(record.messages.map(\.role) == [.system, .user])
    #expect(record.messages.first?.text == record.block)
    #expect(record.block?.contains("1. [WORLD] My dog is called Biscuit") == true)
  }

  @Test("sends exactly what its record says, and gives the model what was recalled")
  func sent() async throws {
    let (seen, continuation) = AsyncStream.makeStream(of: ChatRequest.self)
    let model = ScriptedModel(pieces: [.text("ok")], seen: { continuation.yield($0) })
    let (_, record) = try await run(store: Self.biscuit, model: { model })
    continuation.finish()
    let request = await seen.first { _ in true }
    #expect(request?.messages == record.messages)
    #expect(request?.memories.map(\.memory.text) == ["My dog is called Biscuit"])
  }

  @Test("does not inject what already stands in the conversation, and says so")
  func inConversation() async throws {
    let history = [Message(.user, "Hello.\nMy dog is  called Biscuit, mind you"), Message(.assistant, "Noted.")]
    let (_, record) = try await run(
      history: history, store: Self.biscuit, model: { ScriptedModel(pieces: [.text("ok")]) })
    #expect(record.block == nil)
    #expect(record.retrieval.memories.map(\.use) == [.inConversation])
    #expect(record.messages == history + [Message(.user, "What is my dog called?")])
  }

  @Test("lets the words of the turn before arrive before it recalls")
  func wordsArriveFirst() async throws {
    let journal = journal
    let store = ScriptedStore { _ in
      RecallResult(memories: await journal.words.isEmpty ? [] : [memory("My dog is called Biscuit")], searchedCount: 1)
    }
    let engine = Engine(store: store, journal: journal)
    func request(_ question: String) -> TurnRequest {
      TurnRequest(
        sessionID: "s", question: question, history: [], model: "test/model",
        resolveModel: { ScriptedModel(pieces: [.text("ok")]) }, settings: .ofBank)
    }
    await journal.holdWords(true)
    await engine.turn(request("My dog is called Biscuit")).ended()
    let second = engine.turn(request("What is my dog called?"))
    await journal.holdWords(false)
    var found: Retrieval?
    for await event in second.events { if case .retrieved(let retrieval) = event { found = retrieval } }
    #expect(found?.state == .found)
  }

  @Test("takes only whole words for said: tea does not stand in teachers")
  func wholeWords() async throws {
    let store = ScriptedStore { _ in RecallResult(memories: [memory("I like tea")], matchCount: 1) }
    let history = [Message(.user, "I like teachers"), Message(.assistant, "So do I.")]
    let (_, record) = try await run(history: history, store: store, model: { ScriptedModel(pieces: [.text("ok")]) })
    #expect(record.retrieval.memories.map(\.use) == [.injected])
  }

  @Test("that cannot be saved says so and is saved when the disk can take it")
  func closeFails() async throws {
    await journal.failToClose(times: 2)
    let (events, record) = try await run(store: Self.biscuit, model: { ScriptedModel(pieces: [.text("ok")]) })
    #expect(events.filter { if case .finished = $0 { true } else { false } }.count == 1)
    #expect(events.contains { if case .storage(let storage) = $0 { storage.state == .unsaved } else { false } })
    #expect(record.storage.state == .stored)
    #expect(await journal.closed?.answer.text == "ok")
  }

  @Test("cut at the model's limit is retained as cut")
  func lengthLimit() async throws {
    let model = ScriptedModel(pieces: [.text("Half"), .finished(.length)], end: .hang)
    let (_, record) = try await run(
      store: Self.biscuit, model: { model },
      onEvent: { event, turn in if case .text = event { turn.cancel() } })
    #expect(await journal.retained?.messages.last?.isCut == true)
    #expect(record.answer.text == "Half")
  }

  @Test("injects at most max_memories")
  func limit() async throws {
    let store = ScriptedStore { _ in
      RecallResult(memories: [memory("one", id: "1"), memory("two", id: "2"), memory("three", id: "3")], matchCount: 3)
    }
    var settings = MemorySettings.ofBank
    settings.maxMemories = 2
    let (_, record) = try await run(store: store, model: { ScriptedModel(pieces: [.text("ok")]) }, settings: settings)
    #expect(record.retrieval.memories.map(\.use) == [.injected, .injected, .overLimit])
  }

  @Test("with a failing store still gives the answer, and says what failed")
  func failingStore() async throws {
    let store = ScriptedStore { _ in throw MemoryStoreError.locked(location: "/m") }
    let (_, record) = try await run(store: store, model: { ScriptedModel(pieces: [.text("ok")]) })
    #expect(record.answer.state == .complete)
    #expect(record.retrieval.state == .failed)
    #expect(record.retrieval.error == "\(MemoryStoreError.locked(location: "/m"))")
    #expect(record.messages == [Message(.user, "What is my dog called?")])
  }

  @Test("does not wait for a store that takes longer than its limit")
  func slowStore() async throws {
    let store = ScriptedStore { _ in
      try await Task.sleep(for: .seconds(60))
      return RecallResult()
    }
    var settings = MemorySettings.ofBank
    settings.recallTimeoutSeconds = 0.05
    let (_, record) = try await run(store: store, model: { ScriptedModel(pieces: [.text("ok")]) }, settings: settings)
    #expect(record.retrieval.state == .failed)
    #expect(record.retrieval.error?.contains("recall_timeout_seconds") == true)
    #expect(record.answer.state == .complete)
  }

  @Test("with a failing model keeps the user's words and retains them")
  func failingModel() async throws {
    let error = ChatModelError(.server, provider: "Test", model: "test/model", status: 500)
    let (_, record) = try await run(store: Self.biscuit, model: { ScriptedModel(pieces: [], end: .fail(error)) })
    #expect(record.answer.state == .failed)
    #expect(record.answer.error == "\(error)")
    #expect(await journal.retained?.messages.map(\.text) == ["What is my dog called?"])
  }

  @Test("without a usable model is on disk all the same")
  func noModel() async throws {
    let error = ChatModelError(.noKey(variable: "OPENAI_API_KEY"), provider: "OpenAI", model: "test/model")
    let (_, record) = try await run(store: Self.biscuit, model: { throw error })
    #expect(record.answer.error == "\(error)")
    #expect(await journal.calls == ["open What is my dog called?", "close", "store"])
  }

  @Test("that breaks in the middle keeps what came and marks it as cut")
  func cutStream() async throws {
    let error = ChatModelError(.cutStream, provider: "Test", model: "test/model")
    let (_, record) = try await run(
      store: Self.biscuit, model: { ScriptedModel(pieces: [.text("Half")], end: .fail(error)) })
    #expect(record.answer.state == .cut)
    #expect(record.answer.text == "Half")
    #expect(await journal.retained?.messages.map(\.isCut) == [false, true])
  }

  @Test("that is cancelled keeps what came, and its ending is not cancelled with it")
  func cancelled() async throws {
    let (_, record) = try await run(
      store: Self.biscuit, model: { ScriptedModel(pieces: [.text("Half")], end: .hang) },
      onEvent: { event, turn in if case .text = event { turn.cancel() } })
    #expect(record.answer.state == .cut)
    #expect(record.answer.error == "Stopped.")
    #expect(record.storage.state == .stored)
    #expect(await journal.closed?.answer.text == "Half")
    #expect(await journal.retained?.messages.last?.isCut == true)
  }

  @Test("that only begins has its words in the store and what came on disk while it waits for more")
  func checkpoint() async throws {
    let model = ScriptedModel(pieces: [.text("Ha"), .text("lf")], end: .hang)
    let turn = Engine(store: Self.biscuit, journal: journal).turn(
      TurnRequest(
        sessionID: "s1", question: "Hello", history: [], model: "test/model", resolveModel: { model },
        settings: .ofBank))
    while await journal.checkpointed != "Half" { await Task.yield() }
    #expect(await journal.words.map { $0.messages.map(\.text) } == [["Hello"]])
    turn.cancel()
    await turn.ended()
  }

  @Test("that cannot be written down is not sent")
  func cannotOpen() async throws {
    await journal.setFailsToOpen()
    let (seen, continuation) = AsyncStream.makeStream(of: ChatRequest.self)
    let (events, record) = try await run(
      store: Self.biscuit, model: { ScriptedModel(pieces: [.text("ok")], seen: { continuation.yield($0) }) })
    continuation.finish()
    #expect(await seen.first { _ in true } == nil)
    #expect(record.answer.state == .failed)
    #expect(record.answer.error?.contains("The disk is full") == true)
    #expect(events.count == 2)
  }

  @Test("of a model whose answers only quote retains the user's words alone")
  func quotingModel() async throws {
    let model = ScriptedModel(retainsAnswers: false, pieces: [.text("My dog is called Biscuit")])
    _ = try await run(store: Self.biscuit, model: { model })
    #expect(await journal.retained?.messages.map(\.speaker) == [.user])
  }

  @Test("retains the words as they were said, never the memory block")
  func retainsNoBlock() async throws {
    var settings = MemorySettings.ofBank
    settings.injectionMode = .prependUser
    settings.tags = ["home"]
    _ = try await run(store: Self.biscuit, model: { ScriptedModel(pieces: [.text("Biscuit.")]) }, settings: settings)
    let retained = try #require(await journal.retained)
    #expect(retained.messages.map(\.text) == ["What is my dog called?", "Biscuit."])
    #expect(retained.context == "conversation:rearview:test/model")
    #expect(retained.metadata == ["source": "rearview", "model": "test/model"])
    #expect(retained.tags == ["home"])
  }

  @Test("with storage or recall switched off does neither")
  func off() async throws {
    var settings = MemorySettings.ofBank
    settings.injectMemories = false
    settings.storeConversations = false
    let store = ScriptedStore { _ in RecallResult() }
    let (_, record) = try await run(store: store, model: { ScriptedModel(pieces: [.text("ok")]) }, settings: settings)
    #expect(record.retrieval.state == .off)
    #expect(await store.queries.isEmpty)
    #expect(record.storage.state == .off)
    #expect(await journal.retained == nil)
  }

  @Test("that ends without a word of answer says so")
  func emptyAnswer() async throws {
    let (_, record) = try await run(
      store: Self.biscuit, model: { ScriptedModel(pieces: [.reasoning("hm")]) })
    #expect(record.answer.state == .failed)
    #expect(record.answer.error?.contains("after its reasoning") == true)
  }

  @Test("survives being written as JSON and read again")
  func json() async throws {
    let (events, record) = try await run(store: Self.biscuit, model: { ScriptedModel(pieces: [.text("ok")]) })
    let data = try JSONEncoder.record.encode(record)
    let again = try JSONDecoder.record.decode(TurnRecord.self, from: data)
    #expect(try JSONEncoder.record.encode(again) == data)
    let last = try JSONEncoder.record.encode(events.last)
    #expect(String(decoding: last, as: UTF8.self).contains("\"event\":\"record\""))
  }

  @Test("that a fallback answered says which, and one whose first model answers after all does not")
  func fallback() async throws {
    let retry = Retry(attempt: 2, waitMilliseconds: 0, reason: "Busy.")
    let other = Retry(attempt: 3, waitMilliseconds: 0, reason: "Busy.", model: "other/model")
    let (events, record) = try await run(
      store: Self.biscuit,
      model: { ScriptedModel(pieces: [.retrying(retry), .retrying(other), .retrying(retry), .text("Yes.")]) })
    #expect(record.answer.answeredBy == "other/model")
    #expect(events.filter { $0 == .retrying(other) }.count == 1)
    #expect(
      try await run(store: Self.biscuit, model: { ScriptedModel(pieces: [.retrying(retry), .text("Yes.")]) }).record
        .answer.answeredBy == nil)
    #expect(
      try await run(
        store: Self.biscuit,
        model: {
          ScriptedModel(
            pieces: [.retrying(other)], end: .fail(ChatModelError(.server, provider: "P", model: "m", status: 500)))
        }
      ).record.answer.answeredBy == nil)
  }

  @Test("of a record from before fallbacks is read as it was")
  func olderAnswer() throws {
    let answer = try JSONDecoder.record.decode(
      Answer.self, from: Data(#"{"state":"complete","text":"Yes.","reasoning":""}"#.utf8))
    #expect(answer.answeredBy == nil)
    var named = answer
    named.answeredBy = "other/model"
    let written = try JSONEncoder.record.encode(named)
    #expect(String(decoding: written, as: UTF8.self).contains(#""answered_by":"other/model""#))
    #expect(try JSONDecoder.record.decode(Answer.self, from: written) == named)
  }
}
