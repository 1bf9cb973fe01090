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

  /// Keeps how far the answer came. Called a few times a second while it grows; a failure costs nothing but that.
  func checkpoint(turnID: String, text: String) async

  /// Writes the finished record and, in the same transaction, what is to be retained.
  func close(_ record: TurnRecord, retaining turn: RetainTurn?) async throws

  /// Tries to bring a closed turn to the memory store, after those of its session that came before it.
  /// - Returns: what became of it; it stays in the queue unless it was stored.
  func store(turnID: String) async -> Storage
}

/// What one turn is made of.
public struct TurnRequest: Sendable {
  public var sessionID: String
  public var question: String
  /// The conversation before the question.
  public var history: [Message]
  /// The model's full name.
  public var model: String
  /// Finds the model; throws what a person should read when it cannot be used.
  public var resolveModel: @Sendable () throws -> any ChatModel
  public var settings: MemorySettings

  public init(
    sessionID: String, question: String, history: [Message], model: String,
    resolveModel: @escaping @Sendable () throws -> any ChatModel, settings: MemorySettings
  ) {
    self.sessionID = sessionID
    self.question = question
    self.history = history
    self.model = model
    self.resolveModel = resolveModel
    self.settings = settings
  }
}

/// The one path from a question to a stored answer: open, recall, inject, stream, finish, store.
///
/// Promises: the user's words are on disk before anything is sent; a failing memory store costs the memories of that
/// turn but never the answer; a failing model costs the answer but never the user's words; what is reported as
/// injected is what was sent.
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
    let record = TurnRecord(
      id: UUID().uuidString.lowercased(), sessionID: request.sessionID, startedAt: now(), question: request.question,
      model: request.model, settings: request.settings)
    let (events, continuation) = AsyncStream.makeStream(of: TurnEvent.self)
    let task = Task {
      var run = TurnRun(
        record: record, request: request, store: store, journal: journal, words: words, now: now,
        report: { continuation.yield($0) })
      await run.run()
      continuation.finish()
    }
    return Turn(id: record.id, events: events, task: task)
  }
}

/// A turn that is under way.
public struct Turn: Sendable {
  public let id: String
  /// Everything that happens, to the last event `.record`. One reader.
  public let events: AsyncStream<TurnEvent>
  fileprivate let task: Task<Void, Never>

  /// Stops recall and answer at once. What came is kept, marked as cut, and stored.
  public func cancel() { task.cancel() }

  /// Returns when the turn has come to its end: answer on disk, storage tried once.
  public func ended() async { await task.value }
}
