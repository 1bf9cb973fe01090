import NIOConcurrencyHelpers

/// The bytes of a response as they come, each element all that has come since the one before.
///
/// The server is read only as fast as the body is. It can be read once; whoever stops reading it, by cancelling the
/// task or by letting go of it, closes the connection.
public struct HTTPBody: AsyncSequence, Sendable {
  public typealias Element = [UInt8]

  private let nextChunk: @Sendable () async throws -> [UInt8]?

  /// A body that asks `nextChunk` for its bytes until that returns `nil`.
  public init(_ nextChunk: @escaping @Sendable () async throws -> [UInt8]?) {
    self.nextChunk = nextChunk
  }

  /// A body that is already there, for transports that stand in for the network.
  public init(chunks: [[UInt8]]) {
    let remaining = NIOLockedValueBox(chunks[...])
    self.init { remaining.withLockedValue { $0.popFirst() } }
  }

  public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
    fileprivate let nextChunk: @Sendable () async throws -> [UInt8]?

    /// What has come since the last call; waits when nothing has.
    public mutating func next() async throws -> [UInt8]? {
      try await nextChunk()
    }
  }

  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(nextChunk: nextChunk)
  }

  /// The whole body.
  ///
  /// - Parameter limit: The most bytes to take; a longer body throws `HTTPError.tooLarge`.
  public func collect(limit: Int) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    while let chunk = try await nextChunk() {
      guard bytes.count + chunk.count <= limit else { throw HTTPError.tooLarge(limit: limit) }
      bytes += chunk
    }
    return bytes
  }

  /// The beginning of the body, for an error message: whatever comes before the limit, the end or a failure.
  public func prefix(bytes limit: Int) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    do {
      while bytes.count < limit, let chunk = try await nextChunk() { bytes += chunk }
    } catch is HTTPError {
      return Array(bytes.prefix(limit))
    }
    return Array(bytes.prefix(limit))
  }
}
