import Foundation
import RearviewMemory

/// What a store promises beyond what every store does.
public struct StoreTraits: OptionSet, Sendable {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Each message becomes one memory in its own words, at once, and nothing else is in the bank.
  public static let verbatimTexts = StoreTraits(rawValue: 1 << 0)
  /// It tells how many memories matched and were searched, and of each bank all counts.
  public static let counts = StoreTraits(rawValue: 1 << 1)
  /// Only memories with a word of the query are found, those with more of its words first.
  public static let wordRanking = StoreTraits(rawValue: 1 << 2)
  /// The texts that it recalls never cost more than was asked for, by our own estimate.
  public static let exactBudget = StoreTraits(rawValue: 1 << 3)
  /// A list is filtered by words and their beginnings, in any order.
  public static let wordFilter = StoreTraits(rawValue: 1 << 4)
  /// What comes in between two pages does not move the second.
  public static let stablePages = StoreTraits(rawValue: 1 << 5)
  /// A turn can be retained again when its answer has come.
  public static let partialTurns = StoreTraits(rawValue: 1 << 6)

  /// What the embedded store promises: all of it.
  public static let embedded: StoreTraits = [
    .verbatimTexts, .counts, .wordRanking, .exactBudget, .wordFilter, .stablePages, .partialTurns,
  ]
  /// What a server with a model promises: nothing beyond what every store does.
  public static let server: StoreTraits = []
}

/// One promise of `MemoryStore`.
///
/// ```swift
/// @Test("a store keeps its promises", arguments: MemoryStoreCheck.checks(for: .server))
/// func conforms(_ check: MemoryStoreCheck) async throws {
///   try await check.run(store, "bank-" + UUID().uuidString)
/// }
/// ```
public struct MemoryStoreCheck: Sendable, CustomStringConvertible {
  /// The promise in words.
  public let description: String
  /// What a store has to promise for this to hold; empty for what holds for every store.
  public let needs: StoreTraits
  /// Throws `BrokenPromise`, or what the store threw. The bank is one that nothing was retained in.
  public let run: @Sendable (_ store: any MemoryStore, _ bankID: String) async throws -> Void

  public init(
    _ description: String, needs: StoreTraits = [],
    run: @escaping @Sendable (any MemoryStore, String) async throws -> Void
  ) {
    self.description = description
    self.needs = needs
    self.run = run
  }

  /// All promises, which the embedded store keeps.
  public static let all: [MemoryStoreCheck] =
    keeping + searching + managing + retaining + recalling + browsing + changing

  /// The promises of a store with these traits.
  public static func checks(for traits: StoreTraits) -> [MemoryStoreCheck] {
    all.filter { traits.isSuperset(of: $0.needs) }
  }
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
  documentID: String? = "session-1", tags: [String] = ["travel"]
) -> RetainTurn {
  let saidAt = Date(timeIntervalSince1970: 1_700_000_000)
  var messages = [RetainedMessage(speaker: .user, text: user, saidAt: saidAt)]
  if let assistant {
    messages.append(RetainedMessage(speaker: .assistant, text: assistant, saidAt: saidAt.addingTimeInterval(5)))
  }
  return RetainTurn(
    bankID: bankID, turnID: turnID, documentID: documentID, messages: messages,
    context: "conversation:rearview:test", metadata: ["source": "rearview"], tags: tags)
}

extension MemoryStore {
  /// Retains turns one after the other, each until it can be recalled.
  func keep(_ turns: RetainTurn..., seconds: Double = 60) async throws {
    for turn in turns {
      let end = ContinuousClock.now + .seconds(seconds)
      while try await retain(turn) == .processing {
        guard ContinuousClock.now < end else { throw BrokenPromise("a turn is in work for more than \(seconds) s") }
        try await Task.sleep(for: .milliseconds(50))
      }
    }
  }

  /// The memories of a bank that were read from what was said, not derived from others.
  func facts(_ bankID: String) async throws -> [Memory] {
    try await memories(MemoryPageRequest(bankID: bankID)).memories.filter { $0.type != .observation }
  }

  /// The first memory that holds a word, of those that were read from what was said.
  func fact(_ bankID: String, holding word: String) async throws -> Memory {
    let facts = try await facts(bankID)
    guard let fact = facts.first(where: { $0.text.contains(word) }) else {
      throw BrokenPromise("no memory holds \(word): \(facts.map(\.text))")
    }
    return fact
  }

  /// The memories that are recalled, without those that were derived from others.
  func recalledFacts(_ bankID: String, _ text: String, tags: TagFilter? = nil) async throws -> [Memory] {
    try await recall(RecallQuery(bankID: bankID, text: text, tags: tags)).memories.map(\.memory)
      .filter { $0.type != .observation }
  }

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
