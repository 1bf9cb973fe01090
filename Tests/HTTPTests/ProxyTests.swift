import RearviewHTTP
import ScriptedServer
import Testing

@Suite("Proxies")
struct ProxyTests {
  private func transport(
    _ proxy: String, noProxy: String? = nil, connectTimeout: Duration = .seconds(10)
  ) throws -> HTTPClientTransport {
    HTTPClientTransport(
      userAgent: "rearview/test", connectTimeout: connectTimeout,
      network: try NetworkSettings(proxy: proxy, noProxy: noProxy))
  }

  private func failure(_ request: HTTPRequest, over transport: HTTPClientTransport) async -> HTTPError? {
    do {
      _ = try await transport.send(request).body.collect(limit: 1_000_000)
      return nil
    } catch {
      return error as? HTTPError
    }
  }

  @Test("an http request goes to the proxy with its whole URL")
  func forward() async throws {
    let proxy = try ScriptedServer { _ in .json(200, #"{"ok":true}"#) }
    let transport = try transport("http://us%65r:p%40ss@127.0.0.1:\(proxy.port)")
    let urls = [
      "http://api.example.test/a/b?c=d%20e", "http://api.example.test:8080", "http://[fd00::1]/x#fragment",
      "http://other.example.test?q",
    ]
    for url in urls {
      let request = HTTPRequest(.post, url, headers: ["x-mine": "1"], body: Array("héllo".utf8))
      let response = try await transport.send(request)
      #expect(try await response.body.collect(limit: 100) == Array(#"{"ok":true}"#.utf8))
    }
    #expect(
      proxy.requests.map(\.target) == [
        "http://api.example.test/a/b?c=d%20e", "http://api.example.test:8080/", "http://[fd00::1]/x",
        "http://other.example.test/?q",
      ])
    #expect(
      proxy.requests.map { $0.headers["host"] } == [
        "api.example.test", "api.example.test:8080", "[fd00::1]", "other.example.test",
      ])
    for request in proxy.requests {
      #expect(request.headers["proxy-authorization"] == "Basic dXNlcjpwQHNz")
      #expect(request.headers["x-mine"] == "1")
      #expect(request.headers["user-agent"] == "rearview/test")
      #expect(request.bodyText == "héllo")
    }
    #expect(proxy.connectionCount == 1)
  }

  @Test("an https request opens a way through the proxy, which sees no header of it")
  func connect() async throws {
    let proxy = try ScriptedServer { _ in .body(502, "") }
    let transport = try transport("http://user:pass@127.0.0.1:\(proxy.port)")
    let request = HTTPRequest(
      .post, "https://api.example.test/v1?key=sk-secret", headers: ["authorization": "Bearer sk-secret"], body: [1])
    #expect(
      await failure(request, over: transport)
        == .unreachable(
          host: "api.example.test", cause: "the proxy 127.0.0.1:\(proxy.port) opens no way to it"))
    let seen = try #require(proxy.requests.first)
    #expect(proxy.requests.count == 1)
    #expect(seen.method == "CONNECT")
    #expect(seen.target == "api.example.test:443")
    #expect(seen.headers == ["host": "api.example.test", "proxy-authorization": "Basic dXNlcjpwYXNz"])
    #expect(seen.body.isEmpty)
  }

  @Test("a request to this machine, or to what is listed, does not meet the proxy")
  func direct() async throws {
    let server = try ScriptedServer { _ in .json(200, "{}") }
    let proxy = try ScriptedServer { _ in .json(200, "{}") }
    let transport = try transport("127.0.0.1:\(proxy.port)", noProxy: "no-such-host.invalid")
    for host in ["127.0.0.1", "localhost"] {
      let url = "http://\(host):\(server.port)/x"
      _ = try await transport.send(HTTPRequest(.get, url)).body.collect(limit: 10)
    }
    #expect(server.requests.map(\.target) == ["/x", "/x"])
    #expect(
      await failure(HTTPRequest(.get, "http://no-such-host.invalid/"), over: transport)
        == .unknownHost("no-such-host.invalid"))
    #expect(proxy.connectionCount == 0)
  }

  @Test("a SOCKS proxy leads to the server and looks up its name", arguments: ["socks5", "socks5h"])
  func socks(scheme: String) async throws {
    let server = try ScriptedServer { _ in .json(200, #"{"ok":true}"#) }
    let tunnel = try await TunnelServer(to: server.port)
    let transport = try transport("\(scheme)://127.0.0.1:\(tunnel.port)")
    let response = try await transport.send(HTTPRequest(.get, "http://api.example.test:81/x"))
    #expect(try await response.body.collect(limit: 100) == Array(#"{"ok":true}"#.utf8))
    #expect(tunnel.requests == ["api.example.test:81"])
    #expect(server.requests.map(\.target) == ["/x"])
  }

  @Test("both kinds of requests and those without a proxy go through one transport, and none after it is shut down")
  func shutdown() async throws {
    let server = try ScriptedServer { _ in .json(200, "{}") }
    let proxy = try ScriptedServer { $0.method == "CONNECT" ? .body(502, "") : .json(200, "{}") }
    let transport = try transport("127.0.0.1:\(proxy.port)")
    let urls = ["http://api.example.test/", "https://api.example.test/", server.url]
    #expect(await failure(HTTPRequest(.get, urls[0]), over: transport) == nil)
    #expect(await failure(HTTPRequest(.get, urls[1]), over: transport) != nil)
    #expect(await failure(HTTPRequest(.get, urls[2]), over: transport) == nil)
    await transport.shutdown()
    #expect(await proxy.waitUntilNoConnection())
    #expect(await server.waitUntilNoConnection())
    for url in urls { #expect(await failure(HTTPRequest(.get, url), over: transport) == .shutDown) }
    #expect(server.requests.count + proxy.requests.count == 3)
  }

  @Test("cancelling while the proxy opens a way ends the wait at once, and the connection with its timeout")
  func cancelWhileConnecting() async throws {
    let proxy = try ScriptedServer()
    proxy.enqueue(.hang)
    let transport = try transport("127.0.0.1:\(proxy.port)", connectTimeout: .seconds(1))
    let reader = Task { _ = try await transport.send(HTTPRequest(.get, "https://api.example.test/")) }
    #expect(await proxy.waitForRequests())
    reader.cancel()
    await #expect(throws: CancellationError.self) { try await reader.value }
    #expect(await proxy.waitUntilNoConnection())
  }

  @Test("cancelling a request that a proxy forwards closes the connection")
  func cancelForwarded() async throws {
    let proxy = try ScriptedServer()
    proxy.enqueue(.stream([.send(Array("first".utf8)), .hang]))
    let transport = try transport("127.0.0.1:\(proxy.port)")
    let hasBegun = Gate()
    let reader = Task {
      let response = try await transport.send(HTTPRequest(.get, "http://api.example.test/"))
      for try await _ in response.body { hasBegun.open() }
    }
    #expect(await hasBegun.wait())
    reader.cancel()
    #expect(await proxy.waitForDisconnects(seconds: 5))
    await #expect(throws: CancellationError.self) { try await reader.value }
  }

  // MARK: Proxies that fail

  private static let urls = ["http://api.example.test/", "https://api.example.test/"]

  @Test("a proxy that wants a user name says so by its address", arguments: urls)
  func authenticationRequired(url: String) async throws {
    let proxy = try ScriptedServer { _ in .body(407, "who are you?") }
    let address = "127.0.0.1:\(proxy.port)"
    #expect(
      await failure(HTTPRequest(.get, url), over: try transport(address))
        == .unreachable(
          host: "the proxy \(address)",
          cause: "it wants a user name and a password, as in http://USER:PASSWORD@HOST:PORT (407)"))
    let found = await failure(HTTPRequest(.get, url), over: try transport("http://user:secret@\(address)"))
    #expect(
      found?.description
        == "no connection to the proxy \(address): it does not accept the user name and the password in its address (407)"
    )
  }

  @Test("a proxy that is not there is named", arguments: urls)
  func refused(url: String) async throws {
    let proxy = try ScriptedServer()
    proxy.stop()
    for scheme in ["http://user:secret@", "socks5://"] {
      #expect(
        await failure(HTTPRequest(.get, url), over: try transport("\(scheme)127.0.0.1:\(proxy.port)"))
          == .unreachable(host: "the proxy 127.0.0.1:\(proxy.port)", cause: "nothing listens there"))
    }
  }

  @Test("a proxy whose name is unknown is named", arguments: urls)
  func unknownProxy(url: String) async throws {
    for scheme in ["http://user:secret@", "socks5://"] {
      #expect(
        await failure(HTTPRequest(.get, url), over: try transport("\(scheme)no-such-proxy.invalid:3128"))
          == .unreachable(host: "the proxy no-such-proxy.invalid:3128", cause: "its name is unknown"))
    }
  }

  @Test("a proxy that takes the connection and opens no way counts as no connection", arguments: ["http", "socks5"])
  func silentProxy(scheme: String) async throws {
    let proxy = try ScriptedServer()
    proxy.enqueue(.hang)
    let transport = try transport("\(scheme)://127.0.0.1:\(proxy.port)", connectTimeout: .milliseconds(300))
    #expect(
      await failure(HTTPRequest(.get, "https://api.example.test/"), over: transport)
        == .connectTimeout(after: .milliseconds(300)))
    #expect(await proxy.waitUntilNoConnection())
  }

  @Test("a proxy that speaks no SOCKS opens no way")
  func notSOCKS() async throws {
    let proxy = try await TalkingServer(says: "HTTP/1.1 400 Bad Request\r\n\r\n")
    let found = await failure(
      HTTPRequest(.get, "https://api.example.test/"), over: try transport("socks5://127.0.0.1:\(proxy.port)"))
    #expect(
      found
        == .unreachable(
          host: "api.example.test", cause: "the proxy 127.0.0.1:\(proxy.port) opens no way to it"))
  }

  @Test("a proxy that closes instead of opening a way is told as a connection that closed")
  func closingProxy() async throws {
    let proxy = try ScriptedServer()
    proxy.enqueue(.cut)
    #expect(
      await failure(
        HTTPRequest(.get, "https://api.example.test/"), over: try transport("127.0.0.1:\(proxy.port)"))
        == .closedEarly)
  }
}
