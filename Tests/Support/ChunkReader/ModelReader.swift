import RearviewChat
import RearviewHTTP
import RearviewProviders

/// Our own way, as a program uses it: every event of a model's stream.
struct ModelReader: Reader {
  private let model: @Sendable (String) throws -> any ChatModel

  init(_ kind: String, _ address: String) throws {
    let transport = HTTPClientTransport(userAgent: "benchmark")
    if kind == "openai" {
      let client = OpenAIClient(apiKey: "sk-bench", baseURL: address + "/v1", environment: [:], transport: transport)
      model = { client.model($0) }
    } else {
      let catalog = ModelCatalog(transport: transport, environment: [:])
      let (prefix, path) = kind == "responses" ? ("openai/responses", "/v1") : (kind, kind == "gemini" ? "/v1beta" : "")
      model = { name in
        try catalog.resolve("\(prefix)/\(name)", with: .init(baseURL: address + path, apiKey: "sk-bench"))
      }
    }
  }

  func read(_ name: String) async throws -> Reading {
    var reading = Reading()
    var bytes = 0
    let request = ChatRequest(messages: [Message(.user, "Say something.")])
    for try await event in try model(name).stream(request) {
      guard case .text(let text) = event else { continue }
      if reading.firstTokenAt == nil { reading.firstTokenAt = Clock.now }
      bytes += text.utf8.count
    }
    reading.chunks = bytes / " word".utf8.count
    return reading
  }
}
