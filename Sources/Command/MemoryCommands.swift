import ArgumentParser
import Foundation
import Rearview
import RearviewEngine
import RearviewJSON
import RearviewMemory

/// `rearview bank …`
struct BankCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bank", abstract: "Look at banks, export and import them.",
    subcommands: [List.self, Export.self, Import.self], defaultSubcommand: List.self)

  /// All banks with their counts.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the banks.")

    @OptionGroup var shared: SharedOptions
    @Flag(name: .long, help: "Print one JSON object a line.") var json = false

    func run() async throws {
      let reader = try await shared.openToRead()
      let banks = try await failing { try await reader.store.banks() }
      await reader.close()
      if json {
        for bank in banks { try Console.line(json: bank) }
        return
      }
      guard !banks.isEmpty else {
        Console.line("There is no bank yet; the first message or rearview retain makes one.")
        return
      }
      Console.columns(
        banks.map { bank in
          let documents = bank.documentCount.map { ", " + Console.counted($0, "document", "documents") } ?? ""
          return [bank.id, Console.counted(bank.memoryCount, "memory", "memories") + documents]
        })
    }
  }
}

/// `rearview recall "query"`
struct Recall: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print what a bank recalls for a query, best first.",
    discussion: """
      With --jsonl each line of a file is a request: an object with query, and if need be id, bank_id, budget, \
      max_tokens, types, tags, tags_match, tag_groups, query_timestamp, temporal_window {start, end} and \
      min_scores {final, keyword, semantic}. Each answer is one object on one line, in the order of the requests.
      """)

  @OptionGroup var shared: SharedOptions
  @Flag(name: .long, help: "Print one JSON object a memory, one a line.") var json = false
  @Option(
    name: .long, help: ArgumentHelp("Answer requests, one JSON object a line; - for standard input.", valueName: "file")
  )
  var jsonl: String?
  @Argument(help: "What to look for.") var query: [String] = []

  func run() async throws {
    if let jsonl {
      guard query.isEmpty else { throw CommandEnd(.usage, "Give a query or --jsonl, not both.") }
      return try await answer(jsonl)
    }
    let text = query.joined(separator: " ")
    guard !text.allSatisfy(\.isWhitespace) else { throw CommandEnd(.usage, "The query is empty.") }
    let reader = try await shared.openToRead()
    let settings = reader.configuration.memory
    let bankID = settings.bankID ?? Configuration.defaultBank
    let result = try await failing {
      try await reader.store.recall(
        RecallQuery(
          bankID: bankID, text: text, budget: settings.budget, maxTokens: settings.maxMemoryTokens,
          types: settings.factTypes, tags: settings.tagFilter, includesEntities: settings.includeEntities ?? true,
          timeout: settings.recallTimeoutSeconds.map(Duration.seconds)))
    }
    await reader.close()
    for notice in result.notices { Console.error(notice) }
    let recalled = settings.maxMemories.map { Array(result.memories.prefix($0)) } ?? result.memories
    for item in recalled {
      if json {
        try Console.line(json: item)
      } else {
        let score = item.score.map { String(format: "%.2f  ", $0) } ?? ""
        let lines = Console.shown(item.memory.text).split(separator: "\n", omittingEmptySubsequences: false)
        Console.line("\(score)[\(item.memory.type.label.lowercased())] " + lines.joined(separator: "\n      "))
      }
    }
    if recalled.isEmpty, !json {
      let memories = result.searchedCount.map { $0 == 1 ? ", of 1 memory" : ", of \($0) memories" } ?? ""
      Console.error("Nothing found in bank \(bankID)\(memories).")
    }
  }
}

extension Recall {
  /// Answers each line of a file on a line of its own. A request that cannot be answered gets an object that says why,
  /// and the others theirs.
  fileprivate func answer(_ path: String) async throws {
    var lines = try JSONLines(path)
    let reader = try await shared.openToRead()
    let settings = reader.configuration.memory
    let bankID = settings.bankID ?? Configuration.defaultBank
    var progress = ProgressLine()
    var failures = 0
    var isEnd = false
    while !isEnd {
      do {
        guard let value = try lines.next() else {
          isEnd = true
          continue
        }
        let request = try RecallRequest(value, settings: settings, bankID: bankID)
        let result = try await reader.store.recall(request.query)
        Console.line(json: RecallAnswer(request, result).json)
      } catch {
        failures += 1
        let sentence = (error as? CommandEnd)?.sentence ?? "Line \(lines.line): \(error)"
        Console.line(json: ["error": .text(sentence)])
      }
      if !Console.isTerminal { progress.show("Answered \(lines.line) requests\(share(lines)) …") }
    }
    progress.end()
    await reader.close()
    if failures > 0 {
      throw CommandEnd(.failed, "\(failures) of the requests could not be answered; their lines say why.")
    }
  }
}

/// How much of a file was read, ` (34 %)`.
private func share(_ lines: JSONLines) -> String {
  lines.byteCount.map { " (\(min(100, 100 * lines.bytesRead / $0)) %)" } ?? ""
}

/// `rearview reflect "question"`
struct Reflect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let memory answer a question.",
    discussion: "A store without a language model answers with an extract of the best memories.")

  @OptionGroup var shared: SharedOptions
  @Flag(name: .long, help: "Print one JSON object.") var json = false
  @Argument(help: "The question.") var query: [String]

  func run() async throws {
    let text = query.joined(separator: " ")
    guard !text.allSatisfy(\.isWhitespace) else { throw CommandEnd(.usage, "The question is empty.") }
    let reader = try await shared.openToRead()
    let settings = reader.configuration.memory
    let bankID = settings.bankID ?? Configuration.defaultBank
    let reflection = try await failing {
      try await reader.store.reflect(
        ReflectQuery(
          bankID: bankID, text: text, budget: settings.budget, context: settings.reflectContext,
          responseSchema: settings.reflectResponseSchema, includesFacts: settings.reflectIncludeFacts,
          tags: settings.tagFilter, timeout: .seconds(settings.reflectTimeoutSeconds)))
    }
    await reader.close()
    if json { return try Console.line(json: reflection) }
    if let fault = reflection.trace?["fault"]?.text {
      Console.error("No model reflected on this, so it is an extract: \(fault)")
    }
    if !reflection.text.isEmpty { Console.line(Console.shown(reflection.text)) }
    if let output = reflection.structuredOutput { Console.line(Console.shown(output.written(indent: 2))) }
    if reflection.text.isEmpty { Console.error("Bank \(bankID) has nothing on this.") }
  }
}

/// `rearview retain "text"`
struct Retain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Keep a text in a bank.",
    discussion: """
      Without a text, or with -, it is read from standard input. With --jsonl each line of a file is an item: an object \
      with content, and if need be timestamp (ISO 8601, or "unset"), document_id, context, tags, metadata, entities, \
      update_mode (append or replace) and bank_id. Items that are there already change nothing, so that a run that was \
      stopped can be run again.
      """)

  @OptionGroup var shared: SharedOptions
  @Option(
    name: .long, help: ArgumentHelp("Keep items, one JSON object a line; - for standard input.", valueName: "file"))
  var jsonl: String?
  @Argument(help: "What to keep.") var text: [String] = []

  func run() async throws {
    if let jsonl {
      guard text.isEmpty else { throw CommandEnd(.usage, "Give a text or --jsonl, not both.") }
      return try await keep(jsonl)
    }
    var text = text.joined(separator: " ")
    if self.text.isEmpty || self.text == ["-"] {
      guard self.text == ["-"] || isatty(STDIN_FILENO) == 0 else {
        throw CommandEnd(.usage, "There is no text; write it after retain, or send it to standard input.")
      }
      text = try Console.standardInput()
    }
    guard !text.allSatisfy(\.isWhitespace) else {
      throw CommandEnd(.usage, "The text is empty; there is nothing to keep.")
    }
    let client = try await shared.open()
    let settings = client.configuration.memory
    let bankID = settings.bankID ?? Configuration.defaultBank
    if let problem = await client.setUpBank() { Console.error(problem) }
    let turn = RetainTurn(
      bankID: bankID, turnID: UUID().uuidString.lowercased(), documentID: settings.groupID,
      messages: [RetainedMessage(speaker: .note, text: text, saidAt: Date())], context: "retain:rearview",
      metadata: ["source": "rearview"], tags: settings.tags)
    let retained = try await failing {
      try await client.store.retain(turn, timeout: .seconds(settings.retainTimeoutSeconds))
    }
    await client.close()
    let rest = retained == .processing ? "; the server still works on it" : ""
    Console.line("Kept in bank \(Console.shown(bankID))\(rest).")
  }
}

extension Retain {
  /// Items that are written at once: enough to make the disk's wait small, few enough to stop soon.
  private static let batchSize = 256

  /// Keeps each line of a file. Stops at the first that cannot be kept, with those before it kept; Ctrl-C stops after
  /// the items that are being written.
  fileprivate func keep(_ path: String) async throws {
    var lines = try JSONLines(path)
    let client = try await shared.open()
    let settings = client.configuration.memory
    let bankID = settings.bankID ?? Configuration.defaultBank
    if let problem = await client.setUpBank() { Console.error(problem) }
    let interrupt = Interrupt {}
    var progress = ProgressLine()
    var kept = 0
    var problem: (any Error)?
    var isEnd = false
    while !isEnd, problem == nil, !interrupt.happened {
      var batch: [RetainTurn] = []
      while batch.count < Self.batchSize, problem == nil {
        do {
          guard let value = try lines.next() else {
            isEnd = true
            break
          }
          var turn = try RetainItem(value).turn(bankID: bankID, now: Date())
          if turn.tags.isEmpty { turn.tags = settings.tags }
          batch.append(turn)
        } catch {
          problem = (error as? CommandEnd) ?? CommandEnd(.failed, "Line \(lines.line): \(error).")
        }
      }
      do {
        if !batch.isEmpty { try await client.store.retain(batch) }
        kept += batch.count
      } catch {
        problem = CommandEnd(.failed, "\(error)")
      }
      progress.show("Kept \(kept) items\(share(lines)) …")
    }
    progress.end()
    await client.close()
    let done = "Kept \(Console.counted(kept, "item", "items"))"
    if let problem {
      throw CommandEnd(.failed, "\(CommandEnd(problem).sentence) \(done) before it; mend that and run it again.")
    }
    if interrupt.happened, !isEnd { throw CommandEnd(.interrupted, "\(done); run it again to go on.") }
    Console.line("\(done).")
  }
}

/// Runs what may fail with a sentence for people.
func failing<Value: Sendable>(_ work: () async throws -> Value) async throws -> Value {
  do {
    return try await work()
  } catch {
    throw CommandEnd(error)
  }
}

extension Console {
  static func line(json value: JSONValue) { line(value.written()) }

  static func line(json value: some Encodable) throws {
    line(String(decoding: try JSONEncoder.record.encode(value), as: UTF8.self))
  }
}
