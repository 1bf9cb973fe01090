import Foundation

/// The month, the year and the weekday of a moment, in the words that a question uses ("May 2023 Sunday").
///
/// The day's number is left out: it would match every amount and count in a question.
func dateInWords(_ date: Date, timeZone: TimeZone) -> String {
  var calendar = Calendar(identifier: .gregorian)
  calendar.timeZone = timeZone
  let parts = calendar.dateComponents([.year, .month, .weekday], from: date)
  guard let year = parts.year, let month = parts.month, let weekday = parts.weekday,
    monthNames.indices.contains(month - 1), weekdayNames.indices.contains(weekday - 1)
  else { return "" }
  return "\(monthNames[month - 1]) \(year) \(weekdayNames[weekday - 1])"
}

private let monthNames = [
  "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
  "December",
]
private let weekdayNames = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
