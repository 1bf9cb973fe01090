/// A text as words and the gaps between them, read once.
struct EntityScanner {
  /// What parts a word from the one before.
  enum Gap: Sendable {
    /// One blank or more, and nothing else.
    case blank
    case comma
    /// The end of a sentence, a line's end, a colon, the beginning of the text.
    case sentence
    case other
  }

  struct Word {
    /// UTF-8 bytes of the text.
    var range: Range<Int>
    var gap: Gap
    /// Whether a stop stands directly behind it.
    var hasStop = false
    /// Whether it stands between backticks.
    var isCode = false
    var isCapitalized: Bool
    /// Two capital letters or more, and no small ones.
    var isAllCapitals: Bool
    /// Whether it holds letters, digits, apostrophes and hyphens only.
    var isPlain: Bool
    var lowercased: String
  }

  /// So many bytes at the beginning of a text are looked at.
  static let limit = 65_536

  private(set) var words: [Word] = []
  /// What stands in 「」, 『』, 《》 and “”, and between straight quotation marks.
  private(set) var quotes: [Range<Int>] = []
  /// Whether most of the letters are capitals, as when somebody shouts.
  private(set) var isShouted = false

  let bytes: [UInt8]
  private var place = 0
  private var gap = Gap.sentence
  private var isBlank = false
  private var isCode = false
  private var opened: (place: Int, mark: Int)?
  private var capitals = 0
  private var smalls = 0

  init(_ text: String) {
    bytes = Array(text.utf8.prefix(Self.limit))
    while place < bytes.count { step() }
    isShouted = capitals > 12 && capitals > smalls * 2
  }

  func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  // MARK: - Gaps

  private mutating func step() {
    let byte = bytes[place]
    if byte < 0x80 {
      if Self.isWordByte(byte) { return word() }
      switch byte {
      case 0x20, 0x09, 0x0D: isBlank = true
      case 0x0A, UInt8(ascii: "!"), UInt8(ascii: "?"), UInt8(ascii: ";"): gap = .sentence
      case UInt8(ascii: ","): if gap == .blank { gap = .comma }
      case UInt8(ascii: "`"):
        isCode.toggle()
        if gap != .sentence { gap = .other }
      case UInt8(ascii: "\""):
        quote(1, length: 1)
        if gap != .sentence { gap = .other }
      default: if gap != .sentence { gap = .other }
      }
      place += 1
      return
    }
    let (mark, length) = mark(at: place)
    if mark == 0 { return word() }
    if mark > 1 || mark < -1 { quote(mark, length: length) }
    if mark == Self.space { isBlank = true } else if gap != .sentence { gap = .other }
    place += length
  }

  private static let space = 100
  private static let other = 1

  /// What punctuation stands at a place, beyond ASCII: 0 for none.
  private func mark(at place: Int) -> (mark: Int, length: Int) {
    let next = place + 1 < bytes.count ? bytes[place + 1] : 0
    let third = place + 2 < bytes.count ? bytes[place + 2] : 0
    switch (bytes[place], next, third) {
    case (0xC2, 0xA0, _): return (Self.space, 2)
    case (0xC2, 0x80...0xBF, _): return (Self.other, 2)
    case (0xE2, 0x80, 0x99): return (0, 3)
    case (0xE2, 0x80, 0x9C), (0xE2, 0x80, 0x9E): return (2, 3)
    case (0xE2, 0x80, 0x9D): return (-2, 3)
    case (0xE2, 0x80, _), (0xE2, 0x81...0xBF, _): return (Self.other, 3)
    case (0xE3, 0x80, 0x8C): return (3, 3)
    case (0xE3, 0x80, 0x8D): return (-3, 3)
    case (0xE3, 0x80, 0x8E): return (4, 3)
    case (0xE3, 0x80, 0x8F): return (-4, 3)
    case (0xE3, 0x80, 0x8A): return (5, 3)
    case (0xE3, 0x80, 0x8B): return (-5, 3)
    case (0xE3, 0x80, 0x80): return (Self.space, 3)
    case (0xE3, 0x80, 0x81...0x84), (0xE3, 0x80, 0x90...0x9F), (0xEF, 0xBC, _): return (Self.other, 3)
    case (0xF0, 0x9F, _): return (Self.other, 4)
    default: return (0, 1)
    }
  }

  /// A mark that opens or closes a quotation: positive numbers open, the negative ones close them; 1 does both.
  private mutating func quote(_ mark: Int, length: Int) {
    // German quotations open low and close high, with the mark that opens English ones.
    if let opened, opened.mark == mark && (mark == 1 || mark == 2) || opened.mark == -mark {
      if opened.place < place, place - opened.place <= 120 { quotes.append(opened.place..<place) }
      self.opened = nil
    } else if mark > 0 {
      opened = (place + length, mark)
    }
  }

  // MARK: - Words

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case UInt8(ascii: "'"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "@"), UInt8(ascii: "#"),
      UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "~"),
      UInt8(ascii: "&"), UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: "%"), UInt8(ascii: "$"):
      true
    default: false
    }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...: true
    default: false
    }
  }

  private mutating func word() {
    let start = place
    while place < bytes.count {
      if bytes[place] < 0x80 {
        guard Self.isWordByte(bytes[place]) else { break }
        // The query of an address is part of it.
        place += 1
      } else {
        guard mark(at: place).mark == 0 else { break }
        place += mark(at: place).length
      }
    }
    place = min(place, bytes.count)
    extendAddress(from: start)
    var end = place
    let isAmpersand = place == start + 1 && bytes[start] == UInt8(ascii: "&")
    while !isAmpersand, end > start, !Self.isLetterOrDigit(bytes[end - 1]), bytes[end - 1] != UInt8(ascii: "/"),
      bytes[end - 1] != UInt8(ascii: "+"), bytes[end - 1] != UInt8(ascii: "#")
    {
      end -= 1
    }
    var first = start
    while first < end, !Self.isLetterOrDigit(bytes[first]) {
      let next = first + 1 < end ? bytes[first + 1] : 0
      let begins =
        switch bytes[first] {
        case UInt8(ascii: "@"), UInt8(ascii: "#"), UInt8(ascii: "_"): Self.isLetterOrDigit(next)
        case UInt8(ascii: "/"): Self.isLetterOrDigit(next) || next == UInt8(ascii: ".")
        case UInt8(ascii: "~"): next == UInt8(ascii: "/")
        case UInt8(ascii: "."): next == UInt8(ascii: "/") || next == UInt8(ascii: ".") || Self.isLetterOrDigit(next)
        case UInt8(ascii: "&"): true
        default: false
        }
      if begins { break }
      first += 1
    }
    let behind = bytes[end..<place]
    let stop = behind.first == UInt8(ascii: ".")
    if first < end { append(first..<end, hasStop: stop) }
    gap =
      behind.contains(UInt8(ascii: ":")) || (stop && first < end)
      ? .sentence : behind.isEmpty && first < end ? .blank : .other
    if first >= end, start < end || !behind.isEmpty, words.isEmpty || endsBefore(start) { gap = .sentence }
  }

  /// Whether nothing but a mark of a list stands between a place and the end of a line or sentence before it.
  private func endsBefore(_ place: Int) -> Bool {
    var index = place - 1
    while index >= 0, bytes[index] == 0x20 || bytes[index] == 0x09 { index -= 1 }
    return index < 0 || bytes[index] == 0x0A
  }

  /// An address goes on behind `?` and other marks that end words.
  private mutating func extendAddress(from start: Int) {
    guard place < bytes.count, place - start > 7, bytes[place] > 0x20 else { return }
    let head = bytes[start..<min(start + 12, place)]
    guard head.starts(with: "http".utf8) || head.starts(with: "www.".utf8) else { return }
    while place < bytes.count, bytes[place] > 0x20, !"\"<>`)]}".utf8.contains(bytes[place]) { place += 1 }
    while place > start, ",;!?.".utf8.contains(bytes[place - 1]) { place -= 1 }
  }

  private mutating func append(_ range: Range<Int>, hasStop: Bool) {
    var (large, small) = (0, 0)
    var isPlain = true
    var isASCII = true
    for byte in bytes[range] {
      switch byte {
      case 0x41...0x5A: large += 1
      case 0x61...0x7A: small += 1
      case 0x30...0x39, UInt8(ascii: "'"), UInt8(ascii: "-"): break
      case 0x80...: isASCII = false
      default: isPlain = false
      }
    }
    capitals += large
    smalls += small
    var isCapitalized = (0x41...0x5A).contains(bytes[range.lowerBound])
    let lowercased: String
    if isASCII {
      lowercased =
        large == 0
        ? text(range)
        : String(decoding: bytes[range].map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    } else {
      let text = text(range)
      lowercased = text.lowercased().replacing("\u{2019}", with: "'")
      isCapitalized = text.unicodeScalars.first?.properties.isUppercase ?? false
      if text.unicodeScalars.contains(where: { $0.value > 0x7F && $0.properties.isLowercase }) { small += 1 }
    }
    words.append(
      Word(
        range: range, gap: gap == .blank && !isBlank && !words.isEmpty ? .other : gap, hasStop: hasStop, isCode: isCode,
        isCapitalized: isCapitalized, isAllCapitals: large >= 2 && small == 0, isPlain: isPlain,
        lowercased: lowercased))
    isBlank = false
  }
}
