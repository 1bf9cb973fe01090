import ArgumentParser
import Foundation
import Rearview
import RearviewJSON

/// `rearview providers`
struct Providers: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the providers: which are ready, and what the others lack.",
    discussion: """
      Without --all only those that are ready or set up. --check asks each ready one for one word; that costs next to \
      nothing, and its exit status is 1 when one of them failed.
      """)

  @OptionGroup var shared: SharedOptions
  @Flag(name: .long, help: "Print every provider that there is.") var all = false
  @Flag(name: .long, help: "Ask each ready one for one word.") var check = false
  @Flag(name: .long, help: "Print one JSON object a line.") var json = false
  @Argument(help: "Only these, by what stands before the slash of a model's name.") var names: [String] = []

  func run() async throws {
    let client = try await shared.openWithoutRecovery()
    let statuses = client.providerStatuses()
    if let unknown = names.first(where: { name in !statuses.contains { $0.id == name } }) {
      throw CommandEnd(.usage, "There is no provider \(unknown); rearview providers --all lists them.")
    }
    let known = await client.models()
    let rows = statuses.filter { names.isEmpty || names.contains($0.id) }.map { status in
      Row(status: status, answers: Self.answers(status, known))
    }
    let isWhole = all || !names.isEmpty
    let ready = rows.filter(\.isReady)
    let others = rows.filter { !$0.isReady }
    let shown = ready + others.filter { $0.status.isSetUp } + (isWhole ? others.filter { !$0.status.isSetUp } : [])
    let checks = check ? await Self.check(ready, with: client, known: known) : [:]
    await client.close()
    if json {
      for row in shown { Console.line(row.json(checks[row.status.id]).written()) }
    } else if shown.isEmpty {
      Console.line("No provider is set up; \(RearviewClient.modelHint)")
    } else {
      for line in Console.table(shown.map { $0.columns(checks[$0.status.id]) }) { Console.line(line) }
    }
    // One that was asked for by name and cannot be asked has failed too.
    let isLacking = check && !names.isEmpty && !others.isEmpty
    if isLacking || checks.values.contains(where: { $0.failure != nil }) { throw CommandEnd(.failed) }
  }

  /// Whether a server told its models.
  private static func answers(_ status: ProviderStatus, _ known: [ModelDescription]) -> Bool {
    known.contains { $0.origin == .found && $0.name.hasPrefix(status.id + "/") }
  }

  private static func check(
    _ rows: [Row], with client: RearviewClient, known: [ModelDescription]
  ) async -> [String: ProviderCheck] {
    await withTaskGroup(of: (String, ProviderCheck).self) { group in
      for row in rows {
        group.addTask { (row.status.id, await client.check(provider: row.status.id, known: known)) }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
  }

  private struct Row {
    let status: ProviderStatus
    let answers: Bool

    /// A server on this machine that nobody named and that does not answer is not there.
    var isReady: Bool {
      switch status.kind {
      case .local, .gateway: status.isReady && (status.isSetUp || answers)
      case .configured, .hosted: status.isReady
      }
    }

    func columns(_ check: ProviderCheck?) -> [String] {
      let state = check?.failure != nil ? "FAIL" : isReady ? "ok" : "lacks"
      return [state, Console.shown(status.id), Console.shown(status.title), Console.shown(fact(check))]
    }

    private func fact(_ check: ProviderCheck?) -> String {
      if let failure = check?.failure { return failure }
      if let check { return "\(Int(check.milliseconds.rounded())) ms, \(check.model ?? "")" }
      if let lacks = status.lackSentence { return lacks }
      return isReady ? status.shownURL ?? "" : "No server answers at \(status.shownURL ?? "its usual address")."
    }

    func json(_ check: ProviderCheck?) -> JSONValue {
      var object: JSONObject = [
        "id": .text(status.id), "title": .text(status.title), "kind": .text(status.kind.rawValue),
        "protocol": .text(status.wire), "is_ready": .boolean(isReady), "is_set_up": .boolean(status.isSetUp),
      ]
      if let url = status.shownURL { object["base_url"] = .text(url) }
      if let lacks = status.lacks { object["lacks"] = .text(lacks) }
      if let check {
        var result: JSONObject = ["is_ok": .boolean(check.failure == nil)]
        if let model = check.model { result["model"] = .text(model) }
        if let failure = check.failure {
          result["error"] = .text(failure)
        } else {
          result["milliseconds"] = .integer(Int(check.milliseconds.rounded()))
        }
        object["check"] = .object(result)
      }
      return .object(object)
    }
  }
}
