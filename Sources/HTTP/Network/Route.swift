import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// The way to a server. The client has one proxy for all that it sends, so there is one client a route.
enum Route: Hashable, Sendable {
  case direct
  /// A way to the server is opened through the proxy (CONNECT, or SOCKS). Of what is secure, the proxy sees the name of
  /// the server and nothing else.
  case tunnel(Proxy)
  /// The request is sent to an HTTP proxy with its whole URL (RFC 9112, 3.2.2): many refuse CONNECT for anything but
  /// https.
  case forward(Proxy)

  init(isSecure: Bool, through proxy: Proxy?) {
    guard let proxy else {
      self = .direct
      return
    }
    if case .http = proxy.kind, !isSecure { self = .forward(proxy) } else { self = .tunnel(proxy) }
  }

  var proxy: Proxy? {
    switch self {
    case .direct: nil
    case .tunnel(let proxy), .forward(let proxy): proxy
    }
  }

  /// Sets a client up to go this way.
  func configure(_ configuration: inout HTTPClient.Configuration) {
    switch self {
    case .direct:
      break
    case .tunnel(let proxy):
      switch proxy.kind {
      case .http(let authorization):
        configuration.proxy = .server(host: proxy.host, port: proxy.port, authorization: authorization)
      case .socks5:
        configuration.proxy = .socksServer(host: proxy.host, port: proxy.port)
      }
    case .forward(let proxy):
      // The client knows CONNECT only. To it the proxy is the server, and each request gets its whole URL on the way
      // out of the pipeline.
      configuration.http1_1ConnectionDebugInitializer = { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(
            WholeURLHandler(proxy), position: .after(try pipeline.handler(type: HTTPRequestEncoder.self)))
        }
      }
    }
  }
}

/// Gives requests the form that an HTTP proxy wants: the whole URL, from the `Host` header, and the authorization.
private final class WholeURLHandler: ChannelOutboundHandler {
  typealias OutboundIn = HTTPClientRequestPart
  typealias OutboundOut = HTTPClientRequestPart

  private let authorization: HTTPClient.Authorization?

  init(_ proxy: Proxy) {
    authorization = if case .http(let authorization) = proxy.kind { authorization } else { nil }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard case .head(var head) = unwrapOutboundIn(data), let host = head.headers.first(name: "host") else {
      context.write(data, promise: promise)
      return
    }
    head.uri = "http://" + host + head.uri
    if let authorization { head.headers.replaceOrAdd(name: "proxy-authorization", value: authorization.headerValue) }
    context.write(wrapOutboundOut(.head(head)), promise: promise)
  }
}
