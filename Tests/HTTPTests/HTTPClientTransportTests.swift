import Foundation
import Glibc
import RearviewHTTP
import ScriptedServer
import Testing

@Suite("The client")
struct HTTPClientTransportTests {
  private let transport = HTTPClientTransport(userAgent: "rearview/test")

  private func failure(_ request: HTTPRequest, over transport: HTTPClientTransport? = nil) async -> HTTPError? {
    do {
      let response = try await (transport ?? self.transport).send(request)
      _ = try await response.body.collect(limit: 1_000_000)
      return nil
    } catch {
      return error as? HTTPError
    }
  }

  @Test("a request arrives as it was written, with the user agent")
  func requestOnTheWire() async throws {
    let server = try ScriptedServer()
    server.enqueue(.json(201, #"{"ok":true}"#, headers: ["x-twice": "b"]))
    let response = try await transport.send(
      HTTPRequest(.post, server.url + "/a/b?c=d%20e", headers: ["X-Mine": "1"], body: Array("héllo".utf8)))
    #expect(response.status == 201)
    #expect(response.headers["X-TWICE"] == "b")
    #expect(String(decoding: try await response.body.collect(limit: 100), as: UTF8.self) == #"{"ok":true}"#)
    let request = try #require(server.requests.first)
    #expect(request.method == "POST")
    #expect(request.target == "/a/b?c=d%20e")
    #expect(request.headers["x-mine"] == "1")
    #expect(request.headers["user-agent"] == "rearview/test")
    #expect(request.bodyText == "héllo")
  }

  @Test("a status of failure is a response")
  func statusIsNoError() async throws {
    let server = try ScriptedServer()
    server.enqueue(.json(500, "{}"))
    #expect(try await transport.send(HTTPRequest(.get, server.url)).status == 500)
  }

  @Test("a redirect is not followed")
  func redirect() async throws {
    let server = try ScriptedServer()
    server.enqueue(.body(302, "", headers: ["location": server.url + "/elsewhere"]))
    #expect(try await transport.send(HTTPRequest(.get, server.url)).status == 302)
    #expect(server.requests.count == 1)
  }

  @Test("a refused connection is told as such, and not tried again until a timeout")
  func refused() async throws {
    let server = try ScriptedServer()
    server.stop()
    // A client that tries again until its connect timeout tells of a timeout.
    #expect(await failure(HTTPRequest(.get, server.url)) == .refused(host: "127.0.0.1", port: server.port))
  }

  @Test("an unknown name is told from a refusal")
  func unknownHost() async {
    #expect(await failure(HTTPRequest(.get, "http://no-such-host.invalid/")) == .unknownHost("no-such-host.invalid"))
  }

  @Test("a connection that is never accepted times out")
  func connectTimeout() async throws {
    let full = try FullListener()
    defer { full.close() }
    let transport = HTTPClientTransport(userAgent: "t", connectTimeout: .milliseconds(200))
    let found = await failure(HTTPRequest(.get, "http://127.0.0.1:\(full.port)/"), over: transport)
    #expect(found == .connectTimeout(after: .milliseconds(200)))
  }

  @Test("a server that takes the request and says nothing times out, also after its head")
  func firstByteTimeout() async throws {
    let server = try ScriptedServer()
    let timeouts = Timeouts(firstByte: .seconds(1), idle: .seconds(60))
    server.enqueue(.hang)
    #expect(
      await failure(HTTPRequest(.get, server.url, timeouts: timeouts))
        == .firstByteTimeout(after: .seconds(1)))
    server.enqueue(.stream([.hang]))
    #expect(
      await failure(HTTPRequest(.get, server.url, timeouts: timeouts))
        == .firstByteTimeout(after: .seconds(1)))
    #expect(await server.waitForDisconnects(2))
  }

  @Test("a body that falls silent times out after what came of it")
  func idleTimeout() async throws {
    let server = try ScriptedServer()
    server.enqueue(.stream([.send(Array("first".utf8)), .hang]))
    let timeouts = Timeouts(firstByte: .seconds(60), idle: .milliseconds(150))
    let response = try await transport.send(HTTPRequest(.get, server.url, timeouts: timeouts))
    var body = response.body.makeAsyncIterator()
    #expect(try await body.next() == Array("first".utf8))
    await #expect(throws: HTTPError.idleTimeout(after: .milliseconds(150))) { try await body.next() }
    #expect(await server.waitForDisconnects())
  }

  @Test("a reader that is slow is not taken for a silent server")
  func slowReaderIsNotSilence() async throws {
    let server = try ScriptedServer()
    let line = [UInt8](repeating: UInt8(ascii: "x"), count: 1_024)
    server.enqueue(.stream([.flood(line, count: 20_000)]))
    let timeouts = Timeouts(firstByte: .seconds(60), idle: .milliseconds(500))
    let response = try await transport.send(HTTPRequest(.get, server.url, timeouts: timeouts))
    var body = response.body.makeAsyncIterator()
    var count = try await body.next()?.count ?? 0
    // The wait is the slow reader itself; nothing is waited for.
    try await Task.sleep(for: .milliseconds(1_100))
    while let chunk = try await body.next() { count += chunk.count }
    #expect(count == 20_000 * 1_024)
  }

  @Test("a slow reader slows the server down")
  func backpressure() async throws {
    let server = try ScriptedServer()
    let sent = Gate()
    let line = [UInt8](repeating: UInt8(ascii: "x"), count: 64 * 1_024)
    // 64 MB, which no socket buffer holds: the gate after it is reached only when they were read.
    server.enqueue(.stream([.flood(line, count: 1_024), .wait(sent)]))
    let response = try await transport.send(HTTPRequest(.get, server.url))
    var body = response.body.makeAsyncIterator()
    var largest = 0
    var total = 0
    while total < 64 * 1_024 * 1_024, let chunk = try await body.next() {
      largest = max(largest, chunk.count)
      total += chunk.count
    }
    sent.open()
    #expect(total == 64 * 1_024 * 1_024)
    #expect(largest < 4 * 1_024 * 1_024)
  }

  @Test("a body that breaks off is told from one that ends")
  func closedEarly() async throws {
    let server = try ScriptedServer()
    server.enqueue(ScriptedResponse.sse(["one", "two"]).cutAfter(1))
    let response = try await transport.send(HTTPRequest(.get, server.url))
    var body = response.body.makeAsyncIterator()
    #expect(try await body.next() == Array("one".utf8))
    await #expect(throws: HTTPError.closedEarly) { try await body.next() }
    server.enqueue(.cut)
    #expect(await failure(HTTPRequest(.get, server.url)) == .closedEarly)
  }

  @Test("cancelling the reader closes the connection")
  func cancelWhileReading() async throws {
    let server = try ScriptedServer()
    server.enqueue(.stream([.send(Array("first".utf8)), .hang]))
    let hasBegun = Gate()
    let reader = Task { [transport] in
      let response = try await transport.send(HTTPRequest(.get, server.url))
      for try await _ in response.body { hasBegun.open() }
    }
    #expect(await hasBegun.wait())
    reader.cancel()
    #expect(await server.waitForDisconnects(seconds: 5))
    await #expect(throws: CancellationError.self) { try await reader.value }
  }

  @Test("cancelling before the head closes the connection")
  func cancelBeforeHead() async throws {
    let server = try ScriptedServer()
    server.enqueue(.hang)
    let reader = Task { [transport] in _ = try await transport.send(HTTPRequest(.get, server.url)) }
    #expect(await server.waitForRequests())
    reader.cancel()
    #expect(await server.waitForDisconnects(seconds: 5))
    await #expect(throws: CancellationError.self) { try await reader.value }
  }

  @Test("letting go of a response closes its connection")
  func abandonedResponse() async throws {
    let server = try ScriptedServer()
    server.enqueue(.stream([.send(Array("first".utf8)), .hang]))
    #expect(try await transport.send(HTTPRequest(.get, server.url)).status == 200)
    #expect(await server.waitForDisconnects(seconds: 5))
  }

  @Test("a response that was read leaves its connection to the next request")
  func connectionIsReused() async throws {
    let server = try ScriptedServer()
    for _ in 0..<3 {
      server.enqueue(.json(200, "{}"))
      _ = try await transport.send(HTTPRequest(.get, server.url)).body.collect(limit: 10)
    }
    #expect(server.connectionCount == 1)
    #expect(server.disconnects == 0)
  }

  @Test("ending the client right after an answer, again and again, does no harm")
  func shutdownRightAfterAnswer() async throws {
    let server = try ScriptedServer { _ in .json(200, "{}") }
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<25 {
            let transport = HTTPClientTransport(userAgent: "t")
            _ = try? await transport.send(HTTPRequest(.post, server.url, body: [1, 2, 3])).body.collect(limit: 10)
            await transport.shutdown()
          }
        }
      }
    }
    #expect(server.requests.count == 100)
  }

  @Test("a server that does not speak TLS is an error of its own")
  func notTLS() async throws {
    let server = try ScriptedServer()
    let found = await failure(HTTPRequest(.get, "https://127.0.0.1:\(server.port)/"))
    #expect(
      found
        == .tls(
          cause: "what answers at 127.0.0.1:\(server.port) does not speak TLS; its address may begin with http:"))
  }

  @Test("a body over the limit is not read to its end")
  func tooLarge() async throws {
    let server = try ScriptedServer()
    server.enqueue(.body(200, String(repeating: "x", count: 1_000)))
    let response = try await transport.send(HTTPRequest(.get, server.url))
    await #expect(throws: HTTPError.tooLarge(limit: 999)) { try await response.body.collect(limit: 999) }
  }

  @Test("a header that cannot be sent is refused without being repeated")
  func invalidHeader() async {
    let request = HTTPRequest(.get, "http://127.0.0.1:9/", headers: ["authorization": "Bearer sk-secret\nx"])
    let found = await failure(request)
    let reason = if case .invalidRequest(let reason) = found { reason } else { "" }
    #expect(!reason.isEmpty)
    #expect(!reason.contains("sk-secret"))
  }

  @Test("an address that is no URL is refused", arguments: ["", "nonsense", "ftp://example.org/", "http://"])
  func invalidURL(url: String) async {
    let found = await failure(HTTPRequest(.get, url))
    let isInvalid = if case .invalidRequest = found { true } else { false }
    #expect(isInvalid, "\(String(describing: found))")
  }

  @Test("after shutdown nothing is sent")
  func shutdown() async throws {
    let server = try ScriptedServer { _ in .json(200, "{}") }
    let transport = HTTPClientTransport(userAgent: "t")
    _ = try await transport.send(HTTPRequest(.get, server.url)).body.collect(limit: 10)
    await transport.shutdown()
    await transport.shutdown()
    #expect(await failure(HTTPRequest(.get, server.url), over: transport) == .shutDown)
    #expect(server.requests.count == 1)
  }
}

/// A socket that listens and whose queue is full, so that a further connection gets no answer.
private struct FullListener {
  let port: Int
  private let sockets: [Int32]

  init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    var sockets = [listener]
    let isReady = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard bind(listener, address, length) == 0, listen(listener, 0) == 0,
          getsockname(listener, address, &length) == 0
        else { return false }
        // A queue of 0 takes one; the rest fill the half-open places.
        for _ in 0..<16 {
          let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
          _ = connect(client, address, length)
          sockets.append(client)
        }
        return true
      }
    }
    try #require(isReady)
    port = Int(UInt16(bigEndian: address.sin_port))
    self.sockets = sockets
  }

  func close() {
    for socket in sockets { _ = Glibc.close(socket) }
  }
}
