import ArgumentParser
import Foundation
import Rearview
import RearviewEngine
import RearviewText

/// One question, one streamed answer.
struct Ask: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ask one question and print the answer.",
    discussion: "Without a question, or with -, it is read from standard input.")

  @OptionGroup var shared: SharedOptions

  @Flag(name: .long, help: "Print the turn's events, one JSON object a line, the whole record last.")
  var json = false

  @Flag(name: [.customLong("continue"), .customShort("c")], help: "Go on with the last session.")
  var continues = false

  @Argument(help: "The question.") var question: [String] = []

  func run() async throws {
    let text = try readQuestion()
    let client = try await shared.open()
    let session: Session
    let turns: [TurnRecord]
    do {
      (session, turns) = try await Self.session(client, continues: continues)
      try client.check(model: session.model)
    } catch {
      throw CommandEnd(error)
    }
    let turn = client.turn(text, session: session, after: turns)
    let interrupt = Interrupt { turn.cancel() }
    let record = await json ? printEvents(of: turn) : printAnswer(of: turn)
    await client.close()
    if interrupt.happened { throw CommandEnd(.interrupted) }
    guard let record else { throw CommandEnd(.failed, "The turn ended without a record.") }
    if record.retrieval.state == .failed, let error = record.retrieval.error {
      Console.error("Memory failed, the answer is without it: \(error)")
    }
    if record.storage.state == .unsaved, let error = record.storage.error {
      Console.error("The answer could not be saved: \(error)")
    }
    if record.storage.state == .failed, let error = record.storage.error {
      Console.error("Not stored yet, it is tried again at the next start: \(error)")
    }
    if record.answer.state != .complete { throw CommandEnd(.failed, record.answer.error ?? "There was no answer.") }
  }

  private func readQuestion() throws -> String {
    var text = question.joined(separator: " ")
    if question.isEmpty || question == ["-"] {
      guard question == ["-"] || isatty(STDIN_FILENO) == 0 else {
        throw CommandEnd(.usage, "There is no question; write it after ask, or send it to standard input.")
      }
      text = String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
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
    let fresh = Session(bankID: client.configuration.memory.bankID, model: client.model)
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
      case .finished: if wroteAny { Console.write("\n") }
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
