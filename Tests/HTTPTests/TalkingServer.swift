import NIOCore
import NIOPosix

/// A server on loopback that says one thing to whoever connects, at once, and nothing else; it may close when it has
/// heard something.
final class TalkingServer: Sendable {
  /// The port on 127.0.0.1.
  let port: Int
  private let channel: any Channel

  init(says text: String, closes: Bool = false) async throws {
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(TalkingHandler(text: text, closes: closes))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  deinit {
    channel.close(promise: nil)
  }
}

private final class TalkingHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let text: String
  private let closes: Bool

  init(text: String, closes: Bool) {
    self.text = text
    self.closes = closes
  }

  func channelActive(context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if closes { context.close(promise: nil) }
  }
}
