import Foundation
import RearviewJSON
import RearviewMemory
import Testing

/// What is asked is what the Python client asks, member for member. Our query is read from the recorded body, so what
/// is compared is all that we add to it.
@Suite("Recorded requests")
struct RecordedRequestTests {
  private func tags(_ body: JSONValue) throws -> TagFilter? {
    guard let tags = body["tags"]?.list else { return nil }
    return TagFilter(
      tags: tags.compactMap(\.text), match: try #require(TagsMatch(rawValue: body["tags_match"]?.text ?? "")))
  }

  @Test("recall", arguments: try Recorded.requests("POST", endingWith: "/memories/recall"))
  func recall(_ recorded: Recorded.Request) async throws {
    let scene = try Scene(answers: [["results": []]])
    let body = recorded.body
    _ = try await scene.store.recall(
      RecallQuery(
        bankID: recorded.bankID, text: body["query"]?.text ?? "",
        budget: try #require(Budget(rawValue: body["budget"]?.text ?? "")), maxTokens: body["max_tokens"]?.integer ?? 0,
        types: body["types"]?.list?.compactMap { $0.text.map(MemoryType.init) }, tags: try tags(body),
        includesEntities: body["include"]?["entities"]?.isNull == false, traces: body["trace"]?.boolean ?? false))
    #expect(scene.targets == ["POST \(recorded.path)"])
    #expect(try scene.body() == body)
  }

  @Test("reflect", arguments: try Recorded.requests("POST", endingWith: "/reflect"))
  func reflect(_ recorded: Recorded.Request) async throws {
    let scene = try Scene(answers: [["text": ""], ["text": ""]])
    let body = recorded.body
    var query = ReflectQuery(
      bankID: recorded.bankID, text: body["query"]?.text ?? "",
      budget: try #require(Budget(rawValue: body["budget"]?.text ?? "")), context: body["context"]?.text,
      responseSchema: body["response_schema"]?.object, tags: try tags(body))
    _ = try await scene.store.reflect(query)
    #expect(scene.targets == ["POST \(recorded.path)"])
    #expect(try scene.body() == body)

    query.includesFacts = true
    _ = try await scene.store.reflect(query)
    var withFacts = try #require(body.object)
    withFacts["include"] = ["facts": [:]]
    #expect(try scene.body(1) == .object(withFacts))
  }

  @Test("setting a bank", arguments: try Recorded.requests("PUT"))
  func bank(_ recorded: Recorded.Request) async throws {
    let scene = try Scene(answers: [[:]])
    let body = recorded.body
    try await scene.store.setBank(
      id: recorded.bankID, name: body["name"]?.text, mission: body["mission"]?.text, timeout: nil)
    #expect(scene.targets == ["PUT \(recorded.path)"])
    #expect(try scene.body() == body)
  }

  /// The recorded text, taken apart into who said what.
  private func messages(_ content: String) -> [RetainedMessage] {
    let roles: [(String, RetainedMessage.Speaker)] = [
      ("USER: ", .user), ("ASSISTANT: ", .assistant), ("ASSISTANT_TOOL_CALLS: ", .toolCall),
      ("TOOL_RESULT: ", .toolResult),
    ]
    return content.components(separatedBy: "\n\n").compactMap { item in
      guard let (mark, speaker) = roles.first(where: { item.hasPrefix($0.0) }) else { return nil }
      return RetainedMessage(speaker: speaker, text: String(item.dropFirst(mark.count)), saidAt: Scene.today)
    }
  }

  @Test(
    "retain, but for what makes it safe to repeat", arguments: try Recorded.requests("POST", endingWith: "/memories"))
  func retain(_ recorded: Recorded.Request) async throws {
    var body = try #require(recorded.body.object)
    var item = try #require(body["items"]?.list?.first?.object)
    let turnID = "5A1F7C1E-2B7D-4E0B-9B63-3A6C64A0F7D1"
    let document = item["document_id"]?.text
    let scene = try Scene(answers: [["success": true, "async": false]])
    let stored = try await scene.store.retain(
      RetainTurn(
        bankID: recorded.bankID, turnID: turnID, documentID: document,
        messages: messages(item["content"]?.text ?? ""), context: item["context"]?.text,
        metadata: Metadata(item["metadata"]?.object ?? [:]), tags: item["tags"]?.list?.compactMap(\.text) ?? []))
    body["async"] = true
    body["operation_id"] = .text(turnID.lowercased())
    if document != nil { item["update_mode"] = "append" }
    body["items"] = .list([.object(item)])
    #expect(scene.targets == ["POST \(recorded.path)"])
    #expect(try scene.body() == .object(body))
    #expect(stored == .stored)
  }

  @Test("the metadata of a turn keep their order")
  func metadataOrder() async throws {
    let scene = try Scene(answers: [["success": true, "async": false]])
    var said = turn()
    said.metadata = ["source": "rearview", "model": "m", "a": "1"]
    try await scene.store.retain(said)
    let keys = try scene.body()["items"]?.list?.first?["metadata"]?.object?.keys
    #expect(keys == ["source", "model", "a"])
  }
}

/// A turn of the bank `bank-a` that was said just now.
func turn(
  _ user: String = "Where is Alice?", _ assistant: String = "In Lisbon.",
  id: String = "5a1f7c1e-2b7d-4e0b-9b63-3a6c64a0f7d1", document: String? = "session-1",
  update: RetainTurn.DocumentUpdate = .append, saidAt: Date = Scene.today
) -> RetainTurn {
  RetainTurn(
    bankID: "bank-a", turnID: id, documentID: document,
    messages: [
      RetainedMessage(speaker: .user, text: user, saidAt: saidAt),
      RetainedMessage(speaker: .assistant, text: assistant, saidAt: saidAt.addingTimeInterval(2)),
    ], update: update)
}
