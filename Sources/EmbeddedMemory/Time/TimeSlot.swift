/// What a place in a pattern takes, and what a word can be.
///
/// Small numbers, since words are looked up by them. Above `firstWord` each group of words that a pattern spells out
/// has a slot of its own.
struct TimeSlot: Hashable, Sendable {
  var number: Int

  /// A month, 1 to 12.
  static let month = TimeSlot(number: 0)
  /// Monday is 1.
  static let weekday = TimeSlot(number: 1)
  /// How many: a number or a word ("two", "a few").
  static let count = TimeSlot(number: 2)
  /// Which: "3rd", "third"; -1 is the last.
  static let ordinal = TimeSlot(number: 3)
  static let unit = TimeSlot(number: 4)
  static let season = TimeSlot(number: 5)
  static let daypart = TimeSlot(number: 6)
  /// A day told from today: "yesterday" is -1.
  static let day = TimeSlot(number: 7)
  static let holiday = TimeSlot(number: 8)
  /// Last -1, this 0, next 1.
  static let relative = TimeSlot(number: 9)
  /// A word that says that its sentence looks ahead: "will".
  static let future = TimeSlot(number: 10)
  /// A word that tells the language.
  static let common = TimeSlot(number: 11)

  /// The day of a month: "7", "7th", "seventh".
  static let dayNumber = TimeSlot(number: 12)
  static let year = TimeSlot(number: 13)
  static let clock = TimeSlot(number: 14)
  /// "2010s".
  static let decade = TimeSlot(number: 15)
  /// "80s".
  static let shortDecade = TimeSlot(number: 16)
  /// A date in digits.
  static let digits = TimeSlot(number: 17)
  /// "Q3".
  static let quarter = TimeSlot(number: 18)

  /// What the patterns of one level match, or of a lower one.
  static func nested(_ level: TimeLevel) -> TimeSlot { TimeSlot(number: 19 + level.rawValue) }
  static let firstWord = 24

  /// The names by which patterns call for them.
  static let named: [String: TimeSlot] = [
    "month": month, "weekday": weekday, "count": count, "nth": ordinal, "unit": unit, "season": season,
    "daypart": daypart, "day": day, "holiday": holiday, "rel": relative, "d": dayNumber, "year": year, "clock": clock,
    "decade": decade, "shortDecade": shortDecade, "digits": digits, "quarter": quarter, "moment": nested(.moment),
    "date": nested(.date), "when": nested(.operand), "time": nested(.phrase),
  ]

  /// Whether a pattern that matched wants to know what stood there.
  var isCaptured: Bool { number < Self.firstWord }
  /// The level whose patterns decide what stands there.
  var level: TimeLevel? { TimeLevel(rawValue: number - 19) }
}

/// The patterns of a level build on those of the levels below, so no pattern can go around in circles.
enum TimeLevel: Int, Sendable, CaseIterable {
  /// A time that is told in one go: "7 May", "last week".
  case moment
  /// Two that make one: "Friday" and "last week".
  case date
  /// What is a time only behind a word that asks for one: "2023" behind "since".
  case operand
  /// A part or a neighbourhood of a time: "early", "the week of".
  case phrase
  /// All that stands for itself: a date or a phrase, and what opens or spans: "since", "between".
  case window
}

/// A unit of time, as words name it.
enum TimeUnit: Int, Sendable, CaseIterable {
  case second, minute, hour, day, week, weekend, fortnight, month, quarter, year, decade, century

  init?(name: String) {
    guard let unit = Self.allCases.first(where: { "\($0)" == name }) else { return nil }
    self = unit
  }
}

/// A part of a day, in hours of its clock; past 24 it is the next day's.
enum Daypart: Int, Sendable, CaseIterable {
  case morning, noon, afternoon, evening, night

  init?(name: String) {
    guard let part = Self.allCases.first(where: { "\($0)" == name }) else { return nil }
    self = part
  }

  var hours: Range<Int> {
    switch self {
    case .morning: 5..<12
    case .noon: 11..<14
    case .afternoon: 12..<18
    case .evening: 17..<24
    case .night: 18..<30
    }
  }
}

/// Seasons are meteorological: each begins with a month.
enum Season: Int, Sendable, CaseIterable {
  case spring, summer, autumn, winter

  init?(name: String) {
    guard let season = Self.allCases.first(where: { "\($0)" == name }) else { return nil }
    self = season
  }

  /// The first of its three months. A winter that begins in December 2023 is that of 2023.
  func firstMonth(_ hemisphere: Hemisphere) -> Int {
    let northern = 3 + 3 * rawValue
    return hemisphere == .northern ? northern : (northern + 5) % 12 + 1
  }
}

/// Where the year's seasons are told from.
enum Hemisphere: Sendable {
  case northern, southern
}
