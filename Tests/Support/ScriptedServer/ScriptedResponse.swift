import Foundation

/// What the server plays for one request.
public struct ScriptedResponse: Sendable {
  /// One thing that the server does, in order.
  public enum Step: Sendable {
    /// Sends bytes, as one chunk where the answer is chunked.
    case send([UInt8])
    /// Waits until the test opens the gate.
    case wait(Gate)
    /// Sends bytes this many times, as fast as the client takes them.
    case flood([UInt8], count: Int)
    /// Sends bytes this many times with a pause before each, for a server that is slow but alive.
    case trickle([UInt8], count: Int, pauseMilliseconds: UInt32)
    /// Says nothing until the client goes away.
    case hang
    /// Closes the connection in the middle of the answer.
    case cut
  }

  /// How the client knows where the body ends.
  public enum Framing: Sendable {
    case chunked
    case contentLength(Int)
    case untilClosed
  }

  public var status: Int
  public var headers: [(name: String, value: String)]
  public var framing: Framing
  public var steps: [Step]
  /// `false` for an answer that never even begins.
  public var hasHead = true

  public init(
    status: Int = 200, headers: [(name: String, value: String)] = [], framing: Framing = .chunked, steps: [Step]
  ) {
    self.status = status
    self.headers = headers
    self.framing = framing
    self.steps = steps
  }
}

extension ScriptedResponse {
  /// A whole body with a length.
  public static func body(
    _ status: Int = 200, _ text: String, type: String = "text/plain", headers: [String: String] = [:]
  ) -> Self {
    body(status, bytes: Array(text.utf8), type: type, headers: headers)
  }

  /// Bytes as they are.
  public static func body(
    _ status: Int = 200, bytes: [UInt8], type: String, headers: [String: String] = [:]
  ) -> Self {
    Self(
      status: status,
      headers: [("content-type", type)] + headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
      framing: .contentLength(bytes.count), steps: [.send(bytes)])
  }

  /// A JSON text.
  public static func json(_ status: Int = 200, _ text: String, headers: [String: String] = [:]) -> Self {
    body(status, text, type: "application/json", headers: headers)
  }

  /// An event stream, one chunk a piece.
  public static func sse(_ pieces: [String]) -> Self {
    stream(pieces.map { .send(Array($0.utf8)) })
  }

  /// An event stream of steps.
  public static func stream(_ steps: [Step]) -> Self {
    Self(headers: [("content-type", "text/event-stream; charset=utf-8")], steps: steps)
  }

  /// Takes the request and never answers.
  public static var hang: Self {
    var response = Self(steps: [.hang])
    response.hasHead = false
    return response
  }

  /// Takes the request and closes the connection.
  public static var cut: Self {
    var response = Self(steps: [.cut])
    response.hasHead = false
    return response
  }

  /// The answer up to its first `steps` steps, and then a closed connection.
  public func cutAfter(_ count: Int) -> Self {
    var response = self
    response.steps = Array(steps.prefix(count)) + [.cut]
    return response
  }

  /// The answer with a wait at the gate after its first `count` steps.
  public func pausing(after count: Int, at gate: Gate) -> Self {
    var response = self
    response.steps.insert(.wait(gate), at: min(count, steps.count))
    return response
  }
}
