import Foundation
import GRDB
import RearviewMemory

/// A fact with the places in the messages where its quotes really stand.
struct CheckedFact: Sendable {
  struct Source: Hashable, Sendable {
    var message: Int64
    /// In bytes of UTF-8 of the whole message.
    var span: Range<Int>
  }

  let fact: ExtractedFact
  /// In messages that were to be read.
  let sources: [Source]
  /// Whether a quote stands in a message that was read before.
  let isRepeated: Bool

  /// A quote is looked for in the message that it names; where it names none, or one that is not there, in all.
  init(_ fact: ExtractedFact, numbered: [Int: (passage: ExtractionWindow.Passage, isNew: Bool)]) {
    self.fact = fact
    var sources: [Source] = []
    var isRepeated = false
    for quote in fact.quotes {
      let named = numbered[quote.message].map { [$0] }
      for (passage, isNew) in named ?? numbered.sorted(by: { $0.key < $1.key }).map(\.value) {
        guard let span = QuotedText(passage.text).span(of: quote.text) else { continue }
        if isNew {
          let source = Source(
            message: passage.message, span: span.lowerBound + passage.offset..<span.upperBound + passage.offset)
          if !sources.contains(source) { sources.append(source) }
        } else {
          isRepeated = true
        }
        break
      }
    }
    self.sources = sources
    self.isRepeated = isRepeated
  }
}

/// Writes the facts of one window, inside a transaction.
struct FactWriter {
  let bank: Int64
  let document: Int64
  let window: ExtractionWindow
  let now: Int64
  let timeZone: TimeZone
  let database: Database

  /// What became of a fact; the words under which they are counted.
  enum Outcome: String, CaseIterable {
    case facts
    /// It was there already, from these words or from others.
    case repeated
    /// None of its quotes stands in a message.
    case droppedQuotes = "dropped_quotes"
    /// It stands on words whose memory was invalidated or corrected, or was itself invalidated.
    case withdrawn
  }

  func write(_ checked: CheckedFact) throws -> Outcome {
    guard !checked.sources.isEmpty else { return checked.isRepeated ? .repeated : .droppedQuotes }
    let sources = checked.sources.filter { !isWithdrawn($0) }
    guard let first = sources.first else { return .withdrawn }
    if let outcome = try sameFromTheseMessages(checked.fact, sources) { return outcome }
    if let known = try sameFromElsewhere(checked.fact) {
      for source in sources { try add(source, to: known) }
      try database.cachedStatement(
        sql: "UPDATE memory SET proof = proof + 1, consolidated = NULL, updated = max(updated, ?) WHERE id = ?"
      ).execute(arguments: [now, known])
      return .repeated
    }
    let memory = try DerivedMemory(
      origin: .extract, type: checked.fact.type, text: checked.fact.text, metadata: ["kind": checked.fact.kind],
      tags: window.tags, context: window.context, entities: checked.fact.entities,
      saidAt: window.passages.first { $0.message == first.message }?.saidAt,
      occurredStart: checked.fact.occurredStart, occurredEnd: checked.fact.occurredEnd, message: first.message,
      document: document
    ).insert(bank: bank, now: now, timeZone: timeZone, in: database)
    for source in sources { try add(source, to: memory) }
    return .facts
  }

  private func isWithdrawn(_ source: CheckedFact.Source) -> Bool {
    window.passages.contains { passage in
      passage.message == source.message && passage.withdrawn.contains { $0.overlaps(source.span) }
    }
  }

  /// Never the same fact twice from the same words, and never again one that was invalidated.
  private func sameFromTheseMessages(_ fact: ExtractedFact, _ sources: [CheckedFact.Source]) throws -> Outcome? {
    let normalized = NormalizedText(fact.text)
    let messages = Set(sources.map(\.message)).map(String.init).joined(separator: ", ")
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT CAST(text AS BLOB) AS text, state FROM memory
        WHERE bank = ? AND text_hash = ? AND origin = 'extract'
          AND EXISTS (SELECT 1 FROM source WHERE source.memory = memory.id AND source.message IN (\(messages)))
        """, arguments: [bank, normalized.hash])
    let same = rows.first { NormalizedText(MemoryRow.text($0["text"]) ?? "") == normalized }
    return same.map { $0["state"] as Int == 0 ? .repeated : .withdrawn }
  }

  private func sameFromElsewhere(_ fact: ExtractedFact) throws -> Int64? {
    let normalized = NormalizedText(fact.text)
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT id, CAST(text AS BLOB) AS text FROM memory
          WHERE bank = ? AND text_hash = ? AND type = ? AND origin = 'extract' AND state = 0 AND tags IS ?
          """), arguments: [bank, normalized.hash, fact.type.rawValue, window.tags])
    return rows.first { NormalizedText(MemoryRow.text($0["text"]) ?? "") == normalized }?["id"]
  }

  private func add(_ source: CheckedFact.Source, to memory: Int64) throws {
    try database.cachedStatement(
      sql: "INSERT OR IGNORE INTO source (memory, message, span_start, span_end) VALUES (?, ?, ?, ?)"
    ).execute(arguments: [memory, source.message, source.span.lowerBound, source.span.upperBound])
  }
}
