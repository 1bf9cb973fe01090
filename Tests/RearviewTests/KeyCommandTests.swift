import Foundation
import Testing

@testable import Rearview

@Suite("A command that prints a key")
struct KeyCommandTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private func command(_ text: String, limit: Duration = .seconds(20)) -> KeyCommand {
    KeyCommand(text, provider: "openai", environment: ["PATH": "/usr/bin:/bin"], limit: limit)
  }

  private func failure(_ command: KeyCommand) async -> String {
    do {
      _ = try await command.key()
      return "there is a key"
    } catch {
      return "\(error)"
    }
  }

  @Test("gives the first line without blanks around it, and reads no input")
  func firstLine() async throws {
    #expect(try await command("cat; echo; echo '  sk-1  '; echo second").key() == "sk-1")
  }

  @Test("runs once for requests at the same time and for those after them")
  func once() async throws {
    let file = folder.path + "/runs"
    let command = command("echo run >> \(file); sleep 0.2; echo sk-1")
    let keys = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<8 { group.addTask { try await command.key() } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(keys == Array(repeating: "sk-1", count: 8))
    #expect(try await command.key() == "sk-1")
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "run\n")
  }

  @Test("fails with the words of its error output, never with what it printed, and is asked again")
  func failing() async throws {
    let file = folder.path + "/unlocked"
    let command = command("echo sk-secret; test -e \(file) || { echo 'the store is locked' >&2; exit 3; }")
    #expect(
      await failure(command) == "The api_key_command of openai failed with status 3: the store is locked")
    try folder.write("unlocked", "")
    #expect(try await command.key() == "sk-secret")
  }

  @Test("that prints nothing says so")
  func nothing() async {
    #expect(await failure(command("true")) == "The api_key_command of openai printed nothing.")
  }

  @Test("is ended when it takes too long, and what it started with it")
  func tooLong() async {
    #expect(
      await failure(command("sleep 60 | cat", limit: .milliseconds(200)))
        == "The api_key_command of openai did not end within 0 s.")
  }

  @Test("keeps nobody waiting who was cancelled")
  func cancelled() async {
    let command = command("sleep 60", limit: .seconds(1))
    let task = Task { try await command.key() }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
