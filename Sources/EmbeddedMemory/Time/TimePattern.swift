/// A way to tell a time: what stands where, and what it means together.
///
/// Written as `the? {nth} of? {month} {year}? => date`: words, alternatives in parentheses, `$set` for a list of words
/// that the language's file names, slots in braces; `?` makes a place optional. `{month*}` also takes "may" in lower
/// case, `{month!}` no word that could mean something else. `!` wants no further word behind it. A number at the end is
/// the confidence.
struct TimePattern: Sendable {
  struct Element: Sendable {
    enum Strictness: Sendable { case any, normal, clear }
    var slot: TimeSlot
    var isOptional = false
    var strictness = Strictness.normal
    /// Matches nothing, but only where no unknown word follows.
    var isEnd = false
  }

  var elements: [Element]
  var meaning: TimeMeaning
  /// In place of what the meaning would say.
  var confidence: Double?

  /// The slots with which it can begin.
  var firstSlots: [TimeSlot] {
    var slots: [TimeSlot] = []
    for element in elements {
      slots.append(element.slot)
      if !element.isOptional { break }
    }
    return slots
  }
}

/// What is wrong with a language's file.
struct TimeLanguageError: Error, CustomStringConvertible {
  var language: String
  var place: String
  var reason: String

  var description: String { "The time words of '\(language)': \(reason) in '\(place)'. Mend that entry." }
}
