import RearviewChat
import RearviewHTTP

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A client of OpenAI's chat protocol, at OpenAI or wherever else it is spoken.
public struct OpenAIClient: ChatClient {
  private let provider: ClientProvider

  /// - Parameters:
  ///   - apiKey: Goes to the address, wherever that is; `nil` for `OPENAI_API_KEY`, which goes only to the address
  ///     of the environment and to OpenAI: another one that is given here is asked without a key.
  ///   - baseURL: What stands before `/chat/completions`; `nil` for `OPENAI_BASE_URL`, `OPENAI_API_BASE` or else
  ///     OpenAI's own.
  ///   - environment: Where both are looked up; an empty variable counts as unset.
  ///   - transport: What sends the requests; clients that share one share its connections. `nil` for one of its own,
  ///     through the proxy that the environment names.
  ///   - retries: What is tried again.
  public init(
    apiKey: String? = nil, baseURL: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment,
    transport: (any HTTPTransport)? = nil, retries: RetryPolicy = RetryPolicy()
  ) {
    provider = ClientProvider(
      "openai", apiKey: apiKey, baseURL: baseURL, environment: environment, transport: transport, retries: retries)
  }

  public var form: ChatRequest.Form { .openAI }

  public func model(_ name: String) -> any ChatModel {
    provider.model(name)
  }
}
