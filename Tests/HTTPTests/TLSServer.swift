import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL
import ScriptedServer
import Testing

/// A server on loopback that speaks TLS, and HTTP/2 or HTTP/1.1 as the client and it agree.
///
/// `/whole` is answered at once with the protocol, `/stream` with `first` and, when `proceed` is opened, `second`;
/// `/broken` with `first` and then the end of the stream or connection, `/torn` with that of the socket and no word of
/// it; `/silent` is never answered.
final class TLSServer: Sendable {
  enum Version: String {
    case http1 = "http/1.1"
    case http2 = "h2"
  }

  struct Request: Equatable {
    var version: Version
    var path: String
    var body: String
  }

  fileprivate struct State {
    var requests: [Request] = []
    var connectionCount = 0
    var resets: [HTTP2ErrorCode] = []
  }

  static let authority = path(of: "authority", "pem")

  /// The port on 127.0.0.1.
  let port: Int
  /// What the second half of `/stream` waits for.
  let proceed = Gate()
  /// Opened when the first half of `/stream` is sent, or `/silent` has come.
  let isWaiting = Gate()
  /// Opened when a client went away from a request that was not answered to its end.
  let wasLeft = Gate()
  private let channel: any Channel
  private let state: NIOLockedValueBox<State>

  var url: String { "https://127.0.0.1:\(port)" }
  var requests: [Request] { state.withLockedValue { $0.requests } }
  var connectionCount: Int { state.withLockedValue { $0.connectionCount } }
  /// Why streams of HTTP/2 were reset by the client.
  var resets: [HTTP2ErrorCode] { state.withLockedValue { $0.resets } }

  /// - Parameter certificate: `server`, for this machine and names under example.test, or `named`, for the names only.
  init(offering versions: [Version], certificate: String = "server") async throws {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMFile(Self.path(of: certificate, "pem")).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: Self.path(of: "server", "key"), format: .pem)))
    configuration.applicationProtocols = versions.map(\.rawValue)
    let context = try NIOSSLContext(configuration: configuration)
    let state = NIOLockedValueBox(State())
    let gates = (proceed: proceed, isWaiting: isWaiting, wasLeft: wasLeft)
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        state.withLockedValue { $0.connectionCount += 1 }
        return channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
        }.flatMap {
          channel.configureCommonHTTPServerPipeline { channel in
            channel.eventLoop.makeCompletedFuture {
              try channel.pipeline.syncOperations.addHandler(
                AnsweringHandler(
                  state: state, proceed: gates.proceed, isWaiting: gates.isWaiting, wasLeft: gates.wasLeft))
            }
          }
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
    self.state = state
  }

  deinit {
    proceed.open()
    channel.close(promise: nil)
  }

  static func path(of name: String, _ type: String) -> String {
    Bundle.module.path(forResource: name, ofType: type, inDirectory: "Golden/certificates") ?? "missing"
  }
}

private final class AnsweringHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let state: NIOLockedValueBox<TLSServer.State>
  private let proceed: Gate
  private let isWaiting: Gate
  private let wasLeft: Gate
  private var path = ""
  private var body = ""
  private var isAnswering = false

  init(state: NIOLockedValueBox<TLSServer.State>, proceed: Gate, isWaiting: Gate, wasLeft: Gate) {
    (self.state, self.proceed, self.isWaiting, self.wasLeft) = (state, proceed, isWaiting, wasLeft)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      (path, body) = (head.uri, "")
    case .body(let bytes):
      body += String(buffer: bytes)
    case .end:
      // A stream of HTTP/2 is a channel in the connection's channel, which is one in the listener's.
      let version: TLSServer.Version = context.channel.parent?.parent == nil ? .http1 : .http2
      state.withLockedValue { $0.requests.append(TLSServer.Request(version: version, path: path, body: body)) }
      isAnswering = true
      answer(context, version)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let error = error as? NIOHTTP2Errors.StreamClosed { state.withLockedValue { $0.resets.append(error.errorCode) } }
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    if isAnswering { wasLeft.open() }
  }

  private func answer(_ context: ChannelHandlerContext, _ version: TLSServer.Version) {
    switch path {
    case "/whole":
      begin(context, version.rawValue)
      end(context)
    case "/stream":
      begin(context, "first")
      isWaiting.open()
      afterGate(context) { handler, context in
        handler.send(context, "second")
        handler.end(context)
      }
    case "/broken":
      begin(context, "first")
      afterGate(context) { handler, context in
        handler.isAnswering = false
        context.close(promise: nil)
      }
    case "/torn":
      begin(context, "first")
      afterGate(context) { handler, context in
        handler.isAnswering = false
        let connection = version == .http2 ? context.channel.parent : context.channel
        // Past the handler that would say goodbye.
        try? connection?.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self).close(promise: nil)
      }
    default:
      isWaiting.open()
    }
  }

  private func afterGate(
    _ context: ChannelHandlerContext, _ proceeding: @escaping (AnsweringHandler, ChannelHandlerContext) -> Void
  ) {
    let (this, proceed) = (NIOLoopBound((self, context, proceeding), eventLoop: context.eventLoop), proceed)
    context.eventLoop.makeFutureWithTask { await proceed.wait(seconds: 60) }.whenComplete { _ in
      let (handler, context, proceeding) = this.value
      if context.channel.isActive { proceeding(handler, context) }
    }
  }

  private func begin(_ context: ChannelHandlerContext, _ text: String) {
    context.write(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .ok))), promise: nil)
    send(context, text)
  }

  private func send(_ context: ChannelHandlerContext, _ text: String) {
    context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
  }

  private func end(_ context: ChannelHandlerContext) {
    isAnswering = false
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}
