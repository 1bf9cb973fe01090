import Foundation
import RearviewChat
import RearviewHindsightAPI
import RearviewJSON
import RearviewMemory
import Testing

@Suite("What recall and reflect make of answers")
struct RecallTests {
  private func date(_ text: String) throws -> Date {
    try Date(text, strategy: .iso8601)
  }

  @Test("a recorded answer becomes memories in the server's order")
  func recorded() async throws {
    let scene = try Scene()
    try scene.playRecorded("recall_memories", "entities")
    let result = try await scene.store.recall(query())
    #expect(result.memories.count == 4)
    #expect(result.matchCount == nil)
    #expect(result.searchedCount == nil)
    #expect(result.trace == nil)
    let text = "On 2026-03-04 Alice Chen met Bob Diaz in Porto. | When: 2026-03-04"
    let expected = RecalledMemory(
      memory: Memory(
        id: "924ca227-aedb-43f9-82b1-15738407c960", type: .world, text: text, context: "phone call",
        mentionedAt: try date("2026-03-05T10:00:00Z"), occurredStart: try date("2026-03-04T00:00:00Z"),
        occurredEnd: try date("2026-03-04T00:00:00Z"), documentID: "call-1", tags: ["user:alice", "topic:music"],
        entities: ["Bob Diaz", "Alice Chen", "Porto", "Cello Club"], metadata: ["turn": "7", "source": "phone"],
        createdAt: nil,
        updatedAt: nil),
      score: 0.3820724624023339, scores: ["semantic": 0.3606678545475006, "keyword": 0.4000000059604645],
      tokenCount: estimatedTokens(text))
    #expect(result.memories[2] == expected)
    #expect(result.memories[2].memory.metadata.object.keys == ["turn", "source"])
    // Neither arm found it, no context, no metadata.
    #expect(result.memories[3].scores == nil)
    #expect(result.memories[3].memory.context == nil)
    #expect(result.memories[3].memory.metadata.isEmpty)
  }

  @Test("a result without text keeps its place, one without type has none")
  func blanks() async throws {
    let scene = try Scene(answers: [
      [
        "results": [
          ["id": "a", "text": "", "type": "world"], ["id": "b", "text": "No type here"],
          ["id": "c", "text": "Null type", "type": nil], ["id": "d", "type": "opinion", "metadata": ["n": 1]],
        ]
      ]
    ])
    let memories = try await scene.store.recall(query()).memories.map(\.memory)
    #expect(memories.map(\.id) == ["a", "b", "c", "d"])
    #expect(memories.map(\.text) == ["", "No type here", "Null type", ""])
    #expect(memories.map(\.type) == [.world, .untyped, .untyped, .opinion])
    #expect(memories.allSatisfy { $0.createdAt == nil && $0.updatedAt == nil })
    #expect(memories[3].metadata["n"] == "1")
  }

  @Test(
    "dates come with or without an offset and a fraction",
    arguments: [
      ("2026-03-05T10:00:00Z", 0), ("2026-03-05T10:00:00+00:00", 0), ("2026-03-05T10:00:00", 0),
      ("2026-03-05T10:00:00.25+00:00", 0.25), ("2026-03-05T10:00:00.500000", 0.5), ("2026-03-05 10:00:00Z", 0),
      ("2026-03-05T12:00:00+02:00", 0), ("2026-03-05T05:30:00.5-04:30", 0.5), ("2026-03-05T10:00Z", 0),
      ("2026-03-05", -36_000),
    ])
  func dates(_ text: String, _ offset: Double) async throws {
    let scene = try Scene(answers: [["results": [["id": "a", "text": "t", "mentioned_at": .text(text)]]]])
    let found = try await scene.store.recall(query()).memories.first?.memory.mentionedAt
    #expect(found == Date(timeIntervalSince1970: 1_772_704_800 + offset))
  }

  @Test(
    "a date that is none is left out", arguments: ["soon", "", "T", "2026-13-40T99:00:00Z", "2026-03-05T10:00:00.xZ"])
  func badDates(_ text: String) async throws {
    let scene = try Scene(answers: [["results": [["id": "a", "text": "t", "mentioned_at": .text(text)]]]])
    #expect(try await scene.store.recall(query()).memories.first?.memory.mentionedAt == nil)
  }

  @Test("a bank that the server does not have finds nothing")
  func missingBank() async throws {
    let scene = try Scene()
    try scene.playRecorded("recall_memories", "no such bank")
    #expect(try await scene.store.recall(query()) == RecallResult())
  }

  @Test("a 404 that tells of no bank is an error")
  func wrongAddress() async throws {
    for (detail, status) in [("canned 404", 404), ("Not Found", 404), ("Bank 'x' not found", 400)] {
      let scene = try Scene()
      scene.play(["detail": .text(detail)], status: status)
      let error = await scene.failure { try await $0.recall(query()) }
      #expect(
        error
          == .refused(
            location: scene.server.url, operation: "recall", bankID: "bank-a", status: status, said: detail))
    }
  }

  @Test("a query without a letter finds nothing")
  func emptyQuery() async throws {
    let scene = try Scene()
    try scene.playRecorded("recall_memories", "empty query")
    #expect(try await scene.store.recall(query("")) == RecallResult())
  }

  @Test("a trace is kept as it came")
  func trace() async throws {
    let scene = try Scene()
    try scene.playRecorded("recall_memories", "trace")
    let result = try await scene.store.recall(query())
    #expect(result.trace == (try Recorded.answer("recall_memories", "trace").body["trace"]))
    #expect(result.trace?["query"]?["budget"] != nil)
  }

  @Test("a reflection comes with its memories when the server gives them")
  func facts() async throws {
    let scene = try Scene()
    try scene.playRecorded("reflect", "plain")
    try scene.playRecorded("reflect", "facts")
    let plain = try await scene.store.reflect(ReflectQuery(bankID: "b", text: "q"))
    #expect(plain.text.hasPrefix("From memory: Alice Chen works at Northwind"))
    #expect(plain.basedOn == nil)
    #expect(plain.structuredOutput == nil)
    #expect(!plain.isExtract)
    #expect(plain.trace?["usage"]?["total_tokens"] == 8675)
    let facts = try await scene.store.reflect(ReflectQuery(bankID: "b", text: "q"))
    #expect(facts.basedOn?.first?.id == "07e2d418-5f15-4131-a2d9-864ebe88edf6")
    #expect(facts.basedOn?.first?.text == "Alice Chen works at Northwind in Lisbon.")
  }

  @Test("a reflection comes in the form of its schema")
  func structured() async throws {
    let scene = try Scene()
    try scene.playRecorded("reflect", "response schema")
    let reflection = try await scene.store.reflect(ReflectQuery(bankID: "b", text: "q"))
    #expect(reflection.structuredOutput?["sure"] == true)
  }

  @Test("a reflection on a bank that is not there is passed through")
  func reflectionOnNothing() async throws {
    let scene = try Scene()
    try scene.playRecorded("reflect", "no such bank")
    let reflection = try await scene.store.reflect(ReflectQuery(bankID: "b", text: "anything"))
    #expect(reflection.text == "Nothing known about: anything")
  }

  @Test("an empty reflection is empty")
  func emptyReflection() async throws {
    let scene = try Scene(answers: [["text": ""], ["text": nil]])
    for _ in 1...2 {
      #expect(try await scene.store.reflect(ReflectQuery(bankID: "b", text: "q")) == Reflection(text: ""))
    }
  }

  @Test("what the store takes is told")
  func traits() throws {
    let store = try Scene().store
    #expect(store.queryTokenLimit == 500)
    #expect(!store.takesPartialTurns)
  }
}
