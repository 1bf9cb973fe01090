import RearviewChat

@testable import RearviewProviders

extension FuzzInput {
  /// However the bytes are cut, an answer is the same; it has one ending, and nothing comes after that.
  func checkAnswer<Dialect: AnswerDialect>(_ dialect: Dialect) throws(BrokenPromise) {
    let whole = try Self.read([bytes], dialect)
    let other = try Self.read(pieces, dialect)
    try BrokenPromise.unless(
      other == whole, "pieces of \(pieceSize) give another answer:\n\(other)\nThe whole gives:\n\(whole)")
    try checkThatMarksAreSkipped(dialect, whole)
  }

  /// A byte-order mark at the start says nothing.
  private func checkThatMarksAreSkipped<Dialect: AnswerDialect>(
    _ dialect: Dialect, _ whole: ReadAnswer
  ) throws(BrokenPromise) {
    guard Dialect.Framing.self != BinaryFraming.self, let first = bytes.first, !first.isBlank else { return }
    if case .unreadable = whole.ending { return }
    let marked = try Self.read([[0xEF, 0xBB, 0xBF] + bytes], dialect)
    try BrokenPromise.unless(marked == whole, "a byte-order mark gives another answer:\n\(marked)\nand not\n\(whole)")
  }

  private static func read<Dialect: AnswerDialect>(
    _ pieces: [[UInt8]], _ dialect: Dialect
  ) throws(BrokenPromise) -> ReadAnswer {
    var reader = AnswerReader(dialect)
    var events: [ChatEvent] = []
    for (index, piece) in pieces.enumerated() {
      let isOver = reader.ending != nil
      let news = reader.take(piece)
      try BrokenPromise.unless(!isOver || news.isEmpty, "\(news) after the ending")
      events += news
      // What would be if the connection broke here.
      if index == pieces.count / 2 {
        var cut = reader
        _ = cut.end()
        try BrokenPromise.unless(cut.ending != nil, "a cut answer has no ending")
      }
    }
    events += reader.end()
    guard let ending = reader.ending else { throw BrokenPromise(description: "no ending") }
    try BrokenPromise.unless(reader.end().isEmpty, "something after the end")
    let answer = ReadAnswer(events, ending, hasAnswered: reader.hasAnswered)
    try answer.check()
    return answer
  }
}

/// All that was read of an answer. Text that came together in one reading and text of several are the same.
private struct ReadAnswer: Equatable {
  private(set) var events: [ChatEvent] = []
  var ending: AnswerEnding
  var hasAnswered: Bool

  init(_ events: [ChatEvent], _ ending: AnswerEnding, hasAnswered: Bool) {
    self.ending = ending
    self.hasAnswered = hasAnswered
    for event in events {
      switch (self.events.last, event) {
      case (.text(let before)?, .text(let more)): self.events[self.events.count - 1] = .text(before + more)
      case (.reasoning(let before)?, .reasoning(let more)):
        self.events[self.events.count - 1] = .reasoning(before + more)
      default: self.events.append(event)
      }
    }
  }

  func check() throws(BrokenPromise) {
    var isFinished = false
    if case .finished = ending { isFinished = true }
    var hasCalls = false
    for event in events {
      switch event {
      case .text(let text), .reasoning(let text):
        try BrokenPromise.unless(!text.isEmpty && hasAnswered && !hasCalls, "a text that is none, or too late: \(self)")
      case .thinkingBlock:
        try BrokenPromise.unless(isFinished && !hasCalls, "thinking of an answer without calls, or too late: \(self)")
      case .toolCall:
        hasCalls = true
        try BrokenPromise.unless(isFinished && hasAnswered, "a tool call of an answer that is not whole: \(self)")
      case .usage(let usage):
        try BrokenPromise.unless(!hasCalls && usage.paidOutputTokens >= 0, "a count that is none, or too late: \(self)")
      case .retrying, .finished:
        throw BrokenPromise(description: "an event that is not the reader's: \(self)")
      }
    }
  }
}
