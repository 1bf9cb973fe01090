import Foundation
import RearviewChat
import RearviewHTTP
import RearviewJSON
import Testing

@testable import RearviewProviders

/// Keys go to the places that they belong to: every way in which a place can be named, and what comes there.
@Suite("Where keys go")
struct KeyPlaceTests {
  /// Everything that was sent, as one text.
  private func sent(
    _ name: String, _ environment: [String: String], _ sections: [ProviderConfiguration] = [],
    _ override: ModelCatalog.Override = .init()
  ) async throws -> String {
    let transport = TokenTransport()
    let catalog = ModelCatalog(
      transport: transport, environment: environment.merging(["HOME": "/nonexistent"]) { $1 }, providers: sections,
      retries: .never)
    _ = await gather(try catalog.resolve(name, with: override).stream(question))
    return await transport.requests.map { request in
      ([request.url] + request.headers.map { "\($0.name): \($0.value)" }).joined(separator: "\n")
    }.joined(separator: "\n\n")
  }

  private static let aws = [
    "AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "env-tok",
  ]

  private func google() throws -> [String: String] {
    let account = try JSONValue(parsing: golden("vertex/oauth_jwt_bearer.json"))["service_account"] ?? [:]
    return ["VERTEXAI_CREDENTIALS": account.written(), "VERTEXAI_PROJECT": "p"]
  }

  @Test("Google's token goes to Google, or where the environment says, and not where a request or a section says")
  func googleTokens() async throws {
    let model = "vertex_ai/meta/llama-maas"
    let environment = try google()
    #expect(try await sent(model, environment).contains("Bearer ya29.test"))
    let named = environment.merging(["VERTEXAI_API_BASE": "http://box/v1"]) { $1 }
    #expect(try await sent(model, named).contains("http://box/v1/projects/p/"))
    #expect(try await sent(model, named).contains("Bearer ya29.test"))
    let call = ModelCatalog.Override(baseURL: "http://box/v1")
    #expect(try await !sent(model, environment, [], call).contains("Bearer"))
    let section = ProviderConfiguration(name: "gw", wire: .vertex, baseURL: "http://box/v1")
    #expect(try await !sent("gw/meta/llama-maas", environment, [section]).contains("Bearer"))
    // What the section names itself is the section's.
    let own = ProviderConfiguration(name: "gw", wire: .vertex, baseURL: "http://box/v1", variables: environment)
    #expect(try await sent("gw/meta/llama-maas", [:], [own]).contains("Bearer ya29.test"))
  }

  @Test("Amazon's signature goes to Amazon, or where the environment says")
  func signatures() async throws {
    let model = "bedrock/meta.llama3"
    #expect(try await sent(model, Self.aws).contains("Credential=AKIDENV/"))
    let call = ModelCatalog.Override(baseURL: "http://127.0.0.1:9")
    let foreign = try await sent(model, Self.aws, [], call)
    #expect(!foreign.contains("AKIDENV") && !foreign.contains("env-tok"))
    // Keys of the call are not mixed with those of the environment, and go before its token.
    let keys = ModelCatalog.Override(variables: ["AWS_ACCESS_KEY_ID": "AKCALL", "AWS_SECRET_ACCESS_KEY": "c"])
    let bearer = Self.aws.merging(["AWS_BEARER_TOKEN_BEDROCK": "env-bearer"]) { $1 }
    let own = try await sent(model, bearer, [], keys)
    #expect(own.contains("Credential=AKCALL/") && !own.contains("env-tok") && !own.contains("env-bearer"))
  }

  @Test("a region or a name that would lead to another host is refused")
  func hosts() async throws {
    let environment = try google().merging(Self.aws) { $1 }.merging(["AWS_BEARER_TOKEN_BEDROCK": "tok"]) { $1 }
    for (model, variables) in [
      ("bedrock/meta.llama3", ["AWS_REGION_NAME": "a@127.0.0.1:9/"]),
      ("vertex_ai/gemini-2.5-flash", ["VERTEXAI_LOCATION": "a@127.0.0.1:9/#"]),
      ("bedrock/arn:aws:bedrock:us-east-1:1:x", ["AWS_REGION_NAME": "x.evil.example/"]),
    ] where !model.contains("arn") {
      await #expect(throws: ModelNameError.self, "\(model)") {
        try await sent(model, environment, [], ModelCatalog.Override(variables: variables))
      }
    }
    await #expect(throws: ModelNameError.self) {
      try await sent("snowflake/m", ["SNOWFLAKE_JWT": "j", "SNOWFLAKE_ACCOUNT_ID": "evil.example/"])
    }
  }

  @Test("a section's key goes to the section's address and to no other")
  func sections() async throws {
    let section = ProviderConfiguration(name: "openai", baseURL: "http://b/v1", apiKey: { "sk-section" })
    let environment = ["OPENAI_BASE_URL": "http://a/v1", "OPENAI_API_KEY": "sk-env"]
    func to(_ base: String) async throws -> String {
      try await sent("openai/m", environment, [section], ModelCatalog.Override(baseURL: base))
    }
    #expect(try await to("http://a/v1").contains("Bearer sk-env"))
    #expect(try await to("http://b/v1").contains("Bearer sk-section"))
    #expect(try await !to("http://c/v1").contains("Bearer"))
    #expect(try await !to("https://api.openai.com/v1").contains("sk-section"))
    // An address among the section's variables is the section's.
    let variables = ProviderConfiguration(
      name: "openai", apiKey: { "sk-section" }, variables: ["OPENAI_BASE_URL": "http://b/v1"])
    let text = try await sent("openai/m", ["OPENAI_API_KEY": "sk-env"], [variables])
    #expect(text.contains("http://b/v1/") && text.contains("Bearer sk-section") && !text.contains("sk-env"))
  }

  @Test("a key is exchanged with its own provider only; elsewhere it is sent as it is")
  func exchanges() async throws {
    let section = ProviderConfiguration(
      name: "watsonx", baseURL: "http://gateway/ml/v1", apiKey: { "k-gateway" },
      variables: ["WATSONX_PROJECT_ID": "p"])
    let text = try await sent("watsonx/granite", [:], [section])
    #expect(!text.contains("iam.cloud.ibm.com") && text.contains("Bearer k-gateway"))
  }

  @Test("a provider without a place of its own takes the environment's key where its section says it is")
  func placeless() async throws {
    let section = ProviderConfiguration(name: "azure", baseURL: "https://res.openai.azure.com")
    #expect(try await sent("azure/d", ["AZURE_API_KEY": "az"], [section]).contains("api-key: az"))
    let catalog = ModelCatalog(transport: KeepingTransport(), environment: [:], providers: [section])
    let (_, error) = await gather(try catalog.resolve("azure/d").stream(question))
    #expect(error?.kind == .noKey(variable: "AZURE_API_KEY"))
  }

  @Test("a header that repeats the key is left out where there is none")
  func headers() async throws {
    let section = ProviderConfiguration(name: "sarvam", baseURL: "http://box/v1")
    #expect(try await !sent("sarvam/m", ["SARVAM_API_KEY": "k"], [section]).contains("api-subscription-key"))
  }

  @Test(
    "what Azure's portal shows as the target is understood",
    arguments: [
      "https://res.openai.azure.com/openai/deployments/d/chat/completions?api-version=2025-01-01-preview",
      "https://res.openai.azure.com/", "https://res.openai.azure.com/openai",
    ])
  func azureTargets(base: String) async throws {
    let environment = ["AZURE_API_BASE": base, "AZURE_API_KEY": "k"]
    let text = try await sent("azure/d", environment)
    let version = base.contains("2025-01") ? "2025-01-01-preview" : "2025-02-01-preview"
    #expect(
      text.hasPrefix("https://res.openai.azure.com/openai/deployments/d/chat/completions?api-version=\(version)\n"))
    let host = try await sent("azure/d", ["AZURE_API_BASE": "https://openai.example", "AZURE_API_KEY": "k"])
    #expect(host.hasPrefix("https://openai.example/openai/deployments/d/"))
  }

  @Test("who listens on a port of this machine is shown no key, unless someone said that a server is there")
  func probes() async throws {
    let transport = TokenTransport()
    let environment = ["LLAMA_API_KEY": "sk-meta", "LM_STUDIO_API_KEY": "lm", "LLAMA_CPP_SERVER_API_KEY": "own"]
    let catalog = ModelCatalog(transport: transport, environment: environment)
    for id in ["llama_cpp_server", "lm_studio"] { _ = try? await catalog.listModels(of: id) }
    #expect(await transport.requests.count == 2)
    #expect(await transport.requests.allSatisfy { $0.headers["authorization"] == nil })
    let named = ModelCatalog(
      transport: transport, environment: environment.merging(["LM_STUDIO_API_BASE": "http://127.0.0.1:9/v1"]) { $1 })
    _ = try? await named.listModels(of: "lm_studio")
    #expect(await transport.requests.last?.headers["authorization"] == "Bearer lm")
  }

  @Test("a limit of Gemini's that passes is waited for as long as it says")
  func geminiLimits() {
    let body =
      #"{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing.","#
      + #""status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","#
      + #""retryDelay":"26s"}]}}"#
    let failure = ProviderFailure(provider: "P", model: "p/m", redaction: Redaction(secrets: []))
    let error = failure.error(status: 429, headers: [:], body: Array(body.utf8), now: Date())
    #expect(error.kind == .rateLimited(retryAfter: .seconds(26)))
    #expect(Backoff(policy: RetryPolicy()).wait(after: error, attempt: 1) == .seconds(26))
  }

  @Test("a key that an answer repeats is taken out wherever it stands")
  func redaction() async throws {
    struct Repeating: HTTPTransport {
      func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let text = String(repeating: "x", count: 185) + (request.headers["authorization"] ?? "")
        return HTTPResponse(status: 200, body: HTTPBody(chunks: [Array(text.utf8)]))
      }
    }
    let key = "sk-verysecretkey-0123456789abcdefghijklmnop"
    let catalog = ModelCatalog(transport: Repeating(), environment: ["OPENAI_API_KEY": key], retries: .never)
    let (_, error) = await gather(try catalog.resolve("openai/m").stream(question))
    #expect(error?.kind == .unreadable && error?.description.contains("sk-very") == false)
    #expect(error?.description.contains("[key]") == true)
  }

  @Test("who is cancelled while a token is fetched goes at once")
  func cancelledToken() async throws {
    actor Silent: HTTPTransport {
      private(set) var isAsked = false
      func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        isAsked = true
        try await Task.sleep(for: .seconds(3600))
        throw HTTPError.shutDown
      }
    }
    let silent = Silent()
    let catalog = ModelCatalog(transport: silent, environment: try google(), retries: .never)
    let model = try catalog.resolve("vertex_ai/gemini-2.5-flash")
    let task = Task { await gather(model.stream(question)).0 }
    while await !silent.isAsked { await Task.yield() }
    task.cancel()
    // The token server is silent for an hour: only the cancelling can end this.
    #expect(await task.value == Gathered())
  }
}
