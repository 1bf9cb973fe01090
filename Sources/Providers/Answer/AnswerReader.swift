import RearviewChat
import RearviewHTTP

/// Makes events of the bytes of one answer. Pure: bytes in, events out.
///
/// The answer is a stream of events, or one JSON object where none was asked for or a server does not stream; its
/// beginning tells which. Tool calls come whole, with the
/// bytes that end the answer; of an answer that breaks off none comes.
struct AnswerReader<Dialect: AnswerDialect>: Sendable {
  private enum Form {
    case undecided([UInt8])
    case events(Dialect.Framing)
    case whole([UInt8])
  }

  /// Set when no more bytes are needed to know the ending.
  private(set) var ending: AnswerEnding?
  /// Whether some text, reasoning or tool call has come.
  private(set) var hasAnswered = false
  private var dialect: Dialect
  private var form = Form.undecided([])
  private var finish: FinishReason?
  /// Whether something in the protocol's form has come.
  private var isInForm = false
  private var beginning: [UInt8] = []

  /// What tells no form in so many bytes is a stream.
  private static var longestBeginning: Int { 64 * 1024 }

  init(_ dialect: Dialect) {
    self.dialect = dialect
  }

  /// Takes the next bytes and returns the events that they complete, text that came together in one event. Bytes after
  /// the ending say nothing.
  mutating func take(_ bytes: [UInt8]) -> [ChatEvent] {
    guard ending == nil else { return [] }
    // Long enough that a key in it is whole when it is taken out.
    if beginning.count < 4096 { beginning += bytes.prefix(4096 - beginning.count) }
    return decode(bytes)
  }

  private mutating func decode(_ bytes: [UInt8]) -> [ChatEvent] {
    // Moved out while it changes, so that its buffer has one owner and is not copied.
    let form = self.form
    self.form = .undecided([])
    switch form {
    case .undecided(let earlier):
      let known = earlier + bytes
      let isLong = known.count > Self.longestBeginning
      switch Dialect.Framing.form(ofBeginning: isLong ? Array(known.prefix(Self.longestBeginning)) : known) {
      case .undecided where known.count < Self.longestBeginning:
        self.form = .undecided(known)
        return []
      case .whole: self.form = .whole([])
      case .undecided, .events: self.form = .events(Dialect.Framing())
      }
      return decode(known)
    case .whole(var known):
      known += bytes
      self.form = .whole(known)
      return []
    case .events(var decoder):
      do {
        let events = try decoder.feed(bytes)
        self.form = .events(decoder)
        return take(events)
      } catch {
        self.form = .whole([])
        ending = .damaged("\(error)")
        return []
      }
    }
  }

  /// Says that no more bytes come, and why the answer ended. `ending` is set after it.
  mutating func end() -> [ChatEvent] {
    guard ending == nil else { return [] }
    var events: [ChatEvent] = []
    switch form {
    case .undecided(let bytes), .whole(let bytes):
      if !bytes.isEmpty { events = take(whole: bytes) }
    case .events(var decoder):
      do {
        if let last = try decoder.finish() { events = take([last]) }
      } catch EventStreamFault.cut {
        // Said below.
      } catch {
        ending = .damaged("\(error)")
      }
    }
    if ending != nil { return events }
    if let finish { return events + ended(finish) }
    ending =
      isInForm || beginning.isEmpty ? .cut : .unreadable(beginning: String(decoding: beginning, as: UTF8.self))
    return events
  }

  private mutating func take(_ events: [Dialect.Framing.Event]) -> [ChatEvent] {
    var news = AnswerNews()
    for event in events {
      dialect.take(event, into: &news)
      if news.isDone || news.failure != nil { break }
    }
    return take(&news)
  }

  private mutating func take(whole bytes: [UInt8]) -> [ChatEvent] {
    var news = AnswerNews()
    guard dialect.take(whole: bytes, into: &news) else {
      // The beginning of one, if it begins as one does.
      isInForm = bytes.first { !$0.isBlank }.map { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") } ?? false
      return []
    }
    let events = take(&news)
    if news.isPiece { return events }
    // A whole answer needs no reason to be whole; an object without one is of another protocol.
    if hasAnswered { finish = finish ?? impliedFinish }
    isInForm = hasAnswered
    return events
  }

  private mutating func take(_ news: inout AnswerNews) -> [ChatEvent] {
    isInForm = isInForm || news.isInForm
    hasAnswered = hasAnswered || news.hasContent
    finish = news.finish ?? finish
    let events = news.finished()
    if let failure = news.failure {
      ending = .failed(failure)
    } else if news.isDone {
      return events + ended(finish ?? impliedFinish)
    }
    return events
  }

  /// Settles that the answer is whole and returns what comes last of it.
  private mutating func ended(_ reason: FinishReason) -> [ChatEvent] {
    ending = .finished(reason)
    let calls = dialect.toolCalls
    if calls.isEmpty { return [] }
    return dialect.thinkingBlocks.map(ChatEvent.thinkingBlock) + calls.map(ChatEvent.toolCall)
  }

  /// Why an answer ended whose provider gave no reason.
  private var impliedFinish: FinishReason { dialect.toolCalls.isEmpty ? .other : .toolCalls }
}

/// How an answer ended.
enum AnswerEnding: Hashable, Sendable {
  case finished(FinishReason)
  /// The provider said that it failed.
  case failed(ProviderErrorObject)
  /// The bytes ended before the answer did.
  case cut
  /// What came cannot be what was sent.
  case damaged(String)
  /// Nothing of it was in the protocol's form.
  case unreadable(beginning: String)
}
