import Foundation
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

  // MARK: What is known of models

  @Test("a list's own facts go before the table's, and the table fills in the rest")
  func facts() async throws {
    let server = try ScriptedServer { _ in
      .json(
        200,
        #"{"data":[{"id":"anthropic/claude-sonnet-4.5","context_length":200000,"#
          + #""pricing":{"prompt":"0.000003","completion":"0.000015"}},{"id":"e","type":"embedding"}]}"#)
    }
    let environment = ["OPENROUTER_API_KEY": "k", "OPENROUTER_API_BASE": server.url + "/api/v1"]
    let models = try await catalog(environment).listModels(of: "openrouter")
    let model = try #require(models.first)
    #expect(models.count == 1)
    #expect(model.contextWindow == 200_000 && model.inputPrice == 3 && model.outputPrice == 15)
    #expect(model.origin == .found)
    #expect(model.cost(of: Usage(inputTokens: 1_000_000, outputTokens: 100_000)) == 4.5)

    let openAI = try ScriptedServer { _ in .json(200, #"{"data":[{"id":"gpt-4o-mini"},{"id":"unheard-of"}]}"#) }
    let own = ["OPENAI_API_KEY": "k", "OPENAI_BASE_URL": openAI.url + "/v1"]
    let listed = try await catalog(own).listModels(of: "openai")
    #expect(listed.map(\.contextWindow) == [128_000, nil])
    #expect(listed.map(\.inputPrice) == [0.15, nil])
    #expect(listed.map(\.seesImages) == [true, nil])
  }

  @Test("Gemini's list is read in its own form")
  func gemini() async throws {
    let server = try ScriptedServer { _ in
      .json(
        200,
        #"{"models":[{"name":"models/gemini-x","inputTokenLimit":1000,"outputTokenLimit":10,"#
          + #""supportedGenerationMethods":["generateContent"]},"#
          + #"{"name":"models/embedding-x","supportedGenerationMethods":["embedContent"]}]}"#)
    }
    let environment = ["GEMINI_API_KEY": "g", "GEMINI_API_BASE": server.url + "/v1beta"]
    let models = try await catalog(environment).listModels(of: "gemini")
    #expect(models.map(\.name) == ["gemini/gemini-x"])
    #expect(models.first?.contextWindow == 1000 && models.first?.maxOutput == 10)
    #expect(server.requests.first?.headers["x-goog-api-key"] == "g")
  }

  @Test("a list is asked for once a day, unless it is to be refreshed; none of a server of this machine is kept")
  func keptLists() async throws {
    actor Counting: HTTPTransport {
      private(set) var asked = 0
      func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        asked += 1
        return HTTPResponse(
          status: 200, body: HTTPBody(chunks: [Array(#"{"data":[{"id":"m\#(asked)"}]}"#.utf8)]))
      }
    }
    let folder = try TemporaryFolder()
    let (transport, file) = (Counting(), folder.path + "/lists.json")
    let sections = [
      ProviderConfiguration(name: "far", baseURL: "https://far.example/v1", apiKey: { "sk-secret" }),
      ProviderConfiguration(name: "near", baseURL: "http://127.0.0.1:9/v1"),
    ]
    func list(_ name: String, refreshes: Bool = false) async throws -> [String] {
      // A new catalog each time: another start of the program.
      let catalog = ModelCatalog(
        transport: transport, environment: [:], providers: sections, listFile: file)
      return try await catalog.listModels(of: name, refreshes: refreshes).map(\.name)
    }
    #expect(try await list("far") == ["far/m1"])
    #expect(try await list("far") == ["far/m1"])
    #expect(try await list("far", refreshes: true) == ["far/m2"])
    #expect(try await list("far") == ["far/m2"])
    #expect(try await list("near") == ["near/m3"])
    #expect(try await list("near") == ["near/m4"])
    let written = try String(contentsOfFile: file, encoding: .utf8)
    #expect(!written.contains("sk-secret"))
    try "broken".write(toFile: file, atomically: true, encoding: .utf8)
    #expect(try await list("far") == ["far/m5"])
    let lists = ModelLists(path: file)
    #expect(await lists.list(of: "far https://far.example/v1/models")?.map(\.id) == ["m5"])
    let tomorrow = Date().addingTimeInterval(24 * 3600 + 1)
    #expect(await lists.list(of: "far https://far.example/v1/models", now: tomorrow) == nil)
  }

  @Test("the menu has what was set up and found first, then the whole table, each model once")
  func order() async throws {
    let ollama = try ScriptedServer { _ in .json(200, Self.tags) }
    let sections = [ProviderConfiguration(name: "openai", baseURL: "http://127.0.0.1:9", models: ["gpt-4o"])]
    let models = await catalog(["OLLAMA_HOST": ollama.url], sections).models(localTimeout: .seconds(10))
    #expect(models.first?.name == "openai/gpt-4o" && models.first?.contextWindow == 128_000)
    #expect(models.last?.name == "offline/recall")
    let places = models.compactMap { ModelDescription.Origin.allCases.firstIndex(of: $0.origin) }
    #expect(places == places.sorted() && places.count == models.count)
    #expect(Set(models.map(\.name)).count == models.count)
    #expect(models.filter { $0.origin == .table }.count > 2_700)
    #expect(models.filter { $0.name.hasPrefix("ollama/") && $0.origin == .found }.count == 2)
  }

  @Test("the table knows what a model takes and costs; what it does not know it does not say")
  func table() throws {
    let catalog = catalog([:])
    let model = try #require(catalog.description(of: "gpt-4o-mini"))
    #expect(model.name == "openai/gpt-4o-mini" && model.provider == "OpenAI" && model.origin == .table)
    #expect(model.contextWindow == 128_000 && model.maxOutput == 16_384)
    #expect(model.inputPrice == 0.15 && model.outputPrice == 0.6 && model.cachedInputPrice == 0.075)
    #expect(model.seesImages == true && model.callsTools == true && model.reasons == false)
    #expect(
      model.cost(of: Usage(inputTokens: 1_000_000, outputTokens: 0, cachedInputTokens: 1_000_000)) == 0.075)
    #expect(catalog.description(of: "openai/never-heard-of") == nil)
    #expect(catalog.description(of: "offline/recall") == nil)
    var count = 0
    var names: [String] = []
    ModelTable.forEach { line in
      count += 1
      names.append(line.name)
    }
    #expect(count > 2_700 && names == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    // Every line is found by its name, the first and the last too.
    for name in names { #expect(ModelTable.line(name)?.name == name) }
    #expect(ModelTable.line("a") == nil && ModelTable.line("zzz") == nil && ModelTable.line("") == nil)
  }

  @Test("a server of this machine is found by its own list, by whichever name it has")
  func localServers() async throws {
    let list = #"{"object":"list","data":[{"id":"qwen","object":"model","owned_by":"x","max_model_len":4096}]}"#
    for (id, variable) in [
      ("lm_studio", "LM_STUDIO_API_BASE"), ("hosted_vllm", "HOSTED_VLLM_API_BASE"),
      ("llamafile", "LLAMAFILE_API_BASE"), ("llama_cpp_server", "LLAMA_CPP_SERVER_API_BASE"),
      ("xinference", "XINFERENCE_API_BASE"), ("lemonade", "LEMONADE_API_BASE"),
      ("docker_model_runner", "DOCKER_MODEL_RUNNER_API_BASE"), ("litellm_proxy", "LITELLM_PROXY_API_BASE"),
    ] {
      let server = try ScriptedServer { _ in .json(200, list) }
      let environment = [variable: server.url + "/v1", "OPENAI_API_KEY": "sk-other"]
      let models = try await catalog(environment).listModels(of: id, localTimeout: .seconds(10))
      #expect(models.map(\.name) == ["\(id)/qwen"] && models.first?.contextWindow == 4096)
      // One question, without a key of anybody's.
      #expect(server.requests.map(\.method) == ["GET"])
      #expect(server.requests.first?.headers["authorization"] == nil)
    }
  }

  @Test("what is ready and what lacks what is told without asking anyone")
  func statuses() throws {
    let statuses = catalog(
      ["GROQ_API_KEY": "k", "AZURE_API_KEY": "a"], [ProviderConfiguration(name: "mine", baseURL: "http://h/v1")]
    ).providerStatuses()
    #expect(statuses.first?.id == "mine" && statuses.first?.isReady == true && statuses.first?.kind == .configured)
    let byID = Dictionary(uniqueKeysWithValues: statuses.map { ($0.id, $0) })
    #expect(byID["groq"]?.isReady == true && byID["groq"]?.isSetUp == true)
    #expect(byID["openai"]?.lacks?.contains("OPENAI_API_KEY") == true && byID["openai"]?.isSetUp == false)
    #expect(byID["azure"]?.lacks?.contains("AZURE_API_BASE") == true && byID["azure"]?.isSetUp == true)
    #expect(byID["cohere"]?.lacks?.contains("litellm_proxy") == true)
    #expect(byID["ollama"]?.isReady == true && byID["ollama"]?.kind == .local)
    #expect(byID["bedrock"]?.lacks?.contains("AWS_ACCESS_KEY_ID") == true)
    #expect(statuses.count == ProviderTable.rows.count + 1)
  }
}
