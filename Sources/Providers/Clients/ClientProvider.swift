import RearviewChat
import RearviewHTTP

/// One provider of the table, as a program holds it.
struct ClientProvider: Sendable {
  private let id: String
  private let catalog: Result<ModelCatalog, NetworkSettingsError>
  private let override: ModelCatalog.Override

  init(
    _ id: String, apiKey: String?, baseURL: String?, environment: [String: String], transport: (any HTTPTransport)?,
    retries: RetryPolicy
  ) {
    self.id = id
    catalog = Result { () throws(NetworkSettingsError) in
      if let transport { return ModelCatalog(transport: transport, environment: environment, retries: retries) }
      let network = try NetworkSettings(environment: environment)
      return ModelCatalog(
        transport: HTTPClientTransport(userAgent: "rearview", network: network), environment: environment,
        retries: retries)
    }
    override = ModelCatalog.Override(baseURL: baseURL, apiKey: apiKey)
  }

  /// The model of that name, which is sent as it is; an address or a proxy that is none shows when it is asked.
  func model(_ name: String) -> any ChatModel {
    do {
      return try catalog.get().resolve("\(id)/\(name)", with: override).named(name)
    } catch {
      return UnreachableModel(name: name, error: error)
    }
  }
}

/// A model that there is no way to; it says why when it is asked.
private struct UnreachableModel: ChatModel {
  let name: String
  let error: any Error

  func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
    AsyncThrowingStream { throw error }
  }
}

extension ChatModel {
  /// The same model by the name that a program gave it.
  fileprivate func named(_ name: String) -> any ChatModel {
    guard let remote = self as? RemoteModel else { return self }
    return remote.renamed(name)
  }
}
