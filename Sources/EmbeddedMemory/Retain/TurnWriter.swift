import Foundation
import GRDB
import RearviewMemory

/// Writes what a file lacks of one turn, inside a transaction.
struct TurnWriter {
  private let turn: RetainTurn
  private let missing: [RetainedMessage]
  private let firstPosition: Int
  private let now: Int64
  private let timeZone: TimeZone
  private let times: TimeGrammar
  private let database: Database
  private let bank: Int64
  private let document: Int64
  private let tags: String?
  private let metadata: String?
  private var thread: Thread

  /// `nil` when the file has all of the turn.
  init?(
    _ turn: RetainTurn, now: Int64, timeZone: TimeZone, times: TimeGrammar, in database: Database
  ) throws {
    let known = try BankRow.find(turn.bankID, in: database)
    let stored = try known.map { try Self.messages(ofTurn: turn.turnID, bank: $0.id, in: database) } ?? []
    let gone = try known.map { try Self.gone(ofTurn: turn.turnID, bank: $0.id, in: database) } ?? []
    missing = Self.missing(of: turn.messages, stored: stored, gone: gone.map(\.speaker))
    guard !missing.isEmpty else { return nil }
    self.turn = turn
    self.now = now
    self.timeZone = timeZone
    self.times = times
    self.database = database
    firstPosition = (stored.map(\.position) + gone.map(\.position)).max().map { $0 + 1 } ?? 0
    bank = try known?.id ?? Self.insertBank(turn.bankID, now: now, in: database)
    document = try Self.document(turn.documentID ?? turn.turnID, bank: bank, now: now, in: database)
    thread = try Thread(document: document, bank: bank, in: database)
    tags = try turn.tags.isEmpty ? nil : Self.json(Set(turn.tags).sorted())
    metadata = try turn.metadata.isEmpty ? nil : Self.json(turn.metadata)
  }

  /// - Parameter words: The words that the vocabulary is known to hold.
  mutating func write(words: inout Set<String>) throws {
    if turn.update == .overwrite, firstPosition == 0 {
      try DocumentRetirement.retire(document, reason: "Its document was replaced.", now: now, in: database)
    }
    for (offset, message) in missing.enumerated() {
      try write(message, position: firstPosition + offset)
      try Self.keep(wordsOf: message.text, known: &words, in: database)
    }
    try database.cachedStatement(sql: "UPDATE bank SET last_retained_at = ?, updated = ? WHERE id = ?")
      .execute(arguments: [now, now, bank])
    try Work.enqueueAfterRetain(bank: bank, document: document, now: now, in: database)
  }

  // MARK: - What is there

  private struct Said: Hashable {
    var speaker: String
    var text: String
  }

  private static func messages(
    ofTurn turn: String, bank: Int64, in database: Database
  ) throws -> [(said: Said, position: Int)] {
    let statement = try database.cachedStatement(
      sql: """
        SELECT speaker, CAST(text AS BLOB) AS text, position FROM message
        WHERE bank = ? AND turn = CAST(? AS TEXT) ORDER BY position
        """)
    return try Row.fetchAll(statement, arguments: [bank, turn.blob]).map {
      (Said(speaker: $0["speaker"], text: MemoryRow.text($0["text"]) ?? ""), $0["position"])
    }
  }

  /// What of the turn was forgotten, or moved to another bank; nobody knows its words any more.
  private static func gone(
    ofTurn turn: String, bank: Int64, in database: Database
  ) throws -> [(speaker: String, position: Int)] {
    let statement = try database.cachedStatement(
      sql: "SELECT speaker, position FROM gone_message WHERE bank = ? AND turn = CAST(? AS TEXT)")
    return try Row.fetchAll(statement, arguments: [bank, turn.blob]).map { ($0["speaker"], $0["position"]) }
  }

  /// What was not said in the stored messages; a message that is twice in the turn must be stored twice. What is missing
  /// is taken for what is gone, as far as the same speaker said it: it must not come back.
  private static func missing(
    of messages: [RetainedMessage], stored: [(said: Said, position: Int)], gone: [String]
  ) -> [RetainedMessage] {
    var left = Dictionary(stored.map { ($0.said, 1) }, uniquingKeysWith: +)
    let new = messages.filter { message in
      let said = Said(speaker: message.speaker.rawValue, text: message.text)
      guard let count = left[said], count > 0 else { return true }
      left[said] = count - 1
      return false
    }
    var leftGone = Dictionary(gone.map { ($0, 1) }, uniquingKeysWith: +)
    return new.filter { message in
      guard let count = leftGone[message.speaker.rawValue], count > 0 else { return true }
      leftGone[message.speaker.rawValue] = count - 1
      return false
    }
  }

  static func insertBank(_ name: String, now: Int64, in database: Database) throws -> Int64 {
    try database.execute(
      sql: """
        INSERT INTO bank (uid, name, last_memory, created, updated) VALUES (?, CAST(? AS TEXT), 0, ?, ?)
        """, arguments: [RowName(milliseconds: now).bytes, name.blob, now, now])
    let bank = database.lastInsertedRowID
    try database.execute(
      sql: "UPDATE bank SET last_memory = ? WHERE id = ?",
      arguments: [MemorySchema.memoryIDs(ofBank: bank).lowerBound - 1, bank])
    return bank
  }

  static func document(_ key: String, bank: Int64, now: Int64, in database: Database) throws -> Int64 {
    let known = try Int64.fetchOne(
      database.cachedStatement(sql: "SELECT id FROM document WHERE bank = ? AND key = CAST(? AS TEXT)"),
      arguments: [bank, key.blob])
    if let known { return known }
    try database.execute(
      sql: "INSERT INTO document (uid, bank, key, created, updated) VALUES (?, ?, CAST(? AS TEXT), ?, ?)",
      arguments: [RowName(milliseconds: now).bytes, bank, key.blob, now, now])
    return database.lastInsertedRowID
  }

  private static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  // MARK: - Rows

  private mutating func write(_ message: RetainedMessage, position: Int) throws {
    let saidAt = milliseconds(message.saidAt)
    try database.cachedStatement(
      sql: """
        INSERT INTO message (bank, document, turn, position, speaker, text, said_at, is_cut, created, metadata,
          is_undated)
        VALUES (?, ?, CAST(? AS TEXT), ?, ?, CAST(? AS TEXT), ?, ?, ?, ?, ?)
        """
    ).execute(
      arguments: [
        bank, document, turn.turnID.blob, position, message.speaker.rawValue, message.text.blob, saidAt,
        message.isCut, now, metadata, turn.isUndated,
      ])
    let row = database.lastInsertedRowID
    try thread.go(on: message, saidAt: turn.isUndated ? nil : saidAt, in: database)
    let dated = turn.isUndated ? "" : dateInWords(message.saidAt, timeZone: timeZone)
    let parts = MessageParts(message.text)
    for part in parts.parts {
      let text = String(message.text[part])
      let known = try raiseProof(of: text, type: message.speaker.memoryType)
      if let known, let last = thread.last { try insertEcho(of: known, after: last) }
      try insertSource(
        memory: known ?? insertMemory(text, of: message, row: row, saidAt: saidAt, dated: dated),
        message: row, span: parts.span(part))
    }
  }

  /// The valid memory of this text, type and tags, which now counts one more. Tags part what different people said.
  private func raiseProof(of text: String, type: MemoryType) throws -> Int64? {
    let normalized = NormalizedText(text)
    let candidates = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT id, CAST(text AS BLOB) AS text FROM memory INDEXED BY memory_text_hash
          WHERE bank = ? AND text_hash = ? AND type = ? AND state = 0 AND tags IS ? AND origin IS NULL
          """), arguments: [bank, normalized.hash, type.rawValue, tags])
    let same = candidates.first { NormalizedText(MemoryRow.text($0["text"]) ?? "") == normalized }
    guard let memory = same?["id"] as Int64? else { return nil }
    try database.cachedStatement(sql: "UPDATE memory SET proof = proof + 1 WHERE id = ?")
      .execute(arguments: [memory])
    return memory
  }

  private mutating func insertMemory(
    _ text: String, of message: RetainedMessage, row: Int64, saidAt: Int64, dated: String
  ) throws -> Int64 {
    let speaker = [.user, .note].contains(message.speaker) ? namedSpeaker(of: message.text) : nil
    let occurred = turn.isUndated ? nil : times.occurrence(in: text, saidAt: message.saidAt)
    let id =
      (try Int64.fetchOne(
        database.cachedStatement(sql: "SELECT last_memory + 1 FROM bank WHERE id = ?"), arguments: [bank])) ?? 0
    try database.cachedStatement(
      sql: """
        INSERT INTO memory (id, uid, bank, type, message, document, text, indexed, dated, context, tags, metadata,
          said_at, text_hash, created, updated, thread, speaker, occurred_start, occurred_end)
        VALUES (?, ?, ?, ?, ?, ?, CAST(? AS TEXT), ?, ?, CAST(? AS TEXT), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(
      arguments: [
        id, RowName(milliseconds: now).bytes, bank, message.speaker.memoryType.rawValue, row, document, text.blob,
        IndexedText.of(text), dated, turn.context?.blob, tags, metadata, turn.isUndated ? nil : saidAt,
        NormalizedText(text).hash, now, now, thread.row(ofFirst: id), speaker,
        occurred?.start, occurred?.end,
      ])
    let entities = EntityWriter(bank: bank, now: now, database: database)
    try entities.keep(entities.mentions(in: text, given: turn.entities), memory: id, saidAt: saidAt)
    return id
  }

  /// Keeps the words of a text that the vocabulary lacks.
  static func keep(wordsOf text: String, known: inout Set<String>, in database: Database) throws {
    for word in VocabularyWords.words(of: text) where known.insert(word).inserted {
      try database.cachedStatement(sql: "INSERT OR IGNORE INTO word (text) VALUES (?)").execute(arguments: [word])
    }
  }

  private func insertEcho(of memory: Int64, after last: Int64) throws {
    guard memory != last else { return }
    try database.cachedStatement(sql: "INSERT OR IGNORE INTO echo (after, memory) VALUES (?, ?)")
      .execute(arguments: [last, memory])
  }

  private func insertSource(memory: Int64, message: Int64, span: Range<Int>) throws {
    try database.cachedStatement(
      sql: "INSERT INTO source (memory, message, span_start, span_end) VALUES (?, ?, ?, ?)"
    ).execute(arguments: [memory, message, span.lowerBound, span.upperBound])
  }
}

extension RetainedMessage.Speaker {
  /// What the user says is about the world, what the assistant says is its experience.
  var memoryType: MemoryType {
    switch self {
    case .user, .note: .world
    case .assistant, .toolCall, .toolResult: .experience
    }
  }
}
