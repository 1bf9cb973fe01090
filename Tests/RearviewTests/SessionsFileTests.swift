import Foundation
import GRDB
import Logging
import RearviewChat
import RearviewEngine
import RearviewMemory
import Testing

@testable import Rearview

/// A store that takes or refuses what it is told to.
actor GatedStore: MemoryStore {
  nonisolated let location = "gated"
  var refuses = false
  /// What `retain` says instead of taking a turn.
  private var error: MemoryStoreError?
  private var isProcessing = false
  private var texts: [String: Result<String, MemoryStoreError>] = [:]
  private(set) var retained: [RetainTurn] = []

  func fail(with error: MemoryStoreError?) { self.error = error }
  func process(_ flag: Bool) { isProcessing = flag }
  func hold(_ text: Result<String, MemoryStoreError>, asDocument id: String) { texts[id] = text }

  func refuse(_ flag: Bool) { refuses = flag }

  private var isHolding = false
  private var held: CheckedContinuation<Void, Never>?

  /// Makes the next `retain` wait.
  func hold() { isHolding = true }
  func waitUntilHeld() async { while held == nil { await Task.yield() } }
  func release() {
    held?.resume()
    held = nil
  }

  func reflect(_ query: ReflectQuery) async throws -> Reflection { Reflection(text: "") }
  func documentText(id: String, bankID: String) async throws -> String? { try texts[id]?.get() }
  func setBank(id: String, name: String?, mission: String?, timeout: Duration?) async throws {}

  func retain(_ turn: RetainTurn, timeout: Duration?) async throws -> Retained {
    if isHolding {
      isHolding = false
      await withCheckedContinuation { held = $0 }
    }
    if refuses { throw MemoryStoreError.unavailable(location: location, cause: "it is closed") }
    if let error { throw error }
    if isProcessing { return .processing }
    retained.append(turn)
    return .stored
  }
  func recall(_ query: RecallQuery) async throws -> RecallResult { RecallResult() }
  func banks() async throws -> [Bank] { [] }
  func memories(_ request: MemoryPageRequest) async throws -> MemoryPage { MemoryPage(memories: [], next: nil) }
  func memory(id: String, bankID: String) async throws -> Memory? { nil }
  func edit(id: String, bankID: String, text: String) async throws -> Memory {
    throw MemoryStoreError.noSuchMemory(id: id, bankID: bankID)
  }
  func invalidate(id: String, bankID: String, reason: String?) async throws -> Memory {
    throw MemoryStoreError.noSuchMemory(id: id, bankID: bankID)
  }
  func restore(id: String, bankID: String) async throws -> Memory {
    throw MemoryStoreError.noSuchMemory(id: id, bankID: bankID)
  }
}

@Suite("The sessions file")
struct SessionsFileTests {
  private let folder: Folder
  private let file: SessionsFile
  private let store = GatedStore()

  init() throws {
    folder = try Folder()
    file = try Self.open(folder)
  }

  private static func open(_ folder: Folder) throws -> SessionsFile {
    try SessionsFile(path: folder.path + "/data/sessions.sqlite", runningFolder: folder.path + "/data/running")
  }

  private func record(_ question: String, session: String = "s1", at seconds: Double = 0) -> TurnRecord {
    var settings = MemorySettings()
    settings.bankID = "default"
    return TurnRecord(
      id: UUID().uuidString, sessionID: session, startedAt: Date(timeIntervalSince1970: 1_770_000_000 + seconds),
      question: question, model: "test/model", settings: settings)
  }

  private func finish(_ record: TurnRecord, answer: String, history: [Message] = []) async throws -> TurnRecord {
    var record = record
    record.answer.text = answer
    record.answer.state = .complete
    record.block = "BLOCK"
    record.setSent([Message(.system, "BLOCK")] + history + [Message(.user, record.question)])
    record.storage = Storage(state: .queued)
    try await file.close(record, retaining: retained(of: record, at: record.startedAt))
    return record
  }

  private func makeQueue() -> StorageQueue {
    StorageQueue(
      file: file, stores: Stores(embedded: store), timeout: nil,
      log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  @Test("gives back a session's turns as they were, the exact messages included")
  func roundTrip() async throws {
    let first = record("one")
    try await file.open(first)
    let firstDone = try await finish(first, answer: "eins")
    let second = record("two", at: 5)
    try await file.open(second)
    let secondDone = try await finish(second, answer: "zwei", history: conversation(of: [firstDone]))
    let turns = try await file.turns(ofSession: "s1")
    #expect(turns.map(\.answer) == [firstDone.answer, secondDone.answer])
    #expect(turns[1].messages.count == 2)
    #expect(turns[1].sentMessages(after: turns[..<1]) == secondDone.messages)
    #expect(turns[1].sentTokens == secondDone.sentTokens)
    #expect(try await file.lastSession()?.title == "one")
  }

  @Test("waits for the disk at each write")
  func durable() async throws {
    #expect(try await file.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
  }

  @Test("recovers the other turns when one record cannot be read")
  func unreadableRecord() async throws {
    var dead: SessionsFile? = try Self.open(folder)
    try await dead?.open(record("first", session: "dead"))
    try await dead?.open(record("second", session: "dead"))
    dead = nil
    try await file.write { try $0.execute(sql: "UPDATE turn SET record = '{}' WHERE seq = 1") }
    #expect(try await file.recover() == 1)
    #expect(try await file.turns(ofSession: "dead").map(\.question) == ["second"])
  }

  @Test("keeps its files to its owner")
  func modes() throws {
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/data/sessions.sqlite")
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    let data = try FileManager.default.attributesOfItem(atPath: folder.path + "/data")
    #expect((data[.posixPermissions] as? NSNumber)?.intValue == 0o700)
  }

  @Test("closes turns of a program that is gone, with what had come, and leaves those of one that runs")
  func recovery() async throws {
    let other = try Self.open(folder)
    let alive = record("still running", session: "alive")
    try await other.open(alive)
    var dead: SessionsFile? = try Self.open(folder)
    let lost = record("My dog is called Biscuit", session: "dead")
    try await dead?.open(lost)
    try await dead?.checkpoint(turnID: lost.id, text: "What a nice")
    dead = nil
    #expect(try await file.recover() == 1)
    #expect(try await file.recover() == 0)
    let turns = try await file.turns(ofSession: "dead")
    #expect(turns.map(\.answer.text) == ["What a nice"])
    #expect(turns.map(\.answer.state) == [.cut])
    await makeQueue().drain()
    let retained = await store.retained
    #expect(retained.map(\.turnID) == [lost.id])
    #expect(retained.first?.messages.map(\.text) == ["My dog is called Biscuit", "What a nice"])
    #expect(retained.first?.messages.map(\.isCut) == [false, true])
    #expect(try await file.turns(ofSession: "alive").map(\.answer.state) == [.streaming])
  }

  @Test("refuses a file of a newer program and leaves it as it is")
  func newer() throws {
    let path = folder.path + "/data/sessions.sqlite"
    try file.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 99") }
    #expect(throws: MemoryStoreError.newerFormat(location: path, found: 99, known: SessionsFile.format)) {
      _ = try Self.open(folder)
    }
  }

  @Test("queues a turn and its record in one go, and brings it to the store")
  func queue() async throws {
    let queue = makeQueue()
    let turn = record("one")
    try await file.open(turn)
    _ = try await finish(turn, answer: "eins")
    #expect(try await queue.waiting() == 1)
    #expect(await queue.store(turnID: turn.id) == Storage(state: .stored))
    #expect(try await queue.waiting() == 0)
    #expect(await store.retained.map(\.turnID) == [turn.id])
    #expect(try await file.turns(ofSession: "s1").map(\.storage.state) == [.stored])
  }

  @Test("keeps what the store refuses, in order, until it takes it")
  func refusal() async throws {
    let queue = makeQueue()
    await store.refuse(true)
    var ids: [String] = []
    for question in ["one", "two"] {
      let turn = record(question)
      ids.append(turn.id)
      try await file.open(turn)
      _ = try await finish(turn, answer: "x")
      let storage = await queue.store(turnID: turn.id)
      #expect(storage.state == .failed)
      #expect(storage.error?.contains("it is closed") == true)
    }
    #expect(try await queue.waiting() == 2)
    #expect(try await file.turns(ofSession: "s1").map(\.storage.state) == [.failed, .queued])
    await store.refuse(false)
    await queue.drain(isLast: true)
    #expect(await store.retained.map(\.turnID) == ids)
    #expect(try await queue.waiting() == 0)
  }

  @Test("brings the words to the store while the answer comes, and the answer after them")
  func words() async throws {
    let queue = makeQueue()
    let journal = Journal(sessions: file, queue: queue, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let turn = record("one")
    try await file.open(turn)
    let words = retained(of: turn, at: turn.startedAt)
    #expect(words != nil)
    await journal.advance(turn, retaining: words)
    #expect(await store.retained.map { $0.messages.map(\.text) } == [["one"]])
    #expect(try await file.turns(ofSession: "s1").map(\.storage.state) == [.waiting])
    _ = try await finish(turn, answer: "eins")
    #expect(await queue.store(turnID: turn.id) == Storage(state: .stored))
    #expect(await store.retained.last?.messages.map(\.text) == ["one", "eins"])
    await journal.advance(turn, retaining: words)
    #expect(await store.retained.count == 2)
    #expect(try await queue.waiting() == 0)
  }

  @Test("loses no answer that comes while its words are on their way")
  func wordsMeanwhile() async throws {
    let queue = makeQueue()
    let turn = record("one")
    try await file.open(turn)
    try await file.advance(turn, retaining: retained(of: turn, at: turn.startedAt))
    await store.hold()
    async let early = queue.store(turnID: turn.id)
    await store.waitUntilHeld()
    _ = try await finish(turn, answer: "eins")
    await store.release()
    #expect(await early == Storage(state: .stored))
    #expect(await store.retained.last?.messages.map(\.text) == ["one", "eins"])
    #expect(try await queue.waiting() == 0)
    #expect(try await file.turns(ofSession: "s1").map(\.storage.state) == [.stored])
  }

  @Test("tries a refused turn again by itself")
  func retry() async throws {
    let queue = makeQueue()
    let (reports, continuation) = AsyncStream.makeStream(of: RearviewEngine.Storage.self)
    await queue.onChange { continuation.yield($0.storage) }
    await store.refuse(true)
    let turn = record("one")
    try await file.open(turn)
    _ = try await finish(turn, answer: "x")
    _ = await queue.store(turnID: turn.id)
    await store.refuse(false)
    for await storage in reports where storage.state == .stored { break }
    #expect(await store.retained.map(\.turnID) == [turn.id])
  }

  @Test("does not let one session's refused turn hold back another's")
  func otherSessions() async throws {
    let queue = makeQueue()
    await store.refuse(true)
    let stuck = record("one", session: "a")
    try await file.open(stuck)
    _ = try await finish(stuck, answer: "x")
    _ = await queue.store(turnID: stuck.id)
    await store.refuse(false)
    let free = record("two", session: "b")
    try await file.open(free)
    _ = try await finish(free, answer: "y")
    #expect(await queue.store(turnID: free.id) == Storage(state: .stored))
    #expect(await store.retained.map(\.turnID) == [free.id])
  }
}
