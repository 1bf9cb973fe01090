import Foundation
import NIOConcurrencyHelpers

/// A key that a command prints (`api_key_command = "pass show openai"`).
///
/// It is asked for when a request needs it, by `/bin/sh -c` and without input; the first line of its output is the key.
/// Requests that need it at the same time wait for one run. A key is kept in memory for the life of the program; a
/// failure is not, so that the next request asks again. What the command prints is never part of an error.
actor KeyCommand {
  /// Why there is no key, in one sentence.
  struct Failure: Error, Hashable, CustomStringConvertible {
    var description: String
  }

  private let command: String
  private let provider: String
  private let environment: [String: String]
  private let limit: Duration
  private var asking: Task<String, any Error>?

  init(_ command: String, provider: String, environment: [String: String], limit: Duration = .seconds(30)) {
    self.command = command
    self.provider = provider
    self.environment = environment
    self.limit = limit
  }

  /// The key. Whoever is cancelled stops waiting at once; the command goes on for the others.
  func key() async throws -> String {
    let task = asking ?? Task { try await run() }
    asking = task
    let (keys, continuation) = AsyncThrowingStream.makeStream(of: String.self)
    Task {
      continuation.yield(with: await task.result)
      continuation.finish()
    }
    for try await key in keys { return key }
    throw CancellationError()
  }

  private func run() async throws -> String {
    do {
      return try await Self.output(of: command, environment: environment, limit: limit)
    } catch {
      asking = nil
      throw Failure(description: "The api_key_command of \(provider) \(error)")
    }
  }

  /// The first line of what a command prints, without blanks around it.
  private static func output(
    of command: String, environment: [String: String], limit: Duration
  ) async throws(Failure) -> String {
    let run = CommandRun(command, environment: environment)
    let timer = Task {
      try await Task.sleep(for: limit)
      run.kill()
    }
    defer { timer.cancel() }
    let result: CommandRun.Outcome
    do {
      result = try await run.outcome()
    } catch {
      throw Failure(description: "could not be started: \((error as NSError).reason).")
    }
    if result.wasKilled { throw Failure(description: "did not end within \(Int(limit.milliseconds / 1_000)) s.") }
    guard result.status == 0 else {
      let words = result.error.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
      let said = words.filter { !$0.isEmpty }.joined(separator: " ").prefix(300)
      throw Failure(description: "failed with status \(result.status)\(said.isEmpty ? "." : ": \(said)")")
    }
    let first = result.output.split(whereSeparator: \.isNewline).first ?? ""
    let key = first.trimmingCharacters(in: .whitespaces)
    guard !key.isEmpty else { throw Failure(description: "printed nothing.") }
    return key
  }
}

/// One run of a shell command.
private final class CommandRun: Sendable {
  struct Outcome {
    var status: Int32
    var output: String
    var error: String
    var wasKilled: Bool
  }

  /// More than any key or message has.
  private static let outputLimit = 65_536

  private let command: String
  private let environment: [String: String]
  private let state = NIOLockedValueBox<(process: Int32?, wasKilled: Bool)>((nil, false))

  init(_ command: String, environment: [String: String]) {
    self.command = command
    self.environment = environment
  }

  /// Ends the command, and what it started.
  func kill() {
    state.withLockedValue { state in
      state.wasKilled = true
      guard let process = state.process else { return }
      if getpgid(process) == process { _ = Foundation.kill(-process, SIGKILL) }
      _ = Foundation.kill(process, SIGKILL)
    }
  }

  func outcome() async throws -> Outcome {
    try await withCheckedThrowingContinuation { continuation in
      // The pipes are read on a thread of their own: their ends block.
      Thread { continuation.resume(with: Result { try self.run() }) }.start()
    }
  }

  private func run() throws -> Outcome {
    let process = Process()
    let (output, error) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = error
    try process.run()
    let wasKilled = state.withLockedValue { state in
      state.process = process.processIdentifier
      return state.wasKilled
    }
    if wasKilled { kill() }
    let words = NIOLockedValueBox("")
    let reading = DispatchGroup()
    reading.enter()
    Thread {
      words.withLockedValue { $0 = Self.text(from: error.fileHandleForReading) }
      reading.leave()
    }.start()
    let text = Self.text(from: output.fileHandleForReading)
    reading.wait()
    process.waitUntilExit()
    return state.withLockedValue { state in
      state.process = nil
      return Outcome(
        status: process.terminationStatus, output: text, error: words.withLockedValue { $0 },
        wasKilled: state.wasKilled)
    }
  }

  private static func text(from pipe: FileHandle) -> String {
    var bytes = Data()
    while let more = try? pipe.read(upToCount: 4_096), !more.isEmpty {
      if bytes.count < outputLimit { bytes += more }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
