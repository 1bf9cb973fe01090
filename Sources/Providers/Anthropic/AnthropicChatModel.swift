import RearviewChat
import RearviewHTTP

/// A model behind Anthropic's Messages API (https://docs.anthropic.com/en/api/messages).
///
/// It reads and fails as `OpenAIChatModel` does and does not try again by itself. A request in OpenAI's form is
/// translated, one in Anthropic's own is sent as it is; `AnthropicRequest` has the details.
public struct AnthropicChatModel: ChatModel {
  public let name: String
  /// The model's name as the provider knows it.
  public let model: String
  public let endpoint: Endpoint
  private let transport: any HTTPTransport
  private let timeouts: Timeouts

  /// - Parameters:
  ///   - name: The full name, as the user picks it.
  ///   - model: The name that is sent.
  ///   - endpoint: One whose form is `anthropic`.
  ///   - timeouts: 120 s to the first byte and 60 s of silence by default; any event counts as life. The first byte of
  ///     a whole answer may take five times as long as that of a stream.
  public init(
    name: String, model: String, endpoint: Endpoint, transport: any HTTPTransport, timeouts: Timeouts = Timeouts()
  ) {
    self.name = name
    self.model = model
    self.endpoint = endpoint
    self.transport = transport
    self.timeouts = timeouts
  }

  /// The request goes out when the first event is asked for. A slow reader slows the server down; what came together
  /// comes as one event. Letting go of the stream closes the connection, as cancelling does.
  public func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
    let answer = Answer(AnthropicDialect()) { try await open(request) }
    return AsyncThrowingStream { try await answer.next() }
  }

  private func open(_ request: ChatRequest) async throws -> OpenedAnswer {
    let call = try await EndpointCall(endpoint, model: name, transport: transport)
    let body = AnthropicRequest(request, model: model).json
    do {
      return try await call.opened(try await call.ask(body, streams: request.streams, timeouts: timeouts))
    } catch let error as HTTPError {
      throw call.failure.error(error, hasAnswered: false)
    }
  }
}
