import ArgumentParser
import Foundation
import Rearview
import RearviewInterface
import RearviewJSON

/// `rearview models`
struct Models: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the models that can be asked.",
    discussion: """
      Models of the configuration and of servers that answer come first; with a filter or --all, those of the table \
      too. Context, prices (US dollars for a million tokens in/out) and the marks R (reasons) and V (sees images) are \
      the table's word, an estimate. What a provider lacks that is not set up, rearview providers --all tells.
      """)

  @OptionGroup var shared: SharedOptions
  @Flag(name: .long, help: "Print one JSON object a line.") var json = false
  @Flag(name: .long, help: "Print the models of the table too.") var all = false
  @Flag(name: .long, help: "Ask providers for their lists anew.") var refresh = false
  @Argument(help: "Only models whose name or provider has these words.") var filter: [String] = []

  func run() async throws {
    let client = try await shared.openWithoutRecovery()
    let listing = Listing(
      models: await client.models(refresh: refresh), providers: client.providerStatuses(),
      favourites: client.marks.read().favourites, current: client.model)
    await client.close()
    let shown = listing.models(having: filter, all: all)
    if json {
      for model in shown { Console.line(listing.json(of: model).written()) }
      return
    }
    guard !shown.isEmpty else {
      throw CommandEnd(.failed, "No model has \(filter.joined(separator: " ")) in its name.")
    }
    for line in listing.table(of: shown, hasHead: Console.isTerminal) { Console.line(line) }
    let rest = listing.models.count - shown.count
    if Console.isTerminal, filter.isEmpty, rest > 0 {
      Console.line("\(rest) more are known: a word filters them, --all lists them.")
    }
  }

  /// What is listed, and what is said of it.
  private struct Listing {
    let models: [ModelDescription]
    let providers: [String: ProviderStatus]
    let favourites: [String]
    let current: String

    init(models: [ModelDescription], providers: [ProviderStatus], favourites: [String], current: String) {
      self.models = models
      self.providers = Dictionary(providers.map { ($0.id, $0) }) { first, _ in first }
      self.favourites = favourites
      self.current = current
    }

    func models(having words: [String], all: Bool) -> [ModelDescription] {
      let words = words.flatMap { $0.lowercased().split(whereSeparator: \.isWhitespace) }
      let fitting = models.filter { model in
        let text = (model.name + " " + model.provider).lowercased()
        return words.allSatisfy { text.contains($0) }
      }
      let present = fitting.filter { $0.origin != .table }
      guard all || !words.isEmpty else { return present }
      let table = fitting.filter { $0.origin == .table }
      return present + table.filter { lacks($0) == nil } + table.filter { lacks($0) != nil }
    }

    private func lacks(_ model: ModelDescription) -> String? {
      model.name.firstIndex(of: "/").flatMap { providers[String(model.name[..<$0])]?.lacks(for: model) }
    }

    private func note(on model: ModelDescription) -> String {
      var notes = model.name == current ? ["in use"] : []
      if favourites.contains(model.name) { notes.append("favourite") }
      if let detail = model.detail, !detail.isEmpty { notes.append(detail) }
      let ending = ModelFacts(model).ending(Date())
      if !ending.isEmpty { notes.append(ending) }
      if lacks(model) != nil { notes.append("not set up") }
      return notes.joined(separator: ", ")
    }

    func table(of models: [ModelDescription], hasHead: Bool) -> [String] {
      let rows = models.map { model in
        let facts = ModelFacts(model)
        return [Console.shown(model.name), facts.context, facts.price, facts.marks, Console.shown(note(on: model))]
      }
      return Console.table(
        (hasHead ? [["model", "context", "$/M in/out", "", ""]] : []) + rows, rightAligned: [1, 2])
    }

    func json(of model: ModelDescription) -> JSONValue {
      var object: JSONObject = [
        "name": .text(model.name), "provider": .text(model.provider), "origin": .text(model.origin.rawValue),
      ]
      func add(_ name: String, _ value: JSONValue?) { if let value { object[name] = value } }
      add("detail", model.detail.map(JSONValue.text))
      add("context_window", model.contextWindow.map(JSONValue.integer))
      add("max_output", model.maxOutput.map(JSONValue.integer))
      add("input_price", model.inputPrice.map(JSONValue.number))
      add("output_price", model.outputPrice.map(JSONValue.number))
      add("cached_input_price", model.cachedInputPrice.map(JSONValue.number))
      add("has_tiered_price", model.hasTieredPrice ? true : nil)
      add("reasons", model.reasons.map(JSONValue.boolean))
      add("sees_images", model.seesImages.map(JSONValue.boolean))
      add("calls_tools", model.callsTools.map(JSONValue.boolean))
      add("ends_on", model.endsOn.map(JSONValue.text))
      add("lacks", lacks(model).map(JSONValue.text))
      add("is_favourite", favourites.contains(model.name) ? true : nil)
      return .object(object)
    }
  }
}

extension Console {
  /// Columns as wide as their widest text, two blanks apart.
  static func table(_ rows: [[String]], rightAligned: Set<Int> = []) -> [String] {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (column, text) in row.enumerated() where widths[column] > 0 {
        let pad = String(repeating: " ", count: widths[column] - text.count)
        line += (line.isEmpty ? "" : "  ") + (rightAligned.contains(column) ? pad + text : text + pad)
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
