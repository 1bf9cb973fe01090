import Foundation
import Glibc

/// A server on loopback that plays what a test wrote and records what it was asked.
///
/// HTTP/1.1 over plain sockets, a thread a connection. What is enqueued is played first, in order; then the handler
/// answers; without one the answer is 404. `stop()` closes everything and returns when every thread has ended; letting
/// go of the server stops it too.
///
/// ```swift
/// let server = try ScriptedServer()
/// defer { server.stop() }
/// server.enqueue(.openAIAnswer("Hello"))
/// // … ask \(server.url)/v1/chat/completions …
/// #expect(server.requests.count == 1)
/// ```
public final class ScriptedServer: Sendable {
  /// Answers a request; it may block its thread.
  public typealias Handler = @Sendable (ScriptedRequest) -> ScriptedResponse

  struct State: Sendable {
    var isStopped = false
    var script: [ScriptedResponse] = []
    var requests: [ScriptedRequest] = []
    var connectionCount = 0
    /// The sockets of the connections that are open now.
    var open: Set<Int32> = []
    var runningThreads = 0
    /// Clients that went away before their answer was played to its end.
    var disconnects = 0
  }

  public struct SetupError: Error, CustomStringConvertible {
    public var description: String
  }

  /// The port on 127.0.0.1.
  public let port: Int
  let state = Guarded(State())
  let handler: Handler?
  private let listener: Int32

  /// `http://127.0.0.1:<port>`
  public var url: String { "http://127.0.0.1:\(port)" }

  public init(_ handler: Handler? = nil) throws {
    self.handler = handler
    (listener, port) = try Self.listen()
    let listener = listener
    let state = state
    Self.start(state: state) { Self.accept(on: listener, state: state, handler: handler) }
  }

  deinit {
    stop()
  }

  /// Adds an answer to the script.
  public func enqueue(_ responses: ScriptedResponse...) {
    state.access { $0.script += responses }
  }

  /// Every request so far.
  public var requests: [ScriptedRequest] { state.access { $0.requests } }

  /// How many connections were ever accepted.
  public var connectionCount: Int { state.access { $0.connectionCount } }

  /// How many clients went away before their answer was played to its end.
  public var disconnects: Int { state.access { $0.disconnects } }

  /// Waits until that many requests have come. Returns whether they have, within the bound.
  public func waitForRequests(_ count: Int = 1, seconds: Double = 10) async -> Bool {
    await state.waitAsync(seconds: seconds) { $0.requests.count >= count }
  }

  /// Waits until that many clients have gone away early. Returns whether they have, within the bound.
  public func waitForDisconnects(_ count: Int = 1, seconds: Double = 10) async -> Bool {
    await state.waitAsync(seconds: seconds) { $0.disconnects >= count }
  }

  /// Waits until no connection is open. Returns whether that is so, within the bound.
  public func waitUntilNoConnection(seconds: Double = 10) async -> Bool {
    await state.waitAsync(seconds: seconds) { $0.open.isEmpty }
  }

  /// Closes every socket and waits for the threads. May be called twice.
  public func stop() {
    let first = state.access { state in
      defer { state.isStopped = true }
      if !state.isStopped { for socket in state.open { shutdown(socket, Int32(SHUT_RDWR)) } }
      return !state.isStopped
    }
    if first { shutdown(listener, Int32(SHUT_RDWR)) }
    _ = state.wait(seconds: 10) { $0.runningThreads == 0 }
    if first { close(listener) }
  }

  static func start(state: Guarded<State>, _ body: @escaping @Sendable () -> Void) {
    state.access { $0.runningThreads += 1 }
    Thread.detachNewThread {
      body()
      state.access { $0.runningThreads -= 1 }
    }
  }

  private static func listen() throws -> (socket: Int32, port: Int) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard listener >= 0 else { throw SetupError(description: "no socket: errno \(errno)") }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) == 0 && Glibc.listen(listener, 64) == 0
          && getsockname(listener, address, &length) == 0
      }
    }
    guard bound else {
      close(listener)
      throw SetupError(description: "cannot listen on loopback: errno \(errno)")
    }
    return (listener, Int(UInt16(bigEndian: address.sin_port)))
  }

  private static func accept(on listener: Int32, state: Guarded<State>, handler: Handler?) {
    while true {
      let socket = Glibc.accept(listener, nil, nil)
      guard socket >= 0 else {
        if errno == EINTR || errno == ECONNABORTED { continue }
        return
      }
      var one: Int32 = 1
      setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
      let number: Int? = state.access { state in
        guard !state.isStopped else { return nil }
        state.open.insert(socket)
        defer { state.connectionCount += 1 }
        return state.connectionCount
      }
      guard let number else {
        close(socket)
        return
      }
      start(state: state) {
        Connection(socket: socket, number: number, state: state, handler: handler).serve()
        // Out of the set before it is closed: the number may be another socket's the next moment.
        state.access { _ = $0.open.remove(socket) }
        close(socket)
      }
    }
  }
}
