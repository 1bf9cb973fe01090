import Foundation
import GRDB
import RearviewMemory

extension EmbeddedMemory {
  /// Keeps the messages of a turn verbatim; they can be recalled when this returns.
  ///
  /// A message is one memory: the user's are of type *world*, the assistant's *experience*. A long message becomes
  /// several (`MessageParts`). A text that the same speaker said before in this bank, but for case and blanks, raises
  /// that memory's `proofCount` instead. A memory that was invalidated stays so: the same words said again are
  /// a new memory beside it.
  ///
  /// Messages of a turn that are there already change nothing, so a turn can be retained again with its answer.
  /// Blank messages are skipped; a turn of nothing else leaves no trace.
  ///
  /// - Parameter timeout: Without meaning here: how long a write may wait is set when the file is opened.
  public func retain(_ turn: RetainTurn, timeout: Duration?) async throws -> Retained {
    try await retain([turn])
    return .stored
  }

  /// Keeps many turns in one transaction, for imports: all of them or none.
  public func retain(_ turns: [RetainTurn]) async throws {
    let turns = turns.map { turn in
      var turn = turn
      for index in turn.messages.indices { turn.messages[index].text = Self.admitted(turn.messages[index]) }
      turn.messages.removeAll { $0.text.allSatisfy(\.isWhitespace) }
      return turn
    }
    guard turns.contains(where: { !$0.messages.isEmpty }) else {
      if isReadOnly { throw MemoryStoreError.readOnly(location: location) }
      return
    }
    try await write { [now, timeZone, times] database in
      var words: Set<String> = []
      for turn in turns where !turn.messages.isEmpty {
        var writer = try TurnWriter(turn, now: now, timeZone: timeZone, times: times, in: database)
        try writer?.write(words: &words)
      }
    }
  }

  /// What of a message comes in: not our own memory block, which would be remembered as if it had been said, no key or
  /// token, and of a tool's long result the beginning.
  private static func admitted(_ message: RetainedMessage) -> String {
    let text = Door.redacted(Door.withoutMemoryBlock(message.text)).text
    return message.speaker == .toolResult ? Door.storedToolResult(text) : text
  }
}
