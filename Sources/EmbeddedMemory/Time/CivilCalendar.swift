import Foundation

/// Days and seconds as clocks and calendars show them in one time zone, and what they are in UTC.
///
/// A day is counted from 1 January 1970 of the proleptic Gregorian calendar; a civil second from the midnight with
/// which that day began, every day having 86,400. Only the way to UTC asks the time zone, so date arithmetic costs
/// nanoseconds; `Calendar` takes microseconds a step.
struct CivilCalendar: Sendable {
  let timeZone: TimeZone

  /// The day of a date; a month or a day out of range counts on into the next.
  static func day(year: Int, month: Int = 1, day: Int = 1) -> Int {
    let months = year * 12 + month - 1
    let year = months.quotientFloored(by: 12) - (months.remainderFloored(by: 12) < 2 ? 1 : 0)
    let month = months.remainderFloored(by: 12)
    let era = year.quotientFloored(by: 400)
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month >= 2 ? month - 2 : month + 10) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// Year, month and day of the month of a day.
  static func date(_ day: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = day + 719_468
    let era = shifted.quotientFloored(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    )
  }

  /// The days of a month.
  static func month(_ year: Int, _ month: Int, count: Int = 1) -> Range<Int> {
    day(year: year, month: month)..<day(year: year, month: month + count)
  }

  static func year(_ year: Int, count: Int = 1) -> Range<Int> { month(year, 1, count: 12 * count) }

  /// The day of a date that exists, `nil` for the 30th of February.
  static func existingDay(year: Int, month: Int, day: Int) -> Int? {
    guard (1...12).contains(month), (1...self.month(year, month).count).contains(day) else { return nil }
    return self.day(year: year, month: month, day: day)
  }

  /// Monday is 1, Sunday 7.
  static func weekday(_ day: Int) -> Int { (day + 3).remainderFloored(by: 7) + 1 }

  /// The Monday of a day's week.
  static func monday(_ day: Int) -> Int { day - weekday(day) + 1 }

  /// The same day of the month, some months on; the last one where the month is shorter.
  static func day(_ day: Int, addingMonths count: Int) -> Int {
    let date = date(day)
    let first = Self.day(year: date.year, month: date.month + count)
    let length = Self.day(year: date.year, month: date.month + count + 1) - first
    return first + min(date.day, length) - 1
  }

  /// Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876).
  static func easter(_ year: Int) -> Int {
    let a = year % 19
    let (b, c) = year.quotientAndRemainder(dividingBy: 100)
    let d = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30
    let e = (32 + 2 * (b % 4) + 2 * (c / 4) - d - c % 4) % 7
    let f = d + e - 7 * ((a + 11 * d + 22 * e) / 451) + 114
    return day(year: year, month: f / 31, day: f % 31 + 1)
  }

  // MARK: - To UTC and back

  static let secondsADay = 86_400

  /// The civil second of a moment in milliseconds UTC.
  func civilSecond(_ milliseconds: Int64) -> Int {
    let second = Int(milliseconds).quotientFloored(by: 1_000)
    return second + offset(at: second)
  }

  /// The moment of a civil second in milliseconds UTC: of two, which a clock turned back shows, the first; of none,
  /// since the clock was turned forward over it, the moment of the turn. That is what `Calendar.startOfDay` does.
  func milliseconds(civilSecond second: Int) -> Int64 {
    let before = offset(at: second - 36 * 3_600)
    let after = offset(at: second + 36 * 3_600)
    for offset in Set([before, after]).sorted(by: >) where self.offset(at: second - offset) == offset {
      return Int64(second - offset) * 1_000
    }
    // The turn lies between the two readings.
    var (low, high) = (second - max(before, after), second - min(before, after))
    while high - low > 1 {
      let middle = (low + high) / 2
      if offset(at: middle) == before { low = middle } else { high = middle }
    }
    return Int64(high) * 1_000
  }

  func milliseconds(day: Int) -> Int64 { milliseconds(civilSecond: day * Self.secondsADay) }

  private func offset(at second: Int) -> Int {
    timeZone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))
  }
}

extension Int {
  func quotientFloored(by divisor: Int) -> Int { self >= 0 ? self / divisor : -((divisor - 1 - self) / divisor) }

  func remainderFloored(by divisor: Int) -> Int { self - quotientFloored(by: divisor) * divisor }
}
