/// A stretch of time: from `start` up to, but without, `end`, in milliseconds UTC since 1970.
///
/// An open start is `Int64.min`, an open end `Int64.max`.
struct TimeWindow: Hashable, Sendable {
  var start: Int64
  var end: Int64

  /// Whether a moment, in milliseconds UTC, lies within.
  func contains(_ moment: Int64) -> Bool { start <= moment && moment < end }

  /// Whether two windows share a moment.
  func overlaps(_ other: TimeWindow) -> Bool { start < other.end && other.start < end }
}

/// A part of a text that tells a time, and the time it tells.
struct TimeExpression: Hashable, Sendable {
  var window: TimeWindow
  /// From 0 to 1: 1 for a full date, .5 for "in three days" in a sentence that does not look ahead. Below .5 nothing
  /// is reported.
  var confidence: Double
  /// The words that tell it, with the prepositions before them, as indexes of the text that was searched.
  var span: Range<String.Index>
}
