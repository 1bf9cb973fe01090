import RearviewHTTP

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// How long a server asks to wait: `retry-after-ms`, then `retry-after` in seconds, fractions of them, or as a date
/// (RFC 9110, section 10.2.3). `nil` where it asks for nothing that can be read; a time that has passed is zero.
func retryAfter(_ headers: HeaderFields, now: Date) -> Duration? {
  if let text = headers["retry-after-ms"], let milliseconds = Double(text), milliseconds.isFinite {
    return seconds(milliseconds / 1000)
  }
  guard let text = headers["retry-after"]?.trimmed else { return nil }
  if let number = Double(text), number.isFinite { return seconds(number) }
  return date(text).map { seconds($0.timeIntervalSince(now)) }
}

/// A date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
private func date(_ text: String) -> Date? {
  let pattern = /[A-Z][a-z]{2}, ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT/
  let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  guard let found = text.wholeMatch(of: pattern), let month = months.firstIndex(of: String(found.2)) else { return nil }
  var calendar = Calendar(identifier: .gregorian)
  calendar.timeZone = .gmt
  return calendar.date(
    from: DateComponents(
      year: Int(found.3), month: month + 1, day: Int(found.1), hour: Int(found.4), minute: Int(found.5),
      second: Int(found.6)))
}

/// Kept to a day, so that no number from outside can overflow.
private func seconds(_ count: Double) -> Duration {
  .milliseconds(Int64((min(max(count, 0), 86_400) * 1000).rounded()))
}
