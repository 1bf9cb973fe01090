import Foundation
import ScriptedServer
import TerminalEmulator
import Testing

extension EndToEnd {
  @Suite("Another try")
  struct RetryTests {
    private static func busy(retryAfter: Int) -> ScriptedResponse {
      .json(429, #"{"error":{"message":"Slow down."}}"#, headers: ["retry-after": "\(retryAfter)"])
    }

    @Test("counts down on the screen, and the answer takes the place of the line")
    func countdown() throws {
      let server = try ScriptedServer { _ in .openAIAnswer("At last.") }
      defer { server.stop() }
      server.enqueue(Self.busy(retryAfter: 2))
      let home = try Home()
      home.use(server)
      let terminal = try home.screen(columns: 80, rows: 24)
      try terminal.wait(for: "Message")
      terminal.say("Hello")
      try terminal.wait(for: "trying again in 1 s (try 2) · Esc ends")
      #expect(terminal.screenText.contains("429 (Slow"))
      try terminal.wait(for: "At last.")
      #expect(!terminal.screenText.contains("trying again"))
      #expect(server.requests.count == 2)
      terminal.key("d", .control)
      #expect(try terminal.waitForEnd() == .exit(0))
    }

    @Test("is ended by Esc at once, and the words come back")
    func escape() throws {
      let server = try ScriptedServer { _ in Self.busy(retryAfter: 60) }
      defer { server.stop() }
      let home = try Home()
      home.use(server)
      let terminal = try home.screen(columns: 80, rows: 24)
      try terminal.wait(for: "Message")
      terminal.say("Hello there")
      try terminal.wait(for: "trying again in")
      terminal.key(.escape)
      try terminal.wait(for: "Stopped before the answer began.")
      try terminal.wait(for: "› Hello there")
      #expect(!terminal.screenText.contains("trying again"))
      #expect(server.requests.count == 1)
      terminal.key("c", .control)
      terminal.key("c", .control)
      #expect(try terminal.waitForEnd() == .exit(0))
    }

    @Test("is told on standard error by ask, and as an event with --json")
    func ask() throws {
      let server = try ScriptedServer { _ in .openAIAnswer("At last.") }
      defer { server.stop() }
      server.enqueue(Self.busy(retryAfter: 0), Self.busy(retryAfter: 0))
      let home = try Home()
      home.use(server)
      let outcome = try home.run("ask", "--json", "Hello")
      #expect(outcome.status == 0)
      #expect(outcome.output.split(separator: "\n").count { $0.contains(#""event":"retrying""#) } == 2)
      server.enqueue(Self.busy(retryAfter: 0))
      let plain = try home.run("ask", "Hello")
      #expect(plain.output == "At last.\n")
      #expect(plain.error.contains("Now trying again"))
    }
  }
}
