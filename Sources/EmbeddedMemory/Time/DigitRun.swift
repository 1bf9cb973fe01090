/// A date or a moment that is written in digits.
struct DigitDate: Hashable, Sendable {
  var year: Int
  var month: Int?
  var day: Int?
  var week: Int?
  /// The second of the day.
  var second: Int?
  var millisecond = 0
  /// Seconds east of Greenwich.
  var offset: Int?
  /// How exactly it is told, in milliseconds, of a moment.
  var precision = 0
  /// Whether day and month could be meant the other way round.
  var isAmbiguous = false
}

/// A run of digits with what hangs on it ("2023-06-07T10:30", "7th", "3-7"), cut into what it tells.
struct DigitRun {
  /// How a language writes numbers.
  struct Rules: Sendable {
    /// Whether 3/7/2023 is in March.
    var isMonthFirst: Bool
    /// "th", "st".
    var ordinalEndings: Set<String>
    /// Letters between hours and minutes, and behind hours: "h" in "14h30".
    var hourEndings: Set<String>
    /// "s" in "2010s".
    var decadeEndings: Set<String>
    /// Whether "pm" may stand behind a blank.
    var hasTwelveHours: Bool
  }

  struct Part {
    enum Kind: Hashable {
      case number, ordinal, hyphen, decade, shortDecade, clock, quarter, seasonYear
      case date(DigitDate)
    }
    var kind: Kind
    var value = 0
    var width = 0
    var range: Range<Int>

    var tokenKind: TimeTokens.Token.Kind {
      switch kind {
      case .number, .hyphen: .number
      case .ordinal: .ordinal
      case .decade: .decade
      case .shortDecade: .shortDecade
      case .clock: .clock
      case .quarter: .quarter
      case .seasonYear: .year
      case .date: .digits
      }
    }
  }

  static func isPart(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "+"),
      UInt8(ascii: "_"):
      true
    default: false
    }
  }

  /// What belongs to the sentence when it stands at the end.
  static func isTrailing(_ byte: UInt8) -> Bool {
    !TimeSpelling.isLetter(byte) && !(0x30...0x39).contains(byte) && byte != UInt8(ascii: "_")
  }

  /// What a run tells, or `nil` when it is something else: a version, a telephone number, a name.
  static func parts(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, rules: Rules) -> [Part]? {
    var reader = Reader(bytes: bytes, place: range.lowerBound, end: range.upperBound)
    guard let first = reader.number() else { return nil }
    func one(_ kind: Part.Kind, value: Int = 0, width: Int = 0) -> [Part] {
      [Part(kind: kind, value: value, width: width, range: range)]
    }
    if reader.isAtEnd {
      return first.width <= 4 ? one(.number, value: first.value, width: first.width) : nil
    }
    if reader.isAtLetter, first.width <= 4 { return lettered(first, &reader, range, rules) }
    if reader.peek == UInt8(ascii: ":"), first.width <= 2 {
      guard let clock = reader.clock(hour: first.value), reader.isAtEnd || reader.endsInHalf(clock) != nil else {
        return nil
      }
      let second = reader.endsInHalf(clock) ?? clock
      return one(.clock, value: second, width: 2)
    }
    if first.width == 4, let date = reader.yearFirst(first.value) {
      return one(date, value: first.value)
    }
    if first.width <= 2, let date = reader.dayFirst(first.value, isMonthFirst: rules.isMonthFirst) {
      return one(.date(date))
    }
    return pair(first, bytes, range)
  }

  /// "3-7", "2019-2021".
  private static func pair(
    _ first: Reader.Number, _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
  ) -> [Part]? {
    let hyphen = range.lowerBound + first.width
    guard first.width <= 4, bytes[hyphen] == UInt8(ascii: "-") else { return nil }
    var reader = Reader(bytes: bytes, place: hyphen + 1, end: range.upperBound)
    guard let second = reader.number(), reader.isAtEnd, second.width <= 4 else { return nil }
    return [
      Part(kind: .number, value: first.value, width: first.width, range: range.lowerBound..<hyphen),
      Part(kind: .hyphen, range: hyphen..<hyphen + 1),
      Part(kind: .number, value: second.value, width: second.width, range: hyphen + 1..<range.upperBound),
    ]
  }

  /// "7th", "2010s", "10pm", "14h30".
  private static func lettered(
    _ first: Reader.Number, _ reader: inout Reader, _ range: Range<Int>, _ rules: Rules
  ) -> [Part]? {
    let letters = reader.letters()
    func one(_ kind: Part.Kind, value: Int, width: Int = 0) -> [Part] {
      [Part(kind: kind, value: value, width: width, range: range)]
    }
    if rules.decadeEndings.contains(letters), reader.isAtEnd, first.value % 10 == 0 {
      if first.width == 4 { return one(.decade, value: first.value) }
      return first.width == 2 && first.value >= 20 ? one(.shortDecade, value: first.value) : nil
    }
    if reader.isAtEnd, rules.ordinalEndings.contains(letters), first.width <= 2 {
      return one(.ordinal, value: first.value)
    }
    let half = Reader.half(letters)
    if let half, reader.isAtEnd, (1...12).contains(first.value) {
      return one(.clock, value: (first.value % 12 + half) * 3_600, width: 1)
    }
    if rules.hourEndings.contains(letters), first.value < 24 {
      if reader.isAtEnd { return one(.clock, value: first.value * 3_600, width: 1) }
      if let minutes = reader.number(), reader.isAtEnd, minutes.width == 2, minutes.value < 60 {
        return one(.clock, value: first.value * 3_600 + minutes.value * 60, width: 2)
      }
    }
    if letters == "w", first.width == 4, let week = reader.number(), week.width == 2, reader.isAtEnd,
      (1...53).contains(week.value)
    {
      return one(.date(DigitDate(year: first.value, week: week.value)), value: 0)
    }
    return nil
  }

  /// Reads the pieces of a run.
  struct Reader {
    struct Number {
      var value: Int
      var width: Int
    }

    let bytes: UnsafeBufferPointer<UInt8>
    var place: Int
    let end: Int

    var isAtEnd: Bool { place >= end }
    var peek: UInt8 { place < end ? bytes[place] : 0 }
    var isAtLetter: Bool { TimeSpelling.isLetter(peek) }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard peek == UInt8(ascii: character) else { return false }
      place += 1
      return true
    }

    /// Up to nine digits.
    mutating func number(width: Int? = nil) -> Number? {
      let start = place
      var value = 0
      while (0x30...0x39).contains(peek), place - start < 9 {
        value = value * 10 + Int(peek - 0x30)
        place += 1
      }
      let found = place - start
      guard found > 0, width == nil || width == found, !(0x30...0x39).contains(peek) else { return nil }
      return Number(value: value, width: found)
    }

    mutating func letters() -> String {
      let start = place
      while isAtLetter { place += 1 }
      return String(decoding: bytes[start..<place].map { $0 | 0x20 }, as: UTF8.self)
    }

    /// The seconds to add for "am" and "pm", in hours.
    static func half(_ letters: String) -> Int? {
      switch letters {
      case "am": 0
      case "pm": 12
      default: nil
      }
    }

    /// `:mm` and `:ss` behind an hour, as a second of the day.
    mutating func clock(hour: Int) -> Int? {
      guard hour < 24, take(":"), let minute = number(width: 2), minute.value < 60 else { return nil }
      var second = hour * 3_600 + minute.value * 60
      if peek == UInt8(ascii: ":") {
        place += 1
        guard let seconds = number(width: 2), seconds.value < 60 else { return nil }
        second += seconds.value
      }
      return second
    }

    /// "pm" behind a clock that was read.
    func endsInHalf(_ second: Int) -> Int? {
      var reader = self
      guard let half = Self.half(reader.letters()), reader.isAtEnd, (3_600..<13 * 3_600).contains(second) else {
        return nil
      }
      return second % (12 * 3_600) + half * 3_600
    }

    /// What follows a year: `-06`, `-06-07`, `/06/07`, `.06.07`, `-06-07T10:30`, `-W23`, `-Q2`, `/24`.
    mutating func yearFirst(_ year: Int) -> Part.Kind? {
      let separator = peek
      let start = place
      place += 1
      defer { place = start }
      guard separator == UInt8(ascii: "-") || separator == UInt8(ascii: "/") || separator == UInt8(ascii: ".") else {
        return nil
      }
      if separator == UInt8(ascii: "-"), isAtLetter {
        let letter = peek | 0x20
        place += 1
        guard let number = number(), isAtEnd else { return nil }
        if letter == UInt8(ascii: "w"), number.width == 2, (1...53).contains(number.value) {
          return .date(DigitDate(year: year, week: number.value))
        }
        let isQuarter = letter == UInt8(ascii: "q") && number.width == 1 && (1...4).contains(number.value)
        return isQuarter ? .date(DigitDate(year: year, month: -number.value)) : nil
      }
      guard let month = number(width: 2) else { return nil }
      if isAtEnd {
        if separator == UInt8(ascii: "/"), (year + 1) % 100 == month.value { return .seasonYear }
        guard (1...12).contains(month.value), separator == UInt8(ascii: "-") else { return nil }
        return .date(DigitDate(year: year, month: month.value))
      }
      guard peek == separator else { return nil }
      place += 1
      guard let day = number(width: 2),
        CivilCalendar.existingDay(year: year, month: month.value, day: day.value) != nil
      else { return nil }
      var date = DigitDate(year: year, month: month.value, day: day.value)
      if isAtEnd { return .date(date) }
      guard take("T") || take("t"), time(&date), isAtEnd else { return nil }
      return .date(date)
    }

    /// `10:30`, `10:30:00.123`, each with `Z` or `+02:00`.
    private mutating func time(_ date: inout DigitDate) -> Bool {
      guard let hour = number(width: 2) else { return false }
      let start = place
      guard let second = clock(hour: hour.value) else { return false }
      date.second = second
      date.precision = place - start > 3 ? 1_000 : 60_000
      if date.precision == 1_000, take(".") {
        guard let fraction = number() else { return false }
        var milliseconds = fraction.value
        for _ in 0..<max(0, 3 - fraction.width) { milliseconds *= 10 }
        for _ in 0..<max(0, fraction.width - 3) { milliseconds /= 10 }
        date.millisecond = milliseconds
        date.precision = 1
      }
      if take("Z") || take("z") {
        date.offset = 0
      } else if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") {
        let sign = peek == UInt8(ascii: "-") ? -1 : 1
        place += 1
        guard let hours = number() else { return false }
        if hours.width == 4 {
          date.offset = sign * (hours.value / 100 * 3_600 + hours.value % 100 * 60)
        } else {
          guard hours.width == 2 else { return false }
          var offset = hours.value * 3_600
          if take(":") {
            guard let minutes = number(width: 2) else { return false }
            offset += minutes.value * 60
          }
          date.offset = sign * offset
        }
        guard let offset = date.offset, abs(offset) <= 18 * 3_600 else { return false }
      }
      return true
    }

    /// What follows a day or a month: `.5.2023`, `/5/2023`, `-5-2023`, `/5/23`.
    mutating func dayFirst(_ first: Int, isMonthFirst: Bool) -> DigitDate? {
      let separator = peek
      let start = place
      place += 1
      defer { place = start }
      guard separator == UInt8(ascii: "-") || separator == UInt8(ascii: "/") || separator == UInt8(ascii: "."),
        let second = number(), second.width <= 2, peek == separator
      else { return nil }
      place += 1
      guard let third = number(), isAtEnd else { return nil }
      var year = third.value
      if third.width == 2, separator == UInt8(ascii: "/") {
        year += year < 70 ? 2_000 : 1_900
      } else if third.width != 4 || !(1_000...2_999).contains(year) {
        return nil
      }
      // A stop parts day, month and year everywhere; a slash puts the month first in America.
      var (month, day) = isMonthFirst && separator == UInt8(ascii: "/") ? (first, second.value) : (second.value, first)
      if month > 12 { swap(&month, &day) }
      guard CivilCalendar.existingDay(year: year, month: month, day: day) != nil else { return nil }
      return DigitDate(
        year: year, month: month, day: day,
        isAmbiguous: separator == UInt8(ascii: "/") && month <= 12 && day <= 12 && month != day)
    }
  }
}
