import Foundation
import GRDB
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

/// Whatever was done, undoing all of it leaves the file as it was, and redoing all of it as it became.
@Suite("Undo of anything")
struct UndoTests {
  let scene: Scene

  init() throws { scene = try Scene() }

  private let curated = CuratedBanks()

  @Test("undoing all brings back every row, redoing all every change", arguments: [1, 2, 3, 4, 5, 18, 24] as [UInt64])
  func all(seed: UInt64) async throws {
    let store = try await scene.open()
    try await curated.fill(store)
    var random = SplitMix(state: seed)
    var dumps = [try scene.dump()]
    var banks: [String] = []
    var done = 0
    while done < 25 {
      let before = try await last(store)
      try await curated.change(store, &random)
      guard let change = try await last(store), change.id != before?.id else { continue }
      done += 1
      banks.append(change.bankID)
      dumps.append(try scene.dump())
    }
    #expect(try scene.faults() == [])
    for place in banks.indices.reversed() {
      let undone = try await store.undo(bankID: banks[place])
      let left = difference(try scene.dump(), dumps[place])
      #expect(left == [], "seed \(seed), undo of \(undone.words): \(left)")
    }
    #expect(try scene.faults() == [])
    for (place, bank) in banks.enumerated() {
      let redone = try await store.redo(bankID: bank)
      let left = difference(try scene.dump(), dumps[place + 1])
      #expect(left == [], "seed \(seed), redo of \(redone.words): \(left)")
    }
    #expect(try scene.faults() == [])
  }

  private func last(_ store: EmbeddedMemory) async throws -> Change? {
    var all: [Change] = []
    for bank in ["bank", "home"] { all += try await store.changes(bankID: bank, limit: 1) }
    return all.max { $0.id < $1.id }
  }

  /// The rows that only one of two dumps has.
  private func difference(_ one: [String: [String]], _ other: [String: [String]]) -> [String] {
    Set(one.keys).union(other.keys).sorted().flatMap { table in
      let (first, second) = (Set(one[table] ?? []), Set(other[table] ?? []))
      return first.subtracting(second).map { "+ \(table) \($0)" } + second.subtracting(first).map { "- \(table) \($0)" }
    }
  }

  @Test("changes and undos while others retain lose nothing, and leave a sound file")
  func together() async throws {
    let store = try await scene.open()
    try await curated.fill(store)
    let other = try await scene.open()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for number in 0..<60 {
          try await other.retain(.saying("Meanwhile \(number): I saw Anna with Kathrine.", turnID: "m-\(number)"))
        }
      }
      group.addTask { [curated] in
        var random = SplitMix(state: 11)
        for number in 0..<60 {
          try await curated.change(store, &random)
          guard number % 3 == 2 else { continue }
          do {
            try await store.undo(bankID: "bank")
          } catch is CurationError {
            // Nothing there to undo, or a change of the other bank stands on it.
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try scene.faults() == [])
    let turns = try scene.inspect {
      try Int.fetchOne($0, sql: "SELECT count(DISTINCT turn) FROM message WHERE turn LIKE 'm-%'")
    }
    #expect(turns == 60)
  }
}

/// Two banks, and what a person may do with them by chance.
struct CuratedBanks {
  private static let names = ["Anna", "Berta", "Katherine", "Kathrine", "Mona", "Oslo", "Bergen"]

  func fill(_ store: EmbeddedMemory) async throws {
    let long = ["harbour", "orchard"].map { String(repeating: "The \($0) is far away. ", count: 45) }
    for bank in ["bank", "home"] {
      for number in 0..<12 {
        let (one, other) = (Self.names[number % 7], Self.names[(number * 3 + 1) % 7])
        // Some say what was said before, in this document or another.
        let text = number % 4 == 3 ? "Yesterday I saw Anna again." : "Note \(number): I saw \(one) with \(other)."
        try await store.retain(
          .saying(
            text, answer: number % 3 == 0 ? "Noted \(number)." : nil, turnID: "\(bank)-\(number)", bankID: bank,
            documentID: "document-\(number % 3)"))
      }
    }
    try await store.retain(.saying(long.joined(separator: "\n\n"), turnID: "long", documentID: "long"))
    try await store.extracted([("Anna was seen.", "I saw Anna"), ("Oslo was seen.", "Oslo")])
    try await store.work(ScriptedModel(#"{"creates": [{"text": "People are seen.", "facts": ["F1"]}]}"#))
  }

  /// One change by chance; what cannot be done is no change.
  func change(_ store: EmbeddedMemory, _ random: inout SplitMix) async throws {
    let bank = ["bank", "home"].randomElement(using: &random) ?? "bank"
    let other = bank == "bank" ? "home" : "bank"
    let memories = try await store.memories(MemoryPageRequest(bankID: bank, limit: 1_000)).memories
    guard let memory = memories.randomElement(using: &random) else { return }
    let several = Set([memory] + (0..<2).compactMap { _ in memories.randomElement(using: &random) }).map(\.id).sorted()
    let documents = try await store.documents(bankID: bank).documents.map(\.id)
    let document = documents.randomElement(using: &random) ?? "none"
    let entities = try await store.entities(bankID: bank).entities
    let (one, two) = (entities.randomElement(using: &random), entities.randomElement(using: &random))
    let name = Self.names.randomElement(using: &random) ?? "Anna"
    do {
      switch Int.random(in: 0..<16, using: &random) {
      case 0:
        _ = try await store.edit(
          id: memory.id, bankID: bank, text: "I saw \(name) at \(Int.random(in: 1...9, using: &random)).")
      case 1: try await store.invalidate(several, bankID: bank, reason: "by chance")
      case 2: try await store.restore(several, bankID: bank)
      case 3: try await store.pin(several, bankID: bank)
      case 4: try await store.unpin(several, bankID: bank)
      case 5: try await store.setTags(.add([name]), of: several, bankID: bank)
      case 6: try await store.setTags(.replace([]), of: several, bankID: bank)
      case 7: try await store.changeType(of: several, to: .experience, bankID: bank)
      case 8, 9: try await store.move(several, from: bank, to: other)
      case 10: try await store.move(document: document, from: bank, to: other)
      case 11: try await store.deleteDocument(id: document, bankID: bank)
      case 12: if let one { try await store.renameEntity(id: one.id, bankID: bank, to: "\(name) Berg") }
      case 13: if let one, let two { try await store.mergeEntities([one.id], into: two.id, bankID: bank) }
      case 14:
        if let one {
          _ = try await store.splitEntity(id: one.id, memories: several, name: "\(name) Dahl", bankID: bank)
        }
      default: if let one, let two { try await store.keepApart(one.id, two.id, bankID: bank) }
      }
    } catch is CurationError {
      // A name that is taken, an entity that those memories do not mention.
    }
  }
}
