import ArgumentParser
import Foundation
import Rearview
import RearviewEmbeddedMemory
import RearviewMemory

/// `rearview memory …`
struct MemoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory", abstract: "Look at memories and change them.",
    discussion: """
      A memory may be named by the beginning of its id, as long as no other one begins so. Every change but forget can \
      be taken back with rearview undo. A server lists, shows, edits, invalidates and restores; the rest needs the file.
      """,
    subcommands: [
      List.self, Show.self, Edit.self, Invalidate.self, Restore.self, Pin.self, Unpin.self, Tag.self, Retype.self,
      Move.self, Forget.self, History.self,
    ], defaultSubcommand: List.self)

  /// `rearview memory list`
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List a bank's memories, the newest first, invalidated ones too.")

    @OptionGroup var shared: SharedOptions
    @Flag(name: .long, help: "Print one JSON object a memory, one a line.") var json = false
    @Option(name: .long, help: ArgumentHelp("At most so many.", valueName: "count")) var limit = 50
    @Argument(help: "Only those that hold all of these words.") var words: [String] = []

    func run() async throws {
      guard limit > 0 else { throw CommandEnd(.usage, "--limit needs a number above 0.") }
      let reader = try await shared.openToRead()
      let bankID = reader.configuration.memory.bankID ?? Configuration.defaultBank
      let page = try await failing {
        try await reader.store.memories(
          MemoryPageRequest(bankID: bankID, filter: words.joined(separator: " "), limit: limit))
      }
      await reader.close()
      for memory in page.memories {
        if json {
          try Console.line(json: memory)
        } else {
          let state = memory.state == .valid ? "" : "  (invalidated)"
          Console.line(
            "\(memory.id)  [\(memory.type.label.lowercased())] \(Console.oneLine(memory.text))\(state)")
        }
      }
      guard !json else { return }
      if page.memories.isEmpty { Console.noneFound("memory", "memories", of: bankID, isFiltered: !words.isEmpty) }
      if page.next != nil { Console.error("There are more; raise --limit, or give words to look for.") }
    }
  }

  /// `rearview memory show ID`
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show all that is known of a memory.")

    @OptionGroup var shared: SharedOptions
    @Flag(name: .long, help: "Print one JSON object.") var json = false
    @Argument(help: "Its id, or the beginning of it.") var id: String

    func run() async throws {
      try await Curator.run(shared, isReading: true) { curator in
        let id = try await curator.ids([self.id])[0]
        guard let memory = try await curator.store.memory(id: id, bankID: curator.bankID) else {
          throw MemoryStoreError.noSuchMemory(id: id, bankID: curator.bankID)
        }
        if json { return try Console.line(json: memory) }
        let isPinned = try await (curator.store as? EmbeddedMemory)?.isPinned(id: id, bankID: curator.bankID) ?? false
        Console.line(Console.shown(memory.text))
        Console.line("")
        for (name, value) in facts(memory, isPinned: isPinned) {
          Console.line("\(name.padding(toLength: 12, withPad: " ", startingAt: 0))  \(Console.shown(value))")
        }
      }
    }

    private func facts(_ memory: Memory, isPinned: Bool) -> [(String, String)] {
      var facts = [
        ("id", memory.id), ("type", memory.type.rawValue),
        ("state", memory.state.rawValue + (memory.stateReason.map { ": \($0)" } ?? "")),
        ("said", Console.shown(memory.mentionedAt)), ("times said", "\(memory.proofCount)"),
      ]
      if isPinned { facts.append(("pinned", "yes")) }
      if let start = memory.occurredStart { facts.append(("happened", Console.shown(start))) }
      if let document = memory.documentID { facts.append(("document", document)) }
      if let turn = memory.turnID { facts.append(("turn", turn)) }
      if !memory.tags.isEmpty { facts.append(("tags", memory.tags.joined(separator: ", "))) }
      if !memory.entities.isEmpty { facts.append(("about", memory.entities.joined(separator: ", "))) }
      if let context = memory.context { facts.append(("context", context)) }
      for (name, value) in memory.metadata { facts.append((name, value)) }
      return facts
    }
  }

  /// `rearview memory edit ID TEXT`
  struct Edit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change a memory's text.", discussion: "Without a text, or with -, it is read from standard input.")

    @OptionGroup var shared: SharedOptions
    @OptionGroup var options: ChangeOptions
    @Argument(help: "Its id, or the beginning of it.") var id: String
    @Argument(help: "The new text.") var text: [String] = []

    func run() async throws {
      var text = text.joined(separator: " ")
      if text.isEmpty || text == "-" {
        guard text == "-" || isatty(STDIN_FILENO) == 0 else {
          throw CommandEnd(.usage, "There is no text; write it after the id, or send it to standard input.")
        }
        text = try Console.standardInput().trimmingCharacters(in: .newlines)
      }
      guard !text.allSatisfy(\.isWhitespace) else { throw CommandEnd(.usage, "A memory needs some text.") }
      try await Curator.run(shared) { [text] curator in
        let id = try await curator.ids([self.id])[0]
        let memory: Memory
        if let file = curator.store as? EmbeddedMemory {
          memory = try await file.edit(id: id, bankID: curator.bankID, text: text, reason: options.reason)
        } else {
          memory = try await curator.store.edit(id: id, bankID: curator.bankID, text: text)
        }
        try show(memory, json: options.json, "Changed")
      }
    }
  }

  /// `rearview memory invalidate ID…`
  struct Invalidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take memories out of recall; they stay in the bank.")

    @OptionGroup var shared: SharedOptions
    @OptionGroup var options: ChangeOptions
    @Argument(help: "Their ids, or the beginnings of them.") var ids: [String]

    func run() async throws {
      try await Curator.run(shared) { curator in
        let ids = try await curator.ids(ids)
        if let file = curator.store as? EmbeddedMemory {
          return try options.show(try await file.invalidate(ids, bankID: curator.bankID, reason: options.reason))
        }
        for id in ids {
          let memory = try await curator.store.invalidate(id: id, bankID: curator.bankID, reason: options.reason)
          try show(memory, json: options.json, "Invalidated")
        }
      }
    }
  }

  /// `rearview memory restore ID…`
  struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Put invalidated memories back.")

    @OptionGroup var shared: SharedOptions
    @OptionGroup var options: ChangeOptions
    @Argument(help: "Their ids, or the beginnings of them.") var ids: [String]

    func run() async throws {
      try await Curator.run(shared) { curator in
        let ids = try await curator.ids(ids)
        if let file = curator.store as? EmbeddedMemory {
          return try options.show(try await file.restore(ids, bankID: curator.bankID, reason: options.reason))
        }
        for id in ids {
          try show(
            try await curator.store.restore(id: id, bankID: curator.bankID), json: options.json, "Restored")
        }
      }
    }
  }

  /// `rearview memory pin ID…`
  struct Pin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Recall memories before all others.")

    @OptionGroup var shared: SharedOptions
    @OptionGroup var options: ChangeOptions
    @Argument(help: "Their ids, or the beginnings of them.") var ids: [String]

    func run() async throws {
      try await Curator.run(shared) { curator in
        let file = try curator.file("pin memories")
        try options.show(
          try await file.pin(curator.ids(ids), bankID: curator.bankID, reason: options.reason))
      }
    }
  }

  /// `rearview memory unpin ID…`
  struct Unpin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let pinned memories be recalled as others are.")

    @OptionGroup var shared: SharedOptions
    @OptionGroup var options: ChangeOptions
    @Argument(help: "Their ids, or the beginnings of them.") var ids: [String]

    func run() async throws {
      try await Curator.run(shared) { curator in
        let file = try curator.file("pin memories")
        try options.show(
          try await file.unpin(curator.ids(ids), bankID: curator.bankID, reason: options.reason))
      }
    }
  }

  /// `rearview memory tag ID… --add TAG`
  struct Tag: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Change the tags of memories.")

    @OptionGroup var shared: SharedOptions
    @OptionGroup var options: ChangeOptions
    @Option(name: .long, help: ArgumentHelp("Add these tags, parted by commas.", valueName: "tags"))
    var add: [String] = []
    @Option(name: .long, help: ArgumentHelp("Take these tags away, parted by commas.", valueName: "tags"))
    var remove: [String] = []
    @Option(name: .long, help: ArgumentHelp("These tags and no others, parted by commas.", valueName: "tags"))
    var replace: String?
    @Argument(help: "Their ids, or the beginnings of them.") var ids: [String]

    func run() async throws {
      let (add, remove) = (tags(add), tags(remove))
      let changes =
        [add.isEmpty ? nil : TagChange.add(add), remove.isEmpty ? nil : .remove(remove)].compactMap { $0 }
        + (replace.map { [.replace(tags([$0]))] } ?? [])
      guard changes.count == 1, let change = changes.first else {
        throw CommandEnd(.usage, "Give one of --add, --remove and --replace.")
      }
      try await Curator.run(shared) { curator in
        let file = try curator.file("change tags")
        try options.show(
          try await file.setTags(change, of: curator.ids(ids), bankID: curator.bankID, reason: options.reason))
      }
    }

    private func tags(_ lists: [String]) -> [String] {
      lists.flatMap { $0.split(separator: ",") }.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
  }

  /// `rearview memory retype ID… --to TYPE`
  struct Retype: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make memories of another type.")

    @OptionGroup var shared: SharedOptions
    @OptionGroup var options: ChangeOptions
    @Option(name: .long, help: ArgumentHelp("world, experience or observation.", valueName: "type")) var to: String
    @Argument(help: "Their ids, or the beginnings of them.") var ids: [String]

    func run() async throws {
      try await Curator.run(shared) { curator in
        let file = try curator.file("change types")
        try options.show(
          try await file.changeType(
            of: curator.ids(ids), to: MemoryType(rawValue: to), bankID: curator.bankID, reason: options.reason))
      }
    }
  }

  /// `rearview memory move ID… --to BANK`
  struct Move: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Move memories, or a document, to another bank, with what was said.")

    @OptionGroup var shared: SharedOptions
    @OptionGroup var options: ChangeOptions
    @Option(name: .long, help: ArgumentHelp("Where to; it is made if it is missing.", valueName: "bank")) var to: String
    @Option(name: .long, help: ArgumentHelp("Move all that this document says.", valueName: "id"))
    var document: String?
    @Argument(help: "Their ids, or the beginnings of them.") var ids: [String] = []

    func run() async throws {
      guard (document == nil) != ids.isEmpty else { throw CommandEnd(.usage, "Give ids of memories, or --document.") }
      guard !to.allSatisfy(\.isWhitespace) else { throw CommandEnd(.usage, "--to needs the name of a bank.") }
      try await Curator.run(shared) { curator in
        let file = try curator.file("move memories")
        let change: Change?
        if let document {
          change = try await file.move(document: document, from: curator.bankID, to: to, reason: options.reason)
        } else {
          change = try await file.move(curator.ids(ids), from: curator.bankID, to: to, reason: options.reason)
        }
        try options.show(change)
      }
    }
  }

  /// `rearview memory history ID`
  struct History: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show all that happened to a memory.")

    @OptionGroup var shared: SharedOptions
    @Flag(name: .long, help: "Print one JSON object an entry, one a line.") var json = false
    @Argument(help: "Its id, or the beginning of it.") var id: String

    func run() async throws {
      try await Curator.run(shared, isReading: true) { curator in
        let file = try curator.file("tell a memory's history")
        let history = try await file.history(id: curator.ids([id])[0], bankID: curator.bankID)
        for entry in history {
          if json {
            try Console.line(json: entry)
            continue
          }
          let reason = entry.reason.map { ": \(Console.shown($0))" } ?? ""
          let change = entry.change.map { "  (change \($0)\(entry.isUndone ? ", undone" : ""))" } ?? ""
          Console.line("\(Console.shown(entry.at))  \(entry.action)\(reason)\(change)")
          if entry.before?.text != entry.after.text { Console.line("    \(Console.oneLine(entry.after.text))") }
          if let before = entry.before, before.tags != entry.after.tags {
            Console.line("    tags: \(Console.shown(entry.after.tags.joined(separator: ", ")))")
          }
        }
      }
    }
  }
}

/// Prints a memory that was changed.
private func show(_ memory: Memory, json: Bool, _ done: String) throws {
  if json { return try Console.line(json: memory) }
  Console.line("\(done): \(Console.oneLine(memory.text))")
}
