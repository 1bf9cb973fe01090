import Foundation
import GRDB
import ScriptedServer
import TerminalEmulator
import Testing

private let words = "My dog is called Biscuit and she is afraid of thunder."
private let question = "What is my dog called?"

extension EndToEnd {
  @Suite("The main job")
  struct MainJobTests {
    @Test(
      "a memory of one session is in the prompt of the next, and in the memory pane",
      arguments: [
        ("xterm-256color", 80, 24), ("xterm-256color", 120, 40), ("xterm-256color", 200, 60),
        ("tmux-256color", 120, 40), ("xterm-direct", 120, 40), ("linux", 120, 40), ("vt100", 80, 24),
      ])
    func mainJob(term: String, columns: Int, rows: Int) throws {
      let server = try ScriptedServer { request in
        request.path == "/v1/chat/completions"
          ? .openAIAnswer("A fine name for a dog.", usage: (30, 7)) : .json(404, "{}")
      }
      defer { server.stop() }
      let home = try Home()
      home.use(server)
      let terminal = try home.screen(term: term, columns: columns, rows: rows)
      let before = terminal.lineSettingsBefore
      try terminal.wait(for: "Message")
      terminal.say(words)
      try terminal.wait(for: "A fine name for a dog.")
      terminal.leader("n")
      try terminal.wait(for: "New session")
      terminal.say(question)
      try terminal.wait("the second request") { _ in server.requests.count == 2 }
      try terminal.wait(for: "A fine name for a dog.")
      try terminal.wait("the memory in its pane") { terminal in
        guard let pane = terminal.place(of: " Memory ") else { return false }
        return (pane.row..<rows).contains { terminal.rowText($0).dropFirst(pane.column).contains("Biscuit") }
      }
      let request = try #require(server.requests.last)
      let system = try #require(request.messages.first)
      #expect(system.role == "system")
      #expect(
        system.content.hasPrefix(
          "# Relevant Memories\nThe following information from memory may be relevant:\n\n1. [WORLD] \(words)"))
      #expect(request.messages.last?.content == question)
      #expect(request.headers["authorization"] == "Bearer sk-end-to-end")
      terminal.key("d", .control)
      #expect(try terminal.waitForEnd() == .exit(0))
      #expect(terminal.isRestored)
      #expect(terminal.lineSettings == before)
    }

    @Test(
      "words are not lost when the program is killed while the first answer streams, whatever is started next",
      arguments: [true, false])
    func killed(recallsFirst: Bool) throws {
      let gate = Gate()
      let server = try ScriptedServer { _ in .openAIAnswer("A fine name for a dog.").pausing(after: 2, at: gate) }
      defer {
        gate.open()
        server.stop()
      }
      let home = try Home()
      home.use(server)
      let terminal = try home.screen()
      try terminal.wait(for: "Message")
      terminal.say(words)
      try terminal.wait(for: "A fine")
      let sessions = try DatabaseQueue(path: home.path + "/.local/share/rearview/sessions.sqlite")
      try terminal.wait("what came to be on disk") { _ in
        (try? sessions.read { try String.fetchOne($0, sql: "SELECT partial FROM turn") })?.isEmpty == false
      }
      try sessions.close()
      terminal.signal(SIGKILL)
      try terminal.waitForEnd()
      if recallsFirst {
        let recalled = try home.run("recall", "dog", "called", "--json")
        #expect(recalled.status == 0)
        #expect(recalled.output.contains(words))
      }
      let again = try home.screen("--continue")
      try again.wait(for: "The program ended before the answer was complete.")
      #expect(again.screenText.contains("Biscuit"))
      #expect(again.screenText.contains("A fine"))
      again.key("d", .control)
      try again.waitForEnd()
      #expect(try home.run("recall", "dog", "called", "--json").output.contains(words))
    }

    @Test("words are not lost when one quits right after Enter")
    func quitAtOnce() throws {
      let server = try ScriptedServer { _ in .hang }
      defer { server.stop() }
      let home = try Home()
      home.use(server)
      let terminal = try home.screen()
      try terminal.wait(for: "Message")
      terminal.say(words)
      terminal.key("d", .control)
      #expect(try terminal.waitForEnd() == .exit(0))
      #expect(terminal.isRestored)
      #expect(try home.run("recall", "Biscuit").output.contains(words))
    }

    @Test("what was typed and not sent is there again at the next start, once", arguments: [true, false])
    func draft(isHangup: Bool) throws {
      let home = try Home()
      let terminal = try home.screen()
      try terminal.wait(for: "Message")
      terminal.type("half a thought")
      try terminal.wait(for: "half a thought")
      if isHangup { terminal.signal(SIGHUP) } else { terminal.leader("q") }
      try terminal.waitForEnd()
      let again = try home.screen()
      try again.wait(for: "› half a thought")
      again.key("u", .control)
      try again.wait(for: "Ask something")
      again.key("d", .control)
      try again.waitForEnd()
      let third = try home.screen()
      try third.wait(for: "Ask something")
      third.key("d", .control)
      try third.waitForEnd()
    }

    @Test("needs no model: offline/recall names the dog, and its answer is not remembered")
    func offline() throws {
      let home = try Home()
      let terminal = try home.screen()
      try terminal.wait(for: "Type a message and press Enter.")
      try terminal.wait(for: "Ctrl-X m")
      terminal.say(words)
      try terminal.wait(for: "This turn is stored.")
      terminal.leader("n")
      terminal.say(question)
      try terminal.wait(for: "you said: My dog is called Biscuit")
      try terminal.wait(for: "no language model")
      try terminal.wait(for: "This turn is stored.")
      terminal.key("d", .control)
      #expect(try terminal.waitForEnd() == .exit(0))
      let bank = try home.run("bank", "list", "--json")
      #expect(bank.output.contains("\"memoryCount\":2"))
    }

    @Test("a turn that fails says why in one sentence, gives the words back, and remembers them")
    func failingModel() throws {
      let server = try ScriptedServer { _ in
        .json(401, #"{"error":{"message":"Incorrect API key provided: sk-end-to-end.","code":"invalid_api_key"}}"#)
      }
      defer { server.stop() }
      let home = try Home()
      home.use(server)
      let terminal = try home.screen()
      try terminal.wait(for: "Message")
      terminal.say(words)
      try terminal.wait(for: "refused the key")
      #expect(!terminal.screenText.contains("sk-end-to-end"))
      try terminal.wait(for: "› My dog is called Biscuit")
      terminal.signal(SIGTERM)
      #expect(try terminal.waitForEnd() == .signal(Int(SIGTERM)))
      #expect(terminal.isRestored)
      #expect(try home.run("recall", "Biscuit").output.contains(words))
    }

    @Test("Esc stops an answer at once, keeps what came and closes the connection")
    func stop() async throws {
      let gate = Gate()
      let server = try ScriptedServer { _ in
        .openAIAnswer("Once upon a time there was a dog.").pausing(after: 3, at: gate)
      }
      defer {
        gate.open()
        server.stop()
      }
      let home = try Home()
      home.use(server)
      let terminal = try home.screen()
      try terminal.wait(for: "Message")
      terminal.say("Tell me a story")
      try terminal.wait(for: "Once upon")
      terminal.key(.escape)
      try terminal.wait(for: "Stopped; what came is kept.")
      #expect(terminal.screenText.contains("Once upon"))
      #expect(await server.waitForDisconnects())
      terminal.key(.escape)
      terminal.say("Go on")
      #expect(await server.waitForRequests(2))
      terminal.key("d", .control)
      #expect(try terminal.waitForEnd() == .exit(0))
    }
  }
}
