import Foundation
import Rearview

/// What is known of a model, as short texts for columns; empty where it is unknown. The table's word is an estimate.
public struct ModelFacts: Sendable {
  private let model: ModelDescription

  public init(_ model: ModelDescription) { self.model = model }

  /// `128k`, `1M`
  public var context: String { model.contextWindow.map(Self.size) ?? "" }

  /// US dollars for a million tokens in and out: `$0.15/0.60`, `free`.
  public var price: String {
    guard let input = model.inputPrice, let output = model.outputPrice else { return "" }
    return input == 0 && output == 0 ? "free" : "$" + Self.amount(input) + "/" + Self.amount(output)
  }

  /// `R` for one that reasons, `V` for one that sees images.
  public var marks: String {
    let marks = (model.reasons == true ? "R" : " ") + (model.seesImages == true ? "V" : " ")
    return marks == "  " ? "" : marks
  }

  /// From how many days before its end a model is marked.
  static let endingDays = 60

  /// Days until its provider ends it, negative after that; `nil` when no end is known.
  public func daysLeft(_ now: Date) -> Int? {
    guard let parts = model.endsOn?.split(separator: "-"), parts.count == 3, let year = Int(parts[0]),
      let month = Int32(parts[1]), let day = Int32(parts[2]), (1970...9_999).contains(year)
    else { return nil }
    var date = tm()
    (date.tm_year, date.tm_mon, date.tm_mday) = (Int32(year - 1_900), month - 1, day)
    let today = (now.timeIntervalSince1970 / 86_400).rounded(.down)
    return Int(Double(timegm(&date)) / 86_400 - today)
  }

  /// `ended`, `ends in 5 days`; empty while that is far away.
  public func ending(_ now: Date) -> String {
    guard let days = daysLeft(now), days <= Self.endingDays else { return "" }
    return days < 0 ? "ended" : days == 0 ? "ends today" : days == 1 ? "ends tomorrow" : "ends in \(days) days"
  }

  static func size(_ tokens: Int) -> String {
    switch tokens {
    case ..<1_000: "\(tokens)"
    case ..<999_500: "\((tokens + 500) / 1_000)k"
    default: trimmed(decimal(Double(tokens) / 1_000_000, places: 1), least: 0) + "M"
    }
  }

  /// At most three digits that matter: `0.15`, `0.075`, `2.50`, `15`.
  static func amount(_ dollars: Double) -> String {
    let places: Int =
      switch abs(dollars) {
      case 100...: 0
      case 10..<100: 1
      case 1..<10: 2
      case 0.1..<1: 3
      case 0.01..<0.1: 4
      default: 5
      }
    return trimmed(decimal(dollars, places: places), least: 2)
  }

  /// Without zeros at the end; with decimals, at least so many.
  private static func trimmed(_ text: String, least: Int) -> String {
    guard let point = text.firstIndex(of: ".") else { return text }
    var decimals = text[text.index(after: point)...]
    while decimals.last == "0" { decimals.removeLast() }
    if decimals.isEmpty { return String(text[..<point]) }
    return text[..<point] + "." + decimals + String(repeating: "0", count: max(0, least - decimals.count))
  }
}
