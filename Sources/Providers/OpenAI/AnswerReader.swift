import RearviewChat
import RearviewHTTP

/// Makes events of the bytes of one answer in OpenAI's chat protocol. Pure: bytes in, events out.
///
/// The answer is a stream of server-sent events, or one JSON object where a server does not stream; the first byte
/// tells which, since content types are not to be trusted.
struct AnswerReader: Sendable {
  /// How an answer ended.
  enum Ending: Hashable, Sendable {
    case finished(FinishReason)
    /// The provider said that it failed.
    case failed(OpenAIErrorObject)
    /// The bytes ended before the answer did.
    case cut
    /// Nothing of it was in the protocol's form.
    case unreadable(beginning: String)
  }

  private enum Form {
    case undecided([UInt8])
    case events(SSEDecoder)
    case whole([UInt8])
  }

  /// Set when no more bytes are needed to know the ending.
  private(set) var ending: Ending?
  /// Whether some text or reasoning has come.
  private(set) var hasAnswered = false
  private var form = Form.undecided([])
  private var finish: FinishReason?
  /// Whether something in the protocol's form has come.
  private var hasReadChunk = false
  private var beginning: [UInt8] = []

  /// Takes the next bytes and returns the events that they complete, text that came together in one event.
  mutating func take(_ bytes: [UInt8]) -> [ChatEvent] {
    if beginning.count < 200 { beginning += bytes.prefix(200 - beginning.count) }
    return decode(bytes)
  }

  private mutating func decode(_ bytes: [UInt8]) -> [ChatEvent] {
    // Moved out while it changes, so that its buffer has one owner and is not copied.
    let form = self.form
    self.form = .undecided([])
    switch form {
    case .undecided(let earlier):
      let known = earlier + bytes
      guard let first = known.first(where: { !Self.isBlank($0) }) else {
        self.form = .undecided(known)
        return []
      }
      self.form = first == UInt8(ascii: "{") || first == UInt8(ascii: "[") ? .whole([]) : .events(SSEDecoder())
      return decode(known)
    case .whole(var known):
      known += bytes
      self.form = .whole(known)
      return []
    case .events(var decoder):
      let events = decoder.feed(bytes)
      self.form = .events(decoder)
      return take(events)
    }
  }

  /// Says that no more bytes come, and why the answer ended. `ending` is set after it.
  mutating func end() -> [ChatEvent] {
    guard ending == nil else { return [] }
    var events: [ChatEvent] = []
    switch form {
    case .undecided:
      break
    case .whole(let bytes):
      if let chunk = OpenAIChunk.parsed(bytes) {
        events = take(chunks: [chunk])
        // A whole answer needs no reason to be whole; an object without one is of another protocol.
        if hasAnswered { finish = finish ?? .other }
        hasReadChunk = hasAnswered
      } else {
        hasReadChunk = true
      }
    case .events(var decoder):
      // An event without its blank line counts where its JSON is complete.
      if let last = decoder.finish() { events = take([last]) }
    }
    if ending == nil { ending = verdict }
    return events
  }

  private var verdict: Ending {
    if let finish { return .finished(finish) }
    if hasReadChunk || beginning.isEmpty { return .cut }
    return .unreadable(beginning: String(decoding: beginning, as: UTF8.self))
  }

  private mutating func take(_ events: [ServerSentEvent]) -> [ChatEvent] {
    var chunks: [OpenAIChunk] = []
    var isDone = false
    for event in events where !isDone {
      if event.isDone {
        isDone = true
      } else if let chunk = OpenAIChunk(event: event.data) {
        chunks.append(chunk)
      }
      // What does not parse is left out: one bad chunk is not worth the answer.
    }
    let result = take(chunks: chunks)
    if isDone, ending == nil { ending = .finished(finish ?? .other) }
    return result
  }

  private mutating func take(chunks: [OpenAIChunk]) -> [ChatEvent] {
    var batch = EventBatch()
    for chunk in chunks {
      hasReadChunk = true
      if !chunk.reasoning.isEmpty || !chunk.text.isEmpty { hasAnswered = true }
      batch.add(reasoning: chunk.reasoning)
      batch.add(text: chunk.text)
      if let usage = chunk.usage { batch.add(usage) }
      finish = chunk.finish ?? finish
      if let error = chunk.error ?? (chunk.finishReason == "error" ? OpenAIErrorObject() : nil) {
        ending = .failed(error)
        break
      }
    }
    return batch.finished()
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte) || [0xEF, 0xBB, 0xBF].contains(byte)
  }
}

/// Gathers the text of neighbouring chunks into one event, order kept.
private struct EventBatch {
  private var events: [ChatEvent] = []
  private var text = ""
  private var reasoning = ""

  mutating func add(text more: String) {
    guard !more.isEmpty else { return }
    if !reasoning.isEmpty { flush() }
    text += more
  }

  mutating func add(reasoning more: String) {
    guard !more.isEmpty else { return }
    if !text.isEmpty { flush() }
    reasoning += more
  }

  mutating func add(_ usage: Usage) {
    flush()
    events.append(.usage(usage))
  }

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
