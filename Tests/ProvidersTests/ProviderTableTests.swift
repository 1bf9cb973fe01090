import Foundation
import RearviewChat
import RearviewHTTP
import RearviewJSON
import Testing

@testable import RearviewProviders

/// A provider as the survey of LiteLLM's table has it; our own table is held against it.
struct SurveyedProvider: Sendable, CustomTestStringConvertible {
  var json: JSONObject
  var id: String { json["id"]?.text ?? "" }
  var testDescription: String { id }
  var wire: WireProtocol? { json["protocol"]?.text.flatMap(WireProtocol.init) }
  var isSpoken: Bool { wire != nil && ["cloud", "local", "gateway"].contains(json["group"]?.text) }

  static func all() throws -> [SurveyedProvider] {
    try #require(try JSONValue(parsing: golden("providers.json")).list).compactMap(\.object).map(Self.init)
  }

  func texts(_ name: String) -> [String] { (json[name]?.list ?? []).compactMap(\.text) }
}

/// Keeps the requests, answers tokens where they are asked for, and refuses the rest.
private actor KeepingTokens: HTTPTransport {
  private(set) var requests: [HTTPRequest] = []

  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    requests.append(request)
    guard Self.isOfTokens(request) else { return HTTPResponse(status: 500) }
    let token = #"{"access_token":"exchanged","expires_in":3600}"#
    return HTTPResponse(status: 200, body: HTTPBody(chunks: [Array(token.utf8)]))
  }

  /// The last request that was not for a token.
  var asked: HTTPRequest? { requests.last { !Self.isOfTokens($0) } }

  private static func isOfTokens(_ request: HTTPRequest) -> Bool {
    request.url.hasSuffix("/token") || request.url.hasSuffix("/oauth")
  }
}

@Suite("The table of providers")
struct ProviderTableTests {
  /// What addresses leave open, and what is no key of its own.
  private static let usual = [
    "CLOUDFLARE_ACCOUNT_ID": "acct", "DATABRICKS_API_BASE": "https://w.cloud.databricks.com/serving-endpoints",
    "WATSONX_URL": "https://us-south.ml.cloud.ibm.com", "WATSONX_PROJECT_ID": "proj",
    "SNOWFLAKE_ACCOUNT_ID": "acc", "HEROKU_API_BASE": "https://us.inference.heroku.com",
    "RAGFLOW_API_BASE": "http://rag:9380", "AZURE_API_BASE": "https://res.openai.azure.com",
    "AZURE_AI_API_BASE": "https://res.services.ai.azure.com", "CUSTOM_OPENAI_API_BASE": "http://own:1/v1",
    "OOBABOOGA_API_BASE": "http://127.0.0.1:5000/v1", "GDC_API_BASE": "https://gdc.example",
    "GDC_PROJECT": "p", "GDC_LOCATION": "l", "VERTEXAI_PROJECT": "test-project", "HOME": "/nonexistent",
    "AWS_SECRET_ACCESS_KEY": "test-aws-secret",
  ]

  private static func model(of id: String) -> String {
    switch id {
    case "ragflow": "chat/c1/m"
    case "vertex_ai", "vertex_ai_beta": "gemini-2.5-flash"
    default: "some/model"
    }
  }

  @Test("every provider of the survey is there, and as many are spoken with as can be")
  func counts() throws {
    let surveyed = try SurveyedProvider.all()
    #expect(Set(surveyed.map(\.id)) == Set(ProviderTable.rows.map(\.id)))
    #expect(ProviderTable.rows.filter { $0.refusal == nil }.count == 115)
    for provider in surveyed {
      let row = try #require(ProviderTable.row(provider.id))
      #expect((row.refusal == nil) == provider.isSpoken)
      if provider.isSpoken { #expect(row.wire == provider.wire) }
    }
  }

  @Test("a provider that is not spoken with is refused with what to do instead")
  func refusals() throws {
    let catalog = ModelCatalog(transport: KeepingTransport(), environment: Self.usual)
    for provider in try SurveyedProvider.all() where !provider.isSpoken {
      let error = #expect(throws: ModelNameError.self) { try catalog.resolve("\(provider.id)/m") }
      #expect(error?.description.contains("litellm_proxy/m") == true)
    }
  }

  @Test(
    "a provider's request goes to its address, with its key, in its protocol",
    arguments: try SurveyedProvider.all().filter(\.isSpoken))
  func requests(provider: SurveyedProvider) async throws {
    var keys = provider.texts("api_key_env").filter { !$0.hasPrefix("AWS_") && !$0.hasPrefix("GOOGLE_APP") }
    // The survey's name is that of Meta's hosted key, which must not come to whoever listens on a port.
    if provider.id == "llama_cpp_server" { keys = ["LLAMA_CPP_SERVER_API_KEY"] }
    let streams = [true, false]
    // Each key alone, and all of them, of which the first counts; of Azure's a token is none of the others.
    for (name, all) in keys.map({ ($0, [$0]) }) + (keys.isEmpty ? [("", [])] : [(keys[0], keys)]) {
      var environment = Self.usual
      for key in all where key != "VERTEXAI_CREDENTIALS" { environment[key] = "key-of-\(key)" }
      if provider.wire == .vertex {
        let account = try JSONValue(parsing: golden("vertex/oauth_jwt_bearer.json"))["service_account"] ?? [:]
        environment["VERTEXAI_CREDENTIALS"] = account.written()
      }
      if provider.wire == .bedrockConverse { environment["AWS_ACCESS_KEY_ID"] = "AKIDEXAMPLE" }
      // Keys of others are there and stay where they are.
      if provider.id != "openai" { environment["OPENAI_API_KEY"] = "sk-of-openai" }
      let transport = KeepingTokens()
      let catalog = ModelCatalog(transport: transport, environment: environment, retries: .never)
      let model = try #require(
        try catalog.resolve("\(provider.id)/\(Self.model(of: provider.id))") as? RemoteModel)
      for stream in streams {
        let request = ChatRequest(
          messages: [Message(.system, "S"), Message(.user, "hi")], parameters: ["max_tokens": 16], streams: stream,
          isCompletable: false)
        _ = await gather(model.stream(request))
        let sent = try #require(await transport.asked)
        #expect(sent.url == Self.url(of: provider, streams: stream))
        try check(sent, of: provider, key: name.isEmpty ? nil : "key-of-\(name)", variable: name)
        try checkBody(sent, of: provider)
        #expect(!"\(sent.headers.map(\.value))".contains("sk-of-openai"))
      }
    }
  }

  /// Where the survey says that a request goes.
  private static func url(of provider: SurveyedProvider, streams: Bool) -> String {
    var base = provider.json["base_url"]?.text ?? ""
    for (name, value) in usual { base = base.replacing("{\(name)}", with: value) }
    base = base.replacing("localhost", with: "127.0.0.1")
    switch provider.id {
    case "azure":
      return
        "https://res.openai.azure.com/openai/deployments/some%2Fmodel/chat/completions?api-version=2025-02-01-preview"
    case "azure_ai": return "https://res.services.ai.azure.com/models/chat/completions"
    case "custom_openai": return "http://own:1/v1/chat/completions"
    case "oobabooga": return "http://127.0.0.1:5000/v1/chat/completions"
    case "databricks": return "https://w.cloud.databricks.com/serving-endpoints/chat/completions"
    case "watsonx":
      return "https://us-south.ml.cloud.ibm.com/ml/v1/text/chat\(streams ? "_stream" : "")?version=2024-03-13"
    case "snowflake": return "https://acc.snowflakecomputing.com/api/v2/cortex/v1/chat/completions"
    case "ragflow": return "http://rag:9380/api/v1/chats_openai/c1/chat/completions"
    case "datarobot": return base + "/chat/completions/"
    case "docker_model_runner": return base + "/v1/chat/completions"
    case "bedrock":
      return "https://bedrock-runtime.us-west-2.amazonaws.com/model/some%2Fmodel/converse" + (streams ? "-stream" : "")
    case "bedrock_mantle": return "https://bedrock-mantle.us-west-2.api.aws/v1/chat/completions"
    case "vertex_ai", "vertex_ai_beta":
      let version = provider.id == "vertex_ai" ? "v1" : "v1beta1"
      return "https://us-central1-aiplatform.googleapis.com/\(version)/projects/test-project/locations/us-central1"
        + "/publishers/google/models/gemini-2.5-flash:"
        + (streams ? "streamGenerateContent?alt=sse" : "generateContent")
    case "gdc":
      return "https://gdc.example/v1/projects/p/locations/l/publishers/google/models/some%2Fmodel:"
        + (streams ? "streamGenerateContent?alt=sse" : "generateContent")
    default: break
    }
    switch provider.wire {
    case .anthropicMessages?: return base + "/v1/messages"
    case .openAIResponses?: return base + "/responses"
    case .gemini?:
      return base + "/models/some%2Fmodel:" + (streams ? "streamGenerateContent?alt=sse" : "generateContent")
    case .ollama?: return base + "/api/chat"
    default: return base + "/chat/completions"
    }
  }

  private func check(_ sent: HTTPRequest, of provider: SurveyedProvider, key: String?, variable: String) throws {
    let bearer = sent.headers["authorization"]
    switch provider.id {
    case "vertex_ai", "vertex_ai_beta": #expect(bearer == "Bearer exchanged")
    case "bedrock": #expect(bearer?.hasPrefix("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") == true)
    case "bedrock_mantle": #expect(bearer == key.map { "Bearer \($0)" })
    case "anthropic":
      if variable == "ANTHROPIC_AUTH_TOKEN" {
        #expect(bearer == key.map { "Bearer \($0)" })
      } else {
        #expect(sent.headers["x-api-key"] == key && bearer == nil)
      }
      #expect(sent.headers["anthropic-version"] == "2023-06-01")
    case "azure":
      if variable == "AZURE_AD_TOKEN" {
        #expect(bearer == key.map { "Bearer \($0)" } && sent.headers["api-key"] == nil)
      } else {
        #expect(sent.headers["api-key"] == key && bearer == nil)
      }
    case "azure_ai": #expect(sent.headers["api-key"] == key && bearer == nil)
    case "gemini": #expect(sent.headers["x-goog-api-key"] == key && bearer == nil)
    case "manus": #expect(sent.headers["API_KEY"] == key && bearer == nil)
    case "watsonx":
      switch variable {
      case "WATSONX_TOKEN": #expect(bearer == key.map { "Bearer \($0)" })
      case "WATSONX_ZENAPIKEY": #expect(bearer == key.map { "ZenApiKey \($0)" })
      default:
        #expect(bearer == "Bearer exchanged" || bearer == "Bearer key-of-WATSONX_TOKEN")
      }
    case "gigachat":
      #expect(bearer == (variable == "GIGACHAT_ACCESS_TOKEN" ? key.map { "Bearer \($0)" } : "Bearer exchanged"))
    case "snowflake":
      #expect(bearer == key.map { "Bearer \($0)" })
      #expect(sent.headers["x-snowflake-authorization-token-type"] == "KEYPAIR_JWT")
    default:
      // The survey's own words for it.
      let form = try #require(provider.json["auth"]?.text)
      if form.contains("Bearer {key}") || form.contains("{OLLAMA_API_KEY}") || form == "none (any Bearer)" {
        #expect(bearer == key.map { "Bearer \($0)" })
      } else {
        #expect(form.hasPrefix("none") && bearer == key.map { "Token \($0)" })
      }
    }
    if provider.id == "sarvam" { #expect(sent.headers["api-subscription-key"] == key) }
  }

  private func checkBody(_ sent: HTTPRequest, of provider: SurveyedProvider) throws {
    let body = try #require(try JSONValue(parsing: sent.body ?? []).object)
    switch provider.wire {
    case .gemini?, .vertex?:
      #expect(body["contents"] == [["role": "user", "parts": [["text": "hi"]]]])
      #expect(body["generationConfig"]?["max_output_tokens"] == 16)
      #expect(body["model"] == nil)
    case .bedrockConverse?:
      #expect(body["messages"] == [["role": "user", "content": [["text": "hi"]]]])
      #expect(body["inferenceConfig"]?["maxTokens"] == 16)
    case .openAIResponses?:
      #expect(body["model"] == "some/model" && body["instructions"] == "S" && body["max_output_tokens"] == 16)
    case .anthropicMessages?:
      #expect(body["model"] == "some/model" && body["max_tokens"] == 16)
    case .ollama?:
      #expect(body["model"] == "some/model" && body["options"]?["num_predict"] == 16)
    case .openAIChat?, .azureOpenAI?, nil:
      let messages: JSONValue = [["role": "system", "content": "S"], ["role": "user", "content": "hi"]]
      #expect(body["messages"] == messages)
      let quirks = provider.texts("quirks")
      switch provider.id {
      case "watsonx": #expect(body["model_id"] == "some/model" && body["project_id"] == "proj" && body["model"] == nil)
      case "ragflow": #expect(body["model"] == "m")
      default: #expect(body["model"] == "some/model")
      }
      #expect((body["max_tokens"] == 16) == !quirks.contains { $0.contains("no temperature, no max_tokens") })
      if provider.id == "openrouter" { #expect(body["usage"] == ["include": true]) }
    }
  }

  @Test("without its key a hosted provider is not asked, and the variable is named")
  func missingKeys() async throws {
    for provider in try SurveyedProvider.all() where provider.isSpoken && provider.json["group"] == "cloud" {
      guard let first = provider.texts("api_key_env").first, provider.wire != .vertex else { continue }
      var environment = Self.usual
      environment["AWS_SECRET_ACCESS_KEY"] = nil
      environment["OPENAI_API_KEY"] = provider.id == "openai" ? nil : "sk-of-openai"
      // An address of the environment may do without a key.
      for base in ProviderTable.row(provider.id)?.bases ?? [] { environment[base] = nil }
      let transport = KeepingTokens()
      let catalog = ModelCatalog(transport: transport, environment: environment, retries: .never)
      guard let model = try? catalog.resolve("\(provider.id)/\(Self.model(of: provider.id))") else {
        #expect(["azure", "azure_ai"].contains(provider.id))
        continue
      }
      let (_, error) = await gather(model.stream(question))
      guard case .noKey(let variable)? = error?.kind else {
        Issue.record("\(provider.id): \(String(describing: error))")
        continue
      }
      let isOneOfIts = ProviderTable.row(provider.id)?.keys.contains(variable) == true
      #expect(isOneOfIts, "\(provider.id) \(variable) \(first)")
      #expect(await transport.requests.isEmpty)
    }
  }
}
