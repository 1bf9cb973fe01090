import Foundation
import RearviewChat
import RearviewMemory

/// Where turns are written down, so that no end of the program loses one. Implemented by the sessions file.
public protocol TurnJournal: Sendable {
  /// The turn with the user's words is on disk when this returns.
  func open(_ record: TurnRecord) async throws

  /// Keeps what was recalled and is sent, and brings the user's words to the memory store while the answer is still
  /// coming, so that they can be recalled at once. `close` and `store` take care of what this could not do.
  func advance(_ record: TurnRecord, retaining words: RetainTurn?) async

  /// Whether `checkpoint` keeps anything.
  var keepsCheckpoints: Bool { get }

  /// Keeps how far the answer came. Called a few times a second while it grows; a failure costs nothing but that.
  func checkpoint(turnID: String, text: String) async

  /// Writes the finished record and, in the same transaction, what is to be retained.
  ///
  /// - Returns: the storage state that holds from now on: queued, or off where there turned out to be nothing to store.
  func close(_ record: TurnRecord, retaining turn: RetainTurn?) async throws -> Storage

  /// Tries to bring a closed turn to the memory store, after those of its session that came before it.
  /// - Returns: what became of it; it stays in the queue unless it was stored.
  func store(turnID: String) async -> Storage
}

/// The one path from a question to a stored answer: open, recall, inject, stream, finish, store.
///
/// Promises: the user's words are on disk before anything is sent (in a chat); a failing memory store costs the
/// memories of that turn but never the answer, unless `memory_failure` says so; a failing model costs the answer but
/// never the user's words; what is reported as injected is what was sent.
public struct Engine: Sendable {
  private let store: any MemoryStore
  private let journal: any TurnJournal
  private let now: @Sendable () -> Date
  private let words = WordsUnderWay()

  public init(
    store: any MemoryStore, journal: any TurnJournal, now: @escaping @Sendable () -> Date = { Date() }
  ) {
    self.store = store
    self.journal = journal
    self.now = now
  }

  /// Starts a turn. It runs to its end even when nobody reads its events; `Turn.cancel` stops the answer only.
  public func turn(_ request: TurnRequest) -> Turn {
    var record = TurnRecord(
      id: UUID().uuidString.lowercased(), sessionID: request.sessionID, startedAt: now(),
      question: request.messages.last { $0.role == .user }?.text ?? "", model: request.model,
      settings: request.settings)
    record.parameters = request.parameters
    record.warnings = request.warnings + request.settings.notices
    let (events, continuation) = AsyncStream.makeStream(of: TurnEvent.self)
    let (opened, fault) = (record, Fault())
    let task = Task {
      var run = TurnRun(
        record: opened, request: request, store: request.store ?? store, journal: request.journal ?? journal,
        words: words, now: now, report: { continuation.yield($0) }, fault: fault)
      await run.run()
      continuation.finish()
    }
    return Turn(id: record.id, events: events, task: task, kept: fault)
  }
}

/// A turn that is under way.
public struct Turn: Sendable {
  public let id: String
  /// Everything that happens, to the last event `.record`. One reader.
  public let events: AsyncStream<TurnEvent>
  fileprivate let task: Task<Void, Never>
  fileprivate let kept: Fault

  /// The model's error, once the answer has failed; its sentence is in the record too.
  public var fault: (any Error)? { kept.error }

  /// Stops recall and answer at once. What came is kept, marked as cut, and stored.
  public func cancel() { task.cancel() }

  /// Returns when the turn has come to its end: answer on disk, storage tried once.
  public func ended() async { await task.value }
}

/// The error that ended an answer, for whoever wants more than its sentence.
final class Fault: Sendable {
  private let lock = NSLock()
  // Safe: only touched while `lock` is held.
  nonisolated(unsafe) private var kept: (any Error)?

  var error: (any Error)? {
    get { lock.withLock { kept } }
    set { lock.withLock { kept = newValue } }
  }
}
