import ArgumentParser
import Foundation
import Rearview
import RearviewInterface
import RearviewMemory

/// What is configured, and what can be reached.
struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check configuration, files, models and the terminal.",
    discussion: "Its exit status is 1 when something that the next chat needs does not work.")

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let paths = Paths()
    var report = Report()
    report.title("Configuration")
    let configuration: Rearview.Configuration
    do {
      configuration = try shared.configuration(paths: paths)
    } catch {
      report.bad("\(error)")
      throw report.end()
    }
    let file = paths.configurationFile
    report.good("\(file)\(FileManager.default.fileExists(atPath: file) ? "" : " (not there; defaults hold)")")
    for name in Rearview.Configuration.names {
      let origin = configuration.origins[name] ?? .builtIn
      report.fact(name, "\(configuration.written(name))  (\(origin))")
    }
    theme(configuration, paths: paths, into: &report)
    await memory(configuration, paths: paths, into: &report)
    report.title("Terminal")
    let environment = ProcessInfo.processInfo.environment
    report.fact("TERM", environment["TERM"] ?? "not set")
    report.fact("colours", (environment["NO_COLOR"] ?? "").isEmpty ? "on" : "off (NO_COLOR)")
    if !Console.isTerminal { report.fact("output", "not a terminal: the full-screen program cannot start here") }
    if let end = report.failure { throw end }
  }

  private func theme(_ configuration: Rearview.Configuration, paths: Paths, into report: inout Report) {
    do {
      _ = try ThemeLibrary(folder: paths.themes).theme(configuration.theme)
    } catch {
      report.bad("\(error)")
    }
  }

  private func memory(_ configuration: Rearview.Configuration, paths: Paths, into report: inout Report) async {
    let client: RearviewClient
    do {
      client = try await RearviewClient.open(configuration: configuration, paths: paths)
    } catch {
      report.title("Memory")
      report.bad("\(error)")
      return
    }
    await client.recover()
    report.title("Memory")
    do {
      let banks = try await client.store.banks()
      let memories = banks.reduce(0) { $0 + $1.memoryCount }
      report.good(
        "\(client.store.location): \(banks.count == 1 ? "1 bank" : "\(banks.count) banks"), \(memories == 1 ? "1 memory" : "\(memories) memories")"
      )
      let waiting = try await client.queue.waiting()
      if waiting > 0 { report.bad("\(waiting) turns wait to be stored; they are tried again at each start.") }
      report.good("\(paths.sessionsFile)")
    } catch {
      report.bad("\(error)")
    }
    report.title("Models")
    do {
      try client.check(model: client.model)
      report.good("\(client.model) is the model")
    } catch {
      report.bad("\(client.model): \(error)")
    }
    for provider in await client.checkProviders() {
      if let failure = provider.failure {
        report.bad("\(provider.name): \(failure)")
      } else {
        report.good("\(provider.name) answers")
      }
    }
    let models = await client.models().map(\.name)
    report.fact(
      "found", models.isEmpty ? "none" : models.prefix(12).joined(separator: ", ") + (models.count > 12 ? ", …" : ""))
    if client.model == RearviewClient.builtInModel { report.fact("to add one", RearviewClient.modelHint) }
    await client.close()
  }
}

/// The lines of the report, and whether something failed.
private struct Report {
  private var failures = 0

  mutating func title(_ text: String) { Console.line(text) }
  mutating func good(_ text: String) { Console.line("  ok    " + Console.shown(text)) }
  mutating func fact(_ name: String, _ text: String) {
    Console.line(
      "        " + name.padding(toLength: max(24, name.count + 1), withPad: " ", startingAt: 0) + Console.shown(text))
  }
  mutating func bad(_ text: String) {
    failures += 1
    Console.line("  FAIL  " + Console.shown(text))
  }

  var failure: CommandEnd? { failures == 0 ? nil : CommandEnd(.failed) }
  func end() -> CommandEnd { CommandEnd(.usage) }
}
