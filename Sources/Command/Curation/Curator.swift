import ArgumentParser
import Foundation
import Rearview
import RearviewEmbeddedMemory
import RearviewMemory

/// What the commands that look after memories work on: the store, and a bank of it.
struct Curator: Sendable {
  let store: any MemoryStore
  let bankID: String

  /// Runs a command's work, and closes everything after it, however it ended.
  ///
  /// - Parameter isReading: Whether it changes nothing, so that it works where nothing can be written too.
  static func run(
    _ shared: SharedOptions, isReading: Bool = false, _ work: (Curator) async throws -> Void
  ) async throws {
    let reader = isReading ? try await shared.openToRead() : Reader(try await shared.open())
    let curator = Curator(
      store: reader.store, bankID: reader.configuration.memory.bankID ?? Configuration.defaultBank)
    let result: Result<Void, any Error>
    do {
      result = .success(try await work(curator))
    } catch {
      result = .failure(CommandEnd(error))
    }
    await reader.close()
    try result.get()
  }

  /// The memory file, for what only it can do.
  /// - Parameter what: What that is, as "it cannot …".
  func file(_ what: String) throws -> EmbeddedMemory {
    if let file = store as? EmbeddedMemory { return file }
    throw CommandEnd(
      .failed,
      "Memory is at the server \(store.location), which cannot \(what); that works where memory is a file "
        + "(without hindsight_api_url).")
  }

  /// The whole ids of memories of which the beginnings were given. A server knows only whole ones.
  func ids(_ prefixes: [String]) async throws -> [String] {
    guard let file = store as? EmbeddedMemory else { return prefixes }
    var ids: [String] = []
    for prefix in prefixes {
      guard let id = try await file.memoryID(startingWith: prefix, bankID: bankID) else {
        throw MemoryStoreError.noSuchMemory(id: prefix, bankID: bankID)
      }
      ids.append(id)
    }
    return ids
  }

  /// The entity of an id or a name.
  func entity(_ idOrName: String, in file: EmbeddedMemory) async throws -> Entity {
    guard let entity = try await file.entity(idOrName, bankID: bankID) else {
      throw CurationError.noSuchEntity(id: idOrName, bankID: bankID)
    }
    return entity
  }
}

/// What the commands that change something print of it.
struct ChangeOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("Why; it is kept with the change.", valueName: "text")) var reason: String?
  @Flag(name: .long, help: "Print the change as one JSON object.") var json = false

  func show(_ change: Change?) throws {
    try Self.show(change, json: json)
  }

  static func show(_ change: Change?, json: Bool) throws {
    if json {
      if let change { try Console.line(json: change) }
      return
    }
    guard let change else { return Console.line("Nothing to change: it is so already.") }
    Console.line("Done: \(Console.shown(change.words)). To take it back: rearview undo")
  }
}

extension Console {
  /// One line of a text, as far as it fits.
  static func oneLine(_ text: String, limit: Int = 100) -> String {
    let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return shown(line.count > limit ? line.prefix(limit - 1) + "…" : line)
  }

  /// Says that a list is empty.
  static func noneFound(_ one: String, _ many: String, of bankID: String, isFiltered: Bool) {
    error(
      isFiltered
        ? "Bank \(bankID) has no such \(one)."
        : "There are no \(many) in bank \(bankID); rearview bank list shows what each bank holds.")
  }

  /// Whether somebody sits there to answer a question.
  static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isTerminal }

  /// A date and time, to the minute, in the time zone of this machine.
  static func shown(_ date: Date?) -> String {
    guard let date else { return "unknown" }
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyy-MM-dd HH:mm"
    return formatter.string(from: date)
  }

  static func counted(_ count: Int, _ one: String, _ many: String) -> String {
    count == 1 ? "1 \(one)" : "\(count) \(many)"
  }
}
