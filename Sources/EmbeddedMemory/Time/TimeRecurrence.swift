/// What comes again: every year, month or week.
enum TimeRecurrence: Hashable, Sendable {
  case month(Int)
  case date(month: Int, day: Int)
  /// Three months from this one on.
  case season(firstMonth: Int)
  case quarter(Int)
  case holiday(Holiday)
  /// The day of a month; of one weekday only, where it is given.
  case dayOfMonth(Int, weekday: Int?)
  /// Monday is 1.
  case weekday(Int)
  case weekend

  /// A feast, as a language's file writes it.
  enum Holiday: Hashable, Sendable {
    /// `12-24+3`: 24 December and two days more.
    case date(month: Int, day: Int, count: Int)
    /// `easter-2+4`: from Good Friday four days.
    case easter(offset: Int, count: Int)
    /// `11/4/4+1`: one day after the fourth Thursday of November; `5/1/-1`: the last Monday of May.
    case weekday(month: Int, weekday: Int, which: Int, offset: Int)
  }

  var isYearly: Bool {
    switch self {
    case .month, .date, .season, .quarter, .holiday: true
    case .dayOfMonth, .weekday, .weekend: false
    }
  }

  var grain: TimeGrain {
    switch self {
    case .month: .month
    case .season: .season
    case .quarter: .quarter
    case .date, .dayOfMonth, .weekday, .holiday: .day
    case .weekend: .weekend
    }
  }

  /// The days of one of its turns: that of a year, of a month counted from year 0, or of a week counted from 1970;
  /// `nil` where a year or month has none (29 February).
  func days(_ turn: Int) -> Range<Int>? {
    switch self {
    case .month(let month): return CivilCalendar.month(turn, month)
    case .season(let first): return CivilCalendar.month(turn, first, count: 3)
    case .quarter(let quarter): return CivilCalendar.month(turn, quarter * 3 - 2, count: 3)
    case .date(let month, let day):
      return CivilCalendar.existingDay(year: turn, month: month, day: day).map { $0..<$0 + 1 }
    case .holiday(let holiday): return Self.days(of: holiday, year: turn)
    case .dayOfMonth(let day, let weekday):
      let year = turn.quotientFloored(by: 12)
      let month = turn.remainderFloored(by: 12) + 1
      guard let found = CivilCalendar.existingDay(year: year, month: month, day: day),
        weekday == nil || weekday == CivilCalendar.weekday(found)
      else { return nil }
      return found..<found + 1
    case .weekday(let weekday):
      let day = turn * 7 - 3 + weekday - 1
      return day..<day + 1
    case .weekend:
      let saturday = turn * 7 + 2
      return saturday..<saturday + 2
    }
  }

  private static func days(of holiday: Holiday, year: Int) -> Range<Int>? {
    switch holiday {
    case .date(let month, let day, let count):
      return CivilCalendar.existingDay(year: year, month: month, day: day).map { $0..<$0 + count }
    case .easter(let offset, let count):
      let first = CivilCalendar.easter(year) + offset
      return first..<first + count
    case .weekday(let month, let weekday, let which, let offset):
      guard let day = nth(which, weekday: weekday, in: CivilCalendar.month(year, month)) else { return nil }
      return day + offset..<day + offset + 1
    }
  }

  /// The first, second … weekday within some days, the last one for -1.
  static func nth(_ which: Int, weekday: Int, in days: Range<Int>) -> Int? {
    let day =
      if which > 0 {
        days.lowerBound + (weekday - CivilCalendar.weekday(days.lowerBound) + 7) % 7 + 7 * (which - 1)
      } else {
        days.upperBound - 1 - (CivilCalendar.weekday(days.upperBound - 1) - weekday + 7) % 7
      }
    return days.contains(day) ? day : nil
  }

  /// The turn of the year, month or week in which a day lies.
  func turn(of day: Int) -> Int {
    switch self {
    case .month, .date, .season, .quarter, .holiday: return CivilCalendar.date(day).year
    case .dayOfMonth:
      let date = CivilCalendar.date(day)
      return date.year * 12 + date.month - 1
    case .weekday, .weekend: return (day + 3).quotientFloored(by: 7)
    }
  }

  /// So many turns are looked through: 29 February can be eight years away, a Friday the 13th over a year.
  private static let reach = 32

  /// The latest one that has begun by a day.
  func latest(begunBy day: Int) -> Range<Int>? { latest(near: day) { $0.lowerBound <= day } }

  /// The latest one that has ended before a day.
  func latest(endedBefore day: Int) -> Range<Int>? { latest(near: day) { $0.upperBound <= day } }

  private func latest(near day: Int, where isWanted: (Range<Int>) -> Bool) -> Range<Int>? {
    let turn = turn(of: day)
    for candidate in stride(from: turn + 1, through: turn - Self.reach, by: -1) {
      if let days = days(candidate), isWanted(days) { return days }
    }
    return nil
  }

  /// The earliest one that begins after a day.
  func earliest(after day: Int) -> Range<Int>? {
    let turn = turn(of: day)
    for candidate in turn - 1...turn + Self.reach {
      if let days = days(candidate), days.lowerBound > day { return days }
    }
    return nil
  }

  /// The one that a day lies in; else that of the day's year, month or week.
  func current(_ day: Int) -> Range<Int>? {
    if let latest = latest(begunBy: day), latest.contains(day) { return latest }
    return days(turn(of: day))
  }
}

/// How exactly a time is told.
enum TimeGrain: Int, Comparable, Sendable {
  case instant, minute, hour, daypart, day, weekend, week, month, quarter, season, year, decade, stretch

  static func < (left: TimeGrain, right: TimeGrain) -> Bool { left.rawValue < right.rawValue }
}
