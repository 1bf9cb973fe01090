import Foundation
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Texts and words")
struct TextTests {
  @Test("a message is cut between paragraphs, then sentences, and code stays whole")
  func parts() {
    let paragraph = String(repeating: "Short words make a sentence. ", count: 30)
    let code = "```swift\n" + String(repeating: "let line = 1\n\n", count: 150) + "```"
    let message = paragraph + "\n\n" + paragraph + "\n\n" + code + "\n\nThe end."
    let cut = MessageParts(message)
    let texts = cut.parts.map { String(message[$0]) }
    let trimmed = paragraph.trimmingCharacters(in: .whitespaces)
    #expect(texts == [trimmed, trimmed, code, "The end."])

    let long = String(repeating: "Words of a paragraph without end. ", count: 200)
    let sentences = MessageParts(long).parts.map { String(long[$0]) }
    #expect(sentences.allSatisfy { $0.count <= 1_200 && $0.hasSuffix("end.") })
    #expect(sentences.joined(separator: " ") + " " == long)
  }

  @Test("what has no blanks is cut too, but no grapheme is")
  func withoutBlanks() {
    let family = "👩‍👩‍👧‍👦"
    let message = String(repeating: family, count: 1_000)
    let texts = MessageParts(message).parts.map { String(message[$0]) }
    #expect(texts.joined() == message)
    #expect(texts.count > 5)
    #expect(texts.allSatisfy { $0.allSatisfy { String($0) == family } && $0.unicodeScalars.count <= 1_200 })
  }

  @Test("cutting loses nothing but blanks, whatever the text is", arguments: 0..<40)
  func losesNothing(seed: Int) {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    func next(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
    let pieces = [
      "word ", "end. ", "\n\n", "\n", "```\n", "~~~", "。", "東京", "é", "  ", "x", String(repeating: "y", count: 1_500),
    ]
    let message = (0..<900).map { _ in pieces[next(pieces.count)] }.joined()
    let parts = MessageParts(message).parts
    func letters(_ text: some StringProtocol) -> [Character] { text.filter { !$0.isWhitespace } }
    #expect(parts.flatMap { letters(message[$0]) } == letters(message))
    #expect(zip(parts, parts.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound })
    #expect(parts.allSatisfy { message.unicodeScalars[$0].count <= MessageParts.codeLimit })
  }

  @Test(
    "a question is cut into what it asks for",
    arguments: [
      ("Where does Anna live?", ["anna", "live"]), ("Anna’s dog", ["anna", "dog"]),
      ("I don't know", ["i", "don", "know"]),
      ("say \"to be or not\" twice", ["to be or not", "twice"]), ("odd \" quote", ["odd", "quote"]),
      ("set user_id = 42", ["set", "user_id", "user", "id", "42"]), ("京都駅", ["京都", "都駅"]), ("C and R", ["c", "r"]),
      ("!?", []), ("tea tea TEA", ["tea"]),
    ])
  func question(_ text: String, _ expected: [String]) {
    #expect(QueryWords(text).terms.map(\.text) == expected)
  }

  @Test("of a long question the beginning and the end count")
  func longQuestion() {
    let text = "alpha " + (0..<20_000).map { "w\($0) " }.joined() + "omega"
    let words = QueryWords(text).terms.map(\.text)
    #expect(words.count == QueryWords.termLimit)
    #expect(words.first == "alpha")
    #expect(words.last == "omega")
  }

  @Test("normalised texts differ only in what they say")
  func normalized() {
    #expect(NormalizedText(" A\tb\n\nC ").text == "a b c")
    #expect(NormalizedText("CAFÉ\u{A0}é") == NormalizedText("cafe\u{301} e\u{301}"))
    #expect(NormalizedText("a b") != NormalizedText("ab"))
    // FNV-1a of "a", from the reference vectors.
    #expect(UInt64(bitPattern: NormalizedText("a").hash) == 0xaf63_dc4c_8601_ec8c)
  }

  @Test("row names are UUIDs of version 7 that sort by time and are read as they are spelt")
  func rowNames() throws {
    let name = RowName(milliseconds: 1_700_000_000_000)
    let spelling = RowName.spelling(name.bytes)
    #expect(spelling.hasPrefix("018bcfe5-6800-7"))
    #expect("89ab".contains(Array(spelling)[19]))
    #expect(RowName(spelling) == name)
    #expect(RowName(spelling.uppercased()) == name)
    #expect(RowName("nonsense") == nil)
    #expect(spelling < RowName.spelling(RowName(milliseconds: 1_700_000_000_001).bytes))
  }
}
