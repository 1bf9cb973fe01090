import Foundation
import RearviewMemory

extension MemoryStoreCheck {
  /// What `memories` promises.
  public static let browsing = [
    MemoryStoreCheck("pages hold every memory once, newest first", needs: .verbatimTexts, run: checkPages),
    MemoryStoreCheck(
      "pages stay true while memories come in", needs: [.verbatimTexts, .stablePages], run: checkPagesWhileRetaining),
    MemoryStoreCheck(
      "a filter asks for all its words, the last one begun", needs: [.verbatimTexts, .wordFilter], run: checkFilter),
    MemoryStoreCheck("filtered pages hold every match once", needs: .verbatimTexts, run: checkFilteredPages),
  ]
}

private func retainNotes(_ count: Int, _ store: any MemoryStore, bankID: String) async throws -> [String] {
  for number in 1...count {
    try await store.retain(turn(bankID, user: "Note \(number) is \(number.isMultiple(of: 2) ? "even" : "odd")."))
  }
  return (1...count).reversed().map { "Note \($0) is \($0.isMultiple(of: 2) ? "even" : "odd")." }
}

private func allPages(
  _ store: any MemoryStore, bankID: String, filter: String = "", limit: Int
) async throws -> [String] {
  var texts: [String] = []
  var after: String?
  repeat {
    let page = try await store.memories(
      MemoryPageRequest(bankID: bankID, filter: filter, after: after, limit: limit))
    guard page.memories.count <= limit else { throw BrokenPromise("a page of \(page.memories.count)") }
    texts += page.memories.map(\.text)
    after = page.next
  } while after != nil && texts.count < 1_000
  return texts
}

public func checkPages(_ store: any MemoryStore, bankID: String) async throws {
  let expected = try await retainNotes(12, store, bankID: bankID)
  for limit in [1, 5, 6, 12, 100] {
    let found = try await allPages(store, bankID: bankID, limit: limit)
    try require(found, equals: expected, "pages of \(limit)")
  }
}

public func checkPagesWhileRetaining(_ store: any MemoryStore, bankID: String) async throws {
  let expected = try await retainNotes(6, store, bankID: bankID)
  let first = try await store.memories(MemoryPageRequest(bankID: bankID, limit: 3))
  try await store.retain(turn(bankID, user: "A note between the pages."))
  let second = try await store.memories(MemoryPageRequest(bankID: bankID, after: first.next, limit: 3))
  try require((first.memories + second.memories).map(\.text), equals: expected, "both pages")
}

public func checkFilter(_ store: any MemoryStore, bankID: String) async throws {
  try await store.retain(turn(bankID, user: "I was running along the river."))
  try await store.retain(turn(bankID, user: "The river freezes in January."))
  for (filter, expected) in [
    ("river", ["The river freezes in January.", "I was running along the river."]),
    ("r", ["The river freezes in January.", "I was running along the river."]),
    ("runnin", ["I was running along the river."]),
    ("RIVER freez", ["The river freezes in January."]),
    ("freezes river", ["The river freezes in January."]),
    ("river nothing", []),
  ] {
    let found = try await store.texts(bankID, filter: filter)
    try require(found, equals: expected, "filter \(filter)")
  }
}

public func checkFilteredPages(_ store: any MemoryStore, bankID: String) async throws {
  let expected = try await retainNotes(12, store, bankID: bankID).filter { $0.contains("even") }
  for limit in [1, 4, 6, 100] {
    let found = try await allPages(store, bankID: bankID, filter: "even", limit: limit)
    try require(found, equals: expected, "pages of \(limit)")
  }
}
