import Foundation
import GRDB
import RearviewChat
import RearviewJSON
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Extracting facts")
struct ExtractionTests {
  let scene: Scene

  init() throws { scene = try Scene() }

  @Test("a fact with a true quote becomes a memory beside the turn, which stays as it was")
  func extract() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("Last month I “moved”  to Oslo, for the new job.", answer: "Congratulations."))
    let said = try await store.listed()
    try await store.updateProfile(bankID: "bank") { $0.retainMission = "Where people live." }
    let model = ScriptedModel(
      """
      Here it is:
      ```json
      {"facts": [{"what": "The user moved to Oslo.", "when": "October 2023", "where": "Oslo", "why": "a new job",
        "kind": "event", "type": "world", "start": "2023-10", "end": "", "entities": ["Oslo"],
        "sources": [{"message": 1, "quote": "i 'moved' to OSLO"}]},
       {"what": "The user has a dog.", "sources": [{"message": 1, "quote": "my dog"}]},
       {"what": "The user is glad.", "sources": [{"message": 2, "quote": "moved to Oslo"}]},]}
      ```
      """)
    try await store.updateProfile(bankID: "bank") { $0.observes = false }
    #expect(try await store.work(model) == .idle)
    let derived = try await store.derived(.extract)
    let fact = try #require(derived.first)
    #expect(derived.count == 1)
    #expect(fact.text == "The user moved to Oslo. When: October 2023. Why: a new job.")
    #expect(fact.type == .world && fact.turnID == said[0].turnID && fact.documentID == "session")
    #expect(fact.metadata == ["kind": "event", "origin": "extract"])
    let span = ISODate.span("2023-10")
    #expect(fact.occurredStart.map(milliseconds) == span?.lowerBound)
    #expect(fact.occurredEnd.map(milliseconds) == span?.upperBound)
    let place = try scene.inspect { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT span_start, span_end, message.text FROM source JOIN memory ON memory.id = source.memory
            JOIN message ON message.id = source.message WHERE origin = 'extract'
          """)
    }
    let row = try #require(place)
    let bytes = Array((row[2] as String).utf8)[(row[0] as Int)..<(row[1] as Int)]
    #expect(String(decoding: bytes, as: UTF8.self) == "I “moved”  to Oslo")
    #expect(fact.entities.contains("Oslo"))
    let job = try #require(try await store.jobs().first)
    #expect(job.state == .done)
    let result: JSONObject = ["facts": 1, "repeated": 0, "dropped_quotes": 2, "withdrawn": 0]
    #expect(job.result == result)
    let figures: [Int] = [job.inputTokens, job.outputTokens, job.doneSteps]
    #expect(figures == [100, 10, 2])
    #expect(try await store.listed().filter { $0.metadata.isEmpty } == said)
    #expect(try await store.texts("new job Oslo").contains(fact.text))
    let request = try #require(await model.requests.first)
    #expect(request.text.contains("Where people live."))
    #expect(request.text.contains("[1] user, Tuesday 2023-11-14 22:13:20:\nLast month"))
    #expect(request.parameters["response_format"]?["type"]?.text == "json_schema")
    #expect(try scene.faults() == [])
  }

  @Test("twenty messages are read in three calls, each with the two messages before")
  func windows() async throws {
    let store = try await scene.open()
    for number in 1...10 {
      try await store.retain(.saying("Question \(number).", answer: "Answer \(number).", turnID: "turn-\(number)"))
    }
    let model = ScriptedModel(#"{"facts": []}"#)
    try await store.work(model)
    let asked = await model.requests.map { $0.messages.last?.text ?? "" }
    #expect(asked.count == 3)
    #expect(asked[1].contains("[1] user") && asked[1].contains("Question 4.") && asked[1].contains("Answer 8."))
    #expect(!asked[1].contains("Question 3.") && !asked[1].contains("Question 9."))
    // What was read is not read again.
    try await store.work(model)
    #expect(await model.requests.count == 3)
    try await store.retain(.saying("Question 11.", turnID: "turn-11"))
    try await store.work(model)
    #expect(await model.requests.count == 4)
  }

  @Test("the same words give the same fact once; other words that say it raise its proof")
  func once() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("I live in Oslo."))
    try await store.extracted([("The user lives in Oslo.", "live in Oslo"), ("The user  lives in oslo.", "I live in")])
    // Read again from the beginning, as after a copy that was brought back.
    try scene.change("UPDATE document SET extracted_message = 0")
    try await store.extracted([("The user lives in Oslo.", "live in Oslo")])
    #expect(try await store.derived(.extract).map(\.proofCount) == [1])
    try await store.retain(.saying("Yes, I still live in Oslo.", documentID: "other"))
    try await store.extracted([("The user lives in Oslo.", "still live in Oslo")])
    let facts = try await store.derived(.extract)
    #expect(facts.map(\.proofCount) == [2])
    #expect(
      try scene.inspect {
        try Int.fetchOne(
          $0, sql: "SELECT count(*) FROM source WHERE memory IN (SELECT id FROM memory WHERE origin = 'extract')")
      } == 2)
  }

  @Test("a fact that was invalidated does not come back, in no wording")
  func invalidated() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("I live in Oslo."))
    try await store.extracted([("The user lives in Oslo.", "live in Oslo")])
    let fact = try #require(try await store.derived(.extract).first)
    _ = try await store.invalidate(id: fact.id, bankID: "bank", reason: "wrong")
    try scene.change("UPDATE document SET extracted_message = 0")
    try await store.updateProfile(bankID: "bank") { $0.observes = false }
    let model = ScriptedModel(
      facts([("The user lives in Oslo.", "live in Oslo"), ("Oslo is the user's home.", "I live in Oslo")]))
    try await store.work(model)
    #expect(try await store.derived(.extract) == [])
    #expect(try await store.jobs().first?.result["withdrawn"]?.integer == 2)
    #expect(await model.requests[0].text.contains("- The user lives in Oslo."))
  }

  @Test("words that were invalidated or corrected are no evidence", arguments: [true, false])
  func withdrawnWords(isEdited: Bool) async throws {
    let store = try await scene.open()
    try await store.retain(.saying("I live in Oslo.", answer: "Oslo is cold."))
    let said = try #require(try await store.listed("live").first)
    if isEdited {
      _ = try await store.edit(id: said.id, bankID: "bank", text: "I live in Bergen.")
    } else {
      _ = try await store.invalidate(id: said.id, bankID: "bank", reason: nil)
    }
    let model = ScriptedModel(facts([("The user lives in Oslo.", "live in Oslo")]))
    try await store.work(model)
    #expect(try await store.derived(.extract) == [])
    #expect(await !model.requests[0].text.contains("I live in Oslo"))
  }

  @Test("an answer that is too long makes the window be read in halves, each once")
  func split() async throws {
    let store = try await scene.open()
    for number in 1...3 { try await store.retain(.saying("Note number \(number) is here.", turnID: "turn-\(number)")) }
    let model = ScriptedModel { request, _ in
      let question = request.messages.last?.text ?? ""
      let new = question.components(separatedBy: "New messages").last ?? ""
      let numbers = (1...3).filter { new.contains("Note number \($0)") }
      guard numbers.count == 1 else {
        return .saying(#"{"facts": [{"what": "Cut off", "sources": [{"message": 1, "quo"#, .length)
      }
      let shown = try #require(new.firstMatch(of: /\[(\d)\]/))
      return .saying(
        facts([("Fact \(numbers[0]).", "note number \(numbers[0])")], message: try #require(Int(shown.1))))
    }
    try await store.updateProfile(bankID: "bank") { $0.observes = false }
    try await store.work(model)
    #expect(try await store.derived(.extract).map(\.text) == ["Fact 1.", "Fact 2.", "Fact 3."])
    #expect(await model.requests.count == 5)
  }

  @Test("a message of any length is read whole, in pieces that fit")
  func longMessage() async throws {
    let store = try await scene.open()
    let sentences = (1...1_500).map { "Sentence number \($0) é." }
    try await store.retain(.saying(sentences.joined(separator: " ")))
    let model = ScriptedModel { request, _ in
      let question = request.messages.last?.text ?? ""
      let new = question.components(separatedBy: "New messages").last ?? ""
      let last = new.matches(of: /Sentence number (\d+) é/).last.map { String($0.0) } ?? ""
      let shown = try #require(new.firstMatch(of: /\[(\d)\] user/))
      return .saying(facts([("It has \(last).", last)], message: try #require(Int(shown.1))))
    }
    try await store.updateProfile(bankID: "bank") { $0.observes = false }
    try await store.work(model)
    let read = await model.requests.map { $0.messages.last?.text ?? "" }.joined()
    #expect(sentences.allSatisfy(read.contains))
    #expect(await model.requests.count == 4)
    let quoted = try scene.inspect { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT memory.text, CAST(substr(CAST(message.text AS BLOB), span_start + 1, span_end - span_start) AS TEXT)
          FROM source JOIN memory ON memory.id = source.memory JOIN message ON message.id = source.message
          WHERE origin = 'extract'
          """
      ).map { "It has \($0[1] as String)." == $0[0] as String }
    }
    #expect(quoted == [true, true, true, true])
  }

  @Test("messages of different tags are never read together, and a fact has the tags of its message")
  func tags() async throws {
    let store = try await scene.open()
    for (number, tag) in ["red", "red", "blue"].enumerated() {
      var turn = RetainTurn.saying("Secret \(tag) \(number).", turnID: "turn-\(number)")
      turn.tags = [tag]
      try await store.retain(turn)
    }
    let model = ScriptedModel { request, _ in
      let isRed = request.text.contains("Secret red")
      return .saying(isRed ? facts([("A red fact.", "Secret red")]) : facts([("A blue fact.", "Secret blue")]))
    }
    try await store.updateProfile(bankID: "bank") { $0.observes = false }
    try await store.work(model)
    #expect(
      await model.requests.map { $0.text.contains("Secret red") && $0.text.contains("Secret blue") } == [false, false])
    #expect(try await store.derived(.extract).map(\.tags) == [["red"], ["blue"]])
  }

  @Test("a model that answers without JSON is asked once more, then the job fails and nothing is lost")
  func noJSON() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("I live in Oslo."))
    #expect(try await store.work(ScriptedModel("I see.", "Indeed.")) == .idle)
    let job = try #require(try await store.jobs().first)
    #expect(job.state == .failed && job.error?.contains("without the JSON") == true)
    try await store.extracted([("The user lives in Oslo.", "live in Oslo")])
    #expect(try await store.derived(.extract).count == 1)
  }

  @Test(
    "JSON is read however a small model writes it",
    arguments: [
      #"{"a": [1, 2]}"#, "Sure [1]!\n```json\n{\"a\": [1, 2],}\n```\nDone.", "<think>{\"a\": 3}</think>{'a': [1, 2]}",
      "{a: [1, 2,]}", "{\"a\": [1, 2], \"b\": {\"c\": \"cut",
    ])
  func lax(_ text: String) throws {
    #expect(LaxJSON(text)?.value["a"] == .list([1, 2]))
  }

  @Test("text around JSON, escapes and cuts")
  func laxEdges() {
    #expect(LaxJSON("no JSON [1] here") == nil)
    let escaped: JSONValue = ["a": "é\n\"q\" é", "b": "it's \"x\"", "c": nil, "d": true]
    #expect(LaxJSON(#"{"a": "é\n\"q\" \u00e9", 'b': 'it\'s "x"', "c": None, "d": True}"#)?.value == escaped)
    let cut = LaxJSON(#"{"facts": [{"what": "one"}, {"what": "tw"#)
    let whole: JSONValue = ["facts": [["what": "one"]]]
    #expect(cut?.value == whole && cut?.isCut == true)
    #expect(LaxJSON(String(repeating: "[", count: 100_000)) == nil)
  }

  @Test("a quote is found regardless of case, blanks and quotation marks, and only then")
  func quotes() {
    let text = "Er sagte: „Ich bin  in\nKöln“, gestern."
    let bytes = Array(text.utf8)
    func found(_ quote: String) -> String? {
      QuotedText(text).span(of: quote).map { String(decoding: bytes[$0], as: UTF8.self) }
    }
    #expect(found("ich bin in köln") == "Ich bin  in\nKöln")
    #expect(found("\"sagte: Ich\"") == "sagte: „Ich")
    #expect(found("ich bin nicht in köln") == nil)
    #expect(found("Er") == nil && found("") == nil && found("…") == nil)
    #expect(QuotedText("Ja.").span(of: "ja.") == 0..<3)
    #expect(QuotedText("我住在奥斯陆。").span(of: "奥斯陆") == 9..<18)
  }

  @Test("dates are read in the forms of ISO 8601, and no others")
  func dates() {
    #expect(ISODate.span("2024-02")?.upperBound == 1_709_251_199_999)
    #expect(ISODate.span("2023-05-07T13:56:00+02:00") == 1_683_460_560_000...1_683_460_560_000)
    #expect(ISODate.span("2023-05-07 13:56") == 1_683_467_760_000...1_683_467_760_000)
    for text in ["", "yesterday", "2023-13", "2023-02-30", "7 May 2023", "99999"] { #expect(ISODate.span(text) == nil) }
  }
}
