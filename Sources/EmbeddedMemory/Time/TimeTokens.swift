/// A text as the words of a language that tell times, the numbers, and the marks that may stand between them.
///
/// What the language does not know leaves no token, only the knowledge that something stood there: patterns match
/// tokens that follow each other with nothing but blanks between them. A word without meaning costs one look into a
/// table, so a text that tells no time is read at some nanoseconds a byte.
struct TimeTokens {
  struct Token {
    enum Kind: Hashable {
      /// A word or mark of the vocabulary.
      case word
      case number
      /// "7th".
      case ordinal
      /// A year that is marked as one: "'23", and "2023/24" for a season over the end of the year.
      case year
      case decade, shortDecade
      case clock
      case digits
      case quarter
    }
    var kind: Kind
    /// The place in the vocabulary, of a word.
    var lexeme = 0
    var value = 0
    /// How many digits a number has; of a clock whether it has minutes (2) or not (1).
    var width = 0
    var start: Int
    var end: Int
    var sentence: Int
    /// Whether nothing but blanks parts it from the token before.
    var follows: Bool
    /// Which run of tokens it belongs to.
    var run = 0
    var isCapitalized = false
    /// Whether a word that the language does not know comes next.
    var isBeforeWord = false
  }

  private(set) var tokens: [Token] = []
  /// What dates in digits say; the values of `digits` tokens are places in it.
  private(set) var dates: [DigitDate] = []
  /// How many of the language's common words were met.
  private(set) var commonCount = 0
  /// The runs, each of tokens that follow each other, in which there is what can be the heart of an expression.
  private(set) var coreRuns: Set<Int> = []
  var hasCore: Bool { !coreRuns.isEmpty }
  private(set) var futureSentences: Set<Int> = []

  private let vocabulary: TimeVocabulary
  private let bytes: UnsafeBufferPointer<UInt8>
  private var place: Int
  private let end: Int
  private var sentence = 0
  private var follows = false
  private var run = 0
  private var lineEnds = 0

  init(
    _ bytes: UnsafeBufferPointer<UInt8>, in range: Range<Int>, vocabulary: TimeVocabulary
  ) {
    self.bytes = bytes
    self.vocabulary = vocabulary
    place = range.lowerBound
    end = range.upperBound
    while place < end { step() }
  }

  private mutating func step() {
    let byte = bytes[place]
    switch byte {
    case 0x20, 0x09, 0x0D: place += 1
    case 0x0A:
      lineEnds += 1
      if lineEnds > 1 { endSentence() }
      place += 1
    case 0x30...0x39: number()
    case 0x41...0x5A, 0x61...0x7A, 0xC3, 0xC5: word()
    case 0x80...: other()
    default: mark(byte, length: 1)
    }
  }

  private mutating func endSentence() {
    sentence += 1
    follows = false
  }

  /// What is no word, number or mark that the language knows.
  private mutating func gap() {
    follows = false
    lineEnds = 0
  }

  private mutating func append(_ token: Token, isCore: Bool = false) {
    if !token.follows { run += 1 }
    if isCore { coreRuns.insert(run) }
    tokens.append(token)
    tokens[tokens.count - 1].run = run
    follows = true
    lineEnds = 0
  }

  private mutating func unknownWord() {
    if follows, !tokens.isEmpty { tokens[tokens.count - 1].isBeforeWord = true }
    gap()
  }

  // MARK: - Marks

  private mutating func mark(_ byte: UInt8, length: Int) {
    defer { place += length }
    let isEnd = byte == UInt8(ascii: "!") || byte == UInt8(ascii: "?")
    if let lexeme = vocabulary.mark(byte) {
      if byte == UInt8(ascii: "."), place + 1 >= end || bytes[place + 1] <= 0x20 {
        sentence += 1
        // "7. Mai": the day and its month stay in one sentence for what looks ahead.
      }
      append(
        Token(kind: .word, lexeme: lexeme, start: place, end: place + length, sentence: sentence, follows: follows))
    } else if isEnd {
      endSentence()
    } else {
      gap()
    }
  }

  private mutating func other() {
    let byte = bytes[place]
    let next = place + 1 < end ? bytes[place + 1] : 0
    let third = place + 2 < end ? bytes[place + 2] : 0
    switch (byte, next, third) {
    case (0xC2, 0xA0, _): place += 2
    case (0xC2, 0xBA, _): word()
    case (0xC2, _, _):
      gap()
      place += 2
    case (0xE2, 0x80, 0x90...0x94): mark(UInt8(ascii: "-"), length: 3)
    case (0xE2, 0x80, 0x98...0x99): mark(UInt8(ascii: "'"), length: 3)
    case (0xE2, 0x80, 0xAF), (0xE2, 0x80, 0x89): place += 3
    case (0xE2, _, _), (0xE3, 0x80, _), (0xEF, 0xBC, _):
      gap()
      place += 3
    default: word()
    }
  }

  // MARK: - Words

  private mutating func word() {
    let start = place
    let spelling = TimeSpelling.read(bytes, from: place, to: end)
    place = max(spelling.end, place + 1)
    // A word with digits or an underscore in it is a name: "may_2", "q3x".
    if place < end, TimeSpelling.isNamePart(bytes[place]) || (place > start && isDigit(place)) {
      if quarter(start) { return }
      skipName()
      return unknownWord()
    }
    if vocabulary.digits.hasTwelveHours, half(start) { return }
    guard let lexeme = vocabulary.lexeme(spelling.hash) else { return unknownWord() }
    let found = vocabulary.lexemes[lexeme]
    if found.isCommon { commonCount += 1 }
    if found.isFuture { futureSentences.insert(sentence) }
    guard found.hasMeaning else { return unknownWord() }
    // The stop of an abbreviation belongs to it.
    if found.isAbbreviation, place < end, bytes[place] == UInt8(ascii: ".") { place += 1 }
    append(
      Token(
        kind: .word, lexeme: lexeme, start: start, end: place, sentence: sentence, follows: follows,
        isCapitalized: (0x41...0x5A).contains(bytes[start]) || bytes[start] >= 0x80),
      isCore: found.isCore)
  }

  /// "pm" behind an hour and a blank, which makes one clock of them.
  private mutating func half(_ start: Int) -> Bool {
    guard place == start + 2, bytes[start + 1] | 0x20 == UInt8(ascii: "m"), follows, let last = tokens.last else {
      return false
    }
    let letter = bytes[start] | 0x20
    guard letter == UInt8(ascii: "a") || letter == UInt8(ascii: "p") else { return false }
    let isHour = last.kind == .number && (1...12).contains(last.value)
    guard isHour || (last.kind == .clock && (3_600..<13 * 3_600).contains(last.value)) else { return false }
    var clock = last
    clock.kind = .clock
    clock.value = (isHour ? last.value * 3_600 : last.value) % (12 * 3_600)
    clock.value += letter == UInt8(ascii: "p") ? 12 * 3_600 : 0
    clock.width = isHour ? 1 : last.width
    clock.end = place
    tokens[tokens.count - 1] = clock
    coreRuns.insert(run)
    return true
  }

  /// "Q3".
  private mutating func quarter(_ start: Int) -> Bool {
    guard place == start + 1, bytes[start] | 0x20 == vocabulary.quarterLetter, isDigit(place),
      (0x31...0x34).contains(bytes[place]), place + 1 >= end || !isNameByte(place + 1)
    else { return false }
    let value = Int(bytes[place] - 0x30)
    place += 1
    append(
      Token(kind: .quarter, value: value, start: start, end: place, sentence: sentence, follows: follows),
      isCore: true)
    return true
  }

  private func isDigit(_ index: Int) -> Bool { index < end && (0x30...0x39).contains(bytes[index]) }

  private func isNameByte(_ index: Int) -> Bool {
    index < end && (TimeSpelling.isNamePart(bytes[index]) || isDigit(index) || TimeSpelling.isLetter(bytes[index]))
  }

  private mutating func skipName() {
    while isNameByte(place) { place += 1 }
  }

  // MARK: - Numbers

  private mutating func number() {
    let start = place
    let before = start > 0 ? bytes[start - 1] : 0x20
    var run = start
    // Longer runs are no dates.
    while run < end, DigitRun.isPart(bytes[run]) { run += 1 }
    while run > start, DigitRun.isTrailing(bytes[run - 1]) { run -= 1 }
    let after = run < end ? bytes[run] : 0x20
    let isAmount =
      before == UInt8(ascii: "$") || before == UInt8(ascii: "#") || before == UInt8(ascii: "@")
      || before == UInt8(ascii: "_") || isCurrency(endingAt: start) || after == UInt8(ascii: "%")
      || after == UInt8(ascii: "$") || isCurrency(startingAt: run) || (isSign(before) && isGlued(start - 1))
    place = max(run, start + 1)
    guard run - start <= 40, !isAmount, let parts = DigitRun.parts(bytes, start..<run, rules: vocabulary.digits)
    else { return unknownWord() }
    for part in parts { append(part) }
  }

  /// A sign before the number that hangs on something else: "1.2" after a comma, "v1-2".
  private func isSign(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".") }

  private func isGlued(_ index: Int) -> Bool { index > 0 && bytes[index - 1] > 0x20 }

  /// `€` and its like are E2 82 xx, `£` and `¥` C2 A3 and C2 A5.
  private func isCurrency(endingAt index: Int) -> Bool {
    (index >= 3 && bytes[index - 3] == 0xE2 && bytes[index - 2] == 0x82)
      || (index >= 2 && bytes[index - 2] == 0xC2 && (0xA2...0xA5).contains(bytes[index - 1]))
  }

  private func isCurrency(startingAt index: Int) -> Bool {
    guard index + 1 < end else { return false }
    return (bytes[index] == 0xE2 && bytes[index + 1] == 0x82)
      || (bytes[index] == 0xC2 && (0xA2...0xA5).contains(bytes[index + 1]))
  }

  private mutating func append(_ part: DigitRun.Part) {
    var token = Token(
      kind: .number, value: part.value, width: part.width, start: part.range.lowerBound, end: part.range.upperBound,
      sentence: sentence, follows: follows)
    var isCore = true
    switch part.kind {
    case .number: isCore = part.width == 4
    case .hyphen:
      guard let hyphen = vocabulary.mark(UInt8(ascii: "-")) else { return gap() }
      token.kind = .word
      token.lexeme = hyphen
      isCore = false
    case .date(let date):
      token.kind = .digits
      token.value = dates.count
      dates.append(date)
    default: token.kind = part.tokenKind
    }
    // "'23" is a year, and so is no number of anything.
    if part.kind == .number, part.width == 2, let last = tokens.last, last.kind == .word, last.end == token.start,
      last.lexeme == vocabulary.mark(UInt8(ascii: "'"))
    {
      token.kind = .year
      token.value += part.value < 70 ? 2_000 : 1_900
      token.start = last.start
      token.follows = last.follows
      tokens.removeLast()
      isCore = true
    }
    append(token, isCore: isCore)
  }
}

/// A word as the vocabulary knows it: without case and without the accents of Latin letters, so that "Marz", "März"
/// and "MÄRZ" are one word.
enum TimeSpelling {
  /// The hash of the word that begins at a place, and where it ends.
  ///
  /// The hash is FNV-1a of 64 bits. Two words of one hash would be taken for each other; among a thousand known words
  /// that happens once in 10^16 others.
  static func read(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> (hash: UInt64, end: Int) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var place = start
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    while place < end {
      let byte = bytes[place]
      if isLetter(byte), byte < 0x80 {
        add(byte | 0x20)
        place += 1
        continue
      }
      guard byte >= 0x80 else { break }
      let next = place + 1 < end ? bytes[place + 1] : 0
      if byte == 0xC3 {
        for letter in latin(next) { add(letter) }
        place += 2
      } else if byte == 0xC5, next & 0xFE == 0x92 {
        add(UInt8(ascii: "o"))
        add(UInt8(ascii: "e"))
        place += 2
      } else if byte == 0xCC || (byte == 0xCD && next < 0xB0) {
        place += 2
      } else if byte == 0xE2 || byte == 0xC2 && next != 0xBA || byte == 0xE3 && next == 0x80
        || byte == 0xEF && next == 0xBC
      {
        break
      } else {
        add(byte)
        place += 1
      }
    }
    return (hash, min(place, end))
  }

  static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

  /// What makes a name of a word.
  static func isNamePart(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "_") }

  /// The letters without accent of U+00C0 to U+00FF, told by the second byte.
  private static func latin(_ byte: UInt8) -> [UInt8] {
    let places = byte & 0x1F
    if byte == 0x9F { return [UInt8(ascii: "s"), UInt8(ascii: "s")] }
    let letters = latinLetters
    return Int(places) < letters.count ? [letters[Int(places)]] : []
  }

  private static let latinLetters: [UInt8] = Array("aaaaaaaceeeeiiiidnooooo*ouuuuypy".utf8)
}
