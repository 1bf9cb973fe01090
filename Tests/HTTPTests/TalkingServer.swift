import NIOCore
import NIOPosix
import ScriptedServer

/// A server on loopback that answers whatever it hears with one text, and closes if it is told to.
final class TalkingServer: Sendable {
  /// The port on 127.0.0.1.
  let port: Int
  /// Opened when someone has connected and said something.
  let wasMet = Gate()
  /// Opened when that connection is closed.
  let wasLeft = Gate()
  private let channel: any Channel

  init(says text: String, closes: Bool = false) async throws {
    let (wasMet, wasLeft) = (wasMet, wasLeft)
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            TalkingHandler(text: text, closes: closes, wasMet: wasMet, wasLeft: wasLeft))
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
  private let wasMet: Gate
  private let wasLeft: Gate

  init(text: String, closes: Bool, wasMet: Gate, wasLeft: Gate) {
    (self.text, self.closes, self.wasMet, self.wasLeft) = (text, closes, wasMet, wasLeft)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    wasMet.open()
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    if closes { context.close(promise: nil) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    wasLeft.open()
  }
}
