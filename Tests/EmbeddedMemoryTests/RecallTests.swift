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
    // Each in a conversation of its own: nothing comes along as another's neighbour.
    try await store.retain(texts.map { .saying($0, documentID: $0) })
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

  @Test(
    "forms that no stem leads to are found, and count as the word itself",
    arguments: [
      ("What did I buy?", "The lamp was bought in Riga."), ("bought", "We buy bread there."),
      ("children", "Every child sings."), ("photograph", "That photo is blurred."),
      ("Who wrote it?", "We write at dawn."),
    ])
  func forms(_ question: String, _ expected: String) async throws {
    let texts = [
      "The lamp was bought in Riga.", "We buy bread there.", "Every child sings.", "That photo is blurred.",
      "We write at dawn.",
    ]
    let store = try await scene.open()
    try await store.retain(texts.map { .saying($0, documentID: $0) })
    let result = try await store.recall(RecallQuery(bankID: "bank", text: question))
    #expect(result.memories.map(\.memory.text).contains(expected))
    #expect(result.words.count == 1)
  }

  @Test("words of the question that stand together come before the same words apart")
  func nearness() async throws {
    let apart = "The kitchen was cold when my brother finally came home with his soup."
    let together = "My brother was cold when he finally came home, to his soup kitchen work."
    let store = try await store(together, apart)
    #expect(try await store.texts("soup kitchen") == [together, apart])
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
    try await store.retain(.saying("Your bike is red.", documentID: "other"))
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

  @Test("a word that nearly all of the newest memories hold does not hide the rest")
  func everywhere() async throws {
    let store = try await scene.open()
    try await store.retain((1...4_200).map { .saying("Cat fact \($0) is true.", documentID: "\($0)") })
    for filter in ["17", "18", "19"] {
      let old = try #require(try await store.listed("Cat fact \(filter) is").last)
      _ = try await store.invalidate(id: old.id, bankID: "bank", reason: nil)
    }
    #expect(try await store.texts("cat 2500").first == "Cat fact 2500 is true.")
    #expect(try await !store.texts("cat").isEmpty)
  }

  @Test("of many words the rarest are looked for, and a common one may be left out")
  func rarest() async throws {
    let store = try await scene.open()
    try await store.retain(
      (0..<12_000).map { .saying("Common entry \($0).") } + [.saying("A rare ocelot, common too.", documentID: "other")]
    )
    let result = try await store.recall(RecallQuery(bankID: "bank", text: "is a common ocelot common"))
    #expect(result.words == ["ocelot"])
    #expect(result.memories.map(\.memory.text) == ["A rare ocelot, common too."])
    let common = try await store.recall(RecallQuery(bankID: "bank", text: "common", budget: .low))
    #expect(common.words == ["common"])
    #expect(common.matchCount == 100)
  }

  @Test("an answer comes with the question that it answers, behind what holds the words")
  func neighbours() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Which ferry do you take to Hvar?", documentID: "a"))
    try await store.retain(.saying("The one at nine, from Split.", documentID: "a"))
    try await store.retain(.saying("Bring a hat.", documentID: "a"))
    try await store.retain(.saying("Rain again.", documentID: "b", at: Scene.time.addingTimeInterval(90_000)))
    let result = try await store.recall(RecallQuery(bankID: "bank", text: "Hvar ferry"))
    #expect(
      result.memories.map(\.memory.text) == [
        "Which ferry do you take to Hvar?", "The one at nine, from Split.", "Bring a hat.",
      ])
    #expect(result.memories[0].scores?["words"] == 1)
    // Six tenths of what the question before has by its words (1) and by what it names (0.2).
    #expect(result.memories[0].scores?["entities"] == 1)
    #expect(result.memories[1].scores?["neighbours"] == 0.6 * (1 + 0.2))
    #expect(result.memories[1].scores?["words"] == nil)
  }

  @Test("what follows a question of the same words is nearer than what follows a remark")
  func answers() async throws {
    let store = try await scene.open()
    let texts = ["I saw the telescope.", "It was a windy day.", "Where is the telescope?", "Under the stairs then."]
    try await store.retain([
      .saying(texts[0], answer: texts[1], documentID: "one"), .saying(texts[2], answer: texts[3], documentID: "other"),
    ])
    let found = try await store.texts("telescope")
    let (remark, answer) = (found.firstIndex(of: texts[1]), found.firstIndex(of: texts[3]))
    #expect(try #require(answer) < #require(remark))
  }

  @Test("a silence parts what stands in one document, and notes minutes apart belong together")
  func threads() async throws {
    let store = try await scene.open()
    func note(_ text: String, _ document: String, minutes: Double) -> RetainTurn {
      RetainTurn(
        bankID: "bank", turnID: text, documentID: document,
        messages: [
          RetainedMessage(speaker: .note, text: text, saidAt: Scene.time.addingTimeInterval(minutes * 60))
        ])
    }
    try await store.retain([
      note("Anna: where is the piano?", "1", minutes: 0), note("Ben: in the attic.", "2", minutes: 1),
      note("Anna: it snowed.", "3", minutes: 200), note("Zoe has a cello.", "4", minutes: 600),
      note("It is old.", "4", minutes: 601), note("Nothing since.", "4", minutes: 900),
    ])
    try await store.retain([note("The oboe is lent.", "5", minutes: 2_000), note("Rain.", "6", minutes: 2_001)])
    #expect(try await store.texts("oboe") == ["The oboe is lent."])
    #expect(try await store.texts("piano") == ["Anna: where is the piano?", "Ben: in the attic."])
    #expect(try await store.texts("cello") == ["Zoe has a cello.", "It is old."])
  }

  @Test("what the named speaker said comes before what others said in the same words")
  func speakers() async throws {
    let store = try await store("Anna: I love the cello.", "Ben: I love the cello!", "Zoe: nothing here.")
    #expect(try await store.texts("What does Ben love, the cello?").first == "Ben: I love the cello!")
    #expect(try await store.texts("What does Anna love, the cello?").first == "Anna: I love the cello.")
  }

  @Test(
    "a word that is spelt almost so is found",
    arguments: [
      ("recieved an accomodation", "We received good accommodation."), ("Carolyne", "Caroline called."),
      ("photograpy", "My photography course starts."), ("zweiradwerkstat", "Die Zweiradwerkstatt ist zu."),
      ("config", "Edit the userconfiguration file."), ("naïv", "A naive plan."),
    ])
  func spelling(_ question: String, _ expected: String) async throws {
    let store = try await store(
      "We received good accommodation.", "Caroline called.", "My photography course starts.",
      "Die Zweiradwerkstatt ist zu.", "Edit the userconfiguration file.", "A naive plan.", "Nothing else matters.")
    let result = try await store.recall(RecallQuery(bankID: "bank", text: question))
    #expect(result.memories.first?.memory.text == expected)
    #expect(result.memories.count == 1)
  }

  @Test(
    "a question on something else finds nothing",
    arguments: [
      "Which quantum chromodynamics lattice simulation converged in the third postdoctoral year of work?",
      "How do I renew an expired Mongolian passport before the embassy closes for the holidays?",
    ])
  func abstains(_ question: String) async throws {
    let store = try await store(
      "My dog ate the third shoe this year.", "We planted a pear tree.", "The holidays were wet.", "I work at a bakery."
    )
    #expect(try await store.texts(question) == [])
  }

  @Test("how rare a word is, is asked of the bank alone")
  func rarityOfTheBank() async throws {
    let store = try await scene.open()
    try await store.retain(
      (0..<60).map { .saying("Harbour report \($0).", bankID: "other", documentID: "\($0)") }
        + (0..<60).map { .saying("Crane report \($0).", documentID: "\($0)") }
        + [.saying("The harbour has no crane here and is long.", documentID: "x")])
    #expect(try await store.texts("harbour crane").first == "The harbour has no crane here and is long.")
    #expect(try await store.texts("harbour").count == 1)
  }

  @Test("groups of tags, a window of time and least scores let through what they should")
  func filters() async throws {
    let store = try await scene.open()
    let notes: [(text: String, tags: [String], day: Double)] = [
      ("Lantern one.", ["a"], 0), ("Lantern two.", ["a", "b"], 10), ("Lantern three.", ["c"], 20),
      ("Lantern four.", [], 30),
    ]
    for note in notes {
      var turn = RetainTurn.saying(
        note.text, documentID: note.text, at: Scene.time.addingTimeInterval(note.day * 86_400))
      turn.tags = note.tags
      try await store.retain(turn)
    }
    func found(_ change: (inout RecallQuery) -> Void) async throws -> Set<String> {
      var query = RecallQuery(bankID: "bank", text: "lantern")
      change(&query)
      return Set(try await store.recall(query).memories.map(\.memory.text))
    }
    let a = TagGroup.tags(TagFilter(tags: ["a"], match: .anyStrict))
    let b = TagGroup.tags(TagFilter(tags: ["b"], match: .anyStrict))
    let c = TagGroup.tags(TagFilter(tags: ["c"], match: .exact))
    for group in [a, .not(a), .all([a, .not(b)]), .any([b, c]), .all([]), .any([]), .not(.any([a, c]))] {
      let expected = Set(notes.filter { group.accepts($0.tags) }.map(\.text))
      #expect(try await found { $0.tagGroups = [group] } == expected, "\(group)")
    }
    func day(_ number: Double) -> Date { Scene.time.addingTimeInterval(number * 86_400) }
    #expect(
      try await found { $0.window = TimeRange(start: day(10), end: day(20)) } == ["Lantern two."])
    #expect(
      try await found { $0.window = TimeRange(start: day(15), end: nil) } == ["Lantern three.", "Lantern four."])
    #expect(try await found { $0.minimumScores = MinimumScores(keyword: 1.1) } == [])
    #expect(try await found { $0.minimumScores = MinimumScores(final: 0.1, keyword: 0.1) }.count == 4)
    #expect(try await found { $0.minimumScores = MinimumScores(semantic: 0.1) } == [])
  }

  @Test("a text that was said again names every time and document that said it")
  func sources() async throws {
    let store = try await scene.open()
    for (number, document) in ["first", "second"].enumerated() {
      var turn = RetainTurn.saying(
        "The gate code is 4711.", turnID: "turn-\(number)", documentID: document,
        at: Scene.time.addingTimeInterval(Double(number)))
      turn.metadata = ["label": document]
      try await store.retain(turn)
    }
    let found = try #require(
      try await store.recall(RecallQuery(bankID: "bank", text: "gate code")).memories.first)
    #expect(found.memory.proofCount == 2)
    let expected = ["first", "second"].enumerated().map { number, document in
      MemorySource(
        documentID: document, turnID: "turn-\(number)", saidAt: Scene.time.addingTimeInterval(Double(number)),
        metadata: ["label": document])
    }
    #expect(found.sources == expected)
  }

  @Test("two statements of the same words and numbers are given once, of other numbers twice")
  func sameStatements() async throws {
    let store = try await store(
      "The plumber comes on Tuesday at 9 to mend the sink.", "The plumber comes on Tuesday, at 9, to mend the sink!",
      "The plumber comes on Tuesday at 10 to mend the sink.")
    #expect(try await store.texts("When does the plumber come to mend the sink?").count == 2)
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
