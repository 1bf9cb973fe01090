import Foundation
import GRDB
import RearviewJSON
import ScriptedServer
import TerminalEmulator
import Testing

/// Holds a database's write lock, as another program would.
final class SQLiteLock {
  private let queue: DatabaseQueue

  init(_ path: String) throws {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
  }

  func release() { try? queue.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") } }
}

extension EndToEnd {
  @Suite("One-shot commands")
  struct OneShotTests {
    @Test("ask prints the answer; --json prints every event, the whole record last")
    func ask() throws {
      let server = try ScriptedServer { _ in .openAIAnswer("She is called Biscuit.", usage: (12, 5)) }
      defer { server.stop() }
      let home = try Home()
      home.use(server)
      let plain = try home.run("ask", "What is my dog called?")
      #expect(plain.output == "She is called Biscuit.\n")
      #expect(plain.error == "")
      #expect(plain.status == 0)
      let json = try home.run("ask", "--json", input: "What is my dog called?\n")
      let events = try json.output.split(separator: "\n").map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
      #expect(events.first?["event"] as? String == "opened")
      #expect(events.last?["event"] as? String == "record")
      let record = try #require(events.last?["record"] as? [String: Any])
      #expect((record["answer"] as? [String: Any])?["text"] as? String == "She is called Biscuit.")
      #expect((record["storage"] as? [String: Any])?["state"] as? String == "stored")
      #expect(record["question"] as? String == "What is my dog called?")
    }

    @Test("ask takes bank, model and any setting, and --continue goes on")
    func askOptions() throws {
      let server = try ScriptedServer { _ in .openAIAnswer("Yes.") }
      defer { server.stop() }
      let home = try Home()
      home.use(server)
      _ = try home.run("retain", "--bank", "work", "The lease ends in June")
      _ = try home.run(
        "ask", "--bank", "work", "--model", "openai/other", "--set", "injection_mode=prepend_user",
        "When does the lease end?")
      let request = try #require(server.requests.last)
      #expect(request.json["model"] as? String == "other")
      #expect(request.messages.map(\.role) == ["user"])
      #expect(
        request.messages.first?.content.hasSuffix("1. [WORLD] The lease ends in June\n\nWhen does the lease end?")
          == true)
      _ = try home.run("ask", "--continue", "Really?")
      #expect(server.requests.last?.messages.map(\.role).suffix(3) == ["user", "assistant", "user"])
    }

    @Test("an interrupted ask keeps what came and ends with 130")
    func interrupted() throws {
      let gate = Gate()
      let server = try ScriptedServer { _ in .openAIAnswer("Once upon a time there was.").pausing(after: 3, at: gate) }
      defer {
        gate.open()
        server.stop()
      }
      let home = try Home()
      home.use(server)
      let command = try home.start(["ask", "Tell me about Biscuit"])
      #expect(command.waitForOutput("Once upon"))
      command.process.interrupt()
      #expect(command.finish().status == 130)
      #expect(try home.run("recall", "Biscuit").output.contains("Tell me about Biscuit"))
    }

    @Test("a failing model is one sentence and status 1")
    func failing() throws {
      let server = try ScriptedServer { _ in
        .json(429, #"{"error":{"message":"slow down"}}"#, headers: ["retry-after": "20"])
      }
      defer { server.stop() }
      let home = try Home()
      home.use(server)
      let outcome = try home.run("ask", "--set", "max_retries=0", "Hello")
      #expect(outcome.status == 1)
      #expect(outcome.error.split(separator: "\n").count == 1)
      #expect(outcome.error.contains("20"))
    }

    @Test("items are kept a line each, once however often, and requests answered a line each, in order")
    func jsonLines() throws {
      let home = try Home()
      let items = """
        {"content": "Anna: where is the piano?", "timestamp": "2026-03-01T10:00:00Z", "document_id": "d1", "metadata": {"n": "1"}}

        {"content": "Ben: in the attic.", "timestamp": "2026-03-01T10:00:20Z", "document_id": "d2", "tags": ["home"]}
        {"content": "A cello.", "timestamp": "unset", "entities": ["Zoe"]}
        """
      for _ in 0..<2 {
        #expect(try home.run("retain", "--jsonl", "-", input: items).output == "Kept 3 items.\n")
      }
      #expect(try home.run("bank", "list").output == "default  3 memories, 3 documents\n")
      let requests = """
        {"id": 7, "query": "piano"}
        {"query": " "}
        {"id": "x", "query": "What does Zoe have?", "max_tokens": 50}
        """
      let answers = try home.run("recall", "--jsonl", "-", input: requests)
      #expect(answers.status == 1)
      #expect(answers.error.contains("1 of the requests"))
      let lines = try answers.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
      #expect(lines.map { $0["id"] } == [7, nil, "x"])
      #expect(lines[0]["results"]?.list?.map { $0["document_id"]?.text } == ["d1", "d2"])
      #expect(lines[0]["results"]?.list?.first?["metadata"]?["n"] == "1")
      #expect(lines[0]["results"]?.list?.first?["scores"]?["words"]?.number == 1)
      #expect(lines[1]["error"]?.text?.hasPrefix("Line 2: query") == true)
      #expect(lines[2]["results"]?.list?.map { $0["text"]?.text } == ["A cello."])
      #expect(lines[2]["results"]?.list?.first?["mentioned_at"] == nil)
      let bad = try home.run(
        "retain", "--jsonl", "-", input: "{\"content\": \"One.\"}\n{\"content\": \"Two.\", \"tags\": 5}")
      #expect(bad.status == 1)
      #expect(
        bad.error.contains("Line 2: tags must be a list of texts.") && bad.error.contains("Kept 1 item before it"))
      #expect(try home.run("bank", "list").output == "default  4 memories, 4 documents\n")
    }

    @Test("retain, recall and bank list work on the same file")
    func memory() throws {
      let home = try Home()
      #expect(try home.run("retain", "Anna likes tea").output == "Kept in bank default.\n")
      #expect(try home.run("retain", "-", input: "Bob keeps bees").status == 0)
      let json = try home.run("recall", "tea", "--json")
      #expect(json.output.split(separator: "\n").count == 1)
      #expect(json.output.contains("\"text\":\"Anna likes tea\""))
      let nothing = try home.run("recall", "xylophone")
      #expect(nothing.status == 0)
      #expect(nothing.output == "")
      #expect(nothing.error.contains("Nothing found in bank default, of 2 memories."))
      #expect(try home.run("bank", "list").output == "default  2 memories, 2 documents\n")
    }

    @Test("doctor says what is configured and what is reachable")
    func doctor() throws {
      let home = try Home()
      let fine = try home.run("doctor")
      #expect(fine.status == 0)
      #expect(fine.output.contains("bank_id"))
      #expect(fine.output.contains("offline/recall is the model"))
      try home.write(".config/rearview/config.toml", "[memory]\nbudget = 3\n")
      let broken = try home.run("doctor")
      #expect(broken.status == 2)
      #expect(broken.output.contains("config.toml, line 2: budget must be"))
    }

    @Test("a link to the program works, and --version and --help end with 0")
    func versions() throws {
      let home = try Home()
      #expect(try home.run("--version").status == 0)
      #expect(try home.run("--help").output.contains("ask"))
      #expect(try home.run("ask", "--help").status == 0)
    }
  }
}

extension EndToEnd {
  @Suite("Bad input")
  struct BadInputTests {
    /// One sentence on standard error, nothing on standard output.
    private func expectEnd(
      _ outcome: Home.Outcome, _ status: Int32, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
      #expect(outcome.status == status, sourceLocation: sourceLocation)
      #expect(outcome.error.hasPrefix("rearview: "), sourceLocation: sourceLocation)
      #expect(outcome.error.contains(text), "\(outcome.error)", sourceLocation: sourceLocation)
      #expect(outcome.output == "", sourceLocation: sourceLocation)
    }

    @Test("an unknown flag or subcommand is named, with status 2")
    func flags() throws {
      let home = try Home()
      expectEnd(try home.run("--frobnicate"), 2, "--frobnicate")
      expectEnd(try home.run("ask", "--frobnicate", "x"), 2, "--frobnicate")
      expectEnd(try home.run("ask"), 2, "is empty")
      expectEnd(try home.run("recall"), 2, "query")
    }

    @Test("a broken configuration is named with file and line, with status 2")
    func configuration() throws {
      let home = try Home()
      try home.write(".config/rearview/config.toml", "model = \"openai/x\"\n[memory\n")
      expectEnd(try home.run("ask", "x"), 2, "config.toml, line 2")
      try home.write(".config/rearview/config.toml", "[memory]\n\nbudget = \"huge\"\n")
      expectEnd(
        try home.run("ask", "x"), 2, "config.toml, line 3: budget must be one of ['high', 'low', 'mid'], got 'huge'")
      try home.write(".config/rearview/config.toml", "theme = \"mauve\"\n")
      let terminal = try home.screen()
      #expect(try terminal.waitForEnd() == .exit(2))
      #expect(terminal.screenText.contains("there is no such theme"))
    }

    @Test("a theme that does not parse is named with file and line, and the screen is never taken")
    func theme() throws {
      let home = try Home()
      try home.write(".config/rearview/themes/mine.toml", "[styles]\ntext = \"bold purple\"\n")
      let terminal = try home.screen("--theme", "mine")
      #expect(try terminal.waitForEnd() == .exit(2))
      #expect(terminal.screenText.contains("mine.toml, line 2"))
      #expect(!terminal.modesSeen.contains(1049))
    }

    @Test("a model that cannot be is named, with what to write instead")
    func model() throws {
      let home = try Home()
      expectEnd(try home.run("ask", "--model", "frobnicate/x", "Hello"), 2, "frobnicate")
      let terminal = try home.screen("--model", "frobnicate/x")
      #expect(try terminal.waitForEnd() == .exit(2))
    }

    @Test("without a terminal the full-screen program says so")
    func noTerminal() throws {
      let home = try Home()
      expectEnd(try home.run(), 1, "must be a terminal")
      let dumb = try home.screen(term: "dumb")
      #expect(try dumb.waitForEnd() == .exit(1))
      #expect(dumb.screenText.contains("cannot show a full screen"))
    }

    @Test("a file of a newer version, or one that is none, is refused and stays as it is")
    func foreignFiles() throws {
      let home = try Home()
      _ = try home.run("retain", "Anna likes tea")
      let queue = try DatabaseQueue(path: home.memoryFile)
      try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 999") }
      try queue.close()
      let before = try Data(contentsOf: URL(fileURLWithPath: home.memoryFile))
      expectEnd(try home.run("recall", "tea"), 1, "newer Rearview")
      #expect(try Data(contentsOf: URL(fileURLWithPath: home.memoryFile)) == before)
      let terminal = try home.screen()
      #expect(try terminal.waitForEnd() == .exit(1))
      #expect(!terminal.modesSeen.contains(1049))
      let other = try Home()
      try other.write(".local/share/rearview/memory.sqlite", String(repeating: "no database ", count: 1_000))
      expectEnd(try other.run("recall", "tea"), 1, "cannot be read as a memory file")
    }

    @Test("a locked file is named after the busy timeout, and nothing is lost")
    func locked() throws {
      let home = try Home()
      _ = try home.run("retain", "Anna likes tea")
      let lock = try SQLiteLock(home.memoryFile)
      expectEnd(try home.run("retain", "Bob keeps bees"), 1, "locked by another program")
      lock.release()
      #expect(try home.run("recall", "tea").output.contains("Anna likes tea"))
    }

    @Test("a folder that cannot be made is named")
    func noFolder() throws {
      let home = try Home()
      try home.write(".local", "a file where a folder should be")
      expectEnd(try home.run("recall", "tea"), 1, "cannot be made")
    }
  }
}
