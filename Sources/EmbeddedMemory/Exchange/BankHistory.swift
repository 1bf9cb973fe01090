import GRDB

/// Which entries of the journal and which changes belong to a bank's part of an export. Of a memory that was moved they
/// come with it: also those that were made in another bank.
enum BankHistory {
  /// Their numbers: the entries that name a row of the bank.
  static let entries =
    ([
      """
      SELECT entry.seq FROM memory CROSS JOIN journal AS entry INDEXED BY journal_uid
      WHERE memory.id BETWEEN :first AND :last AND entry.uid = memory.uid
      """
    ]
    + ExchangeTable.all.filter { $0.hasUID && $0.name != "memory" }.map { table in
      """
      SELECT entry.seq FROM \(table.name) CROSS JOIN journal AS entry INDEXED BY journal_uid
      WHERE \(table.name).\(table.name == "bank" ? "id" : "bank") = :bank AND entry.uid = \(table.name).uid
      """
    }).joined(separator: " UNION ")

  /// Their numbers: the changes of the bank, those that the entries are parts of, and what undid these.
  static let changes = """
    WITH named (id) AS (
      SELECT id FROM change_group WHERE bank = :bank UNION SELECT id FROM change_group WHERE other_bank = :bank
      UNION SELECT change_group FROM journal WHERE seq IN (\(entries)) AND change_group NOTNULL)
    SELECT id FROM named
    UNION SELECT undone_by FROM change_group WHERE id IN (SELECT id FROM named) AND undone_by NOTNULL
    """

  static func arguments(bank: Int64) -> StatementArguments {
    let ids = MemorySchema.memoryIDs(ofBank: bank)
    return ["bank": bank, "first": ids.lowerBound, "last": ids.upperBound]
  }
}
