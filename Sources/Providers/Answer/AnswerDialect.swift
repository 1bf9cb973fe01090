import RearviewChat
import RearviewHTTP
import RearviewJSON

/// What a chat protocol says and how: all that the reader of an answer has to be told of it. A value per answer, which
/// keeps what later events refer to.
protocol AnswerDialect: Sendable {
  associatedtype Framing: AnswerFraming = EventFraming

  /// The calls of tools that have come, in their order.
  var toolCalls: [ToolCall] { get }
  /// Blocks of thinking that must go back with the results of these calls, in Anthropic's form.
  var thinkingBlocks: [JSONObject] { get }

  /// Takes one event of a stream. What it cannot read it leaves out: one bad event is not worth the answer.
  mutating func take(_ event: Framing.Event, into news: inout AnswerNews)

  /// Takes a whole answer, which came as one JSON text. Returns whether that is one.
  mutating func take(whole bytes: [UInt8], into news: inout AnswerNews) -> Bool
}

extension AnswerDialect {
  var thinkingBlocks: [JSONObject] { [] }
}

/// What some bytes of an answer said; the text of neighbouring events is gathered into one, order kept.
struct AnswerNews: Sendable {
  /// Whether something in the protocol's form has come.
  var isInForm = false
  /// Why the answer ended, as far as that is known.
  var finish: FinishReason?
  /// The provider said that it failed.
  var failure: ProviderErrorObject?
  /// The provider said that nothing more comes.
  var isDone = false
  /// The provider said that more comes.
  var isPiece = false
  /// Whether there was text, reasoning or a tool call.
  private(set) var hasContent = false
  private var events: [ChatEvent] = []
  private var text = ""
  private var reasoning = ""

  mutating func add(text more: String) {
    guard !more.isEmpty else { return }
    if !reasoning.isEmpty { flush() }
    text += more
    hasContent = true
  }

  mutating func add(reasoning more: String) {
    guard !more.isEmpty else { return }
    if !text.isEmpty { flush() }
    reasoning += more
    hasContent = true
  }

  mutating func add(_ usage: Usage) {
    flush()
    events.append(.usage(usage))
  }

  /// A piece of a tool call has come; the call itself is handed out at the end.
  mutating func addToolCall() { hasContent = true }

  mutating func finished() -> [ChatEvent] {
    flush()
    return events
  }

  private mutating func flush() {
    if !text.isEmpty { events.append(.text(text)) }
    if !reasoning.isEmpty { events.append(.reasoning(reasoning)) }
    text = ""
    reasoning = ""
  }
}
