/// Why there was no response, or only part of one. A status code is not an error here.
///
/// No case carries a header or a body, so none can carry a key.
public enum HTTPError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The URL or a header cannot be sent; `reason` does not repeat it.
  case invalidRequest(reason: String)
  /// Nothing listens there.
  case refused(host: String, port: Int)
  case unknownHost(String)
  /// No way to the host, for another reason than the two above. Of a proxy, `host` is `the proxy HOST:PORT`.
  case unreachable(host: String, cause: String)
  case connectTimeout(after: Duration)
  /// The body did not begin in time.
  case firstByteTimeout(after: Duration)
  /// The body began and then fell silent.
  case idleTimeout(after: Duration)
  /// The server closed the connection, or it broke, before the response was whole.
  case closedEarly
  /// The certificate was not accepted, or the handshake failed.
  case tls(cause: String)
  /// The body is longer than `HTTPBody.collect(limit:)` allows, in bytes.
  case tooLarge(limit: Int)
  /// `HTTPClientTransport.shutdown()` was called before.
  case shutDown
  /// The server does not speak HTTP as it should.
  case malformed(cause: String)

  public var description: String {
    switch self {
    case .invalidRequest(let reason): "the request cannot be sent: \(reason)"
    case .refused(let host, let port): "nothing listens at \(host):\(port)"
    case .unknownHost(let host): "the name \(host) is unknown"
    case .unreachable(let host, let cause): "no connection to \(host): \(cause)"
    case .connectTimeout(let after): "no connection within \(after)"
    case .firstByteTimeout(let after): "no answer within \(after)"
    case .idleTimeout(let after): "nothing came for \(after)"
    case .closedEarly: "the connection closed before the answer was whole"
    case .tls(let cause): "no secure connection: \(cause)"
    case .tooLarge(let limit): "the answer is longer than \(limit) bytes"
    case .shutDown: "the program is ending"
    case .malformed(let cause): "the server does not speak HTTP: \(cause)"
    }
  }
}
