import Foundation
import RearviewChat
import RearviewHTTP
import RearviewJSON
import ScriptedServer
import Testing

@testable import RearviewProviders

@Suite("Embedding models")
struct EmbeddingsTests {
  /// An answer with these vectors, each at its index.
  private func answer(_ vectors: [(Int, [Double])]) -> ScriptedResponse {
    let data = vectors.map { index, vector in
      JSONValue.object([
        "object": "embedding", "index": .integer(index), "embedding": .list(vector.map { .number($0) }),
      ])
    }
    return .json(200, JSONValue.object(["object": "list", "data": .list(data)]).written())
  }

  private func model(_ server: ScriptedServer, retries: RetryPolicy = .never) throws -> any EmbeddingModel {
    try ModelCatalog(
      transport: HTTPClientTransport(userAgent: "rearview/test"),
      environment: ["OPENAI_BASE_URL": server.url + "/v1", "OPENAI_API_KEY": "sk-test-4711"], retries: retries
    ).resolveEmbeddings("openai/m")
  }

  private func error(_ server: ScriptedServer, _ texts: [String] = ["a", "b"]) async throws -> ChatModelError? {
    do {
      _ = try await model(server).embed(texts, for: .document)
      return nil
    } catch {
      return error as? ChatModelError
    }
  }

  @Test("texts go as a list with the model's name and the key; vectors come back in the order of the texts")
  func order() async throws {
    let server = try ScriptedServer()
    server.enqueue(answer([(2, [3, 3.5]), (0, [1, 1.5]), (1, [2, 2.5])]))
    let vectors = try await model(server).embed(["one", "two \"quoted\"", "three"], for: .document)
    #expect(vectors == [[1, 1.5], [2, 2.5], [3, 3.5]])
    let sent = try #require(server.requests.first)
    #expect(sent.target == "/v1/embeddings" && sent.headers["authorization"] == "Bearer sk-test-4711")
    #expect(
      try JSONValue(parsing: sent.body) == ["input": ["one", "two \"quoted\"", "three"], "model": "m"])
    #expect(try await model(server).embed([], for: .query).isEmpty)
    #expect(server.requests.count == 1)
  }

  @Test("many texts go in requests of 64")
  func batches() async throws {
    let server = try ScriptedServer { request in
      let texts = request.json["input"] as? [String] ?? []
      let data = texts.enumerated().map { #"{"index": \#($0), "embedding": [\#($1), 1]}"# }
      return .json(200, #"{"data": [\#(data.reversed().joined(separator: ","))]}"#)
    }
    let vectors = try await model(server).embed((0..<150).map(String.init), for: .document)
    #expect(vectors == (0..<150).map { [Float($0), 1] })
    #expect(server.requests.map { ($0.json["input"] as? [String])?.count } == [64, 64, 22])
  }

  @Test("vectors in base64 and without an index are read")
  func base64() async throws {
    let server = try ScriptedServer()
    let numbers: [Float] = [0.25, -1.5, 3e-8]
    let bytes = numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * $0)) } }
    server.enqueue(.json(200, #"{"data":[{"embedding":"\#(Data(bytes).base64EncodedString())"}]}"#))
    #expect(try await model(server).embed(["a"], for: .query) == [numbers])
  }

  @Test(
    "an answer that cannot be used is refused with the reason",
    arguments: [
      (#"{"data":[{"index":0,"embedding":[1]}]}"#, "1 vectors for 2 texts"),
      (#"{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}"#, "the text 1 of 2 twice"),
      (#"{"data":[{"index":0,"embedding":[1]},{"index":7,"embedding":[1]}]}"#, "the text 8 of 2"),
      (#"{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]}"#, "have 1 and 2 numbers"),
      (#"{"data":[{"index":0,"embedding":[]},{"index":1,"embedding":[]}]}"#, "text 1 is empty"),
      (#"{"data":[{"index":0,"embedding":[null]},{"index":1,"embedding":[1]}]}"#, "no number"),
      (#"{"data":[{"index":0,"embedding":[1e300]},{"index":1,"embedding":[1]}]}"#, "without end"),
      (#"{"data":[{"index":0,"embedding":"AADAfw=="},{"index":1,"embedding":[1]}]}"#, "without end"),
      (#"{"data":[{"index":0,"embedding":"%"},{"index":1,"embedding":[1]}]}"#, "base64"),
      (#"{"data":[{"index":0},{"index":1,"embedding":[1]}]}"#, "text 1 has no vector"),
      (#"{"data":[{"index":0,"embedding":[NaN]}]}"#, "begins with"),
      (#"{"embeddings":[[1]]}"#, "no list of vectors"), ("", "empty"), ("<html>", "begins with <html>"),
    ])
  func unreadable(body: String, cause: String) async throws {
    let server = try ScriptedServer()
    server.enqueue(.json(200, body))
    let error = try #require(try await error(server))
    #expect(error.kind == .unreadable && error.model == "openai/m")
    #expect(error.description.contains(cause), "\(error)")
  }

  @Test("vectors of another dimension in a later request are refused")
  func mixedBatches() async throws {
    let server = try ScriptedServer { request in
      let texts = request.json["input"] as? [String] ?? []
      let vector = texts.count == 64 ? "[1,2]" : "[1,2,3]"
      return .json(200, #"{"data":[\#(texts.map { _ in #"{"embedding":\#(vector)}"# }.joined(separator: ","))]}"#)
    }
    let error = try #require(try await error(server, (0..<65).map(String.init)))
    #expect(error.kind == .unreadable && error.description.contains("2 numbers and then of 3"))
  }

  @Test("an error object, a status and a text that is too long are told as those of chat models are")
  func errors() async throws {
    for (response, kind) in [
      (
        ScriptedResponse.json(200, #"{"error":{"message":"no","code":"rate_limit_exceeded"}}"#),
        ChatModelError.Kind.rateLimited(retryAfter: nil)
      ),
      (.json(401, #"{"error":{"message":"bad sk-test-4711"}}"#), .unauthorised),
      (.json(404, #"{"error":{"message":"model not found, try pulling it first"}}"#), .notFound),
      (.json(400, #"{"error":{"message":"This model's maximum context length is 8192 tokens"}}"#), .contextTooLong),
      (
        .json(500, #"{"error":{"message":"input is too large to process. increase the physical batch size"}}"#),
        .contextTooLong
      ),
      (.json(413, #"{"error":"Input validation error: `inputs` must have less than 512 tokens"}"#), .contextTooLong),
      (.stream([.cut]), .unreachable),
    ] {
      let server = try ScriptedServer()
      server.enqueue(response)
      let error = try #require(try await error(server))
      #expect(error.kind == kind)
      #expect(!"\(error)".contains("4711"))
    }
  }

  @Test("what passes is tried again; what does not is not")
  func retries() async throws {
    let server = try ScriptedServer()
    let later = ScriptedResponse.json(503, "{}", headers: ["retry-after-ms": "60"])
    server.enqueue(later, .stream([.cut]), answer([(0, [1])]))
    #expect(try await model(server, retries: RetryPolicy()).embed(["a"], for: .document) == [[1]])
    #expect(server.requests.count == 3)
    server.enqueue(.json(400, "{}"))
    await #expect(throws: ChatModelError.self) {
      try await model(server, retries: RetryPolicy()).embed(["a"], for: .document)
    }
    #expect(server.requests.count == 4)
  }

  @Test("cancelling closes the connection and ends the wait for another try")
  func cancelled() async throws {
    let server = try ScriptedServer()
    server.enqueue(.stream([.hang]))
    let model = try model(server, retries: RetryPolicy())
    let task = Task { try await model.embed(["a"], for: .query) }
    #expect(await server.waitForRequests())
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(await server.waitForDisconnects())

    let other = try ScriptedServer { _ in .json(429, "{}", headers: ["retry-after": "100"]) }
    let waiting = try self.model(other, retries: RetryPolicy())
    let second = Task { try await waiting.embed(["a"], for: .query) }
    #expect(await other.waitForRequests())
    second.cancel()
    await #expect(throws: (any Error).self) { try await second.value }
    #expect(other.requests.count == 1)
  }

  // MARK: Ways

  /// Where a model is asked, and with which key.
  private func sent(
    _ name: String, _ environment: [String: String], _ sections: [ProviderConfiguration] = [],
    _ override: ModelCatalog.Override = .init(), for use: EmbeddingUse = .document
  ) async throws -> HTTPRequest {
    let transport = KeepingTransport()
    let catalog = ModelCatalog(
      transport: transport, environment: environment, providers: sections, retries: .never)
    _ = try? await catalog.resolveEmbeddings(name, with: override).embed(["text"], for: use)
    return try #require(await transport.requests.first)
  }

  @Test(
    "each provider is asked where it answers",
    arguments: [
      ("openai/text-embedding-3-small", "https://api.openai.com/v1/embeddings"),
      ("text-embedding-3-large", "https://api.openai.com/v1/embeddings"),
      ("ollama/nomic-embed-text", "http://127.0.0.1:11434/v1/embeddings"),
      ("gemini/gemini-embedding-001", "https://generativelanguage.googleapis.com/v1beta/openai/embeddings"),
      (
        "azure/my-embedder",
        "https://res.openai.azure.com/openai/deployments/my-embedder/embeddings?api-version=2025-02-01-preview"
      ),
      ("mistral/mistral-embed", "https://api.mistral.ai/v1/embeddings"),
      ("lm_studio/bge-m3", "http://127.0.0.1:1234/v1/embeddings"),
      ("litellm_proxy/e", "http://127.0.0.1:4000/embeddings"),
    ])
  func places(name: String, url: String) async throws {
    let keys = [
      "OPENAI_API_KEY": "sk-o", "GEMINI_API_KEY": "g-key", "AZURE_API_KEY": "az", "MISTRAL_API_KEY": "mi",
      "AZURE_API_BASE": "https://res.openai.azure.com",
    ]
    let request = try await sent(name, keys)
    #expect(request.url == url)
    switch name.prefix(3) {
    case "oll", "lm_", "lit": #expect(request.headers["authorization"] == nil)
    case "azu": #expect(request.headers["api-key"] == "az")
    case "gem":
      #expect(request.headers["authorization"] == "Bearer g-key" && request.headers["x-goog-api-key"] == nil)
    default: #expect(request.headers["authorization"]?.hasPrefix("Bearer ") == true)
    }
  }

  @Test("an address of one's own is asked with its own key only, however it was pasted")
  func keys() async throws {
    let environment = ["OPENAI_API_KEY": "sk-o"]
    let own = ProviderConfiguration(name: "house", baseURL: "http://box/v1/embeddings", apiKey: { "sk-house" })
    let request = try await sent("house/bge-m3", environment, [own])
    #expect(request.url == "http://box/v1/embeddings" && request.headers["authorization"] == "Bearer sk-house")
    let moved = ModelCatalog.Override(baseURL: "http://other/v1")
    #expect(try await sent("openai/m", environment, [], moved).headers["authorization"] == nil)
    let host = ["OLLAMA_HOST": "box:1234"]
    #expect(try await sent("ollama/all-minilm", host).url == "http://box:1234/v1/embeddings")
  }

  @Test("a missing key is a refusal that names the variable")
  func missingKey() async throws {
    let catalog = ModelCatalog(transport: KeepingTransport(), environment: [:])
    let model = try catalog.resolveEmbeddings("openai/text-embedding-3-small")
    #expect(model.name == "openai/text-embedding-3-small")
    await #expect {
      try await model.embed(["a"], for: .query)
    } throws: {
      ($0 as? ChatModelError)?.kind == .noKey(variable: "OPENAI_API_KEY")
    }
  }

  @Test(
    "a provider without such embeddings is refused with what to write instead",
    arguments: ["anthropic/claude-sonnet-4-5", "bedrock/amazon.titan-embed-text-v2:0", "vertex_ai/text-embedding-005"])
  func refused(name: String) {
    let catalog = ModelCatalog(
      transport: KeepingTransport(), environment: ["VERTEXAI_PROJECT": "p", "GOOGLE_APPLICATION_CREDENTIALS": "/no"])
    do {
      _ = try catalog.resolveEmbeddings(name)
      Issue.record("resolved")
    } catch {
      #expect("\(error)".contains(name.prefix { $0 != "/" }) || "\(error)".contains("Vertex"), "\(error)")
    }
  }

  @Test("models that were trained with instructions get them, others get the text")
  func instructions() async throws {
    func input(_ name: String, _ use: EmbeddingUse) async throws -> String? {
      let request = try await sent(name, ["NVIDIA_NIM_API_KEY": "k"], for: use)
      return try JSONValue(parsing: request.body ?? [])["input"]?.list?.first?.text
    }
    #expect(try await input("ollama/nomic-embed-text:latest", .query) == "search_query: text")
    #expect(try await input("ollama/nomic-embed-text:latest", .document) == "search_document: text")
    #expect(try await input("hosted_vllm/intfloat/multilingual-e5-small", .document) == "passage: text")
    #expect(try await input("ollama/mxbai-embed-large", .document) == "text")
    #expect(try await input("ollama/all-minilm", .query) == "text")
    let nvidia = try await sent("nvidia_nim/nv-embed", ["NVIDIA_NIM_API_KEY": "k"], for: .document)
    #expect(try JSONValue(parsing: nvidia.body ?? [])["input_type"] == "passage")
  }

  @Test("a model shows no secret, however it is printed")
  func discreet() throws {
    let catalog = ModelCatalog(transport: KeepingTransport(), environment: ["OPENAI_API_KEY": "sk-secret-1"])
    let model = try catalog.resolveEmbeddings("openai/m")
    var dumped = ""
    dump(model, to: &dumped)
    #expect(!"\(model) \(String(reflecting: model)) \(dumped)".contains("secret"))
  }
}
