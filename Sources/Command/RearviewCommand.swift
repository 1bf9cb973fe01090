import ArgumentParser
import Foundation
import Rearview

/// `rearview` and its subcommands.
@main
struct RearviewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rearview",
    abstract: "Chat with any language model and watch what memory puts into the prompt.",
    discussion: """
      Without a subcommand it opens the full-screen program. Settings come from the command line, the environment \
      (REARVIEW_NAME), .rearview.toml in the working folder and config.toml, in this order.
      """,
    version: RearviewClient.version,
    subcommands: [
      Chat.self, Ask.self, Models.self, Providers.self, Recall.self, Reflect.self, Retain.self, BankCommand.self,
      MemoryCommand.self, DocumentCommand.self, EntityCommand.self, Undo.self, Redo.self, JobsCommand.self,
      BackupCommand.self, ConfigCommand.self, Doctor.self,
    ],
    defaultSubcommand: Chat.self)

  static func main() async {
    // A reader that goes away (`| head`) must not end the program in the middle of a turn.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let end as CommandEnd {
      if !end.sentence.isEmpty { Console.error(end.sentence) }
      Foundation.exit(end.status.rawValue)
    } catch {
      let status = exitCode(for: error)
      // Wrong arguments are 2 here, as everywhere else; the parser's own number is 64.
      guard status != .success else { exit(withError: error) }
      if status == .validationFailure {
        Console.error(fullMessage(for: error))
        Foundation.exit(ExitStatus.usage.rawValue)
      }
      Console.error("\(error)")
      Foundation.exit(ExitStatus.failed.rawValue)
    }
  }
}

/// How a command ended, for the shell.
enum ExitStatus: Int32 {
  case done = 0
  /// It was asked for properly and did not work.
  case failed = 1
  /// Arguments, environment or configuration are wrong.
  case usage = 2
  /// Ctrl-C.
  case interrupted = 130
}

/// Ends the command with a sentence on standard error.
struct CommandEnd: Error {
  var status: ExitStatus
  var sentence: String

  init(_ status: ExitStatus, _ sentence: String = "") {
    self.status = status
    self.sentence = sentence
  }

  /// The end for a fault of opening or running: what is wrong with arguments or configuration is 2, the rest 1.
  init(_ error: any Error) {
    switch error {
    case let end as CommandEnd: self = end
    case let error as ConfigurationError: self.init(Self.status(of: error), "\(error)")
    default: self.init(.failed, "\(error)")
    }
  }

  private static func status(of error: ConfigurationError) -> ExitStatus {
    switch error {
    case .syntax, .badSetting, .badEnvironment, .badArgument, .badModel: .usage
    case .unreadable, .unwritable, .folder: .failed
    }
  }
}
