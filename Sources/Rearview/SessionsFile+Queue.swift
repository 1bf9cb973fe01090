import Foundation
import GRDB
import RearviewEngine
import RearviewMemory

/// How a turn is put into the queue.
struct Delivery: Sendable {
  var destination: Destination
  /// Whether messages that were handed in before for the same document are left out: a program sends the whole
  /// conversation with each call.
  var leavesOutKnown = false
  /// Whether an exchange that was handed in before for the same bank is left out whole.
  var deduplicates = false
  /// How many of the messages belong to the answer.
  var answerCount = 0
}

extension SessionsFile {
  /// Puts a turn into the queue; what the queue had of it is replaced.
  ///
  /// - Parameter lane: Turns of one lane are stored one after the other.
  /// - Returns: whether there was something new to store.
  static func enqueue(
    _ turn: RetainTurn, lane: String, isWhole: Bool, delivery: Delivery, in database: Database
  ) throws -> Bool {
    var turn = turn
    let location = delivery.destination.location
    if delivery.deduplicates, try !isNewExchange(turn, location: location, in: database) { return false }
    var overlap = 0
    if delivery.leavesOutKnown, let document = turn.documentID {
      let limit = max(0, turn.messages.count - delivery.answerCount - 1)
      let known = try handedIn(location: location, bankID: turn.bankID, documentID: document, in: database)
      let prints = fingerprints(of: turn.messages)
      if known.isEmpty { overlap = limit } else { turn.messages.removeFirst(knownPrefix(of: prints, in: known, limit)) }
      try note(prints.suffix(turn.messages.count), location: location, turn: turn, document: document, in: database)
    }
    try database.execute(
      sql: """
        INSERT INTO queue (turn_id, session_id, payload, is_whole, location, credential, overlap)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(turn_id) DO UPDATE SET payload = excluded.payload, is_whole = excluded.is_whole
        """,
      arguments: [
        turn.turnID, lane, try payload(turn), isWhole, location, delivery.destination.credential, overlap,
      ])
    return true
  }

  static func payload(_ turn: RetainTurn) throws -> String {
    String(decoding: try JSONEncoder.record.encode(turn), as: UTF8.self)
  }

  /// The place of the last turn in the queue; 0 for none.
  func lastQueued() async throws -> Int64 {
    try await read { try Int64.fetchOne($0, sql: "SELECT max(seq) FROM queue") ?? 0 }
  }

  // MARK: What was handed in

  /// As many of the last messages of a document as are remembered.
  private static let memoryOfDocument = 1_000
  /// As many exchanges as are remembered, of all banks together; the Python package's number.
  private static let memoryOfExchanges = 1_000

  /// How many of the first messages stand, in this order, among those that are known.
  private static func knownPrefix(of prints: [String], in known: [String], _ limit: Int) -> Int {
    var count = 0
    for print in known where count < limit && print == prints[count] { count += 1 }
    return count
  }

  /// In an answer the text comes before the tool calls, in a history behind them; here always before.
  private static func fingerprints(of messages: [RetainedMessage]) -> [String] {
    var messages = messages
    for index in messages.indices.dropLast()
    where messages[index].speaker == .toolCall && messages[index + 1].speaker == .assistant {
      messages.swapAt(index, index + 1)
    }
    return messages.map { Fingerprint($0.speaker.rawValue + ":" + $0.text).text }
  }

  private static func handedIn(
    location: String, bankID: String, documentID: String, in database: Database
  ) throws -> [String] {
    try String.fetchAll(
      database,
      sql: """
        SELECT fingerprint FROM handed_in WHERE location = ? AND bank_id = ? AND document_id = ? ORDER BY seq
        """, arguments: [location, bankID, documentID])
  }

  private static func note(
    _ prints: some Sequence<String>, location: String, turn: RetainTurn, document: String, in database: Database
  ) throws {
    let arguments: StatementArguments = [location, turn.bankID, document]
    let place = "location = ? AND bank_id = ? AND document_id = ?"
    var seq =
      try Int64.fetchOne(database, sql: "SELECT max(seq) FROM handed_in WHERE \(place)", arguments: arguments) ?? 0
    for print in prints {
      seq += 1
      try database.execute(
        sql: "INSERT INTO handed_in (location, bank_id, document_id, seq, fingerprint) VALUES (?, ?, ?, ?, ?)",
        arguments: arguments + [seq, print])
    }
    try database.execute(
      sql: "DELETE FROM handed_in WHERE \(place) AND seq <= ?", arguments: arguments + [seq - Int64(memoryOfDocument)])
  }

  /// Notes an exchange: the last words of the user, and the answer, without regard to case and blanks around.
  private static func isNewExchange(_ turn: RetainTurn, location: String, in database: Database) throws -> Bool {
    func key(_ speakers: [RetainedMessage.Speaker]) -> String {
      (turn.messages.last { speakers.contains($0.speaker) }?.text ?? "").lowercased()
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }
    let print = Fingerprint(key([.user]) + "|" + key([.assistant, .toolCall])).text
    try database.execute(
      sql: "INSERT OR IGNORE INTO exchange (location, bank_id, fingerprint) VALUES (?, ?, ?)",
      arguments: [location, turn.bankID, print])
    let isNew = database.changesCount > 0
    try database.execute(
      sql: "DELETE FROM exchange WHERE seq <= (SELECT max(seq) FROM exchange) - ?", arguments: [memoryOfExchanges])
    return isNew
  }
}

extension RetainTurn {
  /// Leaves out the first messages that a document holds already, in their order.
  ///
  /// - Parameter limit: How many of them may be left out.
  mutating func leaveOut(knownIn text: String, limit: Int) {
    var place = text.startIndex
    var count = 0
    for message in messages.prefix(limit) {
      let item = message.item
      guard let found = text.paragraphs(item, from: place) else { break }
      place = found
      count += 1
    }
    messages.removeFirst(count)
  }
}

extension String {
  /// Where the place behind a text is that stands in lines of its own; `nil` where it does not stand.
  fileprivate func paragraphs(_ item: String, from start: Index) -> Index? {
    var from = start
    while let range = self.range(of: item, range: from..<endIndex) {
      let begins = range.lowerBound == startIndex || self[..<range.lowerBound].hasSuffix("\n")
      let ends = range.upperBound == endIndex || self[range.upperBound...].hasPrefix("\n")
      if begins, ends { return range.upperBound }
      from = range.upperBound
    }
    return nil
  }
}
