import Foundation
import GRDB
import RearviewMemory

extension EmbeddedMemory {
  /// Moves memories to another bank, which is made if it is missing; they keep their ids. `MemoryMove` tells what comes
  /// along. It is one change, of both banks.
  ///
  /// - Returns: `nil` when they are there already.
  /// - Throws: `MemoryStoreError.noSuchMemory`; nothing is moved then.
  @discardableResult
  public func move(
    _ ids: [String], from bankID: String, to target: String, reason: String? = nil
  ) async throws -> Change? {
    guard !ids.isEmpty else { throw CurationError.nothingGiven("memory") }
    guard bankID != target else { return nil }
    return try await write { [now] database in
      let memories = try StoredMemory.all(ids, bankID: bankID, in: database)
      guard let from = try BankRow.find(bankID, in: database)?.id else { return nil }
      let to = try BankRow.find(target, in: database)?.id ?? TurnWriter.insertBank(target, now: now, in: database)
      let writer = ChangeWriter(
        action: "move", subject: "memory", reason: reason, bank: from, otherBank: to, now: now, database: database)
      return try writer.run(targets: memories) {
        var move = MemoryMove(from: from, to: to, now: now, in: database)
        try move.move(memories.map(\.row))
      }.change
    }
  }

  /// Moves a document with all that it says to another bank, which is made if it is missing. What was said elsewhere
  /// too stays there, and is a memory of its own in the other bank.
  ///
  /// - Throws: `CurationError.noSuchDocument`.
  @discardableResult
  public func move(
    document id: String, from bankID: String, to target: String, reason: String? = nil
  ) async throws -> Change? {
    guard bankID != target else { return nil }
    return try await write { [now] database in
      let (from, document) = try DocumentRow.find(id, bankID: bankID, in: database)
      let to = try BankRow.find(target, in: database)?.id ?? TurnWriter.insertBank(target, now: now, in: database)
      let writer = ChangeWriter(
        action: "move", subject: "document", reason: reason, bank: from, otherBank: to, now: now, database: database)
      let change = try writer.run(count: 1) {
        var move = MemoryMove(from: from, to: to, now: now, in: database)
        try move.move(document: document)
      }.change
      let there = try DocumentRow.find(id, bankID: target, in: database).document
      try database.execute(
        sql: """
          UPDATE job SET state = 'cancelled', error = 'Its document was moved.', owner = NULL, lease_until = NULL
          WHERE bank = ? AND kind = 'extract' AND key = ? AND state IN ('pending', 'running', 'limit_reached')
          """, arguments: [from, "document:\(document)"])
      try Work.enqueueAfterRetain(bank: to, document: there, now: now, in: database)
      return change
    }
  }
}

extension MemoryMove {
  /// Moves all that a document says. A memory that was said elsewhere too is parted: one for each bank.
  mutating func move(document: Int64) throws {
    let there = try Row.fetchAll(
      database,
      sql: """
        SELECT memory.id, memory.origin, EXISTS (
          SELECT 1 FROM source AS other JOIN message AS place ON place.id = other.message
          WHERE other.memory = memory.id AND place.document <> :document) AS is_elsewhere
        FROM memory WHERE id IN (
          SELECT source.memory FROM message JOIN source ON source.message = message.id
          WHERE message.document = :document
          UNION SELECT id FROM memory INDEXED BY memory_document WHERE document = :document)
        ORDER BY memory.id
        """, arguments: ["document": document])
    var memories: [Int64] = []
    for row in there {
      let memory = row["id"] as Int64
      guard row["is_elsewhere"] else {
        memories.append(memory)
        continue
      }
      let isSaid = (row["origin"] as String?) == nil
      let copy = isSaid ? try part(memory, document: document) : nil
      try stay(memory, apartFrom: document)
      if let copy { memories.append(copy) }
    }
    try move(memories)
    // What no memory stands on any more: those of it were forgotten.
    for message in try Int64.fetchAll(
      database, sql: "SELECT id FROM message WHERE document = ? ORDER BY id", arguments: [document])
    {
      try moveMessage(message)
    }
  }

  /// Makes a memory of what a document said of one that was said elsewhere too.
  private func part(_ memory: Int64, document: Int64) throws -> Int64 {
    let columns = try String.fetchAll(database, sql: "SELECT name FROM pragma_table_info('memory')")
    let new = try Int64.fetchOne(database, sql: "SELECT last_memory + 1 FROM bank WHERE id = ?", arguments: [from]) ?? 0
    let first = try Row.fetchOne(
      database,
      sql: """
        SELECT message.id, count(*) FROM source JOIN message ON message.id = source.message
        WHERE source.memory = ? AND message.document = ?
        """, arguments: [memory, document])
    let values = columns.map { column in
      switch column {
      case "id": ":new"
      case "uid": ":uid"
      case "message": ":message"
      case "document": ":document"
      case "proof": ":proof"
      case "thread": ":new"
      default: column
      }
    }
    try database.execute(
      sql: """
        INSERT INTO memory (\(columns.joined(separator: ", "))) SELECT \(values.joined(separator: ", ")) FROM memory
        WHERE id = :memory
        """,
      arguments: [
        "new": new, "uid": RowName(milliseconds: now).bytes, "message": first?[0] as Int64?, "document": document,
        "proof": max(1, first?[1] as Int? ?? 1), "memory": memory,
      ])
    try database.execute(
      sql: """
        INSERT INTO source (memory, message, span_start, span_end)
        SELECT :new, message, span_start, span_end FROM source
        WHERE memory = :memory AND message IN (SELECT id FROM message WHERE document = :document)
        """, arguments: ["new": new, "memory": memory, "document": document])
    try database.execute(
      sql: "INSERT INTO memory_entity (entity, memory) SELECT entity, ? FROM memory_entity WHERE memory = ?",
      arguments: [new, memory])
    return new
  }

  /// Lets a memory stand on what was said elsewhere alone.
  private func stay(_ memory: Int64, apartFrom document: Int64) throws {
    try database.execute(
      sql: "DELETE FROM source WHERE memory = ? AND message IN (SELECT id FROM message WHERE document = ?)",
      arguments: [memory, document])
    let count = database.changesCount
    try database.execute(
      sql: """
        UPDATE memory SET proof = max(1, proof - :count),
          (message, document) = (SELECT message.id, message.document FROM source
            JOIN message ON message.id = source.message WHERE source.memory = :memory ORDER BY message.id LIMIT 1)
        WHERE id = :memory
        """, arguments: ["count": count, "memory": memory])
  }
}
