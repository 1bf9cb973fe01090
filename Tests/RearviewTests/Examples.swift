import Rearview

// The code of the article ChatWithMemory, compiled and run. Between two marks stands one block of the article, word for
// word but for its indentation; `DocumentationTests` compares them.

enum Examples {
  static func quickStart() async throws -> String {
    // begin: quickStart
    try await configure { $0.bankID = "anna" }
    try await enable()

    let request = CompletionRequest(
      model: "openai/gpt-4o-mini", messages: [Message(.user, "Where does my sister live?")])
    let answer = try await completion(request)
    print(answer.text)

    await cleanup()
    // end
    return answer.text
  }

  static func configuring() async throws {
    // begin: configuring
    // Replaces everything; what is not set is at its default.
    try await configure { settings in
      settings.hindsightAPIURL = "http://localhost:8888"  // unset: the embedded file
      settings.bankID = "anna"
      settings.budget = .high
      settings.excludedModels = ["*-codex*"]
    }
    // Changes what it names, and leaves the rest. nil clears.
    try await setDefaults { settings in
      settings.hindsightAPIURL = nil
      settings.recallTags = ["work"]
      settings.recallTagsMatch = .anyStrict
      settings.sessionID = "standup-2026-03-02"
    }
    // The same by name, as in config.toml: what is wrong is refused in words.
    do {
      try await shared.setDefaults(named: ["budget": "huge"])
    } catch {
      print(error)  // budget must be one of ['high', 'low', 'mid'], got 'huge'
    }
    // end
  }

  static func lookingAtTheConfiguration() async throws -> [Bool] {
    // begin: lookingAtTheConfiguration
    let isReady = await isConfigured()  // there is a bank
    let bank = await configuration()?.bankID
    let budget = await defaults()?.budget
    try await setDocumentID("standup-2026-03-03")  // conversations go on in this document
    await resetConfiguration()  // calls go to the model without memory now
    // end
    print(bank ?? "", budget ?? .mid)
    return [isReady, await isConfigured()]
  }

  static func switching() async throws -> [Bool] {
    // begin: switching
    try await enable()  // throws without a configuration or a bank
    let isOn = await isEnabled()
    await disable()  // no memory call, nothing is stored
    // end
    return [isOn, await isEnabled()]
  }

  static func banks() async throws {
    // begin: banks
    try await setBankMission("Remember what the team decides.", name: "Team") { $0.bankID = "team" }
    // end
  }

  static func streaming() async throws -> String {
    let request = CompletionRequest(model: "openai/gpt-4o-mini", messages: [Message(.user, "Where do I live?")])
    var said = ""
    // begin: streaming
    for try await piece in try await stream(request) {
      switch piece {
      case .text(let text): print(text, terminator: "")
      case .toolCall(let call): print("asks for \(call.name)")
      case .reasoning, .usage: break
      case .finished(let answer): said = answer.text
      }
    }
    // Leaving the loop early closes the connection; what had come is stored, marked as cut.
    // end
    return said
  }

  static func perCall() async throws -> MemorySettings {
    // begin: perCall
    var request = CompletionRequest(
      model: "openai/gpt-4o-mini",
      messages: [
        Message(.system, "Answer in one sentence."),
        Message(.user, parts: [ContentPart(text: "What did we decide about the office?")]),
      ])
    request.parameters["temperature"] = 0.2
    // Any setting, for this call alone; none of them reaches the model.
    request.parameters["hindsight_bank_id"] = "team"
    request.parameters["hindsight_use_reflect"] = true
    request.parameters["hindsight_sync_storage"] = true
    let answer = try await completion(request)
    if let error = answer.storageError { print("answered, but not stored: \(error)") }
    // end
    return answer.record.settings
  }

  static func jsonRequest() async throws -> String {
    // begin: jsonRequest
    let json = try JSONValue(
      parsing: #"{"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}"#)
    let answer = try await completion(CompletionRequest(json: json.object ?? [:]))
    // end
    return answer.text
  }

  static func direct() async throws -> String {
    // begin: direct
    // Waits until it can be recalled.
    try await retain("The lease ends on 30 June.", context: "letter of the landlord", waits: true)
    // Is on disk when this returns, and stored in the background.
    try await retain("Anna moved to Lisbon.", metadata: ["source": "phone"])

    let found = try await recall("When does the lease end?") { $0.maxMemoryTokens = 512 }
    for item in found.memories { print(item.score ?? 0, item.memory.type.rawValue, item.memory.text) }

    let reflection = try await reflect("What should I do before summer?") { $0.reflectContext = "moving" }
    print(reflection.text, reflection.isExtract)
    // end
    return found.memories.map(\.memory.text).joined(separator: "\n")
  }

  static func errors() async -> Int {
    // begin: errors
    // What went wrong in the background; each function returns each error once.
    for error in await pendingRetainErrors() { print(error.operation, error.bankID ?? "", error) }
    for error in await pendingStorageErrors() { print(error.operation, error.bankID ?? "", error) }
    // end
    return await pendingStorageErrors().count
  }

  static func debugging() async throws -> InjectionDebug? {
    // begin: debugging
    try await setDefaults { $0.verbose = true }
    let request = CompletionRequest(model: "openai/gpt-4o-mini", messages: [Message(.user, "When does the lease end?")])
    let answer = try await completion(request)
    // Each answer has its own record; the package's last debug information is there too.
    print(answer.record.retrieval.memories.count, answer.record.block ?? "nothing was injected")
    let debug = await lastInjectionDebug()
    print(debug?.resultsCount ?? 0, debug?.memoryContext ?? "")
    await clearInjectionDebug()
    // end
    return debug
  }

  static func scopes() async throws -> [String?] {
    // begin: scopes
    let answer = try await withMemory(bankID: "bob") {
      try await completion(
        CompletionRequest(model: "openai/gpt-4o-mini", messages: [Message(.user, "What do I like?")]))
    }
    // end
    return [answer.record.settings.bankID, await configuration()?.bankID]
  }

  static func wrapping() async throws -> [String] {
    // begin: wrapping
    let openAI = try await wrap(OpenAIClient()) { $0.bankID = "anna" }
    let one = try await openAI.create([
      "model": "gpt-4o-mini", "messages": [["role": "user", "content": "Where does Anna live?"]],
      "hindsight_budget": "low",
    ])

    let anthropic = try await wrap(AnthropicClient()) { $0.bankID = "anna" }
    let other = try await anthropic.create([
      "model": "claude-sonnet-4-20250514", "max_tokens": 512, "system": "Be brief.",
      "messages": [["role": "user", "content": "Where does Anna live?"]],
    ])
    await openAI.close()
    // end
    return [one.text, other.text]
  }

  static func callingByOneself(_ ask: @Sendable (CompletionRequest) async throws -> Answer) async throws -> TurnRecord {
    // begin: callingByOneself
    let memory = await callback()
    let request = CompletionRequest(model: "gpt-4o-mini", messages: [Message(.user, "Where does Anna live?")])
    let prepared = try await memory.beforeCall(request)  // the block is in prepared.request
    let answer = try await ask(prepared.request)  // your own call
    let record = try await memory.afterCall(prepared, answer: answer)
    // end
    return record
  }

  // begin: observing
  struct Counter: CallObserver {
    func willCall(_ record: TurnRecord) async { print("sends \(record.sentTokens) tokens to \(record.model)") }
    func didCall(_ record: TurnRecord) async { print("\(record.answer.state), \(record.storage.state)") }
  }

  static func observing() async {
    await addObserver(Counter())
  }
  // end

  static func ownInstance(_ paths: Paths, _ environment: [String: String]) async throws -> String {
    // begin: ownInstance
    let memory = RearviewInstance(paths: paths, environment: environment)
    try await memory.configure { $0.bankID = "tests" }
    let answer = try await memory.completion(
      CompletionRequest(model: "openai/gpt-4o-mini", messages: [Message(.user, "Hello")]))
    await memory.cleanup()
    // end
    return answer.text
  }
}
