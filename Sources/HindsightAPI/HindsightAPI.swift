import Foundation
import RearviewHTTP
import RearviewJSON
import RearviewMemory

/// Memories that a Hindsight server keeps, over its HTTP API (0.4 to 1.1).
///
/// What the chat loop needs is asked for with the very bodies that the Python client sends, but for one thing: turns are
/// handed over in the background of the server, each under an operation id that is its own, so that a queue may send one
/// again after any failure and nothing is stored twice.
///
/// Recall and reflect are tried up to three times when the server is busy (429, 503); nothing else is tried again here.
/// No error, and no description of this value, holds the key.
///
/// ```swift
/// let store = try HindsightAPI(url: "http://127.0.0.1:8888", apiKey: nil, transport: transport)
/// let found = try await store.recall(RecallQuery(bankID: "notes", text: "Where does Anna live?"))
/// ```
public struct HindsightAPI: MemoryStore {
  /// The server's address without a slash at its end.
  public let location: String
  let transport: any HTTPTransport
  let timing: Timing
  let key: String?

  /// A server cuts a longer query off.
  public var queryTokenLimit: Int? { 500 }

  /// A model reads each text, and it reads it once.
  public var takesPartialTurns: Bool { false }

  /// - Parameters:
  ///   - url: The server's address, `http` or `https`, with or without a path before the API's own and a slash at its
  ///     end.
  ///   - apiKey: Sent as `Authorization: Bearer …` with every request; blank for none.
  /// - Throws: `MemoryStoreError.unavailable` when the address or the key cannot be used. An address with a user or a password in it is
  ///   refused: an address is shown and logged, and the server knows only keys.
  public init(url: String, apiKey: String?, transport: any HTTPTransport, timing: Timing = Timing()) throws {
    location = try normalisedBaseURL(url)
    let trimmed = apiKey?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    guard !trimmed.unicodeScalars.contains(where: { $0.value < 0x20 || $0 == "\u{7F}" }) else {
      throw MemoryStoreError.unavailable(
        location: location, cause: "the key holds characters that HTTP does not allow; set another api_key")
    }
    key = trimmed.isEmpty ? nil : trimmed
    self.transport = transport
    self.timing = timing
  }

  /// Time and chance; the defaults are the real ones.
  public struct Timing: Sendable {
    /// The date, for what was said some time ago.
    public var date: @Sendable () -> Date
    /// A clock that only goes forward, for what is left of a timeout.
    public var now: @Sendable () -> ContinuousClock.Instant
    /// Waits before a further try and before asking how far an operation is.
    public var sleep: @Sendable (Duration) async throws -> Void
    /// Any number in a range.
    public var random: @Sendable (ClosedRange<Double>) -> Double

    public init(
      date: @escaping @Sendable () -> Date = { Date() },
      now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
      sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
      random: @escaping @Sendable (ClosedRange<Double>) -> Double = { Double.random(in: $0) }
    ) {
      self.date = date
      self.now = now
      self.sleep = sleep
      self.random = random
    }
  }
}

/// Printed, it shows where it is and not the key.
extension HindsightAPI: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "HindsightAPI(\(location))" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["location": location]) }
}
