import AsyncHTTPClient
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The one HTTP client of the program, on AsyncHTTPClient.
///
/// Making it costs nothing: threads and connections come with the first request. A refused connection fails at once
/// and is not tried again here, redirects are not followed, and a connection waits for the next request for 4 s only,
/// less than the 5 s after which common servers (Node, uvicorn) close it, so a request never meets a closing one.
/// HTTP/2 is used where the server offers it over TLS. A request that is cancelled closes its connection at once, or
/// resets its stream; one that is cancelled while the connection is being made leaves that to the next request, or to
/// its timeout.
public final class HTTPClientTransport: HTTPTransport {
  private enum State {
    case unused
    case running(any EventLoop, [Route: HTTPClient])
    case shutDown

    var clients: [HTTPClient] {
      if case .running(_, let clients) = self { Array(clients.values) } else { [] }
    }
  }

  private let userAgent: String
  private let connectTimeout: Duration
  private let timeouts: Timeouts
  private let network: NetworkSettings?
  private let state = NIOLockedValueBox(State.unused)

  /// - Parameters:
  ///   - userAgent: Sent with each request that does not set its own (`rearview/1.0`).
  ///   - connectTimeout: How long a connection, the proxy's part and TLS included, may take.
  ///   - timeouts: For requests that do not set their own.
  ///   - network: Proxies and certificates; `nil` for no proxy and the system's certificates.
  public init(
    userAgent: String, connectTimeout: Duration = .seconds(10), timeouts: Timeouts = Timeouts(),
    network: NetworkSettings? = nil
  ) {
    self.userAgent = userAgent
    self.connectTimeout = connectTimeout
    self.timeouts = timeouts
    self.network = network
  }

  deinit {
    for client in state.withLockedValue({ $0.clients }) { client.shutdown { _ in } }
  }

  public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    var outgoing = try outgoing(request)
    let route = route(to: outgoing)
    let place = HTTPError.Place(host: outgoing.host, port: outgoing.port, route: route, connectTimeout: connectTimeout)
    if case .forward(let proxy) = route { outgoing = try forwarded(outgoing, to: proxy) }
    let client = try runningClient(for: route)
    let exchange = Exchange(timeouts: request.timeouts ?? timeouts) { HTTPError.translated($0, at: place) }
    let head = try await exchange.head { [outgoing] in client.execute(request: outgoing, delegate: exchange) }
    let lease = ExchangeLease(exchange)
    if head.status == 407, case .forward(let proxy) = route { throw HTTPError.refused(by: proxy) }
    return HTTPResponse(status: head.status, headers: head.headers, body: HTTPBody { try await lease.nextChunk() })
  }

  /// Closes all connections. Requests under way fail, later ones throw `HTTPError.shutDown`. May be called twice.
  public func shutdown() async {
    let clients = state.withLockedValue { state in
      defer { state = .shutDown }
      return state.clients
    }
    // The one error it knows is that it is shut down already.
    for client in clients { try? await client.shutdown() }
  }

  private func runningClient(for route: Route) throws -> HTTPClient {
    try state.withLockedValue { state in
      let eventLoop: any EventLoop
      var clients: [Route: HTTPClient] = [:]
      switch state {
      case .running(let running, let known):
        if let client = known[route] { return client }
        (eventLoop, clients) = (running, known)
      case .shutDown:
        throw HTTPError.shutDown
      case .unused:
        // One event loop for everything. With more, the client (1.37.0) may report the end of a request from one loop
        // after another has seen its connection close, and then ends the program ("A connection that we don't know
        // was released"). One is plenty: it carries some 400,000 chunks a second.
        eventLoop = MultiThreadedEventLoopGroup.singleton.next()
      }
      let client = HTTPClient(eventLoopGroup: eventLoop, configuration: configuration(for: route))
      clients[route] = client
      state = .running(eventLoop, clients)
      return client
    }
  }

  private func configuration(for route: Route) -> HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration()
    route.configure(&configuration)
    var tls = TLSConfiguration.makeClientConfiguration()
    // A server that is busy answering may never read that we close: cancelled is cancelled, not 5 s later.
    tls.shutdownTimeout = .zero
    if let authorities = network?.authorities, !authorities.isEmpty {
      tls.additionalTrustRoots = [.certificates(authorities)]
    }
    configuration.tlsConfiguration = tls
    configuration.redirectConfiguration = .disallow
    configuration.timeout = .init(connect: TimeAmount(connectTimeout))
    configuration.connectionPool = .init(idleTimeout: .seconds(4))
    configuration.connectionPool.retryConnectionEstablishment = false
    return configuration
  }

  private func outgoing(_ request: HTTPRequest) throws -> HTTPClient.Request {
    var headers = HTTPHeaders()
    for (name, value) in request.headers {
      // The client names the values that it refuses, so they are refused here: one of them may be a key.
      guard Self.isToken(name),
        !value.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\t" || $0 == "\u{7F}" })
      else { throw HTTPError.invalidRequest(reason: "a header holds characters that HTTP does not allow") }
      headers.add(name: name, value: value)
    }
    if !headers.contains(name: "user-agent") { headers.add(name: "user-agent", value: userAgent) }
    return try Self.request(
      url: request.url, method: HTTPMethod(rawValue: request.method.rawValue), headers: headers,
      body: request.body.map { .byteBuffer(ByteBuffer(bytes: $0)) })
  }

  private static func request(
    url: String, method: HTTPMethod, headers: HTTPHeaders, body: HTTPClient.Body?
  ) throws(HTTPError) -> HTTPClient.Request {
    do {
      return try HTTPClient.Request(url: url, method: method, headers: headers, body: body)
    } catch {
      throw .invalidRequest(reason: "the URL is not a whole http or https address")
    }
  }

  private func route(to request: HTTPClient.Request) -> Route {
    let isSecure = request.scheme == "https"
    return Route(
      isSecure: isSecure, through: network?.proxy(isSecure: isSecure, host: request.host, port: request.port))
  }

  /// The request as it goes to a proxy: addressed to that, with its own server in the `Host` header.
  private func forwarded(_ request: HTTPClient.Request, to proxy: Proxy) throws -> HTTPClient.Request {
    let url = request.url.absoluteString
    let target = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? ""
    var headers = request.headers
    headers.replaceOrAdd(
      name: "host", value: request.port == 80 ? request.host : "\(request.host):\(request.port)")
    return try Self.request(
      url: "http://" + proxy.authority + target.drop { !"/?#".contains($0) }, method: request.method, headers: headers,
      body: request.body)
  }

  private static func isToken(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { byte in
        (0x21...0x7E).contains(byte) && !"\"(),/:;<=>?@[\\]{}".utf8.contains(byte)
      }
  }
}

/// Holds an exchange for as long as someone could read it, and closes its connection after that.
private final class ExchangeLease: Sendable {
  private let exchange: Exchange

  init(_ exchange: Exchange) {
    self.exchange = exchange
  }

  deinit {
    exchange.cancel()
  }

  func nextChunk() async throws -> [UInt8]? {
    try await exchange.nextChunk()
  }
}
