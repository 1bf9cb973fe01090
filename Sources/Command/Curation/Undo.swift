import ArgumentParser
import Foundation
import Rearview
import RearviewEmbeddedMemory

/// `rearview undo [N]`
struct Undo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take back the last change of a bank's memories, or the last N.",
    discussion: "What was retained is no change, and what was forgotten for good does not come back.")

  @OptionGroup var shared: SharedOptions
  @Flag(name: .long, help: "Print one JSON object a change, one a line.") var json = false
  @Flag(name: .long, help: "Only list the changes, the last first; the last 20, or N.") var list = false
  @Option(name: .long, help: ArgumentHelp("Take back this one, whatever came after it.", valueName: "number"))
  var change: Int?
  @Argument(help: "How many.") var count: Int?

  func run() async throws {
    guard change == nil || count == nil else { throw CommandEnd(.usage, "Give N or --change, not both.") }
    guard change == nil || !list else { throw CommandEnd(.usage, "Give --list or --change, not both.") }
    guard count ?? 1 > 0 else { throw CommandEnd(.usage, "N is a number above 0.") }
    try await Curator.run(shared, isReading: list) { curator in
      let file = try curator.file("undo")
      if list { return try await self.list(file, bankID: curator.bankID) }
      for _ in 0..<(count ?? 1) {
        let undone = try await file.undo(change, bankID: curator.bankID)
        if json {
          try Console.line(json: undone)
        } else {
          Console.line("Took back: \(Console.shown(undone.words)). To do it again: rearview redo")
        }
      }
    }
  }

  private func list(_ file: EmbeddedMemory, bankID: String) async throws {
    let changes = try await file.changes(bankID: bankID, limit: count ?? 20)
    if json { return try changes.forEach { try Console.line(json: $0) } }
    Console.columns(
      changes.map { change in
        let reason = change.reason.map { ": \($0)" } ?? ""
        return [
          "\(change.id)", Console.shown(change.at),
          change.words + reason
            + (change.isUndone ? "  (undone)" : change.isOnlyHistory ? "  (in another file)" : ""),
        ]
      })
    if changes.isEmpty { Console.error("Nothing was changed in bank \(bankID) yet.") }
  }
}

/// `rearview redo`
struct Redo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Do again what was undone last, as long as nothing was changed since.")

  @OptionGroup var shared: SharedOptions
  @Flag(name: .long, help: "Print the change as one JSON object.") var json = false

  func run() async throws {
    try await Curator.run(shared) { curator in
      let done = try await curator.file("undo").redo(bankID: curator.bankID)
      if json { try Console.line(json: done) } else { Console.line("Done again: \(Console.shown(done.words)).") }
    }
  }
}
