import Foundation
import RearviewMemory

extension MemoryStoreCheck {
  /// What `retain` and `documentText` promise, whatever a store makes of the words.
  public static let keeping = [
    MemoryStoreCheck("what was retained can be recalled once it is stored", run: checkKept),
    MemoryStoreCheck("the same turn again is stored once, in its document too", run: checkKeptOnce),
    MemoryStoreCheck("a document holds its turns in the order in which they came", run: checkDocumentOrder),
    MemoryStoreCheck("a turn that replaces its document keeps what was there", run: checkDocumentReplaced),
    MemoryStoreCheck("a turn that belongs to no document is kept", run: checkWithoutDocument),
    MemoryStoreCheck("what one bank keeps is not in another", run: checkApart),
  ]
}

public func checkKept(_ store: any MemoryStore, bankID: String) async throws {
  try await store.keep(turn(bankID, user: "My sister Anna lives in Lisbon."))
  let found = try await store.recalledFacts(bankID, "Where does Anna live?")
  guard let memory = found.first(where: { $0.text.contains("Lisbon") }) else {
    throw BrokenPromise("expected a memory of Lisbon, found \(found.map(\.text))")
  }
  try require(memory.state, equals: .valid, "state")
  try require(memory.context, equals: "conversation:rearview:test", "context")
  try require(memory.documentID, equals: "session-1", "document")
  try require(memory.tags, equals: ["travel"], "tags")
  try require(memory.metadata["source"], equals: "rearview", "metadata")
  let said = Date(timeIntervalSince1970: 1_700_000_000)
  try require(abs((memory.mentionedAt ?? .distantPast).timeIntervalSince(said)) < 10, equals: true, "mentioned then")
  let same = try await store.memory(id: memory.id, bankID: bankID)
  try require(same?.text, equals: memory.text, "text of the memory of that id")
}

public func checkKeptOnce(_ store: any MemoryStore, bankID: String) async throws {
  for (document, update) in [("a", RetainTurn.DocumentUpdate.append), ("b", .replace)] {
    var said = turn(bankID, user: "I moved to Porto.", assistant: "Porto it is.", documentID: document)
    said.update = update
    try await store.keep(said)
    let before = Set(try await store.facts(bankID).map(\.id))
    try await store.keep(said, said)
    try require(Set(try await store.facts(bankID).map(\.id)), equals: before, "memories of document \(document)")
    let text = try await store.documentText(id: document, bankID: bankID) ?? ""
    try require(text.components(separatedBy: "I moved to Porto.").count - 1, equals: 1, "times in document \(document)")
  }
}

public func checkDocumentOrder(_ store: any MemoryStore, bankID: String) async throws {
  let phrases = ["I bought a kayak", "I paddle on the Danube", "I want to reach Vienna", "I will sleep in a tent"]
  for phrase in phrases { try await store.keep(turn(bankID, user: phrase + ".", assistant: "Noted.")) }
  let text = try await store.documentText(id: "session-1", bankID: bankID) ?? ""
  let places = phrases.map { text.firstRange(of: $0)?.lowerBound }
  try require(places.contains(nil), equals: false, "a turn is missing in \(text)")
  try require(places.compactMap { $0 }, equals: places.compactMap { $0 }.sorted(), "places in \(text)")
  try require(try await store.documentText(id: "session-2", bankID: bankID), equals: nil, "document that is not there")
}

public func checkDocumentReplaced(_ store: any MemoryStore, bankID: String) async throws {
  var said = [turn(bankID, user: "The oven is broken."), turn(bankID, user: "The oven was mended.")]
  for index in said.indices {
    said[index].update = .replace
    try await store.keep(said[index])
  }
  let text = try await store.documentText(id: "session-1", bankID: bankID) ?? ""
  let (first, second) = (text.firstRange(of: "broken"), text.firstRange(of: "mended"))
  guard let first, let second, first.upperBound <= second.lowerBound else {
    throw BrokenPromise("expected both turns in order, found \(text)")
  }
}

public func checkWithoutDocument(_ store: any MemoryStore, bankID: String) async throws {
  let said = turn(bankID, user: "Nobody waters the cactus.", documentID: nil)
  try await store.keep(said, said)
  let found = try await store.recalledFacts(bankID, "cactus").filter { $0.text.contains("cactus") }
  try require(found.count, equals: 1, "memories of the cactus")
}

public func checkApart(_ store: any MemoryStore, bankID: String) async throws {
  let other = bankID + "-other"
  try await store.keep(turn(bankID, user: "The key is under the mat."), turn(other, user: "The key is in the shed."))
  for (bank, own, foreign) in [(bankID, "mat", "shed"), (other, "shed", "mat")] {
    let recalled = try await store.recall(RecallQuery(bankID: bank, text: "Where is the key?")).memories
    try require(recalled.contains { $0.memory.text.contains(own) }, equals: true, "recalls its own")
    try require(recalled.contains { $0.memory.text.contains(foreign) }, equals: false, "recalls the other's")
    let listed = try await store.facts(bank)
    try require(listed.contains { $0.text.contains(foreign) }, equals: false, "lists the other's")
  }
  let memory = try await store.fact(bankID, holding: "mat")
  try require(try await store.memory(id: memory.id, bankID: other), equals: nil, "memory of the other bank")
  try await require(.noSuchMemory(id: memory.id, bankID: other), from: "edit in the other bank") {
    try await store.edit(id: memory.id, bankID: other, text: "Changed.")
  }
}
