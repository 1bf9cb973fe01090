import Foundation
import RearviewChat
import RearviewEngine
import RearviewMemory

/// A store whose recall is scripted; what is retained is kept to look at.
actor ScriptedStore: MemoryStore {
  nonisolated let location = "scripted"
  let recallResult: @Sendable (RecallQuery) async throws -> RecallResult
  let reflection: @Sendable (ReflectQuery) async throws -> Reflection
  nonisolated let queryTokenLimit: Int?
  nonisolated let takesPartialTurns: Bool
  private(set) var queries: [RecallQuery] = []

  init(
    queryTokenLimit: Int? = nil, takesPartialTurns: Bool = true,
    reflection: @escaping @Sendable (ReflectQuery) async throws -> Reflection = { _ in Reflection(text: "") },
    _ recallResult: @escaping @Sendable (RecallQuery) async throws -> RecallResult
  ) {
    self.queryTokenLimit = queryTokenLimit
    self.takesPartialTurns = takesPartialTurns
    self.reflection = reflection
    self.recallResult = recallResult
  }

  func recall(_ query: RecallQuery) async throws -> RecallResult {
    queries.append(query)
    return try await recallResult(query)
  }
  func reflect(_ query: ReflectQuery) async throws -> Reflection { try await reflection(query) }
  func retain(_ turn: RetainTurn, timeout: Duration?) async throws -> Retained { .stored }
  func documentText(id: String, bankID: String) async throws -> String? { nil }
  func setBank(id: String, name: String?, mission: String?, timeout: Duration?) async throws {}
  func banks() async throws -> [Bank] { [] }
  func memories(_ request: MemoryPageRequest) async throws -> MemoryPage { MemoryPage(memories: [], next: nil) }
  func memory(id: String, bankID: String) async throws -> Memory? { nil }
  func edit(id: String, bankID: String, text: String) async throws -> Memory {
    throw MemoryStoreError.noSuchMemory(id: id, bankID: bankID)
  }
  func invalidate(id: String, bankID: String, reason: String?) async throws -> Memory {
    throw MemoryStoreError.noSuchMemory(id: id, bankID: bankID)
  }
  func restore(id: String, bankID: String) async throws -> Memory {
    throw MemoryStoreError.noSuchMemory(id: id, bankID: bankID)
  }
}

/// A model that plays a script and then waits, ends or fails.
struct ScriptedModel: ChatModel {
  enum End: Sendable {
    case finish
    case fail(ChatModelError)
    /// Never ends by itself.
    case hang
  }
  var name = "test/model"
  var retainsAnswers = true
  var pieces: [ChatEvent]
  var end = End.finish
  var seen: @Sendable (ChatRequest) -> Void = { _ in }

  func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> {
    seen(request)
    let (pieces, end) = (pieces, end)
    return AsyncThrowingStream { continuation in
      for piece in pieces { continuation.yield(piece) }
      switch end {
      case .finish:
        continuation.yield(.finished(.stop))
        continuation.finish()
      case .fail(let error): continuation.finish(throwing: error)
      case .hang: break
      }
    }
  }
}

/// A journal in memory that writes down in which order it was called.
actor RecordingJournal: TurnJournal {
  struct Full: Error, CustomStringConvertible { var description: String { "The disk is full" } }
  var calls: [String] = []
  var closed: TurnRecord?
  var checkpointed = ""
  private(set) var words: [RetainTurn] = []
  var retained: RetainTurn?
  var failsToOpen = false
  var storage = Storage(state: .stored)

  private var holdsWords = false
  func holdWords(_ flag: Bool) { holdsWords = flag }
  private var closeFailures = 0
  func failToClose(times: Int) { closeFailures = times }
  func setFailsToOpen() { failsToOpen = true }
  func setStorage(_ storage: Storage) { self.storage = storage }

  func open(_ record: TurnRecord) async throws {
    if failsToOpen { throw Full() }
    calls.append("open \(record.question)")
  }
  func advance(_ record: TurnRecord, retaining turn: RetainTurn?) async {
    while holdsWords { await Task.yield() }
    if let turn { words.append(turn) }
  }
  nonisolated var keepsCheckpoints: Bool { true }
  func checkpoint(turnID: String, text: String) async { checkpointed = text }
  func close(_ record: TurnRecord, retaining turn: RetainTurn?) async throws -> Storage {
    if closeFailures > 0 {
      closeFailures -= 1
      throw Full()
    }
    calls.append("close")
    closed = record
    retained = turn
    return record.storage
  }
  func store(turnID: String) async -> Storage {
    calls.append("store")
    return storage
  }
}

extension MemorySettings {
  /// Settings with a bank, as every caller has them.
  static var ofBank: MemorySettings {
    var settings = MemorySettings()
    settings.bankID = "bank"
    return settings
  }
}

func memory(_ text: String, id: String = "m1", type: MemoryType = .world) -> RecalledMemory {
  let date = Date(timeIntervalSince1970: 1_770_000_000)
  return RecalledMemory(
    memory: Memory(id: id, type: type, text: text, mentionedAt: date, createdAt: date, updatedAt: date), score: 1,
    tokenCount: 5)
}
