import Foundation
import RearviewMemory

extension MemoryStoreCheck {
  /// What is promised of banks, lists and changes, whatever a store makes of the words.
  public static let managing = [
    MemoryStoreCheck("a bank can be set again and again", run: checkSetBank),
    MemoryStoreCheck("a bank is listed once something is in it", run: checkBankIsListed),
    MemoryStoreCheck("pages of any size hold the same memories, newest first", run: checkEveryPage),
    MemoryStoreCheck("an edited memory has its new text everywhere", run: checkEditedText),
    MemoryStoreCheck("what was invalidated is listed with its reason, and comes back", run: checkRetired),
    MemoryStoreCheck("a change to nothing is refused", run: checkBlankEdit),
  ]
}

public func checkSetBank(_ store: any MemoryStore, bankID: String) async throws {
  try await store.setBank(id: bankID, name: nil, mission: nil, timeout: nil)
  try await store.setBank(id: bankID, name: "Travel", mission: "Remember places.", timeout: nil)
  try await store.keep(turn(bankID, user: "Ljubljana has a dragon bridge."))
  try await store.setBank(id: bankID, name: "Travel", mission: "Remember places.", timeout: nil)
  try await store.setBank(id: bankID, name: nil, mission: nil, timeout: nil)
  try require(try await store.banks().filter { $0.id == bankID }.count, equals: 1, "banks of that name")
  let found = try await store.recalledFacts(bankID, "dragon bridge")
  try require(found.contains { $0.text.contains("Ljubljana") }, equals: true, "what was kept is still there")
}

public func checkBankIsListed(_ store: any MemoryStore, bankID: String) async throws {
  try await store.keep(turn(bankID, user: "One fish."))
  let banks = try await store.banks()
  try require(banks.map(\.id), equals: banks.map(\.id).sorted(), "names")
  guard let bank = banks.first(where: { $0.id == bankID }) else { throw BrokenPromise("the bank is not listed") }
  try require(bank.memoryCount >= 1, equals: true, "counts its memory")
  try require(bank.lastRetainedAt != nil, equals: true, "has a time of its last retain")
}

public func checkEveryPage(_ store: any MemoryStore, bankID: String) async throws {
  for number in 1...5 {
    try await store.keep(turn(bankID, user: "Note \(number) is here.", documentID: "note-\(number)"))
  }
  let retired = try await store.fact(bankID, holding: "Note 3")
  _ = try await store.invalidate(id: retired.id, bankID: bankID, reason: nil)
  for limit in [1, 2, 100] {
    var found: [Memory] = []
    var after: String?
    repeat {
      let page = try await store.memories(MemoryPageRequest(bankID: bankID, after: after, limit: limit))
      guard page.memories.count <= limit else { throw BrokenPromise("a page of \(page.memories.count)") }
      found += page.memories
      after = page.next
    } while after != nil && found.count < 100
    try require(Set(found.map(\.id)).count, equals: found.count, "a memory comes twice in pages of \(limit)")
    for number in 1...5 {
      let isThere = found.contains { $0.type != .observation && $0.text.contains("Note \(number)") }
      try require(isThere, equals: true, "note \(number) in pages of \(limit)")
    }
    let times = found.compactMap(\.mentionedAt)
    try require(times, equals: times.sorted(by: >), "times in pages of \(limit)")
  }
}

public func checkEditedText(_ store: any MemoryStore, bankID: String) async throws {
  try await store.keep(turn(bankID, user: "My dentist is Dr Weber."))
  let before = try await store.fact(bankID, holding: "Weber")
  let edited = try await store.edit(id: before.id, bankID: bankID, text: "My dentist is Dr Novak.")
  try require(edited.id, equals: before.id, "id")
  try require(edited.text, equals: "My dentist is Dr Novak.", "text")
  try require(edited.updatedAt != nil, equals: true, "says when it was changed")
  try require(try await store.memory(id: before.id, bankID: bankID)?.text, equals: edited.text, "text when read")
  try require(try await store.fact(bankID, holding: "Novak").id, equals: before.id, "listed")
  let found = try await store.recalledFacts(bankID, "Who is my dentist?")
  try require(found.first { $0.id == before.id }?.text, equals: edited.text, "recalled")
}

public func checkRetired(_ store: any MemoryStore, bankID: String) async throws {
  try await store.keep(turn(bankID, user: "I work at the bakery."))
  let before = try await store.fact(bankID, holding: "bakery")
  for time in ["first", "second"] {
    let retired = try await store.invalidate(id: before.id, bankID: bankID, reason: "changed jobs")
    try require(retired.state, equals: .invalidated, "state of the \(time) time")
    try require(retired.stateReason, equals: "changed jobs", "reason of the \(time) time")
  }
  try require(
    try await store.recalledFacts(bankID, "bakery").contains { $0.id == before.id }, equals: false, "recalled")
  let listed = try await store.fact(bankID, holding: "bakery")
  try require(listed.id, equals: before.id, "listed")
  try require(listed.state, equals: .invalidated, "state in the list")
  try require(listed.stateReason, equals: "changed jobs", "reason in the list")
  for _ in 1...2 {
    let restored = try await store.restore(id: before.id, bankID: bankID)
    try require(restored.state, equals: .valid, "state when restored")
    try require(restored.text, equals: before.text, "text when restored")
  }
  try require(try await store.recalledFacts(bankID, "bakery").contains { $0.id == before.id }, equals: true, "recalled")
}

public func checkBlankEdit(_ store: any MemoryStore, bankID: String) async throws {
  try await store.keep(turn(bankID, user: "The gate code changed."))
  let memory = try await store.fact(bankID, holding: "gate")
  for text in ["", " \n "] {
    try await require(.emptyText, from: "edit") { try await store.edit(id: memory.id, bankID: bankID, text: text) }
  }
  try require(try await store.memory(id: memory.id, bankID: bankID)?.text, equals: memory.text, "text")
}
