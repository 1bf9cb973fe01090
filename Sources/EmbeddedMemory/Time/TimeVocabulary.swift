/// The words of a language that take part in telling times, found by their spelling.
struct TimeVocabulary: Sendable {
  /// Something that a word can be.
  struct Reading: Sendable {
    var slot: TimeSlot
    var low: Int
    /// Above `low` where a word leaves it open: "a few" are two to five.
    var high: Int
    /// The words that must follow, of a phrase.
    var rest: [Int]
    /// Whether the word means it only when capitalised, or where nothing else can be meant: "may", "march", "sun".
    var isWeak: Bool
  }

  struct Lexeme: Sendable {
    var readings: [Reading] = []
    var isCommon = false
    var isFuture = false
    /// Whether it can be the heart of an expression; without one in a text, nothing more is looked for.
    var isCore = false
    /// Whether patterns know it.
    var hasMeaning = false
    var isAbbreviation = false
  }

  private(set) var lexemes: [Lexeme] = []
  let quarterLetter: UInt8
  let digits: DigitRun.Rules
  private var marks = [Int?](repeating: nil, count: 128)

  /// Open addressing; an empty place has the lexeme -1.
  private var hashes: [UInt64] = []
  private var places: [Int32] = []
  private var mask = 0
  private var known: [UInt64: Int] = [:]

  init(quarterLetter: UInt8, digits: DigitRun.Rules) {
    self.quarterLetter = quarterLetter | 0x20
    self.digits = digits
    for mark in [",", ".", "-", "'"] as [Unicode.Scalar] {
      marks[Int(mark.value)] = lexemes.count
      lexemes.append(Lexeme(hasMeaning: true))
    }
  }

  func mark(_ byte: UInt8) -> Int? { byte < 0x80 ? marks[Int(byte)] : nil }

  func lexeme(_ hash: UInt64) -> Int? {
    var place = Int(truncatingIfNeeded: hash) & mask
    while places[place] >= 0 {
      if hashes[place] == hash { return Int(places[place]) }
      place = (place + 1) & mask
    }
    return nil
  }

  // MARK: - Filling

  private static let core: Set<TimeSlot> = [.month, .weekday, .unit, .season, .daypart, .day, .holiday]

  /// Adds a word or phrase.
  mutating func add(
    _ spelling: String, _ slot: TimeSlot, _ low: Int, high: Int? = nil, isWeak: Bool = false,
    isAbbreviation: Bool = false
  ) {
    let words = words(of: spelling)
    guard let first = words.first, let last = words.last else { return }
    lexemes[first].readings.append(
      Reading(slot: slot, low: low, high: high ?? low, rest: Array(words.dropFirst()), isWeak: isWeak))
    lexemes[first].readings.sort { $0.rest.count > $1.rest.count }
    for word in words { lexemes[word].hasMeaning = true }
    if Self.core.contains(slot) { lexemes[last].isCore = true }
    if isAbbreviation { lexemes[first].isAbbreviation = true }
  }

  mutating func addCommon(_ spelling: String) {
    for word in words(of: spelling) { lexemes[word].isCommon = true }
  }

  mutating func addCore(_ spelling: String) {
    for word in words(of: spelling) { lexemes[word].isCore = true }
  }

  /// Only a word that looks ahead by itself counts.
  mutating func addFuture(_ spelling: String) {
    for word in words(of: spelling).prefix(1) { lexemes[word].isFuture = true }
  }

  /// Builds the table; the last thing to do.
  mutating func close() {
    var size = 256
    while size < known.count * 4 { size *= 2 }
    mask = size - 1
    hashes = [UInt64](repeating: 0, count: size)
    places = [Int32](repeating: -1, count: size)
    for (hash, lexeme) in known {
      var place = Int(truncatingIfNeeded: hash) & mask
      while places[place] >= 0 { place = (place + 1) & mask }
      hashes[place] = hash
      places[place] = Int32(lexeme)
    }
    known = [:]
  }

  /// The lexemes of a spelling; new words are taken in.
  private mutating func words(of spelling: String) -> [Int] {
    let bytes = Array(spelling.utf8)
    var words: [Int] = []
    var place = 0
    while place < bytes.count {
      if let mark = mark(bytes[place]) {
        words.append(mark)
        place += 1
      } else if bytes[place] <= 0x20 {
        place += 1
      } else {
        let read = bytes.withUnsafeBufferPointer { TimeSpelling.read($0, from: place, to: bytes.count) }
        place = max(read.end, place + 1)
        if let lexeme = known[read.hash] {
          words.append(lexeme)
        } else {
          known[read.hash] = lexemes.count
          words.append(lexemes.count)
          lexemes.append(Lexeme())
        }
      }
    }
    return words
  }
}
