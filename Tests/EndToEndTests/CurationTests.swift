import Foundation
import RearviewJSON
import ScriptedServer
import TerminalEmulator
import Testing

extension EndToEnd {
  @Suite("Looking after memories from the shell")
  struct CurationTests {
    private func ids(_ home: Home, _ words: String...) throws -> [String] {
      let listed = try home.start(["memory", "list", "--json"] + words, input: "").finish()
      return try listed.output.split(separator: "\n").map { line in
        try #require(try JSONValue(parsing: String(line))["id"]?.text)
      }
    }

    @Test("memories are listed, shown, changed, undone and redone, by the beginnings of their ids")
    func memories() throws {
      let home = try Home()
      _ = try home.run("retain", "The lease ends on 30 June.")
      let id = try #require(try ids(home).first)
      let short = String(id.prefix(30))
      let edited = try home.run("memory", "edit", short, "--reason", "extended", "The lease ends on 31 July.")
      #expect(edited.status == 0 && edited.output == "Changed: The lease ends on 31 July.\n", "\(edited)")
      #expect(try home.run("recall", "lease").output.contains("31 July"))
      let tagged = try home.run("memory", "tag", short, "--add", "home")
      #expect(tagged.output == "Done: tag 1 memory. To take it back: rearview undo\n")
      #expect(try home.run("memory", "pin", short).status == 0)
      #expect(try home.run("memory", "pin", short).output == "Nothing to change: it is so already.\n")
      #expect(try home.run("memory", "retype", short, "--to", "experience").status == 0)
      let shown = try home.run("memory", "show", short).output
      for text in ["31 July", "experience", "pinned", "home"] { #expect(shown.contains(text), "\(text): \(shown)") }
      #expect(try home.run("memory", "invalidate", short, "--reason", "moved out").status == 0)
      #expect(try home.run("memory", "list").output.contains("(invalidated)"))
      #expect(try home.run("memory", "restore", short).status == 0)
      let history = try home.run("memory", "history", short).output
      for text in ["retain", "edit: extended", "invalidate: moved out", "restore"] { #expect(history.contains(text)) }
      #expect(try home.run("undo", "6").output.split(separator: "\n").count == 6)
      #expect(try home.run("recall", "lease").output.contains("30 June"))
      #expect(try home.run("undo").status == 1)
      #expect(try home.run("redo").output == "Done again: edit 1 memory.\n")
      #expect(try home.run("undo", "--list").output.contains("edit 1 memory: extended"))
      #expect(try home.run("memory", "move", short, "--to", "flat").status == 0)
      #expect(try home.run("recall", "--bank", "flat", "lease").output.contains("31 July"))
      #expect(try home.run("undo", "--bank", "flat").output.contains("move 1 memory to bank flat"))
      #expect(try home.run("memory", "show", "ffffffff").status == 1)
      #expect(try home.run("memory", "tag", short).status == 2)
    }

    @Test("forget shows what goes, wants a yes, and leaves no byte")
    func forget() throws {
      let home = try Home()
      _ = try home.run("retain", "The quagga is called Xylofant.")
      _ = try home.run("retain", "The dog is called Biscuit.")
      let id = try #require(try ids(home, "quagga").first)
      let refused = try home.run("memory", "forget", id)
      #expect(refused.status == 2 && refused.error.contains("--yes"))
      let plan = try home.run("memory", "forget", "--dry-run", id).output
      #expect(plan.contains("1 memory\n") && plan.contains("1 message") && plan.contains("Xylofant"))
      // As a person: no is no, yes is yes.
      for (answer, outcome) in [("no", "Nothing was forgotten."), ("yes", "It is forgotten.")] {
        let terminal = try home.screen("memory", "forget", id)
        try terminal.wait(for: "Type yes:")
        terminal.type(answer)
        terminal.key(.enter)
        try terminal.wait(for: outcome)
      }
      #expect(try home.run("recall", "quagga").output == "")
      let folder = (home.memoryFile as NSString).deletingLastPathComponent
      for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasPrefix("memory") {
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
        #expect(!String(decoding: data, as: UTF8.self).lowercased().contains("xylofant"), "\(name)")
      }
      #expect(try home.run("memory", "forget", "--sweep").status == 0)
      let json = try home.run("memory", "forget", "--yes", "--json", "--entity", "Biscuit")
      #expect(try JSONValue(parsing: json.output)["plan"]?["memories"]?["count"] == 1, "\(json)")
      #expect(try home.run("memory", "list").output == "")
    }

    @Test("documents and entities are listed, merged, parted and deleted")
    func documentsAndEntities() throws {
      let home = try Home()
      for text in ["Yesterday I saw Katherine with Mona.", "Yesterday I saw Kathrine with Mona."] {
        _ = try home.run("retain", "--set", "session_id=talk", text)
      }
      #expect(try home.run("document", "list").output.hasPrefix("talk  "))
      #expect(try home.run("entity", "list").output.hasPrefix("Mona  "))
      #expect(try home.run("entity", "suggestions").output.contains("Katherine (1)  Kathrine (1)"))
      #expect(try home.run("entity", "merge", "Kathrine", "--into", "katherine").status == 0)
      let shown = try home.run("entity", "show", "Kathrine").output
      #expect(shown.hasPrefix("Katherine  ") && shown.contains("with Mona (2)"), "\(shown)")
      let id = try #require(try ids(home, "Kathrine").first)
      #expect(try home.run("entity", "split", "Katherine", "--as", "Kathrine", id).status == 0)
      #expect(try home.run("entity", "suggestions").output == "")
      #expect(try home.run("undo", "2").status == 0)
      #expect(try home.run("entity", "apart", "Kathrine", "Katherine").status == 0)
      #expect(try home.run("entity", "suggestions").output == "")
      #expect(try home.run("entity", "rename", "Mona", "Mona Berg").status == 0)
      #expect(try home.run("entity", "show", "mona").output.hasPrefix("Mona Berg  "))
      #expect(try home.run("entity", "show", "nobody").status == 1)
      #expect(try home.run("document", "delete", "talk").status == 0)
      #expect(try home.run("recall", "Mona").output == "")
      #expect(try home.run("document", "list").output.contains("deleted"))
      #expect(try home.run("undo").status == 0)
      #expect(try home.run("recall", "Mona").output.contains("Mona"))
    }

    @Test("lists stand in columns, say so when they are empty, and tags are parted by commas")
    func lists() throws {
      let home = try Home()
      for (command, sentence) in [
        (["memory", "list"], "There are no memories in bank default"),
        (["document", "list"], "There are no documents in bank default"),
        (["entity", "list"], "There are no entities in bank default"),
        (["undo", "--list"], "Nothing was changed in bank default yet."),
      ] {
        let outcome = try home.start(command, input: "").finish()
        #expect(outcome.status == 0 && outcome.output == "" && outcome.error.contains(sentence), "\(outcome)")
      }
      for (document, text) in [("a", "Yesterday I saw Ødegård."), ("long", "Yesterday I saw 東京 with Mona Bergström.")] {
        #expect(try home.run("retain", "--set", "session_id=\(document)", text).status == 0)
      }
      #expect(try home.run("memory", "list", "nothing").error.contains("has no such memory"))
      let documents = try home.run("document", "list").output.split(separator: "\n")
      #expect(documents.first?.hasPrefix("long  20") == true && documents.last?.hasPrefix("a     20") == true)
      let entities = try home.run("entity", "list").output.split(separator: "\n")
      #expect(
        Set(entities.map { $0.distance(from: $0.startIndex, to: $0.range(of: "  name ")!.lowerBound) }).count == 1)
      let id = try #require(try ids(home, "Mona").first)
      #expect(try home.run("memory", "tag", id, "--add", "a, b", "--add", "c").status == 0)
      #expect(try home.run("memory", "show", id).output.contains("tags          a, b, c\n"))
      #expect(try home.run("memory", "tag", id, "--remove", "a,c").status == 0)
      #expect(try home.run("memory", "show", id).output.contains("tags          b\n"))
    }

    @Test("standard input that is no UTF-8 is refused, and nothing is kept of it")
    func badInput() throws {
      let home = try Home()
      try Data([0x4D, 0xFC, 0x6C, 0x6C, 0x65, 0x72]).write(to: URL(fileURLWithPath: home.path + "/latin"))
      let process = Process()
      process.executableURL = URL(fileURLWithPath: TerminalEmulator.builtProgram("rearview"))
      process.arguments = ["retain"]
      process.environment = home.environment
      process.standardInput = FileHandle(forReadingAtPath: home.path + "/latin")
      let errors = Pipe()
      process.standardError = errors
      try process.run()
      process.waitUntilExit()
      let error = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      #expect(process.terminationStatus == 1 && error.contains("is no UTF-8 text"), "\(error)")
      #expect(try home.run("memory", "list").output == "")
    }

    @Test("a server that cannot do it says so")
    func server() throws {
      let server = try ScriptedServer { _ in .json(404, "{}") }
      defer { server.stop() }
      let home = try Home(["REARVIEW_HINDSIGHT_API_URL": server.url])
      for arguments in [["memory", "pin", "x"], ["undo"], ["entity", "list"], ["document", "delete", "x"]] {
        let outcome = try home.start(arguments, input: "").finish()
        #expect(outcome.status == 1 && outcome.error.contains("which cannot"), "\(arguments): \(outcome)")
      }
    }
  }
}
