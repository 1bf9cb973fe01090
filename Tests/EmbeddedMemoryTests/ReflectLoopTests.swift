import Foundation
import GRDB
import RearviewChat
import RearviewJSON
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Reflecting with a model")
struct ReflectLoopTests {
  let scene: Scene

  init() throws { scene = try Scene() }

  private let query = ReflectQuery(bankID: "bank", text: "Where does Anna live?", includesFacts: true)

  /// A bank with a message, a fact, an observation and a mental model about Anna.
  private func store(_ model: ScriptedModel?) async throws -> EmbeddedMemory {
    let store = try await scene.open()
    try await store.retain(.saying("Anna told me that she lives in Oslo.", answer: "Good to know."))
    try await store.extracted([("Anna lives in Oslo.", "she lives in Oslo")])
    try await store.work(ScriptedModel(#"{"creates": [{"text": "Anna is at home in Oslo.", "facts": ["F1"]}]}"#))
    let mentalModel = try await store.addMentalModel(bankID: "bank", name: "Anna", question: "Who is Anna?")
    _ = try await store.updateMentalModel(id: mentalModel.id, bankID: "bank") { $0.body = "Anna is a friend." }
    try scene.change("UPDATE mental_model SET is_stale = 1")
    store.setReflectModel(model)
    return store
  }

  private static func calls(_ text: String) -> [String] {
    text.matches(of: /"id":"([MK]\d)"/).map { String($0.1) }
  }

  @Test("the tools are used in their order, the answer cites only what they returned, and the trace tells it all")
  func order() async throws {
    let model = ScriptedModel([
      .calling("search_mental_models", #"{"query": "Anna"}"#),
      .calling("search_observations", #"{"query": "Anna Oslo"}"#),
      .calling("recall", #"{"query": "Anna lives"}"#),
      .calling("done", #"{"answer": "In Oslo [M1].", "memory_ids": ["M2", "M77"], "mental_model_ids": ["K1"]}"#),
    ])
    let store = try await store(model)
    try await store.updateProfile(bankID: "bank") {
      $0.reflectMission = "You are Anna's diary."
      $0.disposition = Disposition(skepticism: 5)
    }
    let directive = try await store.addDirective(bankID: "bank", text: "Answer in one sentence.")
    _ = try await store.addDirective(bankID: "bank", text: "Only for red.", tags: ["red"])
    let (progress, continuation) = AsyncStream<ReflectProgress>.makeStream()
    let reflection = try await store.reflect(query) { continuation.yield($0) }
    continuation.finish()
    #expect(reflection.text == "In Oslo." && !reflection.isExtract)
    #expect(reflection.basedOn?.map(\.text) == ["Anna lives in Oslo.", "Anna is at home in Oslo."])
    let requests = await model.requests
    #expect(requests.map(\.forcedTool) == ["search_mental_models", "search_observations", "recall", nil])
    #expect(requests[3].parameters["tool_choice"]?.text == "required")
    let system = requests[0].messages[0].text
    #expect(system.contains("You are Anna's diary.") && system.contains("You doubt every statement"))
    #expect(system.contains("Answer in one sentence.") && !system.contains("Only for red."))
    #expect(requests[1].messages.last?.text.contains("\"is_stale\":true") == true)
    let trace = try #require(reflection.trace)
    let steps = try #require(trace["steps"]?.list)
    #expect(
      steps.compactMap { $0["tool"]?.text } == ["search_mental_models", "search_observations", "recall", "done"])
    #expect(steps.compactMap { $0["found"]?.integer } == [1, 1, 3, 0])
    #expect(trace["usage"]?["input_tokens"]?.integer == 400 && trace["ended_by"]?.text == "done")
    #expect(trace["unknown_ids"] == .list(["M77"]) && trace["directives"] == .list([.text(directive.id)]))
    #expect(trace["mental_models"]?.list?.count == 1)
    var seen: [ReflectProgress] = []
    for await event in progress { seen.append(event) }
    #expect(seen.first == .asking(round: 1, tokens: 0) && seen.last == .answering(memories: 4))
    #expect(seen.contains(.searching(tool: "recall", query: "Anna lives")))
    #expect(
      try await store.statistics(bankID: "bank")?.spent.last
        == .init(kind: "reflect", calls: 4, inputTokens: 400, outputTokens: 40))
    // What a person asks for is not background work.
    #expect(try await store.workStatus().tokensToday == 220)
  }

  @Test("a fresh mental model frees the model from the order")
  func fresh() async throws {
    let model = ScriptedModel([
      .calling("search_mental_models", #"{"query": "Anna"}"#),
      .calling("done", #"{"answer": "A friend.", "mental_model_ids": ["K1"]}"#),
    ])
    let store = try await store(model)
    try scene.change("UPDATE mental_model SET is_stale = 0")
    let reflection = try await store.reflect(query)
    #expect(reflection.text == "A friend." && reflection.basedOn == [])
    #expect(await model.requests.map(\.forcedTool) == ["search_mental_models", nil])
  }

  @Test("an answer before anything was found is sent back")
  func refused() async throws {
    let model = ScriptedModel([
      .calling("done", #"{"answer": "In Rome.", "memory_ids": ["M1"]}"#), .calling("recall", #"{"query": "Anna"}"#),
      .calling("done", #"{"answer": "In Oslo.", "memory_ids": ["M1"]}"#),
    ])
    let reflection = try await store(model).reflect(query)
    #expect(reflection.text == "In Oslo." && reflection.basedOn?.count == 1)
    #expect(reflection.trace?["refused_answers"]?.integer == 1)
    #expect(await model.requests[1].messages.last?.text.contains("search first") == true)
  }

  @Test("expanding shows the facts under an observation, and the conversation around a memory, of what was found only")
  func expand() async throws {
    let model = ScriptedModel([
      .calling("search_observations", #"{"query": "Anna home"}"#), .calling("expand", #"{"memory_ids": ["M1", "M9"]}"#),
      .calling("expand", #"{"memory_ids": ["M2"]}"#), .calling("done", #"{"answer": "Oslo.", "memory_ids": ["M2"]}"#),
    ])
    let reflection = try await store(model).reflect(query)
    #expect(reflection.basedOn?.map(\.text) == ["Anna lives in Oslo."])
    let told = await model.requests.map { $0.messages.last?.text ?? "" }
    #expect(told[2].contains(#""rests_on":[{"id":"M2","text":"Anna lives in Oslo.""#) && !told[2].contains("M9"))
    #expect(told[3].contains("USER: Anna told me") && told[3].contains("ASSISTANT: Good to know."))
  }

  @Test("a model that knows no tools asks for them in JSON")
  func json() async throws {
    let model = ScriptedModel { request, call in
      if request.parameters["tools"] != nil { throw ChatModelError.scripted(.badRequest) }
      switch call {
      case 3: return .saying(#"{"tool": "recall", "arguments": {"query": "Anna lives"}}"#)
      default: return .saying(#"Sure: {"tool": "done", "arguments": {"answer": "Oslo.", "memory_ids": ["M1"]}}"#)
      }
    }
    let reflection = try await store(model).reflect(query)
    #expect(reflection.text == "Oslo." && reflection.basedOn?.count == 1)
    // With a chosen tool, with tools, and then twice without.
    #expect(await model.requests.count == 4)
    #expect(await model.requests[3].messages.last?.text.hasPrefix("Result of recall:") == true)
  }

  @Test("for a model that can only talk the searches are made, and it answers from them")
  func talker() async throws {
    let model = ScriptedModel { request, _ in
      .saying(request.text.contains("The search is over") ? "She lives in Oslo (M1, M3)." : "Let me think about it.")
    }
    let reflection = try await store(model).reflect(query)
    #expect(reflection.text == "She lives in Oslo." && reflection.basedOn?.count == 2)
    #expect(reflection.trace?["ended_by"]?.text == "no tools")
    #expect(await model.requests.last?.text.contains("Anna is at home in Oslo.") == true)
  }

  @Test(
    "when the rounds or the tokens run out, the answer is asked for with what was found",
    arguments: ["rounds", "tokens"])
  func limits(_ which: String) async throws {
    let model = ScriptedModel { request, call in
      if request.text.contains("The search is over") { return .saying(#"{"answer": "Oslo.", "memory_ids": ["M1"]}"#) }
      let usage = ChatEvent.usage(Usage(inputTokens: which == "tokens" ? 40_000 : 10, outputTokens: 1))
      return [
        .toolCall(ToolCall(name: "recall", arguments: #"{"query": "Anna \#(call)"}"#)), usage, .finished(.toolCalls),
      ]
    }
    let reflection = try await store(model).reflect(query)
    #expect(reflection.text == "Oslo." && reflection.basedOn?.count == 1)
    #expect(reflection.trace?["ended_by"]?.text == which)
    #expect(await model.requests.count == (which == "tokens" ? 4 : 11))
    #expect(await model.requests.last?.parameters.isEmpty == true)
  }

  @Test("a schema is filled by a second question, a broken one asked for again")
  func structured() async throws {
    let model = ScriptedModel([
      .calling("recall", #"{"query": "Anna"}"#), .calling("done", #"{"answer": "Oslo.", "memory_ids": ["M1"]}"#),
      .saying("{}"), .saying("```json\n{\"city\": \"Oslo\"}\n```"),
    ])
    let store = try await store(model)
    var query = query
    query.responseSchema = [
      "type": "object", "required": ["city"], "properties": ["city": ["type": "string"]],
    ]
    let reflection = try await store.reflect(query)
    let city: JSONValue = ["city": "Oslo"]
    #expect(reflection.text == "Oslo." && reflection.structuredOutput == city)
    #expect(
      await model.requests[2].parameters["response_format"]?["json_schema"]?["schema"]?["required"] == .list(["city"]))
    #expect(await model.requests[3].messages.last?.text.contains("missing: city") == true)
  }

  @Test("a model that fails costs no answer: the extract takes its place, with the fault")
  func failing() async throws {
    let store = try await store(ScriptedModel { _, _ in throw ChatModelError.scripted(.server) })
    let reflection = try await store.reflect(query)
    #expect(reflection.isExtract && reflection.text.hasPrefix("Extract of memory, word for word:\n- "))
    #expect(reflection.trace?["fault"]?.text?.contains("failed to run scripted/model") == true)
    store.setReflectModel(nil)
    let extract = try await store.reflect(query)
    #expect(extract.text == reflection.text && extract.trace == nil)
  }

  @Test("a model that hangs is given up at the time limit")
  func hanging() async throws {
    let model = ScriptedModel { _, _ in
      try await Task.sleep(for: .seconds(3_600))
      return []
    }
    let store = try await store(model)
    var query = query
    query.timeout = .milliseconds(50)
    let reflection = try await store.reflect(query)
    #expect(reflection.isExtract && reflection.trace?["fault"]?.text?.contains("did not answer within") == true)
  }

  @Test("a reflection that is cancelled ends at once, without an answer")
  func cancel() async throws {
    let (calls, called) = AsyncStream<Void>.makeStream()
    let model = ScriptedModel { _, _ in
      called.yield()
      try await Task.sleep(for: .seconds(3_600))
      return []
    }
    let store = try await store(model)
    let task = Task { [query] in try await store.reflect(query) }
    for await _ in calls { break }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test("an empty bank is searched, and the model's word that nothing is known is taken at the second time")
  func nothing() async throws {
    let model = ScriptedModel([
      .calling("recall", #"{"query": "Anna"}"#), .calling("done", #"{"answer": "I do not know."}"#),
    ])
    let store = try await scene.open()
    try await store.updateProfile(bankID: "bank") { _ in }
    store.setReflectModel(model)
    let reflection = try await store.reflect(query)
    #expect(reflection.text == "I do not know." && reflection.basedOn == [] && !reflection.isExtract)
    #expect(await model.requests.count == 3)
  }

  @Test("tags hide memories from every tool")
  func tags() async throws {
    let model = ScriptedModel([
      .calling("recall", #"{"query": "secret lantern"}"#), .calling("expand", #"{"memory_ids": ["M1"]}"#),
      .calling("done", #"{"answer": "Seen.", "memory_ids": ["M1"]}"#),
    ])
    let store = try await scene.open()
    for tag in ["red", "blue"] {
      var turn = RetainTurn.saying("The secret lantern is \(tag).", turnID: tag)
      turn.tags = [tag]
      try await store.retain(turn)
    }
    store.setReflectModel(model)
    var query = query
    query.tags = TagFilter(tags: ["red"])
    let reflection = try await store.reflect(query)
    #expect(reflection.basedOn?.map(\.text) == ["The secret lantern is red."])
    #expect(await model.requests.allSatisfy { !$0.text.contains("is blue") })
  }

  @Test("a mental model is answered anew in the background, not from its own old answer, and a version kept")
  func refresh() async throws {
    let store = try await store(nil)
    let mentalModel = try #require(try await store.mentalModels(bankID: "bank").first)
    let model = ScriptedModel([
      .calling("search_observations", #"{"query": "Anna"}"#), .calling("recall", #"{"query": "Anna"}"#),
      .calling("done", #"{"answer": "She lives in Oslo.", "memory_ids": ["M1"]}"#),
    ])
    #expect(try await store.refreshMentalModel(id: mentalModel.id, bankID: "bank"))
    #expect(try await Worker(store: store, model: ScriptedModel(), reflectModel: model).runUntilIdle() == .idle)
    let now = try #require(try await store.mentalModels(bankID: "bank").first)
    #expect(now.body == "She lives in Oslo." && !now.isStale && now.refreshedAt == Scene.time)
    let versions = try await store.mentalModelVersions(id: mentalModel.id, bankID: "bank")
    #expect(versions.map(\.body) == ["She lives in Oslo.", "Anna is a friend."])
    #expect(try await versions[0].basedOn == store.derived(.observe).map(\.id))
    #expect(await model.requests.allSatisfy { !$0.text.contains("a friend") })
    #expect(try await store.jobs().first?.inputTokens == 300)
  }

  @Test("a mental model that refreshes itself is queued when observations change, once an hour at most")
  func refreshesItself() async throws {
    let store = try await store(nil)
    let mentalModel = try #require(try await store.mentalModels(bankID: "bank").first)
    _ = try await store.updateMentalModel(id: mentalModel.id, bankID: "bank") { $0.refreshesItself = true }
    try await store.retain(.saying("Anna has a boat.", documentID: "boat"))
    try await store.extracted([("Anna has a boat.", "has a boat")])
    let observe = ScriptedModel(#"{"creates": [{"text": "Anna sails.", "facts": ["F1"]}]}"#)
    #expect(try await store.queueWork(bankID: "bank") == 0)
    #expect(try await Worker(store: store, model: observe).runUntilIdle() == .idle)
    let job = try #require(try await store.jobs(states: [.pending]).first)
    #expect(job.kind == .refresh && job.notBefore == Scene.time.addingTimeInterval(3_600))
    #expect(try await store.mentalModels(bankID: "bank").first?.isStale == true)
  }
}
