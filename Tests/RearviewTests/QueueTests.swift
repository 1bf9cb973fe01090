import Foundation
import GRDB
import Logging
import RearviewChat
import RearviewEngine
import RearviewMemory
import Testing

@testable import Rearview

@Suite("The storage queue")
struct QueueTests {
  private let folder: Folder
  private let file: SessionsFile
  private let embedded = GatedStore()
  private let server = GatedStore()
  private let there = Destination(location: "http://memory", credential: "key-1")

  init() throws {
    folder = try Folder()
    file = try SessionsFile(path: folder.path + "/sessions.sqlite", runningFolder: folder.path + "/running")
  }

  private func queue(with stores: Stores) -> StorageQueue {
    StorageQueue(
      file: file, stores: stores, timeout: nil, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  private func stores(_ destination: Destination? = nil) -> Stores {
    let stores = Stores(embedded: embedded)
    if let destination { _ = stores.store(at: destination) { server } }
    return stores
  }

  private func turn(_ messages: [(RetainedMessage.Speaker, String)], document: String? = "s") -> RetainTurn {
    RetainTurn(
      bankID: "b", turnID: UUID().uuidString.lowercased(), documentID: document,
      messages: messages.map { RetainedMessage(speaker: $0.0, text: $0.1, saidAt: Date(timeIntervalSince1970: 0)) })
  }

  @discardableResult
  private func put(_ turn: RetainTurn, _ delivery: Delivery) async throws -> Bool {
    try await file.write { try SessionsFile.enqueue(turn, isWhole: true, delivery: delivery, in: $0) }
  }

  /// A program's call with the whole conversation, its last message the answer.
  private func call(_ messages: [(RetainedMessage.Speaker, String)], document: String = "s") async throws {
    var delivery = Delivery(destination: there)
    delivery.leavesOutKnown = true
    delivery.answerCount = 1
    try await put(turn(messages, document: document), delivery)
    await queue(with: stores(there)).drain(isLast: true)
  }

  @Test("brings each turn to the store that its call named, whatever is set up beside it")
  func destinations() async throws {
    try await put(turn([(.user, "here")]), Delivery(destination: .embedded))
    try await put(turn([(.user, "there")]), Delivery(destination: there))
    await queue(with: stores(there)).drain(isLast: true)
    #expect(await embedded.retained.map { $0.messages.map(\.text) } == [["here"]])
    #expect(await server.retained.map { $0.messages.map(\.text) } == [["there"]])
  }

  @Test("keeps a turn for a server that is not set up, or with another key, and says so")
  func away() async throws {
    let said = turn([(.user, "there")])
    try await put(said, Delivery(destination: there))
    for stores in [stores(), stores(Destination(location: "http://memory", credential: "key-2"))] {
      let storage = await queue(with: stores).store(turnID: said.turnID)
      #expect(storage.state == .failed)
      #expect(storage.error?.contains("http://memory") == true)
    }
    #expect(await server.retained.isEmpty)
    #expect(await embedded.retained.isEmpty)
    #expect(await queue(with: stores(there)).store(turnID: said.turnID).state == .stored)
    #expect(await server.retained.count == 1)
  }

  @Test("takes another key than the turn's own only when a person says so")
  func refusedKey() async throws {
    let said = turn([(.user, "there")])
    try await put(said, Delivery(destination: there))
    await server.fail(
      with: .unauthorised(location: "http://memory", operation: "retain", bankID: "b", said: "Invalid API key"))
    #expect(await queue(with: stores(there)).store(turnID: said.turnID).state == .failed)
    await server.fail(with: nil)
    let today = Destination(location: "http://memory", credential: "key-2")
    let queue = queue(with: stores(today))
    #expect(await queue.store(turnID: said.turnID).state == .failed)
    #expect(try await queue.contents().map(\.isWithinReach) == [false])
    #expect(try await queue.rebind(to: today) == 1)
    #expect(await queue.store(turnID: said.turnID).state == .stored)
  }

  @Test(
    "keeps the order of a document when its turns go to another server", arguments: ["http://memory", "http://new"])
  func rebindsInOrder(_ location: String) async throws {
    let (first, second) = (turn([(.user, "first")]), turn([(.user, "second")]))
    try await put(first, Delivery(destination: there))
    let today = Destination(location: location, credential: "key-2")
    let queue = queue(with: stores(today))
    await server.fail(with: .unreachable(location: location, operation: "retain", bankID: "b", cause: "down"))
    #expect(try await queue.rebind(from: there.location, to: today) == 1)
    try await put(second, Delivery(destination: today))
    #expect(await queue.store(turnID: second.turnID).error?.contains("It waits for a turn before it") == true)
    await server.fail(with: nil)
    #expect(await queue.store(turnID: second.turnID).state == .stored)
    #expect(await server.retained.map(\.turnID) == [first.turnID, second.turnID])
  }

  @Test("sets aside what a store refuses for good, and goes on with what comes behind it")
  func setAside() async throws {
    let (bad, good) = (turn([(.user, "bad")]), turn([(.user, "good")]))
    try await put(bad, Delivery(destination: there))
    let queue = queue(with: stores(there))
    await server.fail(
      with: .refused(location: "http://memory", operation: "retain", bankID: "b", status: 422, said: "too long"))
    #expect(await queue.store(turnID: bad.turnID).error?.contains("too long") == true)
    await server.fail(with: nil)
    try await put(good, Delivery(destination: there))
    #expect(await queue.store(turnID: good.turnID).state == .stored)
    #expect(await server.retained.map(\.turnID) == [good.turnID])
    #expect(try await queue.waiting() == 0)
    #expect(try await queue.contents().map(\.isSetAside) == [true])
    #expect(try await queue.rebind(to: there) == 1)
    await queue.drain(isLast: true)
    #expect(await server.retained.map(\.turnID) == [good.turnID, bad.turnID])
  }

  @Test("says of a turn behind another that it waits, not that the store has it")
  func behind() async throws {
    let (first, second) = (turn([(.user, "one")]), turn([(.user, "two")]))
    try await put(first, Delivery(destination: there))
    try await put(second, Delivery(destination: there))
    let queue = queue(with: stores(there))
    await server.process(true)
    #expect(await queue.store(turnID: second.turnID).state == .queued)
    await server.process(false)
    await server.refuse(true)
    #expect(await queue.store(turnID: second.turnID).error?.hasPrefix("It waits for a turn before it") == true)
  }

  @Test("of one store that is out holds back no turn of another")
  func storeOut() async throws {
    for number in 0..<3 {
      try await put(turn([(.user, "there \(number)")], document: "d\(number)"), Delivery(destination: there))
    }
    try await put(turn([(.user, "here")], document: "z"), Delivery(destination: .embedded))
    await server.refuse(true)
    await queue(with: stores(there)).drain(isLast: true)
    #expect(await embedded.retained.map { $0.messages.map(\.text) } == [["here"]])
  }

  @Test("keeps a turn that the server still works on, and asks again")
  func processing() async throws {
    let said = turn([(.user, "there")])
    try await put(said, Delivery(destination: there))
    await server.process(true)
    let queue = queue(with: stores(there))
    #expect(await queue.store(turnID: said.turnID).state == .processing)
    #expect(try await queue.waiting() == 1)
    await server.process(false)
    #expect(await queue.store(turnID: said.turnID).state == .stored)
    #expect(try await queue.waiting() == 0)
  }

  @Test("stores a growing conversation message by message, each once")
  func growing() async throws {
    try await call([(.user, "Q1"), (.assistant, "A1")])
    try await call([(.user, "Q1"), (.assistant, "A1"), (.user, "Q2"), (.assistant, "A2")])
    // A question that is asked again is new; what stands before it is not.
    try await call([(.user, "Q1"), (.assistant, "A1"), (.user, "Q2"), (.assistant, "A2 again")])
    // A history that was trimmed at its beginning.
    try await call([(.user, "Q2"), (.assistant, "A2 again"), (.user, "Q3"), (.assistant, "A3")])
    #expect(
      await server.retained.map { $0.messages.map(\.text) } == [
        ["Q1", "A1"], ["Q2", "A2"], ["Q2", "A2 again"], ["Q3", "A3"],
      ])
  }

  @Test("knows what it has in a history whose first message changes, and in answers that came back trimmed")
  func changing() async throws {
    try await call([(.assistant, "Today is Monday."), (.user, "Q1"), (.assistant, "A1\n")])
    try await call([
      (.assistant, "Today is Tuesday."), (.user, "Q1"), (.assistant, "A1"), (.user, "Q2"), (.assistant, "A2"),
    ])
    #expect(
      await server.retained.map { $0.messages.map(\.text) } == [
        ["Today is Monday.", "Q1", "A1\n"], ["Today is Tuesday.", "Q2", "A2"],
      ])
  }

  @Test("knows an answer's tool calls in the history that comes back, where they stand before its text")
  func toolCalls() async throws {
    var delivery = Delivery(destination: there)
    delivery.leavesOutKnown = true
    delivery.answerCount = 2
    try await put(turn([(.user, "Q"), (.assistant, "Let me see."), (.toolCall, "look({})")]), delivery)
    delivery.answerCount = 1
    try await put(
      turn([
        (.user, "Q"), (.toolCall, "look({})"), (.assistant, "Let me see."), (.toolResult, "18C"), (.assistant, "Warm."),
      ]), delivery)
    await queue(with: stores(there)).drain(isLast: true)
    #expect(await server.retained.last?.messages.map(\.text) == ["18C", "Warm."])
  }

  @Test("asks a document that others began for what it holds, once; while it cannot be read nothing is sent")
  func unknownDocument() async throws {
    await server.hold(
      .failure(.timedOut(location: "m", operation: "retain", bankID: "b", after: .seconds(1))), asDocument: "s")
    try await call([(.user, "Q1"), (.assistant, "A1"), (.user, "Q2"), (.assistant, "A2")])
    #expect(await server.retained.isEmpty)
    await server.hold(.success("USER: Q1\n\nASSISTANT: A1\nUSER: Q1b"), asDocument: "s")
    await queue(with: stores(there)).drain(isLast: true)
    #expect(await server.retained.map { $0.messages.map(\.text) } == [["Q2", "A2"]])
  }

  @Test("leaves an exchange out that its bank had, of 1,000; other banks and servers are others")
  func deduplication() async throws {
    func isNew(_ answer: String, bank: String = "b", at destination: Destination? = nil) async throws -> Bool {
      var said = turn([(.user, " What? "), (.assistant, answer)], document: nil)
      said.bankID = bank
      var delivery = Delivery(destination: destination ?? there)
      delivery.deduplicates = true
      return try await put(said, delivery)
    }
    #expect(try await isNew("That."))
    #expect(try await isNew("THAT. ") == false)
    #expect(try await isNew("That.", bank: "other"))
    #expect(try await isNew("That.", at: .embedded))
    for number in 0..<1_000 { #expect(try await isNew("Answer \(number)")) }
    #expect(try await isNew("That."))
  }

  @Test("opens a file of the first format with all that is in it")
  func firstFormat() async throws {
    let path = folder.path + "/first.sqlite"
    let database = try DatabaseQueue(path: path)
    try await database.write { database in
      try database.execute(sql: SessionsFile.firstTables)
      try database.execute(
        sql: """
          INSERT INTO session VALUES ('s1', 'one', 'default', 'test/model', 1, 1);
          INSERT INTO turn (id, session_id, seq, state, owner, record) VALUES ('t1', 's1', 1, 1, 'o', ?);
          INSERT INTO queue (turn_id, session_id, payload, is_whole) VALUES ('t1', 's1', ?, 1);
          PRAGMA user_version = 1;
          """, arguments: [Self.firstRecord, Self.firstPayload])
    }
    let file = try SessionsFile(path: path, runningFolder: folder.path + "/running")
    let turns = try await file.turns(ofSession: "s1")
    let record = try #require(turns.first)
    #expect(record.answer.text == "eins")
    #expect(record.answer.usage == Usage(inputTokens: 9, outputTokens: 3))
    #expect(record.retrieval.memories.map(\.recalled.memory.documentID) == ["d"])
    #expect(record.retrieval.searchedCount == 120)
    #expect(record.settings.bankID == "default")
    #expect(record.settings.recallTimeoutSeconds == 10)
    #expect(record.messages.map(\.text) == ["BLOCK", "one"])
    let queue = StorageQueue(
      file: file, stores: Stores(embedded: embedded), timeout: nil,
      log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    await queue.drain(isLast: true)
    #expect(await embedded.retained.map { $0.messages.map(\.isCut) } == [[false, true]])
  }

  private static let firstRecord = """
    {"answer":{"durationMilliseconds":4.5,"finishReason":"stop","firstTokenMilliseconds":1.5,"reasoning":"",
     "state":"complete","text":"eins","usage":{"inputTokens":9,"outputTokens":3}},"block":"BLOCK","id":"t1",
     "isHistoryDropped":true,"messages":[{"content":"BLOCK","role":"system"},{"content":"one","role":"user"}],
     "model":"test/model","question":"one","retainsAnswer":true,"retrieval":{"durationMilliseconds":3.2,"matchCount":1,
     "memories":[{"recalled":{"memory":{"createdAt":"2026-03-02T14:02:00.000Z","documentID":"d","id":"m1",
     "mentionedAt":"2026-03-02T14:02:00.000Z","metadata":{"source":"rearview"},"proofCount":1,"state":"valid",
     "tags":[],"text":"eins","turnID":"t0","type":"world","updatedAt":"2026-03-02T14:02:00.000Z"},"score":1,
     "tokenCount":2},"use":"injected"}],"query":"one","searchedCount":120,"state":"found","words":["one"]},
     "sentTokens":12,"sessionID":"s1","settings":{"bank_id":"default","budget":"mid","inject_memories":true,
     "injection_mode":"system_message","max_memory_tokens":4096,"recall_timeout_seconds":10,"store_conversations":true,
     "tags":[]},"startedAt":"2026-03-02T14:02:00.000Z","storage":{"state":"queued"}}
    """
  private static let firstPayload = """
    {"bankID":"default","context":"conversation:rearview:test/model","documentID":"s1","messages":[
     {"isCut":false,"saidAt":"2026-03-02T14:02:00.000Z","speaker":"user","text":"one"},
     {"isCut":true,"saidAt":"2026-03-02T14:02:01.000Z","speaker":"assistant","text":"eins"}],
     "metadata":{"source":"rearview"},"tags":[],"turnID":"t1"}
    """
}
