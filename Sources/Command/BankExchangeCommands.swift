import ArgumentParser
import Foundation
import Rearview
import RearviewEmbeddedMemory

extension BankCommand {
  /// `rearview bank export NAME [FILE]`
  struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a bank into a file that loses nothing.",
      discussion: """
        The file is JSON, one object a line, and comes into being when it is whole. Without a file, or with -, it goes to \
        standard output. --markdown writes conversations by day, facts and observations for people; that cannot be \
        imported.
        """)

    @OptionGroup var shared: SharedOptions
    @Flag(name: .long, help: "All banks.") var all = false
    @Flag(name: .long, help: "The vectors of the memories, too.") var vectors = false
    @Flag(name: .long, help: "Write Markdown for people.") var markdown = false
    @Flag(name: .long, help: "Print what was written as one JSON object, on standard error with -.") var json = false
    @Argument(help: "The bank, and the file; with --all the file alone.") var names: [String] = []

    func run() async throws {
      let bank = all ? nil : names.first ?? shared.bank
      let rest = all || (names.isEmpty && shared.bank != nil) ? names[...] : names.dropFirst()
      guard all || bank != nil else { throw CommandEnd(.usage, "Name the bank, or say --all.") }
      guard rest.count <= 1 else { throw CommandEnd(.usage, "Name one file.") }
      let path = rest.first ?? "-"
      try await shared.withMemoryFile { store, progress in
        let program = "rearview \(RearviewClient.version)"
        let summary: ExchangeSummary
        switch (markdown, path) {
        case (true, "-"): summary = try await store.exportMarkdown(id: bank, toDescriptor: STDOUT_FILENO)
        case (true, _): summary = try await store.exportMarkdown(id: bank, to: path)
        case (false, "-"):
          summary = try await store.exportBank(
            id: bank, toDescriptor: STDOUT_FILENO, includesVectors: vectors, program: program,
            onProgress: progress("Wrote"))
        case (false, _):
          summary = try await store.exportBank(
            id: bank, to: path, includesVectors: vectors, program: program, onProgress: progress("Wrote"))
        }
        let banks = summary.banks.count == 1 ? "bank \(summary.banks[0])" : "\(summary.banks.count) banks"
        let memories = summary.rows["memory"] ?? 0
        let sentence = "Wrote \(banks) with \(memories == 1 ? "1 memory" : "\(memories) memories") to \(path)."
        if path != "-" {
          if json { try Console.line(json: summary) } else { Console.line(Console.shown(sentence)) }
        } else if json {
          FileHandle.standardError.write(try JSONEncoder.record.encode(summary) + Data("\n".utf8))
        }
      }
    }
  }

  /// `rearview bank import FILE`
  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Bring the banks of an export into the memory file.",
      discussion: """
        What was imported before stays as it is, so that an import which was stopped can be run again. --on-conflict says \
        what happens to rows that are there: skip leaves them, replace makes them as they are in the file, new imports \
        copies with ids of their own, under another bank's name.
        """)

    @OptionGroup var shared: SharedOptions
    @Option(name: .customLong("as"), help: ArgumentHelp("The bank's name here.", valueName: "name")) var name: String?
    @Option(name: .long, help: ArgumentHelp("skip, replace or new.", valueName: "what")) var onConflict = "skip"
    @Flag(name: .long, help: "Print what was imported as one JSON object.") var json = false
    @Argument(help: "The file.") var file: String

    func run() async throws {
      guard let policy = ImportPolicy(rawValue: onConflict) else {
        throw CommandEnd(.usage, "--on-conflict is skip, replace or new, not \(onConflict).")
      }
      if let name, name.allSatisfy(\.isWhitespace) { throw CommandEnd(.usage, "--as needs a name.") }
      try await shared.withMemoryFile { store, progress in
        let summary = try await store.importBank(
          from: file, as: name, policy: policy, onProgress: progress("Read"))
        if json { return try Console.line(json: summary) }
        let banks = summary.banks.map { Console.shown($0) }.joined(separator: ", ")
        let replaced = summary.replaced == 0 ? "" : ", \(summary.replaced) replaced"
        Console.line("Imported \(banks): \(summary.added) rows new\(replaced).")
      }
    }
  }
}

extension SharedOptions {
  /// Says how far work is that is counted in two numbers.
  typealias ProgressTeller = @Sendable (String) -> (@Sendable (ExchangeProgress) -> Void)

  /// Runs work on the memory file of this machine, which Ctrl-C stops.
  func withMemoryFile(
    _ work: @escaping @Sendable (EmbeddedMemory, ProgressTeller) async throws -> Void
  ) async throws {
    let client = try await open()
    guard let store = client.store as? EmbeddedMemory else {
      await client.close()
      throw CommandEnd(
        .usage,
        "Memory is at \(client.store.location); for the memory file of this machine add --set hindsight_api_url=.")
    }
    let line = SharedProgress()
    let task = Task { try await work(store) { verb in { line.show(verb, $0) } } }
    let interrupt = Interrupt { task.cancel() }
    let result = await task.result
    line.end()
    await client.close()
    do {
      try result.get()
    } catch {
      if interrupt.happened { throw CommandEnd(.interrupted, "Stopped; run it again to go on.") }
      throw CommandEnd(error)
    }
  }
}
