import Foundation
import RearviewChat
import RearviewEngine
import RearviewHTTP
import RearviewMemory
import RearviewProviders

/// Chat with memory, for a Swift program: everything that the Python package hindsight-litellm does.
///
/// An instance shares nothing with another but the files, where they have the same folder. The functions of this module
/// (`configure`, `completion`, `recall`, …) are the same calls on one shared instance.
///
/// ```swift
/// let memory = RearviewInstance()
/// try await memory.configure { $0.bankID = "anna" }
/// let answer = try await memory.completion(
///   CompletionRequest(model: "openai/gpt-4o-mini", messages: [Message(.user, "Where do I live?")]))
/// print(answer.text)
/// await memory.cleanup()
/// ```
///
/// Settings come from `configure` and `setDefaults`, over them those of a scope (`withMemory`), over them those of the
/// request (`hindsight_<name>`). Without a `hindsightAPIURL` memory is the embedded file.
public actor RearviewInstance {
  /// Whether calls use memory.
  private enum Switch {
    /// Neither `enable` nor `disable` was called: they do, as soon as there is a configuration.
    case untouched
    case enabled, disabled
  }

  nonisolated let id = UUID()
  private let paths: Paths
  private let environment: [String: String]
  private let setup: Configuration
  private var settings: MemorySettings?
  private var state = Switch.untouched
  private var client: Task<RearviewClient, any Error>?
  private var debug: InjectionDebug?
  private var errors = ErrorLog()
  private var observers: [any CallObserver] = []
  /// Calls of this instance that are not stored yet.
  private var unsettled: Set<String> = []
  /// Who tells of the calls that are under way.
  private var followers: [String: Task<Void, Never>] = [:]
  /// Requests that a callback prepared and that were not ended yet: they have their memory already.
  private var prepared: Set<UUID> = []
  private var hasCallback = false

  /// - Parameters:
  ///   - paths: Where the files are; those of the person who runs the program by default.
  ///   - environment: Where keys and addresses of providers are looked up.
  ///   - configuration: Providers beside those of the table, as `config.toml` has them.
  public init(
    paths: Paths = Paths(), environment: [String: String] = ProcessInfo.processInfo.environment,
    configuration: Configuration = Configuration()
  ) {
    self.paths = paths
    self.environment = environment
    setup = configuration
  }

  // MARK: - Configuration

  /// Replaces the whole configuration: what is not set is at its default.
  ///
  /// With `mission` or `bankName` the bank is set at once; that it could not be is kept for `pendingStorageErrors`. The
  /// key is that of `HINDSIGHT_API_KEY` where none is given.
  /// - Throws: `SettingError`; nothing has changed then.
  public func configure(_ set: @Sendable (inout MemorySettings) throws -> Void) async throws {
    var new = MemorySettings()
    try set(&new)
    try await configure(new)
  }

  /// Replaces the whole configuration by settings under their names.
  public func configure(named values: JSONObject) async throws {
    try await configure(try values.reduce(into: MemorySettings()) { try $0.set($1.key, to: $1.value) })
  }

  private func configure(_ new: MemorySettings) async throws {
    var new = try new.checked()
    if new.apiKey == nil { new.apiKey = environmentKey }
    settings = new
    guard new.mission != nil || new.bankName != nil else { return }
    do {
      guard new.bankID != nil else { throw HindsightError(.bank, TurnRecord.noBank) }
      try await setBank(new, mission: new.mission, name: new.bankName)
    } catch {
      note(HindsightError(.bank, bankID: new.bankID, "The bank's mission was not set: \(error)", cause: error))
    }
  }

  /// Changes what `set` changes and leaves the rest; `nil` clears. Configures, where that was not done before.
  ///
  /// The key of one server is not taken along to another: give `apiKey` with the new `hindsightAPIURL`.
  public func setDefaults(_ set: @Sendable (inout MemorySettings) throws -> Void) async throws {
    var new = settings ?? MemorySettings()
    try set(&new)
    if settings == nil { return try await configure(new) }
    if settings?.storeURL != nil { new.keepKeyAtHome(since: settings) }
    settings = try new.checked()
  }

  /// Changes settings by their names; `null` clears.
  public func setDefaults(named values: JSONObject) async throws {
    try await setDefaults { settings in
      for (name, value) in values { try settings.set(name, to: value) }
    }
  }

  /// The settings that hold, those of the scope included; `nil` before `configure`.
  public var configuration: MemorySettings? { MemoryScope.settings(of: self) ?? settings }

  /// The same as `configuration`: the package keeps what `configure` and `setDefaults` set in one place.
  public var defaults: MemorySettings? { configuration }

  /// Whether there is a configuration with a bank.
  public var isConfigured: Bool { configuration?.bankID != nil }

  /// Forgets the configuration; calls go to the model without memory.
  public func resetConfiguration() { settings = nil }

  /// The document that conversations are retained in from now on; `nil` for one of its own each.
  public func setDocumentID(_ id: String?) async throws { try await setDefaults { $0.sessionID = id } }

  // MARK: - On and off

  /// Switches memory on.
  ///
  /// - Returns: what is to be said, in sentences.
  /// - Throws: `HindsightError` without a configuration or a bank.
  @discardableResult
  public func enable() throws -> [String] {
    guard let settings = configuration else {
      throw HindsightError(.configuration, "Hindsight not configured. Call configure() before enable().")
    }
    guard settings.bankID != nil else {
      throw HindsightError(
        .configuration, "Hindsight bank_id not set. Call set_defaults(bank_id=...) before enable().")
    }
    state = .enabled
    return hasCallback ? ["A callback is in use too; a request that it prepared gets no memory a second time."] : []
  }

  /// Switches memory off: calls go to the model as they are, and nothing is stored.
  public func disable() { state = .disabled }

  public var isEnabled: Bool { MemoryScope.settings(of: self) != nil || state == .enabled }

  /// Switches off, forgets the configuration, and stores what waits, for at most `limit`; the rest waits on disk.
  ///
  /// An answer that is still coming comes to its end, and is stored under the settings that its call began with.
  public func cleanup(within limit: Duration = .seconds(5)) async {
    resetConfiguration()
    state = .untouched
    hasCallback = false
    guard let client else { return }
    self.client = nil
    // A new one may be opened meanwhile: the files take several.
    try? await client.value.storeQueue(within: limit)
  }

  // MARK: - Parts that the calls share

  /// The server's key of the environment.
  var environmentKey: Secret? {
    environment[Configuration.serverKeyVariable].flatMap { $0.isEmpty ? nil : Secret($0) }
  }

  /// The files and the queue, opened at the first call.
  func opened() async throws -> RearviewClient {
    if let client { return try await client.value }
    let (setup, paths, environment) = (setup, paths, environment)
    let task = Task {
      let client = try await RearviewClient.open(configuration: setup, paths: paths, environment: environment)
      await client.queue.onChange { [weak self] change in Task { await self?.noteStorage(change) } }
      client.startBackgroundWork()
      return client
    }
    client = task
    do {
      return try await task.value
    } catch {
      client = nil
      throw error
    }
  }

  /// The settings of a call; `nil` for one without memory.
  func settingsOfCall() -> MemorySettings? {
    if let scope = MemoryScope.settings(of: self) { return scope }
    switch state {
    case .disabled: return nil
    case .untouched, .enabled: return settings
    }
  }

  /// Keeps who tells of a call until that has ended.
  func follow(_ turnID: String, by task: Task<Void, Never>) {
    followers[turnID] = task
    unsettled.insert(turnID)
    Task {
      await task.value
      followers[turnID] = nil
    }
  }

  /// Lets the calls that are under way end, and stores what waits, for at most `limit`; the rest waits on disk. What went
  /// wrong with it is known when this returns.
  public func flush(within limit: Duration = .seconds(5)) async {
    guard let client = try? await opened() else { return }
    await client.flush(within: limit, letting: Array(followers.values))
  }

  func isPrepared(_ request: CompletionRequest) -> Bool { request.preparation.map(prepared.contains) ?? false }
  func prepare(_ id: UUID) { prepared.insert(id) }
  func unprepare(_ id: UUID) { prepared.remove(id) }
  func useCallback() { hasCallback = true }

  func note(_ error: HindsightError) { errors.add(error) }

  /// Hears of the queue, which may hold turns of other programs too.
  private func noteStorage(_ change: StorageQueue.Change) {
    guard unsettled.contains(change.turnID) else { return }
    if change.storage.isFailure {
      let cause = NotStored(change.storage.error ?? "")
      errors.add(
        HindsightError(.storage, bankID: change.bankID, "Failed to store conversation: \(cause)", cause: cause),
        turnID: change.turnID)
    }
    if change.storage.state == .stored { unsettled.remove(change.turnID) }
  }

  /// A call has come to its end; its debug information is known by now, unless it never came to the model.
  func ended(_ record: TurnRecord) async {
    if record.messages.isEmpty { noteInjection(of: record) }
    switch record.storage.state {
    case .queued, .processing, .failed, .unsaved: break
    case .waiting, .off, .known, .stored: unsettled.remove(record.id)
    }
    if record.storage.isFailure {
      errors.add(.storage(record, cause: record.storage.error ?? ""), turnID: record.id)
    }
    for observer in observers { await observer.didCall(record) }
  }

  /// What memory gave to a call is known; it is there before the answer is.
  private func noteInjection(of record: TurnRecord) {
    debug = record.settings.verbose ? InjectionDebug(record) : nil
  }

  func willCall(_ record: TurnRecord) async {
    noteInjection(of: record)
    for observer in observers { await observer.willCall(record) }
  }

  // MARK: - What happened

  /// Failures of `retain` in the background, and of storage, that this function has not returned before.
  public func pendingRetainErrors() -> [HindsightError] { errors.takeForRetain() }

  /// The same for whom looks after storage: each function returns each error once.
  public func pendingStorageErrors() -> [HindsightError] { errors.takeForStorage() }

  /// What the last call injected; `nil` when it did not ask memory, or `verbose` was off.
  public var lastInjectionDebug: InjectionDebug? { debug }

  public func clearInjectionDebug() { debug = nil }

  /// Tells an observer of each call, before it goes to the model and when it has ended.
  public func addObserver(_ observer: any CallObserver) { observers.append(observer) }
}

/// Hears of every call of an instance.
public protocol CallObserver: Sendable {
  /// The request is about to go to the model: what was recalled and what is sent is in the record.
  func willCall(_ record: TurnRecord) async
  /// The call has ended, well or not.
  func didCall(_ record: TurnRecord) async
}

extension CallObserver {
  public func willCall(_ record: TurnRecord) async {}
  public func didCall(_ record: TurnRecord) async {}
}

/// Errors of the background, each returned once by each of the two functions of the Python package.
private struct ErrorLog {
  private static let limit = 1_000

  private var all: [HindsightError] = []
  private var toldTurns: Set<String> = []
  private var retainSeen = 0
  private var storageSeen = 0

  /// - Parameter turnID: A turn's failure is told once, however often it is tried.
  mutating func add(_ error: HindsightError, turnID: String? = nil) {
    if let turnID, !toldTurns.insert(turnID).inserted { return }
    all.append(error)
    // Nobody looks: the newest say enough.
    if all.count > Self.limit { forget(all.count - Self.limit) }
  }

  mutating func takeForRetain() -> [HindsightError] {
    defer {
      retainSeen = all.count
      forget(min(retainSeen, storageSeen))
    }
    return Array(all[retainSeen...])
  }

  mutating func takeForStorage() -> [HindsightError] {
    defer {
      storageSeen = all.count
      forget(min(retainSeen, storageSeen))
    }
    return Array(all[storageSeen...])
  }

  private mutating func forget(_ count: Int) {
    all.removeFirst(count)
    retainSeen = max(0, retainSeen - count)
    storageSeen = max(0, storageSeen - count)
    if all.isEmpty, toldTurns.count > Self.limit { toldTurns = [] }
  }
}

extension MemorySettings {
  /// The settings as the checks of `set` leave them.
  /// - Throws: what they say of the first value that cannot be.
  func checked() throws(SettingError) -> MemorySettings {
    var settings = self
    for name in Self.names where name != "api_key" {
      if let value = value(of: name) { try settings.set(name, to: value) }
    }
    return settings
  }
}
