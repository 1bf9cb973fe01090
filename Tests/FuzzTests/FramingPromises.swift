import RearviewHTTP

// Pieces change nothing, ends of lines neither, and what is over is over.

extension FuzzInput {
  func checkServerSentEvents() throws(BrokenPromise) {
    let whole = try Self.serverSentEvents([bytes])
    try BrokenPromise.unless(try Self.serverSentEvents(pieces) == whole, "pieces of \(pieceSize) give other events")
    for event in whole {
      try BrokenPromise.unless(!event.data.contains(0x0D), "the end of a line is in the data")
      try BrokenPromise.unless(event.retryMilliseconds ?? 0 >= 0, "a wait before now")
    }
    if bytes.contains(0x0D) { return }
    for end: [UInt8] in [[0x0D], [0x0D, 0x0A]] {
      let other = bytes.flatMap { $0 == 0x0A ? end : [$0] }
      try BrokenPromise.unless(try Self.serverSentEvents([other]) == whole, "lines that end with \(end) differ")
    }
  }

  private static func serverSentEvents(_ pieces: [[UInt8]]) throws(BrokenPromise) -> [ServerSentEvent] {
    var decoder = SSEDecoder()
    var events: [ServerSentEvent] = []
    for piece in pieces { events += decoder.feed(piece) }
    try BrokenPromise.unless(events.allSatisfy(\.isWhole), "an event that was cut before the end")
    if let last = decoder.finish() { events.append(last) }
    try BrokenPromise.unless(decoder.finish() == nil, "an event after the end")
    return events
  }

  func checkLines() throws(BrokenPromise) {
    let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    let expected = content.split(separator: 0x0A).map { Array($0.last == 0x0D ? $0.dropLast() : $0) }
      .filter { !$0.isEmpty }
    for pieces in [[bytes], pieces] {
      var decoder = LineDecoder()
      var lines: [[UInt8]] = []
      for piece in pieces { lines += decoder.feed(piece) }
      if let last = decoder.finish() { lines.append(last) }
      try BrokenPromise.unless(decoder.finish() == nil, "a line after the end")
      try BrokenPromise.unless(lines == expected, "\(pieces.count) pieces give other lines")
    }
  }

  func checkEventStream() throws(BrokenPromise) {
    let bytes = variant == 0 ? bytes : EventStreamBytes.repaired(bytes)
    var input = self
    input.bytes = bytes
    let whole = try Self.eventStream([bytes])
    let other = try Self.eventStream(input.pieces)
    try BrokenPromise.unless(other.messages == whole.messages, "pieces of \(pieceSize) give other messages")
    try BrokenPromise.unless(other.fault == whole.fault, "pieces of \(pieceSize) give another fault")
    let written = whole.messages.flatMap(EventStreamBytes.message)
    let again = try Self.eventStream([written])
    try BrokenPromise.unless(again.messages == whole.messages && again.fault == nil, "what was read cannot be read")
    if case .cut(let left)? = whole.fault {
      try BrokenPromise.unless(left == bytes.count - written.count, "\(left) bytes are said to be left")
    }
  }

  private static func eventStream(
    _ pieces: [[UInt8]]
  ) throws(BrokenPromise) -> (messages: [EventStreamMessage], fault: EventStreamFault?) {
    var decoder = EventStreamDecoder()
    var messages: [EventStreamMessage] = []
    do throws(EventStreamFault) {
      for piece in pieces { messages += try decoder.feed(piece) }
      try decoder.finish()
      return (messages, nil)
    } catch {
      if case .cut = error { return (messages, error) }
      let again = Result { () throws(EventStreamFault) in try decoder.feed([0]) }
      try BrokenPromise.unless(again == .failure(error), "something follows a fault")
      return (messages, error)
    }
  }
}
