import Foundation
import GRDB
import RearviewJSON

extension EmbeddedMemory {
  /// What a bank is told about itself; `nil` when there is no such bank.
  public func profile(bankID: String) async throws -> BankProfile? {
    try await read { database in try BankProfile.find(bankID, in: database)?.profile }
  }

  /// Changes what a bank is told about itself, in one transaction with the reading; the bank is made if it is missing.
  ///
  /// ```swift
  /// try await store.updateProfile(bankID: "default") { $0.retainMission = "What Anna builds, and why." }
  /// ```
  @discardableResult
  public func updateProfile(
    bankID: String, _ change: @Sendable (inout BankProfile) -> Void
  ) async throws -> BankProfile {
    try await write { [now] database in
      let bank = try BankRow.find(bankID, in: database)?.id ?? TurnWriter.insertBank(bankID, now: now, in: database)
      var profile = try BankProfile.find(bankID, in: database)?.profile ?? BankProfile(id: bankID)
      change(&profile)
      try database.execute(
        sql: """
          UPDATE bank SET title = CAST(? AS TEXT), retain_mission = CAST(? AS TEXT),
            observe_mission = CAST(? AS TEXT), mission = CAST(? AS TEXT), skepticism = ?, literalism = ?, empathy = ?,
            settings = CAST(? AS TEXT), updated = ? WHERE id = ?
          """,
        arguments: [
          profile.name?.blob, profile.retainMission?.blob, profile.observeMission?.blob, profile.reflectMission?.blob,
          profile.disposition.skepticism, profile.disposition.literalism, profile.disposition.empathy,
          profile.settings.isEmpty ? nil : JSONValue.object(profile.settings).written().blob, now, bank,
        ])
      return profile
    }
  }
}

extension BankProfile {
  /// The profile of a bank, with the bank's row.
  static func find(_ name: String, in database: Database) throws -> (row: Int64, profile: BankProfile)? {
    try find("name = CAST(? AS TEXT)", [name.blob], in: database)
  }

  static func find(row: Int64, in database: Database) throws -> BankProfile? {
    try find("id = ?", [row], in: database)?.profile
  }

  private static func find(
    _ condition: String, _ arguments: StatementArguments, in database: Database
  ) throws -> (row: Int64, profile: BankProfile)? {
    let row = try Row.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT id, CAST(name AS BLOB) AS name, CAST(title AS BLOB) AS title, CAST(mission AS BLOB) AS reflect_mission,
            CAST(retain_mission AS BLOB) AS retain_mission, CAST(observe_mission AS BLOB) AS observe_mission,
            skepticism, literalism, empathy, settings
          FROM bank WHERE \(condition)
          """), arguments: arguments)
    return row.map { row in
      (
        row["id"],
        BankProfile(
          id: MemoryRow.text(row["name"]) ?? "", name: MemoryRow.text(row["title"]),
          retainMission: MemoryRow.text(row["retain_mission"]), observeMission: MemoryRow.text(row["observe_mission"]),
          reflectMission: MemoryRow.text(row["reflect_mission"]),
          disposition: Disposition(
            skepticism: row["skepticism"], literalism: row["literalism"], empathy: row["empathy"]),
          settings: (row["settings"] as String?).flatMap { try? JSONValue(parsing: $0).object } ?? [:])
      )
    }
  }
}
