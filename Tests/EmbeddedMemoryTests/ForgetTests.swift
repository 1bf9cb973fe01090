import Foundation
import GRDB
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Forgetting for good")
struct ForgetTests {
  let scene: Scene

  init() throws { scene = try Scene() }

  /// The files of the folder, and of those in it, in whose bytes a word stands, in any case.
  private func holders(_ word: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: scene.folder).filter { name in
      guard let data = FileManager.default.contents(atPath: scene.folder + "/" + name) else { return false }
      return String(decoding: data, as: UTF8.self).lowercased().contains(word.lowercased())
    }.sorted()
  }

  private func id(_ filter: String, in store: EmbeddedMemory) async throws -> String {
    try #require(try await store.listed(filter).first { $0.metadata["origin"] == nil }?.id)
  }

  @Test("no byte of what was forgotten is left in any file, and its turn does not bring it back")
  func bytes() async throws {
    let store = try await scene.open()
    for number in 0..<40 {
      try await store.retain(.saying("Filler \(number) of the lighthouse.", turnID: "f\(number)"))
    }
    let turn = RetainTurn.saying(
      "My friend Xylofant lives by the lighthouse.", answer: "Good to know.", turnID: "secret", documentID: "talk")
    try await store.retain(turn)
    for number in 40..<80 { try await store.retain(.saying("Filler \(number) of the harbour.", turnID: "f\(number)")) }
    try await store.extracted([("Xylofant is a friend.", "My friend Xylofant")])
    try await store.work(ScriptedModel(#"{"creates": [{"text": "Xylofant is dear.", "facts": ["F1"]}]}"#))
    let model = try await store.addMentalModel(bankID: "bank", name: "Friends", question: "Who is a friend?")
    let quoted = "You said: my friend Xylofant lives by the lighthouse."
    _ = try await store.updateMentalModel(id: model.id, bankID: "bank") { $0.body = quoted }
    let memory = try await id("xylofant", in: store)
    _ = try await store.edit(id: memory, bankID: "bank", text: "Xylofant moved to Xylofantville.", reason: "Xylofant")
    try await store.setTags(.add(["friends"]), of: [memory], bankID: "bank")
    _ = try await store.move([memory], from: "bank", to: "away")
    try await store.undo(bankID: "bank")
    #expect(try holders("xylofant").contains("memory.sqlite") || holders("xylofant").contains("memory.sqlite-wal"))

    let plan = try await store.forgetPreview(.memories([memory]), bankID: "bank")
    #expect(plan.memories.texts == ["Xylofant moved to Xylofantville."])
    #expect(plan.messages.texts == ["My friend Xylofant lives by the lighthouse."])
    #expect(plan.entities.texts.contains("Xylofantville"))
    #expect(plan.journalCount > 0 && plan.copies == [] && plan.documents.count == 0)
    let report = try await store.forget(plan)
    #expect(report.remainder == nil)
    #expect(try holders("xylofant") == [])
    #expect(try holders("lighthouse").isEmpty == false)

    try await store.retain(turn)
    #expect(try await store.listed("xylofant") == [])
    #expect(try await store.documentText(id: "talk", bankID: "bank")?.contains("Good to know.") == true)
    #expect(try await store.texts("xylofantville") == [])
    #expect(try await store.changes(bankID: "bank") == [])
    #expect(try await store.memory(id: memory, bankID: "bank") == nil)
    await #expect(throws: CurationError.planIsOld) { try await store.forget(plan) }
    #expect(try scene.faults() == [])
    // Said anew by the user, it is known anew.
    try await store.retain(.saying("Xylofant is back.", turnID: "later"))
    #expect(try await store.texts("xylofant").first == "Xylofant is back.")
  }

  @Test("what was drawn from it goes too: facts, observations, answers that stand on them")
  func derived() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Anna keeps a quagga at home."))
    try await store.retain(.saying("Berta keeps a dog."))
    try await store.extracted([("Anna has a quagga.", "keeps a quagga"), ("Berta has a dog.", "keeps a dog")])
    try await store.work(ScriptedModel(#"{"creates": [{"text": "A quagga lives there.", "facts": ["F1"]}]}"#))
    let model = try await store.addMentalModel(bankID: "bank", name: "Animals", question: "Which animals?")
    let observation = try #require(try await store.derived(.observe).first)
    try await store.write { [now = store.now] database in
      let row = try Int64.fetchOne(database, sql: "SELECT id FROM mental_model") ?? 0
      try MentalModel.keep(
        body: "There is a quagga.", basedOn: [observation.id], mentalModel: row, now: now, in: database)
    }
    let plan = try await store.forgetPreview(.memories([id("quagga home", in: store)]), bankID: "bank")
    #expect(Set(plan.derived.texts) == ["Anna has a quagga.", "A quagga lives there."])
    #expect(plan.mentalModels.texts == ["Animals"])
    try await store.forget(plan)
    #expect(try holders("quagga") == [])
    #expect(try await store.mentalModels(bankID: "bank").first { $0.id == model.id }?.body == "")
    #expect(try await store.listed().map(\.text).sorted() == ["Berta keeps a dog."])
    #expect(try scene.faults() == [])
  }

  @Test("a part of a long message is cut out of it, and the rest stands where it stood")
  func part() async throws {
    let store = try await scene.open()
    let texts = ["quagga", "lantern", "orchard"].map { String(repeating: "The \($0) is here. ", count: 50).trimmed }
    let turn = RetainTurn.saying(texts.joined(separator: "\n\n"), turnID: "long")
    try await store.retain(turn)
    #expect(try await store.listed().count == 3)
    let plan = try await store.forgetPreview(.memories([id("lantern", in: store)]), bankID: "bank")
    #expect(plan.messages.count == 1 && plan.memories.count == 1)
    try await store.forget(plan)
    #expect(try holders("lantern") == [])
    let spans = try scene.inspect {
      try String.fetchAll(
        $0,
        sql: """
          SELECT substr(message.text, span_start + 1, span_end - span_start) FROM source
            JOIN message ON message.id = source.message ORDER BY span_start
          """)
    }
    #expect(spans.map(\.trimmed) == [texts[0], texts[2]])
    try await store.retain(turn)
    #expect(try await store.listed("lantern") == [])
    #expect(try scene.faults() == [])
  }

  @Test("a document goes with what it says; what was said elsewhere too stays")
  func document() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Said in both.", documentID: "one"))
    try await store.retain(.saying("Said in both.", documentID: "two"))
    try await store.retain(.saying("A quagga in two.", documentID: "two"))
    try await store.deleteDocument(id: "two", bankID: "bank", reason: "no quagga")
    let plan = try await store.forgetPreview(.document("two"), bankID: "bank")
    #expect(plan.memories.texts == ["A quagga in two."] && plan.documents.texts == ["two"])
    #expect(plan.messages.count == 2)
    try await store.forget(plan)
    #expect(try holders("quagga") == [])
    let left = try await store.listed()
    #expect(left.map(\.text) == ["Said in both."] && left.map(\.proofCount) == [1])
    #expect(try await store.documents(bankID: "bank").documents.map(\.id) == ["one"])
    #expect(try scene.faults() == [])
  }

  @Test("an entity goes with all that mentions it and with its other names")
  func entity() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Yesterday I saw Quaggabert at noon."))
    try await store.retain(.saying("Yesterday I saw Berta at noon."))
    let entity = try #require(try await store.entity("Quaggabert", bankID: "bank"))
    _ = try await store.addAlias("Quaggy", toEntity: entity.id, bankID: "bank")
    let plan = try await store.forgetPreview(.entity(entity.id), bankID: "bank")
    #expect(plan.entities.texts == ["Quaggabert"] && plan.memories.count == 1)
    try await store.forget(plan)
    #expect(try holders("quagg") == [])
    #expect(try await store.entity("Quaggy", bankID: "bank") == nil)
    #expect(try await store.entity("Berta", bankID: "bank")?.mentions == 1)
    #expect(try scene.faults() == [])
  }

  @Test("the name of one that was merged goes with the last text that has it")
  func mergedName() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Yesterday I saw Quaggabert at noon."))
    try await store.retain(.saying("Yesterday I saw Berta at noon."))
    let berta = try #require(try await store.entity("Berta", bankID: "bank"))
    let other = try #require(try await store.entity("Quaggabert", bankID: "bank"))
    try await store.mergeEntities([other.id], into: berta.id, bankID: "bank")
    try await store.forget(store.forgetPreview(.memories([id("quaggabert", in: store)]), bankID: "bank"))
    #expect(try holders("quagg") == [])
    #expect(try await store.entity("Berta", bankID: "bank")?.aliases == [])
    #expect(try scene.faults() == [])
  }

  @Test("vectors go from the pages, and the words that nothing else holds from the vocabulary")
  func vectorsAndWords() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("A quagga and a lantern."))
    try await store.retain(.saying("A lantern alone."))
    let words = { try scene.inspect { try String.fetchAll($0, sql: "SELECT text FROM word ORDER BY text") } }
    #expect(try words().contains("quagga"))
    let model = RandomVectors("x/one")
    try await store.embedMissing(bankID: "bank", model: model)
    func vectors() throws -> [Int] {
      try scene.inspect {
        try Int.fetchAll($0, sql: "SELECT count(*) FROM vector UNION ALL SELECT vector_count FROM space")
      }
    }
    #expect(try vectors() == [2, 2])
    let plan = try await store.forgetPreview(.memories([id("quagga", in: store)]), bankID: "bank")
    #expect(plan.vectorCount == 1)
    try await store.forget(plan)
    #expect(try vectors() == [1, 1])
    #expect(try words() == ["alone", "lantern"])
    // A word that comes now may get the number of one that went.
    try await store.retain(.saying("A zeppelin flies."))
    #expect(try await store.texts("zepelin").first == "A zeppelin flies.")
  }

  @Test("work that read it before it was forgotten writes nothing of it")
  func work() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Anna keeps a quagga at home.", answer: "A fine animal.", documentID: "talk"))
    let memory = try await id("quagga", in: store)
    let model = ScriptedModel { _, call in
      if call == 1 {
        try await store.forget(store.forgetPreview(.memories([memory]), bankID: "bank"))
      }
      return .saying(call == 1 ? facts([("Anna has a quagga.", "A fine animal")], message: 2) : #"{"facts": []}"#)
    }
    try await store.work(model)
    #expect(await model.requests.count > 1)
    #expect(try await store.listed().map(\.text) == ["A fine animal."])
    #expect(try scene.faults() == [])
    #expect(try await store.sweep() == nil)
    #expect(try holders("quagga") == [])
  }

  @Test("copies beside the file are named, and left alone")
  func copies() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("A quagga at home."))
    let copy = scene.folder + "/memory.sqlite.copy"
    try scene.change("VACUUM INTO '\(copy)'")
    let backup = store.backups.folder + "/" + (try store.backups.make(keeping: 7)).name
    let quagga = try await id("quagga", in: store)
    // Both hold what it said before.
    _ = try await store.edit(id: quagga, bankID: "bank", text: "An animal at home.")
    let plan = try await store.forgetPreview(.memories([quagga]), bankID: "bank")
    #expect(plan.copies == [copy, backup])
    #expect(try await store.forget(plan).plan.copies == [copy, backup])
    #expect(try holders("quagga").map { scene.folder + "/" + $0 } == [backup, copy])
  }

  @Test("while another program reads, it says so, and the rest goes with a sweep")
  func reader() async throws {
    let store = try await scene.open(busyTimeout: .milliseconds(50))
    try await store.retain(.saying("A quagga at home."))
    let plan = try await store.forgetPreview(.memories([id("quagga", in: store)]), bankID: "bank")
    let report = try await {
      let snapshot = try DatabasePool(path: scene.path).makeSnapshot()
      #expect(try await snapshot.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM memory") } == 1)
      let report = try await store.forget(plan)
      #expect(try await snapshot.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM memory") } == 1)
      return report
    }()
    #expect(report.remainder?.contains("Another program is reading") == true)
    #expect(try await store.listed() == [])
    #expect(try await store.sweep() == nil)
    #expect(try holders("quagga") == [])
  }

  @Test("a deleted bank leaves no byte and no word behind")
  func bank() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("A quagga at home.", bankID: "zoo"))
    try await store.retain(.saying("A lantern at home."))
    let memory = try await id("lantern", in: store)
    try await store.move([memory], from: "bank", to: "zoo")
    try await store.undo(bankID: "bank")
    #expect(try await store.deleteBank(id: "zoo"))
    #expect(try holders("quagga") == [])
    #expect(try await store.texts("lantern") == ["A lantern at home."])
    #expect(try await store.changes(bankID: "bank") == [])
    #expect(try scene.faults() == [])
  }
}
