import Foundation
import GRDB
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Retaining in the file")
struct RetainTests {
  let scene: Scene

  init() throws { scene = try Scene() }

  @Test(
    "any text is kept as it was said",
    arguments: [
      "a\0b\0", "  indented\n\twith tabs \r\n", "مرحبا \u{202E}txt.exe", "👩‍👩‍👧‍👦 e\u{301} \u{FFFD}",
      "'; DROP TABLE memory; --", "\u{FEFF}bom",
    ])
  func verbatim(_ text: String) async throws {
    let store = try await scene.open()
    let turn = RetainTurn(
      bankID: text, turnID: text, documentID: text,
      messages: [RetainedMessage(speaker: .user, text: text, saidAt: Scene.time)], context: text,
      metadata: [text: text], tags: [text])
    try await store.retain(turn)
    try await store.retain(turn)
    let found = try await store.memories(MemoryPageRequest(bankID: text)).memories
    let memory = try #require(found.first)
    #expect(found.count == 1)
    let kept = [
      memory.text, memory.context, memory.documentID, memory.turnID, memory.tags.first, memory.metadata[text],
    ]
    #expect(kept.allSatisfy { Array($0?.utf8 ?? "".utf8) == Array(text.utf8) })
    #expect(try await store.banks().map { Array($0.id.utf8) } == [Array(text.utf8)])
    #expect(try scene.faults() == [])
  }

  @Test("a turn that overwrites its document takes what it said out of recall, and deletes none of it")
  func overwrite() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("The boat is red", answer: "Noted."))
    try await store.retain(.saying("The boat is long", documentID: "other"))
    try await store.retain(.saying("The boat is long"))
    var turn = RetainTurn.saying("The boat is blue")
    turn.update = .overwrite
    for _ in 0..<2 { try await store.retain(turn) }
    #expect(try await store.documentText(id: "session", bankID: "bank") == "USER: The boat is blue")
    #expect(try await store.texts("boat").sorted() == ["The boat is blue", "The boat is long"])
    let retired = try await store.listed("red")
    #expect(retired.map(\.state) == [.invalidated])
    #expect(retired.first?.stateReason == "Its document was replaced.")
    #expect(try scene.inspect { try String.fetchAll($0, sql: "SELECT text FROM message ORDER BY id") }.count == 5)
    #expect(try scene.faults() == [])
    // What is said again counts again.
    try await store.retain(.saying("The boat is red", documentID: "third"))
    #expect(try await store.texts("red") == ["The boat is red"])
  }

  @Test("a key never reaches the file, and a text brings its time and what it names")
  func admitted() async throws {
    let store = try await scene.open()
    let key = "sk-proj-abcdEFGH1234567890abcdEFGH1234567890abcdEFGH12"
    let turn = RetainTurn.saying("Yesterday I showed Marta Klein the key \(key).")
    // The queue hands a turn over again as it was said.
    for _ in 0..<2 { try await store.retain(turn) }
    let memory = try #require(try await store.listed().first)
    #expect(try await store.listed().count == 1)
    #expect(memory.text == "Yesterday I showed Marta Klein the key [redacted OpenAI key].")
    #expect(memory.entities.contains("Marta Klein"))
    // Said on 14 November 2023.
    let day = Date(timeIntervalSince1970: 1_699_833_600)
    #expect(memory.occurredStart == day)
    #expect(memory.occurredEnd == day.addingTimeInterval(86_400))
    for name in try FileManager.default.contentsOfDirectory(atPath: scene.folder) {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: scene.folder + "/" + name))
      #expect(bytes.range(of: Data(key.utf8)) == nil, "\(name) holds the key")
    }
  }

  @Test("words on both sides of a NUL are found")
  func wordsAroundNUL() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("copper\0zinc"))
    #expect(try await store.texts("copper") == ["copper\0zinc"])
    #expect(try await store.texts("of\0zinc\0") == ["copper\0zinc"])
    #expect(try await store.listed("zinc").count == 1)
  }

  @Test("a message of a megabyte is kept whole and recalled in parts")
  func megabyte() async throws {
    let store = try await scene.open()
    let text = (0..<12_000).map { "Sentence number \($0) tells of the marmot, the lake and the long way home. " }
      .joined()
    try await store.retain(.saying(text))
    let stored = try scene.inspect { try String.fetchOne($0, sql: "SELECT text FROM message") }
    #expect(stored == text)
    let found = try await store.recall(RecallQuery(bankID: "bank", text: "sentence 7777", maxTokens: 500))
    #expect(found.memories.first?.memory.text.contains("number 7777 tells") == true)
    #expect(try scene.faults() == [])
  }

  @Test("each part knows where it stands in its message")
  func spans() async throws {
    let store = try await scene.open()
    let text = (0..<40).map { "Paragraph \($0): straße, über, naïve. " + String(repeating: "word ", count: 20) }
      .joined(separator: "\n\n")
    try await store.retain(.saying(text))
    let rows = try scene.inspect {
      try Row.fetchAll(
        $0,
        sql: """
          SELECT memory.text, source.span_start, source.span_end FROM source JOIN memory ON memory.id = source.memory
          ORDER BY span_start
          """)
    }
    #expect(rows.count > 3)
    let bytes = Array(text.utf8)
    for row in rows {
      #expect(Array((row[0] as String).utf8) == Array(bytes[(row[1] as Int)..<(row[2] as Int)]))
    }
  }

  @Test("the same words of the same speaker are one memory that was said twice")
  func proof() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("I like tea.", answer: "I like tea."))
    try await store.retain(.saying("  i LIKE\n tea. ", documentID: "other"))
    let memories = try await store.listed()
    #expect(memories.map(\.proofCount) == [1, 2])
    #expect(memories.map(\.type) == [.experience, .world])
    #expect(memories[1].text == "I like tea.")
    #expect(memories[1].updatedAt == memories[1].createdAt)
    #expect(try scene.inspect { try Int.fetchOne($0, sql: "SELECT count(*) FROM source") } == 3)
    #expect(try scene.inspect { try Int.fetchOne($0, sql: "SELECT count(*) FROM message") } == 3)
  }

  @Test("an invalidated memory stays so; said again, the words are a new memory")
  func saidAgain() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("I live in Oslo."))
    let first = try #require(try await store.listed().first)
    _ = try await store.invalidate(id: first.id, bankID: "bank", reason: "moved")
    try await store.retain(.saying("I live in Oslo."))
    #expect(try await store.listed().map(\.state) == [.valid, .invalidated])
    #expect(try await store.texts("Oslo") == ["I live in Oslo."])
    #expect(try await store.memory(id: first.id, bankID: "bank")?.stateReason == "moved")
  }

  @Test("a turn that is retained again after an edit does not bring the old words back")
  func replayAfterEdit() async throws {
    let store = try await scene.open()
    let turn = RetainTurn.saying("My cat is called Tom.")
    try await store.retain(turn)
    let memory = try #require(try await store.listed().first)
    _ = try await store.edit(id: memory.id, bankID: "bank", text: "My cat is called Tim.")
    try await store.retain(turn)
    #expect(try await store.listed().map(\.text) == ["My cat is called Tim."])
  }

  @Test("what was said twice in one turn is stored twice, and only twice")
  func twiceInATurn() async throws {
    let store = try await scene.open()
    var turn = RetainTurn.saying("Yes.", answer: "Sure?")
    turn.messages.append(turn.messages[0])
    var opening = turn
    opening.messages = [turn.messages[0]]
    try await store.retain(opening)
    try await store.retain(turn)
    try await store.retain(turn)
    let said = try scene.inspect { try String.fetchAll($0, sql: "SELECT text FROM message ORDER BY position") }
    #expect(said == ["Yes.", "Sure?", "Yes."])
    #expect(try await store.listed().map(\.proofCount) == [1, 2])
  }

  @Test("an answer that was cut off is marked")
  func cut() async throws {
    let store = try await scene.open()
    var turn = RetainTurn.saying("Tell me a story.", answer: "Once upon a")
    turn.messages[1].isCut = true
    try await store.retain(turn)
    #expect(
      try scene.inspect { try Bool.fetchAll($0, sql: "SELECT is_cut FROM message ORDER BY position") } == [false, true])
  }

  @Test("many turns are kept together, or none of them")
  func batch() async throws {
    let store = try await scene.open()
    try await store.retain((0..<300).map { .saying("Imported note \($0).", turnID: "\($0)") })
    #expect(try await store.banks().map(\.memoryCount) == [300])
    try scene.change(
      "CREATE TRIGGER stop BEFORE INSERT ON message WHEN new.turn = 'bad' BEGIN SELECT RAISE(ABORT, 'stop'); END")
    await #expect(throws: MemoryStoreError.self) {
      try await store.retain([.saying("Good.", turnID: "good"), .saying("Bad.", turnID: "bad")])
    }
    #expect(try await store.banks().map(\.memoryCount) == [300])
  }

  @Test("edits, retirements and restorations stand in the journal as they were and as they are")
  func journal() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Original words."))
    let memory = try #require(try await store.listed().first)
    let edited = try await store.edit(id: memory.id, bankID: "bank", text: "Edited words.")
    let retired = try await store.invalidate(id: memory.id, bankID: "bank", reason: "wrong")
    let editedAgain = try await store.edit(id: memory.id, bankID: "bank", text: "Edited while retired.")
    #expect(editedAgain.state == .invalidated)
    #expect(try await store.texts("retired") == [])
    _ = try await store.restore(id: memory.id, bankID: "bank")
    let restored = try await store.restore(id: memory.id, bankID: "bank")
    let entries = try scene.inspect { database in
      try Row.fetchAll(database, sql: "SELECT action, before, after FROM journal ORDER BY seq").map { row in
        try JournalEntry(
          action: row[0], before: JSONDecoder().decode(Memory.self, from: row[1]),
          after: JSONDecoder().decode(Memory.self, from: row[2]))
      }
    }
    #expect(
      entries == [
        JournalEntry(action: "edit", before: memory, after: edited),
        JournalEntry(action: "invalidate", before: edited, after: retired),
        JournalEntry(action: "edit", before: retired, after: editedAgain),
        JournalEntry(action: "restore", before: editedAgain, after: restored),
      ])
    #expect(try scene.inspect { try String.fetchAll($0, sql: "SELECT text FROM message") } == ["Original words."])
    #expect(try scene.faults() == [])
  }

  private struct JournalEntry: Equatable {
    var action: String
    var before: Memory
    var after: Memory
  }
}
