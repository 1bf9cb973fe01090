import RearviewChat
import RearviewHTTP
import RearviewJSON

/// A model behind OpenAI's chat protocol, which nearly every provider and every local server speaks.
///
/// It reads laxly: nothing in a stream is required but text and an end. It does not try again by itself, but for one
/// thing: an endpoint that refuses the `stream_options` that this program added is asked once more without, and never
/// again with it.
///
/// What it sends: the messages, the model, the request's parameters and `stream`; of its own accord `stream_options`
/// where the request may be completed, and nothing else, no limits, no temperature. `OpenAIRequest` has the details.
public struct OpenAIChatModel: ChatModel {
  public let name: String
  /// The model's name as the provider knows it.
  public let model: String
  public let endpoint: Endpoint
  private let transport: any HTTPTransport
  private let quirks: EndpointQuirks
  private let timeouts: Timeouts

  /// - Parameters:
  ///   - name: The full name, as the user picks it.
  ///   - model: The name that is sent.
  ///   - quirks: Shared by all models of an endpoint, so that each learns from the others.
  ///   - timeouts: 120 s to the first byte and 60 s of silence by default; comments count as life. The first byte of
  ///     a whole answer may take five times as long as that of a stream.
  public init(
    name: String, model: String, endpoint: Endpoint, transport: any HTTPTransport,
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
    let answer = Answer(OpenAIDialect()) { try await open(request) }
    return AsyncThrowingStream { try await answer.next() }
  }

  /// Sends the request and returns the response when it is one that answers.
  private func open(_ request: ChatRequest) async throws -> OpenedAnswer {
    let call = try await EndpointCall(endpoint, model: name, transport: transport)
    var body = OpenAIRequest(request, model: model)
    do {
      if body.mayAskForUsage, await quirks.acceptsStreamOptions(endpoint) {
        body.asksForUsage = true
        let response = try await call.ask(body.json, streams: true, timeouts: timeouts)
        guard response.status == 400 else { return try await call.opened(response) }
        let refusal = try await call.errorBody(of: response)
        guard String(decoding: refusal, as: UTF8.self).contains("stream_options") else {
          throw call.refusal(response, body: refusal)
        }
        await quirks.refusedStreamOptions(endpoint)
        body.asksForUsage = false
      }
      return try await call.opened(try await call.ask(body.json, streams: request.streams, timeouts: timeouts))
    } catch let error as HTTPError {
      throw call.failure.error(error, hasAnswered: false)
    }
  }
}
