import Foundation
import GRDB
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Banks of the file")
struct BankTests {
  let scene: Scene

  init() throws { scene = try Scene() }

  @Test("a profile is kept whole, and its reflect mission is what setBank sets")
  func profile() async throws {
    let store = try await scene.open()
    #expect(try await store.profile(bankID: "bank") == nil)
    try await store.setBank(id: "bank", name: "Anna's", mission: "You help Anna.", timeout: nil)
    try await store.updateProfile(bankID: "bank") {
      $0.retainMission = "Boats\0."
      $0.observeMission = "Habits."
      $0.disposition = Disposition(skepticism: 9, literalism: 2, empathy: -1)
      $0.extracts = false
      $0.settings["colour"] = "blue"
    }
    let profile = try #require(try await scene.open().profile(bankID: "bank"))
    #expect(
      profile
        == BankProfile(
          id: "bank", name: "Anna's", retainMission: "Boats\0.", observeMission: "Habits.",
          reflectMission: "You help Anna.", disposition: Disposition(skepticism: 5, literalism: 2, empathy: 1),
          settings: ["extract": false, "colour": "blue"]))
    #expect(try JSONDecoder().decode(BankProfile.self, from: JSONEncoder().encode(profile)) == profile)
  }

  @Test("directives are added, changed, switched off and removed")
  func directives() async throws {
    let store = try await scene.open()
    let one = try await store.addDirective(bankID: "bank", text: "Be brief.", tags: ["b", "a", "a"])
    let other = try await store.addDirective(bankID: "bank", text: "Use metres.")
    #expect(one.tags == ["a", "b"])
    let changed = try await store.updateDirective(id: one.id, bankID: "bank") { $0.isActive = false }
    #expect(try await store.directives(bankID: "bank") == [try #require(changed), other])
    #expect(other.applies(to: []) && !one.applies(to: []) && one.applies(to: ["a"]))
    #expect(changed?.applies(to: ["a"]) == false)
    #expect(try await store.updateDirective(id: one.id, bankID: "elsewhere") { $0.text = "x" } == nil)
    await #expect(throws: MemoryStoreError.emptyText) {
      _ = try await store.updateDirective(id: one.id, bankID: "bank") { $0.text = " " }
    }
    #expect(try await store.removeDirective(id: one.id, bankID: "bank"))
    #expect(try await store.directives(bankID: "bank") == [other])
  }

  @Test("a mental model keeps the last 50 of its answers")
  func versions() async throws {
    let store = try await scene.open()
    let model = try await store.addMentalModel(bankID: "bank", name: "Home", question: "Where does Anna live?")
    #expect(model.isStale && model.refreshedAt == nil)
    for number in 1...52 {
      _ = try await store.updateMentalModel(id: model.id, bankID: "bank") { $0.body = "Answer \(number)." }
    }
    let versions = try await store.mentalModelVersions(id: model.id, bankID: "bank")
    #expect(versions.map(\.number) == Array((3...52).reversed()))
    let now = try #require(try await store.mentalModels(bankID: "bank").first)
    #expect(now.body == "Answer 52." && !now.isStale && now.refreshedAt == Scene.time)
    let other = try await store.updateMentalModel(id: model.id, bankID: "bank") { $0.question = "And Ben?" }
    #expect(other?.isStale == true)
    #expect(try await store.removeMentalModel(id: model.id, bankID: "bank"))
    #expect(try await store.mentalModels(bankID: "bank") == [])
  }

  @Test("statistics and days count what is there")
  func statistics() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("The boat is red.", answer: "Noted."))
    let later = try await scene.open(after: 2 * 86_400)
    try await later.retain(.saying("The lamp is blue.", documentID: "other"))
    let lamp = try #require(try await later.listed("lamp").first)
    _ = try await later.invalidate(id: lamp.id, bankID: "bank", reason: nil)
    let statistics = try #require(try await later.statistics(bankID: "bank"))
    #expect(
      statistics.memories == [
        .init(type: .experience, state: .valid, count: 1), .init(type: .world, state: .valid, count: 1),
        .init(type: .world, state: .invalidated, count: 1),
      ])
    let figures: [Int] = [statistics.documents, statistics.messages, statistics.textBytes]
    #expect(figures == [2, 3, 78])
    #expect(statistics.fileBytes > 4096 && statistics.jobs.isEmpty && statistics.spent.isEmpty)
    let days = try await later.memoriesPerDay(bankID: "bank", days: 3)
    #expect(days.map(\.counts) == [[.world: 1, .experience: 1], [:], [.world: 1]])
    #expect(days.last?.day == Date(timeIntervalSince1970: 1_700_092_800))
    #expect(try await store.statistics(bankID: "none") == nil)
  }

  @Test("a deleted bank leaves no row in any table, and other banks whole")
  func delete() async throws {
    let store = try await scene.open()
    for bank in ["bank", "other"] {
      try await store.retain(.saying("Anna moved to Oslo.", answer: "Noted.", bankID: bank))
    }
    func count() throws -> [String: Int] {
      try scene.inspect { database in
        let tables = try String.fetchAll(
          database,
          sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%' AND name <> 'word'")
        return Dictionary(
          uniqueKeysWithValues: try tables.filter { !$0.hasPrefix("memory_fts_") && !$0.hasPrefix("memory_words_") }.map
          {
            ($0, try Int.fetchOne(database, sql: "SELECT count(*) FROM \"\($0)\"") ?? 0)
          })
      }
    }
    try await store.setWorkOn(true)
    let before = try count()
    try await store.retain(.saying("Ben moved to Bergen.", documentID: "second"))
    try await store.extracted([("Anna lives in Oslo.", "moved to Oslo")])
    let observation = """
      {"creates": [{"text": "Anna is in Oslo.", "facts": ["F1"]}]}
      """
    try await store.work(ScriptedModel(observation))
    let fact = try #require(try await store.derived(.extract).first)
    _ = try await store.edit(id: fact.id, bankID: "bank", text: "Anna lives in Oslo now.")
    _ = try await store.addDirective(bankID: "bank", text: "Be brief.")
    let model = try await store.addMentalModel(bankID: "bank", name: "Home", question: "Where?")
    _ = try await store.updateMentalModel(id: model.id, bankID: "bank") { $0.body = "There." }
    _ = try await store.refreshMentalModel(id: model.id, bankID: "bank")
    let full = try count()
    for table in ["memory_source", "job", "spending", "mental_model_version", "directive", "journal"] {
      #expect(try #require(full[table]) > 0, "\(table) is empty")
    }
    #expect(try await store.deleteBank(id: "bank"))
    let after = try count()
    for (table, rows) in after where table != "meta" && !table.hasPrefix("grdb") && !table.hasPrefix("sqlite") {
      let ofOther = (before[table] ?? 0) / 2
      #expect(rows == ofOther, "\(table): \(rows)")
    }
    #expect(try scene.faults() == [])
    #expect(try await store.banks().map(\.id) == ["other"])
    // The answer that followed comes along.
    let left = try await store.recall(RecallQuery(bankID: "other", text: "Oslo")).memories
    #expect(left.map(\.memory.text) == ["Anna moved to Oslo.", "Noted."])
    #expect(try await store.deleteBank(id: "bank") == false)
  }
}
