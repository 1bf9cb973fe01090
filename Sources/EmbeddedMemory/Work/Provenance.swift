import Foundation
import GRDB
import RearviewMemory

/// What happens to derived memories when what they come from goes or comes back, inside the caller's transaction.
///
/// Nothing derived outlives its source: a fact whose words were taken back leaves recall with them, an observation as
/// soon as one of its facts does; the facts that it rested on beside that one are consolidated anew. A fact that was
/// invalidated is not extracted or consolidated again.
struct Provenance {
  static let goneReason = "What it was derived from was taken back."
  static let supersededReason = "Another observation says it."

  private let database: Database
  private let now: Int64

  init(_ database: Database, now: Int64) {
    self.database = database
    self.now = now
  }

  /// Call it after a memory was invalidated or its text was changed, and before its row is deleted.
  ///
  /// - Parameter forGood: Whether the memory is being forgotten: then what was derived from it is deleted with all its
  ///   versions, instead of being invalidated.
  func sourceWasRemoved(_ memory: Int64, forGood: Bool = false) throws {
    var banks: Set<Int64> = []
    for fact in try facts(saidOnlyIn: [memory]) { try remove(fact, forGood: forGood, banks: &banks) }
    try removeObservations(on: memory, forGood: forGood, banks: &banks)
    try removeAnswers(on: memory, forGood: forGood)
    for bank in banks { try Work.addObservation(bank: bank, notBefore: now, now: now, in: database) }
  }

  /// Call it after an invalidated memory was restored: what left recall with it comes back, and is consolidated anew.
  func sourceWasRestored(_ memory: Int64) throws {
    let derived = try Int64.fetchAll(
      database,
      sql: """
        SELECT DISTINCT fact.id FROM source AS own
          JOIN source AS other ON other.message = own.message AND other.span_start < own.span_end
            AND other.span_end > own.span_start
          JOIN memory AS fact ON fact.id = other.memory
        WHERE own.memory = ? AND fact.origin = 'extract' AND fact.state = 1 AND fact.state_reason = ?
        """, arguments: [memory, Self.goneReason])
    for fact in derived {
      try database.execute(
        sql: "UPDATE memory SET state = 0, state_reason = NULL, updated = ? WHERE id = ?", arguments: [now, fact])
    }
    for fact in derived + [memory] {
      try database.execute(
        sql: "UPDATE memory SET consolidated = NULL WHERE id = ? AND origin = 'extract'", arguments: [fact])
    }
    guard let bank = try Int64.fetchOne(database, sql: "SELECT bank FROM memory WHERE id = ?", arguments: [memory])
    else { return }
    try Work.addObservation(bank: bank, notBefore: now, now: now, in: database)
  }

  /// Call it after a memory's type changed: what was consolidated from it is consolidated anew.
  func sourceWasRetyped(_ memory: Int64) throws {
    var banks: Set<Int64> = []
    try removeObservations(on: memory, forGood: false, banks: &banks)
    try removeAnswers(on: memory, forGood: false)
    for bank in banks { try Work.addObservation(bank: bank, notBefore: now, now: now, in: database) }
  }

  /// Call it after a memory got other tags: facts that were said only in it are seen by those who see it, and are
  /// consolidated anew among their like.
  func sourceWasRetagged(_ memory: Int64) throws {
    var banks: Set<Int64> = []
    for fact in try facts(saidOnlyIn: [memory]) {
      try database.execute(
        sql: "UPDATE memory SET tags = (SELECT tags FROM memory WHERE id = ?), updated = max(updated, ?) WHERE id = ?",
        arguments: [memory, now, fact])
      try removeObservations(on: fact, forGood: false, banks: &banks)
      try removeAnswers(on: fact, forGood: false)
    }
    try removeObservations(on: memory, forGood: false, banks: &banks)
    try removeAnswers(on: memory, forGood: false)
    for bank in banks { try Work.addObservation(bank: bank, notBefore: now, now: now, in: database) }
  }

  /// Call it before memories move to another bank: observations on one of them go out, and answers get old, unless they
  /// move too.
  func sourceMoves(_ memory: Int64, along moved: Set<Int64>) throws {
    var banks: Set<Int64> = []
    try removeObservations(on: memory, forGood: false, except: moved, banks: &banks)
    try removeAnswers(on: memory, forGood: false)
  }

  /// Call it after images of rows were put back. An observation that came back, while what it rests on was consolidated
  /// without it meanwhile, stays out; its facts are consolidated anew.
  func rowsWerePutBack(_ images: [RowImage], changedAt: Int64) throws {
    var banks: Set<Int64> = []
    for image in images where image.table.name == "memory" {
      guard case .text(let uid)? = (image.after ?? image.before)?["uid"],
        let row = try Row.fetchOne(
          database, sql: "SELECT id, bank, origin, state FROM memory WHERE uid = ?",
          arguments: [Data(hexadecimal: uid)])
      else { continue }
      let memory = row["id"] as Int64
      banks.insert(row["bank"])
      try removeAnswers(on: memory, forGood: false)
      guard (row["origin"] as String?) == DerivedMemory.Origin.observe.rawValue, row["state"] as Int == 0,
        image.changedColumns.contains("state")
      else { continue }
      let isLate = try Bool.fetchOne(
        database,
        sql: """
          SELECT EXISTS (SELECT 1 FROM memory_source JOIN memory AS fact ON fact.id = memory_source.source
            WHERE memory_source.memory = ? AND fact.consolidated > ?)
          """, arguments: [memory, changedAt])
      guard isLate == true else { continue }
      try database.execute(
        sql: "UPDATE memory SET state = 1, state_reason = ?, updated = ? WHERE id = ?",
        arguments: [Self.supersededReason, now, memory])
      try database.execute(
        sql: """
          UPDATE memory SET consolidated = NULL WHERE state = 0
            AND id IN (SELECT source FROM memory_source WHERE memory_source.memory = ?)
          """, arguments: [memory])
    }
    for bank in banks { try Work.addObservation(bank: bank, notBefore: now, now: now, in: database) }
  }

  /// Deletes an observation for good; what it rests on is consolidated anew.
  func forget(observation: Int64) throws {
    try sourceWasRemoved(observation, forGood: true)
    try database.execute(
      sql: """
        UPDATE memory SET consolidated = NULL WHERE state = 0
          AND id IN (SELECT source FROM memory_source WHERE memory_source.memory = ?)
        """, arguments: [observation])
    try delete(observation)
  }

  /// Finds observations whose facts went without anyone saying so (a document that was replaced), and does the same.
  func sweep(bank: Int64) throws {
    let gone = try Int64.fetchAll(
      database,
      sql: """
        SELECT DISTINCT memory_source.source FROM memory_source
          JOIN memory AS fact ON fact.id = memory_source.source
          JOIN memory AS observation ON observation.id = memory_source.memory
        WHERE fact.bank = ? AND fact.state = 1 AND observation.state = 0
        """, arguments: [bank])
    var banks: Set<Int64> = []
    for fact in gone { try removeObservations(on: fact, forGood: false, banks: &banks) }
  }

  // MARK: - Facts

  /// Facts that were said in the words of these memories, and in no others that count.
  func facts(saidOnlyIn memories: some Sequence<Int64>) throws -> [Int64] {
    func said(in table: String) -> String {
      """
      EXISTS (SELECT 1 FROM \(table) AS words WHERE words.message = place.message
        AND words.span_start < place.span_end AND words.span_end > place.span_start)
      """
    }
    return try Int64.fetchAll(
      database,
      sql: """
        WITH own AS (
            SELECT source.* FROM source JOIN memory ON memory.id = source.memory
            WHERE memory.origin IS NULL AND memory.id IN (SELECT value FROM json_each(?))),
          valid AS NOT MATERIALIZED (
            SELECT source.* FROM source JOIN memory ON memory.id = source.memory
            WHERE memory.origin IS NULL AND memory.state = 0)
        SELECT DISTINCT fact.id FROM own JOIN source AS place ON place.message = own.message
          JOIN memory AS fact ON fact.id = place.memory
        WHERE fact.origin = 'extract' AND own.span_start < place.span_end AND own.span_end > place.span_start
          AND NOT EXISTS (
            SELECT 1 FROM source AS place
            WHERE place.memory = fact.id AND NOT \(said(in: "own")) AND \(said(in: "valid")))
        """, arguments: [jsonList(memories)])
  }

  private func remove(_ fact: Int64, forGood: Bool, banks: inout Set<Int64>) throws {
    try removeObservations(on: fact, forGood: forGood, banks: &banks)
    try removeAnswers(on: fact, forGood: forGood)
    if forGood {
      try delete(fact)
    } else {
      try retire(fact)
    }
  }

  // MARK: - Observations

  private func removeObservations(
    on source: Int64, forGood: Bool, except kept: Set<Int64> = [], banks: inout Set<Int64>
  ) throws {
    let observations = try Row.fetchAll(
      database,
      sql: """
        SELECT memory.id, memory.bank, memory.state FROM memory_source JOIN memory ON memory.id = memory_source.memory
        WHERE memory_source.source = ?
        """, arguments: [source])
    for row in observations where forGood || row["state"] as Int == 0 {
      let observation = row["id"] as Int64
      guard !kept.contains(observation) else { continue }
      // What else it rested on must find another one.
      try database.execute(
        sql: """
          UPDATE memory SET consolidated = NULL WHERE state = 0 AND id <> :source
            AND id IN (SELECT memory_source.source FROM memory_source WHERE memory_source.memory = :observation)
          """, arguments: ["source": source, "observation": observation])
      banks.insert(row["bank"])
      try removeAnswers(on: observation, forGood: forGood)
      if forGood {
        try delete(observation)
      } else {
        try retire(observation)
      }
    }
    // A fact that was corrected, and still counts, is consolidated with its new words.
    try database.execute(
      sql: "UPDATE memory SET consolidated = NULL WHERE id = ? AND state = 0 AND origin = 'extract'",
      arguments: [source])
    if database.changesCount > 0,
      let bank = try Int64.fetchOne(database, sql: "SELECT bank FROM memory WHERE id = ?", arguments: [source])
    {
      banks.insert(bank)
    }
  }

  private func retire(_ row: Int64) throws {
    try database.execute(
      sql: "UPDATE memory SET state = 1, state_reason = ?, updated = ? WHERE id = ? AND state = 0",
      arguments: [Self.goneReason, now, row])
  }

  private func delete(_ row: Int64) throws {
    try database.execute(
      sql: "DELETE FROM journal WHERE uid = (SELECT uid FROM memory WHERE id = ?)", arguments: [row])
    try database.execute(sql: "DELETE FROM source WHERE memory = ?", arguments: [row])
    try database.execute(sql: "DELETE FROM memory WHERE id = ?", arguments: [row])
  }

  // MARK: - Mental models

  /// Answers that stand on a memory are old; of one that is forgotten, they go.
  private func removeAnswers(on memory: Int64, forGood: Bool) throws {
    guard
      let row = try Row.fetchOne(database, sql: "SELECT uid, bank FROM memory WHERE id = ?", arguments: [memory])
    else { return }
    let name = RowName.spelling(row["uid"])
    for stored in try MentalModel.all(bank: row["bank"], in: database) {
      let versions = try Row.fetchAll(
        database,
        sql: """
          SELECT version, CAST(body AS BLOB) AS body FROM mental_model_version
          WHERE mental_model = ? AND EXISTS (SELECT 1 FROM json_each(based_on) WHERE value = ?)
          """, arguments: [stored.row, name])
      guard !versions.isEmpty else { continue }
      try database.execute(sql: "UPDATE mental_model SET is_stale = 1 WHERE id = ?", arguments: [stored.row])
      if forGood {
        for version in versions {
          try database.execute(
            sql: "DELETE FROM mental_model_version WHERE mental_model = ? AND version = ?",
            arguments: [stored.row, version["version"] as Int])
          if MemoryRow.text(version["body"]) == stored.model.body {
            try database.execute(sql: "UPDATE mental_model SET body = '' WHERE id = ?", arguments: [stored.row])
          }
        }
      }
      if stored.model.refreshesItself {
        try Work.addRefresh(stored, bank: row["bank"], priority: 0, notBefore: now, now: now, in: database)
      }
    }
  }
}
