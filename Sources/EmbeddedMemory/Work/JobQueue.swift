import Foundation
import GRDB
import RearviewJSON

/// The rows of `job` and what may happen to them, each in the caller's transaction.
///
/// A job is held by a lease: its owner renews it while it works, and writes only while it holds it. So one that was
/// cancelled, or taken over after its owner was thought dead, writes nothing more, and what a job wrote was written
/// once. Rows of owners that died come back; after `attemptLimit` begins without any progress a job fails.
enum JobQueue {
  static let lease: Int64 = 60_000
  /// The first try and three more.
  static let attemptLimit = 4
  /// Ended jobs are kept for people to look at; the oldest go.
  static let endedLimit = 1_000

  /// A job that this process may work on.
  struct Claimed: Sendable {
    var row: Int64
    var bank: Int64
    var kind: JobKind
    var key: String
    var payload: JSONObject
    var attempts: Int
    var owner: String
  }

  /// Adds a job. Where one of the same kind and key waits already, that one does the work, at the new time.
  static func add(
    _ kind: JobKind, key: String, payload: JSONObject, bank: Int64, priority: Int = 0, notBefore: Int64, now: Int64,
    in database: Database
  ) throws {
    try database.cachedStatement(
      sql: """
        INSERT INTO job (uid, bank, kind, key, payload, priority, not_before, created, updated)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (bank, kind, key) WHERE state IN ('pending', 'limit_reached') DO UPDATE SET
          not_before = iif(excluded.priority > priority, min(not_before, excluded.not_before), excluded.not_before),
          priority = max(priority, excluded.priority), payload = excluded.payload, updated = excluded.updated
        """
    ).execute(
      arguments: [
        RowName(milliseconds: now).bytes, bank, kind.rawValue, key, JSONValue.object(payload).written(), priority,
        notBefore, now, now,
      ])
  }

  // MARK: - Claiming

  /// Brings back the jobs of dead owners. A live owner on this machine that stopped renewing is one, too.
  static func reclaim(now: Int64, in database: Database) throws {
    let running = try Row.fetchAll(
      database, sql: "SELECT id, owner, lease_until, attempts FROM job WHERE state = 'running'")
    for row in running {
      let isDead = (row["lease_until"] as Int64? ?? 0) < now || JobOwner.isDead(row["owner"] ?? "")
      guard isDead else { continue }
      if row["attempts"] as Int >= attemptLimit {
        try end(
          row["id"], .failed, error: "Its worker died \(row["attempts"] as Int) times; retry it to go on.", now: now,
          in: database)
      } else {
        try putBack(
          row["id"], notBefore: now, error: "Its worker died; it goes on where that one was.", now: now, in: database)
      }
    }
  }

  /// Which rows are due, with the parameters `now` and `early`. Who does not wait for more to come still waits before
  /// another try.
  static func isDue(_ kinds: Set<JobKind>) -> String {
    let names = kinds.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
    return "state = 'pending' AND kind IN (\(names)) AND (not_before <= :now OR (:early AND attempts = 0))"
  }

  /// Takes the most urgent job of these kinds that is due; `nil` when there is none.
  static func claim(
    _ kinds: Set<JobKind>, owner: String, early: Bool, now: Int64, in database: Database
  ) throws -> Claimed? {
    let row = try Row.fetchOne(
      database,
      sql: """
        SELECT id, bank, kind, key, payload, attempts FROM job
        WHERE \(isDue(kinds))
          AND NOT EXISTS (
            SELECT 1 FROM job AS other WHERE other.state = 'running' AND other.bank = job.bank
              AND other.kind = job.kind AND other.key = job.key)
        ORDER BY priority DESC, not_before, id LIMIT 1
        """, arguments: ["now": now, "early": early])
    guard let row, let kind = JobKind(rawValue: row["kind"]) else { return nil }
    let attempts = row["attempts"] as Int + 1
    try database.execute(
      sql: """
        UPDATE job SET state = 'running', attempts = ?, owner = ?, lease_until = ?, error = NULL, updated = ?
        WHERE id = ?
        """, arguments: [attempts, owner, now + lease, now, row["id"] as Int64])
    return Claimed(
      row: row["id"], bank: row["bank"], kind: kind, key: row["key"],
      payload: (try? JSONValue(parsing: row["payload"] as String).object) ?? [:], attempts: attempts, owner: owner)
  }

  // MARK: - While it runs

  /// - Throws: `JobInterruption.lost` when another has it or it was cancelled.
  static func requireHeld(_ job: Claimed, in database: Database) throws {
    let isHeld = try Bool.fetchOne(
      database.cachedStatement(sql: "SELECT state = 'running' AND owner = ? FROM job WHERE id = ?"),
      arguments: [job.owner, job.row])
    guard isHeld == true else { throw JobInterruption.lost }
  }

  /// Says that its owner is still at it. Returns whether it is still its.
  static func renew(_ job: Claimed, now: Int64, in database: Database) throws -> Bool {
    try database.execute(
      sql: "UPDATE job SET lease_until = ? WHERE id = ? AND state = 'running' AND owner = ?",
      arguments: [now + lease, job.row, job.owner])
    return database.changesCount > 0
  }

  /// Writes down how far it is. Getting on makes the count of tries begin anew.
  static func progress(
    _ job: Claimed, done: Int, total: Int?, result: JSONObject, now: Int64, in database: Database
  ) throws {
    try database.execute(
      sql: """
        UPDATE job SET done_steps = ?, total_steps = ?, result = ?, attempts = 1, lease_until = ?, updated = ?
        WHERE id = ?
        """, arguments: [done, total, JSONValue.object(result).written(), now + lease, now, job.row])
  }

  // MARK: - Ending

  /// Lets a job wait again. Where another of its kind and key came meanwhile, that one does the work of both.
  static func putBack(
    _ row: Int64, state: JobState = .pending, notBefore: Int64, error: String?, countsTry: Bool = true, now: Int64,
    in database: Database
  ) throws {
    let other = try Row.fetchOne(
      database,
      sql: """
        SELECT other.id FROM job JOIN job AS other ON other.bank = job.bank AND other.kind = job.kind
          AND other.key = job.key AND other.id <> job.id AND other.state IN ('pending', 'limit_reached')
        WHERE job.id = ?
        """, arguments: [row])
    if let other = other?["id"] as Int64? {
      try database.execute(
        sql: """
          UPDATE job SET attempts = max(attempts, (SELECT attempts FROM job WHERE id = :row) - :uncounted),
            not_before = max(not_before, :notBefore), updated = :now WHERE id = :other
          """,
        arguments: ["row": row, "other": other, "notBefore": notBefore, "now": now, "uncounted": countsTry ? 0 : 1])
      try end(row, .cancelled, error: "A later job of the same kind goes on with it.", now: now, in: database)
      return
    }
    try database.execute(
      sql: """
        UPDATE job SET state = ?, not_before = ?, error = ?, attempts = max(0, attempts - ?), owner = NULL,
          lease_until = NULL, updated = ? WHERE id = ?
        """, arguments: [state.rawValue, notBefore, error, countsTry ? 0 : 1, now, row])
  }

  /// Lets what runs for a bank begin anew: it has read what is no longer there, and must not write what it made of it.
  static func interrupt(bank: Int64, now: Int64, in database: Database) throws {
    for row in try Int64.fetchAll(
      database, sql: "SELECT id FROM job WHERE bank = ? AND state = 'running'", arguments: [bank])
    {
      try putBack(row, notBefore: now, error: nil, countsTry: false, now: now, in: database)
    }
  }

  static func end(_ row: Int64, _ state: JobState, error: String?, now: Int64, in database: Database) throws {
    try database.execute(
      sql: "UPDATE job SET state = ?, error = ?, owner = NULL, lease_until = NULL, updated = ? WHERE id = ?",
      arguments: [state.rawValue, error, now, row])
    try database.execute(
      sql: """
        DELETE FROM job WHERE id IN (
          SELECT id FROM job WHERE state IN ('done', 'failed', 'cancelled') ORDER BY updated DESC, id DESC
          LIMIT -1 OFFSET ?)
        """, arguments: [endedLimit])
  }
}

extension JobQueue {
  /// Lets rows wait for another day or another limit; `condition` and its arguments say which.
  static func meetLimit(
    _ limit: Int, day: String, where condition: String, _ arguments: StatementArguments, now: Int64,
    in database: Database
  ) throws {
    try database.execute(
      sql: """
        UPDATE job SET state = 'limit_reached', limit_day = :day, limit_tokens = :limit, updated = :changed,
          error = 'The daily limit of ' || :limit || ' tokens is reached; raise it, or wait until tomorrow.'
        WHERE \(condition)
        """, arguments: ["day": day, "limit": limit, "changed": now] + arguments)
  }

  /// Lets those wait as others do that met another limit, or met it on another day.
  static func freeFromLimit(_ limit: Int?, day: String, now: Int64, in database: Database) throws {
    try database.execute(
      sql: """
        UPDATE job SET state = 'pending', error = NULL, updated = ?
        WHERE state = 'limit_reached' AND (limit_day IS NOT ? OR limit_tokens IS NOT ?)
        """, arguments: [now, day, limit])
  }
}

/// Why a job stopped before its end, without a fault of its own.
enum JobInterruption: Error {
  /// Another process has it, or it was cancelled.
  case lost
  case paused
  case limitReached
}
