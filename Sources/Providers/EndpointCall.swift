import RearviewChat
import RearviewHTTP
import RearviewJSON

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// An endpoint with its key in hand, for one call.
struct EndpointCall: Sendable {
  /// The most bytes of an error's body that are read.
  private static let errorLimit = 64 * 1024

  let endpoint: Endpoint
  /// Tells what goes wrong, without the key.
  let failure: ProviderFailure
  private let key: HeldKey?
  private let transport: any HTTPTransport
  /// The project of the machine, where the address leaves that open.
  private var project: String?

  /// Stands in an address for a project that only the machine knows.
  static let machineProject = "machine-project-to-be-asked-for"

  /// Asks for the key.
  ///
  /// - Parameter model: The full name, for errors.
  /// - Throws: `ChatModelError` when there should be a key and there is none.
  init(_ endpoint: Endpoint, model: String, transport: any HTTPTransport) async throws {
    self.endpoint = endpoint
    self.transport = transport
    var secrets = Array(endpoint.headers.values)
    do {
      switch endpoint.authorization.source {
      case .key:
        key = try await endpoint.credential.key()
      case .google(let credentials):
        key = HeldKey(value: try await credentials.token(transport: transport).value, variable: "")
        if endpoint.project == Self.machineProject {
          guard let project = await credentials.machineProject(transport: transport) else {
            throw NoToken(description: "this machine knows no project; set VERTEXAI_PROJECT")
          }
          self.project = project
        }
      case .exchange(let exchange):
        let own = try await endpoint.credential.key()
        if let own { secrets.append(own.value) }
        key = if let own { try await exchange.held(own, transport: transport) } else { nil }
      case .aws(let credentials):
        key = nil
        secrets += [credentials.secretKey, credentials.sessionToken ?? ""]
      }
    } catch let missing as Credential.Missing {
      throw ChatModelError(
        .noKey(variable: missing.variable), provider: endpoint.provider, model: model, detail: missing.cause)
    } catch let missing as NoToken {
      throw ChatModelError(
        missing.missing.map { .noKey(variable: $0) } ?? .unauthorised, provider: endpoint.provider, model: model,
        detail: Redaction(secrets: secrets).cleaned("\(missing)"))
    } catch let error as HTTPError {
      throw ProviderFailure(provider: endpoint.provider, model: model, redaction: Redaction(secrets: secrets))
        .error(error, hasAnswered: false)
    }
    if let key { secrets.append(key.value) }
    failure = ProviderFailure(provider: endpoint.provider, model: model, redaction: Redaction(secrets: secrets))
  }

  /// - Throws: `HTTPError`.
  func get(_ url: String, timeouts: Timeouts) async throws -> HTTPResponse {
    var request = HTTPRequest(.get, url, timeouts: timeouts)
    request.headers = fields(of: request, accepting: "application/json", wire: endpoint.wire)
    return try await transport.send(request)
  }

  /// Asks for an answer.
  ///
  /// - Throws: `HTTPError`.
  func ask(_ body: JSONObject, by route: Route, streams: Bool, timeouts: Timeouts) async throws -> HTTPResponse {
    var url = streams ? route.streamURL : route.url
    if let project { url = url.replacing(Self.machineProject, with: percentEncoded(project)) }
    var request = HTTPRequest(
      .post, url, body: JSONValue.object(body).bytes(), timeouts: streams ? timeouts : timeouts.forWholeAnswers)
    request.headers = ["content-type": endpoint.headers["content-type"] ?? "application/json"]
    let accepted =
      switch route.wire {
      case .bedrockConverse where streams: "application/vnd.amazon.eventstream"
      case .ollama where streams: "application/x-ndjson, application/json"
      default: streams ? "text/event-stream, application/json" : "application/json"
      }
    request.headers = fields(of: request, accepting: accepted, wire: route.wire)
    return try await transport.send(request)
  }

  private func fields(of request: HTTPRequest, accepting types: String, wire: WireProtocol) -> HeaderFields {
    var fields = endpoint.fields(key: key, url: request.url, wire: wire)
    for (name, value) in request.headers where fields[name] == nil { fields[name] = value }
    if case .aws(let credentials) = endpoint.authorization.source {
      let signer = AWSSignature(
        credentials: credentials, region: endpoint.region ?? "us-west-2", service: "bedrock")
      var signed = request
      signed.headers = fields
      for (name, value) in signer.sign(signed, at: Date()).fields { fields[name] = value }
    }
    fields["accept"] = fields["accept"] ?? types
    return fields
  }

  /// The answer that a response is; throws `ChatModelError` where its status says that it is none.
  func opened(_ response: HTTPResponse) async throws -> OpenedAnswer {
    guard (200..<300).contains(response.status) else {
      throw refusal(response, body: try await errorBody(of: response))
    }
    return OpenedAnswer(body: response.body, failure: failure)
  }

  func errorBody(of response: HTTPResponse) async throws -> [UInt8] {
    try await response.body.prefix(bytes: Self.errorLimit)
  }

  func refusal(_ response: HTTPResponse, body: [UInt8]) -> ChatModelError {
    failure.error(status: response.status, headers: response.headers, body: body, now: Date())
  }
}

extension Timeouts {
  /// The first byte of a whole answer comes when all of it has been written, not when the model begins: five times as
  /// long, 600 s by default, which is what the vendors' own clients wait.
  fileprivate var forWholeAnswers: Timeouts {
    Timeouts(firstByte: firstByte * 5, idle: idle)
  }
}
