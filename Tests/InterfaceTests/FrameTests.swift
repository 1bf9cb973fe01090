import Foundation
import Rearview
import RearviewChat
import RearviewEngine
import RearviewInterface
import RearviewMemory
import RearviewText
import Testing

@Suite("Frames")
struct FrameTests {
  static let sizes = [
    Size(columns: 40, rows: 10), Size(columns: 80, rows: 24), Size(columns: 120, rows: 40),
    Size(columns: 200, rows: 60),
  ]

  private func name(_ screen: String, _ size: Size) -> String { "\(screen)-\(size.columns)x\(size.rows)" }

  @Test("of an empty session teach what to do", arguments: sizes)
  func empty(size: Size) throws {
    var state = try makeState(columns: size.columns, rows: size.rows)
    try expectFrame(name("empty", size), render(&state))
  }

  @Test("of a chat show answer, memories and inspector", arguments: sizes)
  func chat(size: Size) throws {
    var state = try makeState(columns: size.columns, rows: size.rows)
    _ = reduce(&state, .banks(.success([Bank(id: "default", memoryCount: 120, documentCount: 4)])))
    state.play(
      "My dog is called Biscuit.", id: "t1", recalled: [recalled("I walk the dog at seven", id: "m0")],
      answer: "A fine name.")
    state.play(
      "What is my dog called, and when do I walk her?", id: "t2",
      recalled: [
        recalled("My dog is called Biscuit and she is afraid of thunder.", id: "m1"),
        recalled("I walk the dog at seven", id: "m0", score: 0.62),
        recalled("I told Anna that the dog sleeps a lot", id: "m2", score: 0.3, type: .experience),
      ],
      answer:
        "She is called **Biscuit**, and you walk her:\n\n- at seven\n- after lunch\n\n```sh\nwalk --dog biscuit\n```\n",
      words: ["dog", "called", "walk"])
    try expectFrame(name("chat", size), render(&state))
  }

  @Test("of a chat with a known model tell cost and context in the header", arguments: sizes)
  func cost(size: Size) throws {
    var state = try makeState(columns: size.columns, rows: size.rows)
    _ = reduce(&state, .banks(.success([Bank(id: "default", memoryCount: 120, documentCount: 4)])))
    #expect(state.describeModels() == [.describe(["openai/gpt-4o-mini"])])
    #expect(state.describeModels() == [])
    var model = ModelDescription(name: "openai/gpt-4o-mini", provider: "OpenAI", origin: .table)
    model.contextWindow = 128_000
    model.inputPrice = 0.15
    model.outputPrice = 0.6
    _ = reduce(&state, .described([model.name: model]))
    state.play(
      "My dog is called Biscuit.", id: "t1", recalled: [], answer: "A fine name.",
      usage: Usage(inputTokens: 15_000, outputTokens: 900))
    try expectFrame(name("cost", size), render(&state))
  }

  @Test("of a failed turn say what failed, in the chat and in the memory pane")
  func failed() throws {
    var state = try makeState(columns: 120, rows: 30)
    state.play("Hello", id: "t1", recalled: [], answer: "", finish: false)
    state.tell(
      "t1",
      .retrieved(Retrieval(state: .failed, query: "Hello", error: "The memory file is locked by another program.")))
    var answer = Answer()
    answer.state = .failed
    answer.error = "OpenAI refused the key for openai/gpt-4o 401; check the key that is set for it."
    state.tell("t1", .finished(answer))
    state.tell("t1", .storage(Storage(state: .failed, error: "The memory file is locked by another program.")))
    try expectFrame("failed", render(&state))
  }

  @Test("of a turn whose memory was searched in fewer ways say which one failed, with what was found")
  func notices() throws {
    var state = try makeState(columns: 120, rows: 30)
    state.play("Hello", id: "t1", recalled: [], answer: "", finish: false)
    var retrieval = Retrieval(state: .nothing, query: "Hello")
    retrieval.notices = ["Searched without vectors: house/mini did not answer within 150 ms."]
    for found in [[], [recalled("Hello to you")]] {
      retrieval.state = found.isEmpty ? .nothing : .found
      retrieval.memories = found.map { RetrievedMemory(recalled: $0, use: .injected) }
      state.tell("t1", .retrieved(retrieval))
      // Wrapped to the pane.
      let words = state.text().split { $0.isWhitespace || $0 == "│" }.joined(separator: " ")
      #expect(words.contains("Searched without vectors:") && words.contains("within 150 ms."))
    }
  }

  @Test(
    "of a turn that is tried again count down in the place of the answer",
    arguments: [Size(columns: 40, rows: 10), Size(columns: 80, rows: 24)])
  func retrying(size: Size) throws {
    var state = try makeState(columns: size.columns, rows: size.rows)
    state.play("Hello", id: "t1", recalled: [], answer: "", finish: false)
    state.tell(
      "t1",
      .retrying(
        Retry(
          attempt: 2, waitMilliseconds: 4_000,
          reason: "groq has too many requests for llama-3.3-70b-versatile (429 Too Many Requests): slow down.")))
    try expectFrame(name("retrying", size), render(&state))
  }

  @Test("of the prompt show the exact text, hidden characters made visible")
  func prompt() throws {
    var state = try makeState(columns: 120, rows: 30)
    state.play(
      "What is\u{202E} hidden?", id: "t1", recalled: [recalled("My dog\u{200B} is called Biscuit")], answer: "Nothing.")
    state.press(.function(2))
    state.press(.character("p"))
    try expectFrame("prompt", render(&state))
  }

  @Test("of menu, help and edit form lie over the panes")
  func overlays() throws {
    var state = try makeState()
    _ = reduce(&state, .banks(.success([Bank(id: "default", memoryCount: 1), Bank(id: "work", memoryCount: 2_318)])))
    state.leader("b")
    state.type("wo")
    try expectFrame("menu-bank", render(&state))
    state.press(.escape)
    state.press(.function(1))
    try expectFrame("help", render(&state))
    state.press(.escape)
    state.press(.character("p"), .control)
    try expectFrame("palette", render(&state))
  }

  @Test(
    "too small say so and nothing else",
    arguments: [Size(columns: 39, rows: 24), Size(columns: 80, rows: 9), Size(columns: 1, rows: 1)])
  func tooSmall(size: Size) throws {
    var state = try makeState(columns: size.columns, rows: size.rows)
    let text = render(&state).text()
    #expect(
      "Terminal too small (\(size.columns)×\(size.rows), needs 40×10)".hasPrefix(
        text.split(separator: "\n").first.map(String.init) ?? ""))
  }

  @Test("never hold control bytes or bidirectional overrides, whatever a model, a memory or a name says")
  func hostile() throws {
    let hostile = "a\u{1B}]52;c;aGk=\u{07}b\u{202E}c\u{9B}31md\u{1B}[2Je\u{0D}f\u{2066}g 👨‍👩‍👧‍👦 漢字\u{0301}"
    for size in Self.sizes {
      var state = try makeState(columns: size.columns, rows: size.rows)
      state.session.bankID = hostile
      _ = reduce(&state, .banks(.success([Bank(id: hostile, memoryCount: 1)])))
      state.play(hostile, id: "t1", recalled: [recalled(hostile)], answer: hostile)
      state.press(.function(3))
      let frame = render(&state)
      for cell in frame.cells {
        for scalar in [cell.base, cell.mark1, cell.mark2, cell.mark3, cell.mark4] where scalar != 0 {
          #expect(scalar >= 0x20 && !(0x7F...0x9F).contains(scalar), "U+\(String(scalar, radix: 16))")
          #expect(!(0x202A...0x202E).contains(scalar) && !(0x2066...0x2069).contains(scalar))
        }
      }
    }
  }

  @Test("show where the keyboard is without colour")
  func focus() throws {
    for size in Self.sizes.dropFirst() {
      var state = try makeState(columns: size.columns, rows: size.rows)
      #expect(state.text().contains("━ Message ━"))
      state.press(.tab)
      #expect(state.text().contains("━ Chat ━"))
      #expect(state.text().contains("─ Message ─"))
    }
  }
}
