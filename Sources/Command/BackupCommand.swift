import ArgumentParser
import Foundation
import Rearview
import RearviewEmbeddedMemory

/// `rearview backup …`
struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Back up the memory file.",
    discussion: """
      The chat makes a backup each day and keeps as many as the setting backups says. They stand in the folder backups \
      beside the memory file; each was checked before it got its name.
      """, subcommands: [Make.self, List.self, Restore.self], defaultSubcommand: Make.self)

  /// Makes one now.
  struct Make: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a backup now, and check it.")

    @OptionGroup var shared: SharedOptions

    func run() async throws {
      let paths = Paths()
      let configuration = try await failing { try shared.configuration(paths: paths) }
      let backups = MemoryBackups(path: paths.memoryFile)
      let made = try await failing {
        try backups.make(keeping: configuration.backups == 0 ? MemoryBackups.defaultCount : configuration.backups)
      }
      Console.line("Backed up to \(backups.folder)/\(made.name) (\(BackupCommand.size(made.byteCount))).")
    }
  }

  /// Lists what there is.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the backups and other copies, the newest first.")

    @Flag(name: .long, help: "Print one JSON object a line.") var json = false

    func run() async throws {
      let copies = MemoryBackups(path: Paths().memoryFile).list()
      if json {
        for copy in copies { try Console.line(json: copy) }
        return
      }
      if copies.isEmpty { Console.line("There is no backup yet; rearview backup makes one.") }
      let width = copies.map(\.name.count).max() ?? 0
      for copy in copies {
        let name = copy.name.padding(toLength: width, withPad: " ", startingAt: 0)
        let time = copy.madeAt.formatted(
          .iso8601.year().month().day().dateTimeSeparator(.space).time(includingFractionalSeconds: false))
        let reason =
          switch copy.reason {
          case .backup: ""
          case .migration: "  before a migration"
          case .restore: "  before another was restored"
          case .repair: "  before a repair"
          }
        Console.line("\(name)  \(time)  \(BackupCommand.size(copy.byteCount))\(reason)")
      }
    }
  }

  /// Puts one in the place of the memory file.
  struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put a backup in the place of the memory file.",
      discussion: "The present file is kept among the backups first. No other rearview may run.")

    @Argument(help: "Its name, as rearview backup list prints it.") var name: String

    func run() async throws {
      let backups = MemoryBackups(path: Paths().memoryFile)
      let kept = try await failing { try backups.restore(name) }
      Console.line("Restored \(name)." + (kept.map { " The file that was there is kept as \($0)." } ?? ""))
    }
  }

  /// `3.4 MB`.
  static func size(_ bytes: Int) -> String {
    let megabytes = Double(bytes) / 1_048_576
    return megabytes < 100 ? String(format: "%.1f MB", megabytes) : String(format: "%.0f MB", megabytes)
  }
}
