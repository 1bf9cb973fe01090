import Foundation
import RearviewChat
import RearviewEngine
import RearviewText

/// A turn as the chat pane shows it, with its text laid out.
public struct ChatTurn: Sendable, Identifiable {
  public private(set) var record: TurnRecord
  private var question: DisplayText
  private var sanitiser = StreamSanitiser()
  private var body = MarkdownText()
  private var laidOutQuestion: (width: Int, lines: [DisplayText])?
  /// Why the model is asked once more, and until when that waits; `nil` while it is not.
  private(set) var retry: (retry: Retry, until: Date)?
  /// The fallback that was asked last.
  private var asked: String?
  /// Estimated tokens of the answer, once it is finished.
  private var answerTokens: Int?
  public var id: String { record.id }

  public init(_ record: TurnRecord) {
    self.record = record
    question = DisplayText(record.question)
    body.append(sanitiser.feed(record.answer.text))
    if record.answer.state != .streaming { finish() }
  }

  /// A try failed, and another follows.
  mutating func wait(for retry: Retry, now: Date) {
    self.retry = (retry, now.addingTimeInterval(Double(retry.waitMilliseconds) / 1_000))
    asked = retry.model ?? asked
  }

  /// Something of the answer is there.
  mutating func beginAnswer() {
    guard retry != nil || asked != nil else { return }
    retry = nil
    record.answer.answeredBy = asked
  }

  public mutating func append(_ text: String) {
    record.answer.text += text
    body.append(sanitiser.feed(text))
  }

  mutating func update(_ change: (inout TurnRecord) -> Void) { change(&record) }

  /// The provider's count, or an estimate: rough while the answer streams.
  var usage: Usage {
    record.answer.usage
      ?? Usage(inputTokens: record.sentTokens, outputTokens: answerTokens ?? record.answer.text.utf8.count / 4)
  }

  var tokens: Int { usage.inputTokens + usage.outputTokens }

  /// The answer will not grow any more.
  public mutating func finish() {
    retry = nil
    body.append(sanitiser.finish())
    body.finish()
    answerTokens = estimatedTokens(record.answer.text)
  }

  /// Characters of the answer that were taken out because they cannot be shown.
  var hiddenCount: Int { sanitiser.hiddenCount }

  mutating func questionLines(width: Int) -> [DisplayText] {
    if let laidOutQuestion, laidOutQuestion.width == width { return laidOutQuestion.lines }
    let lines = wrap(question, to: width)
    laidOutQuestion = (width, lines)
    return lines
  }

  mutating func bodyLineCount(width: Int) -> Int { body.lineCount(width: width) }

  mutating func bodyLines(width: Int, range: Range<Int>) -> [StyledLine] { body.lines(width: width, range: range) }
}
