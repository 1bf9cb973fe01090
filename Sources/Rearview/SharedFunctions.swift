import RearviewChat
import RearviewEngine
import RearviewJSON
import RearviewMemory
import RearviewProviders

// The functions of the Python package, each a call on one shared instance. A program that wants no shared state makes
// a `RearviewInstance`.

/// The instance that the functions of this module work on.
public let shared = RearviewInstance()

/// Replaces the whole configuration. See `RearviewInstance.configure(_:)`.
public func configure(_ set: @Sendable (inout MemorySettings) throws -> Void) async throws {
  try await shared.configure(set)
}

/// Changes what `set` changes. See `RearviewInstance.setDefaults(_:)`.
public func setDefaults(_ set: @Sendable (inout MemorySettings) throws -> Void) async throws {
  try await shared.setDefaults(set)
}

/// The settings that hold; `nil` before `configure`.
public func configuration() async -> MemorySettings? { await shared.configuration }

/// The settings that hold; `nil` before `configure`.
public func defaults() async -> MemorySettings? { await shared.defaults }

/// Whether there is a configuration with a bank.
public func isConfigured() async -> Bool { await shared.isConfigured }

/// Forgets the configuration.
public func resetConfiguration() async { await shared.resetConfiguration() }

/// The document that conversations are retained in from now on.
public func setDocumentID(_ id: String?) async throws { try await shared.setDocumentID(id) }

/// Gives a bank its mission. See `RearviewInstance.setBankMission(_:name:_:)`.
public func setBankMission(
  _ mission: String, name: String? = nil, _ set: @Sendable (inout MemorySettings) throws -> Void = { _ in }
) async throws {
  try await shared.setBankMission(mission, name: name, set)
}

/// Switches memory on. See `RearviewInstance.enable()`.
@discardableResult
public func enable() async throws -> [String] { try await shared.enable() }

/// Switches memory off.
public func disable() async { await shared.disable() }

/// Whether memory was switched on.
public func isEnabled() async -> Bool { await shared.isEnabled }

/// Switches off, forgets the configuration and stores what waits.
public func cleanup() async { await shared.cleanup() }

/// Asks a model with memory. See `RearviewInstance.completion(_:)`.
public func completion(_ request: CompletionRequest) async throws -> Completion {
  try await shared.completion(request)
}

/// Asks a model with memory for an answer in pieces. See `RearviewInstance.stream(_:)`.
public func stream(_ request: CompletionRequest) async throws -> CompletionStream {
  try await shared.stream(request)
}

/// Recalls from a bank. See `RearviewInstance.recall(_:_:)`.
public func recall(
  _ query: String, _ set: @Sendable (inout MemorySettings) throws -> Void = { _ in }
) async throws -> RecallResult {
  try await shared.recall(query, set)
}

/// Lets memory answer a question. See `RearviewInstance.reflect(_:_:)`.
public func reflect(
  _ query: String, _ set: @Sendable (inout MemorySettings) throws -> Void = { _ in }
) async throws -> Reflection {
  try await shared.reflect(query, set)
}

/// Keeps a text in a bank. See `RearviewInstance.retain(_:context:documentID:metadata:waits:_:)`.
@discardableResult
public func retain(
  _ content: String, context: String? = nil, documentID: String? = nil, metadata: Metadata = [:], waits: Bool = false,
  _ set: @Sendable (inout MemorySettings) throws -> Void = { _ in }
) async throws -> RetainResult {
  try await shared.retain(
    content, context: context, documentID: documentID, metadata: metadata, waits: waits, set)
}

/// Failures of the background that this function has not returned before.
public func pendingRetainErrors() async -> [HindsightError] { await shared.pendingRetainErrors() }

/// Failures of the background that this function has not returned before.
public func pendingStorageErrors() async -> [HindsightError] { await shared.pendingStorageErrors() }

/// What the last call injected, with `verbose`.
public func lastInjectionDebug() async -> InjectionDebug? { await shared.lastInjectionDebug }

/// Forgets what the last call injected.
public func clearInjectionDebug() async { await shared.clearInjectionDebug() }

/// Runs work with memory in one bank. See `RearviewInstance.withMemory(bankID:_:_:)`.
public func withMemory<Success: Sendable>(
  bankID: String, _ set: @Sendable (inout MemorySettings) throws -> Void = { _ in },
  _ body: @Sendable () async throws -> Success
) async throws -> Success {
  try await shared.withMemory(bankID: bankID, set, body)
}

/// Puts memory around a client. See `RearviewInstance.wrap(_:_:)`.
public func wrap(
  _ client: any ChatClient, _ set: @Sendable (inout MemorySettings) throws -> Void = { _ in }
) async throws -> WrappedClient {
  try await shared.wrap(client, set)
}

/// For calls that the program makes itself. See `MemoryCallback`.
public func callback() async -> MemoryCallback { await shared.callback() }

/// Tells an observer of each call.
public func addObserver(_ observer: any CallObserver) async { await shared.addObserver(observer) }
