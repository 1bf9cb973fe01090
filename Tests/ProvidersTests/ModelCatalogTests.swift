import Foundation
import RearviewChat
import RearviewHTTP
import ScriptedServer
import Testing

@testable import RearviewProviders

@Suite("From a name to a model")
struct ModelCatalogTests {
  private let transport = HTTPClientTransport(userAgent: "rearview/test")

  private func catalog(_ environment: [String: String] = [:], _ providers: [ProviderConfiguration] = []) -> ModelCatalog
  {
    ModelCatalog(transport: transport, environment: environment, providers: providers)
  }

  private func openAI(_ name: String, _ catalog: ModelCatalog) throws -> RemoteModel {
    try #require(try catalog.resolve(name) as? RemoteModel)
  }

  /// The key that a request to the endpoint would carry: `nil` for none, the name of a variable in brackets for a refusal.
  private func key(_ endpoint: Endpoint) async throws -> String? {
    switch endpoint.credential {
    case .none: nil
    case .variable(let name, let value): value ?? "[\(name)]"
    case .deferred(let variable, let ask): try await ask() ?? "[\(variable)]"
    }
  }

  @Test("only the first slash counts; bare names of OpenAI's are OpenAI's")
  func names() throws {
    for (name, full, sent) in [
      ("openai/gpt-4o", "openai/gpt-4o", "gpt-4o"), ("gpt-4o-mini", "openai/gpt-4o-mini", "gpt-4o-mini"),
      ("o3", "openai/o3", "o3"), ("chatgpt-4o-latest", "openai/chatgpt-4o-latest", "chatgpt-4o-latest"),
      (" mine/a/b:c ", "mine/a/b:c", "a/b:c"), ("ollama/llama3.2:latest", "ollama/llama3.2:latest", "llama3.2:latest"),
    ] {
      let model = try openAI(name, catalog([:], [ProviderConfiguration(name: "mine", baseURL: "http://h/v1")]))
      #expect(model.name == full)
      #expect(model.model == sent)
      #expect(model.retainsAnswers)
    }
    let offline = try catalog().resolve("offline/recall")
    #expect(offline.name == "offline/recall")
    #expect(!offline.retainsAnswers)
  }

  @Test("a name that leads nowhere says what to do")
  func unknownNames() {
    let catalog = catalog([:], [ProviderConfiguration(name: "mine"), ProviderConfiguration(name: "openai")])
    let cases: [(String, ModelNameError)] = [
      ("", .empty), ("  ", .empty),
      ("no-such-model", .noProvider(name: "no-such-model", likely: [])),
      ("other/claude", .unknownProvider("other", name: "other/claude", likely: [])),
      ("together/llama", .unknownProvider("together", name: "together/llama", likely: ["together_ai/"])),
      ("offline/other", .unknownProvider("offline", name: "offline/other", likely: [])),
      ("/x", .unknownProvider("", name: "/x", likely: [])),
      (
        "azure/gpt-4",
        .noBaseURL(provider: "azure", variable: "AZURE_API_BASE", example: "https://NAME.openai.azure.com")
      ),
      ("cloudflare/@cf/x", .unsetVariable(provider: "cloudflare", names: ["CLOUDFLARE_ACCOUNT_ID"])),
      ("openai/", .noModel(provider: "openai")), ("anthropic/", .noModel(provider: "anthropic")),
      ("mine/x", .noBaseURL(provider: "mine", variable: nil, example: nil)),
    ]
    for (name, expected) in cases {
      #expect(throws: expected) { try catalog.resolve(name) }
      #expect(expected.description.hasSuffix("."))
    }
  }

  struct Route: Sendable, CustomTestStringConvertible {
    var environment: [String: String]
    var section: ProviderConfiguration?
    var base: String
    var key: String?
    var provider = "OpenAI"
    var testDescription: String { "\(environment) \(section?.baseURL ?? "-")" }
  }

  private static let own = ["OPENAI_API_KEY": "sk-own"]

  @Test(
    "OpenAI's key goes where it belongs and nowhere else",
    arguments: [
      Route(environment: [:], base: "https://api.openai.com/v1", key: "[OPENAI_API_KEY]"),
      Route(environment: ["OPENAI_API_KEY": ""], base: "https://api.openai.com/v1", key: "[OPENAI_API_KEY]"),
      Route(environment: own, base: "https://api.openai.com/v1", key: "sk-own"),
      Route(
        environment: own.merging(["OPENAI_BASE_URL": "http://127.0.0.1:1/v1/", "OPENAI_API_BASE": "http://x"]) { $1 },
        base: "http://127.0.0.1:1/v1", key: "sk-own", provider: "127.0.0.1:1"),
      Route(
        environment: own.merging(["OPENAI_API_BASE": "http://box/v1/chat/completions"]) { $1 }, base: "http://box/v1",
        key: "sk-own", provider: "box"),
      Route(environment: ["OPENAI_BASE_URL": "http://box/v1"], base: "http://box/v1", key: nil, provider: "box"),
      Route(
        environment: ["OPENAI_BASE_URL": "https://api.openai.com/v1"], base: "https://api.openai.com/v1",
        key: "[OPENAI_API_KEY]"),
      Route(
        environment: own, section: ProviderConfiguration(name: "openai", baseURL: "http://box/v1"),
        base: "http://box/v1", key: nil, provider: "box"),
      Route(
        environment: own.merging(["BOX_KEY": "k"]) { $1 },
        section: ProviderConfiguration(name: "openai", baseURL: "http://box/v1", apiKeyEnv: "BOX_KEY"),
        base: "http://box/v1", key: "k", provider: "box"),
      Route(
        environment: own,
        section: ProviderConfiguration(name: "openai", baseURL: "http://box/v1", apiKeyEnv: "BOX_KEY"),
        base: "http://box/v1", key: "[BOX_KEY]", provider: "box"),
      Route(
        environment: own, section: ProviderConfiguration(name: "openai", apiKey: { "sk-file" }),
        base: "https://api.openai.com/v1", key: "sk-file"),
      Route(
        environment: own.merging(["OPENAI_BASE_URL": "http://env/v1"]) { $1 },
        section: ProviderConfiguration(name: "openai", baseURL: "http://box/v1", apiKey: { "sk-file" }),
        base: "http://env/v1", key: "sk-own", provider: "env"),
      Route(
        environment: ["OPENAI_BASE_URL": "http://env/v1"],
        section: ProviderConfiguration(name: "openai", apiKey: { "sk-file" }, headers: ["x-secret": "s"]),
        base: "http://env/v1", key: nil, provider: "env"),
    ])
  func openAIKeys(route: Route) async throws {
    let model = try openAI("openai/m", catalog(route.environment, route.section.map { [$0] } ?? []))
    #expect(model.endpoint.baseURL == route.base)
    #expect(model.endpoint.provider == route.provider)
    #expect(try await key(model.endpoint) == route.key)
    if route.environment["OPENAI_BASE_URL"] != nil { #expect(model.endpoint.headers.isEmpty) }
  }

  private static let ownClaude = ["ANTHROPIC_API_KEY": "sk-ant", "OPENAI_API_KEY": "sk-own"]

  @Test(
    "Anthropic's key goes where it belongs and nowhere else, however its address ends",
    arguments: [
      Route(
        environment: own, base: "https://api.anthropic.com", key: "[ANTHROPIC_API_KEY]", provider: "Anthropic"),
      Route(environment: ownClaude, base: "https://api.anthropic.com", key: "sk-ant", provider: "Anthropic"),
      Route(
        environment: ownClaude.merging([
          "ANTHROPIC_API_BASE": "http://a:1/v1/messages", "ANTHROPIC_BASE_URL": "http://x",
        ]) { $1 },
        base: "http://a:1", key: "sk-ant", provider: "a:1"),
      Route(
        environment: ownClaude.merging(["ANTHROPIC_API_BASE": "http://a/anthropic/v1/"]) { $1 },
        base: "http://a/anthropic", key: "sk-ant", provider: "a"),
      Route(environment: ["ANTHROPIC_BASE_URL": "http://a"], base: "http://a", key: nil, provider: "a"),
      Route(
        environment: ownClaude, section: ProviderConfiguration(name: "anthropic", baseURL: "http://a/v1"),
        base: "http://a", key: nil, provider: "a"),
      Route(
        environment: ownClaude.merging(["A_KEY": "k"]) { $1 },
        section: ProviderConfiguration(name: "anthropic", baseURL: "http://a", apiKeyEnv: "A_KEY"), base: "http://a",
        key: "k", provider: "a"),
      Route(
        environment: own, section: ProviderConfiguration(name: "anthropic", apiKey: { "sk-file" }),
        base: "https://api.anthropic.com", key: "sk-file", provider: "Anthropic"),
    ])
  func anthropicKeys(route: Route) async throws {
    let catalog = catalog(route.environment, route.section.map { [$0] } ?? [])
    let model = try #require(try catalog.resolve("anthropic/claude-x") as? RemoteModel)
    #expect(model.name == "anthropic/claude-x")
    #expect(model.model == "claude-x")
    #expect(model.endpoint.baseURL == route.base)
    #expect(model.endpoint.provider == route.provider)
    #expect(try await key(model.endpoint) == route.key)
    let bare = try #require(try catalog.resolve("claude-x") as? RemoteModel)
    #expect(bare.name == "anthropic/claude-x")
    #expect(bare.endpoint.baseURL == route.base)
  }

  @Test("a provider of the configuration gets its own key or none, never OpenAI's")
  func configuredKeys() async throws {
    let environment = ["OPENAI_API_KEY": "sk-own", "GROQ_API_KEY": "gsk"]
    let sections = [
      ProviderConfiguration(name: "bare", baseURL: "http://a/v1"),
      ProviderConfiguration(name: "groq", baseURL: "http://b/v1", apiKeyEnv: "GROQ_API_KEY", headers: ["x": "y"]),
      ProviderConfiguration(name: "unset", baseURL: "http://c/v1", apiKeyEnv: "UNSET_KEY"),
    ]
    let catalog = catalog(environment, sections)
    #expect(try await key(openAI("bare/m", catalog).endpoint) == nil)
    #expect(try await key(openAI("groq/m", catalog).endpoint) == "gsk")
    #expect(try openAI("groq/m", catalog).endpoint.headers == ["x": "y"])
    #expect(try await key(openAI("unset/m", catalog).endpoint) == "[UNSET_KEY]")
  }

  @Test("without a key nothing is sent to OpenAI, and the variable is named")
  func refusesWithoutKey() async throws {
    let (_, error) = await gather(try catalog().resolve("gpt-4o").stream(question))
    #expect(error?.kind == .noKey(variable: "OPENAI_API_KEY"))
    #expect(error?.description.contains("OPENAI_API_KEY") == true)
  }

  @Test("nothing that holds a key shows it when it is printed or dumped")
  func printing() throws {
    let section = ProviderConfiguration(name: "mine", baseURL: "http://h/v1", headers: ["x": "hush-1234"])
    let catalog = catalog(
      ["OPENAI_API_KEY": "sk-secret", "ANTHROPIC_API_KEY": "sk-secret"], [section])
    let values: [Any] =
      [section, catalog] + (try ["openai/m", "mine/m", "anthropic/m"].map { try catalog.resolve($0) })
    for value in values {
      var dumped = ""
      dump(value, to: &dumped)
      for text in ["\(value)", String(reflecting: value), dumped] {
        #expect(!text.contains("sk-secret") && !text.contains("hush-1234"), "\(text)")
      }
    }
  }

  @Test("a key command that fails is a key that is not set")
  func failingKeyCommand() async throws {
    struct Failure: Error {}
    let section = ProviderConfiguration(name: "my-box", baseURL: "http://127.0.0.1:9", apiKey: { throw Failure() })
    let (_, error) = await gather(try catalog([:], [section]).resolve("my-box/m").stream(question))
    #expect(error?.kind == .noKey(variable: "MY_BOX_API_KEY"))
  }

  @Test("a local server needs no key and gets no Authorization")
  func noAuthorization() async throws {
    let server = try ScriptedServer { _ in .openAIAnswer("ok") }
    let model = try catalog(["OPENAI_BASE_URL": server.url + "/v1"]).resolve("openai/local")
    #expect(await gather(model.stream(question)).0.text == "ok")
    #expect(server.requests.first?.headers["authorization"] == nil)
  }

  @Test(
    "Ollama's address is read as its users write it",
    arguments: [
      ([:], "http://127.0.0.1:11434"), (["OLLAMA_HOST": "box"], "http://box:11434"),
      (["OLLAMA_HOST": "0.0.0.0:1234"], "http://127.0.0.1:1234"), (["OLLAMA_HOST": ":99"], "http://127.0.0.1:99"),
      (["OLLAMA_HOST": "https://box/ollama/"], "https://box/ollama"),
      (["OLLAMA_API_BASE": "http://box:1/v1"], "http://box:1"),
      (["OLLAMA_HOST": "a:1", "OLLAMA_API_BASE": "http://b:2"], "http://a:1"),
    ] as [([String: String], String)])
  func ollamaAddresses(environment: [String: String], base: String) throws {
    #expect(try openAI("ollama/m", catalog(environment)).endpoint.baseURL == base)
  }

  @Test("an address that is none names where it was set")
  func invalidAddresses() {
    #expect(throws: ModelNameError.invalidBaseURL(provider: "OpenAI", source: "OPENAI_BASE_URL")) {
      try catalog(["OPENAI_BASE_URL": "localhost:80"]).resolve("openai/m")
    }
    #expect(throws: ModelNameError.invalidBaseURL(provider: "ollama", source: "OLLAMA_HOST")) {
      try catalog(["OLLAMA_HOST": "ftp://x"]).resolve("ollama/m")
    }
    #expect(throws: ModelNameError.invalidBaseURL(provider: "p", source: "base_url in [providers.p]")) {
      try catalog([:], [ProviderConfiguration(name: "p", baseURL: "box")]).resolve("p/m")
    }
  }
}
