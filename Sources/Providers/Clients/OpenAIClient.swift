import Foundation
import RearviewChat
import RearviewHTTP

/// A client of OpenAI's chat protocol, at OpenAI or wherever else it is spoken.
public struct OpenAIClient: ChatClient {
  let endpoint: Endpoint
  private let transport: any HTTPTransport
  private let quirks = EndpointQuirks()

  /// - Parameters:
  ///   - apiKey: Goes to the address, wherever that is; `nil` for `OPENAI_API_KEY`, which goes only to the address
  ///     of the environment and to OpenAI: another one that is given here is asked without a key.
  ///   - baseURL: What stands before `/chat/completions`; `nil` for `OPENAI_BASE_URL`, `OPENAI_API_BASE` or else
  ///     OpenAI's own.
  ///   - environment: Where both are looked up; an empty variable counts as unset.
  ///   - transport: What sends the requests; clients that share one share its connections.
  public init(
    apiKey: String? = nil, baseURL: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment,
    transport: any HTTPTransport = HTTPClientTransport(userAgent: "rearview")
  ) {
    endpoint = Endpoint(.openAI, apiKey: apiKey, baseURL: baseURL, environment: environment)
    self.transport = transport
  }

  public var form: ChatRequest.Form { .openAI }

  public func model(_ name: String) -> any ChatModel {
    OpenAIChatModel(name: name, model: name, endpoint: endpoint, transport: transport, quirks: quirks)
  }
}

extension Endpoint {
  /// A vendor's endpoint as a program asks for it; see the clients for what `nil` means.
  init(_ vendor: Vendor, apiKey: String?, baseURL: String?, environment: [String: String]) {
    let named = vendor.base(in: environment)?.url
    let base = baseURL ?? named ?? vendor.home
    let credential: Credential =
      if let apiKey {
        .variable(name: vendor.keyVariable, value: apiKey)
      } else if base == named || vendor.isHome(base) {
        vendor.key(in: environment, at: base)
      } else {
        .none
      }
    self.init(provider: vendor.title(at: base), form: vendor.form, baseURL: base, credential: credential)
  }
}
