import Foundation
import RearviewText

/// `1,234 memories`, `1 memory`.
func count(_ number: Int, _ one: DisplayText, _ many: DisplayText) -> DisplayText {
  grouped(number) + " " + (number == 1 ? one : many)
}

/// With a comma at the thousands.
func grouped(_ number: Int) -> DisplayText {
  var digits = Array(String(abs(number)))
  var index = digits.count - 3
  while index > 0 {
    digits.insert(",", at: index)
    index -= 3
  }
  return DisplayText((number < 0 ? "-" : "") + String(digits))
}

/// At most three digits that matter: `412`, `1.2k`, `31k`, `1.2M`.
func compact(_ number: Int) -> DisplayText {
  switch number {
  case ..<1_000: "\(number)"
  case ..<9_950: DisplayText(decimal(Double(number) / 1_000, places: 1) + "k")
  case ..<999_500: "\((number + 500) / 1_000)k"
  default: DisplayText(decimal(Double(number) / 1_000_000, places: 1) + "M")
  }
}

/// With a point, whatever the locale.
func decimal(_ number: Double, places: Int) -> String {
  guard number.isFinite, abs(number) < 1e12 else { return "–" }
  var scale = 1.0
  for _ in 0..<places { scale *= 10 }
  let scaled = Int((number * scale).rounded())
  guard places > 0 else { return String(scaled) }
  let fraction = String(abs(scaled) % Int(scale))
  let zeros = String(repeating: "0", count: places - fraction.count)
  return (scaled < 0 ? "-" : "") + "\(abs(scaled) / Int(scale)).\(zeros)\(fraction)"
}

/// `0.21 s`, `14 ms`, `2 min 5 s`.
func elapsed(milliseconds: Double) -> DisplayText {
  switch milliseconds {
  case ..<10: DisplayText(decimal(milliseconds, places: 1) + " ms")
  case ..<1_000: DisplayText(decimal(milliseconds, places: 0) + " ms")
  case ..<10_000: DisplayText(decimal(milliseconds / 1_000, places: 1) + " s")
  case ..<60_000: DisplayText(decimal(milliseconds / 1_000, places: 0) + " s")
  default: "\(Int(milliseconds / 60_000)) min \(Int(milliseconds / 1_000) % 60) s"
  }
}

/// Dates in the local time zone, by the C library: no locale data is loaded for a clock time.
struct LocalTime {
  private var parts = tm()

  init(_ date: Date) {
    var seconds = time_t(date.timeIntervalSince1970.rounded(.down))
    localtime_r(&seconds, &parts)
  }

  private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }

  /// `14:02`
  var clock: DisplayText { DisplayText(Self.two(parts.tm_hour) + ":" + Self.two(parts.tm_min)) }
  /// `2026-03-02`
  var day: DisplayText {
    DisplayText("\(parts.tm_year + 1_900)-" + Self.two(parts.tm_mon + 1) + "-" + Self.two(parts.tm_mday))
  }
  /// `2026-03-02 14:02`
  var whole: DisplayText { day + " " + clock }
}

/// A bar of eighth blocks.
func bar(_ share: Double, columns: Int) -> DisplayText {
  guard share.isFinite else { return "" }
  let eighths = Int((min(1, max(0, share)) * Double(columns) * 8).rounded())
  let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
  return DisplayText(String(repeating: "█", count: eighths / 8) + partial)
}

extension StyledLine {
  /// Parts one after the other.
  init(_ parts: [StyledLine]) {
    self.init("")
    spans = parts.flatMap(\.spans)
  }
}

func styled(_ text: DisplayText, _ role: StyleRole = .text, _ attributes: Style.Attributes = []) -> StyledLine {
  StyledLine(text, role, attributes)
}
