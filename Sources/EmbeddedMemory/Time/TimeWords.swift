import Foundation

extension TimeGrammar {
  /// A window in English, so that reading it gives the window again: "7 May 2023", "May 2023", "the week of 3 June 2024",
  /// "summer 2024", "Q3 2023", "the year 2023", "the 2010s", "from 3 June 2024 to 9 July 2024",
  /// "since 7 May 2023", "before May 2023", "from 2024-06-03T10:30:00Z to 2024-06-03T12:00:00Z".
  ///
  /// The window without any bound is "any time", and an empty one "no time"; neither is read again.
  func words(for window: TimeWindow) -> String {
    switch (window.start, window.end) {
    case (.min, .max): return "any time"
    case let (start, end) where start >= end: return "no time"
    case (let start, .max): return "since " + moment(start)
    case (.min, let end): return "before " + moment(end)
    case let (start, end):
      guard let first = wholeDay(start), let last = wholeDay(end) else {
        return "from \(moment(start)) to \(instant(end))"
      }
      return words(for: first..<last)
    }
  }

  private func words(for days: Range<Int>) -> String {
    let first = CivilCalendar.date(days.lowerBound)
    if days.count == 1 { return name(days.lowerBound) }
    if days.count == 7, CivilCalendar.weekday(days.lowerBound) == 1 { return "the week of " + name(days.lowerBound) }
    let end = CivilCalendar.date(days.upperBound)
    if first.day == 1, end.day == 1 {
      let months = (end.year - first.year) * 12 + end.month - first.month
      switch (months, first.month) {
      case (1, _): return "\(Self.months[first.month - 1]) \(first.year)"
      case (3, 1), (3, 4), (3, 7), (3, 10): return "Q\(first.month / 3 + 1) \(first.year)"
      case (3, _):
        if let season = Season.allCases.first(where: { $0.firstMonth(hemisphere) == first.month }) {
          let isSplit = end.year != first.year && end.month > 1
          return isSplit
            ? "\(season) \(first.year)/" + String(format: "%02d", end.year % 100) : "\(season) \(first.year)"
        }
      case (12, 1): return "the year \(first.year)"
      case (120, 1) where first.year % 10 == 0: return "the \(first.year)s"
      default: break
      }
      let last = CivilCalendar.date(days.upperBound - 1)
      return "from \(Self.months[first.month - 1]) \(first.year) to \(Self.months[last.month - 1]) \(last.year)"
    }
    return "from \(name(days.lowerBound)) to \(name(days.upperBound - 1))"
  }

  private func name(_ day: Int) -> String {
    let date = CivilCalendar.date(day)
    return "\(date.day) \(Self.months[date.month - 1]) \(date.year)"
  }

  /// The day that begins at a moment.
  private func wholeDay(_ moment: Int64) -> Int? {
    let day = calendar.civilSecond(moment).quotientFloored(by: CivilCalendar.secondsADay)
    return calendar.milliseconds(day: day) == moment ? day : nil
  }

  private func moment(_ milliseconds: Int64) -> String {
    wholeDay(milliseconds).map(name) ?? instant(milliseconds)
  }

  private func instant(_ milliseconds: Int64) -> String {
    let utc = Int(milliseconds).quotientFloored(by: 1_000)
    var second = calendar.civilSecond(milliseconds)
    // Before there were time zones, clocks went by the sun, and offsets have seconds, which nobody writes.
    if (second - utc) % 60 != 0 { second = utc }
    let offset = second - utc
    let date = CivilCalendar.date(second.quotientFloored(by: CivilCalendar.secondsADay))
    let ofDay = second.remainderFloored(by: CivilCalendar.secondsADay)
    let fraction = Int(milliseconds).remainderFloored(by: 1_000)
    let zone =
      offset == 0
      ? "Z" : (offset < 0 ? "-" : "+") + String(format: "%02d:%02d", abs(offset) / 3_600, abs(offset) / 60 % 60)
    return String(
      format: "%04d-%02d-%02dT%02d:%02d:%02d", date.year, date.month, date.day, ofDay / 3_600, ofDay / 60 % 60,
      ofDay % 60) + (fraction == 0 ? "" : String(format: ".%03d", fraction)) + zone
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
}
