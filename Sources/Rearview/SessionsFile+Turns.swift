import Foundation
import GRDB
import RearviewChat
import RearviewEngine
import RearviewMemory

extension SessionsFile {
  /// The session that something was last said in.
  public func lastSession() async throws -> Session? {
    try await read { database in
      try Row.fetchOne(database, sql: "SELECT * FROM session ORDER BY updated_at DESC, id DESC LIMIT 1")
        .map(Session.init(row:))
    }
  }

  /// All turns of a session, in order; `TurnRecord.sentMessages(after:)` tells what one sent.
  public func turns(ofSession id: String) async throws -> [TurnRecord] {
    let stored = try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT record, partial, state FROM turn WHERE session_id = ? ORDER BY seq", arguments: [id]
      )
      .map { row in
        (record: row["record"] as String, partial: row["partial"] as String, isOpen: row["state"] as Int == 0)
      }
    }
    var turns: [TurnRecord] = []
    for row in stored {
      // One record that cannot be read must not hide the others.
      guard var turn = try? Self.decode(row.record) else { continue }
      if row.isOpen { turn.answer.text = row.partial }
      turns.append(turn)
    }
    return turns
  }

  /// Writes the user's words down, before anything is sent.
  func open(_ record: TurnRecord) async throws {
    let (json, owner) = (try Self.encode(record), owner.id)
    try await write { database in
      let started = record.startedAt.milliseconds
      try database.execute(
        sql: """
          INSERT INTO session (id, title, bank_id, model, started_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)
          ON CONFLICT(id) DO UPDATE SET bank_id = excluded.bank_id, model = excluded.model,
            updated_at = excluded.updated_at
          """,
        arguments: [
          record.sessionID, Self.title(record.question), record.settings.bankID ?? "", record.model, started, started,
        ])
      try database.execute(
        sql: """
          INSERT INTO turn (id, session_id, seq, state, owner, record, credential)
          VALUES (?, ?, (SELECT 1 + coalesce(max(seq), 0) FROM turn WHERE session_id = ?), 0, ?, ?, ?)
          """,
        arguments: [
          record.id, record.sessionID, record.sessionID, owner, json, Destination(record.settings).credential,
        ])
    }
  }

  /// How far the answer of an open turn came.
  func checkpoint(turnID: String, text: String) async throws {
    try await write { database in
      try database.execute(
        sql: "UPDATE turn SET partial = ? WHERE id = ? AND state = 0", arguments: [text, turnID])
    }
  }

  /// Writes the finished turn and puts what is to be retained into the queue.
  ///
  /// - Parameter credential: Of the key that it is to be stored with; that of the record's settings by default.
  func close(_ record: TurnRecord, retaining turn: RetainTurn?, credential: String? = nil) async throws {
    var stored = record
    stored.dropHistory()
    let json = try Self.encode(stored)
    var destination = Destination(record.settings)
    if let credential { destination.credential = credential }
    let delivery = Delivery(destination: destination)
    try await write { database in
      try database.execute(
        sql: "UPDATE turn SET state = 1, record = ?, partial = '' WHERE id = ?", arguments: [json, record.id])
      try database.execute(
        sql: "UPDATE session SET updated_at = max(updated_at, ?) WHERE id = ?",
        arguments: [Date().milliseconds, record.sessionID])
      guard let turn else { return }
      _ = try Self.enqueue(turn, isWhole: true, delivery: delivery, in: database)
    }
  }

  /// Keeps what an open turn recalled and sends, and puts the user's words into the queue; one that was closed
  /// meanwhile is there whole already.
  func advance(_ record: TurnRecord, retaining words: RetainTurn?) async throws {
    var stored = record
    stored.dropHistory()
    let json = try Self.encode(stored)
    try await write { database in
      try database.execute(
        sql: "UPDATE turn SET record = ? WHERE id = ? AND state = 0", arguments: [json, record.id])
      guard let words, database.changesCount > 0 else { return }
      _ = try Self.enqueue(
        words, isWhole: false, delivery: Delivery(destination: Destination(record.settings)), in: database)
    }
  }

  /// Closes the turns that programs left open which run no more: with what had come, marked as cut, into the queue.
  /// - Returns: how many there were.
  @discardableResult
  func recover(now: Date = Date()) async throws -> Int {
    let open = try await read { database in
      try Row.fetchAll(database, sql: "SELECT owner, record, partial, credential FROM turn WHERE state = 0")
        .map { row in
          (
            owner: row["owner"] as String, record: row["record"] as String, partial: row["partial"] as String,
            credential: row["credential"] as String
          )
        }
    }
    var recovered = 0
    for row in open where !owner.isAlive(row.owner) {
      guard var record = try? Self.decode(row.record) else { continue }
      record.answer.text = row.partial
      record.answer.state = row.partial.isEmpty ? .failed : .cut
      record.answer.error = "The program ended before the answer was complete."
      if record.retrieval.state == .asking { record.retrieval = Retrieval(state: .off) }
      let retained = retained(of: record, at: now)
      record.storage = Storage(state: retained == nil ? .off : .queued)
      try await close(record, retaining: retained, credential: row.credential)
      recovered += 1
    }
    return recovered
  }

  static func encode(_ record: TurnRecord) throws -> String {
    String(decoding: try JSONEncoder.record.encode(record), as: UTF8.self)
  }

  static func decode(_ json: String) throws -> TurnRecord {
    try JSONDecoder.record.decode(TurnRecord.self, from: Data(json.utf8))
  }

  private static func title(_ question: String) -> String {
    let line = question.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    return String(line.prefix(80))
  }
}
