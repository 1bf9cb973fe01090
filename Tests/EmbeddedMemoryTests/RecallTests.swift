import Foundation
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Recall from the file")
struct RecallTests {
  let scene: Scene

  init() throws { scene = try Scene() }

  private func store(_ texts: String...) async throws -> EmbeddedMemory {
    let store = try await scene.open()
    try await store.retain(texts.map { .saying($0) })
    return store
  }

  @Test(
    "words are found by their stem, without case and accents",
    arguments: [
      ("swimming", "I swim every morning."), ("SWIMS", "I swim every morning."),
      ("cafe", "The Café Zoë opens at nine."),
      ("zoe\u{308}", "The Café Zoë opens at nine."), ("user_id", "Rename user_id to account."),
      ("東京", "昨日東京都に行きました。"), ("京都に", "昨日東京都に行きました。"), ("서울", "서울에서 만나요"),
    ])
  func words(_ question: String, _ expected: String) async throws {
    let store = try await store(
      "I swim every morning.", "The Café Zoë opens at nine.", "Rename user_id to account.", "昨日東京都に行きました。", "서울에서 만나요",
      "Nothing of the kind.")
    #expect(try await store.texts(question) == [expected])
  }

  @Test("a month is found by when it was said")
  func month() async throws {
    let store = try await scene.open()
    // 14 November 2023, a Tuesday.
    try await store.retain(.saying("We planted a pear tree."))
    try await store.retain(.saying("We ate pears.", at: Scene.time.addingTimeInterval(86_400 * 60)))
    #expect(try await store.texts("What did we do in November?") == ["We planted a pear tree."])
    #expect(try await store.listed("november") == [])
  }

  @Test("the question itself is no answer, and no text comes twice")
  func echoes() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("What colour is my bike?", answer: "Your bike is red."))
    try await store.retain(.saying("Your bike is red."))
    let result = try await store.recall(RecallQuery(bankID: "bank", text: "what colour is  MY bike?"))
    #expect(result.memories.map(\.memory.text) == ["Your bike is red."])
    #expect(result.matchCount == 1)
    #expect(result.searchedCount == 3)
    #expect(result.words == ["colour", "bike"])
    #expect(result.memories.map(\.score) == [1])
  }

  @Test("a question of stop words alone looks for all of them")
  func stopWordsOnly() async throws {
    let store = try await store("To be or not to be.", "Rain.")
    #expect(try await store.texts("what will be, will be") == ["To be or not to be."])
  }

  @Test("a memory that does not fit is skipped, and smaller ones behind it still go in")
  func packing() async throws {
    let store = try await store(
      "violin violin violin " + String(repeating: "and much more of that ", count: 20),
      "One violin and a very long case.",
      "Violin.")
    let texts = try await store.texts("violin", maxTokens: 11)
    #expect(Set(texts) == ["One violin and a very long case.", "Violin."])
  }

  @Test("the budget says how many matches are looked at", arguments: [(Budget.low, 100), (.mid, 300), (.high, 400)])
  func breadth(_ budget: Budget, _ expected: Int) async throws {
    let store = try await scene.open()
    try await store.retain((0..<400).map { .saying("Ticket \($0).") })
    let query = RecallQuery(bankID: "bank", text: "ticket", budget: budget, maxTokens: 1_000_000)
    let result = try await store.recall(query)
    #expect(result.matchCount == expected)
    #expect(result.memories.count == expected)
    #expect(result.searchedCount == 400)
  }

  @Test("of many words the rarest are looked for, and a common one may be left out")
  func rarest() async throws {
    let store = try await scene.open()
    try await store.retain(
      (0..<12_000).map { .saying("Common entry \($0).") } + [.saying("A rare ocelot, common too.")])
    let result = try await store.recall(RecallQuery(bankID: "bank", text: "is a common ocelot common"))
    #expect(result.words == ["ocelot"])
    #expect(result.memories.map(\.memory.text) == ["A rare ocelot, common too."])
    let common = try await store.recall(RecallQuery(bankID: "bank", text: "common", budget: .low))
    #expect(common.words == ["common"])
    #expect(common.matchCount == 100)
  }

  @Test("a recall whose task was cancelled is interrupted, and the store goes on")
  func cancellation() async throws {
    let store = try await store("Still here.")
    let started = AsyncStream<Void>.makeStream()
    let task = Task {
      try await store.read { database in
        started.continuation.yield()
        // Would take hours.
        return try Int.fetchOne(
          database,
          sql: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0")
      }
    }
    for await _ in started.stream { break }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    let cancelled = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await store.texts("here still")
    }
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    #expect(try await store.texts("here still") == ["Still here."])
  }
}
