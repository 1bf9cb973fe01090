import Foundation
import RearviewChat
import RearviewEngine
import RearviewJSON
import RearviewMemory
import RearviewProviders

extension RearviewInstance {
  /// Asks a model, with what memory has on the question, and stores the exchange.
  ///
  /// The call returns with the answer; the exchange is stored in the background, or before it returns with
  /// `sync_storage`. A request that streams is waited for whole.
  /// - Throws: `CompletionFailed`; `SettingError` for a `hindsight_<name>` that cannot be; `MemoryStoreError` when the
  ///   files cannot be opened.
  public func completion(_ request: CompletionRequest) async throws -> Completion {
    let (turn, settings) = try await start(request)
    return try await completion(of: turn, waitsForStorage: settings.syncStorage)
  }

  /// Asks a model for an answer in pieces.
  public func stream(_ request: CompletionRequest) async throws -> CompletionStream {
    var request = request
    request.streams = true
    let (turn, settings) = try await start(request)
    return stream(of: turn, waitsForStorage: settings.syncStorage)
  }

  func stream(of turn: Turn, waitsForStorage: Bool) -> CompletionStream {
    let stream = CompletionStream(turn, waitsForStorage: waitsForStorage, follower: TurnFollower(instance: self))
    follow(turn.id, by: stream.following)
    return stream
  }

  /// Starts a call under the settings that hold now; what is changed later does not touch it.
  private func start(_ request: CompletionRequest) async throws -> (Turn, MemorySettings) {
    let client = try await opened()
    var settings = settingsOfCall()
    if isPrepared(request) { settings = nil }
    return try start(request, of: client, settings: settings, rules: .completion) { try client.model(of: request) }
  }

  func start(
    _ request: CompletionRequest, of client: RearviewClient, settings: MemorySettings?, rules: TurnRules,
    model: @escaping @Sendable () throws -> any ChatModel
  ) throws -> (Turn, MemorySettings) {
    let call = try TurnRequest(request, settings: settings, rules: rules, resolveModel: model)
    return (try client.call(call), call.settings)
  }

  /// Waits for the answer of a turn, and for its storage where that is wanted.
  func completion(of turn: Turn, waitsForStorage: Bool) async throws -> Completion {
    let (answers, continuation) = AsyncStream.makeStream(of: TurnRecord.self)
    // The rest of the turn goes on by itself when the answer is there.
    let following = Task {
      var follower = TurnFollower(instance: self)
      for await event in turn.events {
        await follower.take(event)
        switch event {
        case .finished(let answer):
          if !waitsForStorage, answer.state == .complete, let record = follower.record { continuation.yield(record) }
        case .record(let record):
          continuation.yield(record)
          continuation.finish()
        case .opened, .retrieved, .injected, .text, .reasoning, .toolCall, .usage, .retrying, .storage: break
        }
      }
    }
    follow(turn.id, by: following)
    return try await withTaskCancellationHandler {
      // Cancelled, it comes to its end by itself and is heard of.
      guard let record = await answers.first(where: { _ in true }) else { throw CancellationError() }
      if record.answer.state != .complete {
        if Task.isCancelled { throw CancellationError() }
        throw CompletionFailed(record: record, cause: turn.fault)
      }
      let error = waitsForStorage && record.storage.isFailure
      return Completion(record: record, storageError: error ? .storage(record, cause: record.storage.error ?? "") : nil)
    } onCancel: {
      turn.cancel()
    }
  }
}

/// Follows the events of a call: keeps the record as far as it has come, and tells the instance what it must know.
struct TurnFollower: Sendable {
  let instance: RearviewInstance
  private(set) var record: TurnRecord?

  init(instance: RearviewInstance) { self.instance = instance }

  mutating func take(_ event: TurnEvent) async {
    switch event {
    case .opened(let record): self.record = record
    case .retrieved(let retrieval): record?.retrieval = retrieval
    case .injected(let block, let messages):
      record?.block = block
      record?.setSent(messages)
      if let record { await instance.willCall(record) }
    case .finished(let answer): record?.answer = answer
    case .storage(let storage): record?.storage = storage
    case .record(let record):
      self.record = record
      await instance.ended(record)
    case .text, .reasoning, .toolCall, .usage, .retrying: break
    }
  }
}

extension TurnRequest {
  /// A program's request: its `hindsight_<name>` members become settings, the rest goes to the model.
  ///
  /// - Parameter settings: `nil` for a call without memory, whatever the request says.
  init(
    _ request: CompletionRequest, settings: MemorySettings?, rules: TurnRules,
    resolveModel: @escaping @Sendable () throws -> any ChatModel
  ) throws(SettingError) {
    let hasMemory = settings != nil
    var settings = settings ?? MemorySettings()
    var parameters = request.parameters
    let warnings = try settings.takeOverrides(from: &parameters)
    if !hasMemory {
      settings.injectMemories = false
      settings.storeConversations = false
    }
    self.init(
      sessionID: UUID().uuidString.lowercased(), messages: request.messages, model: request.model,
      resolveModel: resolveModel, settings: settings, rules: rules)
    self.parameters = parameters
    self.warnings = warnings + request.leftOut.map { "\($0) is for LiteLLM; it was left out of the request." }
    form = request.form
    streams = request.streams
  }
}

extension RearviewClient {
  /// Starts a program's call with the settings of this client's configuration; `rearview ask --messages` is this.
  ///
  /// - Throws: `SettingError` for a `hindsight_<name>` that cannot be, `MemoryStoreError` for an address that is none.
  public func turn(_ request: CompletionRequest) throws -> Turn {
    let call = try TurnRequest(request, settings: configuration.memory, rules: .completion) { [self] in
      try model(of: request)
    }
    return try self.call(call)
  }
}
