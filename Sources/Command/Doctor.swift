import ArgumentParser
import Foundation
import Rearview
import RearviewEmbeddedMemory
import RearviewInterface
import RearviewMemory

/// What is configured, and what can be reached.
struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check configuration, files, models and the terminal.",
    discussion: "Its exit status is 1 when something that the next chat needs does not work.")

  @OptionGroup var shared: SharedOptions

  @Flag(
    name: .long,
    help: "Let turns that wait for the configured server go there with today's key; try refused ones again.")
  var rebind = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Let turns that wait for a server of the past go to the configured one.", valueName: "address"))
  var rebindFrom: String?

  @Flag(name: .long, help: "Check all of a memory file, however large it is.")
  var full = false

  @Flag(
    name: .long, help: "Put the memory file in order, after a copy of it was made; no other rearview may run.")
  var repair = false

  func run() async throws {
    let paths = Paths()
    if repair { return try await Self.repair(paths.memoryFile) }
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
      memoryFile(paths.memoryFile, into: &report)
      return
    }
    await client.recover()
    report.title("Memory")
    memoryFile(paths.memoryFile, into: &report)
    do {
      let banks = try await client.store.banks()
      let memories = banks.reduce(0) { $0 + $1.memoryCount }
      report.good(
        "\(client.store.location): \(banks.count == 1 ? "1 bank" : "\(banks.count) banks"), \(memories == 1 ? "1 memory" : "\(memories) memories")"
      )
    } catch {
      report.bad("\(error)")
    }
    // The queue is our own: a store that does not answer keeps nobody from seeing it and from moving it.
    do {
      if rebind || rebindFrom != nil {
        var count = rebind ? try await client.rebindQueue() : 0
        if let rebindFrom { count += try await client.rebindQueue(from: rebindFrom) }
        report.fact("queue", "\(count == 1 ? "1 turn was" : "\(count) turns were") let go to \(client.store.location)")
      }
      for waiting in try await client.queue.contents() { report.bad(Self.sentence(on: waiting)) }
      await server(client, into: &report)
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
    await work(client, into: &report)
    let models = await client.models().map(\.name)
    report.fact(
      "found", models.isEmpty ? "none" : models.prefix(12).joined(separator: ", ") + (models.count > 12 ? ", …" : ""))
    if client.model == RearviewClient.builtInModel { report.fact("to add one", RearviewClient.modelHint) }
    await client.close()
  }
}

extension Doctor {
  /// What a server is, where memory is one.
  private func server(_ client: RearviewClient, into report: inout Report) async {
    guard let version = await client.serverVersion() else { return }
    report.fact("server", "Hindsight \(version.apiVersion)")
    if version.isOlder(than: [0, 8, 6]) {
      report.bad(
        "A server before 0.8.6 knows no operation ids: a turn that is tried again may be stored twice. Update it.")
    }
  }

  /// The models beside the chat's, and what they have to do.
  private func work(_ client: RearviewClient, into report: inout Report) async {
    let work = client.configuration.work
    for (name, use) in [(work.backgroundModel, "background work"), (work.reflectModel, "reflecting")] {
      if let name { report.good("\(name) is the model for \(use)") }
    }
    guard let embedded = client.embedded else { return }
    do {
      if let name = client.embeddingModel, let dimension = try await client.checkEmbeddings() {
        report.good("\(name) gives vectors of \(dimension) numbers")
      }
    } catch {
      report.bad("embedding_model: \(error)")
    }
    do {
      for status in try await embedded.embeddingStatus(model: client.embeddingModel) where status.done < status.total {
        report.fact("to be embedded", "\(status.total - status.done) memories of \(status.bankID)")
      }
      let status = try await embedded.workStatus()
      if status.isPaused { report.fact("background work", "paused; rearview jobs resume lets it go on") }
      if let failed = status.jobs[.failed] {
        report.fact("background work", "\(failed == 1 ? "1 job" : "\(failed) jobs") failed; rearview jobs says why")
      }
    } catch {
      report.bad("\(error)")
    }
  }

  private static func sentence(on waiting: StorageQueue.Waiting) -> String {
    let turns = waiting.count == 1 ? "1 turn" : "\(waiting.count) turns"
    let place = waiting.location.isEmpty ? "the embedded file" : waiting.location
    let cause = waiting.error.map { " (\($0))" } ?? ""
    if waiting.isSetAside {
      return "\(turns) for \(place) \(waiting.count == 1 ? "was" : "were") refused\(cause); --rebind tries again."
    }
    if !waiting.isWithinReach {
      return "\(turns) for \(place) wait for the address and the key of their call; with hindsight_api_url set to it, "
        + "--rebind lets them go with the key of today. --rebind-from \(place) sends them to the store of today."
    }
    return "\(turns) for \(place) wait to be stored\(cause); they are tried again at each start."
  }
}

/// The lines of the report, and whether something failed.
struct Report {
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
