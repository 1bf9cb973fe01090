import Foundation
import RearviewChat
import RearviewHTTP
import RearviewJSON
import Testing

@testable import RearviewProviders

/// A model's name with its environment, and the request that must follow.
struct RoutingCase: Sendable, CustomTestStringConvertible {
  var index: Int
  var model: String
  var environment: [String: String]
  var call: JSONObject
  var expected: JSONObject
  var testDescription: String { "\(index) \(model)" }

  static func all() throws -> [RoutingCase] {
    let cases = try #require(try JSONValue(parsing: golden("routing.json")).list)
    return try cases.enumerated().map { index, json in
      var environment: [String: String] = [:]
      for (name, value) in json["env"]?.object ?? [:] { environment[name] = value.text }
      return RoutingCase(
        index: index, model: try #require(json["model"]?.text), environment: environment,
        call: json["call"]?.object ?? [:], expected: try #require(json["expect"]?.object))
    }
  }
}

/// Where we do something else than LiteLLM, and why. By the place in the file.
private enum Mend {
  /// LiteLLM refuses or goes astray; we ask, or the other way round.
  case refused(because: String)
  case asked(url: String, because: String)

  static func of(_ item: RoutingCase) -> Mend? {
    switch (item.model, item.expected["provider"]?.text) {
    case ("claude-3-5-sonnet-20240620", nil):
      .asked(url: "https://api.anthropic.com/v1/messages", because: "the form of the name tells whose it is")
    case ("chatgpt-4o-latest", nil):
      .asked(url: "https://api.openai.com/v1/chat/completions", because: "the form of the name tells whose it is")
    case ("azure/my-deployment", _) where item.environment["AZURE_AD_TOKEN"] != nil:
      .asked(
        url: "https://res.openai.azure.com/openai/deployments/my-deployment/chat/completions?api-version=2024-10-21",
        because: "a token in the environment is a credential")
    case ("bedrock/anthropic.claude-3", _):
      .asked(
        url: "https://bedrock-runtime.us-west-2.amazonaws.com/model/anthropic.claude-3/converse",
        because: "every model takes Converse")
    case ("deepinfra/meta-llama/Llama-3-70b", _), ("groq/llama-3.3-70b-versatile", _):
      item.environment["DEEPINFRA_API_KEY"] == nil && item.environment["GROQ_API_KEY"] == nil
        ? .refused(because: "its own key is not set, and OpenAI's goes to OpenAI only") : nil
    case ("claude-sonnet-4-5", _) where item.call["api_base"] != nil:
      .asked(
        url: "http://127.0.0.1:9/v1/messages", because: "an address that a request names gets no key of the environment"
      )
    case (_, "cohere_chat"?): .refused(because: "the protocol is not spoken")
    default: nil
    }
  }
}

@Suite("From a name to the request that must follow")
struct RoutingTests {
  /// Answers a token where one is asked for; keeps what else it is asked.
  private actor Transport: HTTPTransport {
    private(set) var requests: [HTTPRequest] = []

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
      if request.url.hasSuffix("/token") {
        return HTTPResponse(
          status: 200,
          body: HTTPBody(chunks: [Array(#"{"access_token":"ya29.test","expires_in":3599}"#.utf8)]))
      }
      requests.append(request)
      return HTTPResponse(status: 500)
    }
  }

  @Test("every recorded name leads to its request", arguments: try RoutingCase.all())
  func routes(item: RoutingCase) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rearview-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var environment = item.environment.mapValues { $0.replacing("{dir}", with: folder.path) }
    environment["HOME"] = folder.path
    let recorded = try JSONValue(parsing: golden("vertex/oauth_jwt_bearer.json"))
    try Data((recorded["service_account"] ?? [:]).bytes()).write(to: folder.appendingPathComponent("sa.json"))
    let user = try JSONValue(parsing: golden("vertex/adc.json"))["authorized_user"] ?? [:]
    try Data(user.bytes()).write(to: folder.appendingPathComponent("au.json"))

    let transport = Transport()
    let catalog = ModelCatalog(transport: transport, environment: environment, retries: .never)
    var override = ModelCatalog.Override(
      baseURL: item.call["api_base"]?.text, apiKey: item.call["api_key"]?.text ?? item.call["azure_ad_token"]?.text)
    if let token = item.call["azure_ad_token"]?.text { override.variables["AZURE_AD_TOKEN"] = token }
    let request = ChatRequest(
      messages: [Message(.system, "S"), Message(.user, "hi")], parameters: ["max_tokens": 16, "temperature": 0.5],
      streams: item.call["stream"] == true, isCompletable: false)
    let model: any ChatModel
    do {
      model = try catalog.resolve(item.model, with: override)
    } catch {
      let isRefused: Bool
      if case .refused = Mend.of(item) { isRefused = true } else { isRefused = item.expected["refused"] == true }
      #expect(isRefused, "\(error)")
      return
    }
    let (_, error) = await gather(model.stream(request))
    guard let sent = await transport.requests.first else {
      guard case .refused = Mend.of(item) else {
        Issue.record("not asked: \(String(describing: error))")
        return
      }
      return
    }
    if case .asked(let url, _) = Mend.of(item) {
      #expect(sent.url == url)
      if item.call["api_base"] != nil { #expect(sent.headers["x-api-key"] == nil) }
      return
    }
    #expect(
      sent.url
        == item.expected["url"]?.text?.replacing("localhost:11434", with: "127.0.0.1:11434")
        .replacing("localhost:8000", with: "127.0.0.1:8000"))
    for (name, form) in item.expected["auth_header_form"]?.object ?? [:] {
      let form = form.text ?? ""
      let value = sent.headers[name] ?? ""
      if form.hasPrefix("AWS4-HMAC-SHA256") {
        let parts = form.split(separator: "{date}")
        #expect(value.hasPrefix(parts[0]))
        #expect(value.contains(parts[1].split(separator: "{sig}")[0]))
      } else if form == "Bearer fake-api-key" || form == "Bearer lemonade" {
        // A made-up key helps nobody.
        #expect(value.isEmpty)
      } else {
        var filled = form.replacing("{ACCESS_TOKEN}", with: "ya29.test")
        for (name, text) in environment { filled = filled.replacing("{\(name)}", with: text) }
        for (name, json) in item.call { filled = filled.replacing("{\(name)}", with: json.text ?? "") }
        #expect(value == filled)
      }
    }
    let expectedNames = Set((item.expected["auth_header_form"]?.object ?? [:]).keys.map { $0.lowercased() })
    for name in ["authorization", "x-api-key", "api-key", "x-goog-api-key"] where !expectedNames.contains(name) {
      #expect(sent.headers[name] == nil)
    }
    for (name, form) in item.expected["other_headers"]?.object ?? [:] where !Self.ofLiteLLM.contains(name) {
      #expect(sent.headers[name] == item.environment[String((form.text ?? "").dropFirst().dropLast())] ?? form.text)
    }
    check(try JSONValue(parsing: sent.body ?? []), against: item.expected["body"] ?? [:])
  }

  /// Headers by which LiteLLM tells of itself.
  private static let ofLiteLLM = ["http-referer", "x-title", "x-pplx-integration", "request-source"]

  /// The bodies are equal, but for `stream`, which is not sent where it is false, `store`, which keeps an answer out of
  /// the provider's store, and the usage, which a program's request is not completed with.
  private func check(_ sent: JSONValue, against expected: JSONValue) {
    var sent = sent.object ?? [:]
    var expected = expected.object ?? [:]
    for name in ["stream", "store", "stream_options"] {
      if expected[name] != true { expected[name] = nil }
      if sent[name] != true { sent[name] = nil }
    }
    #expect(sent == expected, "\(JSONValue.object(sent).written()) \(JSONValue.object(expected).written())")
  }
}
