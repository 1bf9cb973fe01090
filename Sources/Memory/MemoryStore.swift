/// Where memories live: the embedded file, or a server.
///
/// Every store passes the same conformance tests (`Tests/Support/MemoryStoreConformance`).
/// A bank comes into being with the first thing that is retained in it, or with `setBank`; asking one that is not there
/// finds nothing. All calls throw `MemoryStoreError` (or `CancellationError` when the calling task was cancelled).
public protocol MemoryStore: Sendable {
  /// Where it is, for people: a path or a URL.
  var location: String { get }

  /// The most tokens of a query that recall takes whole; `nil` where there is no limit.
  var queryTokenLimit: Int? { get }

  /// Whether a turn can be retained while its answer is still coming, and again with the answer. A store that reads
  /// each text with a model takes only whole turns.
  var takesPartialTurns: Bool { get }

  /// The memories that fit `query`, best first.
  func recall(_ query: RecallQuery) async throws -> RecallResult

  /// Answers from memory. A store without a model answers with an extract of the best memories, marked as such.
  func reflect(_ query: ReflectQuery) async throws -> Reflection

  /// Keeps the messages of a turn. Idempotent by `turnID`.
  ///
  /// - Parameter timeout: How long one try may take; `nil` for the store's own limit.
  /// - Returns: whether it can be recalled now, or the store still works on it.
  func retain(_ turn: RetainTurn, timeout: Duration?) async throws -> Retained

  /// Keeps many turns, in order, as `retain` keeps each; for imports. A store that can keeps all of them or none.
  func retain(_ turns: [RetainTurn]) async throws

  /// The whole text of a document; `nil` when there is no such document, or its text is not kept.
  func documentText(id: String, bankID: String) async throws -> String?

  /// Makes the bank if it is missing, and sets what is given of its name and its mission.
  func setBank(id: String, name: String?, mission: String?, timeout: Duration?) async throws

  /// All banks, by name.
  func banks() async throws -> [Bank]

  /// A page of a bank's memories, newest first.
  func memories(_ request: MemoryPageRequest) async throws -> MemoryPage

  /// One memory, or `nil` when the bank has none of that id.
  func memory(id: String, bankID: String) async throws -> Memory?

  /// Changes a memory's text and returns it as it is now.
  func edit(id: String, bankID: String, text: String) async throws -> Memory

  /// Takes a memory out of recall; it stays in the bank.
  func invalidate(id: String, bankID: String, reason: String?) async throws -> Memory

  /// Puts an invalidated memory back.
  func restore(id: String, bankID: String) async throws -> Memory
}

extension MemoryStore {
  public var queryTokenLimit: Int? { nil }
  public var takesPartialTurns: Bool { true }

  public func retain(_ turns: [RetainTurn]) async throws {
    for turn in turns { _ = try await retain(turn, timeout: nil) }
  }

  @discardableResult
  public func retain(_ turn: RetainTurn) async throws -> Retained { try await retain(turn, timeout: nil) }
}

/// What to list of a bank.
public struct MemoryPageRequest: Hashable, Sendable {
  public var bankID: String
  /// Only memories that hold all of these words (the last one may be the beginning of a word); empty for all.
  public var filter: String
  /// Where the page before ended (`MemoryPage.next`); `nil` for the first page.
  public var after: String?
  public var limit: Int

  public init(bankID: String, filter: String = "", after: String? = nil, limit: Int = 100) {
    self.bankID = bankID
    self.filter = filter
    self.after = after
    self.limit = limit
  }
}

/// A page of memories.
public struct MemoryPage: Hashable, Sendable {
  public var memories: [Memory]
  /// Pass as `after` for the page that follows; `nil` at the end.
  public var next: String?

  public init(memories: [Memory], next: String?) {
    self.memories = memories
    self.next = next
  }
}

/// Why a store could not do what was asked. Each case describes itself in one sentence that says what to do.
public enum MemoryStoreError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file was written by a newer Rearview.
  case newerFormat(location: String, found: Int, known: Int)
  /// The file is not a memory file, or it is damaged.
  case notAStore(location: String, cause: String)
  case readOnly(location: String)
  case diskFull(location: String)
  /// Another process held the file for longer than the busy timeout.
  case locked(location: String)
  case noSuchMemory(id: String, bankID: String)
  /// The text of an edit or a retain was empty.
  case emptyText
  case unavailable(location: String, cause: String)
  /// The server wants a key, or another one (401, 403).
  case unauthorised(location: String, operation: String, bankID: String, said: String)
  /// The server did not accept the request (400, 404, 422).
  case refused(location: String, operation: String, bankID: String, status: Int, said: String)
  /// The server failed (5xx, 429), or reported that it stored nothing.
  case serverFailed(location: String, operation: String, bankID: String, status: Int, said: String)
  /// Nothing listens there, or the connection broke.
  case unreachable(location: String, operation: String, bankID: String, cause: String)
  case timedOut(location: String, operation: String, bankID: String, after: Duration)
  /// The server answered with something else than it should.
  case unreadable(location: String, operation: String, bankID: String, cause: String)

  /// Whether nothing can be stored for the time being, whatever it is.
  public var isOfTheStore: Bool {
    switch self {
    case .newerFormat, .notAStore, .readOnly, .diskFull, .locked, .unavailable, .unauthorised, .unreachable: true
    case .noSuchMemory, .emptyText, .refused, .serverFailed, .timedOut, .unreadable: false
    }
  }

  /// Whether the same would be refused again, however often it is tried: what it says is the reason, not the server or
  /// the address.
  public var isFinal: Bool {
    switch self {
    case .refused(_, _, _, let status, _): [400, 413, 422].contains(status)
    case .emptyText: true
    case .newerFormat, .notAStore, .readOnly, .diskFull, .locked, .noSuchMemory, .unavailable, .unauthorised,
      .serverFailed, .unreachable, .timedOut, .unreadable:
      false
    }
  }

  public var description: String {
    switch self {
    case .newerFormat(let location, let found, let known):
      "\(location) was written by a newer Rearview (format \(found), this one knows \(known)); update this program."
    case .notAStore(let location, let cause):
      "\(location) cannot be read as a memory file (\(cause)); move it away, or restore a copy of it."
    case .readOnly(let location):
      "\(location) is read-only; make the file and its folder writable, or set XDG_DATA_HOME to a place that is."
    case .diskFull(let location):
      "The disk that holds \(location) is full; free some space and try again."
    case .locked(let location):
      "\(location) is locked by another program; end that program or try again."
    case .noSuchMemory(let id, let bankID):
      "There is no memory \(id) in bank \(bankID); it may have been removed meanwhile."
    case .emptyText:
      "A memory needs some text."
    case .unavailable(let location, let cause):
      "The memory store at \(location) cannot be used: \(cause)."
    case .unauthorised(let location, let operation, let bankID, let said):
      "\(what(operation, bankID)): the memory server at \(location) refused the key (\(said)); set api_key or HINDSIGHT_API_KEY."
    case .refused(let location, let operation, let bankID, let status, let said):
      "\(what(operation, bankID)) was refused by \(location) (HTTP \(status)): \(said)"
    case .serverFailed(let location, let operation, let bankID, let status, let said):
      "\(what(operation, bankID)) failed at \(location) (HTTP \(status)): \(said)"
    case .unreachable(let location, let operation, let bankID, let cause):
      "\(what(operation, bankID)): the memory server at \(location) cannot be reached: \(cause); start it, or change hindsight_api_url."
    case .timedOut(let location, let operation, let bankID, let after):
      "\(what(operation, bankID)): \(location) did not answer within \(seconds(after))\(hint(operation))."
    case .unreadable(let location, let operation, let bankID, let cause):
      "\(what(operation, bankID)): \(location) did not answer as a Hindsight server does: \(cause)."
    }
  }
}

/// What was asked for; some of it is about no bank.
private func what(_ operation: String, _ bankID: String) -> String {
  bankID.isEmpty ? operation : "\(operation) in bank \(bankID)"
}

/// Which setting limits an operation; the others have a fixed limit.
private func hint(_ operation: String) -> String {
  ["recall", "reflect", "retain", "bank"].contains(operation) ? "; \(operation)_timeout_seconds sets the limit" : ""
}

/// `5 s`, `0.3 s`.
func seconds(_ duration: Duration) -> String {
  let value = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  let tenths = (value * 10).rounded() / 10
  return (tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)") + " s"
}
