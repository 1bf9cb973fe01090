import ArgumentParser
import Foundation
import Rearview
import RearviewEmbeddedMemory

/// `rearview document …`
struct DocumentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "document", abstract: "Look at the documents of a bank (a chat is one), and delete them.",
    subcommands: [List.self, Delete.self], defaultSubcommand: List.self)

  /// `rearview document list`
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the documents, the last made first.")

    @OptionGroup var shared: SharedOptions
    @Flag(name: .long, help: "Print one JSON object a document, one a line.") var json = false
    @Option(name: .long, help: ArgumentHelp("At most so many.", valueName: "count")) var limit = 50
    @Argument(help: "Only those whose id holds this.") var filter: String = ""

    func run() async throws {
      guard limit > 0 else { throw CommandEnd(.usage, "--limit needs a number above 0.") }
      try await Curator.run(shared, isReading: true) { curator in
        let file = try curator.file("list documents here")
        let page = try await file.documents(bankID: curator.bankID, filter: filter, limit: limit)
        if json { return try page.documents.forEach { try Console.line(json: $0) } }
        Console.columns(
          page.documents.map { document in
            let counts =
              document.isDeleted
              ? "deleted"
              : Console.counted(document.messageCount, "message", "messages") + ", "
                + Console.counted(document.memoryCount, "memory", "memories")
            return [document.id, Console.shown(document.lastSaidAt ?? document.createdAt), counts]
          })
        if page.documents.isEmpty {
          Console.noneFound("document", "documents", of: curator.bankID, isFiltered: !filter.isEmpty)
        }
        if page.next != nil { Console.error("There are more; raise --limit.") }
      }
    }
  }

  /// `rearview document delete ID`
  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Delete a document: its text and its memories leave recall.",
      discussion: "It can be taken back with rearview undo. To forget it for good: rearview memory forget --document.")

    @OptionGroup var shared: SharedOptions
    @OptionGroup var options: ChangeOptions
    @Argument(help: "Its id.") var id: String

    func run() async throws {
      try await Curator.run(shared) { curator in
        let file = try curator.file("delete documents here")
        try options.show(try await file.deleteDocument(id: id, bankID: curator.bankID, reason: options.reason))
      }
    }
  }
}
