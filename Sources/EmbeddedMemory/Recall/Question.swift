import Foundation
import RearviewMemory

/// What a question says by itself, before any bank is asked.
struct Question: Sendable {
  let words: QueryWords
  let textHash: Int64
  private let folded: Set<String>

  init(_ text: String) {
    words = QueryWords(text)
    textHash = NormalizedText(text).hash
    folded = Set(words.terms.map(\.text))
  }

  /// The one of these speakers that it names; `nil` where it names none of them, or several.
  func namedSpeaker(among speakers: Set<String>) -> String? {
    let named = speakers.filter(names)
    return named.count == 1 ? named.first : nil
  }

  /// Whether it names one of these speakers.
  func namesSpeaker(among speakers: Set<String>) -> Bool { speakers.contains(where: names) }

  private func names(_ speaker: String) -> Bool {
    speaker.split(separator: " ").contains { folded.contains(String($0)) }
  }
}
