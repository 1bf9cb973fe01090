import Foundation
import ScriptedServer
import TerminalEmulator
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

private let peer = ProcessInfo.processInfo.environment["REARVIEW_HINDSIGHT_URL"]

extension EndToEnd {
  /// Against a Hindsight server, which nobody here wrote.
  @Suite(
    "A real Hindsight server",
    .enabled(if: peer != nil, "REARVIEW_HINDSIGHT_URL names no server, so nothing real was asked"))
  struct LiveHindsightTests {
    private let bank = "e2e-" + UUID().uuidString.lowercased()

    private func home(_ model: ScriptedServer) throws -> Home {
      let home = try Home()
      home.use(model)
      home.environment["REARVIEW_HINDSIGHT_API_URL"] = peer
      home.environment["HINDSIGHT_API_KEY"] = ProcessInfo.processInfo.environment["REARVIEW_HINDSIGHT_KEY"]
      home.environment["REARVIEW_BANK_ID"] = bank
      home.environment["REARVIEW_RECALL_TIMEOUT_SECONDS"] = "20"
      return home
    }

    private func get(_ path: String) async throws -> [String: Any] {
      let url = try #require(URL(string: "\(peer ?? "")/v1/default/banks/\(bank)/\(path)"))
      var request = URLRequest(url: url)
      if let key = ProcessInfo.processInfo.environment["REARVIEW_HINDSIGHT_KEY"] {
        request.setValue("Bearer \(key)", forHTTPHeaderField: "authorization")
      }
      let (data, _) = try await URLSession.shared.data(for: request)
      return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test("keeps a chat of ten turns: each once, in order, in one document, and recalls the first in the last")
    func tenTurns() async throws {
      let model = try ScriptedServer { request in
        .openAIAnswer("Noted, number \(request.messages.filter { $0.role == "user" }.count).")
      }
      defer { model.stop() }
      let home = try home(model)
      let terminal = try home.screen()
      try terminal.wait(for: "Type a message")
      terminal.say("My dog Biscuit is afraid of thunder.")
      for number in 2...9 {
        try terminal.wait(for: "This turn is stored.", seconds: 30)
        terminal.say("Fact \(number): shelf \(number) in the cellar holds jam of the year \(2000 + number).")
        try terminal.wait(for: "turn \(number) of \(number)")
      }
      try terminal.wait(for: "This turn is stored.", seconds: 30)
      // What stands in the conversation is not injected again: a new chat asks for it.
      terminal.leader("n")
      terminal.say("What is the dog Biscuit afraid of?")
      try terminal.wait(for: "This turn is stored.", seconds: 30)
      let asked = try #require(model.requests.last)
      #expect(asked.messages.first?.role == "system")
      #expect(asked.messages.first?.content.contains("thunder") == true)
      terminal.key("d", .control)
      try terminal.waitForEnd()
      #expect(terminal.isRestored)

      let documents = try await get("documents")["items"] as? [[String: Any]] ?? []
      #expect(documents.count == 2)
      let texts = try await withThrowingTaskGroup(of: String.self) { group in
        for id in documents.compactMap({ $0["id"] as? String }) {
          group.addTask { try await get("documents/\(id)")["original_text"] as? String ?? "" }
        }
        return try await group.reduce(into: [String]()) { $0.append($1) }
      }
      let chat = try #require(texts.max { $0.count < $1.count })
      let lines = chat.split(separator: "\n").map(String.init).filter { $0.hasPrefix("USER: ") }
      #expect(
        lines == ["USER: My dog Biscuit is afraid of thunder."]
          + (2...9).map { "USER: Fact \($0): shelf \($0) in the cellar holds jam of the year \(2000 + $0)." })
      #expect(chat.components(separatedBy: "ASSISTANT: Noted").count == 10)
    }

    @Test("is asked by the one-shot commands too; a turn that waits for another server never comes to this one")
    func oneShot() async throws {
      let model = try ScriptedServer { _ in .openAIAnswer("Fine.") }
      defer { model.stop() }
      let home = try home(model)
      #expect(try home.run("retain", "The lease of the workshop ends on 30 June.").status == 0)
      #expect(try home.run("recall", "lease of the workshop").output.contains("30 June"))
      let reflected = try home.run("reflect", "When does the lease end?")
      #expect(reflected.status == 0, "\(reflected.error)")
      #expect(!reflected.output.isEmpty)
      // Away: the answer comes all the same, and says so.
      let url = home.environment["REARVIEW_HINDSIGHT_API_URL"]
      home.environment["REARVIEW_HINDSIGHT_API_URL"] = "http://127.0.0.1:9"
      let away = try home.run("ask", "I planted a quince tree behind the workshop.")
      #expect(away.output == "Fine.\n")
      #expect(away.error.contains("cannot be reached"))
      home.environment["REARVIEW_HINDSIGHT_API_URL"] = url
      let other = try home.run("recall", "quince tree")
      #expect(!other.output.contains("quince"))
    }
  }
}
