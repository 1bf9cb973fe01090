import Foundation
import RearviewChat
import Testing

@Suite("Token estimate")
struct TokenEstimateTests {
  /// Counted with the o200k_base vocabulary.
  struct Sample: Sendable, CustomTestStringConvertible {
    var kind: String
    var text: String
    var tokens: Int
    var testDescription: String { kind }
  }

  @Test("nothing costs nothing")
  func empty() {
    #expect(estimatedTokens("") == 0)
    #expect(estimatedTokens([Message]()) == 0)
  }

  @Test("each kind of text is near what a tokenizer counts", arguments: samples)
  func kinds(sample: Sample) {
    let error = abs(Double(estimatedTokens(sample.text) - sample.tokens)) / Double(sample.tokens)
    #expect(error < 0.3, "\(estimatedTokens(sample.text)) for \(sample.tokens)")
  }

  @Test("over all kinds the median error is under 10 %")
  func medianOfKinds() {
    let errors = Self.samples.map { abs(Double(estimatedTokens($0.text) - $0.tokens)) / Double($0.tokens) }.sorted()
    #expect(errors[errors.count / 2] < 0.10, "\(errors)")
  }

  @Test("a message costs more than its text")
  func messageOverhead() {
    let text = "What is my dog called?"
    #expect(estimatedTokens([Message(.user, text)]) == estimatedTokens(text) + 6)
    #expect(estimatedTokens([Message(.system, text), Message(.user, text)]) == 2 * estimatedTokens(text) + 9)
  }

  @Test("text that is no text costs something and ends", arguments: ["\u{0}\u{1}", "\u{FFFD}", "🐕‍🦺", "\r\n\r\n", "é"])
  func oddities(text: String) {
    #expect(estimatedTokens(text) >= 1)
  }
}
