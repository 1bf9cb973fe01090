import Foundation
import RearviewHindsightAPI
import RearviewJSON
import RearviewMemory
import Testing

@Suite("Retaining")
struct RetainTests {
  private static let id = "5a1f7c1e-2b7d-4e0b-9b63-3a6c64a0f7d1"
  private static let accepted: JSONValue = ["success": true, "async": true, "operation_id": .text(id)]

  private func item(_ scene: Scene, _ index: Int = 0) throws -> JSONValue {
    try #require(try scene.body(index)["items"]?.list?.first)
  }

  // MARK: The text

  @Test("a turn is one text, each speaker under a name")
  func text() {
    let said: [(RetainedMessage.Speaker, String, Bool)] = [
      (.user, "Weather\nin Paris?", false), (.assistant, " \n", false), (.toolCall, #"get({"a":1}); time({})"#, false),
      (.toolResult, "18C", false), (.toolResult, "", true), (.assistant, "It is", true),
    ]
    var all = turn()
    all.messages = said.map { RetainedMessage(speaker: $0.0, text: $0.1, saidAt: Scene.today, isCut: $0.2) }
    #expect(
      HindsightAPI.text(of: all) == """
        USER: Weather
        in Paris?

        ASSISTANT_TOOL_CALLS: get({"a":1}); time({})

        TOOL_RESULT: 18C

        ASSISTANT: It is [cut off]
        """)
  }

  @Test("a turn without words is not sent")
  func blank() async throws {
    let scene = try Scene()
    #expect(try await scene.store.retain(turn(" \n", "")) == .stored)
    #expect(scene.targets == [])
  }

  @Test("a cut message marks the turn")
  func cut() async throws {
    let scene = try Scene(answers: [["success": true, "async": false]])
    var said = turn()
    said.messages[1].isCut = true
    said.metadata = ["source": "rearview"]
    try await scene.store.retain(said)
    #expect(try item(scene)["metadata"] == ["source": "rearview", "cut": "true"])
    #expect(try item(scene)["content"] == "USER: Where is Alice?\n\nASSISTANT: In Lisbon. [cut off]")
  }

  @Test("a turn says when it was said once that is more than five minutes ago")
  func timestamps() async throws {
    for (age, expected) in [(0.0, JSONValue.null), (299, .null), (301, "2023-11-14T22:08:19Z")] {
      let scene = try Scene(answers: [["success": true, "async": false]])
      try await scene.store.retain(turn(saidAt: Scene.today.addingTimeInterval(-age)))
      #expect(try item(scene)["timestamp"] == expected)
    }
  }

  // MARK: Identity

  @Test("the turn's id names the operation, whatever its case")
  func operationID() async throws {
    let scene = try Scene(answers: Array(repeating: ["success": true, "async": false], count: 5))
    for id in [Self.id, Self.id.uppercased(), "turn-1", "turn-1", "turn-2"] {
      try await scene.store.retain(turn(id: id))
    }
    let ids = try (0..<5).map { try scene.body($0)["operation_id"]?.text ?? "" }
    #expect(ids[0...1] == [Self.id, Self.id])
    #expect(ids[2] == ids[3])
    #expect(ids[2] != ids[4])
    for id in ids { #expect(UUID(uuidString: id)?.uuidString.lowercased() == id) }
    // It has to be the same in every version of this program.
    #expect(ids[2] == "05c437b5-ede6-8d2d-a390-c6107bbb2b8d")
  }

  // MARK: Following the operation

  @Test("a turn is stored when its operation is completed")
  func completed() async throws {
    let scene = try Scene(answers: [Self.accepted])
    try scene.playRecorded("get_operation_status", "right after")
    scene.play(["status": "processing"])
    try scene.playRecorded("get_operation_status", "finished")
    #expect(try await scene.store.retain(turn()) == .stored)
    let status = "GET /v1/default/banks/bank-a/operations/\(Self.id)"
    #expect(scene.targets == ["POST /v1/default/banks/bank-a/memories", status, status, status])
    #expect(scene.sleeps == [.milliseconds(100), .milliseconds(150), .milliseconds(225)])
  }

  @Test("the server's own id is followed where it gives another")
  func otherID() async throws {
    let scene = try Scene(answers: [
      ["success": true, "async": true, "operation_id": "old-server"], ["status": "completed"],
    ])
    #expect(try await scene.store.retain(turn()) == .stored)
    #expect(scene.targets.last == "GET /v1/default/banks/bank-a/operations/old-server")
  }

  @Test("a server that works at once is not asked again")
  func atOnce() async throws {
    let scene = try Scene()
    try scene.playRecorded("retain_memories", "one item, sync")
    scene.play(["success": true])
    for _ in 1...2 { #expect(try await scene.store.retain(turn()) == .stored) }
    #expect(scene.server.requests.count == 2)
  }

  @Test("a turn that is still in work when the time is over is processing, and can be asked for again")
  func processing() async throws {
    let scene = try Scene(answers: [Self.accepted])
    for _ in 1...12 { scene.play(["status": "pending"]) }
    #expect(try await scene.store.retain(turn(), timeout: .seconds(4)) == .processing)
    let waited = scene.sleeps.reduce(.zero, +)
    #expect(waited == .seconds(4))
    #expect(scene.sleeps.allSatisfy { $0 <= .seconds(1) })

    let again = try Scene(answers: [Self.accepted, ["status": "completed"]])
    #expect(try await again.store.retain(turn(), timeout: .seconds(4)) == .stored)
    #expect(try again.body() == (try scene.body()))
  }

  @Test("a server too busy to tell is asked again")
  func busyStatus() async throws {
    let scene = try Scene(answers: [Self.accepted])
    scene.play(["detail": "at capacity"], status: 503)
    scene.play(["status": "completed"])
    #expect(try await scene.store.retain(turn()) == .stored)
  }

  @Test("an acknowledgement that does not come in time is a timeout")
  func noAcknowledgement() async throws {
    let scene = try Scene()
    scene.server.enqueue(.hang)
    let error = await scene.failure { try await $0.retain(turn(), timeout: .milliseconds(150)) }
    #expect(
      error
        == .timedOut(location: scene.server.url, operation: "retain", bankID: "bank-a", after: .milliseconds(150)))
  }

  @Test("success:false is a failure")
  func noSuccess() async throws {
    let scene = try Scene(answers: [["success": false, "bank_id": "bank-a", "items_count": 0, "async": false]])
    guard case .serverFailed(_, "retain", "bank-a", 200, _) = await scene.failure({ try await $0.retain(turn()) })
    else {
      Issue.record("no failure")
      return
    }
  }

  @Test("an operation that the server lost is a failure, so that the turn is handed over again")
  func lost() async throws {
    let scene = try Scene(answers: [Self.accepted])
    try scene.playRecorded("get_operation_status", "unknown id")
    guard case .serverFailed = await scene.failure({ try await $0.retain(turn()) }) else {
      Issue.record("no failure")
      return
    }
  }

  // MARK: Failed operations

  @Test("a failed operation is begun again once")
  func retried() async throws {
    let scene = try Scene(answers: [
      Self.accepted, ["status": "failed", "error_message": "model down"], ["success": true], ["status": "completed"],
    ])
    #expect(try await scene.store.retain(turn()) == .stored)
    #expect(scene.targets[2] == "POST /v1/default/banks/bank-a/operations/\(Self.id)/retry")
  }

  @Test("an operation that fails twice throws the server's reason, and a later call begins it again")
  func failedTwice() async throws {
    let scene = try Scene(answers: [
      Self.accepted, ["status": "failed", "error_message": "model down"], ["success": true],
      ["status": "failed", "error_message": "still down"],
      Self.accepted, ["status": "failed", "error_message": "still down"], ["success": true], ["status": "completed"],
    ])
    #expect(
      await scene.failure { try await $0.retain(turn()) }
        == .serverFailed(
          location: scene.server.url, operation: "retain", bankID: "bank-a", status: 200, said: "still down"))
    #expect(try await scene.store.retain(turn()) == .stored)
  }

  @Test("an operation that cannot be begun again throws the server's reason")
  func notRetryable() async throws {
    let scene = try Scene(answers: [Self.accepted, ["status": "failed", "error_message": "bad input"]])
    try scene.playRecorded("retry_operation", "retry a finished one")
    #expect(
      await scene.failure { try await $0.retain(turn()) }
        == .serverFailed(
          location: scene.server.url, operation: "retain", bankID: "bank-a", status: 200, said: "bad input"))
  }

  // MARK: Documents

  @Test("a replacing turn carries the document as it was")
  func replace() async throws {
    let scene = try Scene(answers: [
      ["original_text": "USER: old\n\nASSISTANT: older"], Self.accepted, ["status": "completed"],
    ])
    #expect(try await scene.store.retain(turn(update: .replace)) == .stored)
    #expect(scene.targets[0] == "GET /v1/default/banks/bank-a/documents/session-1")
    let expected = "USER: old\n\nASSISTANT: older\n\nUSER: Where is Alice?\n\nASSISTANT: In Lisbon."
    #expect(try item(scene, 1)["content"] == .text(expected))
    #expect(try item(scene, 1)["update_mode"] == .null)
    #expect(try item(scene, 1)["document_id"] == "session-1")
  }

  @Test("a document that is not there begins with the turn")
  func replaceNothing() async throws {
    let scene = try Scene()
    try scene.playRecorded("get_document", "unknown")
    scene.play(["success": true, "async": false])
    #expect(try await scene.store.retain(turn(update: .replace)) == .stored)
    #expect(try item(scene, 1)["content"] == "USER: Where is Alice?\n\nASSISTANT: In Lisbon.")
  }

  @Test("a document that cannot be read is never written over", arguments: [200, 400, 401, 429, 500, 503])
  func neverOverwrite(_ status: Int) async throws {
    let scene = try Scene()
    scene.play("db down", status: status)
    scene.play(["success": true, "async": false])
    #expect(await scene.failure { try await $0.retain(turn(update: .replace)) } != nil)
    #expect(scene.targets == ["GET /v1/default/banks/bank-a/documents/session-1"])
  }

  @Test("a document of which the server keeps no text is never written over", arguments: [JSONValue.null, 7])
  func neverOverwriteUnread(_ text: JSONValue) async throws {
    let scene = try Scene(answers: [["id": "session-1", "original_text": text], ["success": true, "async": false]])
    let failure = await scene.failure { try await $0.retain(turn(update: .replace)) }
    #expect(failure.map { "\($0)" }?.contains("keeps no text of document session-1") == true)
    #expect(scene.server.requests.count == 1)
  }

  @Test("a broken connection to the document is no empty document")
  func neverOverwriteWhenCut() async throws {
    let scene = try Scene()
    scene.server.enqueue(.cut)
    guard case .unreachable(_, "retain", _, _) = await scene.failure({ try await $0.retain(turn(update: .replace)) })
    else {
      Issue.record("no failure")
      return
    }
    #expect(scene.server.requests.count == 1)
  }

  @Test("a replacing turn that failed is handed over with the document as it is by then")
  func replaceAgain() async throws {
    let scene = try Scene(answers: [
      ["original_text": "one"], Self.accepted, ["status": "failed", "error_message": "model down"],
      ["status": "failed"], ["status": "not_found"],
      ["original_text": "one and two"], ["success": true, "async": true, "operation_id": "third"],
      ["status": "completed"],
    ])
    #expect(try await scene.store.retain(turn(update: .replace)) == .stored)
    let ids = try [1, 6].map { try scene.body($0)["operation_id"]?.text }
    #expect(ids[0] == Self.id)
    #expect(ids[1] != ids[0])
    #expect(scene.targets[4].hasSuffix(ids[1] ?? "-"))
    #expect(try item(scene, 6)["content"]?.text?.hasPrefix("one and two\n\nUSER: ") == true)
    #expect(!scene.targets.contains { $0.hasSuffix("/retry") })
  }

  @Test("a turn of no document has no way of updating one", arguments: RetainTurn.DocumentUpdate.allCases)
  func noDocument(_ update: RetainTurn.DocumentUpdate) async throws {
    let scene = try Scene(answers: [["success": true, "async": false]])
    try await scene.store.retain(turn(document: nil, update: update))
    #expect(try item(scene)["update_mode"] == .null)
    #expect(scene.server.requests.count == 1)
  }

  @Test("the text of a document is the server's; none where there is none, or none is kept")
  func documentText() async throws {
    let scene = try Scene()
    try scene.playRecorded("get_document", "one")
    try scene.playRecorded("get_document", "unknown")
    scene.play(["original_text": nil])
    let texts = [
      try await scene.store.documentText(id: "call-1", bankID: "golden"),
      try await scene.store.documentText(id: "x", bankID: "golden"),
      try await scene.store.documentText(id: "y", bankID: "golden"),
    ]
    #expect(texts == ["On 2026-03-04 Alice Chen met Bob Diaz in Porto. Bob Diaz plays the cello.", nil, nil])
  }
}
