import Foundation
import Rearview
import RearviewChat
import RearviewEngine
import RearviewInterface
import RearviewMemory
import RearviewText
import Testing

@Suite("Keys and events")
struct ReduceTests {
  @Test("Enter sends what is typed, once")
  func send() throws {
    var state = try makeState()
    state.type("Hello")
    #expect(state.press(.enter) == [.send(question: "Hello")])
    #expect(state.composer.isEmpty)
    state.type("More")
    #expect(state.press(.enter) == [])
    #expect(state.composer.text == "More")
  }

  @Test("Enter while an answer comes sends when it is complete, and not when it was stopped")
  func sendLater() throws {
    for answerState in [Answer.State.complete, .cut] {
      var state = try makeState()
      state.play("First", id: "t1", recalled: [], answer: "One", finish: false)
      state.type("Second")
      #expect(state.press(.enter) == [])
      var answer = Answer()
      answer.state = answerState
      answer.text = "One"
      #expect(state.tell("t1", .finished(answer)) == (answerState == .complete ? [.send(question: "Second")] : []))
      #expect(state.composer.text == (answerState == .complete ? "" : "Second"))
    }
  }

  @Test("a message that is written on after Enter waits for another Enter")
  func sendLaterEdited() throws {
    var state = try makeState()
    state.play("First", id: "t1", recalled: [], answer: "One", finish: false)
    state.type("Second")
    state.press(.enter)
    state.type("!")
    var answer = Answer()
    answer.state = .complete
    #expect(state.tell("t1", .finished(answer)) == [])
    #expect(state.composer.text == "Second!")
  }

  @Test("a wait for another try counts down, names a fallback, and goes when the answer begins")
  func retrying() throws {
    var state = try makeState()
    state.play("Hello", id: "t1", recalled: [], answer: "", finish: false)
    state.tell("t1", .retrying(Retry(attempt: 2, waitMilliseconds: 2_500, reason: "\u{1B}[2JBusy.")))
    #expect(state.text().contains("! Busy."))
    #expect(state.text().contains("trying again in 3 s (try 2) · Esc ends"))
    #expect(state.nextTick == noon.addingTimeInterval(1))
    _ = reduce(&state, .tick(noon.addingTimeInterval(1)))
    #expect(state.text().contains("trying again in 2 s (try 2)"))
    _ = reduce(&state, .tick(noon.addingTimeInterval(4)))
    #expect(state.text().contains("trying again (try 2)"))
    state.tell("t1", .retrying(Retry(attempt: 3, waitMilliseconds: 0, reason: "Busy.", model: "groq/other")))
    #expect(state.text().contains("asking groq/other (try 3)"))
    state.tell("t1", .text("At last."))
    #expect(!state.text().contains("Busy"))
    #expect(state.text().contains("groq/other  | answering"))
    var answer = Answer()
    answer.state = .complete
    answer.text = "At last."
    answer.answeredBy = "groq/other"
    answer.durationMilliseconds = 100
    state.tell("t1", .finished(answer))
    #expect(state.text().contains("groq/other  100 ms · in place of openai/gpt-4o-mini"))
  }

  @Test("the header tells no cost while one model has no price, and takes the fallback's price for its answer")
  func cost() throws {
    var state = try makeState(columns: 200)
    func price(_ name: String, _ input: Double?, context: Int? = nil) -> ModelDescription {
      var model = ModelDescription(name: name, provider: "P", origin: .table)
      model.inputPrice = input
      model.outputPrice = input
      model.contextWindow = context
      return model
    }
    let usage = Usage(inputTokens: 900_000, outputTokens: 100_000)
    _ = state.describeModels()
    state.play("One", id: "t1", recalled: [], answer: "1.", usage: usage)
    #expect(!state.text().contains("$") && !state.text().contains("% of"))
    _ = reduce(&state, .described(["openai/gpt-4o-mini": price("openai/gpt-4o-mini", 0.25, context: 1_000_000)]))
    #expect(state.text().contains("1.0M tokens  ~$0.25  100% of 1M"))
    state.play("Two", id: "t2", recalled: [], answer: "", finish: false)
    state.tell("t2", .retrying(Retry(attempt: 2, waitMilliseconds: 0, reason: "Busy.", model: "other/m")))
    state.tell("t2", .text("2."))
    var answer = Answer()
    answer.state = .complete
    answer.text = "2."
    answer.usage = usage
    answer.answeredBy = "other/m"
    #expect(state.tell("t2", .finished(answer)) == [.describe(["other/m"])])
    #expect(!state.text().contains("$"))
    _ = reduce(&state, .described(["other/m": price("other/m", 2)]))
    #expect(state.text().contains("~$2.25"))
    #expect(reduce(&state, .model(.success("third/m"))) == [.describe(["third/m"])])
    #expect(!state.text().contains("% of"))
  }

  @Test("Esc ends a wait for another try, and the words come back")
  func endRetrying() throws {
    var state = try makeState()
    state.play("Hello", id: "t1", recalled: [], answer: "", finish: false)
    state.tell("t1", .retrying(Retry(attempt: 2, waitMilliseconds: 60_000, reason: "Busy.")))
    #expect(state.press(.escape) == [.cancelTurn])
    var answer = Answer()
    answer.state = .failed
    answer.error = "Stopped."
    state.tell("t1", .finished(answer))
    #expect(state.composer.text == "Hello")
    #expect(!state.text().contains("trying again"))
    #expect(state.nextTick == nil)
  }

  @Test("typing joins what belongs together, wherever the caret stands")
  func joining() {
    var editor = TextEditor("ab")
    editor.apply(.left)
    editor.insert("e")
    editor.insert("\u{301}")
    #expect(editor.text == "ae\u{301}b")
    #expect(editor.characters.count == 3)
    #expect(editor.caret == 2)
    editor.insert("👩")
    editor.insert("\u{200D}👧")
    #expect(editor.characters.count == 4)
    #expect(editor.caret == 3)
    editor.apply(.backspace)
    #expect(editor.text == "ae\u{301}b")
  }

  @Test("End and PgDn in a memory's detail can be pressed for ever")
  func endInDetail() throws {
    var state = try makeState()
    state.press(.function(3))
    state.inspector.view = .detail
    state.inspector.list = MemoryList(bankID: "default")
    state.inspector.detail = someMemory(String(repeating: "long ", count: 300))
    for _ in 0..<20 { state.press(.end) }
    for _ in 0..<20 { state.press(.pageDown) }
    #expect(state.text().contains("session-0"))
  }

  @Test("older questions come back with Up, each drawn whole, and the draft after them")
  func prompts() throws {
    var state = try makeState()
    state.play("hi", id: "t1", recalled: [], answer: "1")
    state.play("a much longer question than before", id: "t2", recalled: [], answer: "2")
    state.type("draft")
    for expected in ["a much longer question than before", "hi"] {
      state.press(.up)
      #expect(state.composer.text == expected)
      #expect(state.text().contains("› " + expected))
    }
    state.press(.down)
    state.press(.down)
    #expect(state.text().contains("› draft"))
  }

  @Test("anything typed between makes the second Ctrl-C a first one")
  func interruptedTyping() throws {
    var state = try makeState()
    state.press(.character("c"), .control)
    state.type("important")
    state.press(.character("c"), .control)
    #expect(!state.isFinished)
    state.press(.character("c"), .control)
    #expect(state.isFinished)
  }

  @Test("every size can be drawn, with every pane in every state")
  func everySize() throws {
    var state = try makeState()
    _ = reduce(&state, .banks(.success([Bank(id: "default", memoryCount: 1)])))
    state.play("Hello there", id: "t1", recalled: [recalled("a memory of some length")], answer: "An answer.")
    for columns in stride(from: 1, through: 60, by: 3) {
      for rows in 1...24 {
        _ = reduce(&state, .input(.resize(Size(columns: columns, rows: rows))))
        for key in [KeyPress.Key.function(2), .function(3), .function(1), .escape] {
          state.press(key)
          let frame = render(&state)
          #expect(frame.cells.count == columns * rows)
        }
      }
    }
  }

  @Test("a pane keeps the keyboard when the screen becomes narrow")
  func narrowing() throws {
    var state = try makeState(columns: 160, rows: 40)
    state.press(.function(3))
    _ = reduce(&state, .input(.resize(Size(columns: 90, rows: 30))))
    #expect(state.focus == .inspector)
    #expect(Set(state.layout.panes.keys) == [.inspector])
  }

  @Test("a new session does not wait for the answer of the old one, nor take it in")
  func newSessionMeanwhile() throws {
    var state = try makeState()
    state.play("First", id: "t1", recalled: [], answer: "One", finish: false)
    #expect(state.leader("n") == [.newSession])
    state.tell("t1", .text(" more"))
    state.tell("t1", .finished(Answer()))
    #expect(state.turns.isEmpty)
    state.type("Second")
    #expect(state.press(.enter) == [.send(question: "Second")])
  }

  @Test("Enter on blanks sends nothing")
  func sendNothing() throws {
    var state = try makeState()
    state.type("  ")
    #expect(state.press(.enter) == [])
  }

  @Test("Ctrl-J and Alt-Enter begin a line, and the composer grows to a third of the screen at most")
  func newline() throws {
    var state = try makeState()
    state.type("a")
    state.press(.character("j"), .control)
    state.type("b")
    state.press(.enter, .alt)
    state.type("c")
    #expect(state.composer.text == "a\nb\nc")
    #expect(state.layout.composer.rows == 4)
    for _ in 0..<30 { state.press(.character("j"), .control) }
    #expect(state.layout.composer.rows == 9)
    #expect(render(&state).cursor?.row == 22)
  }

  @Test("a paste is one edit and never keys")
  func paste() throws {
    var state = try makeState()
    _ = reduce(&state, .input(.paste("one\ntwo\u{18}q")))
    #expect(state.composer.text == "one\ntwo\u{18}q")
    #expect(!state.isFinished)
  }

  @Test("Esc stops the stream, goes back, and never quits")
  func escape() throws {
    var state = try makeState()
    state.play("Hello", id: "t1", recalled: [], answer: "Hi", finish: false)
    #expect(state.press(.escape) == [.cancelTurn])
    state.tell("t1", .finished(Answer()))
    state.press(.function(3))
    #expect(state.focus == .inspector)
    for _ in 0..<5 { state.press(.escape) }
    #expect(state.focus == .composer)
    #expect(!state.isFinished)
  }

  @Test("Ctrl-D quits on an empty composer and deletes in a full one")
  func endOfInput() throws {
    var state = try makeState()
    state.type("ab")
    state.press(.character("a"), .control)
    state.press(.character("d"), .control)
    #expect(state.composer.text == "b")
    #expect(!state.isFinished)
    state.press(.character("d"), .control)
    #expect(state.press(.character("d"), .control) == [.quit])
    #expect(state.isFinished)
  }

  @Test("Ctrl-C clears, gives the text back to Ctrl-Y, and quits when pressed twice")
  func interrupt() throws {
    var state = try makeState()
    state.type("precious")
    state.press(.character("c"), .control)
    #expect(state.composer.isEmpty)
    state.press(.character("y"), .control)
    #expect(state.composer.text == "precious")
    _ = reduce(&state, .tick(state.now.addingTimeInterval(3)))
    state.press(.character("c"), .control)
    #expect(!state.isFinished)
    state.press(.character("c"), .control)
    #expect(state.isFinished)
  }

  @Test("Tab and Shift-Tab walk through what can be seen")
  func tab() throws {
    var state = try makeState(columns: 200, rows: 60)
    var seen: [Pane] = []
    for _ in 0..<4 {
      state.press(.tab)
      seen.append(state.focus)
    }
    #expect(seen == [.chat, .memory, .inspector, .composer])
    state.press(.tab, .shift)
    #expect(state.focus == .inspector)
  }

  @Test("F2 and F3 show a pane whole in one column, beside the chat in two")
  func paneKeys() throws {
    var state = try makeState()
    state.press(.function(3))
    #expect(state.layout.panes.keys.sorted { "\($0)" < "\($1)" } == [.inspector])
    state.press(.function(3))
    #expect(Set(state.layout.panes.keys) == [.chat, .memory])
    _ = reduce(&state, .input(.resize(Size(columns: 120, rows: 40))))
    state.press(.function(3))
    #expect(Set(state.layout.panes.keys) == [.chat, .inspector])
    state.press(.function(2))
    #expect(Set(state.layout.panes.keys) == [.chat, .memory])
  }

  @Test("columns change at 104 and at 160")
  func columns() throws {
    let counts = try [40, 103, 104, 159, 160, 300].map { try makeState(columns: $0).layout.panes.count }
    #expect(counts == [2, 2, 2, 2, 3, 3])
    #expect(try makeState(columns: 103).layout.columns == .one)
    #expect(try makeState(columns: 104).layout.columns == .two)
    #expect(try makeState(columns: 160).layout.columns == .three)
  }

  @Test("a failed turn gives its words back, unless something else is typed")
  func giveBack() throws {
    for typed in ["", "new words"] {
      var state = try makeState()
      state.play("old words", id: "t1", recalled: [], answer: "", finish: false)
      state.type(typed)
      var answer = Answer()
      answer.state = .failed
      answer.error = "OpenAI cannot be reached."
      state.tell("t1", .finished(answer))
      #expect(state.composer.text == (typed.isEmpty ? "old words" : typed))
      #expect(state.runningTurn == nil)
    }
  }

  @Test("a turn that could not be saved gives its words back and says why")
  func notOpened() throws {
    var state = try makeState()
    state.type("Hello")
    state.press(.enter)
    var record = TurnRecord(
      id: "t1", sessionID: state.session.id, startedAt: noon, question: "Hello", model: "m", settings: MemorySettings())
    record.answer.state = .failed
    record.answer.error = "The disk is full."
    state.tell("t1", .record(record))
    #expect(state.composer.text == "Hello")
    #expect(state.runningTurn == nil)
    #expect(state.text().contains("The disk is full."))
  }

  @Test("the view stays where the reader is while an answer streams, and End follows again")
  func follow() throws {
    var state = try makeState()
    let long = (1...60).map { "Line \($0)." }.joined(separator: "\n\n")
    state.play("Tell me", id: "t1", recalled: [], answer: long, finish: false)
    #expect(state.text().contains("Line 60."))
    state.press(.pageUp)
    let before = chatRows(of: &state)
    for piece in ["\n\nMore.", "\n\nStill more."] { state.tell("t1", .text(piece)) }
    #expect(chatRows(of: &state) == before)
    #expect(state.text().contains("more below (End)"))
    state.press(.tab)
    state.press(.end)
    #expect(state.text().contains("Still more."))
    state.press(.pageUp)
    for _ in 0..<30 { state.press(.pageDown) }
    #expect(state.chat.anchor == nil)
  }

  private func chatRows(of state: inout State) -> [Substring] {
    Array(state.text().split(separator: "\n", omittingEmptySubsequences: false)[2..<10])
  }

  @Test("[ and ] walk through the records of earlier turns")
  func turns() throws {
    var state = try makeState(columns: 120, rows: 40)
    state.play("First", id: "t1", recalled: [recalled("memory of the first")], answer: "1")
    state.play("Second", id: "t2", recalled: [recalled("memory of the second", id: "m2")], answer: "2")
    state.press(.function(2))
    #expect(state.text().contains("memory of the second"))
    state.press(.character("["))
    #expect(state.text().contains("turn 1 of 2"))
    #expect(state.text().contains("memory of the first"))
    state.press(.character("]"))
    #expect(state.text().contains("turn 2 of 2"))
  }

  @Test("a new session keeps bank and model and forgets the rest")
  func newSession() throws {
    var state = try makeState()
    state.play("First", id: "t1", recalled: [], answer: "1")
    let before = state.session
    #expect(state.leader("n") == [.newSession])
    #expect(state.turns.isEmpty)
    #expect(state.session.id != before.id)
    #expect(state.session.bankID == before.bankID)
  }

  @Test("menus filter as one types, take a new name, and Esc changes nothing")
  func menus() throws {
    var state = try makeState()
    #expect(state.leader("b") == [.loadBanks])
    _ = reduce(&state, .banks(.success([Bank(id: "default"), Bank(id: "garden"), Bank(id: "work")])))
    state.type("grd")
    #expect(state.press(.enter) == [.useBank("garden")])
    #expect(state.session.bankID == "garden")
    state.leader("b")
    state.type("travel")
    #expect(state.press(.enter) == [.useBank("travel")])
    #expect(state.leader("m") == [.loadModels])
    state.type("ollama/llama3")
    state.press(.escape)
    #expect(state.session.model == "openai/gpt-4o-mini")
    state.leader("m")
    state.type("ollama/llama3")
    #expect(state.press(.enter) == [.useModel("ollama/llama3")])
    _ = reduce(&state, .model(.success("ollama/llama3")))
    #expect(state.session.model == "ollama/llama3")
    _ = reduce(&state, .model(.failure(Failure(MemoryStoreError.emptyText))))
    #expect(state.session.model == "ollama/llama3")
  }

  @Test("themes change while the menu is walked through, and Esc brings the old one back")
  func themeMenu() throws {
    var state = try makeState()
    #expect(state.leader("t") == [.listThemes])
    _ = reduce(&state, .themes(["terminal", "dark", "light"]))
    #expect(state.press(.down) == [.loadTheme("dark")])
    let dark = try ThemeLibrary(folder: "/nonexistent").theme("dark")
    _ = reduce(&state, .theme(.success(dark)))
    #expect(state.theme == dark)
    #expect(state.press(.escape) == [.loadTheme("terminal")])
    #expect(state.theme.name == "terminal")
  }

  @Test("every key of the table has one meaning in its place, and every command a line of help")
  func table() {
    for context in Context.allCases {
      var seen: Set<Chord> = []
      for binding in KeyTable.bindings where binding.contexts.contains(context) {
        for chord in binding.chords { #expect(seen.insert(chord).inserted, "\(chord.written) twice in \(context)") }
      }
    }
    let bound = Set(KeyTable.bindings.map(\.command))
    #expect(bound == Set(Command.allCases))
    #expect(KeyTable.bindings.allSatisfy { !$0.help.isEmpty })
  }
}

@Suite("The inspector")
struct InspectorTests {
  /// Answers page requests as a store would, from a bank of that many memories.
  private func serve(_ effects: [Effect], to state: inout State, count: Int, log: inout [Int]) {
    var effects = effects
    while let effect = effects.popLast() {
      guard case .loadPage(let request, let number, let page) = effect else { continue }
      log.append(number)
      let start = page.after.flatMap(Int.init) ?? 0
      let end = min(count, start + page.limit)
      let memories = (start..<max(start, end)).map { someMemory("memory \($0) \(page.filter)", id: "\($0)") }
      effects += reduce(
        &state,
        .page(
          request: request, number: number,
          .success(MemoryPage(memories: memories, next: end < count ? "\(end)" : nil))))
    }
  }

  private func opened(count: Int, log: inout [Int]) throws -> State {
    var state = try makeState()
    _ = reduce(&state, .banks(.success([Bank(id: "default", memoryCount: count)])))
    state.press(.function(3))
    let effects = state.press(.enter)
    serve(effects, to: &state, count: count, log: &log)
    return state
  }

  @Test("walks through a long bank by pages and holds only a few of them")
  func pages() throws {
    var log: [Int] = []
    var state = try opened(count: 1_000, log: &log)
    for _ in 0..<700 { serve(state.press(.down), to: &state, count: 1_000, log: &log) }
    #expect(state.inspector.list.selected?.id == "700")
    #expect(state.text().contains("memory 700"))
    for _ in 0..<700 { serve(state.press(.up), to: &state, count: 1_000, log: &log) }
    #expect(state.inspector.list.selected?.id == "0")
    #expect(log.prefix(8) == [0, 1, 2, 3, 4, 5, 6, 7])
    #expect(log.count < 20)
  }

  @Test("filters as one types, and drops answers that were overtaken")
  func filter() throws {
    var log: [Int] = []
    var state = try opened(count: 10, log: &log)
    state.press(.character("/"))
    let first = state.press(.character("a"))
    let second = state.press(.character("b"))
    serve(second, to: &state, count: 3, log: &log)
    serve(first, to: &state, count: 10, log: &log)
    #expect(state.inspector.list.filter == "ab")
    #expect(state.text().contains("memory 0 ab"))
    #expect(!state.text().contains("memory 5"))
    state.press(.escape)
    #expect(state.inspector.list.filter == "")
  }

  @Test("opens the memory for which Enter came before the list did, unless one moved on")
  func enterAhead() throws {
    for isLeft in [false, true] {
      var log: [Int] = []
      var state = try opened(count: 10, log: &log)
      state.press(.character("/"))
      let effects = state.press(.character("a"))
      state.press(.enter)
      state.press(.enter)
      #expect(state.inspector.detail == nil)
      if isLeft { state.press(.down) }
      serve(effects, to: &state, count: 3, log: &log)
      #expect(state.inspector.detail?.text == (isLeft ? nil : "memory 0 a"))
    }
  }

  @Test("shows one memory whole, edits it, and keeps an edit that was left")
  func edit() throws {
    var log: [Int] = []
    var state = try opened(count: 3, log: &log)
    state.press(.enter)
    #expect(state.text().contains("conversation:rearview:test"))
    state.press(.character("e"))
    state.type("!")
    state.press(.escape)
    state.press(.character("e"))
    #expect(state.press(.character("s"), .control) == [.edit(id: "0", bankID: "default", text: "memory 0 !")])
    let changed = someMemory("memory 0 !", id: "0")
    _ = reduce(&state, .memoryChanged(.success(changed), done: "Memory changed"))
    #expect(state.inspector.detail == changed)
    #expect(state.inspector.list.selected == changed)
  }

  @Test("invalidates and restores, and says when there is nothing to do")
  func invalidate() throws {
    var log: [Int] = []
    var state = try opened(count: 3, log: &log)
    #expect(state.press(.character("r")) == [])
    #expect(state.press(.character("i")) == [.invalidate(id: "0", bankID: "default")])
    let retired = someMemory("memory 0", id: "0", state: .invalidated)
    _ = reduce(&state, .memoryChanged(.success(retired), done: "Memory invalidated"))
    #expect(state.text().contains("✗"))
    #expect(state.press(.character("i")) == [])
    #expect(state.press(.character("r")) == [.restore(id: "0", bankID: "default")])
  }
}

@Suite("Themes")
struct ThemeTests {
  @Test("that ship name every role", arguments: ["terminal", "dark", "light"])
  func complete(name: String) throws {
    let theme = try ThemeLibrary(folder: "/nonexistent").theme(name)
    #expect(theme.usesTrueColor == (name != "terminal"))
    if name != "terminal" {
      for role in StyleRole.allCases { #expect(theme[role].foreground != .standard, "\(role)") }
    }
  }

  @Test(
    "that do not parse say file, line and what to write",
    arguments: [
      ("[styles]\ntext = \"bold purple\"", "t.toml, line 2: text cannot be read: write it as"),
      ("[styles]\nfoo = \"red\"", "t.toml, line 2: there is no role foo"),
      ("[styles\n", "t.toml, line 1: this is not TOML"),
      ("colour = 3", "t.toml, line 1: colour must be a text"),
    ])
  func broken(text: String, expected: String) {
    do {
      _ = try Theme(text: text, name: "t", file: "t.toml")
      Issue.record("it was taken")
    } catch {
      #expect("\(error)".hasPrefix(expected), "\(error)")
    }
  }

  @Test("are read from the user's folder first, and an unknown one names those there are")
  func library() throws {
    let folder = NSTemporaryDirectory() + "themes-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try "[styles]\ntext = \"#010203\"\n".write(toFile: folder + "/dark.toml", atomically: true, encoding: .utf8)
    let library = ThemeLibrary(folder: folder)
    #expect(library.names() == ["terminal", "dark", "light"])
    #expect(try library.theme("dark")[.text].foreground == .rgb(1, 2, 3))
    do {
      _ = try library.theme("mauve")
      Issue.record("it was found")
    } catch {
      #expect("\(error)".contains("there are terminal, dark, light"))
    }
  }
}
