import Foundation
import Logging
import NIOConcurrencyHelpers
import RearviewChat
import RearviewEmbeddedMemory
import RearviewEngine
import RearviewHTTP
import RearviewHindsightAPI
import RearviewMemory
import RearviewProviders

/// Chat with memory: settings, models, the memory store, sessions and the storage queue, tied together.
///
/// ```swift
/// let client = try await RearviewClient.open(configuration: .load(paths: paths, environment: environment), paths: paths)
/// let turn = client.turn("What is my dog called?", session: session, after: [], settings: client.configuration.memory)
/// for await event in turn.events { … }
/// await client.close()
/// ```
public final class RearviewClient: Sendable {
  /// Shown as the user agent and by `--version`.
  public static let version = "0.2.0"

  public let configuration: Configuration
  public let paths: Paths
  private let environment: [String: String]
  public let sessions: SessionsFile
  /// Where the configuration says that memory is.
  public let store: any MemoryStore
  public let queue: StorageQueue
  private let stores: Stores
  private let engine: Engine
  let catalog: ModelCatalog
  let workModels: WorkModels
  let backgroundWork = NIOLockedValueBox<Task<Void, Never>?>(nil)
  /// What is set for single models; it changes when parameters are saved.
  let models: NIOLockedValueBox<ModelSettings>
  let transport: HTTPClientTransport
  let log: Logger
  /// Turns that may still be under way.
  private let running = NIOLockedValueBox<[String: Turn]>([:])
  /// Up to where the queue is what earlier programs left.
  private let lastLeft: Int64
  /// Where a call of this program went.
  private let resumed = NIOLockedValueBox<Set<Destination>>([])

  private init(
    configuration: Configuration, paths: Paths, environment: [String: String], sessions: SessionsFile,
    lastLeft: Int64, embedded: EmbeddedMemory
  ) throws {
    self.configuration = configuration
    self.paths = paths
    self.environment = environment
    self.sessions = sessions
    self.lastLeft = lastLeft
    log = Logger(label: "rearview") { [paths] _ in LogFile(path: paths.logFile) }
    models = NIOLockedValueBox(configuration.models)
    transport = try configuration.network.transport(environment: environment)
    stores = Stores(embedded: embedded)
    store = try Self.store(for: configuration.memory, of: stores, transport: transport)
    queue = StorageQueue(
      file: sessions, stores: stores, timeout: .seconds(configuration.memory.retainTimeoutSeconds), log: log)
    catalog = Self.catalog(configuration, paths: paths, environment: environment, transport: transport)
    workModels = try WorkModels(configuration.work, in: catalog)
    workModels.equip(embedded, configuration, catalog: catalog)
    engine = Engine(store: store, journal: Journal(sessions: sessions, queue: queue, log: log))
  }

  deinit { backgroundWork.withLockedValue { $0?.cancel() } }

  /// Opens the files, making them where they are missing.
  /// - Throws: `MemoryStoreError` or `ConfigurationError`, each one sentence for people.
  public static func open(
    configuration: Configuration, paths: Paths,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) async throws -> RearviewClient {
    try Paths.makeFolder(paths.data)
    try Paths.makeFolder(paths.state)
    async let store = EmbeddedMemory.open(path: paths.memoryFile)
    let sessions = try SessionsFile(path: paths.sessionsFile, runningFolder: paths.runningFolder)
    return try RearviewClient(
      configuration: configuration, paths: paths, environment: environment, sessions: sessions,
      lastLeft: try await sessions.lastQueued(), embedded: try await store)
  }

  /// The memory store alone, for those who only read: it opens where nothing can be written.
  public static func openStore(
    configuration: Configuration, paths: Paths, environment: [String: String] = ProcessInfo.processInfo.environment
  ) async throws -> any MemoryStore {
    if configuration.memory.hindsightAPIURL != nil {
      return try server(configuration.memory, transport: try configuration.network.transport(environment: environment))
    }
    let store = try await EmbeddedMemory.open(path: paths.memoryFile)
    let transport = try configuration.network.transport(environment: environment)
    let catalog = catalog(configuration, paths: paths, environment: environment, transport: transport)
    try WorkModels(configuration.work, in: catalog).equip(store, configuration, catalog: catalog)
    return store
  }

  private static func catalog(
    _ configuration: Configuration, paths: Paths, environment: [String: String], transport: any HTTPTransport
  ) -> ModelCatalog {
    ModelCatalog(
      transport: transport, environment: environment, providers: Array(configuration.providers.values),
      timeouts: configuration.network.timeouts, retries: configuration.network.retries, listFile: paths.modelListsFile)
  }

  static var userAgent: String { "rearview/\(version)" }

  private static func server(_ settings: MemorySettings, transport: any HTTPTransport) throws -> any MemoryStore {
    try HindsightAPI(url: settings.hindsightAPIURL ?? "", apiKey: settings.apiKey?.value, transport: transport)
  }

  private static func store(
    for settings: MemorySettings, of stores: Stores, transport: any HTTPTransport
  ) throws -> any MemoryStore {
    try stores.store(at: Destination(settings)) { try server(settings, transport: transport) }
  }

  /// The memory store that settings name: the embedded file, or a server.
  /// - Throws: `MemoryStoreError` for an address that is none.
  public func store(for settings: MemorySettings) throws -> any MemoryStore {
    try Self.store(for: settings, of: stores, transport: transport)
  }

  /// The model that needs nothing: it answers by quoting what was recalled.
  public static let builtInModel = "offline/recall"

  /// How to get a language model, in one line.
  public static let modelHint =
    "No language model is set up: set OPENAI_API_KEY or start Ollama, then pick one with Ctrl-X m."

  /// The model of the configuration; the built-in one when none is set.
  public var model: String { configuration.model ?? Self.builtInModel }

  /// Starts a turn: it is on disk before anything is sent. The model is asked with its own parameters, and its system
  /// prompt stands in front.
  ///
  /// - Parameters:
  ///   - turns: the session so far.
  ///   - settings: those of this turn; its bank is the session's.
  ///   - streams: Whether the model is to answer in pieces.
  public func turn(
    _ question: String, session: Session, after turns: [TurnRecord], settings: MemorySettings? = nil,
    streams: Bool = true
  ) -> Turn {
    var settings = settings ?? configuration.memory
    settings.bankID = session.bankID
    let catalog = catalog
    let model = session.model
    let (parameters, fallbacks) = (parameters(of: model), fallbacks(of: model))
    let instructions = parameters.systemPrompt.map { [Message(.system, $0)] } ?? []
    var request = TurnRequest(
      sessionID: session.id, question: question, history: instructions + conversation(of: turns), model: model,
      resolveModel: { [self] in
        try catalog.resolve(model, fallbacks: fallbacks) { name, request in
          var request = request
          request.parameters = self.parameters(of: name).body
          return request
        }
      }, settings: settings)
    request.parameters = parameters.body
    request.streams = streams
    // The address was checked when the configuration was read.
    request.store = (try? self.store(of: settings, reflectingWith: { try catalog.resolve(model) })) ?? store
    return start(request)
  }

  /// What the configured server says it is; `nil` where memory is no server, or it does not say.
  public func serverVersion() async -> HindsightAPI.Version? {
    try? await (store as? HindsightAPI)?.version(timeout: .seconds(5))
  }

  /// Lets turns that wait for this configuration's server with another key go there with its own, and tries again what
  /// the server refused for good.
  /// - Parameter location: Another server whose turns are to go to the configured one, as `StorageQueue.contents` names
  ///   it.
  /// - Returns: how many turns were let go.
  public func rebindQueue(from location: String? = nil) async throws -> Int {
    let count = try await queue.rebind(from: location, to: Destination(configuration.memory))
    await queue.drain(isLast: true)
    return count
  }

  /// Gives the bank its name and mission, where the configuration has them.
  /// - Returns: why that was not possible, in one sentence; it is no reason to stop.
  public func setUpBank() async -> String? {
    let settings = configuration.memory
    guard settings.mission != nil || settings.bankName != nil else { return nil }
    guard let bankID = settings.bankID else { return "The mission was not set: there is no bank_id." }
    do {
      try await store.setBank(
        id: bankID, name: settings.bankName, mission: settings.mission, timeout: .seconds(settings.bankTimeoutSeconds))
      return nil
    } catch {
      return "The mission of bank \(bankID) was not set: \(error)"
    }
  }

  /// Starts a program's call: one turn that belongs to no session.
  ///
  /// - Parameter request: Its store and journal are filled in here.
  func call(_ request: TurnRequest) throws -> Turn {
    var request = request
    let settings = request.settings
    request.store = try store(of: settings, reflectingWith: request.resolveModel)
    var delivery = Delivery(destination: Destination(settings))
    delivery.leavesOutKnown = true
    delivery.deduplicates = settings.deduplicate
    request.journal = CallJournal(
      sessions: sessions, queue: queue, log: log, delivery: delivery, timeout: .seconds(settings.retainTimeoutSeconds),
      loggedBank: settings.verbose ? settings.bankID : nil)
    resume(at: delivery.destination)
    return start(request)
  }

  /// Brings to a store, once, what an earlier program left in the queue for it; nobody waits for that.
  private func resume(at destination: Destination) {
    guard lastLeft > 0, resumed.withLockedValue({ $0.insert(destination).inserted }) else { return }
    Task { [queue, lastLeft] in await queue.resume(at: destination.location, through: lastLeft) }
  }

  /// The model that a request asks for: by its name, at the address and with the key that the request gives.
  func model(of request: CompletionRequest) throws -> any ChatModel {
    try catalog.resolve(
      request.model,
      with: ModelCatalog.Override(
        baseURL: request.baseURL, apiKey: request.apiKey?.value, variables: request.providerVariables.mapValues(\.value)
      ))
  }

  /// Whether there is a way to the model of a request.
  /// - Throws: `ConfigurationError.badModel`, which says what to write instead.
  public func check(_ request: CompletionRequest) throws(ConfigurationError) {
    do {
      _ = try model(of: request)
    } catch {
      throw .badModel("\(error)")
    }
  }

  private func start(_ request: TurnRequest) -> Turn {
    let turn = engine.turn(request)
    running.withLockedValue { $0[turn.id] = turn }
    Task { [running] in
      await turn.ended()
      running.withLockedValue { $0[turn.id] = nil }
    }
    return turn
  }

  /// Brings to the store what an earlier program could not: turns that it left open, and what is in the queue.
  ///
  /// - Parameter limit: When to go on without the rest, which stays in the queue on disk.
  public func recover(within limit: Duration = .seconds(5)) async {
    await closeLeftTurns()
    await waitAtMost(limit) { [queue] in await queue.drain(isLast: true) }
  }

  /// Closes turns that a program left open which runs no more; `recover` does it too. To be done before a session of
  /// before is shown.
  public func closeLeftTurns() async {
    do {
      let count = try await sessions.recover()
      if count > 0 { log.notice("stored turns that a program left open", metadata: ["turns": "\(count)"]) }
    } catch {
      log.error("turns that a program left open could not be read: \(error)")
    }
  }

  /// Whether there is a way to a model of that name; whether it answers shows when it is asked.
  /// - Throws: `ConfigurationError.badModel`, which says what to write instead.
  public func check(model: String) throws(ConfigurationError) {
    do {
      _ = try catalog.resolve(model)
    } catch {
      throw .badModel("\(error)")
    }
  }

  /// Asks the providers of the models in use, and each configured one, for their models.
  /// - Returns: each provider's name with the sentence that says why it cannot be reached, or `nil`.
  public func checkProviders() async -> [(name: String, failure: String?)] {
    var names = Array(configuration.providers.keys)
    let models = [try? catalog.resolve(model), workModels.background, workModels.reflect].compactMap { $0?.name }
    for model in models.reversed() where model != Self.builtInModel {
      let provider = String(model.prefix { $0 != "/" })
      if !names.contains(provider) { names.insert(provider, at: 0) }
    }
    var results: [(name: String, failure: String?)] = []
    for name in names {
      do {
        _ = try await catalog.listModels(of: name)
        results.append((name, nil))
      } catch {
        results.append((name, "\(error)"))
      }
    }
    return results
  }

  /// Lets the turns that are under way end, and stores what waits, for at most `limit`; the rest waits on disk.
  ///
  /// - Parameter others: Work that is to end too, between the turns and the queue.
  public func flush(within limit: Duration = .seconds(5), letting others: [Task<Void, Never>] = []) async {
    let turns = running.withLockedValue { Array($0.values) }
    await waitAtMost(limit) { [queue] in
      for turn in turns { await turn.ended() }
      for other in others { await other.value }
      await queue.drain(isLast: true)
    }
  }

  /// Tries what waits in the queue, for at most `limit`; the rest waits on disk.
  public func storeQueue(within limit: Duration = .seconds(5)) async {
    await waitAtMost(limit) { [queue] in await queue.drain(isLast: true) }
  }

  /// Ends well: answers under way are stopped and kept, and what waits in the queue is tried once more, unless it just
  /// was. A store that hangs holds the end up for at most `limit`; the queue is on disk in any case.
  public func close(within limit: Duration = .seconds(5)) async {
    let turns = running.withLockedValue { Array($0.values) }
    for turn in turns { turn.cancel() }
    await waitAtMost(limit) { [self] in
      async let stopped: Void = stopBackgroundWork()
      for turn in turns { await turn.ended() }
      await queue.drainAtEnd()
      await stopped
    }
    await transport.shutdown()
  }
}

/// Waits for work, but not longer than this; work that takes longer goes on by itself.
private func waitAtMost(_ limit: Duration, for work: @escaping @Sendable () async -> Void) async {
  let (ends, continuation) = AsyncStream.makeStream(of: Void.self)
  let timer = Task {
    try? await Task.sleep(for: limit)
    continuation.finish()
  }
  Task {
    await work()
    continuation.finish()
  }
  for await _ in ends {}
  timer.cancel()
}

extension Logger {
  /// A line on a finished call, for who set `verbose`: how memory was asked and what came of it, nothing that was said.
  func note(_ record: TurnRecord) {
    let retrieval = record.retrieval
    guard record.settings.verbose else { return }
    var facts: Metadata = ["bank": "\(record.settings.bankID ?? "")", "model": "\(record.model)"]
    if let milliseconds = retrieval.durationMilliseconds { facts["milliseconds"] = "\(Int(milliseconds.rounded()))" }
    if retrieval.state == .found, retrieval.mode == .recall {
      facts["found"] = "\(retrieval.memories.count)"
      facts["injected"] = "\(retrieval.injected.count)"
    }
    if let error = retrieval.error { facts["error"] = "\(error)" }
    info("\(retrieval.mode.rawValue): \(retrieval.state.rawValue)", metadata: facts)
  }

  /// The same for a direct call.
  func note(_ operation: String, settings: MemorySettings, results: Int, since started: ContinuousClock.Instant) {
    guard settings.verbose else { return }
    var facts: Metadata = [
      "bank": "\(settings.bankID ?? "")", "budget": "\(settings.budget.rawValue)",
      "max_tokens": "\(settings.maxMemoryTokens)", "results": "\(results)",
      "store": "\(settings.hindsightAPIURL ?? "embedded")",
      "milliseconds": "\(Int(started.duration(to: .now).milliseconds.rounded()))",
    ]
    if let types = settings.factTypes { facts["types"] = "\(types.map(\.rawValue).joined(separator: ","))" }
    info("\(operation)", metadata: facts)
  }
}

/// The engine's journal of chats, over the sessions file and the queue.
struct Journal: TurnJournal {
  let sessions: SessionsFile
  let queue: StorageQueue
  let log: Logger

  var keepsCheckpoints: Bool { true }

  func open(_ record: TurnRecord) async throws { try await sessions.open(record) }

  func advance(_ record: TurnRecord, retaining words: RetainTurn?) async {
    // What fails here is tried again with the answer.
    try? await sessions.advance(record, retaining: words)
    if words != nil { _ = await queue.store(turnID: record.id) }
  }

  func checkpoint(turnID: String, text: String) async {
    // What it would have kept is written again a moment later, and by `close` in any case.
    try? await sessions.checkpoint(turnID: turnID, text: text)
  }

  func close(_ record: TurnRecord, retaining turn: RetainTurn?) async throws -> Storage {
    try await sessions.close(record, retaining: turn)
    log.note(record)
    return record.storage
  }

  func store(turnID: String) async -> Storage { await queue.store(turnID: turnID) }
}

/// The engine's journal of a program's calls: they belong to no session, and nothing of them is kept but what is to be
/// stored. Nothing touches the disk before the model is asked.
struct CallJournal: TurnJournal {
  let sessions: SessionsFile
  let queue: StorageQueue
  let log: Logger
  let delivery: Delivery
  /// How long the store may take for the turn while its call waits; later tries have the queue's own limit.
  let timeout: Duration
  /// The bank to name in the log, for who set `verbose`.
  let loggedBank: String?

  var keepsCheckpoints: Bool { false }

  func open(_ record: TurnRecord) async throws {}
  func advance(_ record: TurnRecord, retaining words: RetainTurn?) async {}
  func checkpoint(turnID: String, text: String) async {}

  func close(_ record: TurnRecord, retaining turn: RetainTurn?) async throws -> Storage {
    log.note(record)
    guard let turn else { return record.storage }
    var delivery = delivery
    delivery.answerCount = record.retainsAnswer ? record.answer.retainedCount : 0
    let isNew = try await sessions.write { [delivery] database in
      try SessionsFile.enqueue(turn, isWhole: true, delivery: delivery, in: database)
    }
    return isNew ? record.storage : Storage(state: .known)
  }

  func store(turnID: String) async -> Storage {
    let storage = await queue.store(turnID: turnID, timeout: timeout)
    if let loggedBank {
      log.info("\(storage.state.rawValue)", metadata: ["bank": "\(loggedBank)", "turn": "\(turnID)"])
    }
    return storage
  }
}
