import Foundation
import GRDB
import RearviewMemory

extension EmbeddedMemory {
  /// Keeps a bank's name for people and its mission; the bank is made if it is missing.
  public func setBank(id: String, name: String?, mission: String?, timeout: Duration?) async throws {
    try await write { [now] database in
      let bank = try BankRow.find(id, in: database)?.id ?? TurnWriter.insertBank(id, now: now, in: database)
      try database.execute(
        sql: """
          UPDATE bank SET title = coalesce(CAST(? AS TEXT), title), mission = coalesce(CAST(? AS TEXT), mission),
            updated = ? WHERE id = ?
          """, arguments: [name?.blob, mission?.blob, now, bank])
    }
  }

  /// The messages of a document as one text, in the order in which they were retained.
  public func documentText(id: String, bankID: String) async throws -> String? {
    try await read { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT message.speaker, CAST(message.text AS BLOB) AS text, message.said_at, message.is_cut
          FROM message JOIN document ON document.id = message.document JOIN bank ON bank.id = document.bank
          WHERE bank.name = CAST(? AS TEXT) AND document.key = CAST(? AS TEXT) AND message.is_replaced = 0
          ORDER BY message.id
          """, arguments: [bankID.blob, id.blob])
      guard !rows.isEmpty else { return nil }
      return RetainedMessage.text(
        of: rows.map { row in
          RetainedMessage(
            speaker: RetainedMessage.Speaker(rawValue: row["speaker"]) ?? .note,
            text: MemoryRow.text(row["text"]) ?? "",
            saidAt: date(milliseconds: row["said_at"]), isCut: row["is_cut"])
        })
    }
  }
}
