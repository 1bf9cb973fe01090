import RearviewChat
import RearviewHTTP
import Testing

@testable import RearviewProviders

@Suite("Clients that a program holds")
struct ChatClientTests {
  @Test("a model has the provider's own name, which is sent unchanged, and the request goes where it belongs")
  func models() async throws {
    let environment = ["OPENAI_API_KEY": "sk-o", "ANTHROPIC_API_KEY": "sk-a"]
    let transport = KeepingTransport()
    let clients: [(any ChatClient, ChatRequest.Form, String, String, String?)] = [
      (
        OpenAIClient(environment: environment, transport: transport), .openAI, "org/gpt-4o-mini",
        "https://api.openai.com/v1/chat/completions", "Bearer sk-o"
      ),
      (
        AnthropicClient(environment: environment, transport: transport), .anthropic, "claude-sonnet-4-5",
        "https://api.anthropic.com/v1/messages", "sk-a"
      ),
    ]
    for (client, form, name, url, key) in clients {
      #expect(client.form == form)
      let model = client.model(name)
      #expect(model.name == name)
      #expect(model.retainsAnswers)
      #expect(await gather(model.stream(ChatRequest(messages: [], form: form, streams: false))).0.text == "ok")
      let sent = try #require(await transport.requests.last)
      #expect(sent.url == url)
      #expect(sent.headers["authorization"] ?? sent.headers["x-api-key"] == key)
      #expect(String(decoding: sent.body ?? [], as: UTF8.self).contains(#""model":"\#(name)""#))
    }
  }

  struct Setting: Sendable {
    var key: String?
    var base: String?
    var environment: [String: String]
    var url: String
    /// The key that goes there: `nil` for none, the variable in brackets where one should be there.
    var sent: String?
  }

  @Test(
    "what is not given is taken from the environment, whose key goes only where it belongs",
    arguments: [
      Setting(environment: [:], url: "https://api.anthropic.com", sent: "[ANTHROPIC_API_KEY]"),
      Setting(environment: ["ANTHROPIC_API_KEY": "e"], url: "https://api.anthropic.com", sent: "e"),
      Setting(key: "k", environment: ["ANTHROPIC_API_KEY": "e"], url: "https://api.anthropic.com", sent: "k"),
      Setting(key: "", environment: ["ANTHROPIC_API_KEY": "e"], url: "https://api.anthropic.com", sent: ""),
      Setting(
        environment: ["ANTHROPIC_API_KEY": "e", "ANTHROPIC_API_BASE": "http://h/v1/messages"], url: "http://h",
        sent: "e"),
      Setting(environment: ["ANTHROPIC_BASE_URL": "http://h/v1/"], url: "http://h", sent: nil),
      Setting(base: "http://g/x", environment: ["ANTHROPIC_API_KEY": "e"], url: "http://g/x", sent: nil),
      Setting(
        base: "http://g", environment: ["ANTHROPIC_API_KEY": "e", "ANTHROPIC_BASE_URL": "http://h"], url: "http://g",
        sent: nil),
      Setting(key: "k", base: "http://g", environment: [:], url: "http://g", sent: "k"),
      Setting(
        base: "https://api.anthropic.com/v1", environment: ["ANTHROPIC_API_KEY": "e"], url: "https://api.anthropic.com",
        sent: "e"),
    ])
  func settings(setting: Setting) throws {
    let client = AnthropicClient(apiKey: setting.key, baseURL: setting.base, environment: setting.environment)
    let endpoint = try #require(client.model("m") as? RemoteModel).endpoint
    #expect(endpoint.baseURL == setting.url)
    switch endpoint.credential {
    case .none: #expect(setting.sent == nil)
    case .variable(let name, let value): #expect(setting.sent == value ?? "[\(name)]")
    case .deferred: Issue.record("a client has its key at hand")
    }
  }

  @Test("neither client nor model shows its key")
  func printing() {
    let clients: [any ChatClient] = [OpenAIClient(apiKey: "sk-secret"), AnthropicClient(apiKey: "sk-secret")]
    for value in clients.flatMap({ [$0 as Any, $0.model("m") as Any] }) {
      var dumped = ""
      dump(value, to: &dumped)
      for text in ["\(value)", String(reflecting: value), dumped] { #expect(!text.contains("sk-secret"), "\(text)") }
    }
  }

  @Test("a client without a key says which variable holds it")
  func noKey() async {
    let (_, error) = await gather(OpenAIClient(environment: [:]).model("gpt-4o").stream(question))
    #expect(error?.kind == .noKey(variable: "OPENAI_API_KEY"))
  }
}
