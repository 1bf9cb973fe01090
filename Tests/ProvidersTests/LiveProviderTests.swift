import Foundation
import RearviewChat
import RearviewHTTP
import RearviewJSON
import Testing

@testable import RearviewProviders

private let environment = ProcessInfo.processInfo.environment
/// `http://127.0.0.1:18080/v1`.
private let proxy = environment["REARVIEW_LITELLM_URL"]
/// The server behind it, which speaks more protocols than the proxy.
private let upstream = environment["REARVIEW_UPSTREAM_URL"]

/// What the server is steered to do, by a word of the question.
private enum Case: String, CaseIterable, Sendable {
  case plain = "hi"
  case think = "#think"
  case tool = "#tool"
  case midFailure = "#midfail"
  case limit = "#err=429"
  case cut = "#cut"
  case oneByteEach = "#split"
}

private let text = "Hello, world. Zażółć gęślą jaźń 🌍 日本語."

/// Asks with a question and checks what can be said of every protocol and back end.
private func check(
  _ model: any ChatModel, _ steering: Case, streams: Bool, mayDropThinking: Bool = false, mayTellLate: Bool = false
) async {
  let tools: JSONValue = [
    [
      "type": "function",
      "function": ["name": "weather", "parameters": ["type": "object", "properties": ["city": ["type": "string"]]]],
    ]
  ]
  let request = ChatRequest(
    messages: [Message(.system, "Be brief."), Message(.user, "Tell me. " + steering.rawValue)],
    parameters: steering == .tool ? ["max_tokens": 64, "tools": tools] : ["max_tokens": 64], streams: streams,
    isCompletable: false)
  let (gathered, error) = await gather(model.stream(request))
  let calls = gathered.toolCalls.map { ($0.name, try? JSONValue(parsing: $0.arguments)) }
  switch steering {
  case .plain, .oneByteEach:
    #expect(error == nil && gathered.text == text && gathered.reasoning.isEmpty && calls.isEmpty)
    #expect(gathered.finish == .stop)
  case .think:
    #expect(error == nil && gathered.text == text)
    let isThere = gathered.reasoning == "Let me think. "
    #expect(isThere || mayDropThinking && gathered.reasoning.isEmpty, "\(gathered.reasoning)")
  case .tool:
    #expect(error == nil && gathered.text == text)
    #expect(calls.map(\.0) == ["weather"] && calls.map(\.1) == [["city": "Kraków"]], "\(streams) \(gathered.toolCalls)")
  case .midFailure, .cut:
    // A whole answer fails before its head, which is a failure of the server's.
    #expect(error != nil && gathered.finish == nil, "\(gathered)")
    #expect(gathered.text != text && text.hasPrefix(gathered.text))
    if streams, !mayTellLate { #expect(!gathered.text.isEmpty) }
  case .limit:
    #expect(error != nil && gathered.text.isEmpty)
    if case .rateLimited? = error?.kind { return }
    #expect(mayTellLate || error?.kind == .server, "\(String(describing: error))")
  }
}

@Suite(
  "The four faces of a real LiteLLM proxy over its four back ends",
  .enabled(if: proxy != nil, "REARVIEW_LITELLM_URL names no proxy, so nothing real was asked"))
struct LiveProxyTests {
  private static let faces: [WireProtocol] = [.openAIChat, .openAIResponses, .anthropicMessages, .gemini]
  private static let backEnds = ["up-openai", "up-anthropic", "up-gemini", "up-bedrock"]

  private static func model(_ face: WireProtocol, _ backEnd: String) throws -> any ChatModel {
    let root = (proxy ?? "").replacing("/v1", with: "")
    let base =
      switch face {
      case .gemini: root + "/v1beta"
      case .anthropicMessages: root
      default: root + "/v1"
      }
    let section = ProviderConfiguration(name: "peer", wire: face, baseURL: base, apiKeyEnv: "REARVIEW_LITELLM_KEY")
    return try ModelCatalog(
      transport: HTTPClientTransport(userAgent: "rearview/test"), environment: environment, providers: [section],
      retries: .never
    ).resolve("peer/\(backEnd)")
  }

  @Test("what it answers is read, and what fails is told", arguments: faces, backEnds)
  fileprivate func answers(face: WireProtocol, backEnd: String) async throws {
    for steering in Case.allCases where steering != .oneByteEach {
      // The proxy drops thinking on its way through some faces, and turns some failures into others; what it says is
      // what we read.
      await check(
        try Self.model(face, backEnd), steering, streams: true,
        mayDropThinking: face == .gemini || face == .openAIResponses,
        mayTellLate: true)
    }
    await check(try Self.model(face, backEnd), .plain, streams: false)
  }

  @Test("its models are listed with its key, and a wrong key is refused in words")
  func listing() async throws {
    let section = ProviderConfiguration(name: "peer", baseURL: proxy, apiKeyEnv: "REARVIEW_LITELLM_KEY")
    let catalog = ModelCatalog(
      transport: HTTPClientTransport(userAgent: "rearview/test"), environment: environment, providers: [section])
    let names = try await catalog.listModels(of: "peer").map(\.name)
    #expect(Set(Self.backEnds.map { "peer/\($0)" }).isSubset(of: names))
    let wrong = ProviderConfiguration(name: "peer", baseURL: proxy, apiKey: { "sk-wrong-key" })
    let other = ModelCatalog(
      transport: HTTPClientTransport(userAgent: "rearview/test"), environment: [:], providers: [wrong], retries: .never)
    let (_, error) = await gather(try other.resolve("peer/up-openai").stream(question))
    #expect(error != nil)
    #expect(error?.description.contains("sk-wrong-key") == false)
  }
}

@Suite(
  "A server of Bedrock, Vertex, Gemini and Ollama",
  .enabled(if: upstream != nil, "REARVIEW_UPSTREAM_URL names no server, so nothing real was asked"))
struct LiveUpstreamTests {
  private static func variables() throws -> [String: String] {
    let base = upstream ?? ""
    var account = try #require(
      try JSONValue(parsing: golden("vertex/oauth_jwt_bearer.json"))["service_account"]?.object)
    account["token_uri"] = .text(base + "/token")
    return [
      "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "test-secret", "AWS_REGION": "us-west-2",
      "AWS_BEDROCK_RUNTIME_ENDPOINT": base, "VERTEXAI_CREDENTIALS": JSONValue.object(account).written(),
      "VERTEXAI_PROJECT": "test-project", "VERTEXAI_API_BASE": base + "/v1", "OLLAMA_HOST": base,
      "GEMINI_API_BASE": base + "/v1beta", "GEMINI_API_KEY": "g", "HOME": "/nonexistent", "AZURE_API_BASE": base,
      "AZURE_API_KEY": "az", "GROQ_API_BASE": base + "/openai/v1", "GROQ_API_KEY": "gsk",
      "ANTHROPIC_API_BASE": base, "ANTHROPIC_API_KEY": "a", "OPENAI_BASE_URL": base + "/v1", "OPENAI_API_KEY": "o",
    ]
  }

  @Test(
    "each protocol is spoken end to end",
    arguments: [
      "bedrock/anthropic.claude-3-sonnet-20240229-v1:0",
      "bedrock/arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123",
      // Of Vertex's own paths the server knows Gemini's and OpenAI's.
      "vertex_ai/gemini-2.5-flash", "vertex_ai/meta/llama-3.3-70b-maas",
      "ollama/llama3.2", "ollama_chat/llama3.2", "gemini/gemini-2.5-flash", "azure/my-deployment", "groq/llama-3.3",
      "anthropic/claude-sonnet-4-5", "openai/gpt-4o", "openai/responses/gpt-4o",
    ])
  fileprivate func answers(name: String) async throws {
    let catalog = ModelCatalog(
      transport: HTTPClientTransport(userAgent: "rearview/test"), environment: try Self.variables(), retries: .never)
    for steering in Case.allCases { await check(try catalog.resolve(name), steering, streams: true) }
    await check(try catalog.resolve(name), .plain, streams: false)
  }

  @Test("a limit is waited for as the server asks, and told when it goes on")
  func limit() async throws {
    let catalog = ModelCatalog(
      transport: HTTPClientTransport(userAgent: "rearview/test"), environment: try Self.variables(),
      retries: RetryPolicy(maxRetries: 1))
    let request = ChatRequest(messages: [Message(.user, "#err=429")], isCompletable: false)
    var retries: [Retry] = []
    let stream = try catalog.resolve("gemini/gemini-2.5-flash").stream(request)
    await #expect(throws: ChatModelError.self) {
      for try await event in stream { if case .retrying(let retry) = event { retries.append(retry) } }
    }
    #expect(retries.map(\.waitMilliseconds) == [2000])
  }
}
