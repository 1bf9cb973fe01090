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
