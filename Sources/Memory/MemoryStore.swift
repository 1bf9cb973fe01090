import Foundation

/// Where memories live: the embedded file, or a server.
///
/// Every store passes the same conformance tests (`Tests/Support/MemoryStoreConformance`).
/// A bank comes into being with the first thing that is retained in it; asking one that is not there finds nothing.
/// All calls throw `MemoryStoreError` (or `CancellationError` when the calling task was cancelled).
public protocol MemoryStore: Sendable {
  /// Where it is, for people: a path or a URL.
  var location: String { get }

  /// The memories that fit `query`, best first.
  func recall(_ query: RecallQuery) async throws -> RecallResult

  /// Keeps the messages of a turn, recallable when this returns. Idempotent by `turnID`.
  func retain(_ turn: RetainTurn) async throws

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

  /// Whether nothing can be stored for the time being, whatever it is.
  public var isOfTheStore: Bool {
    switch self {
    case .newerFormat, .notAStore, .readOnly, .diskFull, .locked, .unavailable: true
    case .noSuchMemory, .emptyText: false
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
    }
  }
}
