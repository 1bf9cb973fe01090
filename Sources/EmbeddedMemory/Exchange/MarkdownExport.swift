import Foundation
import GRDB
import RearviewMemory

/// Writes banks as Markdown for people: what was said, by day and conversation, then what was derived from it.
struct MarkdownExport {
  private let database: Database
  private let timeZone: TimeZone
  private var output: ExchangeOutput
  private var summary = ExchangeSummary()

  init(_ database: Database, timeZone: TimeZone, output: ExchangeOutput) {
    self.database = database
    self.timeZone = timeZone
    self.output = output
  }

  mutating func write(_ banks: [BankExport.Bank]) throws -> ExchangeSummary {
    for bank in banks {
      summary.banks.append(bank.name)
      try line("# \(Self.plain(bank.name))")
      try writeConversations(of: bank)
      try writeDerived("Facts", origin: "extract", of: bank)
      try writeDerived("Observations", origin: "observe", of: bank)
    }
    try output.flush()
    return summary
  }

  private mutating func line(_ text: String) throws { try output.write(Array((text + "\n").utf8)) }

  /// The messages by time; a heading for each day, and one for each conversation of it.
  private mutating func writeConversations(of bank: BankExport.Bank) throws {
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT said.said_at, said.is_undated, CAST(document.key AS BLOB), message.speaker, CAST(message.text AS BLOB)
        FROM (SELECT id, said_at, is_undated, document FROM message WHERE bank = ? AND is_replaced = 0
              ORDER BY is_undated, said_at, id LIMIT -1) AS said
          CROSS JOIN message ON message.id = said.id JOIN document ON document.id = message.document
        """, arguments: [bank.row])
    var (day, document) = ("", "")
    while let row = try rows.next() {
      let time = date(milliseconds: row[0])
      let isUndated: Bool = row[1]
      let thisDay = isUndated ? "Without a date" : time.formatted(style.year().month().day())
      let thisDocument = MemoryRow.text(row[2]) ?? ""
      if thisDay != day {
        try Task.checkCancellation()
        try line("\n## \(thisDay)")
        (day, document) = (thisDay, "")
      }
      if thisDocument != document {
        try line("### \(Self.plain(thisDocument))")
        document = thisDocument
      }
      let clock = isUndated ? "" : " " + time.formatted(style.time(includingFractionalSeconds: false)).prefix(5)
      try line("**\(row[3] as String)**\(clock)\n\n\(Self.quoted(MemoryRow.text(row[4]) ?? ""))")
      summary.rows["message", default: 0] += 1
    }
  }

  private var style: Date.ISO8601FormatStyle { Date.ISO8601FormatStyle(timeZone: timeZone) }

  private mutating func writeDerived(_ title: String, origin: String, of bank: BankExport.Bank) throws {
    let ids = MemorySchema.memoryIDs(ofBank: bank.row)
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT CAST(text AS BLOB), said_at, proof FROM memory
        WHERE id BETWEEN ? AND ? AND +origin = ? AND +state = 0 ORDER BY id
        """, arguments: [ids.lowerBound, ids.upperBound, origin])
    var isFirst = true
    while let row = try rows.next() {
      if isFirst { try line("\n## \(title)") }
      isFirst = false
      let said = (row[1] as Int64?).map { " (\(date(milliseconds: $0).formatted(style.year().month().day())))" } ?? ""
      try output.write(Array(("- " + Self.plain(MemoryRow.text(row[0]) ?? "") + said).utf8))
      summary.rows["memory", default: 0] += 1
    }
    if !isFirst { try line("") }
  }

  /// On one line.
  private static func plain(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  /// As a quotation, so that a heading in a message is none of the file's.
  private static func quoted(_ text: String) -> String {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { $0.isEmpty ? ">" : "> \($0)" }
      .joined(separator: "\n")
  }
}

extension EmbeddedMemory {
  /// Writes a bank, or all banks, as Markdown for people: conversations by day, then facts and observations. What was
  /// invalidated or replaced is left out, and nothing reads it back.
  ///
  /// - Throws: `ExchangeError`, `MemoryStoreError`.
  @discardableResult
  public func exportMarkdown(id: String?, to path: String) async throws -> ExchangeSummary {
    try await UnfinishedFile.write(path) { try await exportMarkdown(id: id, toDescriptor: $0, name: path) }
  }

  /// As `exportMarkdown(id:to:)`, to a descriptor that is open for writing and stays open.
  @discardableResult
  public func exportMarkdown(
    id: String?, toDescriptor descriptor: Int32, name: String = "standard output"
  ) async throws -> ExchangeSummary {
    try await read { [timeZone] database in
      let banks = try BankExport.Bank.find(id, in: database)
      if let id, banks.isEmpty { throw ExchangeError.noSuchBank(id) }
      var export = MarkdownExport(
        database, timeZone: timeZone, output: ExchangeOutput(descriptor: descriptor, path: name))
      return try export.write(banks)
    }
  }
}
