import GRDB

/// Takes what a document holds out of it and out of recall, inside a transaction: nothing is deleted, and what was also
/// said elsewhere stays.
enum DocumentRetirement {
  /// - Parameter reason: Why, as the memories keep it.
  /// - Returns: The memories that left recall.
  @discardableResult
  static func retire(_ document: Int64, reason: String, now: Int64, in database: Database) throws -> [Int64] {
    try database.cachedStatement(sql: "UPDATE message SET is_replaced = 1 WHERE document = ? AND is_replaced = 0")
      .execute(arguments: [document])
    let memories = try Int64.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT id FROM memory WHERE state = 0 AND id IN (
            SELECT source.memory FROM source JOIN message ON message.id = source.message WHERE message.document = ?
          ) AND NOT EXISTS (
            SELECT 1 FROM source JOIN message ON message.id = source.message
            WHERE source.memory = memory.id AND message.is_replaced = 0
          )
          """), arguments: [document])
    try database.cachedStatement(
      sql: """
        UPDATE memory SET state = 1, state_reason = ?, updated = max(updated, ?)
        WHERE id IN (SELECT value FROM json_each(?))
        """
    ).execute(arguments: [reason, now, jsonList(memories)])
    return memories
  }
}
