import Foundation
import RearviewMemory

extension MemoryStoreCheck {
  /// What `edit`, `invalidate` and `restore` promise.
  public static let changing = [
    MemoryStoreCheck(
      "an edited memory is found by its new words only", needs: [.verbatimTexts, .wordRanking], run: checkEdit),
    MemoryStoreCheck("a memory cannot be edited to nothing", needs: .verbatimTexts, run: checkEmptyEdit),
    MemoryStoreCheck("an invalidated memory is listed but not recalled", needs: .verbatimTexts, run: checkInvalidate),
    MemoryStoreCheck("a restored memory is recalled again", needs: [.verbatimTexts, .counts], run: checkRestore),
    MemoryStoreCheck("a memory that is not there cannot be changed", run: checkUnknownMemory),
  ]
}

public func checkEdit(_ store: any MemoryStore, bankID: String) async throws {
  try await store.retain(turn(bankID, user: "My dentist is Dr Weber."))
  let before = try await store.onlyMemory(bankID)
  let edited = try await store.edit(id: before.id, bankID: bankID, text: "My dentist is Dr Novak.")
  var expected = before
  expected.text = "My dentist is Dr Novak."
  expected.updatedAt = edited.updatedAt
  // What a memory is about follows from its text.
  expected.entities = before.entities.map { $0.replacing("Weber", with: "Novak") }
  try require(edited, equals: expected, "edited memory")
  try require(
    edited.updatedAt ?? .distantPast > edited.createdAt ?? .distantPast, equals: true, "updated after it was created")
  try require(try await store.onlyMemory(bankID), equals: edited, "listed memory")
  try require(try await store.texts(bankID, recalling: "Novak"), equals: [edited.text], "recalled by the new word")
  try require(try await store.texts(bankID, recalling: "Weber"), equals: [], "recalled by the old word")
  try require(try await store.texts(bankID, filter: "weber"), equals: [], "filtered by the old word")
}

public func checkEmptyEdit(_ store: any MemoryStore, bankID: String) async throws {
  try await store.retain(turn(bankID, user: "The gate code changed."))
  let memory = try await store.onlyMemory(bankID)
  for text in ["", " \n "] {
    try await require(.emptyText, from: "edit") {
      try await store.edit(id: memory.id, bankID: bankID, text: text)
    }
  }
  try require(try await store.onlyMemory(bankID), equals: memory, "memory")
}

public func checkInvalidate(_ store: any MemoryStore, bankID: String) async throws {
  try await store.retain(turn(bankID, user: "I work at the bakery."))
  let before = try await store.onlyMemory(bankID)
  let retired = try await store.invalidate(id: before.id, bankID: bankID, reason: "changed jobs")
  try require(retired.state, equals: .invalidated, "state")
  try require(retired.stateReason, equals: "changed jobs", "reason")
  try require(try await store.texts(bankID, recalling: "bakery"), equals: [], "recalled")
  try require(try await store.onlyMemory(bankID), equals: retired, "listed")
  try require(try await store.texts(bankID, filter: "bakery"), equals: [retired.text], "filtered")
  let again = try await store.invalidate(id: before.id, bankID: bankID, reason: "changed jobs")
  try require(again.state, equals: .invalidated, "state of the second time")
}

public func checkRestore(_ store: any MemoryStore, bankID: String) async throws {
  try await store.retain(turn(bankID, user: "I play the cello."))
  let before = try await store.onlyMemory(bankID)
  _ = try await store.invalidate(id: before.id, bankID: bankID, reason: "wrong")
  let restored = try await store.restore(id: before.id, bankID: bankID)
  var expected = before
  expected.updatedAt = restored.updatedAt
  try require(restored, equals: expected, "restored memory")
  try require(try await store.texts(bankID, recalling: "cello"), equals: [before.text], "recalled")
  let bank = try await store.banks().first { $0.id == bankID }
  try require(bank?.memoryCount, equals: 1, "valid memories")
  try require(bank?.invalidatedCount, equals: 0, "invalidated memories")
}

public func checkUnknownMemory(_ store: any MemoryStore, bankID: String) async throws {
  try await store.retain(turn(bankID, user: "Something."))
  for id in [UUID().uuidString, "not-an-id", ""] {
    let missing = MemoryStoreError.noSuchMemory(id: id, bankID: bankID)
    try require(try await store.memory(id: id, bankID: bankID), equals: nil, "memory")
    try await require(missing, from: "edit") { try await store.edit(id: id, bankID: bankID, text: "x") }
    try await require(missing, from: "invalidate") {
      try await store.invalidate(id: id, bankID: bankID, reason: nil)
    }
    try await require(missing, from: "restore") { try await store.restore(id: id, bankID: bankID) }
  }
}
