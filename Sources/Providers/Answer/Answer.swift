import RearviewChat
import RearviewHTTP

/// A response that answers, and how its failures are told.
struct OpenedAnswer: Sendable {
  var body: HTTPBody
  var failure: ProviderFailure
}

/// One answer on its way: sends the request when it is asked for the first event, reads the response when it is asked
/// for the next, and asks again after a failure that may pass, as long as nothing of the answer has come.
actor Answer<Dialect: AnswerDialect> {
  private enum Phase {
    case unopened
    /// The next try is due then.
    case waiting(until: ContinuousClock.Instant)
    case reading(HTTPBody.AsyncIterator, ProviderFailure)
    /// All has been said but the end of the body, which lets the connection be used again.
    case said(HTTPBody.AsyncIterator)
    /// What has been read is handed out, then this is thrown.
    case failed(any Error)
    case ended
  }

  private let open: @Sendable () async throws -> OpenedAnswer
  private let makeDialect: @Sendable () -> Dialect
  private let backoff: Backoff
  private var attempt = 1
  private var phase = Phase.unopened
  private var reader: AnswerReader<Dialect>
  private var pending: ArraySlice<ChatEvent> = []

  /// - Parameter open: Sends the request and returns the response when it is one that answers.
  init(
    _ makeDialect: @escaping @Sendable @autoclosure () -> Dialect, retries: RetryPolicy,
    open: @escaping @Sendable () async throws -> OpenedAnswer
  ) {
    self.makeDialect = makeDialect
    reader = AnswerReader(makeDialect())
    backoff = Backoff(policy: retries)
    self.open = open
  }

  /// The next event; `nil` after `.finished`.
  func next() async throws -> ChatEvent? {
    while true {
      if let event = pending.popFirst() { return event }
      switch phase {
      case .unopened:
        phase = .ended
        try await begin()
      case .waiting(let until):
        phase = .ended
        try await Task.sleep(until: until)
        try await begin()
      case .reading(let body, let failure):
        phase = .ended
        try await read(body, failure)
      case .said(let body):
        phase = .ended
        await Self.drain(body)
      case .failed(let error):
        phase = .ended
        throw error
      case .ended:
        return nil
      }
    }
  }

  /// Sends the request once.
  private func begin() async throws {
    do {
      let opened = try await open()
      phase = .reading(opened.body.makeAsyncIterator(), opened.failure)
    } catch let error as ChatModelError {
      fail(error)
    }
  }

  /// Settles that a try has failed: another one follows, or the answer fails.
  private func fail(_ error: ChatModelError) {
    // What was told besides an answer, such as usage, is of a try that does not count.
    guard !reader.hasAnswered, let wait = backoff.wait(after: error, attempt: attempt) else {
      phase = .failed(error)
      return
    }
    attempt += 1
    reader = AnswerReader(makeDialect())
    phase = .waiting(until: .now + wait)
    pending = [
      .retrying(
        Retry(attempt: attempt, waitMilliseconds: Int((wait / .milliseconds(1)).rounded()), reason: error.cause))
    ]
  }

  /// Reads once and settles what comes next.
  private func read(_ body: HTTPBody.AsyncIterator, _ failure: ProviderFailure) async throws {
    var body = body
    do {
      if let bytes = try await body.next() {
        pending = reader.take(bytes)[...]
      } else {
        pending = reader.end()[...]
      }
    } catch let error as HTTPError {
      // What follows the finish is not worth an error.
      pending = reader.end()[...]
      guard case .finished = reader.ending else {
        fail(failure.error(error, hasAnswered: true))
        return
      }
    }
    switch reader.ending {
    case nil:
      phase = .reading(body, failure)
    case .finished(let reason):
      pending.append(.finished(reason))
      phase = .said(body)
    case .failed(let said):
      fail(failure.error(midStream: said, hasAnswered: reader.hasAnswered))
    case .cut:
      fail(failure.error(.cutStream))
    case .damaged(let fault):
      fail(failure.error(reader.hasAnswered ? .failedMidStream : .unreadable, detail: fault))
    case .unreadable(let beginning):
      fail(failure.error(.unreadable, detail: "it begins with \(beginning)"))
    }
  }

  /// Waits a moment for the end of the body, so that the connection is not torn; a server that keeps it open is left.
  private static func drain(_ body: HTTPBody.AsyncIterator) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        var body = body
        while (try? await body.next()) != nil {}
      }
      group.addTask { try? await Task.sleep(for: .milliseconds(100)) }
      await group.next()
      group.cancelAll()
    }
  }
}
