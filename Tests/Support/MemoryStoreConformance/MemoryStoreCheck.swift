import Foundation
import RearviewMemory

/// One promise of `MemoryStore`, to be kept by every store.
///
/// ```swift
/// @Test("a store keeps its promises", arguments: MemoryStoreCheck.all)
/// func conforms(_ check: MemoryStoreCheck) async throws {
///   try await check.run(store, "bank-" + UUID().uuidString)
/// }
/// ```
public struct MemoryStoreCheck: Sendable, CustomStringConvertible {
  /// The promise in words.
  public let description: String
  /// Throws `BrokenPromise`, or what the store threw. The bank is one that nothing was retained in.
  public let run: @Sendable (_ store: any MemoryStore, _ bankID: String) async throws -> Void

  public init(_ description: String, run: @escaping @Sendable (any MemoryStore, String) async throws -> Void) {
    self.description = description
    self.run = run
  }

  /// All promises.
  public static let all: [MemoryStoreCheck] = retaining + recalling + browsing + changing
}

/// What a store did that it should not have done.
public struct BrokenPromise: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) {
    self.description = description
  }
}

/// Throws unless two values are equal, with both in the message.
func require<Value: Equatable>(_ found: Value, equals expected: Value, _ what: String) throws {
  guard found == expected else { throw BrokenPromise("\(what): expected \(expected), found \(found)") }
}

/// Throws unless `body` throws `expected`.
func require(
  _ expected: MemoryStoreError, from what: String, _ body: () async throws -> some Sendable
) async throws {
  do {
    let value = try await body()
    throw BrokenPromise("\(what): expected \(expected), found \(value)")
  } catch let error as MemoryStoreError {
    try require(error, equals: expected, what)
  }
}

/// What one speaker said in a turn, said at a time that tests can compare.
func turn(
  _ bankID: String, user: String, assistant: String? = nil, turnID: String = UUID().uuidString,
  documentID: String = "session-1"
) -> RetainTurn {
  let saidAt = Date(timeIntervalSince1970: 1_700_000_000)
  var messages = [RetainedMessage(speaker: .user, text: user, saidAt: saidAt)]
  if let assistant {
    messages.append(RetainedMessage(speaker: .assistant, text: assistant, saidAt: saidAt.addingTimeInterval(5)))
  }
  return RetainTurn(
    bankID: bankID, turnID: turnID, documentID: documentID, messages: messages,
    context: "conversation:rearview:test", metadata: ["source": "rearview"], tags: ["travel"])
}

extension MemoryStore {
  func texts(_ bankID: String, recalling text: String) async throws -> [String] {
    try await recall(RecallQuery(bankID: bankID, text: text)).memories.map(\.memory.text)
  }

  func texts(_ bankID: String, filter: String = "") async throws -> [String] {
    try await memories(MemoryPageRequest(bankID: bankID, filter: filter)).memories.map(\.text)
  }

  func onlyMemory(_ bankID: String) async throws -> Memory {
    let memories = try await memories(MemoryPageRequest(bankID: bankID)).memories
    guard let memory = memories.first, memories.count == 1 else {
      throw BrokenPromise("expected one memory, found \(memories.map(\.text))")
    }
    return memory
  }
}
