import Foundation
import RearviewMemory

extension MemoryStoreCheck {
  /// What `recall` and `reflect` promise, whatever a store makes of the words.
  public static let searching = [
    MemoryStoreCheck("a bank that is not there finds nothing", run: checkMissingBank),
    MemoryStoreCheck("tags let through what they should, in all five ways", run: checkTagFilters),
    MemoryStoreCheck("types let through what they should", run: checkTypeFilter),
    MemoryStoreCheck("fewer tokens recall fewer memories", run: checkBudget),
    MemoryStoreCheck("scores, where a store gives them, come best first", run: checkScores),
    MemoryStoreCheck("whatever is asked is data", run: checkAnyQuery),
    MemoryStoreCheck("a query may be long", run: checkLongQuery),
    MemoryStoreCheck("reflect answers with words", run: checkReflect),
  ]
}

public func checkMissingBank(_ store: any MemoryStore, bankID: String) async throws {
  let result = try await store.recall(RecallQuery(bankID: bankID, text: "anything"))
  try require(result.memories, equals: [], "recalled")
  let page = try await store.memories(MemoryPageRequest(bankID: bankID))
  try require(page, equals: MemoryPage(memories: [], next: nil), "page")
  try require(try await store.memory(id: UUID().uuidString, bankID: bankID), equals: nil, "memory")
  try require(try await store.documentText(id: "session-1", bankID: bankID), equals: nil, "document")
  try require(try await store.banks().contains { $0.id == bankID }, equals: false, "bank is there")
}

public func checkTagFilters(_ store: any MemoryStore, bankID: String) async throws {
  let lanterns: [(colour: String, tags: [String])] = [
    ("white", []), ("red", ["a"]), ("green", ["b"]), ("blue", ["a", "b"]), ("black", ["a", "b", "c"]),
  ]
  for (colour, tags) in lanterns {
    try await store.keep(
      turn(bankID, user: "The \(colour) lantern hangs in the hall.", documentID: colour, tags: tags))
  }
  for match in TagsMatch.allCases {
    for tags in [["a"], ["a", "b"], ["c"]] {
      let filter = TagFilter(tags: tags, match: match)
      let expected = lanterns.filter { filter.accepts($0.tags) }.map(\.colour)
      let found = try await store.recalledFacts(bankID, "Where does the lantern hang?", tags: filter)
      let colours = lanterns.map(\.colour).filter { colour in found.contains { $0.text.contains(colour) } }
      try require(colours, equals: expected, "\(match.rawValue) \(tags)")
    }
  }
}

public func checkTypeFilter(_ store: any MemoryStore, bankID: String) async throws {
  try await store.keep(turn(bankID, user: "I keep bees.", assistant: "I think that bees need water nearby."))
  for types in [[.world], [.experience], [.observation], [.world, .experience]] as [[MemoryType]] {
    let result = try await store.recall(RecallQuery(bankID: bankID, text: "bees", types: types))
    let found = Set(result.memories.map(\.memory.type))
    try require(found.isSubset(of: types), equals: true, "only \(types), found \(found)")
  }
  let both = try await store.recall(RecallQuery(bankID: bankID, text: "bees", types: [.world, .experience]))
  try require(both.memories.isEmpty, equals: false, "nothing is found")
}

public func checkBudget(_ store: any MemoryStore, bankID: String) async throws {
  for number in 1...6 {
    let words = "Note \(number) on the lighthouse: " + Array(repeating: "granite", count: 12).joined(separator: " ")
    try await store.keep(turn(bankID, user: words + ".", documentID: "note-\(number)"))
  }
  let query = RecallQuery(bankID: bankID, text: "lighthouse")
  let all = try await store.recall(query)
  var less = query
  less.maxTokens = 60
  let some = try await store.recall(less)
  try require(all.memories.count >= 6, equals: true, "all are found")
  try require(1..<6 ~= some.memories.count, equals: true, "some are found in 60 tokens, not \(some.memories.count)")
  less.maxTokens = 0
  try require(try await store.recall(less).memories, equals: [], "recalled into no tokens")
}

public func checkScores(_ store: any MemoryStore, bankID: String) async throws {
  try await store.keep(turn(bankID, user: "The copper kettle whistles on the stove."), turn(bankID, user: "It rains."))
  let scores = try await store.recall(RecallQuery(bankID: bankID, text: "copper kettle")).memories.compactMap(\.score)
  try require(scores, equals: scores.sorted(by: >), "scores")
}

public func checkAnyQuery(_ store: any MemoryStore, bankID: String) async throws {
  try await store.keep(turn(bankID, user: "The harbour has a crane."))
  for query in hostileQueries {
    _ = try await store.recall(RecallQuery(bankID: bankID, text: query))
    // A filter is typed by a person.
    _ = try await store.memories(MemoryPageRequest(bankID: bankID, filter: String(query.prefix(2_000))))
  }
  let found = try await store.recalledFacts(bankID, "\"harbour\" AND (crane")
  try require(found.contains { $0.text.contains("harbour") }, equals: true, "found through syntax")
}

public func checkLongQuery(_ store: any MemoryStore, bankID: String) async throws {
  try await store.keep(turn(bankID, user: "The harbour has a crane."))
  let long = "harbour crane " + (1...3_000).map { "word\($0)" }.joined(separator: " ")
  // A search by meaning need not find anything in so many words.
  _ = try await store.recall(RecallQuery(bankID: bankID, text: long))
}

public func checkReflect(_ store: any MemoryStore, bankID: String) async throws {
  try await store.keep(turn(bankID, user: "My sister Anna lives in Lisbon."))
  let query = ReflectQuery(bankID: bankID, text: "Where does Anna live?", includesFacts: true)
  let reflection = try await store.reflect(query)
  try require(reflection.text.isEmpty, equals: false, "no words")
  try require(reflection.basedOn?.isEmpty, equals: false, "stands on nothing")
}
