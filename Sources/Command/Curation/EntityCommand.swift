import ArgumentParser
import Foundation
import Rearview
import RearviewEmbeddedMemory

/// `rearview entity …`
struct EntityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "entity", abstract: "Look at what memories are about, and say what is one and what is two.",
    discussion: "An entity may be named by its id or by any of its names.",
    subcommands: [
      List.self, Show.self, Rename.self, Alias.self, Merge.self, Split.self, Suggestions.self, Apart.self,
    ], defaultSubcommand: List.self)

  /// `rearview entity list`
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List entities, what is mentioned most first.")

    @OptionGroup var shared: SharedOptions
    @Flag(name: .long, help: "Print one JSON object an entity, one a line.") var json = false
    @Option(name: .long, help: ArgumentHelp("At most so many.", valueName: "count")) var limit = 50
    @Argument(help: "Only those of which a name holds this.") var filter: String = ""

    func run() async throws {
      guard limit > 0 else { throw CommandEnd(.usage, "--limit needs a number above 0.") }
      try await Curator.run(shared, isReading: true) { curator in
        let file = try curator.file("list entities here")
        let page = try await file.entities(bankID: curator.bankID, filter: filter, limit: limit)
        if json { return try page.entities.forEach { try Console.line(json: $0) } }
        Console.columns(page.entities.map(EntityCommand.columns))
        if page.entities.isEmpty {
          Console.noneFound("entity", "entities", of: curator.bankID, isFiltered: !filter.isEmpty)
        }
        if page.next != nil { Console.error("There are more; raise --limit.") }
      }
    }
  }

  /// `rearview entity show NAME`
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show an entity, what stands beside it, and its memories.")

    @OptionGroup var shared: SharedOptions
    @Flag(name: .long, help: "Print one JSON object.") var json = false
    @Option(name: .long, help: ArgumentHelp("At most so many memories.", valueName: "count")) var limit = 20
    @Argument(help: "Its name or id.") var name: String

    func run() async throws {
      try await Curator.run(shared, isReading: true) { curator in
        let file = try curator.file("show entities")
        let entity = try await curator.entity(name, in: file)
        let detail = try await file.entityDetail(id: entity.id, bankID: curator.bankID, limit: max(limit, 1))
        if json { return try Console.line(json: detail) }
        Console.line(EntityCommand.line(detail.entity))
        Console.line("id \(entity.id), seen \(Console.shown(entity.firstSeen)) to \(Console.shown(entity.lastSeen))")
        if !detail.neighbours.isEmpty {
          let names = detail.neighbours.prefix(10).map { "\($0.entity.name) (\($0.shared))" }
          Console.line("with " + Console.shown(names.joined(separator: ", ")))
        }
        for memory in detail.memories { Console.line("\(memory.id)  \(Console.oneLine(memory.text))") }
      }
    }
  }

  /// `rearview entity rename NAME NEW`
  struct Rename: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show an entity under another name; texts mean it by both.")

    @OptionGroup var shared: SharedOptions
    @Flag(name: .long, help: "Print the change as one JSON object.") var json = false
    @Argument(help: "Its name or id.") var name: String
    @Argument(help: "The new name.") var new: String

    func run() async throws {
      try await Curator.run(shared) { curator in
        let file = try curator.file("rename entities")
        let id = try await curator.entity(name, in: file).id
        try ChangeOptions.show(try await file.renameEntity(id: id, bankID: curator.bankID, to: new), json: json)
      }
    }
  }

  /// `rearview entity alias NAME --add OTHER`
  struct Alias: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Give an entity another name, or take one away.")

    @OptionGroup var shared: SharedOptions
    @Flag(name: .long, help: "Print the change as one JSON object.") var json = false
    @Option(name: .long, help: ArgumentHelp("Texts mean it by this name too.", valueName: "name")) var add: String?
    @Option(name: .long, help: ArgumentHelp("They do not any more.", valueName: "name")) var remove: String?
    @Argument(help: "Its name or id.") var name: String

    func run() async throws {
      guard (add == nil) != (remove == nil) else { throw CommandEnd(.usage, "Give one of --add and --remove.") }
      try await Curator.run(shared) { curator in
        let file = try curator.file("change names of entities")
        let id = try await curator.entity(name, in: file).id
        let change: Change?
        if let add {
          change = try await file.addAlias(add, toEntity: id, bankID: curator.bankID)
        } else {
          change = try await file.removeAlias(remove ?? "", fromEntity: id, bankID: curator.bankID)
        }
        try ChangeOptions.show(change, json: json)
      }
    }
  }

  /// `rearview entity merge NAME… --into NAME`
  struct Merge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make one entity of several.")

    @OptionGroup var shared: SharedOptions
    @Flag(name: .long, help: "Print the change as one JSON object.") var json = false
    @Option(name: .long, help: ArgumentHelp("Which one they become.", valueName: "name")) var into: String
    @Argument(help: "The others, by name or id.") var names: [String]

    func run() async throws {
      try await Curator.run(shared) { curator in
        let file = try curator.file("merge entities")
        var ids: [String] = []
        for name in names { ids.append(try await curator.entity(name, in: file).id) }
        let target = try await curator.entity(into, in: file).id
        try ChangeOptions.show(
          try await file.mergeEntities(ids, into: target, bankID: curator.bankID), json: json)
      }
    }
  }

  /// `rearview entity split NAME --as NEW ID…`
  struct Split: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say that some memories are about another one of that name.")

    @OptionGroup var shared: SharedOptions
    @Flag(name: .long, help: "Print the new entity as one JSON object.") var json = false
    @Option(name: .customLong("as"), help: ArgumentHelp("What the other one is called.", valueName: "name"))
    var new: String
    @Argument(help: "Its name or id.") var name: String
    @Argument(help: "Ids of memories that are about the other one, or the beginnings of them.") var ids: [String]

    func run() async throws {
      try await Curator.run(shared) { curator in
        let file = try curator.file("split entities")
        let entity = try await file.splitEntity(
          id: curator.entity(name, in: file).id, memories: curator.ids(ids), name: new, bankID: curator.bankID)
        if json { return try Console.line(json: entity) }
        Console.line("Done: \(EntityCommand.line(entity)). To take it back: rearview undo")
      }
    }
  }

  /// `rearview entity suggestions`
  struct Suggestions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List pairs that may be one; nothing is merged by itself.")

    @OptionGroup var shared: SharedOptions
    @Flag(name: .long, help: "Print one JSON object a pair, one a line.") var json = false
    @Option(name: .long, help: ArgumentHelp("At most so many.", valueName: "count")) var limit = 20

    func run() async throws {
      try await Curator.run(shared, isReading: true) { curator in
        let file = try curator.file("suggest merges")
        let found = try await file.mergeSuggestions(bankID: curator.bankID, limit: limit)
        for pair in found {
          if json {
            try Console.line(json: pair)
          } else {
            let names = "\(pair.entity.name) (\(pair.entity.mentions))  \(pair.other.name) (\(pair.other.mentions))"
            Console.line(String(format: "%.2f  ", pair.similarity) + Console.shown(names))
          }
        }
        if !json {
          Console.error(
            found.isEmpty
              ? "Nothing in bank \(curator.bankID) looks like the same under two names."
              : "rearview entity merge makes one of two; rearview entity apart says that they are two.")
        }
      }
    }
  }

  /// `rearview entity apart NAME NAME`
  struct Apart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say that two entities are two; they are not suggested again.")

    @OptionGroup var shared: SharedOptions
    @Flag(name: .long, help: "Print the change as one JSON object.") var json = false
    @Argument(help: "The one's name or id.") var one: String
    @Argument(help: "The other's.") var other: String

    func run() async throws {
      try await Curator.run(shared) { curator in
        let file = try curator.file("suggest merges")
        let (one, other) = (try await curator.entity(one, in: file).id, try await curator.entity(other, in: file).id)
        try ChangeOptions.show(try await file.keepApart(one, other, bankID: curator.bankID), json: json)
      }
    }
  }

  fileprivate static func line(_ entity: Entity) -> String {
    Console.shown(columns(entity).joined(separator: "  "))
  }

  fileprivate static func columns(_ entity: Entity) -> [String] {
    [entity.name, entity.kind, Console.counted(entity.mentions, "memory", "memories")]
      + (entity.aliases.isEmpty ? [] : ["also \(entity.aliases.joined(separator: ", "))"])
  }
}
