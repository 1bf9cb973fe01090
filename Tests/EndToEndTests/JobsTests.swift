import Foundation
import GRDB
import ScriptedServer
import TerminalEmulator
import Testing

extension EndToEnd {
  @Suite("Vectors and background work")
  struct JobsTests {
    /// A server of chat models that read notes, and of embedding models that know what a hound is.
    private static func server() throws -> ScriptedServer {
      try ScriptedServer { request in
        request.path.hasSuffix("/embeddings")
          ? .embeddings(for: request, meanings: ["hound": "puppy"]) : .backgroundAnswer(for: request)
      }
    }

    private func home(_ server: ScriptedServer, models: Bool = true) throws -> Home {
      let home = try Home()
      home.use(server)
      // A machine that is busy must not make a recall go without.
      home.environment["REARVIEW_EMBEDDING_TIMEOUT_SECONDS"] = "20"
      if models {
        home.environment["REARVIEW_EMBEDDING_MODEL"] = "openai/vectors-a"
        home.environment["REARVIEW_BACKGROUND_MODEL"] = "openai/reader"
      }
      for note in ["Note that my puppy is afraid of thunder", "Note that the lease ends in June"] {
        #expect(try home.run("retain", note).status == 0)
      }
      return home
    }

    private func json(_ text: String) throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    private func jobs(_ home: Home) throws -> [[String: Any]] {
      try #require(try json(try home.run("jobs", "--all", "--json").output)["jobs"] as? [[String: Any]])
    }

    /// What a recall prints, one memory a line.
    private func recall(_ home: Home, _ question: String) throws -> [[String: Any]] {
      try home.run("recall", "--json", question).output.split(separator: "\n").map { try json(String($0)) }
    }

    private func text(_ recalled: [String: Any]?) -> String? {
      (recalled?["memory"] as? [String: Any])?["text"] as? String
    }

    @Test("without a model nothing is done, and it is said what to write; one-shot commands do none by themselves")
    func noModel() throws {
      let server = try Self.server()
      defer { server.stop() }
      let home = try home(server, models: false)
      let run = try home.run("jobs", "run")
      #expect(run.status == 2)
      #expect(run.error.contains("background_model = \"provider/model\""))
      #expect(run.error.contains("embedding_model = \"provider/model\""))
      let list = try home.run("jobs")
      #expect(list.status == 0)
      #expect(list.output.contains("Vectors: no model; set embedding_model\n"))
      #expect(list.output.contains("There are no jobs.\n"))
      home.environment["REARVIEW_EMBEDDING_MODEL"] = "openai/vectors-a"
      _ = try home.run("retain", "Note that a third")
      _ = try home.run("recall", "lease")
      #expect(server.requests.isEmpty)
    }

    @Test("jobs run embeds, reads and observes; recall then finds by meaning and says so")
    func run() throws {
      let server = try Self.server()
      defer { server.stop() }
      let home = try home(server)
      let run = try home.run("jobs", "run")
      #expect(run.status == 0)
      #expect(run.error == "")
      #expect(run.output.hasSuffix("jobs done; nothing is left.\n"))
      let report = try json(try home.run("jobs", "--json").output)
      let kinds = Set(try jobs(home).map { "\($0["kind"] ?? "") \($0["state"] ?? "")" })
      #expect(kinds == ["embed done", "extract done", "observe done"])
      let embedding = try #require((report["embeddings"] as? [[String: Any]])?.first)
      #expect(embedding["done"] as? Int == embedding["total"] as? Int && embedding["dimension"] as? Int == 512)
      #expect(embedding["searched_model"] as? String == "openai/vectors-a")
      let work = try #require(report["work"] as? [String: Any])
      #expect(work["tokens_today"] as? Int ?? 0 > 0 && work["daily_token_limit"] as? Int == 500_000)

      let found = try recall(home, "hound?")
      #expect(text(found.first)?.contains("puppy is afraid") == true)
      let scores = try #require(found.first?["scores"] as? [String: Double])
      #expect(scores["vectors"] == 1 && scores["cosine"] ?? 0 > 0.35 && scores["words"] == nil)
      // What stands beside it comes along; it was not found by its meaning.
      let near = found.filter { ($0["scores"] as? [String: Double])?["vectors"] != nil }
      #expect(near.allSatisfy { text($0)?.contains("puppy") == true })
      // The facts and the observation are there.
      let types = Set(
        try recall(home, "puppy thunder").compactMap { ($0["memory"] as? [String: Any])?["type"] as? String })
      #expect(types.contains("observation"))
      #expect(try home.run("jobs", "run").output == "0 jobs done; nothing is left.\n")
    }

    @Test("a change of models embeds anew, and recall goes on with the old vectors until then")
    func switching() throws {
      let server = try Self.server()
      defer { server.stop() }
      let home = try home(server)
      _ = try home.run("jobs", "run")
      home.environment["REARVIEW_EMBEDDING_MODEL"] = "openai/vectors-b"
      func asked() -> String? { server.requests.last?.json["model"] as? String }
      #expect(text(try recall(home, "hound?").first)?.contains("puppy") == true)
      #expect(asked() == "vectors-a")
      let list = try home.run("jobs").output
      #expect(list.contains("default: 0 of "))
      #expect(list.contains("; openai/vectors-a until then"))
      #expect(try home.run("jobs", "run").status == 0)
      #expect(text(try recall(home, "hound?").first)?.contains("puppy") == true)
      #expect(asked() == "vectors-b")
    }

    @Test("an endpoint that is down costs a recall its vectors only, and fails the job visibly")
    func down() throws {
      let server = try Self.server()
      let home = try home(server)
      #expect(try home.run("jobs", "run").status == 0)
      _ = try home.run("retain", "Note that the heating was repaired")
      server.stop()
      home.environment["REARVIEW_EMBEDDING_TIMEOUT_SECONDS"] = "0.15"
      home.environment["REARVIEW_MAX_RETRIES"] = "0"
      let found = try home.run("recall", "lease")
      #expect(found.status == 0)
      #expect(found.output.contains("the lease ends in June"))
      #expect(found.error.hasPrefix("rearview: Searched without vectors: "))
      let run = try home.run("jobs", "run")
      #expect(run.status == 1)
      #expect(run.error.contains("to be tried again later"))
      let waiting = try jobs(home).filter { $0["state"] as? String == "pending" }
      #expect(waiting.contains { $0["kind"] as? String == "embed" && ($0["error"] as? String)?.isEmpty == false })
      let doctor = try home.run("doctor")
      #expect(doctor.status == 1)
      #expect(doctor.output.contains("FAIL  embedding_model: "))
    }

    @Test("jobs are cancelled and retried; paused work waits in every process")
    func control() throws {
      let server = try Self.server()
      defer { server.stop() }
      let home = try home(server)
      #expect(try home.run("jobs", "pause").status == 0)
      let paused = try home.run("jobs", "run")
      #expect(paused.status == 1)
      #expect(paused.error.contains("rearview jobs resume"))
      #expect(server.requests.isEmpty)
      #expect(try home.run("jobs").output.contains("Paused: "))
      let id = try #require(try jobs(home).first { $0["kind"] as? String == "embed" }?["id"] as? String)
      #expect(try home.run("jobs", "cancel", id).output == "Cancelled.\n")
      #expect(try home.run("jobs", "cancel", id).status == 1)
      #expect(try home.run("jobs", "cancel", "nonsense").status == 1)
      #expect(try home.run("jobs", "resume").status == 0)
      #expect(try home.run("jobs", "run").status == 0)
      #expect(!server.requests.contains { $0.path.hasSuffix("/embeddings") })
      #expect(try home.run("jobs", "retry", id).status == 0)
      #expect(try home.run("jobs", "run").status == 0)
      #expect(server.requests.contains { $0.path.hasSuffix("/embeddings") })
    }

    @Test("Ctrl-C stops jobs run at once, and its job waits for the next run")
    func interrupted() throws {
      let server = try ScriptedServer { _ in ScriptedResponse(steps: [.hang]) }
      defer { server.stop() }
      let home = try home(server)
      home.environment["REARVIEW_EMBEDDING_MODEL"] = nil
      let command = try home.start(["jobs", "run"])
      let end = Date().addingTimeInterval(10)
      while server.requests.isEmpty, Date() < end { usleep(5_000) }
      command.process.interrupt()
      let outcome = command.finish()
      #expect(outcome.status == 130)
      #expect(outcome.error == "rearview: 0 jobs done; stopped. Run it again to go on.\n")
      #expect(Set(try jobs(home).map { $0["state"] as? String ?? "" }) == ["pending"])
    }

    @Test("a name that leads nowhere is told at the start; a project's file cannot name any")
    func names() throws {
      let server = try Self.server()
      defer { server.stop() }
      let home = try home(server, models: false)
      for setting in ["embedding_model", "background_model", "reflect_model"] {
        let run = try home.run("recall", "lease", "--set", "\(setting)=nowhere/model")
        #expect(run.status == 2)
        #expect(run.error.hasPrefix("rearview: \(setting): "))
      }
      let anthropic = try home.run("jobs", "run", "--set", "embedding_model=anthropic/claude-sonnet-4-5")
      #expect(anthropic.status == 2)
      #expect(anthropic.error.contains("an embedding model of a provider"))
      try home.write(".rearview.toml", "[memory]\nembedding_model = \"openai/x\"\n")
      let project = try home.run("recall", "lease")
      #expect(project.status == 2)
      #expect(project.error.contains("a project file cannot set memory.embedding_model"))
    }

    @Test("the doctor tells what the models for memory are")
    func doctor() throws {
      let server = try Self.server()
      defer { server.stop() }
      let home = try home(server)
      let doctor = try home.run("doctor").output
      #expect(doctor.contains("  ok    openai/vectors-a gives vectors of 512 numbers\n"))
      #expect(doctor.contains("  ok    openai/reader is the model for background work\n"))
      #expect(doctor.contains("2 memories of default\n"))
    }

    @Test("memory reflects with the configured model; with none it is an extract")
    func reflect() throws {
      let server = try ScriptedServer { request in
        let isForced = (request.json["tool_choice"] as? [String: Any]) != nil
        return isForced ? .json(400, #"{"error":{"message":"no tools here"}}"#) : .openAIAnswer("In June.")
      }
      defer { server.stop() }
      let home = try home(server, models: false)
      let asked = try home.run("reflect", "When does the lease end?")
      #expect(asked.status == 0)
      #expect(server.requests.contains { $0.json["model"] as? String == "test-model" })
      let count = server.requests.count
      _ = try home.run("reflect", "When does the lease end?", "--set", "reflect_model=openai/thinker")
      #expect(server.requests[count...].allSatisfy { $0.json["model"] as? String == "thinker" })
      #expect(server.requests.count > count)
      home.environment["REARVIEW_MODEL"] = nil
      let extract = try home.run("reflect", "When does the lease end?")
      #expect(extract.output.contains("the lease ends in June") && extract.error == "", "\(extract)")
    }

    @Test("a model that refuses its key is told of, by reflect and by each run of the jobs")
    func refused() throws {
      let server = try ScriptedServer { _ in .json(401, #"{"error":{"message":"no such key"}}"#) }
      defer { server.stop() }
      let home = try home(server)
      let reflection = try home.run("reflect", "When does the lease end?")
      #expect(reflection.status == 0 && reflection.output.contains("the lease ends in June"))
      #expect(reflection.error.contains("No model reflected on this, so it is an extract: "), "\(reflection)")
      // A job of each note is tried by a run of its own: the first answer says that the model cannot be used.
      for _ in 0..<2 { #expect(try home.run("jobs", "run").status == 1) }
      let failed = try jobs(home).count { $0["state"] as? String == "failed" }
      #expect(failed == 3)
      let again = try home.run("jobs", "run")
      #expect(
        again.output.hasSuffix(
          "nothing is left but \(failed) that failed before; "
            + "rearview jobs retry ID begins one again.\n"), "\(again)")
    }

    @Test("the full-screen program works in the background, and ends at once while a model hangs")
    func screen() throws {
      let gate = Gate()
      let server = try ScriptedServer { request in
        request.path.hasSuffix("/embeddings")
          ? .embeddings(for: request) : ScriptedResponse(steps: [.hang])
      }
      defer {
        gate.open()
        server.stop()
      }
      let home = try home(server)
      let screen = try home.screen()
      try screen.wait(for: "Ask something")
      let end = Date().addingTimeInterval(30)
      func hasBegun() -> Bool { server.requests.contains { $0.path.hasSuffix("/chat/completions") } }
      func isEmbedded() throws -> Bool {
        try DatabaseQueue(path: home.memoryFile).read {
          try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM space WHERE state = 1)") ?? false
        }
      }
      var isReady = false
      while !isReady, Date() < end {
        usleep(50_000)
        isReady = try isEmbedded() && hasBegun()
      }
      #expect(isReady)
      let started = Date()
      screen.key("d", .control)
      _ = try screen.waitForEnd(seconds: 20)
      #expect(Date().timeIntervalSince(started) < 5)
      #expect(try jobs(home).filter { $0["state"] as? String == "running" }.isEmpty)
    }

    @Test("kill -9 of jobs run at any moment loses nothing and does nothing twice")
    func kills() throws {
      let server = try Self.server()
      defer { server.stop() }
      let home = try Home()
      home.use(server)
      home.environment["REARVIEW_EMBEDDING_MODEL"] = "openai/vectors-a"
      home.environment["REARVIEW_BACKGROUND_MODEL"] = "openai/reader"
      let notes = (0..<240).map { "Note \($0) of document \($0 / 24): a lantern, a rope and \($0 * 7) nails." }
      let lines = notes.enumerated().map {
        #"{"content": "\#($0.element)", "document_id": "document-\#($0.offset / 24)"}"# + "\n"
      }
      #expect(try home.run("retain", "--jsonl", "-", input: lines.joined()).status == 0)
      var generator = SystemRandomNumberGenerator()
      var kills = 0
      for _ in 0..<10 {
        let limit = server.requests.count + Int.random(in: 2...6, using: &generator)
        let command = try home.start(["jobs", "run"])
        while server.requests.count < limit, command.process.isRunning { usleep(500) }
        usleep(UInt32.random(in: 0...20_000, using: &generator))
        if command.process.isRunning { kills += 1 }
        kill(command.process.processIdentifier, SIGKILL)
        command.process.waitUntilExit()
      }
      #expect(kills > 5)
      let last = try home.run("jobs", "run")
      #expect(last.status == 0, "\(last.error)")
      #expect(Set(try jobs(home).map { $0["state"] as? String ?? "" }).isSubset(of: ["done", "cancelled"]))
      try DatabaseQueue(path: home.memoryFile).read { database in
        #expect(try String.fetchAll(database, sql: "PRAGMA integrity_check") == ["ok"])
        let facts = try String.fetchAll(
          database, sql: "SELECT text FROM memory WHERE origin = 'extract' AND state = 0")
        #expect(facts.sorted() == notes.map { "Fact: \($0)" }.sorted())
        let observed = try String.fetchAll(
          database, sql: "SELECT text FROM memory WHERE origin = 'observe' AND state = 0")
        #expect(Set(observed).count == observed.count && observed.count == notes.count)
        let vectors = try Row.fetchOne(
          database,
          sql: """
            SELECT (SELECT count(*) FROM vector JOIN space ON space.id = vector.space WHERE space.state = 1),
              (SELECT count(*) FROM memory WHERE state = 0), (SELECT count(*) FROM space),
              (SELECT vector_count FROM space WHERE state = 1)
            """)
        let row = try #require(vectors)
        #expect(row[0] as Int == row[1] as Int && row[0] as Int == row[3] as Int && row[2] as Int == 1)
      }
    }
  }
}
