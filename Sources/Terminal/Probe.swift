import RearviewText

/// The questions of the start. They go out in one write and are answered, if at all, among the keys: nobody waits.
///
/// The cursor question measures a box character in the second row: an answer that says row 1 would look like Shift-F3
/// of some terminals. DA1, which everything that descends from a VT100 answers, comes last: what has no answer when it
/// comes has none.
enum Probe {
  static let questions = Array(
    ("\u{1B}[?2026$p\u{1B}]11;?\u{1B}\\" + "\u{1B}7\u{1B}[2;1H\u{2502}\u{1B}[6n\u{1B}[2;1H\u{1B}[K\u{1B}8" + "\u{1B}[c")
      .utf8)
  /// Answers that come later are still taken for answers, but nothing is held back for them.
  static let patience: Duration = .seconds(2)
  /// How long the first frame lets the answers go first.
  static let courtesy: Duration = .milliseconds(20)
}

/// What a terminal answers to `Probe`.
enum TerminalReply: Hashable, Sendable {
  /// DECRPM: the state of a private mode, 0 where it is unknown.
  case mode(Int, state: Int)
  case background(TerminalCapabilities.RGB)
  case cursor(Position)
  case deviceAttributes
}
