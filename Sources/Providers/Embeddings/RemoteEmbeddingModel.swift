import RearviewChat
import RearviewHTTP
import RearviewJSON

/// An embedding model behind OpenAI's `/embeddings`
/// (https://platform.openai.com/docs/api-reference/embeddings/create).
///
/// It sends `model` and `input`, a list of at most 64 texts a request, one request after the other; to NVIDIA also the
/// `input_type` that it asks for. A request that fails is repeated as the policy says.
struct RemoteEmbeddingModel: EmbeddingModel {
  let name: String
  let endpoint: Endpoint
  let route: Route
  let transport: any HTTPTransport
  let timeouts: Timeouts
  let retries: RetryPolicy

  /// The most texts of one request.
  static let batchSize = 64
  /// The longest answer that is read: 64 vectors of 4,096 numbers, written at length, take 6 MB.
  private static let answerLimit = 64 * 1024 * 1024

  func embed(_ texts: [String], for use: EmbeddingUse) async throws -> [[Float]] {
    var vectors: [[Float]] = []
    vectors.reserveCapacity(texts.count)
    for start in stride(from: 0, to: texts.count, by: Self.batchSize) {
      let batch = Array(texts[start..<min(start + Self.batchSize, texts.count)])
      let answer = try await repeatedly { try await ask(batch, for: use) }
      if let known = vectors.first?.count, let other = answer.first?.count, known != other {
        throw ChatModelError(
          .unreadable, provider: endpoint.provider, model: name,
          detail: "it gave vectors of \(known) numbers and then of \(other)")
      }
      vectors += answer
    }
    return vectors
  }

  private func repeatedly(_ ask: () async throws -> [[Float]]) async throws -> [[Float]] {
    let backoff = Backoff(policy: retries)
    var attempt = 1
    while true {
      do {
        return try await ask()
      } catch let error as ChatModelError {
        guard let wait = backoff.wait(after: error, attempt: attempt) else { throw error }
        attempt += 1
        try await Task.sleep(for: wait)
      }
    }
  }

  private func ask(_ texts: [String], for use: EmbeddingUse) async throws -> [[Float]] {
    let call = try await EndpointCall(endpoint, model: name, transport: transport)
    do {
      let response = try await call.ask(body(texts, for: use), by: route, streams: false, timeouts: timeouts)
      guard (200..<300).contains(response.status) else {
        throw call.refusal(response, body: try await call.errorBody(of: response)).tellingOfLength
      }
      let body = try await response.body.collect(limit: Self.answerLimit)
      if let object = JSONObject(answer: body), let said = ProviderErrorObject(object) {
        throw call.failure.error(midStream: said, hasAnswered: false).tellingOfLength
      }
      do {
        return try EmbeddingAnswer(body, textCount: texts.count).vectors
      } catch {
        throw call.failure.error(.unreadable, detail: error.cause)
      }
    } catch let error as HTTPError {
      throw call.failure.error(error, hasAnswered: false)
    }
  }

  private func body(_ texts: [String], for use: EmbeddingUse) -> JSONObject {
    let instruction = EmbeddingInstruction(model: route.model)
    var body: JSONObject = ["input": .list(texts.map { .text(instruction.before(use) + $0) })]
    body[endpoint.row.modelMember] = .text(route.model)
    if endpoint.row.id == "nvidia_nim" { body["input_type"] = use == .query ? "query" : "passage" }
    return body
  }
}

extension RemoteEmbeddingModel: Discreet {
  var description: String { "\(name) of \(endpoint)" }
}

extension ChatModelError {
  /// The same error as one of length, where a server for embeddings says in its own words that a text is too long:
  /// llama.cpp with 500, Hugging Face's with 413.
  fileprivate var tellingOfLength: ChatModelError {
    let words = detail?.lowercased() ?? ""
    let isOfLength =
      status == 413 || ["too large to process", "must have less than", "tokens exceed"].contains(where: words.contains)
    guard isOfLength, kind == .server || kind == .badRequest else { return self }
    var error = self
    error.kind = .contextTooLong
    return error
  }
}
