import Foundation
import RearviewChat
import RearviewHTTP
import RearviewJSON

/// An endpoint with its key in hand, for one call.
struct EndpointCall: Sendable {
  /// The most bytes of an error's body that are read.
  private static let errorLimit = 64 * 1024

  let endpoint: Endpoint
  /// Tells what goes wrong, without the key.
  let failure: ProviderFailure
  private let fields: HeaderFields
  private let transport: any HTTPTransport

  /// Asks for the key.
  ///
  /// - Parameter model: The full name, for errors.
  /// - Throws: `ChatModelError` when there should be a key and there is none.
  init(_ endpoint: Endpoint, model: String, transport: any HTTPTransport) async throws {
    let key: String?
    do {
      key = try await endpoint.credential.key()
    } catch let missing as Credential.Missing {
      throw ChatModelError(.noKey(variable: missing.variable), provider: endpoint.provider, model: model)
    }
    self.endpoint = endpoint
    self.transport = transport
    fields = endpoint.fields(key: key)
    let secrets = (key.map { [$0] } ?? []) + endpoint.headers.values
    failure = ProviderFailure(provider: endpoint.provider, model: model, redaction: Redaction(secrets: secrets))
  }

  /// - Throws: `HTTPError`.
  func get(_ url: String, timeouts: Timeouts) async throws -> HTTPResponse {
    try await transport.send(
      HTTPRequest(.get, url, headers: fields(accepting: "application/json"), timeouts: timeouts))
  }

  /// Asks for an answer.
  ///
  /// - Throws: `HTTPError`.
  func ask(_ body: JSONObject, streams: Bool, timeouts: Timeouts) async throws -> HTTPResponse {
    var headers = fields(accepting: streams ? "text/event-stream, application/json" : "application/json")
    headers["content-type"] = headers["content-type"] ?? "application/json"
    return try await transport.send(
      HTTPRequest(
        .post, endpoint.answerURL, headers: headers, body: JSONValue.object(body).bytes(),
        timeouts: streams ? timeouts : timeouts.forWholeAnswers))
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

  private func fields(accepting types: String) -> HeaderFields {
    var fields = fields
    fields["accept"] = fields["accept"] ?? types
    return fields
  }
}

extension Timeouts {
  /// The first byte of a whole answer comes when all of it has been written, not when the model begins: five times as
  /// long, 600 s by default, which is what the vendors' own clients wait.
  fileprivate var forWholeAnswers: Timeouts {
    Timeouts(firstByte: firstByte * 5, idle: idle)
  }
}
