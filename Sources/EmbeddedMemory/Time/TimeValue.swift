/// A time that a part of an expression tells.
struct TimeValue {
  enum Extent {
    /// Whole days.
    case days(Range<Int>)
    /// Civil seconds.
    case seconds(Range<Int>)
    case window(TimeWindow)
  }

  var extent: Extent
  var grain: TimeGrain
  var confidence: Double
  /// What comes again, when the expression does not say which one; what stands beside it may.
  var recurrence: TimeRecurrence?

  /// The whole days, if it is some.
  var days: Range<Int>? {
    if case .days(let days) = extent { return days }
    return nil
  }
}

/// What a place of a pattern took.
struct TimeCapture {
  var slot: TimeSlot
  var low = 0
  var high = 0
  var value: TimeValue?
}

/// What a pattern means: the words under which the languages' files call it.
enum TimeMeaning: String, Sendable {
  case date, year, digits, quarter, decade, century, season, holiday, day, weekday, weekend, clock
  /// "last week", "this June"; "the week before last"; "the year".
  case relative, beforeLast, afterNext, thisUnit
  /// "two weeks ago", "in two weeks", "the last two weeks", "the next two weeks", "the other day".
  case ago, ahead, rolling, coming, otherDay
  /// "tonight", "last night", "this morning".
  case tonight, lastNight, thisPart
  /// "Friday last week"; "yesterday morning"; "yesterday at ten".
  case combined, part, at
  case early, middle, late, firstHalf, secondHalf
  /// "earlier this year", "later this week".
  case soFar, rest
  case weekOf, weekendOf, around
  /// "two days before X", "the week after X".
  case daysBefore, daysAfter
  /// "the first Monday of X", "the last week of X"; "the 3rd of X".
  case nth, nthDay
  case since, after, before, until, range
  /// "3 to 7 June".
  case dayRange
}
