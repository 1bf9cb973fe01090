#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Makes events of bytes, in whatever pieces the bytes come.
///
/// It follows the WHATWG standard (https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6):
/// lines end with LF, CR or CRLF and with nothing else, a byte-order mark at the start is skipped, comments are
/// dropped. In two things it goes further: a `data: [DONE]` line is an event without waiting for its blank line, and
/// `finish()` hands out the event that the end of the stream cut.
///
/// The pieces change nothing in the work: a line of 10 MB costs what 10 MB cost.
public struct SSEDecoder: Sendable {
  /// The beginning of a line whose end has not come yet.
  private var partialLine: [UInt8] = []
  /// The last piece ended with CR; a LF at the start of the next one belongs to it.
  private var skipsLineFeed = false
  private var isFirstLine = true

  private var name: String?
  private var data: [UInt8] = []
  private var hasData = false
  private var id: String?
  private var retryMilliseconds: Int?

  public init() {}

  /// Takes the next bytes and returns the events that they complete.
  public mutating func feed(_ bytes: [UInt8]) -> [ServerSentEvent] {
    var events: [ServerSentEvent] = []
    bytes.withUnsafeBufferPointer { feed($0, into: &events) }
    return events
  }

  /// Says that no more bytes come. Returns the event whose end is missing, with what there is of it, if there is one.
  public mutating func finish() -> ServerSentEvent? {
    if !partialLine.isEmpty {
      let line = partialLine
      partialLine = []
      var events: [ServerSentEvent] = []
      line.withUnsafeBufferPointer { take(line: $0, into: &events) }
      if let done = events.first { return done }
    }
    guard hasData else { return nil }
    var event = takeEvent()
    event.isWhole = false
    return event
  }

  private mutating func feed(_ bytes: UnsafeBufferPointer<UInt8>, into events: inout [ServerSentEvent]) {
    var position = 0
    if skipsLineFeed, let first = bytes.first {
      skipsLineFeed = false
      if first == lineFeed { position = 1 }
    }
    var lineFeeds = ByteSearch(lineFeed)
    var carriageReturns = ByteSearch(carriageReturn)
    while position < bytes.count {
      let end = min(lineFeeds.place(in: bytes, from: position), carriageReturns.place(in: bytes, from: position))
      let line = UnsafeBufferPointer(rebasing: bytes[position..<end])
      if end == bytes.count {
        partialLine.append(contentsOf: line)
        return
      }
      if partialLine.isEmpty {
        take(line: line, into: &events)
      } else {
        partialLine.append(contentsOf: line)
        let whole = partialLine
        partialLine = []
        whole.withUnsafeBufferPointer { take(line: $0, into: &events) }
      }
      position = end + 1
      if bytes[end] == carriageReturn {
        if position == bytes.count {
          skipsLineFeed = true
        } else if bytes[position] == lineFeed {
          position += 1
        }
      }
    }
  }

  private mutating func take(line: UnsafeBufferPointer<UInt8>, into events: inout [ServerSentEvent]) {
    var line = line
    if isFirstLine {
      isFirstLine = false
      if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = UnsafeBufferPointer(rebasing: line[3...]) }
    }
    if line.isEmpty {
      if hasData {
        events.append(takeEvent())
      } else {
        name = nil
      }
      return
    }
    let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.count
    let field = UnsafeBufferPointer(rebasing: line[..<colon])
    var value = UnsafeBufferPointer(rebasing: line[min(colon + 1, line.count)...])
    if value.first == UInt8(ascii: " ") { value = UnsafeBufferPointer(rebasing: value[1...]) }
    take(field: field, value: value, into: &events)
  }

  private mutating func take(
    field: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>, into events: inout [ServerSentEvent]
  ) {
    if field.equals("data") {
      if hasData { data.append(lineFeed) }
      data.append(contentsOf: value)
      hasData = true
      // Some proxies send one newline after it, or none, and keep the connection open.
      if value.equals("[DONE]"), data.count == value.count { events.append(takeEvent()) }
    } else if field.equals("event") {
      name = String(decoding: value, as: UTF8.self)
    } else if field.equals("id") {
      if !value.contains(0) { id = String(decoding: value, as: UTF8.self) }
    } else if field.equals("retry") {
      guard value.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
        let milliseconds = Int(String(decoding: value, as: UTF8.self))
      else { return }
      retryMilliseconds = milliseconds
    }
  }

  private mutating func takeEvent() -> ServerSentEvent {
    let event = ServerSentEvent(name: name, data: data, id: id, retryMilliseconds: retryMilliseconds)
    name = nil
    data = []
    hasData = false
    retryMilliseconds = nil
    return event
  }
}

private let lineFeed = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")

/// Finds a byte again and again, each part of the bytes searched once.
private struct ByteSearch {
  private let byte: UInt8
  /// The last place that was found.
  private var found = -1

  init(_ byte: UInt8) {
    self.byte = byte
  }

  /// Where the byte is next; the count where it is not. Never called with a smaller `position`.
  mutating func place(in bytes: UnsafeBufferPointer<UInt8>, from position: Int) -> Int {
    if found >= position { return found }
    guard let base = bytes.baseAddress else { return bytes.count }
    let place = memchr(base + position, Int32(byte), bytes.count - position)
    found = place.map { UnsafeRawPointer($0) - UnsafeRawPointer(base) } ?? bytes.count
    return found
  }
}

extension UnsafeBufferPointer<UInt8> {
  fileprivate func equals(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount, let baseAddress else { return false }
    return memcmp(baseAddress, text.utf8Start, count) == 0
  }
}
