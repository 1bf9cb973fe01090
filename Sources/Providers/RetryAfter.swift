import Foundation
import RearviewHTTP

/// How long a server asks to wait: `retry-after-ms`, then `retry-after` in seconds, fractions of them, or as a date
/// (RFC 9110, section 10.2.3). `nil` where it asks for nothing that can be read; a time that has passed is zero.
func retryAfter(_ headers: HeaderFields, now: Date) -> Duration? {
  if let text = headers["retry-after-ms"], let milliseconds = Double(text), milliseconds.isFinite {
    return seconds(milliseconds / 1000)
  }
  guard let text = headers["retry-after"]?.trimmingCharacters(in: .whitespaces) else { return nil }
  if let number = Double(text), number.isFinite { return seconds(number) }
  let format = DateFormatter()
  format.locale = Locale(identifier: "en_US_POSIX")
  format.timeZone = TimeZone(secondsFromGMT: 0)
  format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
  return format.date(from: text).map { seconds($0.timeIntervalSince(now)) }
}

/// Kept to a day, so that no number from outside can overflow.
private func seconds(_ count: Double) -> Duration {
  .milliseconds(Int64((min(max(count, 0), 86_400) * 1000).rounded()))
}
