import Foundation
import RearviewMemory

extension MemoryStoreCheck {
  /// What `recall` promises.
  public static let recalling = [
    MemoryStoreCheck("a bank that is not there counts nothing", needs: .counts, run: checkEmptyBank),
    MemoryStoreCheck(
      "recall stays within the token budget", needs: [.verbatimTexts, .counts, .exactBudget], run: checkTokenBudget),
    MemoryStoreCheck(
      "the best memory comes first, with the highest score", needs: [.verbatimTexts, .wordRanking], run: checkOrder),
    MemoryStoreCheck(
      "the syntax of a search is only words", needs: [.verbatimTexts, .wordRanking], run: checkHostileQueries),
  ]
}

public func checkEmptyBank(_ store: any MemoryStore, bankID: String) async throws {
  let result = try await store.recall(RecallQuery(bankID: bankID, text: "anything"))
  try require(result.memories, equals: [], "recalled")
  try require(result.matchCount, equals: 0, "matched")
  try require(result.searchedCount, equals: 0, "searched")
  let page = try await store.memories(MemoryPageRequest(bankID: bankID))
  try require(page, equals: MemoryPage(memories: [], next: nil), "page")
  let memory = try await store.memory(id: UUID().uuidString, bankID: bankID)
  try require(memory, equals: nil, "memory")
}

public func checkTokenBudget(_ store: any MemoryStore, bankID: String) async throws {
  for number in 1...20 {
    let words = "Note \(number) on the lighthouse: " + Array(repeating: "granite", count: 12).joined(separator: " ")
    try await store.retain(turn(bankID, user: words))
  }
  let result = try await store.recall(RecallQuery(bankID: bankID, text: "lighthouse", maxTokens: 100))
  try require(result.memories.map(\.tokenCount).reduce(0, +) <= 100, equals: true, "stays within 100 tokens")
  try require(result.memories.isEmpty, equals: false, "is empty")
  try require(result.matchCount, equals: 20, "matched")
  let nothing = try await store.recall(RecallQuery(bankID: bankID, text: "lighthouse", maxTokens: 0))
  try require(nothing.memories, equals: [], "recalled into no tokens")
}

public func checkOrder(_ store: any MemoryStore, bankID: String) async throws {
  try await store.retain(turn(bankID, user: "I bought a kettle.", documentID: "a"))
  try await store.retain(turn(bankID, user: "The copper kettle whistles on the stove.", documentID: "b"))
  try await store.retain(turn(bankID, user: "Copper is soft.", documentID: "c"))
  try await store.retain(turn(bankID, user: "It rains today.", documentID: "d"))
  let result = try await store.recall(RecallQuery(bankID: bankID, text: "copper kettle"))
  try require(result.memories.first?.memory.text, equals: "The copper kettle whistles on the stove.", "first")
  try require(result.memories.count, equals: 3, "count")
  let scores = result.memories.compactMap(\.score)
  try require(scores, equals: scores.sorted(by: >), "scores")
}

public func checkHostileQueries(_ store: any MemoryStore, bankID: String) async throws {
  try await store.retain(turn(bankID, user: "The harbour has a crane."))
  for query in hostileQueries {
    _ = try await store.recall(RecallQuery(bankID: bankID, text: query))
    _ = try await store.memories(MemoryPageRequest(bankID: bankID, filter: query))
  }
  try require(
    try await store.texts(bankID, recalling: "\"harbour\" AND (crane"), equals: ["The harbour has a crane."],
    "recalled through syntax")
}

/// What a query or a filter may hold that means something to someone else.
let hostileQueries = [
  "", " ", "\"", "\"\"\"", "'", "*", "harbour*", "NEAR(harbour crane)", "harbour AND", "OR", "NOT harbour",
  "body:harbour", "^harbour", "(harbour", "harbour)", "{a b}: c", "-harbour", "+", "\0", "har\0bour", "🙂", "👩‍👩‍👧",
  "\u{202E}harbour", "; DROP TABLE memory; --", "%", "_", "\\", "e\u{301}\u{301}\u{301}",
  String(repeating: "crane \" AND (", count: 8_000),
]
