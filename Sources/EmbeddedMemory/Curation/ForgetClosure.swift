import Foundation
import GRDB
import RearviewMemory

/// All that must go for something to be forgotten, found in one snapshot.
struct ForgetClosure {
  let bank: Int64
  /// Memories that are forgotten themselves, by row.
  private(set) var said: Set<Int64> = []
  /// Facts and observations that were drawn from them.
  private(set) var derived: Set<Int64> = []
  /// What goes of each message, in bytes of UTF-8; `nil` for all.
  private(set) var messages: [Int64: [Range<Int>]?] = [:]
  /// Memories that were said elsewhere too, and stay there.
  private(set) var staying: Set<Int64> = []
  /// The document that goes.
  private(set) var document: Int64?
  /// The entity that goes, whoever mentions it.
  private(set) var entity: Int64?

  private let database: Database

  /// - Throws: `MemoryStoreError.noSuchMemory`, `CurationError.noSuchDocument`, `noSuchEntity`.
  init(_ target: ForgetTarget, bankID: String, in database: Database) throws {
    self.database = database
    switch target {
    case .memories(let ids):
      guard !ids.isEmpty else { throw CurationError.nothingGiven("memory") }
      said = Set(try StoredMemory.all(ids, bankID: bankID, in: database).map(\.row))
      bank = try BankRow.find(bankID, in: database)?.id ?? 0
    case .document(let id):
      let found = try DocumentRow.find(id, bankID: bankID, in: database)
      bank = found.bank
      document = found.document
      try take(document: found.document)
    case .entity(let id):
      let found = try EntityRow.find(id, bankID: bankID, in: database)
      bank = found.bank
      entity = found.row
      said = Set(
        try Int64.fetchAll(
          database, sql: "SELECT memory FROM memory_entity WHERE entity = ?", arguments: [found.row]))
    }
    try takeWords()
    try takeDerived()
  }

  var all: Set<Int64> { said.union(derived) }

  private mutating func take(document: Int64) throws {
    for message in try Int64.fetchAll(database, sql: "SELECT id FROM message WHERE document = ?", arguments: [document])
    {
      messages[message] = .some(nil)
    }
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT memory.id, memory.origin IS NULL AND EXISTS (
          SELECT 1 FROM source AS other JOIN message AS place ON place.id = other.message
          WHERE other.memory = memory.id AND place.document <> :document)
        FROM memory WHERE id IN (
          SELECT source.memory FROM message JOIN source ON source.message = message.id
          WHERE message.document = :document
          UNION SELECT id FROM memory INDEXED BY memory_document WHERE document = :document)
        """, arguments: ["document": document])
    for row in rows {
      if row[1] { staying.insert(row[0]) } else { said.insert(row[0]) }
    }
  }

  /// The places where it was said; of what was derived the words belong to others.
  private mutating func takeWords() throws {
    let places = try Row.fetchAll(
      database,
      sql: """
        SELECT source.message, span_start, span_end FROM source JOIN memory ON memory.id = source.memory
        WHERE memory.origin IS NULL AND memory.id IN (SELECT value FROM json_each(?))
        """, arguments: [jsonList(said)])
    for place in places {
      let message = place[0] as Int64
      if case .some(.none) = messages[message] { continue }
      let (start, end) = (place[1] as Int, place[2] as Int)
      messages[message, default: []]?.append(start..<max(start, end))
    }
  }

  /// Facts from those words, wherever else they were said too, and what rests on what goes, to the end.
  private mutating func takeDerived() throws {
    for (message, spans) in messages {
      let facts = try Row.fetchAll(
        database,
        sql: """
          SELECT memory.id, span_start, span_end FROM source JOIN memory ON memory.id = source.memory
          WHERE source.message = ? AND memory.origin IS NOT NULL
          """, arguments: [message])
      for fact in facts {
        let (start, end) = (fact[1] as Int, fact[2] as Int)
        guard spans?.contains(where: { $0.lowerBound < end && start < $0.upperBound }) ?? true else { continue }
        if !said.contains(fact[0]) { derived.insert(fact[0]) }
      }
    }
    var fresh = said.union(derived)
    while !fresh.isEmpty {
      let found = try Int64.fetchAll(
        database,
        sql: "SELECT DISTINCT memory FROM memory_source WHERE source IN (SELECT value FROM json_each(?))",
        arguments: [jsonList(fresh)])
      fresh = Set(found).subtracting(all)
      derived.formUnion(fresh)
    }
  }
}
