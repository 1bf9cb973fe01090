import Foundation
import RearviewHindsightAPI
import RearviewJSON
import RearviewMemory
import ScriptedServer
import Testing

@Suite("Banks and memories")
struct InspectorTests {
  @Test("pages hold both states, newest first, whatever their size", arguments: [1, 2, 3, 4, 9, 100])
  func pages(_ limit: Int) async throws {
    let bank = try ScriptedBank([9, 8, 5, 3, 1], [7, 6, 2])
    #expect(try await bank.ids(limit: limit) == ["9", "8", "7", "6", "5", "3", "2", "1"])
  }

  @Test("pages hold each memory once while the server adds and removes others", arguments: [1, 2, 3])
  func movingPages(_ limit: Int) async throws {
    let asked = Guarded(0)
    // With each look there is one more at the front; then all of those are gone again.
    let bank = try ScriptedBank([]) {
      let look = asked.access { count in
        count += 1
        return count
      }
      return (look < 5 ? Array((6...9).suffix(look - 1).reversed()) : []) + [5, 4, 3, 2, 1]
    }
    #expect(try await bank.ids(limit: limit) == ["5", "4", "3", "2", "1"])
  }

  @Test("a page whose last memory is gone goes on with what is older")
  func lastOneGone() async throws {
    let asked = Guarded(0)
    let bank = try ScriptedBank([]) {
      asked.access { count in
        count += 1
        return count == 1 ? [5, 4, 3, 2, 1] : [5, 3, 2, 1]
      }
    }
    #expect(try await bank.ids(limit: 2) == ["5", "4", "3", "2", "1"])
  }

  @Test("what was invalidated is asked for once where there is none")
  func oneState() async throws {
    let bank = try ScriptedBank([9, 8, 5, 3, 1], [])
    #expect(try await bank.ids(limit: 2) == ["9", "8", "5", "3", "1"])
    #expect(bank.server.requests.count { $0.target.contains("state=invalidated") } == 1)
  }

  @Test("a page that ends with a state's end ends the list")
  func end() async throws {
    let bank = try ScriptedBank([4, 3], [2])
    let request = MemoryPageRequest(bankID: "b", limit: 3)
    #expect(try await bank.store.memories(request).next == nil)
    for after in ["x", "1", "-.-", "1.2.3", ""] {
      let strange = try await bank.store.memories(MemoryPageRequest(bankID: "b", after: after, limit: 3))
      #expect(strange == MemoryPage(memories: [], next: nil))
    }
  }

  @Test("a filter is data")
  func filter() async throws {
    let bank = try ScriptedBank([1], [])
    _ = try await bank.store.memories(MemoryPageRequest(bankID: "a b", filter: #"50%_\ &q=x"#, limit: 7))
    #expect(
      bank.server.requests.map(\.target).sorted().last
        == "/v1/default/banks/a%20b/memories/list?state=valid&limit=7&offset=0&q=50%5C%25%5C_%5C%5C%20%26q%3Dx")
    let asked = bank.server.requests.count
    let nothing = try await bank.store.memories(MemoryPageRequest(bankID: "b", filter: "a\0b"))
    #expect(nothing == MemoryPage(memories: [], next: nil))
    #expect(bank.server.requests.count == asked)
  }

  @Test("a recorded list becomes memories")
  func recordedList() async throws {
    let scene = try Scene()
    let body = try Recorded.answer("list_memories", "invalidated: in the list").body
    scene.play(body)
    scene.play(["items": [], "total": 0])
    let memory = try #require(try await scene.store.memories(MemoryPageRequest(bankID: "b")).memories.first)
    #expect(memory.state == .invalidated)
    #expect(memory.stateReason == "not true")
    #expect(memory.type == .experience)
    #expect(memory.entities == [])
    #expect(memory.updatedAt != nil && memory.createdAt == nil)
    #expect(memory.metadata.object.keys == ["turn", "source"])
  }

  @Test("the list's names for things are read as the others'")
  func listNames() async throws {
    let scene = try Scene()
    scene.play([
      "items": [["id": "a", "text": "t", "fact_type": "world", "entities": "Anna, Lisbon", "proof_count": 3]]
    ])
    scene.play(["items": []])
    let memory = try #require(try await scene.store.memories(MemoryPageRequest(bankID: "b")).memories.first)
    #expect(memory.type == .world)
    #expect(memory.entities == ["Anna", "Lisbon"])
    #expect(memory.proofCount == 3)
  }

  @Test("a bank that is not there has no memories")
  func missingBank() async throws {
    let scene = try Scene()
    for _ in 1...2 { try scene.playRecorded("list_memories", "no such bank") }
    #expect(try await scene.store.memories(MemoryPageRequest(bankID: "b")) == MemoryPage(memories: [], next: nil))
  }

  @Test("a memory is read, and none where there is none")
  func memory() async throws {
    let scene = try Scene()
    for name in ["one", "an observation", "unknown id", "id is no uuid"] {
      try scene.playRecorded("get_memory", name)
    }
    let one = try await scene.store.memory(id: "c5576e13-3f0e-481c-bda8-c62952cef2e3", bankID: "golden")
    #expect(one?.type == .world)
    #expect(one?.entities == ["Bob Diaz", "Cello Club", "Alice Chen"])
    #expect(one?.mentionedAt == Date(timeIntervalSince1970: 1_772_704_800.01))
    let observation = try await scene.store.memory(id: "x", bankID: "golden")
    #expect(observation?.type == .observation)
    #expect(observation?.documentID == nil)
    for id in ["d6fd15d8-73f7-4982-a7c4-9ed81a1faa21", "abc", ""] {
      #expect(try await scene.store.memory(id: id, bankID: "golden") == nil)
    }
    #expect(scene.server.requests.count == 4)
  }

  @Test("an edit sends the text, and a blank one nothing")
  func edit() async throws {
    let scene = try Scene()
    try scene.playRecorded("update_memory", "edit the text")
    let memory = try await scene.store.edit(id: "a/b", bankID: "golden", text: "New.")
    #expect(memory.text == "Bob Diaz plays the cello and the oboe.")
    #expect(scene.targets == ["PATCH /v1/default/banks/golden/memories/a%2Fb"])
    #expect(try scene.body() == ["text": "New."])
    #expect(await scene.failure { try await $0.edit(id: "a", bankID: "golden", text: " \n") } == .emptyText)
    #expect(scene.server.requests.count == 1)
  }

  @Test("a memory is invalidated with a reason and restored")
  func states() async throws {
    let scene = try Scene()
    for name in ["invalidate", "invalidate", "bring it back"] { try scene.playRecorded("update_memory", name) }
    let retired = try await scene.store.invalidate(id: "a", bankID: "b", reason: "not true")
    #expect(retired.state == .invalidated)
    #expect(retired.stateReason == "not true")
    _ = try await scene.store.invalidate(id: "a", bankID: "b", reason: nil)
    #expect(try await scene.store.restore(id: "a", bankID: "b").state == .valid)
    #expect(try scene.body(0) == ["state": "invalidated", "reason": "not true"])
    #expect(try scene.body(1) == ["state": "invalidated"])
    #expect(try scene.body(2) == ["state": "valid"])
  }

  @Test("what is not there cannot be changed, and an observation is not edited")
  func refusedChanges() async throws {
    let scene = try Scene()
    for _ in 1...3 { try scene.playRecorded("update_memory", "unknown id") }
    let missing = MemoryStoreError.noSuchMemory(id: "a", bankID: "b")
    #expect(await scene.failure { try await $0.edit(id: "a", bankID: "b", text: "t") } == missing)
    #expect(await scene.failure { try await $0.invalidate(id: "a", bankID: "b", reason: nil) } == missing)
    #expect(await scene.failure { try await $0.restore(id: "a", bankID: "b") } == missing)
    try scene.playRecorded("update_memory", "an observation cannot be edited")
    guard
      case .refused(_, "edit", "b", 400, let said) = await scene.failure({
        try await $0.edit(id: "a", bankID: "b", text: "t")
      })
    else {
      Issue.record("it was edited")
      return
    }
    #expect(said.contains("observation"))
  }

  @Test("banks are read to the last page, by name")
  func banks() async throws {
    let scene = try Scene()
    scene.play([
      "banks": [["bank_id": "c", "fact_count": 3, "last_write_at": "2026-01-01T00:00:00Z"], ["bank_id": "a"]],
      "total": 3,
    ])
    scene.play(["banks": [["bank_id": "b", "last_document_at": "2026-01-02T00:00:00Z"]], "total": 3])
    #expect(
      try await scene.store.banks() == [
        Bank(id: "a"), Bank(id: "b", lastRetainedAt: Date(timeIntervalSince1970: 1_767_312_000)),
        Bank(id: "c", memoryCount: 3, lastRetainedAt: Date(timeIntervalSince1970: 1_767_225_600)),
      ])
    #expect(scene.targets == ["GET /v1/default/banks?limit=100&offset=0", "GET /v1/default/banks?limit=100&offset=2"])
  }

  @Test("an old server lists its banks on one page, and a strange one ends")
  func oldBanks() async throws {
    let scene = try Scene(answers: [["banks": [["bank_id": "a"]]], ["banks": [], "total": 9]])
    #expect(try await scene.store.banks() == [Bank(id: "a")])
    #expect(try await scene.store.banks() == [])
  }

  @Test("nothing that is not given of a bank is set")
  func setBank() async throws {
    let scene = try Scene(answers: [[:], [:]])
    try await scene.store.setBank(id: "b", name: nil, mission: nil, timeout: nil)
    try await scene.store.setBank(id: "b", name: "", mission: nil, timeout: nil)
    #expect(try scene.body(0) == [:])
    #expect(try scene.body(1) == ["name": ""])
  }

  @Test("the version tells what is on")
  func version() async throws {
    let scene = try Scene(answers: [])
    try scene.playRecorded("get_version", "plain")
    scene.play(["api_version": "0.7.0"])
    let version = try await scene.store.version()
    #expect(version.apiVersion == "1.1.0")
    #expect(version.features.contains("store_document_text"))
    #expect(!version.features.contains("bank_llm_health"))
    #expect(try await scene.store.version() == HindsightAPI.Version(apiVersion: "0.7.0", features: []))
    #expect(scene.targets == ["GET /version", "GET /version"])
  }

  @Test(
    "versions are compared number by number; one that cannot be read is new",
    arguments: [
      ("0.8.5", true), ("0.8.6", false), ("0.8.10", false), ("0.10.0", false), ("1.0", false), ("0.8", true),
      ("0.8.6-rc1", false), ("0.8.5-rc1", true), ("main", false), ("", false),
    ])
  func older(_ version: String, isOlder: Bool) {
    #expect(HindsightAPI.Version(apiVersion: version, features: []).isOlder(than: [0, 8, 6]) == isOlder)
  }
}
