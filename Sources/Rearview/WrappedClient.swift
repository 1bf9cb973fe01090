import Foundation
import RearviewChat
import RearviewEngine
import RearviewJSON
import RearviewMemory
import RearviewProviders

/// A provider's client with memory around each of its calls.
///
/// Requests are written in the client's own form: OpenAI's (`messages` with a `system` message) or Anthropic's (`system`
/// beside `messages`). Any setting may be given for one call as `hindsight_<name>`. The memory block carries dates,
/// sources and the time; of each call the last exchange is stored.
public struct WrappedClient: Sendable {
  /// The client itself, whose calls have no memory.
  public let client: any ChatClient
  private let instance: RearviewInstance
  private let settings: MemorySettings

  init(_ client: any ChatClient, instance: RearviewInstance, settings: MemorySettings) {
    self.client = client
    self.instance = instance
    self.settings = settings
  }

  /// Asks the model, and waits for the whole answer.
  public func create(_ request: JSONObject) async throws -> Completion {
    let (turn, settings) = try await start(request, streams: request["stream"] == true)
    return try await instance.completion(of: turn, waitsForStorage: settings.syncStorage)
  }

  /// Asks the model for an answer in pieces.
  public func stream(_ request: JSONObject) async throws -> CompletionStream {
    let (turn, settings) = try await start(request, streams: true)
    return await instance.stream(of: turn, waitsForStorage: settings.syncStorage)
  }

  /// Stores what waits, for at most `limit`. May be called twice.
  public func close(within limit: Duration = .seconds(5)) async {
    await instance.flush(within: limit)
  }

  private func start(_ request: JSONObject, streams: Bool) async throws -> (Turn, MemorySettings) {
    var call = try CompletionRequest(json: request)
    call.streams = streams
    call.form = client.form
    if client.form == .anthropic, let system = call.parameters["system"] {
      // As a message in front, so that there is one way to inject.
      call.parameters["system"] = nil
      call.messages.insert(Message(json: ["role": "system", "content": system]), at: 0)
    }
    let model = call.model
    return try await instance.start(call, of: try await instance.opened(), settings: settings, rules: .wrapped) {
      [client] in client.model(model)
    }
  }
}

extension RearviewInstance {
  /// Puts memory around a client. The instance's own configuration does not matter to it; its bank is `default` unless
  /// `set` names one.
  public func wrap(
    _ client: any ChatClient, _ set: @Sendable (inout MemorySettings) throws -> Void = { _ in }
  ) async throws -> WrappedClient {
    var settings = MemorySettings()
    settings.bankID = Configuration.defaultBank
    try set(&settings)
    settings = try settings.checked()
    if settings.apiKey == nil { settings.apiKey = environmentKey }
    if settings.mission != nil || settings.bankName != nil {
      do {
        try await setBank(settings, mission: settings.mission, name: settings.bankName)
      } catch {
        note(HindsightError(.bank, bankID: settings.bankID, "The bank's mission was not set: \(error)", cause: error))
      }
    }
    return WrappedClient(client, instance: self, settings: settings)
  }
}
