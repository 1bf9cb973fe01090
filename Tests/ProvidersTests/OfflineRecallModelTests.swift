import Foundation
import RearviewChat
import RearviewMemory
import RearviewProviders
import Testing

@Suite("The built-in model")
struct OfflineRecallModelTests {
  private let model = OfflineRecallModel(timeZone: TimeZone(secondsFromGMT: 0) ?? .current, pace: .zero)

  private func recalled(_ text: String, _ type: MemoryType = .world, at seconds: Double? = 1_773_316_800)
    -> RecalledMemory
  {
    let date = Date(timeIntervalSince1970: 0)
    let memory = Memory(
      id: text, type: type, text: text, mentionedAt: seconds.map(Date.init(timeIntervalSince1970:)), createdAt: date,
      updatedAt: date)
    return RecalledMemory(memory: memory, score: 1, tokenCount: 1)
  }

  private func answer(_ memories: [RecalledMemory], by model: OfflineRecallModel? = nil) async -> String {
    let request = ChatRequest(messages: [Message(.user, "What is my dog called?")], memories: memories)
    let (gathered, error) = await gather((model ?? self.model).stream(request))
    #expect(error == nil)
    #expect(gathered.finish == .stop)
    #expect(gathered.usage == nil)
    return gathered.text
  }

  @Test("it quotes the memory with its date and says what it is")
  func quotes() async {
    let text = await answer([recalled("My dog is called Biscuit and she is afraid of thunder.")])
    #expect(
      text == """
        One memory fits this:

        - On 12 March 2026 you said: My dog is called Biscuit and she is afraid of thunder.

        I am no language model: I only quote what was said before. For real answers, set `OPENAI_API_KEY` or start \
        Ollama, then pick a model with `Ctrl-X m`.
        """)
  }

  @Test("it says so when nothing was recalled")
  func nothing() async {
    let text = await answer([])
    #expect(text.hasPrefix("Nothing that I remember fits this."))
    #expect(text.contains("I am no language model"))
  }

  @Test("it quotes five at most, best first, each with who said it")
  func several() async {
    let memories = [
      recalled("a", .experience), recalled("b", .observation), recalled("c", at: nil), recalled("d"), recalled("e"),
      recalled("f"),
    ]
    let lines = await answer(memories).split(separator: "\n").map(String.init)
    #expect(
      lines.prefix(6) == [
        "6 memories fit this; the best 5:", "- On 12 March 2026 the assistant said: a",
        "- On 12 March 2026 it was observed: b", "- You said: c", "- On 12 March 2026 you said: d",
        "- On 12 March 2026 you said: e",
      ])
  }

  @Test("the date is that of the given time zone")
  func timeZone() async throws {
    let east = OfflineRecallModel(timeZone: try #require(TimeZone(secondsFromGMT: 14 * 3_600)), pace: .zero)
    #expect(await answer([recalled("x")], by: east).contains("On 13 March 2026 you said: x"))
  }

  @Test("a memory cannot break the layout")
  func escaping() async {
    let text = await answer([recalled("one\n\n# two\r\n- *three* `four` [five](http://x) <b>|\u{1B}[2J\\ $6$")])
    #expect(
      text.contains(
        #"you said: one # two - \*three\* \`four\` \[five\](http://x) \<b\>\|\[2J\\ \$6\$"# + "\n"))
    let long = await answer([recalled(String(repeating: "word ", count: 1_000))])
    #expect(long.count < 1_000)
    #expect(long.contains("…"))
  }

  @Test("it comes word by word, and a long answer no slower than a short one")
  func pace() async throws {
    let paced = OfflineRecallModel(timeZone: .current)
    let memories = (0..<5).map { recalled("\($0) " + String(repeating: "word ", count: 90)) }
    var pieces = 0
    for try await event in paced.stream(ChatRequest(messages: [], memories: memories)) {
      if case .text = event { pieces += 1 }
    }
    #expect(pieces > 20)
    #expect(pieces <= 101)
  }

  @Test("cancelling ends it")
  func cancel() async {
    let slow = OfflineRecallModel(pace: .seconds(60))
    let reader = Task { for try await _ in slow.stream(ChatRequest(messages: [], memories: [])) {} }
    reader.cancel()
    _ = await reader.result
  }
}
