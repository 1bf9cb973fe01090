import Foundation
import Rearview
import RearviewChat
import RearviewEngine
import RearviewInterface
import RearviewMemory
import RearviewText
import Testing

/// A state at a fixed time in a fixed zone, so that frames come out the same everywhere.
func makeState(columns: Int = 80, rows: Int = 24) throws -> State {
  setenv("TZ", "UTC", 1)
  tzset()
  let now = Date(timeIntervalSince1970: 1_772_460_120)
  var session = Session(bankID: "default", model: "openai/gpt-4o-mini", now: now)
  session.id = "session-1"
  return State(
    size: Size(columns: columns, rows: rows), theme: try ThemeLibrary(folder: "/nonexistent").theme("terminal"),
    session: session, now: now)
}

let noon = Date(timeIntervalSince1970: 1_772_460_120)

func someMemory(
  _ text: String, id: String = "m1", type: MemoryType = .world, state: MemoryState = .valid
) -> Memory {
  Memory(
    id: id, type: type, text: text, context: "conversation:rearview:test", mentionedAt: noon, documentID: "session-0",
    turnID: "turn-0", state: state, createdAt: noon, updatedAt: noon)
}

func recalled(_ text: String, id: String = "m1", score: Double = 1, type: MemoryType = .world) -> RecalledMemory {
  RecalledMemory(memory: someMemory(text, id: id, type: type), score: score, tokenCount: 9)
}

extension State {
  @discardableResult
  mutating func press(_ key: KeyPress.Key, _ modifiers: KeyPress.Modifiers = []) -> [Effect] {
    reduce(&self, .input(.key(KeyPress(key, modifiers))))
  }

  mutating func type(_ text: String) {
    for character in text { press(.character(character)) }
  }

  @discardableResult
  mutating func leader(_ character: Character) -> [Effect] {
    press(.character("x"), .control)
    return press(.character(character))
  }

  /// A whole turn, as the engine would tell it.
  mutating func play(
    _ question: String, id: String, recalled memories: [RecalledMemory], answer: String,
    words: [String] = [], finish: Bool = true, usage: Usage? = Usage(inputTokens: 40, outputTokens: 12)
  ) {
    var record = TurnRecord(
      id: id, sessionID: session.id, startedAt: noon, question: question, model: session.model,
      settings: MemorySettings())
    tell(id, .opened(record))
    record.retrieval = Retrieval(
      state: memories.isEmpty ? .nothing : .found, query: question,
      memories: memories.map { RetrievedMemory(recalled: $0, use: .injected) }, matchCount: memories.count,
      searchedCount: 120, words: words, durationMilliseconds: 3.2)
    tell(id, .retrieved(record.retrieval))
    let block = MemoryBlock().text(recalling: memories.map(\.memory))
    let messages = [Message(.user, question)]
    tell(
      id, .injected(block: block, messages: block.map { inject($0, into: messages, mode: .systemMessage) } ?? messages))
    for character in answer { tell(id, .text(String(character))) }
    guard finish else { return }
    var done = Answer()
    done.state = .complete
    done.text = answer
    done.usage = usage
    done.durationMilliseconds = 1_900
    tell(id, .finished(done))
    tell(id, .storage(Storage(state: .stored)))
  }

  @discardableResult
  mutating func tell(_ id: String, _ event: TurnEvent) -> [Effect] { reduce(&self, .turn(id: id, event)) }

  mutating func text() -> String { render(&self).text() }
}

/// Compares a frame with its file in `Frames`; `RECORD=1` writes the file.
func expectFrame(_ name: String, _ frame: Frame, sourceLocation: SourceLocation = #_sourceLocation) throws {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Frames")
  let file = folder.appendingPathComponent(name + ".txt")
  let text = frame.text() + "\n"
  if ProcessInfo.processInfo.environment["RECORD"] == "1" {
    try text.write(to: file, atomically: true, encoding: .utf8)
    return
  }
  let expected = try String(contentsOf: file, encoding: .utf8)
  #expect(text == expected, "the frame is not as in Frames/\(name).txt:\n\(text)", sourceLocation: sourceLocation)
}
