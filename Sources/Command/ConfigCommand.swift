import ArgumentParser
import Foundation
import Rearview
import RearviewJSON

/// `rearview config …`
struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Look at the settings.", subcommands: [Show.self], defaultSubcommand: Show.self)

  /// Every setting with its value and where it was set.
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print each setting, its value, and where it came from.",
      discussion: "Names may be given to print only those. Keys are never printed.")

    @OptionGroup var shared: SharedOptions
    @Flag(name: .long, help: "Print one JSON object a line: name, value, origin.") var json = false
    @Argument(help: "Only these settings.") var names: [String] = []

    func run() async throws {
      let configuration: Rearview.Configuration
      do {
        configuration = try shared.configuration(paths: Paths())
      } catch {
        throw CommandEnd(error)
      }
      let known = configuration.shownNames
      if let unknown = names.first(where: { !known.contains($0) }) {
        throw CommandEnd(.usage, "There is no setting \(unknown); the settings are \(known.joined(separator: ", ")).")
      }
      let shown = names.isEmpty ? known : names
      let width = shown.map(\.count).max() ?? 0
      for name in shown {
        let origin = "\(configuration.origin(of: name))"
        if json {
          Console.line(
            JSONValue.object(
              ["name": .text(name), "value": configuration.value(of: name), "origin": .text(origin)]
            ).written())
        } else {
          Console.line(
            name.padding(toLength: width, withPad: " ", startingAt: 0) + "  "
              + Console.shown(configuration.written(name)) + "  (\(Console.shown(origin)))")
        }
      }
    }
  }
}
