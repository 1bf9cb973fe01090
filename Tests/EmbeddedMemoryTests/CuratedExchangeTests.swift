import Foundation
import GRDB
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

/// What curation decided holds in the file to which a bank is brought, and what came there is never damaged by it.
@Suite("Exporting and importing curated banks")
struct CuratedExchangeTests {
  let scene: Scene
  private let other: Scene
  private var file: String { scene.folder + "/banks.jsonl" }

  init() throws {
    scene = try Scene()
    other = try Scene()
  }

  private func rows(_ path: String) throws -> [String] {
    Array(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)[1...].dropLast())
  }

  private func export(_ store: EmbeddedMemory) async throws -> [String] {
    let path = other.folder + "/again.jsonl"
    try await store.exportBank(id: nil, to: path)
    return try rows(path)
  }

  /// The first rows in which two exports differ.
  private func difference(_ one: [String], _ two: [String]) -> [String] {
    if one == two { return [] }
    let place = zip(one, two).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(one.count, two.count)
    return ["\(one.count) and \(two.count) rows"]
      + [one, two].map { String(($0.dropFirst(place).first ?? "").prefix(600)) }
  }

  private func entity(_ name: String, in store: EmbeddedMemory) async throws -> Entity {
    try #require(try await store.entity(name, bankID: "bank"))
  }

  private func curate(_ store: EmbeddedMemory, seed: UInt64) async throws {
    var random = SplitMix(state: seed)
    let banks = CuratedBanks()
    try await banks.fill(store)
    for number in 0..<30 {
      try await banks.change(store, &random)
      if number % 4 == 3 {
        do { try await store.undo(bankID: "bank") } catch is CurationError {}
      }
      if number % 8 == 7 {
        do { try await store.redo(bankID: "bank") } catch is CurationError {}
      }
      guard number % 10 == 9,
        let memory = try await store.listed().randomElement(using: &random)
      else { continue }
      try await store.forget(try await store.forgetPreview(.memories([memory.id]), bankID: "bank"))
    }
  }

  @Test(
    "what was curated is the same in another file, with its history, and importing it again changes nothing",
    arguments: [1, 2, 3, 4, 5, 18, 24] as [UInt64])
  func roundTrip(seed: UInt64) async throws {
    let store = try await scene.open()
    try await curate(store, seed: seed)
    try await store.exportBank(id: nil, to: file)
    let copy = try await other.open()
    try await copy.importBank(from: file)
    #expect(try other.faults() == [])
    #expect(FileCheck(path: other.path).run(isFull: true).faults.filter { $0.kind != .permissions } == [])
    let left = difference(try await export(copy), try rows(file))
    #expect(left == [], "\(left)")
    for bank in ["bank", "home"] {
      for memory in try await store.memories(MemoryPageRequest(bankID: bank, limit: 1_000)).memories {
        func told(_ store: EmbeddedMemory) async throws -> [HistoryEntry] {
          try await store.history(id: memory.id, bankID: bank).map { entry in
            var entry = entry
            entry.change = nil
            return entry
          }
        }
        let (there, here) = (try await told(copy), try await told(store))
        let first = zip(there, here).first { $0 != $1 }
        #expect(there == here, "\(memory.id): \(String(describing: first))")
      }
      let entities = try await store.entities(bankID: bank, limit: 1_000).entities
      #expect(try await copy.entities(bankID: bank, limit: 1_000).entities == entities)
      // What was done there cannot be taken back here.
      await #expect(throws: CurationError.nothingToUndo(bankID: bank)) { try await copy.undo(bankID: bank) }
      await #expect(throws: CurationError.nothingToRedo(bankID: bank)) { try await copy.redo(bankID: bank) }
      for change in try await copy.changes(bankID: bank, limit: 1_000) where change.target == nil && !change.isUndone {
        await #expect(throws: CurationError.onlyHistory(change)) { try await copy.undo(change.id, bankID: bank) }
      }
    }
    for policy in [ImportPolicy.skip, .replace] {
      let again = try await copy.importBank(from: file, policy: policy)
      #expect(again.added == 0 && again.replaced == 0)
    }
    let later = difference(try await export(copy), try rows(file))
    #expect(later == [], "\(later)")
  }

  @Test(
    "an older export brought into the file that it came from leaves it sound, whatever is undone and redone then",
    arguments: [1, 2, 3, 4, 5, 18, 24] as [UInt64])
  func undoAfter(seed: UInt64) async throws {
    let store = try await scene.open()
    let banks = CuratedBanks()
    try await banks.fill(store)
    var random = SplitMix(state: seed)
    for _ in 0..<10 { try await banks.change(store, &random) }
    try await store.exportBank(id: nil, to: file)
    for _ in 0..<12 { try await banks.change(store, &random) }
    try await store.importBank(from: file, policy: seed.isMultiple(of: 2) ? .skip : .replace)
    #expect(try scene.faults() == [])
    for _ in 0..<30 {
      for bank in ["bank", "home"] {
        do { try await store.undo(bankID: bank) } catch is CurationError {}
      }
    }
    #expect(try scene.faults() == [])
    for _ in 0..<30 {
      for bank in ["bank", "home"] {
        do { try await store.redo(bankID: bank) } catch is CurationError {}
      }
    }
    #expect(try scene.faults() == [])
    #expect(FileCheck(path: scene.path).run(isFull: true).faults.filter { $0.kind != .permissions } == [])
  }

  @Test("what was forgotten here does not come in again with an older export, in no table", arguments: [false, true])
  func forgotten(replaces: Bool) async throws {
    let store = try await scene.open()
    let secret = RetainTurn.saying(
      "My friend Xylofant lives by the lighthouse.", answer: "Good to know.", turnID: "secret", documentID: "talk")
    try await store.retain(secret)
    try await store.retain(.saying("Only Xylofant said so.", turnID: "alone", documentID: "xylofant-talk"))
    try await store.retain(.saying("The harbour is near.", turnID: "harbour"))
    try await store.extracted([("Xylofant is a friend.", "My friend Xylofant"), ("A harbour is near.", "The harbour")])
    try await store.work(
      ScriptedModel(#"{"creates": [{"text": "Xylofant is dear, and a harbour near.", "facts": ["F1", "F2"]}]}"#))
    let memories = try await store.listed("xylofant").filter { $0.metadata["origin"] == nil }.map(\.id)
    try await store.pin([memories[0]], bankID: "bank", reason: "Xylofant matters")
    try await store.exportBank(id: "bank", to: file)
    #expect(try rows(file).filter { $0.contains("Xylofant") }.count > 6)
    try await store.forget(try await store.forgetPreview(.memories(memories), bankID: "bank"))
    try await store.importBank(from: file, policy: replaces ? .replace : .skip)
    #expect(try await export(store).filter { $0.lowercased().contains("xylofant") } == [])
    #expect(try await store.listed("harbour").contains { $0.text == "The harbour is near." })
    #expect(try scene.faults() == [])
    // In another file the mark keeps the turn out, too.
    try await store.exportBank(id: "bank", to: file)
    let copy = try await other.open()
    try await copy.importBank(from: file)
    try await copy.retain(secret)
    #expect(try await copy.listed("xylofant") == [])
    #expect(try await copy.documentText(id: "talk", bankID: "bank")?.contains("Good to know.") == true)
  }

  @Test("a mark that meets the message takes nothing away, and a memory that was moved stays where it is")
  func marks() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("My friend Xylofant lives by the lighthouse.", turnID: "one"))
    try await store.retain(.saying("The harbour is near.", turnID: "two"))
    try await store.exportBank(id: nil, to: file)
    let copy = try await other.open()
    try await copy.importBank(from: file)
    let memory = try #require(try await store.listed("xylofant").first)
    try await store.move([memory.id], from: "bank", to: "home")
    try await store.importBank(from: file)
    #expect(try await store.listed("xylofant") == [])
    #expect(try await store.memory(id: memory.id, bankID: "home") != nil)

    try await store.forget(try await store.forgetPreview(.memories([memory.id]), bankID: "home"))
    try await store.exportBank(id: "bank", to: file)
    try await copy.importBank(from: file, policy: .replace)
    #expect(try await copy.listed("xylofant").map(\.id) == [memory.id])
    #expect(try other.faults() == [])
  }

  @Test("names that were merged in one of two files stay merged in both")
  func merges() async throws {
    let store = try await scene.open()
    for (number, name) in ["Katherine", "Kathrine", "Katarina"].enumerated() {
      try await store.retain(.saying("Yesterday I saw \(name) in town.", turnID: "t\(number)"))
    }
    try await store.exportBank(id: "bank", to: file)
    let copy = try await other.open()
    try await copy.importBank(from: file)
    let (one, two) = (try await entity("Katherine", in: store), try await entity("Kathrine", in: store))
    // The older name stands for the newer one.
    try await store.mergeEntities([one.id], into: two.id, bankID: "bank")
    try await store.addAlias("Kitty", toEntity: two.id, bankID: "bank")
    try await store.keepApart(two.id, entity("Katarina", in: store).id, bankID: "bank")
    let merged = try await entity("Kathrine", in: store)

    // What mentions the name here is of the entity that it stands for.
    let skipped = try await store.importBank(from: file)
    #expect(skipped.added == 0)
    #expect(try await entity("Katherine", in: store) == merged)
    try await store.exportBank(id: "bank", to: file)
    try await copy.retain(.saying("Katherine came again.", turnID: "t9"))
    try await copy.importBank(from: file, policy: .replace)
    let there = try await entity("Katherine", in: copy)
    #expect(there.id == two.id && there.mentions == 3 && there.aliases.count == 2)
    #expect(try await entity("Kitty", in: copy).id == two.id)
    #expect(try other.inspect { try Int.fetchOne($0, sql: "SELECT count(*) FROM entity_apart") } == 1)
    #expect(FileCheck(path: other.path).run(isFull: true).faults.filter { $0.kind != .permissions } == [])
  }

  @Test("forgetting leaves the history of what else came with an import")
  func forgetAfter() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Anna likes lanterns.", turnID: "one"))
    try await store.retain(.saying("Bread is baked on Mondays.", turnID: "two"))
    for text in ["lanterns", "Bread"] {
      let id = try #require(try await store.listed(text).first?.id)
      try await store.invalidate([id], bankID: "bank", reason: "About \(text).")
    }
    try await store.exportBank(id: "bank", to: file)
    let copy = try await other.open()
    try await copy.importBank(from: file)
    let all = try await copy.memories(MemoryPageRequest(bankID: "bank")).memories
    let bread = try #require(all.first { $0.text.hasPrefix("Bread") })
    let lanterns = try #require(all.first { $0.text.hasPrefix("Anna") })
    try await copy.forget(try await copy.forgetPreview(.memories([lanterns.id]), bankID: "bank"))
    #expect(try await copy.history(id: bread.id, bankID: "bank").map(\.reason) == [nil, "About Bread."])
    #expect(try await copy.changes(bankID: "bank").map(\.reason) == ["About Bread."])
  }
}
