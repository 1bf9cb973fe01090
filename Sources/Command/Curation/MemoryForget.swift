import ArgumentParser
import Foundation
import Rearview
import RearviewEmbeddedMemory
import RearviewMemory

extension MemoryCommand {
  /// `rearview memory forget ID…`
  struct Forget: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Forget memories, a document or an entity for good, with all that was drawn from them.",
      discussion: """
        It shows what goes and asks; without a terminal it wants --yes. There is no way back: the words go from every \
        table, from the indexes, from the journal of changes, and their bytes from the file. Copies of the file are \
        named and left alone.
        """)

    @OptionGroup var shared: SharedOptions
    @Flag(name: .long, help: "Do not ask.") var yes = false
    @Flag(name: .long, help: "Print what goes, or went, as one JSON object.") var json = false
    @Flag(name: .long, help: "Only show what would go.") var dryRun = false
    @Flag(name: .long, help: "Take the bytes of what was forgotten before from the file.") var sweep = false
    @Option(name: .long, help: ArgumentHelp("Forget all that this document says.", valueName: "id"))
    var document: String?
    @Option(name: .long, help: ArgumentHelp("Forget an entity and all that mentions it.", valueName: "name"))
    var entity: String?
    @Argument(help: "Ids of memories, or the beginnings of them.") var ids: [String] = []

    func run() async throws {
      let given = [document != nil, entity != nil, !ids.isEmpty, sweep].filter { $0 }.count
      guard given == 1 else {
        throw CommandEnd(.usage, "Give ids of memories, or one of --document, --entity and --sweep.")
      }
      guard yes || dryRun || sweep || Console.canAsk else {
        throw CommandEnd(.usage, "Nobody is here to be asked; add --yes to forget, or --dry-run to see what goes.")
      }
      try await Curator.run(shared, isReading: dryRun) { curator in
        let file = try curator.file("forget for good")
        if sweep { return try end(with: try await announced { try await file.sweep() }) }
        let plan = try await file.forgetPreview(target(curator, in: file), bankID: curator.bankID)
        if !json || !yes { try show(plan) }
        if dryRun { return }
        guard !plan.isEmpty else { return Console.line("There is nothing to forget.") }
        guard yes || isConfirmed() else { return Console.line("Nothing was forgotten.") }
        let report = try await announced { try await file.forget(plan) }
        if json { try Console.line(json: report) }
        try end(with: report.remainder)
      }
    }

    private func target(_ curator: Curator, in file: EmbeddedMemory) async throws -> ForgetTarget {
      if let document { return .document(document) }
      if let entity { return .entity(try await curator.entity(entity, in: file).id) }
      return .memories(try await curator.ids(ids))
    }

    /// A large file takes a while.
    private func announced<Value>(_ work: () async throws -> Value) async throws -> Value {
      var progress = ProgressLine()
      progress.show("Writing the memory file anew …")
      defer { progress.end() }
      return try await work()
    }

    private func isConfirmed() -> Bool {
      Console.write("Forget this for good? Type yes: ")
      return readLine()?.trimmingCharacters(in: .whitespaces).lowercased() == "yes"
    }

    private func end(with remainder: String?) throws {
      if let remainder { throw CommandEnd(.failed, "It is forgotten. \(remainder)") }
      if !json { Console.line(sweep ? "The file was written anew." : "It is forgotten.") }
    }

    private func show(_ plan: ForgetPlan) throws {
      if json { return try Console.line(json: plan) }
      Console.line("This goes for good from bank \(Console.shown(plan.bankID)):")
      show(plan.memories, "memory", "memories")
      show(plan.messages, "message, what was said word for word", "messages, what was said word for word")
      show(plan.derived, "memory that was drawn from it", "memories that were drawn from it")
      show(plan.documents, "document that is empty then", "documents that are empty then")
      show(plan.entities, "entity that nothing else mentions", "entities that nothing else mentions")
      show(plan.mentalModels, "mental model's answer", "mental models' answers")
      if plan.journalCount > 0 {
        Console.line(
          "  \(Console.counted(plan.journalCount, "image", "images")) of earlier states: no undo brings it back")
      }
      if plan.vectorCount > 0 { Console.line("  \(Console.counted(plan.vectorCount, "vector", "vectors"))") }
      if plan.rederivedCount > 0 {
        Console.line("  (\(plan.rederivedCount) of them rest on more, and are drawn from that anew)")
      }
      if plan.alikeCount > 0 {
        let those = Console.counted(plan.alikeCount, "memory says", "memories say")
        Console.line("\(those) the same and will stay; look for the words to forget them too.")
      }
      if plan.sourceCount > 0 {
        let those = Console.counted(plan.sourceCount, "memory", "memories")
        Console.line("\(those) that it was drawn from will stay; rearview memory list finds them.")
      }
      for copy in plan.copies { Console.line("Still holds it, and is left alone: \(Console.shown(copy))") }
    }

    private func show(_ sample: ForgetPlan.Sample, _ one: String, _ many: String) {
      guard sample.count > 0 else { return }
      Console.line("  \(Console.counted(sample.count, one, many))")
      for text in sample.texts { Console.line("      \(Console.oneLine(text, limit: 90))") }
      if sample.count > sample.texts.count { Console.line("      … and \(sample.count - sample.texts.count) more") }
    }
  }
}
