import GRDB
import RearviewJSON

/// Which background work follows from what happens in the file. All of it is queued in the transaction of its cause.
enum Work {
  /// A document is read when so many messages of it are new…
  static let windowSize = 8
  /// …or when nothing came to it for so long, in milliseconds. Reading each turn alone would cost several times more.
  static let idle: Int64 = 5 * 60_000
  /// A mental model that refreshes itself is asked at most so often, in milliseconds.
  static let refreshInterval: Int64 = 60 * 60_000

  /// Queues the reading of what a document got. Call it in the transaction that retained; it does nothing where no
  /// model works on the file, or the bank only stores. While a job for the document waits, that one is put off.
  static func enqueueAfterRetain(bank: Int64, document: Int64, now: Int64, in database: Database) throws {
    guard try WorkSettings.isOn(in: database), try setting("extract", ofBank: bank, in: database) else { return }
    let unread =
      try Int.fetchOne(
        database.cachedStatement(
          sql: """
            SELECT count(*) FROM (
              SELECT 1 FROM message JOIN document ON document.id = message.document
              WHERE message.document = ? AND message.id > document.extracted_message AND message.is_replaced = 0
            LIMIT ?)
            """), arguments: [document, windowSize]) ?? 0
    guard unread > 0 else { return }
    try addExtraction(
      bank: bank, document: document, notBefore: unread < windowSize ? now + idle : now, now: now, in: database)
  }

  static func addExtraction(
    bank: Int64, document: Int64, notBefore: Int64, now: Int64, in database: Database
  ) throws {
    try JobQueue.add(
      .extract, key: "document:\(document)", payload: ["document": .integer(Int(document))], bank: bank,
      notBefore: notBefore, now: now, in: database)
  }

  /// Queues the consolidation of a bank's facts, if there are any that wait for it.
  static func addObservation(bank: Int64, notBefore: Int64, now: Int64, in database: Database) throws {
    guard try setting("observe", ofBank: bank, in: database), try unconsolidated(bank, in: database) > 0 else { return }
    try JobQueue.add(.observe, key: "bank", payload: [:], bank: bank, notBefore: notBefore, now: now, in: database)
  }

  /// Queues consolidation after facts came: at once when a group is full, else when it was quiet for a while.
  static func enqueueAfterFacts(bank: Int64, now: Int64, in database: Database) throws {
    let isGroup = try unconsolidated(bank, in: database) >= ObserveJob.groupSize
    try addObservation(bank: bank, notBefore: isGroup ? now : now + idle, now: now, in: database)
  }

  /// Queues what a bank that was imported has left to do and does not wait for already.
  static func enqueueAfterImport(bank: Int64, now: Int64, in database: Database) throws {
    guard try WorkSettings.isOn(in: database) else { return }
    if try setting("extract", ofBank: bank, in: database) {
      let unread = try Int64.fetchAll(
        database,
        sql: """
          SELECT id FROM document WHERE bank = ? AND EXISTS (
            SELECT 1 FROM message INDEXED BY message_document
            WHERE document = document.id AND is_replaced = 0 AND message.id > extracted_message)
          """, arguments: [bank])
      for document in unread where try !isWaiting(.extract, key: "document:\(document)", bank: bank, in: database) {
        try addExtraction(bank: bank, document: document, notBefore: now, now: now, in: database)
      }
    }
    if try !isWaiting(.observe, key: "bank", bank: bank, in: database) {
      try addObservation(bank: bank, notBefore: now, now: now, in: database)
    }
    for stored in try MentalModel.all(bank: bank, in: database)
    where stored.model.isStale && stored.model.refreshesItself {
      guard try !isWaiting(.refresh, key: stored.model.id, bank: bank, in: database) else { continue }
      try addRefresh(stored, bank: bank, priority: 0, notBefore: now, now: now, in: database)
    }
  }

  private static func isWaiting(_ kind: JobKind, key: String, bank: Int64, in database: Database) throws -> Bool {
    try Bool.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT EXISTS (
            SELECT 1 FROM job WHERE bank = ? AND kind = ? AND key = ? AND state IN ('pending', 'limit_reached'))
          """), arguments: [bank, kind.rawValue, key]) ?? false
  }

  /// Marks what a bank's mental models say as old, and queues those that refresh themselves.
  static func observationsChanged(bank: Int64, now: Int64, in database: Database) throws {
    for stored in try MentalModel.all(bank: bank, in: database) {
      try database.execute(sql: "UPDATE mental_model SET is_stale = 1 WHERE id = ?", arguments: [stored.row])
      guard stored.model.refreshesItself else { continue }
      let last = stored.model.refreshedAt.map(milliseconds) ?? 0
      try addRefresh(
        stored, bank: bank, priority: 0, notBefore: max(now, last + refreshInterval), now: now, in: database)
    }
  }

  static func addRefresh(
    _ stored: MentalModel.Stored, bank: Int64, priority: Int, notBefore: Int64, now: Int64, in database: Database
  ) throws {
    try JobQueue.add(
      .refresh, key: stored.model.id, payload: ["mental_model": .text(stored.model.id)], bank: bank,
      priority: priority, notBefore: notBefore, now: now, in: database)
  }

  private static func unconsolidated(_ bank: Int64, in database: Database) throws -> Int {
    try Int.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT count(*) FROM (
            SELECT 1 FROM memory WHERE bank = ? AND origin = 'extract' AND state = 0 AND consolidated IS NULL LIMIT ?)
          """), arguments: [bank, ObserveJob.groupSize]) ?? 0
  }

  private static func setting(_ name: String, ofBank bank: Int64, in database: Database) throws -> Bool {
    guard
      let settings = try String.fetchOne(
        database.cachedStatement(sql: "SELECT settings FROM bank WHERE id = ?"), arguments: [bank])
    else { return true }
    return (try? JSONValue(parsing: settings))?[name]?.boolean ?? true
  }
}
