import RearviewChat
import RearviewHTTP
import RearviewJSON

/// A model at an endpoint, in whatever protocol that speaks.
///
/// It reads laxly: nothing in a stream is required but text and an end. A try that fails before anything of the answer
/// has come is repeated as its policy says; nothing is tried again after that. An endpoint that refuses the
/// `stream_options` that this program added is asked once more without, and never again with it.
///
/// What it sends: the messages, the model, the request's parameters and `stream`; of its own accord `stream_options`
/// where the request may be completed, and what the protocol requires or the table says, no limits, no temperature. The
/// request types of each protocol have the details.
public struct RemoteModel: ChatModel {
  public private(set) var name: String
  /// The model's name as the provider knows it.
  public var model: String { route.model }
  public let endpoint: Endpoint
  let route: Route
  private let transport: any HTTPTransport
  private let quirks: EndpointQuirks
  private let timeouts: Timeouts
  private let retries: RetryPolicy

  /// - Parameters:
  ///   - name: The full name, as the user picks it.
  ///   - model: The name at the endpoint, which is what is sent but for prefixes that choose a way there.
  ///   - quirks: Shared by all models of an endpoint, so that each learns from the others.
  ///   - timeouts: 120 s to the first byte and 60 s of silence by default; comments count as life. The first byte of
  ///     a whole answer may take five times as long as that of a stream.
  /// - Throws: `ModelNameError` for a name that cannot be one there.
  public init(
    name: String, model: String, endpoint: Endpoint, transport: any HTTPTransport,
    quirks: EndpointQuirks = EndpointQuirks(), timeouts: Timeouts = Timeouts(), retries: RetryPolicy = RetryPolicy()
  ) throws(ModelNameError) {
    self.init(
      name: name, route: try endpoint.route(to: model), endpoint: endpoint, transport: transport, quirks: quirks,
      timeouts: timeouts, retries: retries)
  }

  init(
    name: String, route: Route, endpoint: Endpoint, transport: any HTTPTransport,
    quirks: EndpointQuirks = EndpointQuirks(), timeouts: Timeouts = Timeouts(), retries: RetryPolicy = RetryPolicy()
  ) {
    self.name = name
    self.route = route
    self.endpoint = endpoint
    self.transport = transport
    self.quirks = quirks
    self.timeouts = timeouts
    self.retries = retries
  }

  func renamed(_ name: String) -> RemoteModel {
    var model = self
    model.name = name
    return model
  }

  /// The request goes out when the first event is asked for. A slow reader slows the server down; what came together
  /// comes as one event. Letting go of the stream closes the connection, as cancelling does.
  public func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
    switch route.wire {
    case .openAIChat, .azureOpenAI, .vertex: stream(OpenAIDialect(), request)
    case .openAIResponses: stream(ResponsesDialect(), request)
    case .anthropicMessages: stream(AnthropicDialect(), request)
    case .gemini: stream(GeminiDialect(), request)
    case .bedrockConverse: stream(BedrockDialect(), request)
    case .ollama: stream(OllamaDialect(), request)
    }
  }

  private func stream(
    _ dialect: some AnswerDialect, _ request: ChatRequest
  ) -> AsyncThrowingStream<ChatEvent, any Error> {
    let answer = Answer(dialect, retries: retries) { try await open(request) }
    return AsyncThrowingStream { try await answer.next() }
  }

  /// What is sent for a request, but for what only the answers of the endpoint can tell.
  func body(of request: ChatRequest) -> JSONObject {
    switch route.wire {
    case .openAIChat, .azureOpenAI, .vertex: OpenAIRequest(request, to: route, at: endpoint).json
    case .openAIResponses: ResponsesRequest(request, to: route, at: endpoint).json
    case .anthropicMessages: AnthropicRequest(request, to: route).json
    case .gemini: GeminiRequest(request, to: route).json
    case .bedrockConverse: BedrockRequest(request, to: route).json
    case .ollama: OllamaRequest(request, to: route).json
    }
  }

  /// Sends the request and returns the response when it is one that answers.
  private func open(_ request: ChatRequest) async throws -> OpenedAnswer {
    let call = try await EndpointCall(endpoint, model: name, transport: transport)
    do {
      switch route.wire {
      case .openAIChat, .azureOpenAI, .vertex:
        var body = OpenAIRequest(request, to: route, at: endpoint)
        if body.mayAskForUsage, await quirks.acceptsStreamOptions(endpoint) {
          body.asksForUsage = true
          let response = try await call.ask(body.json, by: route, streams: true, timeouts: timeouts)
          guard response.status == 400 || response.status == 422 else { return try await call.opened(response) }
          let refusal = try await call.errorBody(of: response)
          guard String(decoding: refusal, as: UTF8.self).contains("stream_options") else {
            throw call.refusal(response, body: refusal)
          }
          await quirks.refusedStreamOptions(endpoint)
          body.asksForUsage = false
        }
        return try await call.opened(
          try await call.ask(body.json, by: route, streams: request.streams, timeouts: timeouts))
      case .openAIResponses:
        if request.isCompletable, await quirks.givesSummaries(endpoint) {
          let body = ResponsesRequest(request, to: route, at: endpoint, summarises: true).json
          let response = try await call.ask(body, by: route, streams: request.streams, timeouts: timeouts)
          guard response.status == 400, body["reasoning"] != nil else { return try await call.opened(response) }
          let refusal = try await call.errorBody(of: response)
          guard String(decoding: refusal, as: UTF8.self).contains("summar") else {
            throw call.refusal(response, body: refusal)
          }
          await quirks.refusedSummaries(endpoint)
        }
        return try await call.opened(
          try await call.ask(body(of: request), by: route, streams: request.streams, timeouts: timeouts))
      case .anthropicMessages, .gemini, .bedrockConverse, .ollama:
        if route.wire == .bedrockConverse || route.wire == .ollama, request.inOpenAIForm().messages.namesImageURL {
          throw call.failure.error(
            .badRequest, detail: "it fetches no images: give them as data: URLs, not as addresses")
        }
        return try await call.opened(
          try await call.ask(self.body(of: request), by: route, streams: request.streams, timeouts: timeouts))
      }
    } catch let error as HTTPError {
      throw call.failure.error(error, hasAnswered: false)
    }
  }
}
