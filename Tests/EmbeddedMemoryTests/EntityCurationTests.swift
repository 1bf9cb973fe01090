import Foundation
import GRDB
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Curation of entities")
struct EntityCurationTests {
  let scene: Scene

  init() throws { scene = try Scene() }

  private func entity(_ name: String, in store: EmbeddedMemory) async throws -> Entity {
    try #require(try await store.entity(name, bankID: "bank"))
  }

  @Test("entities are listed by mentions, filtered by any name, and paged")
  func list() async throws {
    let store = try await scene.open()
    for number in 0..<3 { try await store.retain(.saying("Note \(number): we met Berta in Oslo.")) }
    try await store.retain(.saying("We met my sister Anna in Bergen, and then Berta."))
    let all = try await store.entities(bankID: "bank").entities
    #expect(all.first?.name == "Berta" && all.first?.mentions == 4)
    #expect(Set(all.map(\.name)).isSuperset(of: ["Berta", "Oslo", "Anna", "Bergen"]))
    var paged: [Entity] = []
    var place: String?
    repeat {
      let page = try await store.entities(bankID: "bank", after: place, limit: 1)
      paged += page.entities
      place = page.next
    } while place != nil
    #expect(paged == all)
    #expect(try await store.entities(bankID: "bank", filter: "BERG").entities.map(\.name) == ["Bergen"])
    #expect(try await store.entities(bankID: "bank", filter: "sister").entities.map(\.name) == ["Anna"])
    let berta = try await entity("berta", in: store)
    let detail = try await store.entityDetail(id: berta.id, bankID: "bank")
    #expect(detail.memories.count == 4 && detail.memories[0].text.hasSuffix("then Berta."))
    #expect(detail.neighbours.first?.entity.name == "Oslo" && detail.neighbours.first?.shared == 3)
    #expect(try await store.entities(bankID: "none").entities == [])
    await #expect(throws: CurationError.noSuchEntity(id: "none", bankID: "bank")) {
      try await store.entityDetail(id: "none", bankID: "bank")
    }
  }

  @Test("what was merged stays one for what is retained later, and an undo parts it again")
  func merge() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Yesterday I saw Katherine in town."))
    try await store.retain(.saying("Yesterday I saw Kathrine by the sea."))
    let before = try scene.dump()
    let (one, other) = (try await entity("Katherine", in: store), try await entity("Kathrine", in: store))
    let change = try await store.mergeEntities([other.id], into: one.id, bankID: "bank")
    #expect(change?.words == "merge 1 entity")
    let merged = try await entity("kathrine", in: store)
    #expect(merged.id == one.id && merged.mentions == 2 && merged.aliases == ["kathrine"])
    await #expect(throws: CurationError.noSuchEntity(id: other.id, bankID: "bank")) {
      try await store.mergeEntities([other.id], into: one.id, bankID: "bank")
    }
    try await store.retain(.saying("Tomorrow I see Kathrine again."))
    #expect(try await entity("Katherine", in: store).mentions == 3)
    #expect(try await store.entities(bankID: "bank", filter: "kathrine").entities.map(\.id) == [one.id])
    #expect(try await store.recall(RecallQuery(bankID: "bank", text: "Katherine?")).memories.count == 3)
    try await store.undo(bankID: "bank")
    // What came meanwhile stays with the one it was put to.
    #expect(try await entity("Katherine", in: store).mentions == 2)
    #expect(try await entity("Kathrine", in: store).mentions == 1)
    try await store.redo(bankID: "bank")
    #expect(try await entity("Kathrine", in: store).mentions == 3)
    _ = try await store.removeAlias("Kathrine", fromEntity: one.id, bankID: "bank")
    try await store.retain(.saying("Then I saw Kathrine alone."))
    #expect(try await entity("Kathrine", in: store).id == other.id)
    #expect(before["entity"]?.count == 2)
    #expect(try scene.faults() == [])
  }

  @Test("what was split does not come together again, neither by an edit nor as a suggestion")
  func split() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Yesterday I saw Anna at the dentist."))
    try await store.retain(.saying("Yesterday I saw Anna by the sea."))
    let before = try scene.dump()
    let anna = try await entity("Anna", in: store)
    let dentist = try #require(try await store.listed("dentist").first)
    let new = try await store.splitEntity(
      id: anna.id, memories: [dentist.id], name: "Anna Dahl", bankID: "bank")
    #expect(new.mentions == 1 && new.name == "Anna Dahl")
    #expect(try await entity("Anna", in: store).mentions == 1)
    _ = try await store.edit(id: dentist.id, bankID: "bank", text: "Yesterday I saw Anna at the dentist's.")
    #expect(try await store.entityDetail(id: new.id, bankID: "bank").memories.map(\.id) == [dentist.id])
    #expect(try await entity("Anna", in: store).mentions == 1)
    try await store.retain(.saying("Tomorrow I see Anna again."))
    #expect(try await entity("Anna", in: store).mentions == 2)
    #expect(try await store.mergeSuggestions(bankID: "bank") == [])
    await #expect(throws: CurationError.self) {
      try await store.splitEntity(id: anna.id, memories: [dentist.id], name: "anna dahl", bankID: "bank")
    }
    try await store.undo(bankID: "bank")
    try await store.undo(bankID: "bank")
    #expect(try await entity("Anna", in: store).mentions == 3)
    #expect(try await store.entity("Anna Dahl", bankID: "bank") == nil)
    #expect(before["entity_apart"] == [])
    #expect(try scene.faults() == [])
  }

  @Test("another name leads to an entity, and one that is taken is refused")
  func names() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Yesterday I saw Anna and Berta."))
    let anna = try await entity("Anna", in: store)
    let before = try scene.dump()
    #expect(try await store.renameEntity(id: anna.id, bankID: "bank", to: "Anna Berg")?.words == "rename 1 entity")
    #expect(try await entity("Anna Berg", in: store).id == anna.id)
    #expect(try await entity("Anna", in: store).name == "Anna Berg")
    _ = try await store.addAlias("Annie", toEntity: anna.id, bankID: "bank")
    #expect(try await store.addAlias("annie", toEntity: anna.id, bankID: "bank") == nil)
    try await store.retain(.saying("Today I saw Annie."))
    #expect(try await entity("annie", in: store).mentions == 2)
    await #expect(throws: CurationError.nameTaken(name: "Berta", bankID: "bank")) {
      try await store.renameEntity(id: anna.id, bankID: "bank", to: "Berta")
    }
    _ = try await store.removeAlias("ANNIE", fromEntity: anna.id, bankID: "bank")
    #expect(try await store.entity("annie", bankID: "bank") == nil)
    for _ in 0..<3 { try await store.undo(bankID: "bank") }
    #expect(try await entity("Anna", in: store).name == "Anna")
    #expect(try await store.entity("Anna Berg", bankID: "bank") == nil)
    #expect(before["alias"] == (try scene.dump()["alias"]))
  }

  @Test("names that are alike are suggested, and not again when they were dismissed")
  func suggestions() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Yesterday I saw Katherine with Mona."))
    try await store.retain(.saying("Yesterday I saw Kathrine with Mona."))
    try await store.retain(.saying("Yesterday version 1.2.3 came, today 1.2.4."))
    let found = try await store.mergeSuggestions(bankID: "bank")
    #expect(found.map { [$0.entity.name, $0.other.name] } == [["Katherine", "Kathrine"]])
    #expect(try #require(found.first).similarity >= 0.75)
    #expect(try await entity("Katherine", in: store).mentions == 1)
    try await store.keepApart(found[0].other.id, found[0].entity.id, bankID: "bank")
    #expect(try await store.mergeSuggestions(bankID: "bank") == [])
    try await store.undo(bankID: "bank")
    #expect(try await store.mergeSuggestions(bankID: "bank") == found)
    #expect(try await store.mergeSuggestions(bankID: "bank", limit: 0) == [])
  }

  @Test("among 5,000 entities those that are alike are found within seconds")
  func many() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("A note."))
    try await store.write { database in
      let memory = try Int64.fetchOne(database, sql: "SELECT id FROM memory")
      var random = SplitMix(state: 7)
      let letters = Array("abcdefghijklmnopqrstuvwxyz")
      for number in 0..<5_000 {
        let name = String((0..<10).map { _ in letters.randomElement(using: &random) ?? "a" })
        for name in number < 5 ? ["\(name)son", "\(name)sen"] : [name] {
          try database.execute(
            sql: """
              INSERT INTO entity (uid, bank, name, norm, kind, first_seen, last_seen)
              VALUES (randomblob(16), 1, ?, ?, 'person', 1, 1)
              """, arguments: [name, name])
          try database.execute(
            sql: "INSERT INTO memory_entity (entity, memory) VALUES (?, ?)",
            arguments: [database.lastInsertedRowID, memory])
        }
      }
    }
    let started = ContinuousClock.now
    let found = try await store.mergeSuggestions(bankID: "bank", limit: 10)
    #expect(found.prefix(5).allSatisfy { $0.entity.name.dropLast(2) == $0.other.name.dropLast(2) })
    #expect(started.duration(to: .now) < .seconds(30))
  }
}
