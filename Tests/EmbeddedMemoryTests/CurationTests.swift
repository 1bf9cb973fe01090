import Foundation
import GRDB
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Curation")
struct CurationTests {
  let scene: Scene

  init() throws { scene = try Scene() }

  /// The ids of the memories of these texts, in their order.
  private func ids(_ texts: String..., in store: EmbeddedMemory, bankID: String = "bank") async throws -> [String] {
    let all = try await store.memories(MemoryPageRequest(bankID: bankID)).memories
    return try texts.map { text in try #require(all.first { $0.text == text }?.id) }
  }

  @Test("pinned memories come first, and an undo lets them go")
  func pins() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("The lantern is red.", documentID: "a"))
    try await store.retain(.saying("The lantern lantern is a lantern.", documentID: "b"))
    let red = try await ids("The lantern is red.", in: store)
    #expect(try await store.texts("lantern").first == "The lantern lantern is a lantern.")
    let change = try #require(try await store.pin(red, bankID: "bank", reason: "it matters"))
    #expect(change.words == "pin 1 memory" && change.reason == "it matters" && change.actor == "user")
    #expect(try await store.texts("lantern").first == "The lantern is red.")
    #expect(try await store.pin(red, bankID: "bank") == nil)
    #expect(try await store.isPinned(id: red[0], bankID: "bank"))
    try await store.undo(bankID: "bank")
    #expect(try await store.isPinned(id: red[0], bankID: "bank") == false)
    try await store.redo(bankID: "bank")
    try await store.unpin(red, bankID: "bank")
    #expect(try await store.isPinned(id: red[0], bankID: "bank") == false)
  }

  @Test("several are retired, restored, tagged and retyped as one change each")
  func several() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("First thing.", answer: "Second thing."))
    let both = try await ids("First thing.", "Second thing.", in: store)
    try await store.invalidate(both + both, bankID: "bank", reason: "old")
    #expect(try await store.banks().first?.memoryCount == 0)
    #expect(try await store.changes(bankID: "bank").map(\.words) == ["invalidate 2 memories"])
    try await store.restore(both, bankID: "bank", reason: "not so old")
    try await store.setTags(.add(["b", "a"]), of: both, bankID: "bank")
    try await store.setTags(.remove(["b"]), of: [both[0]], bankID: "bank")
    try await store.setTags(.replace(["c"]), of: [both[1]], bankID: "bank")
    try await store.changeType(of: both, to: .experience, bankID: "bank")
    let memories = try await store.listed()
    #expect(Set(memories.map(\.tags)) == [["a"], ["c"]])
    #expect(memories.map(\.type) == [.experience, .experience])
    await #expect(throws: CurationError.self) {
      try await store.changeType(of: both, to: .untyped, bankID: "bank")
    }
    await #expect(throws: MemoryStoreError.noSuchMemory(id: "none", bankID: "bank")) {
      try await store.invalidate([both[0], "none"], bankID: "bank")
    }
    #expect(try await store.banks().first?.memoryCount == 2)
    for _ in 0..<5 { try await store.undo(bankID: "bank") }
    #expect(try await store.listed().allSatisfy { $0.state == .invalidated && $0.tags.isEmpty })
    #expect(try scene.faults() == [])
  }

  @Test("undo survives a restart, another store does it, and both see the same list")
  func restart() async throws {
    var store: EmbeddedMemory? = try await scene.open()
    try await store?.retain(.saying("Original words."))
    let id = try #require(try await store?.listed().first?.id)
    _ = try await store?.edit(id: id, bankID: "bank", text: "Other words.")
    store = nil
    let (one, other) = (try await scene.open(), try await scene.open())
    #expect(try await one.undo(bankID: "bank").action == "edit")
    #expect(try await other.listed().map(\.text) == ["Original words."])
    #expect(try await other.texts("original") == ["Original words."])
    #expect(try await other.redo(bankID: "bank").action == "edit")
    #expect(try await one.listed().map(\.text) == ["Other words."])
    let list = try await one.changes(bankID: "bank")
    #expect(list.map(\.action) == ["redo", "undo", "edit"])
    #expect(list.map(\.target) == [1, 1, nil])
    #expect(try await one.changes(bankID: "bank", limit: 1, before: list[0].id) == [list[1]])
  }

  @Test("an undo is refused while a later change stands on it, and says which")
  func conflict() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Original words."))
    let id = try #require(try await store.listed().first?.id)
    _ = try await store.edit(id: id, bankID: "bank", text: "Second words.")
    try await store.pin([id], bankID: "bank")
    _ = try await store.edit(id: id, bankID: "bank", text: "Third words.")
    let changes = try await store.changes(bankID: "bank")
    let error = await #expect(throws: CurationError.self) { try await store.undo(changes[2].id, bankID: "bank") }
    #expect(error == .changedSince(changes[2], by: changes[0]))
    #expect(try await store.listed().map(\.text) == ["Third words."])
    // What a later change did not touch can be taken back in any order.
    try await store.undo(changes[1].id, bankID: "bank")
    await #expect(throws: CurationError.self) { try await store.undo(changes[1].id, bankID: "bank") }
    try await store.undo(bankID: "bank")
    try await store.undo(changes[2].id, bankID: "bank")
    #expect(try await store.listed().map(\.text) == ["Original words."])
    await #expect(throws: CurationError.nothingToUndo(bankID: "bank")) { try await store.undo(bankID: "bank") }
  }

  @Test("after a new change there is nothing to redo")
  func noRedo() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("A thing.", answer: "Another."))
    let both = try await ids("A thing.", "Another.", in: store)
    try await store.invalidate([both[0]], bankID: "bank")
    try await store.undo(bankID: "bank")
    try await store.retain(.saying("Retaining is no change."))
    try await store.redo(bankID: "bank")
    try await store.undo(bankID: "bank")
    try await store.pin([both[1]], bankID: "bank")
    await #expect(throws: CurationError.nothingToRedo(bankID: "bank")) { try await store.redo(bankID: "bank") }
    await #expect(throws: CurationError.nothingToRedo(bankID: "none")) { try await store.redo(bankID: "none") }
  }

  @Test("a memory's history tells how it came and all that happened to it")
  func history() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Original words."))
    let memory = try #require(try await store.listed().first)
    _ = try await store.edit(id: memory.id, bankID: "bank", text: "Better words.", reason: "a slip")
    try await store.setTags(.add(["x"]), of: [memory.id], bankID: "bank")
    try await store.invalidate([memory.id], bankID: "bank", reason: "wrong")
    try await store.undo(bankID: "bank")
    let history = try await store.history(id: memory.id, bankID: "bank")
    #expect(history.map(\.action) == ["retain", "edit", "tag", "invalidate"])
    #expect(history.map(\.reason) == [nil, "a slip", nil, "wrong"])
    #expect(history.map(\.isUndone) == [false, false, false, true])
    #expect(history[0].after == memory && history[0].before == nil)
    #expect(history[1].before?.text == "Original words." && history[1].after.text == "Better words.")
    #expect(history[2].before?.tags == [] && history[2].after.tags == ["x"])
    #expect(history[3].after.state == .invalidated && history[3].after.stateReason == "wrong")
    #expect(try await store.history(id: UUID().uuidString, bankID: "bank") == [])
  }

  @Test("a moved memory is recalled in its new bank, with what was said, and comes back whole")
  func move() async throws {
    let store = try await scene.open()
    let turn = RetainTurn.saying("Anna moved to Oslo.", answer: "Noted, Anna is in Oslo.", turnID: "turn")
    try await store.retain(turn)
    try await store.retain(.saying("Something else.", bankID: "home"))
    let before = try scene.dump()
    let id = try await ids("Anna moved to Oslo.", in: store)
    let change = try #require(try await store.move(id, from: "bank", to: "home", reason: "private"))
    #expect(change.words == "move 1 memory to bank home")
    #expect(try await store.texts("Anna moved") == ["Noted, Anna is in Oslo."])
    let there = try await store.recall(RecallQuery(bankID: "home", text: "Anna moved")).memories.map(\.memory)
    #expect(there.map(\.text) == ["Anna moved to Oslo."])
    #expect(there.first?.id == id[0] && there.first?.turnID == "turn" && there.first?.documentID == "session")
    #expect(there.first?.entities.contains("Oslo") == true)
    #expect(try await store.documentText(id: "session", bankID: "home")?.contains("Anna moved to Oslo.") == true)
    #expect(try await store.documentText(id: "session", bankID: "bank")?.contains("Anna moved") == false)
    // Its turn does not bring it in again.
    try await store.retain(turn)
    #expect(try await store.listed().map(\.text) == ["Noted, Anna is in Oslo."])
    #expect(try scene.faults() == [])
    #expect(try await store.move(id, from: "home", to: "home") == nil)
    let after = try scene.dump()
    try await store.undo(bankID: "home")
    #expect(try scene.dump() == before)
    #expect(try await store.texts("Anna moved").first == "Anna moved to Oslo.")
    try await store.redo(bankID: "bank")
    #expect(try scene.dump() == after)
    // By hand it goes back as well, and then its turn knows it.
    try await store.move(id, from: "home", to: "bank")
    try await store.retain(turn)
    #expect(try await store.listed().map(\.text).sorted() == ["Anna moved to Oslo.", "Noted, Anna is in Oslo."])
    #expect(try scene.faults() == [])
  }

  @Test("the vector of a moved memory goes with its bank, and is made there anew")
  func moveVector() async throws {
    let store = try await scene.open()
    for bank in ["bank", "home"] {
      try await store.retain(.saying("The lantern of \(bank).", bankID: bank))
      try await store.embedMissing(bankID: bank, model: RandomVectors("x/one"))
    }
    func counts() throws -> [Int] {
      try scene.inspect { try Int.fetchAll($0, sql: "SELECT vector_count FROM space ORDER BY bank") }
    }
    let id = try await ids("The lantern of bank.", in: store)
    try await store.move(id, from: "bank", to: "home")
    #expect(try counts() == [0, 1])
    for bank in ["bank", "home"] { try await store.embedMissing(bankID: bank, model: RandomVectors("x/one")) }
    #expect(try counts() == [0, 2])
    try await store.undo(bankID: "bank")
    #expect(try counts() == [0, 1])
    for bank in ["bank", "home"] { try await store.embedMissing(bankID: bank, model: RandomVectors("x/one")) }
    #expect(try counts() == [1, 1])
    #expect(try scene.faults() == [])
  }

  @Test("one part of a long message is moved: the message is copied, and the rest stays")
  func movePart() async throws {
    let store = try await scene.open()
    let first = String(repeating: "The harbour freezes early. ", count: 40)
    let second = String(repeating: "The orchard blooms late. ", count: 40)
    try await store.retain(.saying(first + "\n\n" + second, turnID: "turn"))
    let memories = try await store.listed()
    #expect(memories.count == 2)
    let harbour = try #require(memories.first { $0.text.contains("harbour") })
    let orchard = try #require(memories.first { $0.text.contains("orchard") })
    try await store.move([harbour.id], from: "bank", to: "home")
    #expect(try scene.inspect { try Int.fetchOne($0, sql: "SELECT count(*) FROM message") } == 2)
    let source = try scene.inspect {
      try String.fetchOne(
        $0,
        sql: """
          SELECT substr(message.text, span_start + 1, span_end - span_start) FROM source
            JOIN message ON message.id = source.message JOIN bank ON bank.id = message.bank WHERE bank.name = 'home'
          """)
    }
    #expect(source == harbour.text)
    // The other one follows: the words are there already, once.
    try await store.move([orchard.id], from: "bank", to: "home")
    #expect(try scene.inspect { try Int.fetchOne($0, sql: "SELECT count(*) FROM message") } == 1)
    #expect(try await store.documentText(id: "session", bankID: "bank") == nil)
    #expect(try scene.faults() == [])
    // A message that came meanwhile has taken the number of the one that went.
    try await store.retain(.saying("Meanwhile.", documentID: "other"))
    try await store.undo(bankID: "bank")
    try await store.undo(bankID: "bank")
    #expect(try await store.listed().map(\.text).sorted() == ["Meanwhile.", first.trimmed, second.trimmed])
    #expect(try await store.documentText(id: "session", bankID: "bank")?.contains("orchard") == true)
    try await store.redo(bankID: "bank")
    try await store.redo(bankID: "bank")
    #expect(try await store.listed().map(\.text) == ["Meanwhile."])
    try await store.undo(bankID: "bank")
    try await store.undo(bankID: "bank")
    #expect(try scene.faults() == [])
  }

  @Test("a moved document takes what it says along; what was said elsewhere too is in both banks")
  func moveDocument() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Said in both.", documentID: "one"))
    try await store.retain(.saying("Only in two.", documentID: "two"))
    try await store.retain(.saying("Said in both.", documentID: "two"))
    try await store.extracted([("It is only in two.", "Only in two")])
    let before = try scene.dump()
    try await store.move(document: "two", from: "bank", to: "home")
    func texts(_ bank: String) async throws -> [String] {
      try await store.memories(MemoryPageRequest(bankID: bank)).memories.map { "\($0.text) \($0.proofCount)" }.sorted()
    }
    #expect(try await texts("bank") == ["Said in both. 1"])
    #expect(try await texts("home") == ["It is only in two. 1", "Only in two. 1", "Said in both. 1"])
    #expect(try await store.documents(bankID: "home").documents.map(\.id) == ["two"])
    #expect(try await store.documents(bankID: "bank").documents.map(\.id) == ["one"])
    #expect(try scene.faults() == [])
    try await store.undo(bankID: "bank")
    #expect(try scene.dump(without: ["home"]) == before)
    #expect(try await texts("bank") == ["It is only in two. 1", "Only in two. 1", "Said in both. 2"])
    try await store.redo(bankID: "home")
    #expect(try await texts("home") == ["It is only in two. 1", "Only in two. 1", "Said in both. 1"])
    #expect(try scene.faults() == [])
    await #expect(throws: CurationError.noSuchDocument(id: "none", bankID: "bank")) {
      try await store.move(document: "none", from: "bank", to: "home")
    }
  }

  @Test("a deleted document leaves recall with what was drawn from it, and comes back with an undo")
  func deleteDocument() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("The key hangs in the shed.", documentID: "one"))
    try await store.retain(.saying("The boat is blue.", documentID: "two"))
    try await store.extracted([("The key is in the shed.", "hangs in the shed")])
    let change = try await store.deleteDocument(id: "one", bankID: "bank", reason: "outdated")
    #expect(change?.words == "delete 1 document")
    #expect(try await store.texts("key shed") == [])
    #expect(try await store.documentText(id: "one", bankID: "bank") == nil)
    let documents = try await store.documents(bankID: "bank").documents
    #expect(documents.map(\.id) == ["two", "one"] && documents.map(\.isDeleted) == [false, true])
    #expect(documents.map(\.memoryCount) == [1, 0])
    #expect(try await store.deleteDocument(id: "one", bankID: "bank") == nil)
    try await store.undo(bankID: "bank")
    #expect(try await store.texts("key shed").count == 2)
    #expect(try await store.documents(bankID: "bank", filter: "ON").documents.map(\.messageCount) == [1])
    let page = try await store.documents(bankID: "bank", limit: 1)
    #expect(page.documents.map(\.id) == ["two"])
    #expect(try await store.documents(bankID: "bank", after: page.next).documents.map(\.id) == ["one"])
    #expect(try scene.faults() == [])
  }

  @Test("what is drawn from a memory follows its tags and goes out with it; an undo brings both back")
  func derived() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Anna lives in Oslo."))
    try await store.extracted([("Anna is in Oslo.", "lives in Oslo")])
    try await store.work(
      ScriptedModel(#"{"creates": [{"text": "Anna is a Norwegian resident.", "facts": ["F1"]}]}"#))
    #expect(try await store.derived(.observe).count == 1)
    let before = try scene.dump()
    let id = try await ids("Anna lives in Oslo.", in: store)
    try await store.setTags(.add(["private"]), of: id, bankID: "bank")
    #expect(try await store.derived(.extract).map(\.tags) == [["private"]])
    #expect(try await store.derived(.observe) == [])
    try await store.undo(bankID: "bank")
    #expect(try scene.dump() == before)
    try await store.invalidate(id, bankID: "bank")
    #expect(try await store.listed().allSatisfy { $0.state == .invalidated })
    let fact = try #require(try await store.listed().first { $0.text == "Anna is in Oslo." })
    let last = try #require(try await store.history(id: fact.id, bankID: "bank").last)
    #expect(last.action == "invalidate" && last.before?.state == .valid && last.after.state == .invalidated)
    try await store.undo(bankID: "bank")
    #expect(try scene.dump() == before)
    #expect(try scene.faults() == [])
  }

  @Test("a fact that was said in two memories goes out and moves with both of them, not with one")
  func saidInTwo() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Anna lives in Oslo.", answer: "Oslo it is."))
    let fact = """
      {"facts": [{"what": "Anna is in Oslo.", "kind": "state", "type": "world", "entities": [], "sources": [
        {"message": 1, "quote": "lives in Oslo"}, {"message": 2, "quote": "Oslo it is"}]}]}
      """
    try await store.updateProfile(bankID: "bank") { $0.observes = false }
    try await store.work(ScriptedModel(fact))
    let both = try await ids("Anna lives in Oslo.", "Oslo it is.", in: store)
    try await store.invalidate([both[0]], bankID: "bank")
    #expect(try await store.derived(.extract).map(\.text) == ["Anna is in Oslo."])
    try await store.invalidate([both[1]], bankID: "bank")
    #expect(try await store.derived(.extract) == [])
    try await store.undo(bankID: "bank")
    try await store.undo(bankID: "bank")
    try await store.move(both, from: "bank", to: "home")
    #expect(try await store.listed() == [])
    #expect(try await store.memories(MemoryPageRequest(bankID: "home")).memories.count == 3)
    #expect(try scene.faults() == [])
  }

  @Test("an observation that was made anew meanwhile does not come back beside its successor")
  func superseded() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Anna lives in Oslo. Anna has a dog."))
    try await store.extracted([("Anna is in Oslo.", "lives in Oslo"), ("Anna owns a dog.", "has a dog")])
    try await store.work(ScriptedModel(#"{"creates": [{"text": "Anna and dog in Oslo.", "facts": ["F1", "F2"]}]}"#))
    let dog = try await ids("Anna owns a dog.", in: store)
    try await store.invalidate(dog, bankID: "bank")
    let later = try await scene.open(after: 60)
    try await later.work(ScriptedModel(#"{"creates": [{"text": "Anna is in Oslo now.", "facts": ["F1"]}]}"#))
    #expect(try await later.derived(.observe).map(\.text) == ["Anna is in Oslo now."])
    try await later.undo(bankID: "bank")
    #expect(try await later.derived(.observe).map(\.text) == ["Anna is in Oslo now."])
    #expect(try await later.listed().first { $0.id == dog[0] }?.state == .valid)
  }

  @Test("ids are known by their beginning")
  func prefixes() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("A thing.", answer: "Another."))
    let memory = try #require(try await store.listed().first)
    #expect(try await store.memoryID(startingWith: memory.id.uppercased(), bankID: "bank") == memory.id)
    #expect(try await store.memoryID(startingWith: String(memory.id.prefix(25)), bankID: "bank") == memory.id)
    #expect(try await store.memoryID(startingWith: "ffff", bankID: "bank") == nil)
    #expect(try await store.memoryID(startingWith: "what", bankID: "bank") == nil)
    await #expect(throws: CurationError.ambiguous(prefix: String(memory.id.prefix(8)), count: 2)) {
      try await store.memoryID(startingWith: String(memory.id.prefix(8)), bankID: "bank")
    }
  }
}

extension String {
  var trimmed: String { trimmingCharacters(in: .whitespaces) }
}

extension Scene {
  /// Every row that says something, but the journals of changes and when a row was last touched; without the rows of
  /// these banks. The highest number that a bank ever gave stays, and so do the vocabulary and background work.
  func dump(without banks: [String] = []) throws -> [String: [String]] {
    let left = ["journal", "change_group", "row_image", "word", "job", "meta", "spending"]
    let unseen = ["updated", "last_memory", "extracted_message", "extracted_bytes"]
    return try inspect { database in
      let tables = try String.fetchAll(
        database,
        sql: """
          SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%' AND name NOT LIKE 'sqlite%'
            AND name NOT LIKE 'grdb%' AND name NOT LIKE 'memory\\_fts\\_%' ESCAPE '\\'
            AND name NOT LIKE 'memory\\_words\\_%' ESCAPE '\\'
          """
      ).filter { !left.contains($0) }
      var dump: [String: [String]] = [:]
      for table in tables {
        let rows = try Row.fetchAll(database, sql: "SELECT * FROM \"\(table)\"")
        dump[table] = rows.filter { row in table != "bank" || !banks.contains(row["name"] as String) }.map { row in
          row.filter { !unseen.contains($0.0) }.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
        }.sorted()
      }
      return dump
    }
  }
}
