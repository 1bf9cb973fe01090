import GRDB
import RearviewMemory

/// The conversation that a memory stands in, from which it borrows at recall: a stretch of a document without a long
/// silence. Notes that begin with a speaker's name and follow each other within minutes, each a document of its own, are
/// one conversation too: so are dialogues handed in that name every turn a document.
struct Thread {
  private let document: Int64
  private let bank: Int64
  /// `nil` where the next memory begins one.
  private var first: Int64?
  private var saidAt: Int64?
  private var isInDocument = false
  /// The memory that was written last.
  private(set) var last: Int64?

  /// A document that is silent for longer than this goes on with a new conversation.
  static let longestSilence: Int64 = 4 * 3_600_000
  /// Notes that are further apart than this have nothing to do with each other.
  static let longestPause: Int64 = 30 * 60_000

  /// Where the document left off.
  init(document: Int64, bank: Int64, in database: Database) throws {
    self.document = document
    self.bank = bank
    let last = try Row.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT thread, said_at, id FROM memory INDEXED BY memory_document WHERE document = ? AND origin IS NULL ORDER BY id DESC LIMIT 1
          """),
      arguments: [document])
    guard let last else { return }
    isInDocument = true
    (first, saidAt, self.last) = (last[0], last[1], last[2])
  }

  /// Goes on with a message, or begins anew.
  mutating func go(on message: RetainedMessage, saidAt now: Int64?, in database: Database) throws {
    defer { saidAt = now ?? saidAt }
    if isInDocument {
      if !Self.isNear(saidAt, now, within: Self.longestSilence) { (first, last) = (nil, nil) }
      return
    }
    isInDocument = true
    guard message.speaker == .note, namedSpeaker(of: message.text) != nil else { return }
    let note = try Row.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT memory.thread, memory.said_at, memory.id FROM memory
          JOIN bank ON bank.id = memory.bank AND bank.last_memory = memory.id
          JOIN message ON message.id = memory.message
          WHERE bank.id = ? AND message.speaker = 'note' AND memory.speaker IS NOT NULL
            AND memory.document <> ?
            AND (SELECT count(*) FROM message AS other WHERE other.document = memory.document) = 1
          """), arguments: [bank, document])
    if let note, Self.isNear(note[1], now, within: Self.longestPause) { (first, last) = (note[0], note[2]) }
  }

  /// The thread of a memory that is about to be written under `row`.
  mutating func row(ofFirst row: Int64) -> Int64 {
    let thread = first ?? row
    (first, last) = (thread, row)
    return thread
  }

  private static func isNear(_ one: Int64?, _ other: Int64?, within limit: Int64) -> Bool {
    guard let one, let other else { return one == nil && other == nil }
    return abs(other &- one) <= limit
  }
}

/// Who speaks in a text that begins with a name and a colon ("Anna Berg: I moved."), in lower case.
func namedSpeaker(of text: String) -> String? {
  let head = text.utf8.prefix(48)
  guard let colon = head.firstIndex(of: UInt8(ascii: ":")) else { return nil }
  let after = text.utf8.index(after: colon)
  guard after < text.endIndex, [UInt8(ascii: " "), 0x0A].contains(text.utf8[after]) else { return nil }
  let words = text[..<colon].split(separator: " ")
  guard (1...3).contains(words.count) else { return nil }
  let isName = words.allSatisfy { word in
    word.first?.isUppercase == true && word.allSatisfy { $0.isLetter || $0 == "." || $0 == "-" || $0 == "'" }
  }
  return isName ? words.joined(separator: " ").lowercased() : nil
}
