import Foundation
import RearviewJSON
import RearviewMemory

/// A fact as a model wrote it, not yet checked against what was said.
struct ExtractedFact: Hashable, Sendable {
  /// Where the model says that it stands.
  struct Quote: Hashable, Sendable {
    /// The message's number in the prompt.
    var message: Int
    var text: String
  }

  /// One text with what, when, where, who and why.
  var text: String
  /// `event` or `state`.
  var kind: String
  var type: MemoryType
  var occurredStart: Int64?
  var occurredEnd: Int64?
  var entities: [String]
  var quotes: [Quote]

  /// The facts of an answer; those without a word to say are left out.
  static func all(in json: JSONValue) -> [ExtractedFact] {
    let list = json.list ?? json.member("facts", "memories", "items", "results")?.list ?? [json]
    return list.compactMap(ExtractedFact.init)
  }

  private init?(_ json: JSONValue) {
    guard let what = json.member("what", "fact", "text", "statement")?.laxText else { return nil }
    text = Self.sentence(what, of: json)
    kind = json.member("kind", "fact_kind")?.laxText?.lowercased() == "event" ? "event" : "state"
    let typeName = json.member("type", "fact_type")?.laxText?.lowercased() ?? ""
    type = ["experience", "assistant"].contains(typeName) ? .experience : .world
    let start = json.member("start", "occurred_start").flatMap(\.laxText).flatMap(ISODate.span)
    let end = json.member("end", "occurred_end").flatMap(\.laxText).flatMap(ISODate.span)
    occurredStart = start?.lowerBound
    occurredEnd = (end ?? start)?.upperBound
    if let from = occurredStart, let to = occurredEnd, to < from { occurredEnd = start?.upperBound }
    entities = (json.member("entities")?.list ?? []).compactMap { $0.laxText ?? $0.member("name", "text")?.laxText }
    quotes = Self.quotes(of: json)
  }

  /// What, and the other W's where the sentence does not say them already.
  private static func sentence(_ what: String, of json: JSONValue) -> String {
    var sentence = what.trimmingCharacters(in: .whitespacesAndNewlines)
    for (name, label) in [("when", "When"), ("where", "Where"), ("who", "Who"), ("why", "Why")] {
      guard let more = json[name]?.laxTexts.joined(separator: ", "), !nothing.contains(more.lowercased()),
        !NormalizedText(sentence).text.contains(NormalizedText(more).text)
      else { continue }
      sentence += " \(label): \(more.trimmingCharacters(in: .whitespacesAndNewlines))"
      if let last = more.last, !".!?。".contains(last) { sentence += "." }
    }
    return sentence
  }

  private static let nothing: Set<String> = ["", "n/a", "na", "none", "unknown", "null", "-", "not specified"]

  /// `sources: [{message, quote}]`, or what small models make of it: a quote beside one number or several.
  private static func quotes(of json: JSONValue) -> [Quote] {
    let numbers = json.member("messages", "message", "source_messages", "source").map(numbers) ?? []
    let outer = json.member("quote", "quotes", "evidence", "quoted")?.laxTexts ?? []
    let sources = json.member("sources", "source", "evidence")?.list ?? []
    let inner = sources.flatMap { source -> [Quote] in
      guard source.object != nil else { return [] }
      let texts = source.member("quote", "text", "quoted")?.laxTexts ?? []
      let numbers = source.member("message", "number", "messages", "id").map(self.numbers) ?? []
      return texts.flatMap { text in (numbers.isEmpty ? [0] : numbers).map { Quote(message: $0, text: text) } }
    }
    if !inner.isEmpty { return inner }
    return outer.flatMap { text in (numbers.isEmpty ? [0] : numbers).map { Quote(message: $0, text: text) } }
  }

  /// `3`, `"3"`, `"[3]"`, `"message 3"`, and lists of these.
  private static func numbers(_ json: JSONValue) -> [Int] {
    if let list = json.list { return list.flatMap(numbers) }
    return json.laxText.flatMap { Int($0.filter(\.isASCII).filter(\.isNumber)) }.map { [$0] } ?? []
  }
}

/// Dates as models write them: `2023`, `2023-05`, `2023-05-07`, `2023-05-07T13:56:00Z`.
enum ISODate {
  /// The first and the last millisecond of what is named, UTC.
  static func span(_ text: String) -> ClosedRange<Int64>? {
    let halves = text.trimmingCharacters(in: .whitespaces).split(whereSeparator: { "Tt ".contains($0) })
    guard let day = halves.first else { return nil }
    let numbers = day.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...3).contains(numbers.count), let year = numbers[0], day.prefix(while: \.isNumber).count == 4 else {
      return nil
    }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    var parts = DateComponents(year: year, month: 1, day: 1)
    var unit = Calendar.Component.year
    if numbers.count > 1 {
      guard let month = numbers[1], (1...12).contains(month) else { return nil }
      parts.month = month
      unit = .month
    }
    if numbers.count > 2 {
      guard let dayNumber = numbers[2], (1...31).contains(dayNumber) else { return nil }
      parts.day = dayNumber
      unit = .day
    }
    guard let start = calendar.date(from: parts), let end = calendar.date(byAdding: unit, value: 1, to: start),
      calendar.component(.month, from: start) == parts.month
    else { return nil }
    if unit == .day, halves.count > 1, let time = time(day: String(day), rest: String(halves[1])) { return time...time }
    return milliseconds(start)...milliseconds(end) - 1
  }

  private static func time(day: String, rest: String) -> Int64? {
    let clock = rest.prefix { $0.isNumber || $0 == ":" }
    let zone = rest.drop { $0.isNumber || $0 == ":" || $0 == "." }
    let parts = clock.split(separator: ":").map(String.init)
    guard (2...3).contains(parts.count), parts.allSatisfy({ $0.count == 2 }) else { return nil }
    let whole =
      day + "T" + (parts.count == 2 ? parts + ["00"] : parts).joined(separator: ":") + (zone.isEmpty ? "Z" : zone)
    return (try? Date(whole, strategy: .iso8601)).map(milliseconds)
  }
}
