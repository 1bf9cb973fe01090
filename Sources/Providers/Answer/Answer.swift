import RearviewChat
import RearviewHTTP

/// A response that answers, and how its failures are told.
struct OpenedAnswer: Sendable {
  var body: HTTPBody
  var failure: ProviderFailure
}

/// One answer on its way: reads the response when it is asked for the next event.
actor Answer<Dialect: AnswerDialect> {
  private enum Phase {
    case unopened
    case reading(HTTPBody.AsyncIterator, ProviderFailure)
    /// All has been said but the end of the body, which lets the connection be used again.
    case said(HTTPBody.AsyncIterator)
    /// What has been read is handed out, then this is thrown.
    case failed(any Error)
    case ended
  }

  private let open: @Sendable () async throws -> OpenedAnswer
  private var phase = Phase.unopened
  private var reader: AnswerReader<Dialect>
  private var pending: ArraySlice<ChatEvent> = []

  /// - Parameter open: Sends the request and returns the response when it is one that answers.
  init(_ dialect: Dialect, open: @escaping @Sendable () async throws -> OpenedAnswer) {
    reader = AnswerReader(dialect)
    self.open = open
  }

  /// The next event; `nil` after `.finished`.
  func next() async throws -> ChatEvent? {
    while true {
      if let event = pending.popFirst() { return event }
      switch phase {
      case .unopened:
        phase = .ended
        let opened = try await open()
        phase = .reading(opened.body.makeAsyncIterator(), opened.failure)
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
        phase = .failed(failure.error(error, hasAnswered: true))
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
      phase = .failed(failure.error(midStream: said, hasAnswered: reader.hasAnswered))
    case .cut:
      phase = .failed(failure.error(.cutStream))
    case .unreadable(let beginning):
      phase = .failed(failure.error(.unreadable, detail: "it begins with \(beginning)"))
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
