/// Says what a pattern that matched tells, seen from the moment at which it was said.
///
/// What comes every year, month or week, and is not told apart, is the latest one that has begun, or the next one in a
/// sentence that looks ahead. A week begins on Monday. "Last" is the latest one that has ended, "next" the first
/// that has not begun, "this" the one of the present week or year. "Two months ago" is the calendar month two before
/// the present one, and the same for weeks and years.
struct TimeResolver {
  let calendar: CivilCalendar
  let hemisphere: Hemisphere
  let now: Int64
  /// The civil second of now.
  let second: Int
  let today: Int

  init(calendar: CivilCalendar, hemisphere: Hemisphere, now: Int64) {
    self.calendar = calendar
    self.hemisphere = hemisphere
    self.now = now
    second = calendar.civilSecond(now)
    today = second.quotientFloored(by: CivilCalendar.secondsADay)
  }

  /// A sentence, as far as it matters, and what a pattern took of it.
  struct Match {
    var captures: ArraySlice<TimeCapture>
    var looksAhead: Bool
    var holidays: [TimeRecurrence.Holiday]
    var dates: [DigitDate]

    func first(_ slot: TimeSlot) -> TimeCapture? { captures.first { $0.slot == slot } }

    func low(_ slot: TimeSlot) -> Int? { first(slot)?.low }

    var values: [TimeValue] { captures.compactMap(\.value) }
    var unit: TimeUnit? { low(.unit).flatMap(TimeUnit.init(rawValue:)) }
  }

  func window(_ value: TimeValue) -> TimeWindow {
    switch value.extent {
    case .days(let days):
      TimeWindow(
        start: calendar.milliseconds(day: days.lowerBound), end: calendar.milliseconds(day: days.upperBound))
    case .seconds(let seconds):
      TimeWindow(
        start: calendar.milliseconds(civilSecond: seconds.lowerBound),
        end: calendar.milliseconds(civilSecond: seconds.upperBound))
    case .window(let window): window
    }
  }

  /// `nil` where the words fit the pattern but tell no time: 30 February, "last second".
  func value(_ meaning: TimeMeaning, _ match: Match) -> TimeValue? {
    switch meaning {
    case .date: date(match)
    case .year:
      match.low(.year).map { TimeValue(extent: .days(CivilCalendar.year($0)), grain: .year, confidence: 0.9) }
    case .digits: digits(match)
    case .quarter, .season, .holiday, .weekday, .weekend: recurring(match, meaning)
    case .decade: decade(match)
    case .century:
      match.low(.ordinal).flatMap { $0 < 1 ? nil : days(CivilCalendar.year($0 * 100 - 100, count: 100), .stretch, 0.9) }
    case .day: match.low(.day).map { days(today + $0..<today + $0 + 1, .day, 0.95) }
    case .clock: match.first(.clock).flatMap { at($0, day: today, confidence: 0.5) }
    case .relative: relative(match)
    case .beforeLast: match.unit.flatMap { span($0, offset: -2) }
    case .afterNext: match.unit.flatMap { span($0, offset: 2) }
    case .thisUnit: match.unit.flatMap { span($0, offset: 0) }
    case .ago: counted(match, sign: -1)
    case .ahead: counted(match, sign: 1)
    case .rolling: rolling(match, sign: -1)
    case .coming: rolling(match, sign: 1)
    case .otherDay: days(today - 6..<today - 1, .stretch, 0.7)
    case .tonight: part(.night, of: today, confidence: 0.95)
    case .lastNight: part(.night, of: today - 1, confidence: 0.95)
    case .thisPart: thisPart(match)
    case .combined: combined(match)
    case .part: partOfDay(match)
    case .at: clockOfDay(match)
    case .early, .middle, .late, .firstHalf, .secondHalf: portion(meaning, match)
    case .soFar: soFar(match)
    case .rest: rest(match)
    case .weekOf: weekOf(match)
    case .weekendOf: weekendOf(match)
    case .around: around(match)
    case .daysBefore: beside(match, isBefore: true)
    case .daysAfter: beside(match, isBefore: false)
    case .nth: nth(match)
    case .nthDay: nthDay(match)
    case .since: open(match) { TimeWindow(start: $0.start, end: .max) }
    case .after: open(match) { TimeWindow(start: $0.end, end: .max) }
    case .before: open(match) { TimeWindow(start: .min, end: $0.start) }
    case .until: open(match) { TimeWindow(start: .min, end: $0.end) }
    case .range: range(match)
    case .dayRange: dayRange(match)
    }
  }

  func days(_ days: Range<Int>, _ grain: TimeGrain, _ confidence: Double) -> TimeValue {
    TimeValue(extent: .days(days), grain: grain, confidence: confidence)
  }

  // MARK: - What comes again

  /// The turn that is meant when none is told.
  func value(_ recurrence: TimeRecurrence, looksAhead: Bool, confidence: Double) -> TimeValue? {
    let found: Range<Int>? =
      if looksAhead {
        if let current = recurrence.latest(begunBy: today), current.contains(today), recurrence.grain > .day {
          current
        } else {
          recurrence.earliest(after: today)
        }
      } else if case .weekday = recurrence {
        // Who means today says "today".
        recurrence.latest(endedBefore: today)
      } else {
        recurrence.latest(begunBy: today)
      }
    return found.map {
      TimeValue(extent: .days($0), grain: recurrence.grain, confidence: confidence, recurrence: recurrence)
    }
  }

  private func recurrence(_ match: Match) -> TimeRecurrence? {
    if let month = match.low(.month) { return .month(month) }
    if let season = match.low(.season).flatMap(Season.init(rawValue:)) {
      return .season(firstMonth: season.firstMonth(hemisphere))
    }
    if let holiday = match.low(.holiday) { return .holiday(match.holidays[holiday]) }
    if let quarter = match.low(.quarter) ?? match.low(.ordinal), (1...4).contains(quarter) { return .quarter(quarter) }
    return match.low(.weekday).map { .weekday($0) }
  }

  private func recurring(_ match: Match, _ meaning: TimeMeaning) -> TimeValue? {
    guard let recurrence = meaning == .weekend ? .weekend : recurrence(match) else { return nil }
    if let year = match.low(.year) {
      return recurrence.days(year).map { days($0, recurrence.grain, 0.95) }
    }
    return value(recurrence, looksAhead: match.looksAhead, confidence: 0.7)
  }

  private func date(_ match: Match) -> TimeValue? {
    guard let month = match.low(.month) else {
      guard let day = match.low(.dayNumber) ?? match.low(.ordinal), (1...31).contains(day) else { return nil }
      return value(.dayOfMonth(day, weekday: match.low(.weekday)), looksAhead: match.looksAhead, confidence: 0.6)
    }
    switch (match.low(.dayNumber) ?? match.low(.ordinal), match.low(.year)) {
    case (let day?, let year?):
      return CivilCalendar.existingDay(year: year, month: month, day: day).map { days($0..<$0 + 1, .day, 1) }
    case (let day?, nil):
      return value(.date(month: month, day: day), looksAhead: match.looksAhead, confidence: 0.85)
    case (nil, let year?): return days(CivilCalendar.month(year, month), .month, 1)
    case (nil, nil): return value(.month(month), looksAhead: match.looksAhead, confidence: 0.8)
    }
  }

  private func relative(_ match: Match) -> TimeValue? {
    guard let step = match.low(.relative) else { return nil }
    if let unit = match.unit, unit != .weekend { return span(unit, offset: step) }
    guard let recurrence = match.unit == .weekend ? .weekend : recurrence(match) else { return nil }
    let found =
      switch step {
      case ..<0: recurrence.latest(endedBefore: today)
      case 0: recurrence.current(today)
      default: recurrence.earliest(after: today)
      }
    return found.map { days($0, recurrence.grain, 0.9) }
  }

  // MARK: - Digits

  private func digits(_ match: Match) -> TimeValue? {
    guard let index = match.low(.digits) else { return nil }
    let date = match.dates[index]
    if let week = date.week {
      // The week with the year's first Thursday is its first.
      let monday = CivilCalendar.monday(CivilCalendar.day(year: date.year, day: 4)) + 7 * (week - 1)
      guard CivilCalendar.date(monday + 3).year == date.year else { return nil }
      return days(monday..<monday + 7, .week, 1)
    }
    guard let month = date.month else { return days(CivilCalendar.year(date.year), .year, 0.9) }
    // A quarter comes as a negative month.
    if month < 0 { return days(CivilCalendar.month(date.year, -month * 3 - 2, count: 3), .quarter, 1) }
    guard let day = date.day else { return days(CivilCalendar.month(date.year, month), .month, 0.95) }
    let found = CivilCalendar.day(year: date.year, month: month, day: day)
    guard let second = date.second else { return days(found..<found + 1, .day, date.isAmbiguous ? 0.6 : 1) }
    let civil = found * CivilCalendar.secondsADay + second
    let start =
      date.offset.map { Int64(civil - $0) * 1_000 } ?? calendar.milliseconds(civilSecond: civil)
    let moment = start + Int64(date.millisecond)
    return TimeValue(
      extent: .window(TimeWindow(start: moment, end: moment + Int64(date.precision))), grain: .instant, confidence: 1)
  }

  private func decade(_ match: Match) -> TimeValue? {
    if let decade = match.low(.decade) { return days(CivilCalendar.year(decade, count: 10), .decade, 0.95) }
    guard let short = match.low(.shortDecade) ?? match.low(.year) ?? match.low(.count), short % 10 == 0, short >= 20
    else { return nil }
    if short >= 1_000 { return days(CivilCalendar.year(short, count: 10), .decade, 0.95) }
    guard short < 100 else { return nil }
    // The latest decade of that name that has begun.
    let year = CivilCalendar.date(today).year
    let candidate = year / 100 * 100 + short
    return days(CivilCalendar.year(candidate > year ? candidate - 100 : candidate, count: 10), .decade, 0.8)
  }

  // MARK: - Units

  /// The present unit, or one so many before or after it.
  func span(_ unit: TimeUnit, offset: Int) -> TimeValue? {
    let date = CivilCalendar.date(today)
    let monday = CivilCalendar.monday(today)
    switch unit {
    case .second, .minute, .hour: return nil
    case .day: return days(today + offset..<today + offset + 1, .day, 0.9)
    case .week: return days(monday + 7 * offset..<monday + 7 * offset + 7, .week, 0.95)
    case .weekend: return days(monday + 7 * offset + 5..<monday + 7 * offset + 7, .weekend, 0.9)
    case .fortnight: return days(monday + 14 * offset..<monday + 14 * offset + 14, .stretch, 0.8)
    case .month: return days(CivilCalendar.month(date.year, date.month + offset), .month, 0.95)
    case .quarter:
      return days(CivilCalendar.month(date.year, (date.month - 1) / 3 * 3 + 1 + 3 * offset, count: 3), .quarter, 0.95)
    case .year: return days(CivilCalendar.year(date.year + offset), .year, 0.95)
    case .decade: return days(CivilCalendar.year(date.year / 10 * 10 + 10 * offset, count: 10), .decade, 0.9)
    case .century: return days(CivilCalendar.year(date.year / 100 * 100 + 100 * offset, count: 100), .decade, 0.9)
    }
  }

  /// Milliseconds of a unit that no calendar stretches.
  private func milliseconds(_ unit: TimeUnit) -> Int64? {
    switch unit {
    case .second: 1_000
    case .minute: 60_000
    case .hour: 3_600_000
    default: nil
    }
  }

  /// More than this of any unit is no time that somebody remembers or plans.
  private static let countLimit = 5_000

  private func counted(_ match: Match, sign: Int) -> TimeValue? {
    guard let count = match.first(.count), let unit = match.unit, count.high <= Self.countLimit, count.high > 0 else {
      return nil
    }
    let confidence = sign < 0 ? 0.9 : match.looksAhead ? 0.9 : 0.5
    if let length = milliseconds(unit) {
      // "In a minute" promises nothing.
      if sign > 0, count.high == 1, unit != .hour { return nil }
      let (near, far) = (now + Int64(sign * count.low) * length, now + Int64(sign * count.high) * length)
      let window = TimeWindow(start: min(near, far) - length / 2, end: max(near, far) + length / 2)
      return TimeValue(extent: .window(window), grain: .hour, confidence: confidence)
    }
    guard let near = span(unit, offset: sign * count.low), let far = span(unit, offset: sign * count.high),
      let nearDays = near.days, let farDays = far.days
    else { return nil }
    let found = min(nearDays.lowerBound, farDays.lowerBound)..<max(nearDays.upperBound, farDays.upperBound)
    return days(found, count.low == count.high ? near.grain : .stretch, confidence)
  }

  /// "The last two weeks": up to the end of today.
  private func rolling(_ match: Match, sign: Int) -> TimeValue? {
    let count = match.first(.count)?.high ?? 1
    guard let unit = match.unit, count <= Self.countLimit, count > 0 else { return nil }
    if let length = milliseconds(unit) {
      let other = now + Int64(sign * count) * length
      return TimeValue(
        extent: .window(TimeWindow(start: min(now, other), end: max(now, other))), grain: .stretch, confidence: 0.9)
    }
    guard let other = day(today, adding: sign * count, unit) else { return nil }
    return days(min(today, other)..<max(today, other) + 1, .stretch, 0.9)
  }

  private func day(_ day: Int, adding count: Int, _ unit: TimeUnit) -> Int? {
    switch unit {
    case .second, .minute, .hour: nil
    case .day: day + count
    case .week, .weekend: day + 7 * count
    case .fortnight: day + 14 * count
    case .month: CivilCalendar.day(day, addingMonths: count)
    case .quarter: CivilCalendar.day(day, addingMonths: 3 * count)
    case .year: CivilCalendar.day(day, addingMonths: 12 * count)
    case .decade: CivilCalendar.day(day, addingMonths: 120 * count)
    case .century: CivilCalendar.day(day, addingMonths: 1_200 * count)
    }
  }

  // MARK: - Parts of a day

  private func part(_ part: Daypart, of day: Int, confidence: Double) -> TimeValue {
    let midnight = day * CivilCalendar.secondsADay
    return TimeValue(
      extent: .seconds(midnight + part.hours.lowerBound * 3_600..<midnight + part.hours.upperBound * 3_600),
      grain: .daypart, confidence: confidence)
  }

  private func thisPart(_ match: Match) -> TimeValue? {
    guard let part = match.low(.daypart).flatMap(Daypart.init(rawValue:)) else { return nil }
    return self.part(part, of: today + (match.low(.relative) ?? 0), confidence: 0.95)
  }

  private func partOfDay(_ match: Match) -> TimeValue? {
    guard let part = match.low(.daypart).flatMap(Daypart.init(rawValue:)), let value = match.values.first,
      value.grain == .day, let day = value.days, day.count == 1
    else { return nil }
    return self.part(part, of: day.lowerBound, confidence: value.confidence)
  }

  private func clockOfDay(_ match: Match) -> TimeValue? {
    guard let clock = match.first(.clock), let value = match.values.first, value.grain == .day, let day = value.days,
      day.count == 1
    else { return nil }
    return at(clock, day: day.lowerBound, confidence: value.confidence)
  }

  private func at(_ clock: TimeCapture, day: Int, confidence: Double) -> TimeValue {
    let start = day * CivilCalendar.secondsADay + clock.low
    let hasMinutes = clock.high == 2
    return TimeValue(
      extent: .seconds(start..<start + (hasMinutes ? 60 : 3_600)), grain: hasMinutes ? .minute : .hour,
      confidence: confidence)
  }
}
