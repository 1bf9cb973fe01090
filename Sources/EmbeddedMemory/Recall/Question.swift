import Foundation
import RearviewMemory

/// What a question says by itself, before any bank is asked.
struct Question: Sendable {
  let text: String
  /// What to look for by words: not the words of a time, which is looked for as such.
  let words: QueryWords
  let textHash: Int64
  /// The time that it names.
  let window: TimeWindow?
  private let folded: Set<String>

  init(_ text: String, askedAt: Date, times: TimeGrammar) {
    self.text = text
    textHash = NormalizedText(text).hash
    let time = times.window(ofQuestion: text, askedAt: askedAt)
    window = time?.window
    var rest = text
    if let time { rest.replaceSubrange(time.span, with: " ") }
    var words = QueryWords(rest)
    // A question of nothing but a time and stop words asks for that time.
    if time != nil, words.isOfStopWords { words = QueryWords("") }
    self.words = words
    folded = Set(words.terms.map(\.text))
  }

  /// The key of the one of these speakers that it names; `nil` where it names none of them, or several.
  func namedSpeaker(among speakers: [Int64: String]) -> Int64? {
    let named = speakers.filter { names($0.value) }
    return named.count == 1 ? named.first?.key : nil
  }

  /// Whether it names this speaker.
  func names(_ speaker: String) -> Bool {
    speaker.split(separator: " ").contains { folded.contains(String($0)) }
  }
}
