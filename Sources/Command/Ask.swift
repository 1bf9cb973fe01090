import ArgumentParser
import Foundation
import Rearview
import RearviewChat
import RearviewEngine
import RearviewJSON
import RearviewText

/// One question, or one request of a program; one answer.
struct Ask: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ask one question and print the answer.",
    discussion: """
      Without a question, or with -, it is read from standard input. With --messages a whole request in OpenAI's form \
      is sent (model, messages, tools, …); any setting of memory may stand in it as hindsight_NAME.
      """)

  @OptionGroup var shared: SharedOptions

  @Flag(name: .long, help: "Print the turn's events, one JSON object a line, the whole record last.")
  var json = false

  @Flag(name: [.customLong("continue"), .customShort("c")], help: "Go on with the last session.")
  var continues = false

  @Option(name: .long, help: ArgumentHelp("Send the request in this file; - for standard input.", valueName: "file"))
  var messages: String?

  @Flag(inversion: .prefixedNo, help: "Have the answer come in pieces (as the request says; for a question: yes).")
  var stream: Bool?

  @Option(name: .long, help: ArgumentHelp("Write the turn's record to this file, as JSON.", valueName: "file"))
  var debugJson: String?

  @Argument(help: "The question.") var question: [String] = []

  func run() async throws {
    let request = try messages.map(readRequest)
    let text = try request == nil ? readQuestion() : ""
    let client = try await shared.open()
    if let problem = await client.setUpBank() { Console.error(problem) }
    let turn: Turn
    do {
      turn = try await start(request, text, with: client)
    } catch {
      throw CommandEnd(error)
    }
    let interrupt = Interrupt { turn.cancel() }
    let record = await json ? printEvents(of: turn) : printAnswer(of: turn)
    await client.close()
    try writeDebug(record)
    if interrupt.happened { throw CommandEnd(.interrupted) }
    guard let record else { throw CommandEnd(.failed, "The turn ended without a record.") }
    try report(record)
  }

  private func start(_ request: JSONObject?, _ text: String, with client: RearviewClient) async throws -> Turn {
    guard let request else {
      let (session, turns) = try await Self.session(client, continues: continues)
      try client.check(model: session.model)
      return client.turn(text, session: session, after: turns, streams: stream ?? true)
    }
    do {
      var call = try CompletionRequest(json: request, defaultModel: client.configuration.model)
      if client.configuration.origins["model"] == .commandLine, let model = client.configuration.model {
        call.model = model
      }
      call.streams = stream ?? call.streams
      try client.check(call)
      return try client.turn(call)
    } catch let error as CompletionRequest.Malformed {
      throw CommandEnd(.usage, "\(requestName): \(error).")
    } catch let error as SettingError {
      throw CommandEnd(.usage, "\(requestName): \(error).")
    }
  }

  /// Says what went wrong beside the answer, and ends with a failure where there was none.
  private func report(_ record: TurnRecord) throws {
    for warning in record.warnings { Console.error(warning) }
    if record.retrieval.state == .failed, let error = record.retrieval.error, record.settings.memoryFailure != .fail {
      Console.error("Memory failed, the answer is without it: \(error)")
    }
    if record.storage.state == .unsaved, let error = record.storage.error {
      Console.error("The answer could not be saved: \(error)")
    }
    if record.storage.state == .failed, let error = record.storage.error, record.answer.state != .failed {
      Console.error("Not stored yet, it is tried again at the next start: \(error)")
    }
    guard record.answer.state == .complete else {
      let error = record.answer.error ?? "There was no answer."
      throw CommandEnd(error == TurnRecord.noBank ? .usage : .failed, error)
    }
    // Who waits for storage wants to know that it failed; the answer has been printed.
    if record.settings.syncStorage, record.storage.isFailure { throw CommandEnd(.failed) }
  }

  private var requestName: String { messages == "-" ? "standard input" : messages ?? "" }

  private func readRequest(_ path: String) throws -> JSONObject {
    guard question.isEmpty, !continues else {
      throw CommandEnd(.usage, "--messages is a whole request: give no question and no --continue with it.")
    }
    let data: Data
    do {
      data =
        path == "-"
        ? FileHandle.standardInput.readDataToEndOfFile() : try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw CommandEnd(.usage, "\(path) cannot be read: \((error as NSError).reason).")
    }
    do {
      guard let object = try JSONValue(parsing: [UInt8](data)).object else {
        throw CommandEnd(.usage, "\(requestName) must hold a JSON object with \"messages\".")
      }
      return object
    } catch let error as JSONSyntaxError {
      throw CommandEnd(.usage, "\(requestName) is no JSON: \(error).")
    }
  }

  /// The record, and under `debug` what the Python package tells of an injection.
  private func writeDebug(_ record: TurnRecord?) throws {
    guard let path = debugJson, let record else { return }
    do {
      var object = try JSONValue(parsing: [UInt8](try JSONEncoder.record.encode(record))).object ?? [:]
      object["debug"] =
        try InjectionDebug(record).map {
          try JSONValue(parsing: [UInt8](try JSONEncoder.record.encode($0)))
        } ?? .null
      let bytes = JSONValue.object(object).bytes(indent: 2) + [0x0A]
      guard
        FileManager.default.createFile(
          atPath: path, contents: Data(bytes), attributes: [.posixPermissions: 0o600])
      else { throw CommandEnd(.failed, "\(path) cannot be written.") }
    } catch {
      throw CommandEnd(error)
    }
  }

  private func readQuestion() throws -> String {
    var text = question.joined(separator: " ")
    if question.isEmpty || question == ["-"] {
      guard question == ["-"] || isatty(STDIN_FILENO) == 0 else {
        throw CommandEnd(.usage, "There is no question; write it after ask, or send it to standard input.")
      }
      text = try Console.standardInput()
      while text.last?.isNewline == true { text.removeLast() }
    }
    guard !text.allSatisfy(\.isWhitespace) else {
      throw CommandEnd(.usage, "The question is empty; write it after ask, or send it to standard input.")
    }
    return text
  }

  /// The last session where one is to be gone on with, else a new one.
  static func session(
    _ client: RearviewClient, continues: Bool
  ) async throws -> (Session, [TurnRecord]) {
    let fresh = Session(
      bankID: client.configuration.memory.bankID ?? Configuration.defaultBank, model: client.model)
    guard continues, var last = try await client.sessions.lastSession() else { return (fresh, []) }
    if client.configuration.origins["bank_id"] == .commandLine { last.bankID = fresh.bankID }
    if client.configuration.origins["model"] == .commandLine { last.model = fresh.model }
    return (last, try await client.sessions.turns(ofSession: last.id))
  }

  private func printAnswer(of turn: Turn) async -> TurnRecord? {
    var last: TurnRecord?
    var sanitiser = StreamSanitiser()
    var wroteAny = false
    for await event in turn.events {
      switch event {
      case .text(let text):
        Console.write(Console.isTerminal ? sanitiser.feed(text).string : text)
        wroteAny = true
      case .toolCall(let call):
        if wroteAny { Console.write("\n") }
        wroteAny = false
        Console.line(Console.shown("tool call: " + call.written))
      case .finished: if wroteAny { Console.write("\n") }
      case .retrying(let retry): Console.error("\(retry)")
      case .record(let record): last = record
      case .opened, .retrieved, .injected, .reasoning, .usage, .storage: break
      }
    }
    return last
  }

  private func printEvents(of turn: Turn) async -> TurnRecord? {
    var last: TurnRecord?
    let encoder = JSONEncoder.record
    for await event in turn.events {
      if case .record(let record) = event { last = record }
      if let line = try? encoder.encode(event) { Console.line(String(decoding: line, as: UTF8.self)) }
    }
    return last
  }
}
