import Foundation
import ScriptedServer
import TerminalEmulator
import Testing

extension EndToEnd {
  @Suite("The screen")
  struct ScreenTests {
    private static let hostile =
      "Hi \u{1B}]0;owned\u{07}\u{1B}]52;c;b3duZWQ=\u{07}\u{1B}[2J\u{1B}[?1049l\u{1B}[31m red \u{9B}5;5H"
      + "\u{202E}override\u{202C} \u{2066}isolate\u{2069} 👨‍👩‍👧‍👦 👍🏽 🇺🇸 ❤️ 漢字かな 한국어 e\u{0301}\u{0302}\u{0303}\u{0304}\u{0305} \u{0D}back\u{08}\u{08} end of it"

    @Test("shows hostile text without being driven by it", arguments: [(80, 24), (120, 40), (200, 60)])
    func hostileText(columns: Int, rows: Int) throws {
      let server = try ScriptedServer { _ in .openAIAnswer(Self.hostile, chunkSize: 1) }
      defer { server.stop() }
      let home = try Home()
      home.use(server)
      let terminal = try home.screen(columns: columns, rows: rows)
      try terminal.wait(for: "Message")
      let title = terminal.title
      terminal.say("Show me")
      try terminal.wait(for: "end of it")
      #expect(terminal.title == title)
      #expect(terminal.clipboard == nil)
      #expect(terminal.isOnAlternateScreen)
      #expect(terminal.rowText(0).contains("rearview"))
      for override: Unicode.Scalar in ["\u{202E}", "\u{2066}", "\u{9B}"] {
        #expect(!terminal.screenText.unicodeScalars.contains(override))
      }
      if columns >= 104, let rule = terminal.place(of: "┬") {
        // Wide and folded text never pushes the rule between the panes aside.
        for row in 2..<(rows - 4) { #expect(terminal.cell(column: rule.column, row: row)?.text == "│") }
      }
      terminal.key("d", .control)
      try terminal.waitForEnd()
      #expect(terminal.isRestored)
    }

    @Test("takes a megabyte on one line and stays awake")
    func megabyte() throws {
      let server = try ScriptedServer { _ in
        .stream([
          .flood(Array(ScriptedResponse.delta(#"{"content":"0123456789abcdef"}"#).utf8), count: 65_536),
          .send(Array(ScriptedResponse.delta(#"{"content":" THE-END"}"#).utf8)),
          .send(Array(ScriptedResponse.delta("{}", finish: "stop").utf8)), .send(Array("data: [DONE]\n\n".utf8)),
        ])
      }
      defer { server.stop() }
      let home = try Home()
      home.use(server)
      let terminal = try home.screen()
      try terminal.wait(for: "Message")
      terminal.say("Go")
      terminal.type("still typing")
      try terminal.wait(for: "still typing")
      try terminal.wait(for: "THE-END", seconds: 60)
      terminal.key(.pageUp)
      try terminal.wait(for: "more below")
      terminal.key("c", .control)
      terminal.key("c", .control)
      try terminal.waitForEnd()
      #expect(terminal.isRestored)
    }

    @Test("survives a storm of sizes while an answer streams")
    func resizeStorm() throws {
      let gate = Gate()
      let text = (1...80).map { "Line \($0) of the answer." }.joined(separator: "\n\n")
      let server = try ScriptedServer { _ in .openAIAnswer(text, chunkSize: 16).pausing(after: 60, at: gate) }
      defer {
        gate.open()
        server.stop()
      }
      let home = try Home()
      home.use(server)
      let terminal = try home.screen()
      try terminal.wait(for: "Message")
      terminal.say("Go")
      try terminal.wait(for: "of the answer.")
      for step in 0..<100 {
        terminal.resize(columns: 20 + step * 37 % 190, rows: 5 + step * 13 % 60)
        terminal.watch(seconds: 0.005)
        if step == 50 { gate.open() }
      }
      terminal.resize(columns: 120, rows: 40)
      try terminal.wait(for: "Line 80")
      #expect(terminal.rowText(0).contains("rearview"))
      #expect(terminal.screenText.contains("━ Message ━"))
      terminal.key("d", .control)
      #expect(try terminal.waitForEnd() == .exit(0))
      #expect(terminal.isRestored)
    }

    @Test("uses no colour with NO_COLOR, and marks focus all the same")
    func noColor() throws {
      let home = try Home(["NO_COLOR": "1"])
      let terminal = try home.screen()
      try terminal.wait(for: "━ Message ━")
      for row in 0..<40 {
        for column in 0..<120 {
          let cell = try #require(terminal.cell(column: column, row: row))
          #expect(cell.foreground == .standard && cell.background == .standard)
        }
      }
      terminal.key("d", .control)
      try terminal.waitForEnd()
    }

    @Test("switches themes live, to true colour and back")
    func themes() throws {
      let home = try Home(["COLORTERM": "truecolor"])
      let terminal = try home.screen()
      try terminal.wait(for: "Message")
      let message = try #require(terminal.place(of: "Ask something"))
      #expect(terminal.cell(column: message.column, row: message.row)?.background == .standard)
      terminal.leader("t")
      try terminal.wait(for: "light")
      terminal.type("dark")
      terminal.key(.enter)
      try terminal.wait("a dark background") {
        $0.cell(column: message.column, row: message.row)?.background != .standard
      }
      terminal.leader("t")
      try terminal.wait(for: "light")
      terminal.type("terminal")
      terminal.key(.enter)
      try terminal.wait("the terminal's own background") {
        $0.cell(column: message.column, row: message.row)?.background == .standard
      }
      terminal.key("d", .control)
      #expect(try terminal.waitForEnd() == .exit(0))
      #expect(terminal.isRestored)
    }

    @Test("filters, edits, invalidates and restores a memory in the inspector, and recall follows")
    func inspector() throws {
      let home = try Home()
      for text in ["The lease ends on 30 June", "Anna likes tea", "Bob keeps bees"] {
        #expect(try home.run("retain", text).status == 0)
      }
      let terminal = try home.screen(columns: 200, rows: 60)
      try terminal.wait(for: "3 memories")
      terminal.key(.function(3))
      terminal.key(.enter)
      try terminal.wait(for: "Bob keeps bees")
      terminal.type("/")
      terminal.type("tea")
      try terminal.wait("the filtered list") { !$0.screenText.contains("Bob keeps bees") }
      terminal.key(.enter)
      terminal.key(.enter)
      try terminal.wait(for: "retained")
      terminal.type("e")
      try terminal.wait(for: "Edit memory")
      terminal.type(" with milk")
      terminal.key("s", .control)
      try terminal.wait(for: "Memory changed")
      #expect(try home.run("recall", "milk").output.contains("Anna likes tea with milk"))
      terminal.type("i")
      try terminal.wait(for: "invalidated")
      #expect(try home.run("recall", "milk").output == "")
      terminal.type("r")
      try terminal.wait(for: "Memory restored")
      #expect(try home.run("recall", "milk").output.contains("Anna likes tea with milk"))
      terminal.key("c", .control)
      terminal.key("c", .control)
      try terminal.waitForEnd()
      #expect(terminal.isRestored)
    }

    @Test("says what failed when the memory file is locked, and answers all the same")
    func lockedMemory() throws {
      let server = try ScriptedServer { _ in .openAIAnswer("An answer.") }
      defer { server.stop() }
      let home = try Home(["REARVIEW_RECALL_TIMEOUT_SECONDS": "1"])
      home.use(server)
      #expect(try home.run("retain", "something").status == 0)
      let terminal = try home.screen()
      try terminal.wait(for: "● 1 memory")
      let lock = try SQLiteLock(home.memoryFile)
      terminal.say("Hello")
      try terminal.wait(for: "An answer.")
      try terminal.wait(for: "Not stored yet", seconds: 15)
      lock.release()
      try terminal.wait(for: "This turn is stored.", seconds: 20)
      terminal.key("d", .control)
      try terminal.waitForEnd()
    }

    @Test("switches banks by the menu and by the inspector, and each keeps its own memories")
    func banks() throws {
      let home = try Home()
      _ = try home.run("retain", "--bank", "garden", "The roses need water")
      let terminal = try home.screen()
      try terminal.wait(for: "Message")
      terminal.leader("b")
      try terminal.wait(for: "garden")
      terminal.type("work")
      try terminal.wait(for: "New bank work")
      terminal.key(.enter)
      try terminal.wait(for: "Bank work")
      terminal.say("The lease ends in June")
      try terminal.wait(for: "This turn is stored.")
      terminal.key(.function(3))
      try terminal.wait(for: "in use")
      terminal.key(.home)
      terminal.key(.enter)
      try terminal.wait(for: "The roses need water")
      terminal.key("c", .control)
      terminal.key("c", .control)
      #expect(try terminal.waitForEnd() == .exit(0))
      #expect(try home.run("recall", "--bank", "work", "lease").output.contains("The lease ends in June"))
      #expect(try home.run("recall", "--bank", "garden", "lease").output == "")
    }

    @Test("counts the seconds of a model that says nothing, and takes a notice away by itself")
    func ticks() throws {
      let server = try ScriptedServer { _ in .hang }
      defer { server.stop() }
      let home = try Home()
      home.use(server)
      let terminal = try home.screen()
      try terminal.wait(for: "Message")
      terminal.key("c", .control)
      try terminal.wait(for: "Ctrl-C again quits")
      try terminal.wait("the notice to go") { !$0.screenText.contains("Ctrl-C again quits") }
      let idle = terminal.millisecondsOfCPU
      terminal.watch(seconds: 1)
      #expect(terminal.millisecondsOfCPU - idle < 200)
      terminal.say("Hello")
      try terminal.wait(for: "waiting 2 s")
      let waiting = terminal.millisecondsOfCPU
      terminal.watch(seconds: 2)
      #expect(terminal.millisecondsOfCPU - waiting < 400)
      terminal.key("d", .control)
      #expect(try terminal.waitForEnd() == .exit(0))
    }

    @Test("comes back from Ctrl-Z as it was")
    func suspend() throws {
      let home = try Home()
      let terminal = try home.screen()
      try terminal.wait(for: "Message")
      terminal.type("half a thought")
      try terminal.wait(for: "half a thought")
      terminal.key("z", .control)
      try terminal.wait("the normal screen") { !$0.isOnAlternateScreen && $0.isCooked }
      terminal.signal(SIGCONT)
      try terminal.wait("the full screen") { $0.isOnAlternateScreen }
      try terminal.wait(for: "half a thought")
      terminal.key("c", .control)
      terminal.key("c", .control)
      #expect(try terminal.waitForEnd() == .exit(0))
      #expect(terminal.isRestored)
    }
  }
}
