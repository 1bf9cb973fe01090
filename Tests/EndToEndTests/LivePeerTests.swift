import Foundation
import TerminalEmulator
import Testing

private let peer = ProcessInfo.processInfo.environment["REARVIEW_LITELLM_URL"]

extension EndToEnd {
  /// Against a LiteLLM proxy, which nobody here wrote.
  @Suite(
    "A real LiteLLM proxy",
    .enabled(if: peer != nil, "REARVIEW_LITELLM_URL names no proxy, so nothing real was asked"))
  struct LivePeerTests {
    private func home() throws -> Home {
      let home = try Home()
      home.environment["OPENAI_BASE_URL"] = peer
      home.environment["OPENAI_API_KEY"] = ProcessInfo.processInfo.environment["REARVIEW_LITELLM_KEY"] ?? ""
      return home
    }

    @Test("streams answers of every backend", arguments: ["up-openai", "up-anthropic", "up-gemini", "up-bedrock"])
    func backends(model: String) throws {
      let home = try home()
      let outcome = try home.run("ask", "--json", "--model", "openai/\(model)", "#n=20 Tell me about my dog Biscuit")
      #expect(outcome.status == 0, "\(outcome.error)")
      #expect(outcome.output.contains("\"event\":\"text\""))
      #expect(outcome.output.contains("\"state\":\"complete\""))
      #expect(try home.run("recall", "Biscuit").output.contains("Tell me about my dog Biscuit"))
    }

    @Test("says what went wrong in one sentence", arguments: ["err-rate", "err-context", "err-internal"])
    func errors(model: String) throws {
      let outcome = try home().run("ask", "--model", "openai/\(model)", "--set", "max_retries=0", "Hello")
      #expect(outcome.status == 1)
      #expect(outcome.error.split(separator: "\n").count == 1, "\(outcome.error)")
    }

    @Test("does the main job on the screen")
    func screen() throws {
      let home = try home()
      home.environment["REARVIEW_MODEL"] = "openai/up-openai"
      let terminal = try home.screen()
      try terminal.wait(for: "Message")
      terminal.say("#n=5 My dog is called Biscuit and she is afraid of thunder.")
      try terminal.wait(for: "This turn is stored.")
      terminal.leader("n")
      terminal.say("#n=5 What is my dog called?")
      try terminal.wait(for: "This turn is stored.")
      #expect(terminal.screenText.contains("Biscuit"))
      terminal.key("d", .control)
      try terminal.waitForEnd()
      #expect(terminal.isRestored)
    }
  }
}
