import RearviewChat
import RearviewHTTP
import ScriptedServer
import Testing

@testable import RearviewProviders

@Suite("Which models there are")
struct ModelListTests {
  private let transport = HTTPClientTransport(userAgent: "rearview/test")

  private func catalog(_ environment: [String: String], _ providers: [ProviderConfiguration] = []) -> ModelCatalog {
    ModelCatalog(transport: transport, environment: environment, providers: providers)
  }

  /// In the form of Ollama's documentation of `GET /api/tags`.
  private static let tags =
    #"{"models":[{"name":"llama3.2:latest","model":"llama3.2:latest","modified_at":"2026-01-01T00:00:00Z","#
    + #""size":2019393189,"digest":"a80c","details":{"parent_model":"","format":"gguf","family":"llama","#
    + #""families":["llama"],"parameter_size":"3.2B","quantization_level":"Q4_K_M"}},{"name":"tiny:1b"}]}"#

  /// Names of models, without those of the table.
  private func names(_ models: [ModelDescription]) -> [String] {
    models.filter { $0.origin != .table }.map(\.name)
  }

  @Test("Ollama's models are found")
  func ollama() async throws {
    let server = try ScriptedServer { $0.target == "/api/tags" ? .json(200, Self.tags) : .body(404, "") }
    let found = try await catalog(["OLLAMA_HOST": server.url]).listModels(of: "ollama", localTimeout: .seconds(5))
    #expect(
      found == [
        ModelDescription(name: "ollama/llama3.2:latest", provider: "Ollama", detail: "3.2B, Q4_K_M"),
        ModelDescription(name: "ollama/tiny:1b", provider: "Ollama"),
      ])
  }

  @Test("where no Ollama is, or one that hangs or talks nonsense, nothing is found")
  func noOllama() async throws {
    let server = try ScriptedServer()
    server.enqueue(.hang, .body(200, "hello"), .json(500, Self.tags))
    func found() async -> [ModelDescription] {
      (try? await catalog(["OLLAMA_HOST": server.url]).listModels(of: "ollama")) ?? []
    }
    for _ in 0..<3 { #expect(await found().isEmpty) }
    server.stop()
    #expect(await found().isEmpty)
  }

  @Test("a provider lists its models, with its key")
  func configuredProvider() async throws {
    let server = try ScriptedServer { _ in .json(200, #"{"object":"list","data":[{"id":"b/x"},{"id":"a"}]}"#) }
    let section = ProviderConfiguration(name: "mine", baseURL: server.url + "/v1", apiKeyEnv: "MINE_KEY")
    let found = try await catalog(["MINE_KEY": "k-123"], [section]).listModels(of: "mine")
    #expect(found.map(\.name) == ["mine/a", "mine/b/x"])
    #expect(server.requests.first?.target == "/v1/models")
    #expect(server.requests.first?.headers["authorization"] == "Bearer k-123")
  }

  @Test("an entry without a name is no model, and a price that nobody can pay is none")
  func oddEntries() {
    let list =
      #"{"data":["",{"id":""},{"name":"models/"},{"id":"a","pricing":{"prompt":"inf","completion":"1e300"}}]}"#
    #expect(ListedModel.all(in: Array(list.utf8), wire: .gemini) == [ListedModel(id: "a")])
  }

  @Test("Anthropic lists its models, with its key and in its way, when the key is set")
  func anthropic() async throws {
    let server = try ScriptedServer { _ in
      .json(200, #"{"data":[{"type":"model","id":"claude-b","display_name":"B"},{"id":"claude-a"}],"has_more":false}"#)
    }
    let environment = ["ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "sk-ant-1", "OLLAMA_HOST": "127.0.0.1:9"]
    #expect(
      names(await catalog(environment).models()) == [
        "anthropic/claude-a", "anthropic/claude-b", "offline/recall",
      ])
    let request = try #require(server.requests.first)
    #expect(request.path == "/v1/models")
    #expect(request.headers["x-api-key"] == "sk-ant-1")
    #expect(request.headers["anthropic-version"] == "2023-06-01")
    #expect(request.headers["authorization"] == nil)
    #expect(
      names(await catalog(["ANTHROPIC_BASE_URL": server.url, "OLLAMA_HOST": "127.0.0.1:9"]).models()) == [
        "anthropic/claude-a", "anthropic/claude-b", "offline/recall",
      ])
    #expect(server.requests.last?.headers["x-api-key"] == nil)
  }

  @Test("models that the configuration names are offered without asking")
  func namedModels() async throws {
    let section = ProviderConfiguration(name: "mine", baseURL: "http://127.0.0.1:9", models: ["z", "a"])
    #expect(try await catalog([:], [section]).listModels(of: "mine").map(\.name) == ["mine/z", "mine/a"])
  }

  @Test("a list that is refused says why, without the key")
  func refusedList() async throws {
    let server = try ScriptedServer {
      .json(401, #"{"error":{"message":"bad \#($0.headers["authorization"] ?? "")"}}"#)
    }
    let section = ProviderConfiguration(name: "mine", baseURL: server.url, apiKeyEnv: "MINE_KEY")
    let error = await #expect(throws: ChatModelError.self) {
      try await catalog(["MINE_KEY": "k-12345"], [section]).listModels(of: "mine")
    }
    #expect(error?.kind == .unauthorised)
    #expect(error?.detail == "bad Bearer [key]")
  }

  @Test("all lists come together in order; one that fails is left out")
  func allModels() async throws {
    let ollama = try ScriptedServer { _ in .json(200, Self.tags) }
    let own = try ScriptedServer { _ in .json(200, #"{"data":[{"id":"gpt-x"}]}"#) }
    let environment = [
      "OLLAMA_HOST": ollama.url, "OPENAI_BASE_URL": own.url + "/v1", "OPENAI_API_KEY": "sk-1234",
    ]
    let sections = [
      ProviderConfiguration(name: "gone", baseURL: "http://127.0.0.1:9/v1"),
      ProviderConfiguration(name: "mine", baseURL: "http://127.0.0.1:9/v1", models: ["m"]),
    ]
    #expect(
      names(await catalog(environment, sections).models(localTimeout: .seconds(10))) == [
        "mine/m", "openai/gpt-x", "ollama/llama3.2:latest", "ollama/tiny:1b", "offline/recall",
      ])
  }
}
