import RearviewHTTP
import RearviewJSON

/// How the events of a stream are told apart in its bytes.
protocol AnswerFraming: Sendable {
  associatedtype Event: Sendable

  /// What the beginning of an answer tells of the rest.
  static func form(ofBeginning bytes: [UInt8]) -> AnswerForm

  init()

  /// Takes the next bytes and returns the events that they complete; throws when nothing after can be read.
  mutating func feed(_ bytes: [UInt8]) throws -> [Event]

  /// Says that no more bytes come. Returns the event whose end is missing, where what there is of it may count; throws
  /// when the end is missing for certain.
  mutating func finish() throws -> Event?
}

/// Whether an answer is a stream. Content types are not to be trusted: a server that does not stream sends one JSON
/// object whatever it was asked for.
enum AnswerForm: Sendable {
  case undecided, events, whole
}

extension AnswerForm {
  /// By the first byte that is not blank: JSON begins as no event does.
  fileprivate init(first bytes: [UInt8]) {
    switch bytes.first(where: { !$0.isBlank }) {
    case nil: self = .undecided
    case UInt8(ascii: "{"), UInt8(ascii: "["): self = .whole
    default: self = .events
    }
  }
}

/// Server-sent events.
struct EventFraming: AnswerFraming {
  private var decoder = SSEDecoder()

  static func form(ofBeginning bytes: [UInt8]) -> AnswerForm { AnswerForm(first: bytes) }

  mutating func feed(_ bytes: [UInt8]) -> [ServerSentEvent] { decoder.feed(bytes) }

  /// An event without its blank line counts where its JSON is complete.
  mutating func finish() -> ServerSentEvent? { decoder.finish() }
}

/// Newline-delimited JSON.
struct LineFraming: AnswerFraming {
  private var decoder = LineDecoder()

  /// A stream where the first line is a value of its own.
  static func form(ofBeginning bytes: [UInt8]) -> AnswerForm {
    guard let first = bytes.firstIndex(where: { !$0.isBlank }) else { return .undecided }
    guard let end = bytes[first...].firstIndex(of: UInt8(ascii: "\n")) else { return .undecided }
    return (try? JSONValue(parsing: Array(bytes[first..<end]))) == nil ? .whole : .events
  }

  mutating func feed(_ bytes: [UInt8]) -> [[UInt8]] { decoder.feed(bytes) }

  mutating func finish() -> [UInt8]? { decoder.finish() }
}

/// Amazon's binary frames.
struct BinaryFraming: AnswerFraming {
  private var decoder = EventStreamDecoder()

  static func form(ofBeginning bytes: [UInt8]) -> AnswerForm { AnswerForm(first: bytes) }

  mutating func feed(_ bytes: [UInt8]) throws -> [EventStreamMessage] { try decoder.feed(bytes) }

  mutating func finish() throws -> EventStreamMessage? {
    try decoder.finish()
    return nil
  }
}

extension UInt8 {
  /// White space, or a byte of a byte-order mark.
  var isBlank: Bool { self == 0x20 || (0x09...0x0D).contains(self) || self == 0xEF || self == 0xBB || self == 0xBF }
}
