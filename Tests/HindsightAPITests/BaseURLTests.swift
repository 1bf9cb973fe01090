import RearviewHTTP
import RearviewHindsightAPI
import RearviewMemory
import Testing

@Suite("The server's address")
struct BaseURLTests {
  private func store(_ url: String) throws -> HindsightAPI {
    try HindsightAPI(url: url, apiKey: Scene.key, transport: HTTPClientTransport(userAgent: "rearview/test"))
  }

  @Test(
    "it has no slash at its end",
    arguments: [
      ("http://127.0.0.1:8888", "http://127.0.0.1:8888"),
      ("http://127.0.0.1:8888/", "http://127.0.0.1:8888"),
      (" HTTPS://memory.example.com//\n", "https://memory.example.com"),
      ("https://example.com/hindsight/v2/", "https://example.com/hindsight/v2"),
      ("http://[::1]:8888/a%20b/", "http://[::1]:8888/a%20b"),
    ])
  func normalised(_ url: String, _ location: String) throws {
    #expect(try store(url).location == location)
  }

  @Test(
    "one that cannot be used is refused with the reason",
    arguments: [
      ("", "http"), ("localhost:8888", "http"), ("ftp://host", "http"), ("/path", "http"), ("http://", "host"),
      ("http:///path", "host"), ("http://host/?q=1", "?"), ("http://host/#top", "#"), ("http://a b/", "URL"),
    ])
  func refused(_ url: String, _ reason: String) {
    do {
      let store = try store(url)
      Issue.record("\(store) was made")
    } catch {
      guard case .unavailable(_, let cause) = error as? MemoryStoreError else {
        Issue.record("\(error)")
        return
      }
      #expect(cause.contains(reason))
    }
  }

  @Test(
    "a user and a password are refused and not repeated",
    arguments: [
      "https://anna:hunter2@example.com", "https://anna:hunter2@example.com:8888/x", "https://hunter2@example.com/",
      "https://anna:hunt er2@example.com",
    ])
  func credentials(_ url: String) {
    do {
      let store = try store(url)
      Issue.record("\(store) was made")
    } catch {
      #expect(!"\(error)".contains("hunt"))
      #expect("\(error)".contains("example.com"))
    }
  }

  @Test("the store shows where it is and not its key")
  func description() throws {
    let store = try store("http://localhost:1/")
    var dumped = ""
    dump(store, to: &dumped)
    for text in ["\(store)", String(reflecting: store), dumped] {
      #expect(text.contains("http://localhost:1"))
      #expect(!text.contains(Scene.key))
    }
  }

  @Test("a key that cannot be sent is refused and not repeated", arguments: ["half\nkey", "half\u{0}key"])
  func badKey(_ key: String) {
    do {
      let store = try HindsightAPI(
        url: "http://localhost:1", apiKey: key, transport: HTTPClientTransport(userAgent: "rearview/test"))
      Issue.record("\(store) was made")
    } catch {
      #expect("\(error)".contains("the key holds characters"))
      #expect(!"\(error)".contains("half"))
    }
  }

  @Test("a path before the API's is kept, names are one segment each")
  func path() async throws {
    let scene = try Scene(path: "/memory/", answers: [["original_text": "x"]])
    _ = try await scene.store.documentText(id: "a/b?c#d é%", bankID: "team/a user:1")
    #expect(
      scene.targets == [
        "GET /memory/v1/default/banks/team%2Fa%20user:1/documents/a%2Fb%3Fc%23d%20%C3%A9%25"
      ])
  }
}
