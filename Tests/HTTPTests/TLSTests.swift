import NIOHTTP2
import RearviewHTTP
import ScriptedServer
import Testing

@Suite("TLS and HTTP/2")
struct TLSTests {
  private func transport(
    proxy: String? = nil, connectTimeout: Duration = .seconds(10)
  ) throws -> HTTPClientTransport {
    HTTPClientTransport(
      userAgent: "rearview/test", connectTimeout: connectTimeout,
      network: try NetworkSettings(proxy: proxy, caFile: TLSServer.authority))
  }

  private func failure(_ request: HTTPRequest, over transport: HTTPClientTransport) async -> HTTPError? {
    do {
      _ = try await transport.send(request).body.collect(limit: 1_000_000)
      return nil
    } catch {
      return error as? HTTPError
    }
  }

  private func text(_ bytes: [UInt8]?) -> String? {
    bytes.map { String(decoding: $0, as: UTF8.self) }
  }

  // MARK: Versions

  @Test(
    "HTTP/2 is spoken where the server offers it, HTTP/1.1 where not",
    arguments: [([.http2, .http1], .http2), ([.http2], .http2), ([.http1], .http1)]
      as [([TLSServer.Version], TLSServer.Version)])
  func version(offered: [TLSServer.Version], spoken: TLSServer.Version) async throws {
    let server = try await TLSServer(offering: offered)
    let transport = try transport()
    for _ in 0..<3 {
      let response = try await transport.send(HTTPRequest(.post, server.url + "/whole", body: Array("héllo".utf8)))
      #expect(response.status == 200)
      #expect(text(try await response.body.collect(limit: 100)) == spoken.rawValue)
    }
    #expect(
      server.requests
        == Array(repeating: TLSServer.Request(version: spoken, path: "/whole", body: "héllo"), count: 3))
    #expect(server.connectionCount == 1)
  }

  @Test("through a proxy it is the same", arguments: ["http", "socks5"], [TLSServer.Version.http1, .http2])
  func tunnel(scheme: String, version: TLSServer.Version) async throws {
    let server = try await TLSServer(offering: [version])
    let tunnel = try await TunnelServer(to: server.port)
    let transport = try transport(proxy: "\(scheme)://127.0.0.1:\(tunnel.port)")
    let request = HTTPRequest(
      .post, "https://api.example.test/whole", headers: ["authorization": "Bearer sk-secret"], body: Array("b".utf8))
    let response = try await transport.send(request)
    #expect(text(try await response.body.collect(limit: 100)) == version.rawValue)
    #expect(server.requests == [TLSServer.Request(version: version, path: "/whole", body: "b")])
    #expect(tunnel.requests.count == 1)
    #expect(!tunnel.requests[0].contains("sk-secret"))
    #expect(tunnel.requests[0].contains("api.example.test:443"))
  }

  // MARK: Streams

  private static let versions: [TLSServer.Version] = [.http1, .http2]

  @Test("what the server sends comes before it has sent all", arguments: versions)
  func streams(version: TLSServer.Version) async throws {
    let server = try await TLSServer(offering: [version])
    let transport = try transport()
    let response = try await transport.send(HTTPRequest(.get, server.url + "/stream"))
    var body = response.body.makeAsyncIterator()
    #expect(text(try await body.next()) == "first")
    server.proceed.open()
    #expect(text(try await body.next()) == "second")
    #expect(try await body.next() == nil)
  }

  @Test("cancelling the reader ends the stream at once", arguments: versions)
  func cancelWhileReading(version: TLSServer.Version) async throws {
    let server = try await TLSServer(offering: [version])
    let transport = try transport()
    let hasBegun = Gate()
    let reader = Task {
      let response = try await transport.send(HTTPRequest(.get, server.url + "/stream"))
      for try await _ in response.body { hasBegun.open() }
    }
    #expect(await hasBegun.wait())
    reader.cancel()
    #expect(await server.wasLeft.wait(seconds: 3))
    await #expect(throws: CancellationError.self) { try await reader.value }
    #expect(server.resets == (version == .http2 ? [.cancel] : []))
    // Of HTTP/2 the stream ends and the connection stays.
    #expect(await failure(HTTPRequest(.get, server.url + "/whole"), over: transport) == nil)
    #expect(server.connectionCount == (version == .http2 ? 1 : 2))
  }

  @Test("cancelling before the head ends the stream at once", arguments: versions)
  func cancelBeforeHead(version: TLSServer.Version) async throws {
    let server = try await TLSServer(offering: [version])
    let transport = try transport()
    let reader = Task { _ = try await transport.send(HTTPRequest(.get, server.url + "/silent")) }
    #expect(await server.isWaiting.wait())
    reader.cancel()
    #expect(await server.wasLeft.wait(seconds: 3))
    await #expect(throws: CancellationError.self) { try await reader.value }
    #expect(server.resets == (version == .http2 ? [.cancel] : []))
  }

  @Test("letting go of a response ends its stream", arguments: versions)
  func abandonedResponse(version: TLSServer.Version) async throws {
    let server = try await TLSServer(offering: [version])
    let transport = try transport()
    #expect(try await transport.send(HTTPRequest(.get, server.url + "/stream")).status == 200)
    #expect(await server.wasLeft.wait(seconds: 3))
  }

  @Test("a stream that breaks off is told from one that ends", arguments: versions, ["/broken", "/torn"])
  func closedEarly(version: TLSServer.Version, path: String) async throws {
    let server = try await TLSServer(offering: [version])
    let transport = try transport()
    let response = try await transport.send(HTTPRequest(.get, server.url + path))
    var body = response.body.makeAsyncIterator()
    #expect(text(try await body.next()) == "first")
    server.proceed.open()
    await #expect(throws: HTTPError.closedEarly) { try await body.next() }
  }

  @Test("silence times out before the first byte and after it", arguments: versions)
  func silence(version: TLSServer.Version) async throws {
    let server = try await TLSServer(offering: [version])
    let transport = try transport()
    let short = Duration.milliseconds(150)
    let silent = HTTPRequest(.get, server.url + "/silent", timeouts: Timeouts(firstByte: short, idle: .seconds(60)))
    #expect(await failure(silent, over: transport) == .firstByteTimeout(after: short))
    let begun = HTTPRequest(.get, server.url + "/stream", timeouts: Timeouts(firstByte: .seconds(60), idle: short))
    #expect(await failure(begun, over: transport) == .idleTimeout(after: short))
    #expect(await server.wasLeft.wait(seconds: 3))
  }

  @Test(
    "ending the client right after an answer or a cancelled request, again and again, does no harm", arguments: versions
  )
  func shutdownAtOnce(version: TLSServer.Version) async throws {
    let server = try await TLSServer(offering: [version])
    let network = try NetworkSettings(caFile: TLSServer.authority)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<10 {
            let transport = HTTPClientTransport(userAgent: "t", network: network)
            _ = try? await transport.send(HTTPRequest(.post, server.url + "/whole", body: [1])).body.collect(limit: 10)
            let reader = Task {
              for try await _ in try await transport.send(HTTPRequest(.get, server.url + "/stream")).body {}
            }
            await Task.yield()
            reader.cancel()
            _ = await reader.result
            await transport.shutdown()
          }
        }
      }
    }
    #expect(server.requests.count { $0.path == "/whole" } == 40)
  }

  // MARK: Handshakes

  @Test("a server that takes the connection and says nothing of TLS counts as no connection")
  func silentHandshake() async throws {
    let server = try await TalkingServer(says: "")
    let transport = try transport(connectTimeout: .milliseconds(200))
    #expect(
      await failure(HTTPRequest(.get, "https://127.0.0.1:\(server.port)/"), over: transport)
        == .connectTimeout(after: .milliseconds(200)))
  }

  @Test("cancelling in the handshake ends the wait at once, and the connection with its timeout")
  func cancelInHandshake() async throws {
    let server = try await TalkingServer(says: "")
    let transport = try transport(connectTimeout: .seconds(1))
    let reader = Task { _ = try await transport.send(HTTPRequest(.get, "https://127.0.0.1:\(server.port)/")) }
    #expect(await server.wasMet.wait())
    reader.cancel()
    await #expect(throws: CancellationError.self) { try await reader.value }
    #expect(await server.wasLeft.wait())
  }

  @Test("a server that closes in the handshake is told as such")
  func closedHandshake() async throws {
    let server = try await TalkingServer(says: "", closes: true)
    let found = await failure(HTTPRequest(.get, "https://127.0.0.1:\(server.port)/"), over: try transport())
    #expect(found == .tls(cause: "the connection closed during the handshake"))
  }

  @Test("a server that says nothing of TLS behind a proxy counts as no connection", arguments: ["http", "socks5"])
  func silentHandshakeBehindProxy(scheme: String) async throws {
    let server = try await TalkingServer(says: "")
    let tunnel = try await TunnelServer(to: server.port)
    let transport = try transport(
      proxy: "\(scheme)://127.0.0.1:\(tunnel.port)", connectTimeout: .milliseconds(200))
    #expect(
      await failure(HTTPRequest(.get, "https://api.example.test/"), over: transport)
        == .connectTimeout(after: .milliseconds(200)))
    #expect(tunnel.requests.count == 1)
  }
}
