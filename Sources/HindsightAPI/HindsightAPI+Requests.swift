import RearviewHTTP
import RearviewJSON
import RearviewMemory

// One request: what is sent with it, how long it may take, and what becomes of its failures.

/// The most bytes of an answer that are taken; a recall with a trace is some hundred thousand.
private let answerLimit = 32 << 20

extension HindsightAPI {
  func deadline(_ timeout: Duration?) -> Deadline { Deadline(timeout ?? defaultTimeout, from: timing.now()) }

  /// Sends a request and returns the JSON of a success.
  func answer(_ call: Call, by deadline: Deadline) async throws -> JSONValue {
    try checked(try await exchange(call, by: deadline), call)
  }

  /// Sends a request, and returns the JSON of a success; `nil` when `isNothing` says that the refusal means just that.
  func answer(_ call: Call, by deadline: Deadline, unless isNothing: (Refusal) -> Bool) async throws -> JSONValue? {
    let response = try await exchange(call, by: deadline)
    if let refusal = Refusal(response), isNothing(refusal) { return nil }
    return try checked(response, call)
  }

  /// The body of a success as JSON.
  func checked(_ response: RawResponse, _ call: Call) throws -> JSONValue {
    if let refusal = Refusal(response) { throw error(for: refusal, call) }
    do {
      return try JSONValue(parsing: response.body)
    } catch {
      throw unreadable(call, "its answer is no JSON (\(error))")
    }
  }

  /// Sends a request once and reads the whole response.
  func exchange(_ call: Call, by deadline: Deadline) async throws -> RawResponse {
    let left = deadline.end - timing.now()
    guard left > .zero else { throw timedOut(call, deadline) }
    let request = request(call, timeout: left)
    do {
      return try await withThrowingTaskGroup(of: RawResponse?.self) { group in
        group.addTask {
          let response = try await transport.send(request)
          let body = try await response.body.collect(limit: answerLimit)
          return RawResponse(status: response.status, retryAfter: response.headers["retry-after"], body: body)
        }
        // The transport's timeouts do not bound a body that trickles.
        group.addTask {
          try await Task.sleep(for: left)
          return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let response = first else { throw timedOut(call, deadline) }
        return response
      }
    } catch let error as HTTPError {
      throw translated(error, call, deadline)
    }
  }

  private func request(_ call: Call, timeout: Duration) -> HTTPRequest {
    var headers: HeaderFields = ["accept": "application/json"]
    if let key { headers["authorization"] = "Bearer \(key)" }
    if call.body != nil { headers["content-type"] = "application/json" }
    return HTTPRequest(
      call.method, location + call.path, headers: headers, body: call.body?.bytes(),
      timeouts: Timeouts(firstByte: timeout, idle: timeout))
  }

  // MARK: Failures

  private func translated(_ error: HTTPError, _ call: Call, _ deadline: Deadline) -> MemoryStoreError {
    switch error {
    case .firstByteTimeout, .idleTimeout:
      timedOut(call, deadline)
    case .tooLarge, .malformed:
      unreadable(call, error.description)
    case .invalidRequest, .refused, .unknownHost, .unreachable, .connectTimeout, .closedEarly, .tls, .shutDown:
      .unreachable(
        location: location, operation: call.operation.rawValue, bankID: call.bankID,
        cause: shown(error.description))
    }
  }

  func error(for refusal: Refusal, _ call: Call) -> MemoryStoreError {
    let said = shown(refusal.said)
    return switch refusal.status {
    case 401, 403:
      .unauthorised(location: location, operation: call.operation.rawValue, bankID: call.bankID, said: said)
    case 300..<429, 430..<500:
      .refused(
        location: location, operation: call.operation.rawValue, bankID: call.bankID, status: refusal.status, said: said)
    default:
      failed(call, status: refusal.status, said: refusal.said)
    }
  }

  func failed(_ call: Call, status: Int, said: String) -> MemoryStoreError {
    .serverFailed(
      location: location, operation: call.operation.rawValue, bankID: call.bankID, status: status,
      said: shown(said))
  }

  func unreadable(_ call: Call, _ cause: String) -> MemoryStoreError {
    .unreadable(location: location, operation: call.operation.rawValue, bankID: call.bankID, cause: shown(cause))
  }

  func timedOut(_ call: Call, _ deadline: Deadline) -> MemoryStoreError {
    .timedOut(
      location: location, operation: call.operation.rawValue, bankID: call.bankID, after: deadline.limit)
  }

  /// What others said, as an error may show it. A server, or a proxy before it, may repeat the key that it was sent:
  /// that goes first, so that no cut leaves half of it.
  private func shown(_ text: String) -> String {
    shortened(key.map { text.replacing($0, with: "…") } ?? text)
  }
}

extension HindsightAPI {
  /// How often recall and reflect are tried.
  private static let tries = 3

  /// Sends a request up to three times while the server is busy (429, 503), as the Python client does: the wait is any
  /// time up to what `Retry-After` says, or up to 0.5 s, then 1 s.
  func patientAnswer(
    _ call: Call, by deadline: Deadline, unless isNothing: (Refusal) -> Bool = { _ in false }
  ) async throws -> JSONValue? {
    var response = try await exchange(call, by: deadline)
    for number in 1..<Self.tries {
      guard [429, 503].contains(response.status) else { break }
      let longest = response.retryAfter.flatMap(Double.init) ?? 0.5 * Double(1 << (number - 1))
      let wait = Duration.seconds(timing.random(0...max(0, longest.isFinite ? longest : 0)))
      // With no time left for the answer, what the server said tells more than a timeout.
      guard timing.now() + wait < deadline.end else { break }
      try await timing.sleep(wait)
      response = try await exchange(call, by: deadline)
    }
    if let refusal = Refusal(response), isNothing(refusal) { return nil }
    return try checked(response, call)
  }
}
