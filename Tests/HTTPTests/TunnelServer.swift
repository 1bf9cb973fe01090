import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A proxy on loopback, by CONNECT or SOCKS 5, that leads every name to one port of this machine and records what it
/// was asked for.
final class TunnelServer: Sendable {
  /// The port on 127.0.0.1.
  let port: Int
  private let channel: any Channel
  private let asked = NIOLockedValueBox<[String]>([])

  /// What came before each tunnel: the head of a CONNECT request, or `HOST:PORT` of SOCKS.
  var requests: [String] { asked.withLockedValue { $0 } }

  init(to targetPort: Int) async throws {
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelOption(.autoRead, value: true)
      .childChannelInitializer { [asked] channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            TunnelHandler(targetPort: targetPort) { request in asked.withLockedValue { $0.append(request) } })
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  deinit {
    channel.close(promise: nil)
  }
}

private final class TunnelHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum State {
    case start, socksGreeted, connecting, open(any Channel)
  }

  private let targetPort: Int
  private let record: (String) -> Void
  private var state = State.start
  private var input = ByteBuffer()

  init(targetPort: Int, record: @escaping (String) -> Void) {
    self.targetPort = targetPort
    self.record = record
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    if case .open(let target) = state {
      target.writeAndFlush(bytes, promise: nil)
      return
    }
    input.writeBuffer(&bytes)
    advance(context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    if case .open(let target) = state { target.close(promise: nil) }
  }

  private func advance(_ context: ChannelHandlerContext) {
    let view = input.readableBytesView
    switch state {
    case .start where view.first == 5:
      guard view.count >= 2, view.count >= 2 + Int(view[view.startIndex + 1]) else { return }
      input.clear()
      state = .socksGreeted
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: [5, 0])), promise: nil)
    case .start:
      let head = String(decoding: view, as: UTF8.self)
      guard head.hasSuffix("\r\n\r\n") else { return }
      open(context, request: head, reply: Array("HTTP/1.1 200 Connected\r\n\r\n".utf8))
    case .socksGreeted:
      let bytes = Array(view)
      guard bytes.count > 5, bytes.starts(with: [5, 1, 0, 3]), bytes.count == 7 + Int(bytes[4]) else { return }
      let name = String(decoding: bytes[5..<(bytes.count - 2)], as: UTF8.self)
      let port = Int(bytes[bytes.count - 2]) << 8 | Int(bytes[bytes.count - 1])
      open(context, request: "\(name):\(port)", reply: [5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    case .connecting, .open:
      return
    }
  }

  private func open(_ context: ChannelHandlerContext, request: String, reply: [UInt8]) {
    record(request)
    input.clear()
    state = .connecting
    let client = context.channel
    let this = NIOLoopBound(self, eventLoop: context.eventLoop)
    ClientBootstrap(group: context.eventLoop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ReturnHandler(to: client))
        }
      }
      .connect(host: "127.0.0.1", port: targetPort)
      .whenSuccess { target in
        this.value.state = .open(target)
        client.writeAndFlush(ByteBuffer(bytes: reply), promise: nil)
      }
  }
}

private final class ReturnHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let client: any Channel

  init(to client: any Channel) {
    self.client = client
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    client.writeAndFlush(unwrapInboundIn(data), promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    client.close(promise: nil)
  }
}
