import Foundation
import ScriptedServer
import TerminalEmulator
import Testing

extension EndToEnd {
  @Suite("Models")
  struct ModelTests {
    private static let config = """
      [models."openai/test-model"]
      temperature = 0.2
      max_tokens = 300
      system_prompt = "Answer in one word."
      [models."openai/test-model".extra_body]
      service_tier = "flex"
      """

    @Test("parameters go with a question, the system prompt in front and the block in it; a request stays as written")
    func parameters() throws {
      let server = try ScriptedServer { request in
        request.json["stream"] as? Bool == true
          ? .openAIAnswer("Biscuit.")
          : .json(200, #"{"choices":[{"message":{"role":"assistant","content":"Biscuit."},"finish_reason":"stop"}]}"#)
      }
      defer { server.stop() }
      let home = try Home()
      home.use(server)
      try home.write(".config/rearview/config.toml", Self.config)
      _ = try home.run("retain", "My dog is called Biscuit")
      #expect(try home.run("ask", "What is my dog called?").status == 0)
      let asked = try #require(server.requests.last)
      #expect(asked.json["temperature"] as? Double == 0.2)
      #expect(asked.json["max_tokens"] as? Int == 300)
      #expect(asked.json["service_tier"] as? String == "flex")
      #expect(asked.messages.map(\.role) == ["system", "user"])
      #expect(asked.messages[0].content.hasPrefix("Answer in one word.\n\n"))
      #expect(asked.messages[0].content.contains("My dog is called Biscuit"))
      let request = #"{"model":"openai/test-model","messages":[{"role":"user","content":"Hi"}],"top_p":0.5}"#
      #expect(try home.run("ask", "--messages", "-", "--set", "inject_memories=false", input: request).status == 0)
      let written = try #require(server.requests.last)
      #expect(Set(written.json.keys) == ["model", "messages", "top_p"])
      #expect(written.messages.map(\.role) == ["user"])
    }

    @Test("models lists those of the configuration, and filters; JSON has a line for each")
    func models() throws {
      let home = try Home(["OLLAMA_HOST": "127.0.0.1:9"])
      try home.write(
        ".config/rearview/config.toml",
        "[providers.house]\nbase_url = \"http://127.0.0.1:9/v1\"\nmodels = [\"small-chat\", \"large-chat\"]\n")
      let all = try home.run("models")
      #expect(all.status == 0)
      #expect(all.output.hasPrefix("house/small-chat"))
      #expect(all.output.contains("offline/recall"))
      let one = try home.run("models", "LARGE", "house", "--json")
      #expect(
        one.output == #"{"name":"house/large-chat","provider":"house","origin":"\#(Self.origin(one.output))"}"# + "\n")
      let none = try home.run("models", "no-such-model")
      #expect(none.error == "rearview: No model has no-such-model in its name.\n")
      #expect(none.status == 1)
    }

    /// `found` or `configured`: what a provider's section names is either.
    private static func origin(_ line: String) -> String { line.contains("configured") ? "configured" : "found" }

    @Test("providers tells what is ready; --check asks for one word and ends with 1 when one failed")
    func providers() throws {
      let works = try ScriptedServer { _ in .openAIAnswer("ok") }
      let fails = try ScriptedServer { _ in .json(401, #"{"error":{"message":"no such key"}}"#) }
      defer {
        works.stop()
        fails.stop()
      }
      let home = try Home(["OLLAMA_HOST": "127.0.0.1:9"])
      try home.write(
        ".config/rearview/config.toml",
        """
        [providers.works]
        base_url = "\(works.url)/v1"
        models = ["m"]
        [providers.fails]
        base_url = "\(fails.url)/v1"
        models = ["m"]
        """)
      let listed = try home.run("providers")
      #expect(listed.status == 0)
      #expect(listed.output.contains("ok") && listed.output.contains("works"))
      #expect(works.requests.isEmpty)
      let good = try home.run("providers", "--check", "works")
      #expect(good.status == 0)
      #expect(good.output.hasPrefix("ok  works"))
      #expect(good.output.hasSuffix(" ms, works/m\n"))
      #expect(works.requests.last?.json["max_tokens"] as? Int == 16)
      let bad = try home.run("providers", "--check", "works", "fails")
      #expect(bad.status == 1)
      #expect(bad.output.contains("FAIL  fails") && bad.output.contains("no such key"))
      let json = try home.run("providers", "--check", "--json", "fails")
      #expect(json.output.contains(#""check":{"is_ok":false,"model":"fails/m","error":""#))
      #expect(try home.run("providers", "nowhere").status == 2)
    }

    @Test("options are set in the form, saved, and sent with the next message; the menu marks favourites")
    func form() throws {
      let server = try ScriptedServer { _ in .openAIAnswer("Yes.") }
      defer { server.stop() }
      let home = try Home()
      home.use(server)
      let terminal = try home.screen(columns: 80, rows: 24)
      try terminal.wait(for: "Message")
      terminal.leader("o")
      try terminal.wait(for: "Options of openai/test-model")
      terminal.type("0.5x")
      try terminal.wait(for: "✗ A number from 0 to 2")
      terminal.key(.backspace)
      terminal.key(.down)
      terminal.type("77")
      terminal.key("s", .control)
      try terminal.wait(for: "Options of openai/test-model saved")
      terminal.say("Hello")
      try terminal.wait(for: "Yes.")
      #expect(server.requests.last?.json["temperature"] as? Double == 0.5)
      #expect(server.requests.last?.json["max_tokens"] as? Int == 77)
      terminal.leader("m")
      try terminal.wait(for: "in use")
      terminal.key("s", .control)
      try terminal.wait(for: "★ openai/test-model")
      terminal.key("c", .control)
      terminal.key("c", .control)
      #expect(try terminal.waitForEnd() == .exit(0))
      #expect(
        try String(contentsOfFile: home.path + "/.config/rearview/models.toml", encoding: .utf8)
          == "[\"openai/test-model\"]\ntemperature = 0.5\nmax_tokens = 77\n")
      #expect(
        try String(contentsOfFile: home.path + "/.local/state/rearview/models.json", encoding: .utf8)
          .contains("openai/test-model"))
    }

    @Test("a key comes from a command, once for a program; what it prints stands nowhere")
    func keyCommand() throws {
      let server = try ScriptedServer { _ in .openAIAnswer("Yes.") }
      defer { server.stop() }
      let home = try Home(["REARVIEW_MODEL": "local/m"])
      try home.write(
        ".config/rearview/config.toml",
        """
        [providers.local]
        base_url = "\(server.url)/v1"
        api_key_command = "echo run >> runs; echo sk-from-command"
        """)
      let outcome = try home.run("ask", "--json", "Hello")
      #expect(outcome.status == 0)
      #expect(server.requests.last?.headers["authorization"] == "Bearer sk-from-command")
      #expect(try String(contentsOfFile: home.path + "/runs", encoding: .utf8) == "run\n")
      let shown = try home.run("config", "show")
      #expect(!(outcome.output + outcome.error + shown.output).contains("sk-from-command"))
    }
  }
}
