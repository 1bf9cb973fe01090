import Foundation
import ScriptedServer
import Testing

extension EndToEnd {
  /// The built program, each provider's own request and its own recorded answer.
  @Suite("Providers, end to end")
  struct ProviderTests {
    struct Provider: Sendable, CustomTestStringConvertible {
      var model: String
      /// Variables; `URL` stands for the server.
      var environment: [String: String]
      /// The recorded answer, of `Tests/ProvidersTests/Golden`.
      var answer: String
      var contentType = "text/event-stream"
      var path: String
      /// A header and how its value begins.
      var authorization: (name: String, value: String)
      /// A member of the body.
      var member: String
      var testDescription: String { model }
    }

    private static let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("ProvidersTests/Golden")

    private static let text = "Hello, world. Zażółć gęślą jaźń 🌍 日本語."

    static let all = [
      Provider(
        model: "openai/gpt-4o", environment: ["OPENAI_BASE_URL": "URL/v1", "OPENAI_API_KEY": "sk-o"],
        answer: "openai-chat/stream.text.sse", path: "/v1/chat/completions",
        authorization: ("authorization", "Bearer sk-o"), member: "messages"),
      Provider(
        model: "gpt-5-codex", environment: ["OPENAI_BASE_URL": "URL/v1", "OPENAI_API_KEY": "sk-o"],
        answer: "openai-responses/stream.text.sse", path: "/v1/responses",
        authorization: ("authorization", "Bearer sk-o"), member: "input"),
      Provider(
        model: "anthropic/claude-sonnet-4-5",
        environment: ["ANTHROPIC_API_BASE": "URL", "ANTHROPIC_API_KEY": "sk-ant"],
        answer: "anthropic-messages/stream.text.sse", path: "/v1/messages", authorization: ("x-api-key", "sk-ant"),
        member: "max_tokens"),
      Provider(
        model: "groq/llama-3.3-70b-versatile",
        environment: ["GROQ_API_BASE": "URL/openai/v1", "GROQ_API_KEY": "gsk"], answer: "openai-chat/stream.text.sse",
        path: "/openai/v1/chat/completions", authorization: ("authorization", "Bearer gsk"), member: "messages"),
      Provider(
        model: "azure/my-deployment",
        environment: ["AZURE_API_BASE": "URL", "AZURE_API_KEY": "az", "AZURE_API_VERSION": "2024-10-21"],
        answer: "openai-chat/stream.text.sse",
        path: "/openai/deployments/my-deployment/chat/completions?api-version=2024-10-21",
        authorization: ("api-key", "az"), member: "messages"),
      Provider(
        model: "bedrock/anthropic.claude-3-sonnet-20240229-v1:0",
        environment: [
          "AWS_BEDROCK_RUNTIME_ENDPOINT": "URL", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "s",
          "AWS_REGION": "eu-central-1",
        ],
        answer: "bedrock-converse/stream.text.bin", contentType: "application/vnd.amazon.eventstream",
        path: "/model/anthropic.claude-3-sonnet-20240229-v1%3A0/converse-stream",
        authorization: ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), member: "messages"),
      Provider(
        model: "vertex_ai/gemini-2.5-flash",
        environment: ["VERTEXAI_API_BASE": "URL/v1", "VERTEXAI_PROJECT": "p"],
        answer: "gemini/stream.text.sse",
        path:
          "/v1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
        authorization: ("authorization", "Bearer ya29.test"), member: "contents"),
      Provider(
        model: "vertex_ai/claude-sonnet-4-5@20250929",
        environment: ["VERTEXAI_API_BASE": "URL/v1", "VERTEXAI_PROJECT": "p", "VERTEXAI_LOCATION": "us-east5"],
        answer: "anthropic-messages/stream.text.sse",
        path:
          "/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict",
        authorization: ("authorization", "Bearer ya29.test"), member: "anthropic_version"),
      Provider(
        model: "gemini/gemini-2.5-flash", environment: ["GEMINI_API_BASE": "URL/v1beta", "GEMINI_API_KEY": "g"],
        answer: "gemini/stream.text.sse", path: "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
        authorization: ("x-goog-api-key", "g"), member: "contents"),
      Provider(
        model: "ollama/llama3.2", environment: ["OLLAMA_HOST": "URL"], answer: "ollama/stream.text.ndjson",
        contentType: "application/x-ndjson", path: "/api/chat", authorization: ("authorization", ""), member: "stream"),
    ]

    @Test("a question is asked in the provider's way and its answer is read", arguments: all)
    func answers(provider: Provider) throws {
      let answer = [UInt8](try Data(contentsOf: Self.golden.appendingPathComponent(provider.answer)))
      let server = try ScriptedServer { request in
        if request.path == "/token" { return .json(200, #"{"access_token":"ya29.test","expires_in":3599}"#) }
        return .body(200, bytes: answer, type: provider.contentType)
      }
      defer { server.stop() }
      let home = try Home()
      home.environment["OPENAI_API_KEY"] = "sk-of-openai"
      for (name, value) in provider.environment {
        home.environment[name] = value.replacingOccurrences(of: "URL", with: server.url)
      }
      if provider.model.hasPrefix("vertex_ai") {
        let data = try Data(contentsOf: Self.golden.appendingPathComponent("vertex/oauth_jwt_bearer.json"))
        let file = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        var account = try #require(file?["service_account"] as? [String: Any])
        account["token_uri"] = server.url + "/token"
        let text = try JSONSerialization.data(withJSONObject: account)
        home.environment["VERTEXAI_CREDENTIALS"] = String(decoding: text, as: UTF8.self)
      }
      let outcome = try home.run("ask", "--model", provider.model, "My dog is called Biscuit.")
      #expect(outcome.status == 0, "\(outcome.error)")
      #expect(outcome.output == Self.text + "\n")
      let request = try #require(server.requests.last)
      #expect(request.target == provider.path)
      #expect((request.headers[provider.authorization.name] ?? "").hasPrefix(provider.authorization.value))
      #expect(request.json[provider.member] != nil)
      #expect(request.bodyText.contains("My dog is called Biscuit."))
      #expect(!"\(request.headers)".contains("sk-of-openai"))
      // What was said is remembered, and no key stands in any file.
      #expect(try home.run("recall", "Biscuit").output.contains("My dog is called Biscuit."))
    }

    @Test("without its key a provider is not asked; the command says which variable and ends with 1")
    func missingKey() throws {
      let home = try Home()
      home.environment["OPENAI_API_KEY"] = "sk-of-openai"
      let outcome = try home.run("ask", "--model", "groq/llama-3.3-70b-versatile", "Hello")
      #expect(outcome.status == 1)
      #expect(outcome.error.contains("GROQ_API_KEY") && outcome.error.split(separator: "\n").count == 1)
    }

    @Test("a proxy of the configuration or the environment is asked for what is not on this machine")
    func proxy() throws {
      let proxy = try ScriptedServer { _ in .openAIAnswer("through the proxy") }
      defer { proxy.stop() }
      let home = try Home()
      home.environment["OPENAI_BASE_URL"] = "http://models.example/v1"
      home.environment["OPENAI_API_KEY"] = "sk-o"
      home.environment["REARVIEW_MODEL"] = "openai/gpt-4o"
      let set = try home.run("ask", "--set", "proxy=\(proxy.url)", "Hello")
      #expect(set.output == "through the proxy\n", "\(set.error)")
      home.environment["HTTP_PROXY"] = proxy.url
      #expect(try home.run("ask", "Hello").output == "through the proxy\n")
      #expect(proxy.requests.map(\.target).allSatisfy { $0 == "http://models.example/v1/chat/completions" })
      #expect(proxy.requests.count == 2)
      home.environment["NO_PROXY"] = "models.example"
      #expect(try home.run("ask", "--set", "max_retries=0", "Hello").status == 1)
      #expect(proxy.requests.count == 2)
    }

    @Test("a file of certificates or a proxy that cannot be used is wrong configuration, and nothing is sent")
    func badNetwork() throws {
      let home = try Home()
      home.environment["REARVIEW_MODEL"] = "openai/gpt-4o"
      for (setting, said) in [("ca_file=/nonexistent.pem", "/nonexistent.pem"), ("proxy=https://box:1", "proxy")] {
        let outcome = try home.run("ask", "--set", setting, "Hello")
        #expect(outcome.status == 2 && outcome.error.contains(said), "\(outcome.error)")
      }
    }
  }
}
