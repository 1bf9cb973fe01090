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
  /// - Returns: whether there was something new to store.
  static func enqueue(
    _ turn: RetainTurn, isWhole: Bool, delivery: Delivery, in database: Database
  ) throws -> Bool {
    var turn = turn
    let location = delivery.destination.location
    if delivery.deduplicates, try !isNewExchange(turn, location: location, in: database) { return false }
    var overlap = 0
    if delivery.leavesOutKnown, let document = turn.documentID {
      let limit = max(0, turn.messages.count - delivery.answerCount - 1)
      let known = try handedIn(location: location, bankID: turn.bankID, documentID: document, in: database)
      if known.isEmpty { overlap = limit } else { turn.leaveOut(known, limit: limit) }
      try note(turn, location: location, document: document, in: database)
    }
    try database.execute(
      sql: """
        INSERT INTO queue (turn_id, session_id, payload, is_whole, location, credential, overlap)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(turn_id) DO UPDATE SET payload = excluded.payload, is_whole = excluded.is_whole
        """,
      arguments: [
        turn.turnID, lane(of: turn, at: delivery.destination), try payload(turn), isWhole, location,
        delivery.destination.credential, overlap,
      ])
    return true
  }

  /// Turns of one document are stored one after the other, wherever they were said; one of no document is alone.
  static func lane(of turn: RetainTurn, at destination: Destination) -> String {
    guard let document = turn.documentID else { return turn.turnID }
    return [destination.location, destination.credential, turn.bankID, document].joined(separator: "\u{1F}")
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
  private static let memoryOfDocument = 10_000
  /// As many exchanges as are remembered, of all banks together; the Python package's number.
  private static let memoryOfExchanges = 1_000

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
    _ turn: RetainTurn, location: String, document: String, in database: Database
  ) throws {
    let arguments: StatementArguments = [location, turn.bankID, document]
    let place = "location = ? AND bank_id = ? AND document_id = ?"
    var seq =
      try Int64.fetchOne(database, sql: "SELECT max(seq) FROM handed_in WHERE \(place)", arguments: arguments) ?? 0
    for print in turn.placesAsAnswered.map({ turn.messages[$0].fingerprint }) {
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
    func last(_ speaker: RetainedMessage.Speaker) -> String? {
      turn.messages.last { $0.speaker == speaker }?.text.lowercased().trimmingCharacters(in: .whitespacesAndNewlines)
    }
    let answer = turn.messages.last?.speaker == .user ? nil : last(.assistant) ?? last(.toolCall)
    let print = Fingerprint((last(.user) ?? "") + "|" + (answer ?? "")).text
    try database.execute(
      sql: "INSERT OR IGNORE INTO exchange (location, bank_id, fingerprint) VALUES (?, ?, ?)",
      arguments: [location, turn.bankID, print])
    let isNew = database.changesCount > 0
    try database.execute(
      sql: "DELETE FROM exchange WHERE seq <= (SELECT max(seq) FROM exchange) - ?", arguments: [memoryOfExchanges])
    return isNew
  }
}

extension RetainedMessage {
  /// Tells what was said from anything else, blanks around it aside.
  var fingerprint: String {
    Fingerprint(speaker.rawValue + ":" + text.trimmingCharacters(in: .whitespacesAndNewlines)).text
  }
}

extension RetainTurn {
  /// Leaves out messages that were handed in before, among the first `limit`; what is new among them stays.
  mutating func leaveOut(_ known: [String], limit: Int) {
    var rest = known[...]
    leaveOut(limit: limit) { message in
      let print = message.fingerprint
      guard let place = rest.firstIndex(of: print) else { return false }
      rest = rest[(place + 1)...]
      return true
    }
  }

  /// Leaves out messages that a document's text holds already, among the first `limit`.
  mutating func leaveOut(knownIn text: String, limit: Int) {
    var place = text.startIndex
    leaveOut(limit: limit) { message in
      guard let found = text.lines(message.item, from: place) else { return false }
      place = found
      return true
    }
  }

  private mutating func leaveOut(limit: Int, _ isKnown: (RetainedMessage) -> Bool) {
    let left = Set(placesAsAnswered.filter { $0 < limit && isKnown(messages[$0]) })
    messages = messages.indices.filter { !left.contains($0) }.map { messages[$0] }
  }

  /// The places of the messages, those of a tool call behind the text that came with it: so they stand in an answer,
  /// but not in the history that comes back.
  var placesAsAnswered: [Int] {
    var places = Array(messages.indices)
    for index in messages.indices.dropLast()
    where messages[index].speaker == .toolCall && messages[index + 1].speaker == .assistant {
      places.swapAt(index, index + 1)
    }
    return places
  }
}

extension String {
  /// Where the place behind a text is that stands in lines of its own; `nil` where it does not stand.
  fileprivate func lines(_ item: String, from start: Index) -> Index? {
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
