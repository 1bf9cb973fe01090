extension TimeResolver {
  // MARK: - Two in one

  /// "Friday last week", "June last year", "the 3rd of last month", "Friday, 9 June": either order.
  func combined(_ match: Match) -> TimeValue? {
    let values = match.values
    guard values.count == 2 else { return nil }
    return combined(values[0], values[1]) ?? combined(values[1], values[0])
  }

  private func combined(_ inner: TimeValue, _ outer: TimeValue) -> TimeValue? {
    guard let recurrence = inner.recurrence, let around = outer.days else { return nil }
    if case .weekday = outer.recurrence { return nil }
    let confidence = min(inner.confidence + 0.1, outer.confidence)
    switch (recurrence, outer.grain) {
    case (.weekday(let weekday), .week):
      let day = around.lowerBound + weekday - 1
      return days(day..<day + 1, .day, confidence)
    case (.weekday(let weekday), .day):
      // The date says it, the weekday confirms it.
      var value = outer
      if CivilCalendar.weekday(around.lowerBound) == weekday { return value }
      if case .date(let month, let day) = outer.recurrence,
        let found = latestDate(month: month, day: day, weekday: weekday)
      {
        value.extent = .days(found..<found + 1)
      } else {
        value.confidence *= 0.7
      }
      return value
    case (_, .year) where recurrence.isYearly:
      let year = CivilCalendar.date(around.lowerBound).year
      return recurrence.days(year).map { days($0, recurrence.grain, confidence) }
    default: return nil
    }
  }

  /// "Friday, 9 June" is the latest 9 June that was a Friday.
  private func latestDate(month: Int, day: Int, weekday: Int) -> Int? {
    let year = CivilCalendar.date(today).year
    for candidate in stride(from: year, through: year - 12, by: -1) {
      if let found = CivilCalendar.existingDay(year: candidate, month: month, day: day), found <= today,
        CivilCalendar.weekday(found) == weekday
      {
        return found
      }
    }
    return nil
  }

  // MARK: - Parts and neighbourhoods

  /// The early, middle or late part: of a month ten days, of a year four months, of a decade four years, of a week the
  /// days that one calls so; else a third.
  func portion(_ meaning: TimeMeaning, _ match: Match) -> TimeValue? {
    guard let value = match.values.first, let whole = value.days, whole.count > 2 else { return nil }
    let first = CivilCalendar.date(whole.lowerBound)
    let found: Range<Int>
    func months(_ start: Int, _ count: Int) -> Range<Int> {
      CivilCalendar.month(first.year, first.month + start, count: count)
    }
    func ofMonth(_ range: Range<Int>) -> Range<Int> {
      whole.lowerBound + range.lowerBound..<min(whole.lowerBound + range.upperBound, whole.upperBound)
    }
    switch (meaning, value.grain) {
    case (.early, .month): found = ofMonth(0..<10)
    case (.middle, .month): found = ofMonth(10..<20)
    case (.late, .month): found = ofMonth(20..<31)
    case (.early, .week): found = ofMonth(0..<2)
    case (.middle, .week): found = ofMonth(2..<4)
    case (.late, .week): found = ofMonth(4..<7)
    case (.early, .year): found = months(0, 4)
    case (.middle, .year): found = months(4, 4)
    case (.late, .year): found = months(8, 4)
    case (.early, .quarter), (.early, .season): found = months(0, 1)
    case (.middle, .quarter), (.middle, .season): found = months(1, 1)
    case (.late, .quarter), (.late, .season): found = months(2, 1)
    case (.early, .decade): found = months(0, 48)
    case (.middle, .decade): found = months(36, 48)
    case (.late, .decade): found = months(72, 48)
    case (.firstHalf, .year): found = months(0, 6)
    case (.secondHalf, .year): found = months(6, 6)
    case (.firstHalf, .decade): found = months(0, 60)
    case (.secondHalf, .decade): found = months(60, 60)
    case (.firstHalf, .month): found = ofMonth(0..<15)
    case (.secondHalf, .month): found = ofMonth(15..<31)
    case (.firstHalf, _): found = whole.lowerBound..<whole.lowerBound + whole.count / 2
    case (.secondHalf, _): found = whole.lowerBound + whole.count / 2..<whole.upperBound
    case (.early, _): found = whole.lowerBound..<whole.lowerBound + whole.count / 3
    case (.middle, _): found = whole.lowerBound + whole.count / 3..<whole.upperBound - whole.count / 3
    default: found = whole.upperBound - whole.count / 3..<whole.upperBound
    }
    return days(found, .stretch, value.confidence * 0.95)
  }

  /// "Earlier this year": up to the end of today.
  func soFar(_ match: Match) -> TimeValue? {
    guard let value = match.values.first, let whole = value.days, whole.contains(today), whole.count > 1 else {
      return nil
    }
    return days(whole.lowerBound..<today + 1, .stretch, 0.9)
  }

  /// "Later this week": from today on.
  func rest(_ match: Match) -> TimeValue? {
    guard let value = match.values.first, let whole = value.days, whole.contains(today), whole.count > 1 else {
      return nil
    }
    return days(today..<whole.upperBound, .stretch, 0.9)
  }

  func weekOf(_ match: Match) -> TimeValue? {
    guard let value = match.values.first, value.grain <= .week, let found = value.days else { return nil }
    let monday = CivilCalendar.monday(found.lowerBound)
    return days(monday..<monday + 7, .week, value.confidence)
  }

  func weekendOf(_ match: Match) -> TimeValue? {
    guard let value = match.values.first, value.grain <= .week, let found = value.days else { return nil }
    let monday = CivilCalendar.monday(found.lowerBound)
    return days(monday + 5..<monday + 7, .weekend, value.confidence)
  }

  /// A day, weekend or week three days wider on either side, a month half a month, a season or quarter a month, a year a
  /// year, a decade three, what is shorter than a day an hour.
  func around(_ match: Match) -> TimeValue? {
    guard let value = match.values.first else { return nil }
    guard let found = value.days else {
      let window = window(value)
      guard window.start != .min, window.end != .max else { return nil }
      return TimeValue(
        extent: .window(TimeWindow(start: window.start - 3_600_000, end: window.end + 3_600_000)), grain: .stretch,
        confidence: value.confidence * 0.9)
    }
    let wider: Range<Int> =
      switch value.grain {
      case .instant, .minute, .hour, .daypart, .day, .weekend, .week, .stretch:
        found.lowerBound - 3..<found.upperBound + 3
      case .month: found.lowerBound - 15..<found.upperBound + 15
      case .quarter, .season: moved(found, months: 1)
      case .year: moved(found, months: 12)
      case .decade: moved(found, months: 36)
      }
    return days(wider, .stretch, value.confidence * 0.9)
  }

  private func moved(_ days: Range<Int>, months: Int) -> Range<Int> {
    CivilCalendar.day(days.lowerBound, addingMonths: -months)..<CivilCalendar.day(days.upperBound, addingMonths: months)
  }

  /// "The week before X" ends where X begins; "two days after X" is the second one behind its end.
  func beside(_ match: Match, isBefore: Bool) -> TimeValue? {
    guard let value = match.values.first, let found = value.days else { return nil }
    if let weekday = match.low(.weekday) {
      let day =
        isBefore
        ? TimeRecurrence.weekday(weekday).latest(endedBefore: found.lowerBound)
        : TimeRecurrence.weekday(weekday).earliest(after: found.upperBound - 1)
      return day.map { days($0, .day, value.confidence * 0.95) }
    }
    guard let unit = match.unit else { return nil }
    let count = match.first(.count)
    let (low, high) = (count?.low ?? 1, count?.high ?? 1)
    guard (1...1_000).contains(high), low > 0 else { return nil }
    func moved(_ steps: Int) -> Int? {
      let edge = isBefore ? found.lowerBound : found.upperBound
      let steps = isBefore ? -steps : steps
      return switch unit {
      case .day: edge + steps
      case .week, .weekend: edge + 7 * steps
      case .fortnight: edge + 14 * steps
      case .month: CivilCalendar.day(edge, addingMonths: steps)
      case .year: CivilCalendar.day(edge, addingMonths: 12 * steps)
      default: nil
      }
    }
    guard let near = moved(low - 1), let far = moved(high) else { return nil }
    return days(
      min(near, far)..<max(near, far), unit == .day && low == high ? .day : .stretch, value.confidence * 0.95)
  }

  /// "The first Monday of X", "the last week of X", "the second month of X".
  func nth(_ match: Match) -> TimeValue? {
    guard let value = match.values.first, let whole = value.days, value.grain >= .month,
      let which = match.low(.ordinal) ?? match.low(.relative) ?? match.low(.dayNumber)
    else { return nil }
    if let weekday = match.low(.weekday) {
      return TimeRecurrence.nth(which, weekday: weekday, in: whole).map {
        days($0..<$0 + 1, .day, value.confidence)
      }
    }
    guard let unit = match.unit else { return nil }
    let first = CivilCalendar.date(whole.lowerBound)
    var found: Range<Int>
    switch unit {
    case .day:
      let day = which > 0 ? whole.lowerBound + which - 1 : whole.upperBound - 1
      found = day..<day + 1
    case .week:
      // The first week of a month is its first seven days, the last one its last.
      let start = which > 0 ? whole.lowerBound + 7 * (which - 1) : whole.upperBound - 7
      found = start..<start + 7
    case .weekend:
      guard let saturday = TimeRecurrence.nth(which, weekday: 6, in: whole) else { return nil }
      found = saturday..<saturday + 2
    case .month where value.grain > .month, .quarter where value.grain >= .year:
      let length = unit == .month ? 1 : 3
      let end = CivilCalendar.date(whole.upperBound)
      found =
        which > 0
        ? CivilCalendar.month(first.year, first.month + length * (which - 1), count: length)
        : CivilCalendar.month(end.year, end.month - length, count: length)
    default: return nil
    }
    guard whole.contains(found.lowerBound), whole.contains(found.upperBound - 1) || unit == .weekend else { return nil }
    return days(found, unit == .day ? .day : .stretch, value.confidence)
  }

  /// "The 3rd of last month".
  func nthDay(_ match: Match) -> TimeValue? {
    guard let value = match.values.first, let month = value.days, value.grain == .month,
      let which = match.low(.ordinal), (1...month.count).contains(which)
    else { return nil }
    let day = month.lowerBound + which - 1
    return days(day..<day + 1, .day, value.confidence)
  }

  // MARK: - Open and spanning

  func open(_ match: Match, _ change: (TimeWindow) -> TimeWindow) -> TimeValue? {
    guard let value = match.values.first else { return nil }
    return TimeValue(
      extent: .window(change(window(value))), grain: .stretch, confidence: value.confidence * 0.95)
  }

  /// From the start of one to the end of the other; to a time of the day, up to its start.
  ///
  /// Of two, one that comes again is the one next to the other.
  func range(_ match: Match) -> TimeValue? {
    let values = match.values
    guard values.count == 2 else { return nil }
    var (first, last) = (values[0], values[1])
    if let recurrence = first.recurrence, let end = last.days {
      // A year that both share is told once, behind the second.
      if let start = recurrence.latest(begunBy: end.lowerBound) {
        first.extent = .days(start)
      }
    } else if let recurrence = last.recurrence, let start = first.days,
      let end = recurrence.earliest(after: start.lowerBound - 1)
    {
      last.extent = .days(end)
    }
    if match.looksAhead, values[0].recurrence != nil, let recurrence = values[1].recurrence, let start = values[0].days,
      let end = recurrence.earliest(after: start.lowerBound)
    {
      first = values[0]
      last.extent = .days(end)
    }
    let (start, end) = (window(first), window(last))
    let isClock = last.grain == .minute || last.grain == .hour || last.grain == .instant
    let result = TimeWindow(start: start.start, end: isClock ? end.start : end.end)
    guard result.start < result.end, result.start != .min, result.end != .max else { return nil }
    return TimeValue(
      extent: .window(result), grain: .stretch, confidence: min(1, min(first.confidence, last.confidence) + 0.2))
  }

  /// "3 to 7 June 2024".
  func dayRange(_ match: Match) -> TimeValue? {
    let numbers = match.captures.filter { $0.slot == .dayNumber }.map(\.low)
    guard numbers.count == 2, numbers[0] < numbers[1], let month = match.low(.month) else { return nil }
    let last: Int
    if let year = match.low(.year) {
      guard let day = CivilCalendar.existingDay(year: year, month: month, day: numbers[1]) else { return nil }
      last = day
    } else {
      guard
        let days = value(.date(month: month, day: numbers[1]), looksAhead: match.looksAhead, confidence: 1)?.days
      else { return nil }
      last = days.lowerBound
    }
    return days(last - numbers[1] + numbers[0]..<last + 1, .stretch, match.low(.year) == nil ? 0.85 : 1)
  }
}
