import Foundation
import GRDB
import RearviewChat
import RearviewJSON
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Consolidating observations")
struct ObservationTests {
  let scene: Scene

  init() throws { scene = try Scene() }

  /// A store with these facts, which wait for consolidation.
  private func store(_ statements: String...) async throws -> EmbeddedMemory {
    let store = try await scene.open()
    try await add(statements, to: store)
    return store
  }

  private func add(_ statements: [String], to store: EmbeddedMemory) async throws {
    for statement in statements {
      try await store.retain(.saying("I say: \(statement)", documentID: statement))
      try await store.extracted([(statement, statement)])
    }
  }

  private func create(_ text: String, _ facts: String...) -> JSONValue {
    ["text": .text(text), "facts": .list(facts.map(JSONValue.text))]
  }

  private func update(_ observation: String, _ text: String, _ facts: String...) -> JSONValue {
    ["observation": .text(observation), "text": .text(text), "facts": .list(facts.map(JSONValue.text))]
  }

  private func answer(creates: [JSONValue] = [], updates: [JSONValue] = [], deletes: [JSONValue] = []) -> String {
    JSONValue.object(["creates": .list(creates), "updates": .list(updates), "deletes": .list(deletes)]).written()
  }

  @Test("facts become an observation with its sources and proof; what is named and not there is dropped")
  func creates() async throws {
    let store = try await store("Anna lives in Oslo.", "Anna likes Oslo.")
    try await store.updateProfile(bankID: "bank") { $0.observeMission = "People and places." }
    let model = ScriptedModel(
      answer(
        creates: [
          create("Anna lives in Oslo and likes it.", "F1", "[F2]", "F2", "F9"), create("Made up.", "F7"),
          create("Without a source."),
        ], updates: [update("O1", "Nothing is there.", "F1")]))
    try await store.work(model)
    let observations = try await store.derived(.observe)
    let observation = try #require(observations.first)
    #expect(observations.map(\.text) == ["Anna lives in Oslo and likes it."])
    #expect(observation.type == .observation && observation.proofCount == 2)
    let facts = try await store.derived(.extract)
    #expect(try await store.sources(id: observation.id, bankID: "bank") == facts)
    let job = try #require(try await store.jobs().first)
    let result: JSONObject = ["created": 1, "updated": 0, "deleted": 0, "dropped": 3]
    #expect(job.kind == .observe && job.state == .done && job.result == result)
    #expect(await model.requests[0].text.contains("People and places."))
    #expect(await model.requests[0].text.contains("[F2, said 2023-11-14] Anna likes Oslo."))
    // What was taken in is not asked about again.
    try await store.work(model)
    #expect(await model.requests.count == 1)
    #expect(try scene.faults() == [])
  }

  @Test("a later fact changes the observation, which keeps its last 50 texts")
  func updates() async throws {
    let store = try await store("Anna lives in Bergen.")
    try await store.work(ScriptedModel(answer(creates: [create("Anna lives in Bergen.", "F1")])))
    try await add(["Anna moved to Oslo."], to: store)
    let changed = "Anna lived in Bergen; now she lives in Oslo."
    let model = ScriptedModel(answer(updates: [update("O1", changed, "F1")]))
    try await store.work(model)
    #expect(await model.requests[0].text.contains("[O1, said 2023-11-14, rests on 1] Anna lives in Bergen."))
    let observation = try #require(try await store.derived(.observe).first)
    #expect(observation.text == changed && observation.proofCount == 2)
    let versions = try await store.versions(id: observation.id, bankID: "bank")
    #expect(versions.map(\.text) == ["Anna lives in Bergen."] && versions.map(\.proofCount) == [1])
    #expect(try await store.texts("Bergen Oslo", types: [.observation]) == [changed])
    for number in 1...52 {
      try scene.change("UPDATE memory SET consolidated = NULL WHERE text = 'Anna moved to Oslo.'")
      try await store.work(ScriptedModel(answer(updates: [update("O1", "Anna lives in Oslo, \(number).", "F1")])))
    }
    let numbers = try await store.versions(id: observation.id, bankID: "bank").map(\.number)
    #expect(numbers == Array((4...53).reversed()))
    #expect(try scene.faults() == [])
  }

  @Test("an observation that another one says leaves recall, and only on the word of a fact")
  func deletes() async throws {
    let store = try await store("Anna lives in Oslo.")
    try await store.work(
      ScriptedModel(answer(creates: [create("Anna is in Oslo.", "F1"), create("Oslo has Anna.", "F1")])))
    try await add(["Anna really lives in Oslo."], to: store)
    try await store.work(
      ScriptedModel { [self] request, _ in
        let name = request.text.contains("[O1, said 2023-11-14, rests on 1] Oslo has Anna.") ? "O1" : "O2"
        return .saying(
          answer(deletes: [
            ["observation": .text(name), "facts": ["F1"]],
            ["observation": .text(name == "O1" ? "O2" : "O1"), "facts": []],
          ]))
      })
    #expect(try await store.derived(.observe).map(\.text) == ["Anna is in Oslo."])
    let retired = try #require(try await store.listed("Oslo has Anna").first)
    #expect(retired.state == .invalidated && retired.stateReason == Provenance.supersededReason)
  }

  @Test("a fact that is invalidated takes its observation out of recall, and the others are consolidated anew")
  func sourceInvalidated() async throws {
    let store = try await store("Anna lives in Oslo.", "Anna likes boats.")
    try await store.work(ScriptedModel(answer(creates: [create("Anna lives in Oslo and likes boats.", "F1", "F2")])))
    let model = try await store.addMentalModel(bankID: "bank", name: "Anna", question: "Who is Anna?")
    let observation = try #require(try await store.derived(.observe).first)
    try await store.write { [now = store.now] database in
      let row = try #require(try Int64.fetchOne(database, sql: "SELECT id FROM mental_model"))
      try MentalModel.keep(body: "A sailor.", basedOn: [observation.id], mentalModel: row, now: now, in: database)
    }
    let wrong = try await store.derived(.extract)[0]
    _ = try await store.invalidate(id: wrong.id, bankID: "bank", reason: "wrong")
    try await removed(wrong, in: store)
    #expect(try await store.derived(.observe) == [])
    #expect(try await store.mentalModels(bankID: "bank").map(\.isStale) == [true])
    let again = ScriptedModel(
      answer(creates: [create("Anna likes boats.", "F1"), create("Anna lives in Oslo.", "F1")]))
    try await store.work(again)
    #expect(await !again.requests[0].text.contains("[F2"))
    #expect(await again.requests[0].text.contains("Taken back by a person"))
    #expect(try await store.derived(.observe).map(\.text) == ["Anna likes boats."])
    // And back.
    _ = try await store.restore(id: wrong.id, bankID: "bank")
    try await store.write { [now = store.now] database in
      let row = try #require(try StoredMemory.find(id: wrong.id, bankID: "bank", in: database)).row
      try Provenance(database, now: now).sourceWasRestored(row)
    }
    let back = ScriptedModel(answer(creates: [create("Anna lives in Oslo.", "F1")]))
    try await store.work(back)
    #expect(try await store.derived(.observe).map(\.text) == ["Anna likes boats.", "Anna lives in Oslo."])
    _ = model
    #expect(try scene.faults() == [])
  }

  @Test("words that are taken back take their facts and observations with them; restored, the facts are back")
  func turnInvalidated() async throws {
    let store = try await store("Anna lives in Oslo.", "Anna likes boats.")
    try await store.work(ScriptedModel(answer(creates: [create("Anna is a sailor of Oslo.", "F1", "F2")])))
    let said = try #require(try await store.listed("say Oslo").first)
    _ = try await store.invalidate(id: said.id, bankID: "bank", reason: nil)
    try await removed(said, in: store)
    #expect(try await store.derived(.extract).map(\.text) == ["Anna likes boats."])
    #expect(try await store.derived(.observe) == [])
    #expect(try await store.texts("Oslo") == [])
    _ = try await store.restore(id: said.id, bankID: "bank")
    try await store.write { [now = store.now] database in
      let row = try #require(try StoredMemory.find(id: said.id, bankID: "bank", in: database)).row
      try Provenance(database, now: now).sourceWasRestored(row)
    }
    #expect(try await store.derived(.extract).map(\.text) == ["Anna lives in Oslo.", "Anna likes boats."])
    #expect(try scene.faults() == [])
  }

  @Test("what is forgotten for good is in no derived layer any more")
  func forgotten() async throws {
    let store = try await store("Anna lives in Oslo.", "Anna likes boats.")
    try await store.work(ScriptedModel(answer(creates: [create("Anna is a sailor of Oslo.", "F1", "F2")])))
    try scene.change("UPDATE memory SET consolidated = NULL WHERE text = 'Anna likes boats.'")
    try await store.work(ScriptedModel(answer(updates: [update("O1", "Anna of Oslo sails.", "F1")])))
    let observation = try #require(try await store.derived(.observe).first)
    let model = try await store.addMentalModel(bankID: "bank", name: "Anna", question: "Who is Anna?")
    try await store.write { [now = store.now] database in
      let row = try #require(try Int64.fetchOne(database, sql: "SELECT id FROM mental_model"))
      try MentalModel.keep(body: "From Oslo.", basedOn: [observation.id], mentalModel: row, now: now, in: database)
    }
    let said = try #require(try await store.listed("say Oslo").first)
    try await removed(said, forGood: true, in: store)
    for table in ["memory WHERE origin IS NOT NULL", "memory_version", "mental_model_version", "mental_model"] {
      let texts = try scene.inspect { try Row.fetchAll($0, sql: "SELECT * FROM \(table)").map { "\($0)" } }
      #expect(!texts.contains { $0.contains("Oslo") }, "\(table)")
    }
    _ = model
    #expect(try await store.derived(.extract).map(\.text) == ["Anna likes boats."])
    #expect(try scene.faults() == [])
  }

  @Test("a document that is replaced takes its facts and their observations with it")
  func replacedDocument() async throws {
    let store = try await store("Anna lives in Oslo.")
    try await store.work(ScriptedModel(answer(creates: [create("Anna is in Oslo.", "F1")])))
    var turn = RetainTurn.saying("I say: Anna lives in Bergen.", documentID: "Anna lives in Oslo.")
    turn.update = .overwrite
    try await store.retain(turn)
    try await store.extracted([("Anna lives in Bergen.", "Anna lives in Bergen.")])
    try await store.work(ScriptedModel(answer(creates: [create("Anna is in Bergen.", "F1")])))
    #expect(try await store.derived(.observe).map(\.text) == ["Anna is in Bergen."])
  }

  @Test("a person's wording of an observation stays, and one that was taken back is not made again")
  func editsStick() async throws {
    let store = try await store("Anna lives in Oslo.")
    try await store.work(
      ScriptedModel(answer(creates: [create("Anna is in Oslo.", "F1"), create("Anna is rich.", "F1")])))
    let made = try await store.derived(.observe)
    _ = try await store.edit(id: made[0].id, bankID: "bank", text: "Anna lives in Oslo, near the harbour.")
    _ = try await store.invalidate(id: made[1].id, bankID: "bank", reason: "no")
    try await add(["Anna left Oslo."], to: store)
    let model = ScriptedModel(
      answer(creates: [create("Anna is RICH.", "F1")], updates: [update("O1", "Anna left.", "F1")]))
    try await store.work(model)
    #expect(await model.requests[0].text.contains("worded by a person] Anna lives in Oslo, near the harbour."))
    let observations = try await store.derived(.observe)
    #expect(observations.map(\.text) == ["Anna lives in Oslo, near the harbour."])
    #expect(observations.map(\.proofCount) == [2])
  }

  @Test("facts of different tags are never in one question, and an observation has the tags of its facts")
  func tags() async throws {
    let store = try await scene.open()
    for tag in ["red", "blue"] {
      var turn = RetainTurn.saying("Secret of \(tag).", documentID: tag)
      turn.tags = [tag]
      try await store.retain(turn)
      try await store.extracted([("The \(tag) secret.", "Secret of \(tag)")])
    }
    let model = ScriptedModel { [self] request, _ in
      .saying(answer(creates: [create(request.text.contains("The red") ? "Red." : "Blue.", "F1")]))
    }
    try await store.work(model)
    let observations = try await store.derived(.observe)
    #expect(observations.map(\.text) == ["Red.", "Blue."] && observations.map(\.tags) == [["red"], ["blue"]])
    #expect(await model.requests.map { $0.text.contains("The red") && $0.text.contains("The blue") } == [false, false])
  }

  private func removed(_ memory: Memory, forGood: Bool = false, in store: EmbeddedMemory) async throws {
    try await store.write { [now = store.now] database in
      let row = try #require(try StoredMemory.find(id: memory.id, bankID: "bank", in: database)).row
      try Provenance(database, now: now).sourceWasRemoved(row, forGood: forGood)
    }
  }
}
