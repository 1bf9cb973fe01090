import Foundation
import RearviewChat
import RearviewHTTP

/// A model behind OpenAI's chat protocol, which nearly every provider and every local server speaks.
///
/// It reads laxly: nothing in a stream is required but text and an end. It does not try again by itself, but for one
/// thing: an endpoint that refuses `stream_options` is asked once more without, and never again with it.
///
/// What it sends: the messages, the model, `stream` and `stream_options`; no limits, no temperature.
public struct OpenAIChatModel: ChatModel {
  public let name: String
  /// The model's name as the provider knows it.
  public let model: String
  public let endpoint: OpenAIEndpoint
  private let transport: any HTTPTransport
  private let quirks: EndpointQuirks
  private let timeouts: Timeouts

  /// - Parameters:
  ///   - name: The full name, as the user picks it.
  ///   - model: The name that is sent.
  ///   - quirks: Shared by all models of an endpoint, so that each learns from the others.
  ///   - timeouts: 120 s to the first byte and 60 s of silence by default; comments count as life.
  public init(
    name: String, model: String, endpoint: OpenAIEndpoint, transport: any HTTPTransport,
    quirks: EndpointQuirks = EndpointQuirks(), timeouts: Timeouts = Timeouts()
  ) {
    self.name = name
    self.model = model
    self.endpoint = endpoint
    self.transport = transport
    self.quirks = quirks
    self.timeouts = timeouts
  }

  /// The request goes out when the first event is asked for. A slow reader slows the server down; what came together
  /// comes as one event. Letting go of the stream closes the connection, as cancelling does.
  public func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
    let answer = OpenAIAnswer { try await open(request) }
    return AsyncThrowingStream { try await answer.next() }
  }

  /// Sends the request and returns the response when it is one that answers.
  private func open(_ request: ChatRequest) async throws -> OpenAIAnswer.Opened {
    let key = try await key()
    let redaction = Redaction(secrets: (key.map { [$0] } ?? []) + endpoint.headers.values)
    let failure = ProviderFailure(provider: endpoint.provider, model: name, redaction: redaction)
    do {
      let asksForUsage = await quirks.acceptsStreamOptions(endpoint)
      var response = try await send(request, key: key, asksForUsage: asksForUsage)
      if response.status == 400, asksForUsage {
        let body = try await response.body.prefix(bytes: Self.errorLimit)
        guard String(decoding: body, as: UTF8.self).contains("stream_options") else {
          throw failure.error(status: 400, headers: response.headers, body: body, now: Date())
        }
        await quirks.refusedStreamOptions(endpoint)
        response = try await send(request, key: key, asksForUsage: false)
      }
      guard (200..<300).contains(response.status) else {
        let body = try await response.body.prefix(bytes: Self.errorLimit)
        throw failure.error(status: response.status, headers: response.headers, body: body, now: Date())
      }
      return OpenAIAnswer.Opened(body: response.body, failure: failure)
    } catch let error as HTTPError {
      throw failure.error(error, hasAnswered: false)
    }
  }

  /// The most bytes of an error's body that are read.
  private static let errorLimit = 64 * 1024

  private func send(_ request: ChatRequest, key: String?, asksForUsage: Bool) async throws -> HTTPResponse {
    var headers: HeaderFields = ["content-type": "application/json", "accept": "text/event-stream, application/json"]
    if let key { headers["authorization"] = "Bearer \(key)" }
    for (name, value) in endpoint.headers.sorted(by: { $0.key < $1.key }) { headers[name] = value }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let body = try encoder.encode(
      Body(messages: request.messages, model: model, streamOptions: asksForUsage ? StreamOptions() : nil))
    return try await transport.send(
      HTTPRequest(
        .post, endpoint.baseURL + "/chat/completions", headers: headers, body: [UInt8](body), timeouts: timeouts))
  }

  private func key() async throws -> String? {
    do {
      return try await endpoint.credential.key()
    } catch let missing as Credential.Missing {
      throw ChatModelError(.noKey(variable: missing.variable), provider: endpoint.provider, model: name)
    }
  }

  private struct Body: Encodable {
    var messages: [Message]
    var model: String
    var stream = true
    var streamOptions: StreamOptions?

    enum CodingKeys: String, CodingKey {
      case messages, model, stream
      case streamOptions = "stream_options"
    }
  }

  private struct StreamOptions: Encodable {
    var includeUsage = true

    enum CodingKeys: String, CodingKey {
      case includeUsage = "include_usage"
    }
  }
}
