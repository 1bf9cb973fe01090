import Foundation
import Rearview
import RearviewEmbeddedMemory
import ScriptedServer
import Testing

@Suite("Models that work on memory", .timeLimit(.minutes(2)))
struct WorkTests {
  let home: Folder
  let server: ScriptedServer

  init() throws {
    home = try Folder()
    server = try ScriptedServer { request in
      if request.path.hasSuffix("/embeddings") { return .embeddings(for: request, meanings: ["hound": "puppy"]) }
      return (request.json["messages"] as? [[String: Any]] ?? []).contains { $0["role"] as? String == "tool" }
        || request.json["tools"] != nil ? .openAIAnswer("Nothing is known.") : .backgroundAnswer(for: request)
    }
  }

  private var environment: [String: String] {
    ["HOME": home.path, "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": server.url + "/v1"]
  }

  private func instance(_ settings: String...) throws -> RearviewInstance {
    let paths = Paths(environment: environment)
    let configuration = try Configuration.load(
      paths: paths, environment: environment, overrides: settings, workingFolder: home.path)
    return RearviewInstance(paths: paths, environment: environment, configuration: configuration)
  }

  /// Waits until a recall finds by meaning.
  private func found(_ question: String, by instance: RearviewInstance) async throws -> RecalledMemory? {
    for _ in 0..<400 {
      let first = try await instance.recall(question).memories.first
      if first?.scores?["vectors"] != nil { return first }
      try await Task.sleep(for: .milliseconds(50))
    }
    return nil
  }

  @Test("an instance embeds what it retains, and recalls by meaning")
  func embeds() async throws {
    let instance = try instance("embedding_model=openai/vectors", "embedding_timeout_seconds=20")
    try await instance.configure { $0.bankID = "anna" }
    try await instance.retain("Note that my puppy is afraid of thunder.", waits: true)
    let first = try #require(try await found("hound?", by: instance))
    #expect(first.memory.text == "Note that my puppy is afraid of thunder.")
    let requests = server.requests.filter { $0.path.hasSuffix("/embeddings") }
    #expect(Set(requests.map { $0.json["model"] as? String }) == ["vectors"])
    #expect(requests.allSatisfy { $0.headers["authorization"] == "Bearer sk-test" })
    await instance.cleanup()
  }

  @Test("with background_work off, or no model, an instance asks nobody by itself")
  func off() async throws {
    for settings in [["embedding_model=openai/vectors", "background_model=openai/reader", "background_work=off"], []] {
      let paths = Paths(environment: environment)
      let client = try await RearviewClient.open(
        configuration: try Configuration.load(
          paths: paths, environment: environment, overrides: settings, workingFolder: home.path),
        paths: paths, environment: environment)
      client.startBackgroundWork(after: .zero)
      try await client.store.retain(
        RetainTurn(
          bankID: "anna", turnID: UUID().uuidString, documentID: "d",
          messages: [RetainedMessage(speaker: .user, text: "Note this.", saidAt: Date())]))
      #expect(try await client.worker() == nil || !settings.isEmpty)
      try await Task.sleep(for: .milliseconds(200))
      await client.close()
    }
    #expect(server.requests.isEmpty)
  }

  @Test("the daily limit of the settings holds for the file; the first worker reads what was there before")
  func limit() async throws {
    let paths = Paths(environment: environment)
    func open(_ tokens: Int) async throws -> RearviewClient {
      try await RearviewClient.open(
        configuration: try Configuration.load(
          paths: paths, environment: environment,
          overrides: ["background_model=openai/reader", "background_daily_tokens=\(tokens)"], workingFolder: home.path),
        paths: paths, environment: environment)
    }
    var client = try await open(7)
    try await client.store.retain(
      RetainTurn(
        bankID: "anna", turnID: "1", documentID: "d",
        messages: [RetainedMessage(speaker: .user, text: "Note that I moved.", saidAt: Date())]))
    var worker = try #require(try await client.worker())
    #expect(try await worker.runUntilIdle(ignoringDelays: true) == .limitReached)
    #expect(server.requests.isEmpty)
    await client.close()
    client = try await open(0)
    worker = try #require(try await client.worker())
    #expect(try await worker.runUntilIdle(ignoringDelays: true) == .idle)
    #expect(try await client.embedded?.workStatus().dailyTokenLimit == nil)
    #expect(try await client.store.recall(RecallQuery(bankID: "anna", text: "moved")).memories.count > 1)
    await client.close()
  }

  @Test("a conversation's own model reflects, unless reflect_model says which", arguments: [nil, "openai/thinker"])
  func reflects(model: String?) async throws {
    let instance = try instance("reflect_model=\(model ?? "")")
    try await instance.configure {
      $0.bankID = "anna"
      $0.useReflect = true
      $0.storeConversations = false
    }
    try await instance.retain("Note that the lease ends in June.", waits: true)
    _ = try await instance.completion(
      CompletionRequest(model: "openai/talker", messages: [Message(.user, "When does the lease end?")]))
    let reflecting = server.requests.filter { $0.json["tools"] != nil }
    #expect(!reflecting.isEmpty)
    #expect(reflecting.allSatisfy { $0.json["model"] as? String == (model == nil ? "talker" : "thinker") })
    await instance.cleanup()
  }
}
