import Foundation
import GRDB
import RearviewMemory

extension EmbeddedMemory {
  /// What a reflection quotes at most.
  private static let quoteLimit = 10

  /// An extract: the best memories on the question, word for word, with their dates. Nothing is put together, and a
  /// schema cannot be filled, since no model is at work here; `isExtract` says so.
  public func reflect(_ query: ReflectQuery) async throws -> Reflection {
    let found = try await recall(
      RecallQuery(bankID: query.bankID, text: query.text, budget: query.budget, tags: query.tags))
    let best = found.memories.prefix(Self.quoteLimit).map(\.memory)
    guard !best.isEmpty else { return Reflection(text: "", basedOn: [], isExtract: true) }
    let quotes = best.map { memory in
      let date = memory.mentionedAt.map { " (said \(day($0)))" } ?? ""
      return "- " + memory.text.indentingLines(by: "  ") + date
    }
    return Reflection(
      text: "Extract of memory, word for word:\n" + quotes.joined(separator: "\n"), basedOn: Array(best),
      isExtract: true)
  }

  private func day(_ date: Date) -> String {
    date.formatted(Date.ISO8601FormatStyle(timeZone: timeZone).year().month().day())
  }
}
