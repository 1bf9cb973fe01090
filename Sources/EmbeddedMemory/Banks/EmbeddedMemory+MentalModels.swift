import Foundation
import GRDB

extension EmbeddedMemory {
  /// A bank's mental models, the oldest first.
  public func mentalModels(bankID: String) async throws -> [MentalModel] {
    try await read { database in
      guard let bank = try BankRow.find(bankID, in: database) else { return [] }
      return try MentalModel.all(bank: bank.id, in: database).map(\.model)
    }
  }

  /// Adds a standing question; the bank is made if it is missing. It is answered by `refreshMentalModel`.
  /// - Throws: `MemoryStoreError.emptyText` for a blank name or question.
  public func addMentalModel(
    bankID: String, name: String, question: String, tags: [String] = [], refreshesItself: Bool = false
  ) async throws -> MentalModel {
    try requireText(name)
    try requireText(question)
    return try await write { [now] database in
      let bank = try BankRow.find(bankID, in: database)?.id ?? TurnWriter.insertBank(bankID, now: now, in: database)
      let rowName = RowName(milliseconds: now)
      try database.execute(
        sql: """
          INSERT INTO mental_model (uid, bank, name, question, tags, refreshes_itself, created, updated)
          VALUES (?, ?, CAST(? AS TEXT), CAST(? AS TEXT), ?, ?, ?, ?)
          """,
        arguments: [
          rowName.bytes, bank, name.blob, question.blob, NameList.written(tags: tags), refreshesItself, now, now,
        ])
      return MentalModel(
        id: RowName.spelling(rowName.bytes), name: name, question: question, body: "", tags: Set(tags).sorted(),
        refreshedAt: nil, isStale: true, refreshesItself: refreshesItself, createdAt: date(milliseconds: now),
        updatedAt: date(milliseconds: now))
    }
  }

  /// Changes a mental model and returns it as it is now; `nil` when the bank has none of that id.
  ///
  /// A body that a person wrote is kept as a version; another question makes the answer stale.
  /// - Throws: `MemoryStoreError.emptyText` when its name or question became blank.
  public func updateMentalModel(
    id: String, bankID: String, _ change: @Sendable (inout MentalModel) -> Void
  ) async throws -> MentalModel? {
    try await write { [now] database in
      guard let bank = try BankRow.find(bankID, in: database)?.id,
        let before = try MentalModel.find(id, bank: bank, in: database)
      else { return nil }
      var model = before.model
      change(&model)
      try requireText(model.name)
      try requireText(model.question)
      if model.body != before.model.body {
        try MentalModel.keep(body: model.body, basedOn: [], mentalModel: before.row, now: now, in: database)
      }
      try database.execute(
        sql: """
          UPDATE mental_model SET name = CAST(? AS TEXT), question = CAST(? AS TEXT), tags = ?, refreshes_itself = ?,
            is_stale = max(is_stale, ?), updated = ? WHERE id = ?
          """,
        arguments: [
          model.name.blob, model.question.blob, NameList.written(tags: model.tags), model.refreshesItself,
          model.question != before.model.question, now, before.row,
        ])
      return try MentalModel.find(id, bank: bank, in: database)?.model
    }
  }

  /// Removes a mental model and its versions for good. Returns whether there was one.
  @discardableResult
  public func removeMentalModel(id: String, bankID: String) async throws -> Bool {
    try await write { database in
      guard let bank = try BankRow.find(bankID, in: database)?.id,
        let stored = try MentalModel.find(id, bank: bank, in: database)
      else { return false }
      try database.execute(sql: "DELETE FROM mental_model WHERE id = ?", arguments: [stored.row])
      return true
    }
  }

  /// The answers that were given, the newest first; at most 50 are kept.
  public func mentalModelVersions(id: String, bankID: String) async throws -> [MentalModel.Version] {
    try await read { database in
      guard let bank = try BankRow.find(bankID, in: database)?.id,
        let stored = try MentalModel.find(id, bank: bank, in: database)
      else { return [] }
      return try Row.fetchAll(
        database,
        sql: """
          SELECT version, CAST(body AS BLOB) AS body, based_on, at FROM mental_model_version
          WHERE mental_model = ? ORDER BY version DESC
          """, arguments: [stored.row]
      ).map { row in
        MentalModel.Version(
          number: row["version"], body: MemoryRow.text(row["body"]) ?? "", basedOn: NameList.read(row["based_on"]),
          at: date(milliseconds: row["at"]))
      }
    }
  }
}
