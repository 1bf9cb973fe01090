/// Sends requests. Everything above this room speaks HTTP through it, so that a test can stand in for the network.
public protocol HTTPTransport: Sendable {
  /// Sends a request and returns as soon as the head of the response is there; the body streams.
  ///
  /// A status of 400 or 500 is a response, not an error. Redirects are not followed: the key in a header belongs to
  /// the host that it was sent to.
  ///
  /// - Throws: `HTTPError`, or `CancellationError` when the calling task was cancelled.
  func send(_ request: HTTPRequest) async throws -> HTTPResponse
}

/// What is asked of a server.
public struct HTTPRequest: Sendable {
  public enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  public var method: Method
  /// An absolute `http` or `https` URL.
  public var url: String
  public var headers: HeaderFields
  public var body: [UInt8]?
  /// How long the first byte and each later one may take; `nil` for the transport's own.
  public var timeouts: Timeouts?

  public init(
    _ method: Method, _ url: String, headers: HeaderFields = [:], body: [UInt8]? = nil, timeouts: Timeouts? = nil
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeouts = timeouts
  }
}

/// What a server answered: the head at once, the body as it comes.
public struct HTTPResponse: Sendable {
  public var status: Int
  public var headers: HeaderFields
  /// Read it, or let go of the response: the connection is held until then.
  public var body: HTTPBody

  public init(status: Int, headers: HeaderFields = [:], body: HTTPBody = HTTPBody(chunks: [])) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}

/// How long to wait for a server. None of them limits how long an answer may take in all.
public struct Timeouts: Hashable, Sendable {
  /// From the request to the first byte of the body, the connection included. A head without a body is no life: some
  /// servers send it before they start to think.
  public var firstByte: Duration
  /// Between two reads of the body. Any byte counts, also one of a comment.
  public var idle: Duration

  /// The defaults suit a chat: 120 s to the first byte (a long prompt on a slow machine), 60 s of silence after it.
  public init(firstByte: Duration = .seconds(120), idle: Duration = .seconds(60)) {
    self.firstByte = firstByte
    self.idle = idle
  }
}
