import Foundation
import Rearview
import RearviewJSON
import ScriptedServer
import Testing

/// A library instance with files of its own, gone with the test, and scripted servers.
final class Stage: Sendable {
  let servers: Servers
  let folder: String
  let instance: RearviewInstance

  init(_ servers: Servers, environment: [String: String] = [:]) throws {
    self.servers = servers
    folder = NSTemporaryDirectory() + "rearview-engine-" + UUID().uuidString
    let paths = Paths(environment: ["HOME": folder])
    instance = RearviewInstance(paths: paths, environment: servers.environment.merging(environment) { $1 })
  }

  /// Servers that answer as in these lists.
  convenience init(
    memory: [JSONValue] = [], model: [JSONValue] = [], silent: Set<String> = [], environment: [String: String] = [:]
  ) throws {
    try self.init(Servers(memoryAnswers: memory, modelAnswers: model, silent: silent), environment: environment)
  }

  deinit {
    servers.stop()
    try? FileManager.default.removeItem(atPath: folder)
  }

  var url: String { servers.memory.url }

  /// Settings of a recording with this run's addresses.
  func settings(_ arguments: JSONObject) -> JSONObject {
    var arguments = arguments
    switch arguments["hindsight_api_url"]?.text {
    case let text? where text.hasPrefix("http://HINDSIGHT"):
      arguments["hindsight_api_url"] = .text(url + text.dropFirst("http://HINDSIGHT".count))
    // Port 9 of loopback: nothing listens there.
    case "http://DEAD": arguments["hindsight_api_url"] = "http://127.0.0.1:9"
    default: break
    }
    return arguments
  }
}

/// What came of a recording that was played again.
struct Replay: Sendable {
  var memoryRequests: [Recording.Request]
  var modelRequests: [Recording.Request]
  var order: [String]
  var debug: InjectionDebug?
  /// Of each call: the text, or the pieces, or the error.
  var answers: [String] = []
  var pieces: [[String]] = []
  var errors: [String] = []
  var storageErrors: [String] = []
  var records: [TurnRecord] = []
}

/// Plays a recording on the library.
struct Player {
  let recording: Recording
  let stage: Stage
  private var replay = Replay(memoryRequests: [], modelRequests: [], order: [])

  init(_ recording: Recording) throws {
    self.recording = recording
    // The server that never answered has no answer in the file.
    let answered = Set(recording.memoryAnswers.compactMap { $0["operation"]?.text })
    let asked = Set(recording.order.compactMap { $0.split(separator: " ").last.map(String.init) })
    let silent = recording.name.contains("timeout") ? asked.subtracting(answered) : []
    stage = try Stage(
      Servers(
        memoryAnswers: recording.memoryAnswers, modelAnswers: recording.modelAnswers, silent: silent,
        holdsStream: Self.stopsEarly(recording)))
  }

  /// Whether the recorded program stopped reading after the first words.
  private static func stopsEarly(_ recording: Recording) -> Bool {
    let manners = ["break", "close()", "+ close", "with-block"]
    return recording.calls.contains { call in manners.contains { call.function.contains($0) } }
      || recording.name.hasSuffix("_abandoned") || recording.name.hasSuffix("_aclose")
  }

  static func play(_ recording: Recording) async throws -> Replay {
    var player = try Player(recording)
    return try await player.play()
  }

  mutating func play() async throws -> Replay {
    let observer = Records()
    await stage.instance.addObserver(observer)
    var wrapped: WrappedClient?
    for setting in recording.settings {
      do {
        wrapped = try await apply(setting) ?? wrapped
      } catch {
        replay.errors.append("\(error)")
        return try await finish(observer)
      }
    }
    if recording.isWrapper, wrapped == nil { wrapped = try await apply(Self.wrapWithoutArguments) }
    if recording.calls.first?.function.hasPrefix("litellm.") == true, !recording.isCallback {
      _ = try? await stage.instance.enable()
    }
    if recording.name == "store_async_process_exit" { try await playProcess() }
    for (number, call) in recording.calls.enumerated() {
      do {
        try await prepare(number)
        if recording.name.hasPrefix("context_"), !call.function.contains("after block") {
          try await inScope(call)
        } else {
          try await make(call, wrapped: wrapped)
        }
      } catch {
        replay.errors.append("\(error)")
      }
    }
    return try await finish(observer)
  }

  private static let wrapWithoutArguments = Recording.Step(
    function: "wrap_openai", arguments: ["hindsight_api_url": "http://HINDSIGHT"])

  /// A program of its own that configures, calls and ends.
  private mutating func playProcess() async throws {
    let url = stage.url
    try await stage.instance.configure { settings in
      settings.hindsightAPIURL = url
      settings.bankID = "bank-a"
      settings.sessionID = "session-1"
      settings.injectMemories = false
    }
    try await complete(
      CompletionRequest(model: "gpt-4o-mini", messages: [Message(.user, "hi")]))
  }

  /// What the recorded program did between its calls, where the file does not say it.
  private func prepare(_ number: Int) async throws {
    switch (recording.name, number) {
    case ("lifecycle_reset_config_while_enabled", 0): await stage.instance.resetConfiguration()
    case ("defaults_query_forced", 0): try await stage.instance.setDefaults { $0.query = "standing query" }
    case ("debug_stale_after_skipped_injection", 2):
      try await stage.instance.setDefaults { $0.injectMemories = false }
    case ("debug_stale_after_skipped_injection", 3):
      try await stage.instance.setDefaults { settings in
        settings.injectMemories = true
        settings.verbose = false
      }
    default: break
    }
  }

  /// A call within `hindsight_memory(...)`, whose arguments the file shows by what went over the wire.
  private mutating func inScope(_ call: Recording.Step) async throws {
    let request = try CompletionRequest(json: call.arguments)
    let (stage, isAsync) = (stage, recording.name.contains("async_store"))
    let key = recording.memoryRequests.first?.authorization.map { Secret(String($0.dropFirst("Bearer ".count))) }
    let completion = try await stage.instance.withMemory(
      bankID: "bank-ctx",
      { settings in
        settings.hindsightAPIURL = stage.url
        settings.apiKey = key
        if isAsync { settings.sessionID = "ctx-s" }
      },
      { try await stage.instance.completion(request) })
    replay.answers.append(completion.text)
  }

  private mutating func finish(_ observer: Records) async throws -> Replay {
    replay.debug = await stage.instance.lastInjectionDebug
    await stage.instance.flush(within: .seconds(3))
    await observer.hearOfAllEnds()
    replay.storageErrors = await stage.instance.pendingStorageErrors().map(\.message)
    await stage.instance.cleanup()
    replay.records = await observer.records
    replay.order = stage.servers.order
    replay.memoryRequests = stage.servers.memory.requests.map(Self.request)
    replay.modelRequests = stage.servers.model.requests.map(Self.request)
    return replay
  }

  static func request(_ request: ScriptedRequest) -> Recording.Request {
    Recording.Request(
      method: request.method, path: request.path, authorization: request.headers["authorization"],
      body: (try? JSONValue(parsing: request.body)) ?? .null)
  }

  // MARK: Settings

  private func apply(_ setting: Recording.Step) async throws -> WrappedClient? {
    var arguments = stage.settings(setting.arguments)
    if recording.name.contains("timeout") { arguments["recall_timeout_seconds"] = 0.3 }
    if recording.name.contains("timeout") { arguments["retain_timeout_seconds"] = 0.3 }
    switch setting.function {
    case "configure": try await stage.instance.configure(named: arguments)
    case "wrap_openai":
      return try await wrap(OpenAIClient(environment: stage.servers.environment), arguments)
    case "wrap_anthropic":
      return try await wrap(AnthropicClient(environment: stage.servers.environment), arguments)
    default: Issue.record("the player knows no setting \(setting.function)")
    }
    return nil
  }

  private func wrap(_ client: any ChatClient, _ arguments: JSONObject) async throws -> WrappedClient {
    try await stage.instance.wrap(client) { settings in
      for (name, value) in arguments { try settings.set(name, to: value) }
    }
  }

  // MARK: Calls

  private mutating func make(_ call: Recording.Step, wrapped: WrappedClient?) async throws {
    let name = call.function
    if recording.isCallback { return try await makeByCallback(call) }
    if name.hasPrefix("wrapped.") { return try await make(call, on: try #require(wrapped)) }
    if name.hasPrefix("close") {
      await wrapped?.close()
      return
    }
    if name.contains("completion") { return try await complete(call) }
    switch name {
    case "recall", "arecall":
      let texts = try await stage.instance.recall(call.arguments["query"]?.text ?? "").memories.map(\.memory.text)
      replay.answers.append(texts.joined(separator: "\n"))
    case "reflect", "areflect":
      replay.answers.append(try await reflect(call.arguments).text)
    case "retain", "aretain": try await retain(call.arguments)
    case "configure": try await stage.instance.configure(named: stage.settings(call.arguments))
    case "set_bank_mission":
      try await stage.instance.setBankMission(
        call.arguments["mission"]?.text ?? "", name: call.arguments["name"]?.text
      ) { try $0.set("bank_id", to: call.arguments["bank_id"] ?? $0.value(of: "bank_id") ?? .null) }
    case "enable": _ = try await stage.instance.enable()
    default: replay.errors.append("not played: \(name)")
    }
  }

  private func reflect(_ arguments: JSONObject) async throws -> Reflection {
    var values = arguments
    values["query"] = nil
    for (short, name) in [("context", "reflect_context"), ("response_schema", "reflect_response_schema")] {
      if let value = values[short] { values[name] = value }
      values[short] = nil
    }
    return try await stage.instance.reflect(arguments["query"]?.text ?? "") { [values] settings in
      for (name, value) in values { try settings.set(name, to: value) }
    }
  }

  private mutating func retain(_ arguments: JSONObject) async throws {
    let waits = arguments["sync"] == true
    let result = try await stage.instance.retain(
      arguments["content"]?.text ?? "", context: arguments["context"]?.text,
      documentID: arguments["document_id"]?.text, metadata: Metadata(arguments["metadata"]?.object ?? [:]),
      waits: waits
    ) { settings in
      if let tags = arguments["tags"] { try settings.set("tags", to: tags) }
      settings.bankID = arguments["bank_id"]?.text ?? settings.bankID
    }
    replay.answers.append("\(result.itemsCount)")
  }

  private mutating func complete(_ call: Recording.Step) async throws {
    var arguments = call.arguments
    if call.function == "Router.completion" { arguments["model"] = "gpt-4o-mini" }
    if call.function == "litellm.batch_completion" {
      for messages in call.arguments["messages"]?.list ?? [] {
        arguments["messages"] = messages
        try await complete(CompletionRequest(json: arguments))
      }
      return
    }
    let request = try CompletionRequest(json: arguments)
    guard request.streams else { return try await complete(request) }
    try await read(try await stage.instance.stream(request), manner: call.function)
  }

  private mutating func complete(_ request: CompletionRequest) async throws {
    let completion = try await stage.instance.completion(request)
    replay.answers.append(completion.text)
    if let error = completion.storageError { replay.errors.append("\(error)") }
  }

  private mutating func make(_ call: Recording.Step, on wrapped: WrappedClient) async throws {
    guard call.function.contains(".create") else { return replay.errors.append("not played: \(call.function)") }
    if call.arguments["stream"] == true {
      return try await read(try await wrapped.stream(call.arguments), manner: call.function)
    }
    replay.answers.append(try await wrapped.create(call.arguments).text)
  }

  /// Reads a stream as the recorded program did.
  private mutating func read(_ stream: CompletionStream, manner: String) async throws {
    var pieces: [String] = []
    defer { replay.pieces.append(pieces) }
    for try await piece in stream {
      guard case .text(let text) = piece else { continue }
      pieces.append(text)
      if manner.contains("disable() midway") { await stage.instance.disable() }
      if manner.contains("set_defaults(bank_id) midway") {
        try await stage.instance.setDefaults { $0.bankID = "bank-changed" }
      }
      if manner.contains("cleanup() midway") { await stage.instance.cleanup() }
      if Self.stopsEarly(recording) { return }
    }
    replay.answers.append(pieces.joined())
  }

  private mutating func makeByCallback(_ call: Recording.Step) async throws {
    let request = try CompletionRequest(json: call.arguments)
    let callback = await stage.instance.callback()
    let prepared = try await callback.beforeCall(request)
    var answer = Answer()
    let model = OpenAIClient(environment: stage.servers.environment).model(prepared.request.model)
    let chat = ChatRequest(
      messages: prepared.request.messages, parameters: prepared.request.parameters, streams: prepared.request.streams,
      isCompletable: false)
    for try await event in model.stream(chat) {
      switch event {
      case .text(let text): answer.text += text
      case .reasoning(let text): answer.reasoning += text
      case .toolCall(let call): answer.toolCalls.append(call)
      case .usage(let usage): answer.usage = usage
      case .retrying, .thinkingBlock: break
      case .finished(let reason): answer.finishReason = reason
      }
    }
    try await callback.afterCall(prepared, answer: answer)
    replay.answers.append(answer.text)
  }
}

/// Keeps the records of all calls.
actor Records: CallObserver {
  private(set) var records: [TurnRecord] = []
  private(set) var announced: [TurnRecord] = []
  func willCall(_ record: TurnRecord) async { announced.append(record) }
  func didCall(_ record: TurnRecord) async { records.append(record) }

  /// Waits until each call that was announced has ended, within a bound.
  func hearOfAllEnds() async {
    let end = ContinuousClock.now + .seconds(3)
    while records.count < announced.count, ContinuousClock.now < end {
      try? await Task.sleep(for: .milliseconds(2))
    }
  }
}
