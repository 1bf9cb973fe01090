import Foundation
import GRDB
import RearviewMemory

/// Takes memories to another bank, inside a transaction.
///
/// A memory keeps its name and gets a row id of the bank that it goes to; its words, vectors, tags, entities and
/// threads follow. What was said comes along: a message of which nothing stays behind goes with its memories, and
/// leaves a mark so that its turn does not bring it in again; one that is also the source of what stays is copied, and
/// stays whole where it was. Facts that were drawn from a memory alone go with it. Observations on what goes stay
/// behind and are made anew without it; one that is itself moved still knows what it rests on.
struct MemoryMove {
  let from: Int64
  let to: Int64
  let now: Int64
  let database: Database
  /// By old row id.
  private var rows: [Int64: Int64] = [:]

  init(from: Int64, to: Int64, now: Int64, in database: Database) {
    self.from = from
    self.to = to
    self.now = now
    self.database = database
  }

  mutating func move(_ memories: [Int64]) throws {
    let provenance = Provenance(database, now: now)
    // What they read is not where it was.
    for bank in [from, to] { try JobQueue.interrupt(bank: bank, now: now, in: database) }
    let all = Set(memories + (try provenance.facts(saidOnlyIn: memories)))
    for memory in all.sorted() { try provenance.sourceMoves(memory, along: all) }
    try forgetEchoes(apartFrom: all)
    try setRows(all.sorted())
    for message in try messages(of: rows.values) { try moveMessage(message) }
    for row in rows.values.sorted() { try moveEntities(of: row) }
    for bank in [from, to] { try Work.addObservation(bank: bank, notBefore: now, now: now, in: database) }
  }

  // MARK: - Rows

  /// Gives each its new row id, in the order in which they came.
  private mutating func setRows(_ memories: [Int64]) throws {
    var last = try Int64.fetchOne(database, sql: "SELECT last_memory FROM bank WHERE id = ?", arguments: [to]) ?? 0
    var threads: [Int64: Int64] = [:]
    for old in memories {
      last += 1
      let thread = try Int64.fetchOne(database, sql: "SELECT thread FROM memory WHERE id = ?", arguments: [old])
      try database.execute(
        sql: "UPDATE memory SET id = ?, bank = ? WHERE id = ?", arguments: [last, to, old])
      if let thread {
        threads[thread] = threads[thread] ?? last
        try database.execute(sql: "UPDATE memory SET thread = ? WHERE id = ?", arguments: [threads[thread], last])
      }
      try database.execute(
        sql: """
          UPDATE memory SET updated = max(updated + 1, ?), consolidated = iif(origin = 'extract', NULL, consolidated)
          WHERE id = ?
          """, arguments: [now, last])
      rows[old] = last
    }
  }

  private func forgetEchoes(apartFrom memories: Set<Int64>) throws {
    let list = jsonList(memories)
    try database.execute(
      sql: """
        DELETE FROM echo WHERE (after IN (SELECT value FROM json_each(:all)))
          <> (memory IN (SELECT value FROM json_each(:all)))
          AND (after IN (SELECT value FROM json_each(:all)) OR memory IN (SELECT value FROM json_each(:all)))
        """, arguments: ["all": list])
  }

  // MARK: - Messages

  private func messages(of memories: some Sequence<Int64>) throws -> [Int64] {
    try Int64.fetchAll(
      database,
      sql: """
        SELECT message FROM source WHERE memory IN (SELECT value FROM json_each(:all))
        UNION SELECT message FROM memory WHERE id IN (SELECT value FROM json_each(:all)) AND message IS NOT NULL
        ORDER BY 1
        """, arguments: ["all": jsonList(memories)])
  }

  func moveMessage(_ message: Int64) throws {
    guard
      let row = try Row.fetchOne(
        database,
        sql: """
          SELECT message.bank, CAST(turn AS BLOB) AS turn, position, speaker, CAST(text AS BLOB) AS text,
            message.document, CAST(document.key AS BLOB) AS key
          FROM message JOIN document ON document.id = message.document WHERE message.id = ?
          """, arguments: [message]), row["bank"] == from
    else { return }
    let moved = jsonList(rows.values)
    let isShared =
      try Bool.fetchOne(
        database,
        sql: """
          SELECT EXISTS (SELECT 1 FROM source WHERE message = :message
              AND memory NOT IN (SELECT value FROM json_each(:moved)))
            OR EXISTS (SELECT 1 FROM memory INDEXED BY memory_message WHERE message = :message
              AND id NOT IN (SELECT value FROM json_each(:moved)))
          """, arguments: ["message": message, "moved": moved]) ?? false
    let document = try TurnWriter.document(
      MemoryRow.text(row["key"]) ?? "", bank: to, now: now, in: database)
    let there = try Int64.fetchOne(
      database,
      sql: """
        SELECT id FROM message WHERE bank = ? AND turn = CAST(? AS TEXT) AND speaker = ? AND text = CAST(? AS TEXT)
        """, arguments: [to, row["turn"] as Data?, row["speaker"] as String, row["text"] as Data?])
    let position = try position(there: row)
    if isShared {
      let copy = try there ?? copy(message, document: document, position: position)
      try point(from: message, to: copy, document: document)
    } else if let there {
      // Its other parts went before, with a copy.
      try point(from: message, to: there, document: document)
      try leaveMark(row)
      try database.execute(sql: "DELETE FROM message WHERE id = ?", arguments: [message])
    } else {
      try leaveMark(row)
      try database.execute(
        sql: "UPDATE message SET bank = ?, document = ?, position = ? WHERE id = ?",
        arguments: [to, document, position, message])
      try database.execute(
        sql: """
          UPDATE memory SET document = ? WHERE message = ? AND id IN (SELECT value FROM json_each(?))
          """, arguments: [document, message, moved])
    }
    try database.execute(
      sql: "DELETE FROM gone_message WHERE bank = ? AND turn = CAST(? AS TEXT) AND position = ?",
      arguments: [to, row["turn"] as Data?, position])
  }

  /// Its position in its turn, or the next free one where that bank has another message there.
  private func position(there row: Row) throws -> Int {
    let position = row["position"] as Int
    return try Int.fetchOne(
      database,
      sql: """
        SELECT max(position) + 1 FROM message WHERE bank = ? AND turn = CAST(? AS TEXT) HAVING sum(position = ?) > 0
        """, arguments: [to, row["turn"] as Data?, position]) ?? position
  }

  private func copy(_ message: Int64, document: Int64, position: Int) throws -> Int64 {
    try database.execute(
      sql: """
        INSERT INTO message (bank, document, turn, position, speaker, text, said_at, is_cut, created, is_replaced,
          metadata, is_undated)
        SELECT ?, ?, turn, ?, speaker, text, said_at, is_cut, created, is_replaced, metadata, is_undated
        FROM message WHERE id = ?
        """, arguments: [to, document, position, message])
    return database.lastInsertedRowID
  }

  /// Lets the memories that went have their source in another message of the same words.
  private func point(from message: Int64, to copy: Int64, document: Int64) throws {
    let moved = jsonList(rows.values)
    try database.execute(
      sql: "UPDATE source SET message = ? WHERE message = ? AND memory IN (SELECT value FROM json_each(?))",
      arguments: [copy, message, moved])
    try database.execute(
      sql: """
        UPDATE memory SET message = ?, document = ? WHERE message = ? AND id IN (SELECT value FROM json_each(?))
        """, arguments: [copy, document, message, moved])
  }

  private func leaveMark(_ row: Row) throws {
    try database.execute(
      sql: "INSERT OR IGNORE INTO gone_message (bank, turn, position, speaker) VALUES (?, CAST(? AS TEXT), ?, ?)",
      arguments: [from, row["turn"] as Data?, row["position"] as Int, row["speaker"] as String])
  }

  // MARK: - Entities

  /// What it is about is looked up by name in the other bank, and made there where it is missing.
  private func moveEntities(of memory: Int64) throws {
    let writer = EntityWriter(bank: to, now: now, database: database)
    let entities = try Row.fetchAll(
      database,
      sql: """
        SELECT entity.id, name, norm, kind, coalesce(memory.said_at, memory.created) AS at
        FROM memory_entity JOIN entity ON entity.id = memory_entity.entity
          JOIN memory ON memory.id = memory_entity.memory
        WHERE memory_entity.memory = ? AND entity.bank <> ?
        """, arguments: [memory, to])
    for row in entities {
      try database.execute(
        sql: "DELETE FROM memory_entity WHERE entity = ? AND memory = ?", arguments: [row["id"] as Int64, memory])
      let mention = EntityMention(
        name: row["name"], norm: row["norm"], kind: EntityKind(rawValue: row["kind"]) ?? .name)
      try writer.keep([mention], memory: memory, saidAt: row["at"])
    }
  }
}
