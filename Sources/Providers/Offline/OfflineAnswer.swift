import RearviewMemory

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What the built-in model says, as Markdown.
struct OfflineAnswer {
  /// Best first.
  var memories: [Memory]
  var timeZone: TimeZone

  /// The most memories that are quoted.
  private static let limit = 5

  private static let advice =
    "I am no language model: I only quote what was said before. For real answers, set `OPENAI_API_KEY` or start "
    + "Ollama, then pick a model with `Ctrl-X m`."

  var markdown: String {
    guard !memories.isEmpty else {
      return "Nothing that I remember fits this.\n\n" + Self.advice
    }
    let quotes = memories.prefix(Self.limit).map { "- \(introduction(of: $0)): \(QuotedText($0.text).markdown)" }
    let count = memories.count
    let opening =
      switch count {
      case 1: "One memory fits this:"
      case 2...Self.limit: "\(count) memories fit this:"
      default: "\(count) memories fit this; the best \(Self.limit):"
      }
    return ([opening, ""] + quotes + ["", Self.advice]).joined(separator: "\n")
  }

  private func introduction(of memory: Memory) -> String {
    let who =
      switch memory.type {
      case .world: "you said"
      case .experience: "the assistant said"
      case .observation: "it was observed"
      default: "memory says"
      }
    guard let date = memory.mentionedAt else { return who.prefix(1).uppercased() + who.dropFirst() }
    return "On \(absoluteDate(date)) \(who)"
  }

  /// `12 March 2026`, whatever the locale: the program speaks English.
  private func absoluteDate(_ date: Date) -> String {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = timeZone
    let parts = calendar.dateComponents([.year, .month, .day], from: date)
    let months = [
      "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
      "December",
    ]
    return "\(parts.day ?? 1) \(months[((parts.month ?? 1) - 1) % 12]) \(parts.year ?? 0)"
  }
}

/// A text that is shown inside of Markdown and must not be read as Markdown.
struct QuotedText {
  /// The most characters that are quoted.
  private static let limit = 500

  private let text: String

  init(_ text: String) {
    self.text = text
  }

  /// One line, cut where it is long, every character that Markdown would take for its own escaped.
  var markdown: String {
    let line = text.split { $0.isWhitespace || $0.isNewline }.joined(separator: " ")
    let cut = line.count > Self.limit ? line.prefix(Self.limit - 1) + "…" : line[...]
    var escaped = ""
    for character in cut where !isControl(character) {
      if Self.marks.contains(character) { escaped += "\\" }
      escaped.append(character)
    }
    return escaped
  }

  /// It never stands at the start of a line, so the marks of headings and lists do no harm.
  private static let marks: Set<Character> = ["\\", "`", "*", "_", "[", "]", "<", ">", "&", "~", "|", "$"]

  private func isControl(_ character: Character) -> Bool {
    character.unicodeScalars.allSatisfy { $0.properties.generalCategory == .control }
  }
}
