import Foundation
import RearviewMemory

extension MemoryStoreCheck {
  /// What `retain` promises.
  public static let retaining = [
    MemoryStoreCheck(
      "what was retained can be recalled at once", needs: [.verbatimTexts, .counts], run: checkRetainIsRecallable),
    MemoryStoreCheck("the same turn again changes nothing", needs: .verbatimTexts, run: checkRetainIsIdempotent),
    MemoryStoreCheck(
      "a turn that comes again with its answer gains the answer", needs: [.verbatimTexts, .partialTurns],
      run: checkRetainAddsTheAnswer),
    MemoryStoreCheck("a turn without words leaves no trace", run: checkBlankTurn),
    MemoryStoreCheck("what the user and the assistant said are told apart", needs: .verbatimTexts, run: checkTypes),
    MemoryStoreCheck("banks do not see each other", needs: .verbatimTexts, run: checkBanksAreApart),
    MemoryStoreCheck("banks are listed with their counts", needs: [.verbatimTexts, .counts], run: checkBankCounts),
  ]
}

public func checkRetainIsRecallable(_ store: any MemoryStore, bankID: String) async throws {
  try await store.retain(turn(bankID, user: "My sister Anna lives in Lisbon."))
  let result = try await store.recall(RecallQuery(bankID: bankID, text: "Where does Anna live?"))
  guard let found = result.memories.first, result.memories.count == 1 else {
    throw BrokenPromise("expected one memory, found \(result.memories.map(\.memory.text))")
  }
  try require(found.memory.text, equals: "My sister Anna lives in Lisbon.", "text")
  try require(found.memory.state, equals: .valid, "state")
  try require(found.memory.context, equals: "conversation:rearview:test", "context")
  try require(found.memory.documentID, equals: "session-1", "document")
  try require(found.memory.tags, equals: ["travel"], "tags")
  try require(found.memory.metadata["source"], equals: "rearview", "metadata")
  try require(found.memory.mentionedAt, equals: Date(timeIntervalSince1970: 1_700_000_000), "mentioned")
  try require(result.searchedCount, equals: 1, "searched")
  try require(result.matchCount, equals: 1, "matched")
  let same = try await store.memory(id: found.memory.id, bankID: bankID)
  try require(same, equals: found.memory, "memory of the recalled id")
}

public func checkRetainIsIdempotent(_ store: any MemoryStore, bankID: String) async throws {
  let said = turn(bankID, user: "I moved to Porto.", assistant: "Porto it is.")
  try await store.retain(said)
  let before = try await store.memories(MemoryPageRequest(bankID: bankID))
  try await store.retain(said)
  try await store.retain(said)
  let after = try await store.memories(MemoryPageRequest(bankID: bankID))
  try require(after, equals: before, "memories")
  try require(after.memories.count, equals: 2, "count")
}

public func checkRetainAddsTheAnswer(_ store: any MemoryStore, bankID: String) async throws {
  let turnID = UUID().uuidString
  try await store.retain(turn(bankID, user: "Which river is in Porto?", turnID: turnID))
  let complete = turn(
    bankID, user: "Which river is in Porto?", assistant: "The Douro flows through it.", turnID: turnID)
  try await store.retain(complete)
  try await store.retain(complete)
  let texts = try await store.texts(bankID)
  try require(texts, equals: ["The Douro flows through it.", "Which river is in Porto?"], "memories")
}

public func checkBlankTurn(_ store: any MemoryStore, bankID: String) async throws {
  try await store.retain(turn(bankID, user: "", assistant: " \n\t "))
  try require(try await store.texts(bankID), equals: [], "memories")
  try require(try await store.banks().contains { $0.id == bankID }, equals: false, "bank is there")
}

public func checkTypes(_ store: any MemoryStore, bankID: String) async throws {
  try await store.retain(turn(bankID, user: "I keep bees.", assistant: "Bees need water nearby."))
  let user = try await store.recall(RecallQuery(bankID: bankID, text: "bees", types: [.world]))
  try require(user.memories.map(\.memory.text), equals: ["I keep bees."], "world")
  let assistant = try await store.recall(RecallQuery(bankID: bankID, text: "bees", types: [.experience]))
  try require(assistant.memories.map(\.memory.text), equals: ["Bees need water nearby."], "experience")
  let derived = try await store.recall(RecallQuery(bankID: bankID, text: "bees", types: [.observation]))
  try require(derived.memories.map(\.memory.text), equals: [], "observation")
}

public func checkBanksAreApart(_ store: any MemoryStore, bankID: String) async throws {
  let other = bankID + "-other"
  try await store.retain(turn(bankID, user: "The key is under the mat."))
  try await store.retain(turn(other, user: "The key is in the shed."))
  try require(
    try await store.texts(bankID, recalling: "key"), equals: ["The key is under the mat."], "recalled of one")
  try require(
    try await store.texts(other, recalling: "key"), equals: ["The key is in the shed."], "recalled of the other")
  try require(try await store.texts(other, filter: "key"), equals: ["The key is in the shed."], "listed")
  let memory = try await store.onlyMemory(bankID)
  try require(try await store.memory(id: memory.id, bankID: other), equals: nil, "memory of the other bank")
  try await require(.noSuchMemory(id: memory.id, bankID: other), from: "edit in the other bank") {
    try await store.edit(id: memory.id, bankID: other, text: "Changed.")
  }
}

public func checkBankCounts(_ store: any MemoryStore, bankID: String) async throws {
  try await store.retain(turn(bankID, user: "One fish.", assistant: "Two fish.", documentID: "a"))
  try await store.retain(turn(bankID, user: "Red fish.", documentID: "b"))
  let memory = try await store.memories(MemoryPageRequest(bankID: bankID)).memories.first
  _ = try await store.invalidate(id: memory?.id ?? "", bankID: bankID, reason: nil)
  guard var bank = try await store.banks().first(where: { $0.id == bankID }) else {
    throw BrokenPromise("the bank is not listed")
  }
  try require(bank.lastRetainedAt != nil, equals: true, "has a time of its last retain")
  bank.lastRetainedAt = nil
  try require(
    bank, equals: Bank(id: bankID, memoryCount: 2, invalidatedCount: 1, documentCount: 2), "bank")
}
