import Foundation
import OwnThread
import ScriptedServer
import TerminalEmulator
import Testing

/// All of them one after the other: each has the machine to itself.
@Suite("End to end", .serialized, .ownThread)
enum EndToEnd {}

/// A fresh HOME with the built program in it, as a new user has it. Gone with the test.
final class Home {
  let path: String
  var environment: [String: String]

  init(_ environment: [String: String] = [:]) throws {
    path = NSTemporaryDirectory() + "rearview-e2e-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    self.environment = TerminalEmulator.plainEnvironment.merging(["HOME": path, "TZ": "UTC"]) { $1 }
      .merging(environment) { $1 }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The key and address of a scripted server, as `openai/…`.
  func use(_ server: ScriptedServer) {
    environment["OPENAI_BASE_URL"] = server.url + "/v1"
    environment["OPENAI_API_KEY"] = "sk-end-to-end"
    environment["REARVIEW_MODEL"] = "openai/test-model"
  }

  func write(_ name: String, _ text: String) throws {
    let file = path + "/" + name
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try text.write(toFile: file, atomically: true, encoding: .utf8)
  }

  var memoryFile: String { path + "/.local/share/rearview/memory.sqlite" }

  /// The full-screen program in a terminal.
  func screen(
    _ arguments: String..., term: String = "xterm-256color", columns: Int = 120, rows: Int = 40,
    answers: TerminalEmulator.Answers = .init()
  ) throws -> TerminalEmulator {
    try TerminalEmulator(
      TerminalEmulator.builtProgram("rearview"), arguments, environment: environment.merging(["TERM": term]) { $1 },
      folder: path, columns: columns, rows: rows, answers: answers)
  }

  struct Outcome {
    var status: Int32
    var output: String
    var error: String
  }

  /// A one-shot command, to its end.
  func run(_ arguments: String..., input: String = "") throws -> Outcome {
    let command = try start(arguments, input: input)
    return command.finish()
  }

  /// A one-shot command that is under way.
  func start(_ arguments: [String], input: String = "") throws -> RunningCommand {
    try RunningCommand(
      TerminalEmulator.builtProgram("rearview"), arguments, environment: environment, folder: path, input: input)
  }
}

/// A program whose output goes into files, so that it never waits for a reader.
final class RunningCommand {
  let process = Process()
  private let folder: String

  init(_ path: String, _ arguments: [String], environment: [String: String], folder: String, input: String) throws {
    self.folder = folder + "/run-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
    try input.write(toFile: self.folder + "/in", atomically: true, encoding: .utf8)
    for name in ["out", "err"] { _ = FileManager.default.createFile(atPath: self.folder + "/" + name, contents: nil) }
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = environment
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = FileHandle(forReadingAtPath: self.folder + "/in")
    process.standardOutput = FileHandle(forWritingAtPath: self.folder + "/out")
    process.standardError = FileHandle(forWritingAtPath: self.folder + "/err")
    try process.run()
  }

  var output: String { (try? String(contentsOfFile: folder + "/out", encoding: .utf8)) ?? "" }

  func waitForOutput(_ text: String, seconds: Double = 10) -> Bool {
    let end = Date().addingTimeInterval(seconds)
    while !output.contains(text) {
      guard Date() < end else { return false }
      usleep(5_000)
    }
    return true
  }

  func finish() -> Home.Outcome {
    process.waitUntilExit()
    let error = (try? String(contentsOfFile: folder + "/err", encoding: .utf8)) ?? ""
    return Home.Outcome(status: process.terminationStatus, output: output, error: error)
  }
}

extension ScriptedRequest {
  /// The messages of a chat request, role and content.
  var messages: [(role: String, content: String)] {
    (json["messages"] as? [[String: Any]] ?? []).map { ($0["role"] as? String ?? "", $0["content"] as? String ?? "") }
  }
}

extension TerminalEmulator {
  /// Types a message and sends it.
  func say(_ text: String) {
    type(text)
    key(.enter)
  }

  func leader(_ character: String) {
    key("x", .control)
    type(character)
  }

  /// Nothing is on that the program may have switched on, and the line is as a shell wants it.
  var isRestored: Bool { modes == [7, 25] && isCooked }
}
