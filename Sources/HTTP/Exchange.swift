import AsyncHTTPClient
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1

/// One request and its response, between the event loop that receives and the task that reads.
///
/// The event loop appends what comes to one buffer and the reader takes all of it at once, so a fast stream costs one
/// hop for many chunks. Above `highWater` the loop stops reading the socket until the reader has caught up.
/// One timer watches the silence; it looks at the time of the last byte when it fires and is not touched by bytes.
final class Exchange: HTTPClientResponseDelegate {
  typealias Response = Void
  typealias Head = (status: Int, headers: HeaderFields)

  /// Bytes that may wait for the reader before the socket is no longer read.
  private static let highWater = 256 * 1024

  private struct State {
    var task: HTTPClient.Task<Void>?
    var head: Head?
    var headWaiter: CheckedContinuation<Head, any Error>?
    var buffered: [UInt8] = []
    var reader: CheckedContinuation<[UInt8]?, any Error>?
    /// Set while the socket is not read because `buffered` is full.
    var paused: EventLoopPromise<Void>?
    var outcome: Result<Void, any Error>?
    var hasBody = false
    var lastByteAt: NIODeadline
  }

  private let state: NIOLockedValueBox<State>
  private let timeouts: Timeouts
  private let startedAt: NIODeadline
  private let translate: @Sendable (any Error) -> any Error

  /// - Parameter translate: Turns an error of the client into one of ours.
  init(timeouts: Timeouts, translate: @escaping @Sendable (any Error) -> any Error) {
    self.timeouts = timeouts
    self.translate = translate
    startedAt = .now()
    state = NIOLockedValueBox(State(lastByteAt: startedAt))
  }

  // MARK: The reader's side

  /// Runs the request that `start` begins and waits for the head of its response.
  func head(startedBy start: () -> HTTPClient.Task<Void>) async throws -> Head {
    try Task.checkCancellation()
    let task = start()
    state.withLockedValue { $0.task = task }
    task.eventLoop.execute { self.watchSilence(on: task.eventLoop) }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let known: Result<Head, any Error>? = state.withLockedValue { state in
          if let head = state.head { return .success(head) }
          if case .failure(let error) = state.outcome { return .failure(error) }
          state.headWaiter = continuation
          return nil
        }
        if let known { continuation.resume(with: known) }
      }
    } onCancel: {
      cancel()
    }
  }

  /// Everything that has come since the last call, waiting for something when there is nothing; `nil` at the end.
  func nextChunk() async throws -> [UInt8]? {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let (known, paused) = state.withLockedValue {
          state -> (Result<[UInt8]?, any Error>?, EventLoopPromise<Void>?) in
          if !state.buffered.isEmpty {
            let paused = state.paused
            state.paused = nil
            if paused != nil { state.lastByteAt = .now() }
            let chunk = state.buffered
            state.buffered = []
            return (.success(chunk), paused)
          }
          if let outcome = state.outcome { return (outcome.map { nil }, nil) }
          state.reader = continuation
          return (nil, nil)
        }
        paused?.succeed()
        if let known { continuation.resume(with: known) }
      }
    } onCancel: {
      cancel()
    }
  }

  /// Closes the connection; whoever waits gets `CancellationError`. Does nothing once the response is whole.
  func cancel() {
    let task = state.withLockedValue { state in
      if state.outcome == nil { state.buffered = [] }
      return state.outcome == nil ? state.task : nil
    }
    end(.failure(CancellationError()))
    task?.cancel()
  }

  // MARK: The event loop's side

  func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
    var headers = HeaderFields()
    for (name, value) in head.headers { headers.append(name: name, value: value) }
    let received: Head = (Int(head.status.code), headers)
    let waiter = state.withLockedValue { state in
      state.head = received
      defer { state.headWaiter = nil }
      return state.headWaiter
    }
    waiter?.resume(returning: received)
    return task.eventLoop.makeSucceededVoidFuture()
  }

  func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
    let (reader, chunk, paused) = state.withLockedValue {
      state -> (CheckedContinuation<[UInt8]?, any Error>?, [UInt8], EventLoopPromise<Void>?) in
      guard state.outcome == nil else { return (nil, [], nil) }
      state.lastByteAt = .now()
      state.hasBody = true
      buffer.withUnsafeReadableBytes { state.buffered.append(contentsOf: $0) }
      if let reader = state.reader {
        let chunk = state.buffered
        state.reader = nil
        state.buffered = []
        return (reader, chunk, nil)
      }
      if state.buffered.count >= Self.highWater { state.paused = task.eventLoop.makePromise() }
      return (nil, [], state.paused)
    }
    reader?.resume(returning: chunk)
    return paused?.futureResult ?? task.eventLoop.makeSucceededVoidFuture()
  }

  func didFinishRequest(task: HTTPClient.Task<Void>) throws {
    end(.success(()))
  }

  func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
    end(.failure(translate(error)))
  }

  /// Settles how the exchange ended, unless that is settled, and tells whoever waits.
  private func end(_ outcome: Result<Void, any Error>) {
    let (headWaiter, reader, paused) = state.withLockedValue {
      state -> (
        CheckedContinuation<Head, any Error>?, CheckedContinuation<[UInt8]?, any Error>?, EventLoopPromise<Void>?
      ) in
      guard state.outcome == nil else { return (nil, nil, nil) }
      state.outcome = outcome
      defer { (state.headWaiter, state.reader, state.paused) = (nil, nil, nil) }
      return (state.headWaiter, state.reader, state.paused)
    }
    paused?.succeed()
    reader?.resume(with: outcome.map { nil })
    headWaiter?.resume(with: outcome.flatMap { .failure(HTTPError.closedEarly) })
  }

  // MARK: Silence

  /// Ends the exchange when its silence is too long, or comes back when it could be.
  private func watchSilence(on eventLoop: any EventLoop) {
    enum Verdict {
      case ended
      case wait(until: NIODeadline)
      case tooLong(HTTPError, HTTPClient.Task<Void>?)
    }
    let now = NIODeadline.now()
    let verdict = state.withLockedValue { state -> Verdict in
      if state.outcome != nil { return .ended }
      // While the reader lags, the server is not the one who is silent.
      if state.paused != nil { return .wait(until: now + TimeAmount(timeouts.idle)) }
      let deadline =
        state.hasBody ? state.lastByteAt + TimeAmount(timeouts.idle) : startedAt + TimeAmount(timeouts.firstByte)
      // Not later than one idle time from now: until then the body may begin and fall silent.
      guard deadline <= now else { return .wait(until: min(deadline, now + TimeAmount(timeouts.idle))) }
      let error: HTTPError =
        state.hasBody ? .idleTimeout(after: timeouts.idle) : .firstByteTimeout(after: timeouts.firstByte)
      return .tooLong(error, state.task)
    }
    switch verdict {
    case .ended:
      return
    case .wait(let deadline):
      // Weak: a response that came whole is not kept in memory until its timer fires.
      _ = eventLoop.scheduleTask(deadline: deadline) { [weak self] in self?.watchSilence(on: eventLoop) }
    case .tooLong(let error, let task):
      end(.failure(error))
      task?.fail(reason: error)
    }
  }
}
