import Foundation
import GRDB
import RearviewJSON

/// What an import must not bring in again: messages that were forgotten in this file, or moved to another bank, and
/// what says or derives from their words.
///
/// A message with a mark does not come in, nor does it take the place of what is left of it. A memory that is not here
/// comes in only if it was also said elsewhere, and then stands on that alone; an observation on one that stays out
/// goes, as it does when something is forgotten. With them stay out their entries of the journal, and the entities and
/// documents that nothing else is about. So what was derived in another file from the rest of a message that lost some
/// words stays out too: it is derived anew here.
///
/// The marks of the export itself stand behind its messages and keep none of them out. One that meets a message that is
/// here is written beside it and takes nothing away: an import never forgets; but that message will not come in again.
struct GoneRows {
  private let bank: Int64
  private let now: Int64
  private let database: Database
  /// The names of memories that stay out, and what they and the messages would have brought.
  private var memories: Set<Data> = []
  private var entities: Set<JSONValue> = []
  private var documents: Set<JSONValue> = []
  private var changes: Set<Int64> = []
  /// The entities and documents that came with this import. What was here before may be what an undo needs.
  private var addedEntities: Set<Int64> = []
  private var addedDocuments: Set<Int64> = []

  /// `nil` for a bank of which nothing is gone.
  init?(bank: Int64, now: Int64, in database: Database) throws {
    let hasMarks = try Bool.fetchOne(
      database, sql: "SELECT EXISTS (SELECT 1 FROM gone_message WHERE bank = ?)", arguments: [bank])
    guard hasMarks == true else { return nil }
    self.bank = bank
    self.now = now
    self.database = database
  }

  /// Call it for each row that was added.
  mutating func cameIn(_ row: Int64, table: String) {
    if table == "entity" { addedEntities.insert(row) }
    if table == "document" { addedDocuments.insert(row) }
  }

  mutating func hasMessage(_ row: JSONObject) throws -> Bool {
    guard let turn = row["turn"], let position = row["position"], try hasMark([turn, position]) else { return false }
    if let document = row["document"] { documents.insert(document) }
    return true
  }

  /// Asks for a memory that is not here, and takes out of it what it has from messages that are gone.
  mutating func hasMemory(_ row: inout JSONObject, uid: Data) throws -> Bool {
    let sources = row["source"]?.list ?? []
    let left = try sources.filter { try !hasMark($0["message"]) }
    let isOfGone = try hasMark(row["message"])
    guard left.count < sources.count || isOfGone else { return false }
    guard let first = left.first else {
      memories.insert(uid)
      for mention in row["memory_entity"]?.list ?? [] { if let entity = mention["entity"] { entities.insert(entity) } }
      if let document = row["document"] { documents.insert(document) }
      return true
    }
    row["source"] = .list(left)
    row["proof"] = row["proof"]?.integer.map { .integer(max(1, $0 - (sources.count - left.count))) }
    if isOfGone { row["message"] = first["message"] }
    return false
  }

  /// Asks for what joins an observation to a memory that it was derived from.
  mutating func hasSource(_ row: JSONObject, _ context: ExchangeWriter.Context) throws -> Bool {
    guard let derived = ExchangeWriter.name(row["memory"], context),
      let source = ExchangeWriter.name(row["source"], context)
    else { return false }
    if memories.contains(derived) {
      if let other = try ExchangeWriter.row(row["source"], of: "memory", context, in: database) {
        try database.execute(sql: "UPDATE memory SET consolidated = NULL WHERE id = ?", arguments: [other])
      }
      return true
    }
    guard memories.contains(source) else { return false }
    if let observation = try ExchangeWriter.row(row["memory"], of: "memory", context, in: database) {
      try Provenance(database, now: now).forget(observation: observation)
    }
    memories.insert(derived)
    return true
  }

  /// Asks for an entry of the journal.
  mutating func hasEntry(_ row: JSONObject, _ context: ExchangeWriter.Context) throws -> Bool {
    guard let name = ExchangeWriter.name(row["uid"], context), memories.contains(name) else { return false }
    if let change = row["change_group"]?.integer.flatMap({ context.known.changes[$0] }) { changes.insert(change) }
    return true
  }

  /// At the end of a bank: takes away what came in for the sake of what stayed out.
  func sweep(_ context: ExchangeWriter.Context) throws {
    for entity in entities {
      guard let row = try ExchangeWriter.row(entity, of: "entity", context, in: database), addedEntities.contains(row)
      else { continue }
      try database.execute(
        sql: """
          DELETE FROM entity WHERE id = :entity
            AND NOT EXISTS (SELECT 1 FROM memory_entity WHERE memory_entity.entity = :entity)
          """, arguments: ["entity": row])
    }
    for document in documents {
      guard let row = try ExchangeWriter.row(document, of: "document", context, in: database),
        addedDocuments.contains(row)
      else { continue }
      try database.execute(
        sql: """
          DELETE FROM document WHERE id = :document
            AND NOT EXISTS (SELECT 1 FROM message WHERE message.document = :document)
            AND NOT EXISTS (SELECT 1 FROM memory INDEXED BY memory_document WHERE memory.document = :document)
          """, arguments: ["document": row])
    }
    try ChangeLog.forget(changes, in: database)
  }

  private func hasMark(_ place: JSONValue?) throws -> Bool {
    guard let place = place?.list, place.count == 2, let turn = place[0].text, let position = place[1].integer else {
      return false
    }
    return try Bool.fetchOne(
      database.cachedStatement(
        sql: "SELECT EXISTS (SELECT 1 FROM gone_message WHERE bank = ? AND turn = CAST(? AS TEXT) AND position = ?)"),
      arguments: [bank, turn.blob, position]) ?? false
  }
}
