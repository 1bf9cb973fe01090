import Foundation
import RearviewChat
import RearviewEngine
import RearviewText

/// How turns are laid out in the chat pane: a two-cell gutter, text at most 120 wide, one blank row between messages.
struct ChatLayout {
  let columns: Int
  let now: Date

  static let gutter = 2
  var textColumns: Int { max(4, min(120, columns - Self.gutter - 1)) }

  /// Rows above the answer's text: who and when, the question, a blank, the answer's head.
  private func headCount(of turn: inout ChatTurn) -> Int { turn.questionLines(width: textColumns).count + 3 }

  private func headRow(_ row: Int, of turn: inout ChatTurn, count: Int) -> StyledLine {
    let bar = styled("▌ ", .user)
    switch row {
    case 0: return bar + styled("You", .user, .bold) + styled("  " + LocalTime(turn.record.startedAt).clock, .muted)
    case count - 2: return styled("")
    case count - 1: return styled("  ") + answerHead(turn.record)
    default: return bar + styled(turn.questionLines(width: textColumns)[row - 1])
    }
  }

  private func tail(of turn: ChatTurn) -> [StyledLine] {
    let record = turn.record
    if let (retry, until) = turn.retry { return retryLines(retry, until: until) }
    var lines = record.answer.toolCalls.flatMap { call in
      (styled("→ ", .muted) + styled("asks for " + DisplayText(line: call.written))).wrapped(
        to: textColumns, hangingIndent: 2)
    }
    if let error = record.answer.error, record.answer.state == .failed || record.answer.state == .cut {
      let isStopped = error == "Stopped."
      let role: StyleRole = isStopped ? .warning : .error
      let text: DisplayText =
        isStopped
        ? (record.answer.text.isEmpty ? "Stopped before the answer began." : "Stopped; what came is kept.")
        : DisplayText(line: error)
      lines += (styled(isStopped ? "■ " : "✗ ", role) + styled(text, role)).wrapped(to: textColumns, hangingIndent: 2)
    }
    if turn.hiddenCount > 0 {
      lines.append(
        styled("· " + count(turn.hiddenCount, "hidden character", "hidden characters") + " left out", .muted))
    }
    return lines.map { styled("  ") + $0 } + [styled("")]
  }

  /// Of a reason that is longer the answer will tell the rest.
  private static let reasonRows = 4

  /// Why there is no answer yet, and what follows when. The seconds have a line of their own, so that nothing moves as
  /// they go down.
  private func retryLines(_ retry: Retry, until: Date) -> [StyledLine] {
    let seconds = Int(until.timeIntervalSince(now).rounded(.up))
    let next = retry.model.map { "asking " + DisplayText(line: $0) } ?? "trying again"
    let wait: DisplayText = seconds > 0 ? " in \(seconds) s" : ""
    let reason = (styled("! ", .warning) + styled(DisplayText(line: retry.reason), .warning))
      .wrapped(to: textColumns, hangingIndent: 2)
    let isCut = reason.count > Self.reasonRows
    let shown = reason.prefix(Self.reasonRows).enumerated().map { index, line in
      isCut && index == Self.reasonRows - 1 ? (line + styled(" …", .warning)).truncated(to: textColumns) : line
    }
    let number = styled(" (try \(retry.attempt))", .muted)
    let end = styled(" · ", .muted) + styled("Esc", .text, .bold) + styled(" ends", .muted)
    let what = styled("  ") + styled(next + wait)
    let isNarrow = what.width + number.width + end.width > textColumns
    let follows = what + (isNarrow ? styled("") : number) + end
    return (shown + [follows.truncated(to: textColumns)]).map { styled("  ") + $0 } + [styled("")]
  }

  /// `openai/gpt-4o-mini  1.9 s · 120 tokens · 3 memories`
  private func answerHead(_ record: TurnRecord) -> StyledLine {
    var facts: [DisplayText] = []
    switch record.answer.state {
    case .streaming:
      let seconds = max(0, Int(now.timeIntervalSince(record.startedAt)))
      let doing: DisplayText =
        record.retrieval.state == .asking
        ? "asking memory"
        : record.answer.text.isEmpty
          ? (record.answer.reasoning.isEmpty ? "waiting" : "thinking") : "answering"
      facts.append("\(spinner) " + doing + (seconds > 0 ? " \(seconds) s" : ""))
    case .complete, .cut, .failed:
      if let duration = record.answer.durationMilliseconds { facts.append(elapsed(milliseconds: duration)) }
      if let usage = record.answer.usage { facts.append(compact(usage.outputTokens) + " tokens") }
      if record.answer.finishReason == .length { facts.append("cut at the model's limit") }
      if record.answer.finishReason == .contentFilter { facts.append("filtered by the provider") }
    }
    let injected = record.retrieval.injected.count
    if injected > 0 { facts.append(count(injected, "memory", "memories")) }
    if record.retrieval.mode == .reflect, record.block != nil { facts.append("reflection") }
    if record.retrieval.state == .failed, record.answer.state == .complete { facts.append("without memory") }
    if record.storage.state == .failed || record.storage.state == .unsaved { facts.append("not stored yet") }
    var line = styled(DisplayText(line: record.answer.answeredBy ?? record.model), .assistant)
    if record.answer.answeredBy != nil { facts.append("in place of " + DisplayText(line: record.model)) }
    for (index, fact) in facts.enumerated() { line = line + styled((index == 0 ? "  " : " · ") + fact, .muted) }
    return line.truncated(to: textColumns)
  }

  private var spinner: DisplayText {
    let marks: [DisplayText] = ["|", "/", "-", "\\"]
    return marks[abs(Int(now.timeIntervalSince1970)) % marks.count]
  }

  func height(of turn: inout ChatTurn) -> Int {
    headCount(of: &turn) + turn.bodyLineCount(width: textColumns) + tail(of: turn).count
  }

  /// The rows of a turn from one on, at most so many. Only these are styled: a question may be a whole file.
  func rows(of turn: inout ChatTurn, from first: Int, limit: Int) -> [StyledLine] {
    let headCount = headCount(of: &turn)
    let bodyCount = turn.bodyLineCount(width: textColumns)
    var rows: [StyledLine] = []
    for row in first..<max(first, min(headCount, first + limit)) {
      rows.append(headRow(row, of: &turn, count: headCount))
    }
    let bodyStart = max(0, first - headCount)
    let bodyEnd = min(bodyCount, bodyStart + limit - rows.count)
    if bodyStart < bodyEnd {
      rows += turn.bodyLines(width: textColumns, range: bodyStart..<bodyEnd).map { styled("  ") + $0 }
    }
    if rows.count < limit {
      let tailStart = max(0, first - headCount - bodyCount)
      rows += tail(of: turn).dropFirst(tailStart).prefix(limit - rows.count)
    }
    return rows
  }

  /// The top line that shows the end of the chat in the last of `rows`.
  func anchorAtEnd(of turns: inout [ChatTurn], rows: Int) -> ChatScroll.Anchor {
    var missing = rows
    for index in turns.indices.reversed() {
      let height = height(of: &turns[index])
      if height >= missing { return ChatScroll.Anchor(turn: index, line: height - missing) }
      missing -= height
    }
    return ChatScroll.Anchor(turn: 0, line: 0)
  }
}

func drawChat(_ state: inout State, layout: Layout, on canvas: inout Canvas) {
  guard let pane = layout.panes[.chat], let body = layout.body(of: .chat) else { return }
  let view = ChatLayout(columns: body.columns, now: state.now)
  guard !state.turns.isEmpty else {
    canvas.rule(pane, title: "Chat", isFocused: state.focus == .chat)
    drawEmptyChat(state, in: body, on: &canvas)
    return
  }
  let end = view.anchorAtEnd(of: &state.turns, rows: body.rows)
  var anchor = state.chat.anchor ?? end
  if (anchor.turn, anchor.line) > (end.turn, end.line) { anchor = end }
  var row = 0
  var index = anchor.turn
  var line = anchor.line
  while row < body.rows, index < state.turns.count {
    let rows = view.rows(of: &state.turns[index], from: line, limit: body.rows - row)
    for text in rows {
      canvas.draw(text, in: body, row: row)
      row += 1
    }
    index += 1
    line = 0
  }
  let isAtEnd = state.chat.anchor == nil || (anchor.turn, anchor.line) >= (end.turn, end.line)
  let place: DisplayText =
    isAtEnd
    ? "" : "turn \(anchor.turn + 1) of \(state.turns.count) · more below (End)"
  canvas.rule(pane, title: "Chat", isFocused: state.focus == .chat, right: place)
}

private func drawEmptyChat(_ state: State, in body: Rect, on canvas: inout Canvas) {
  let width = max(4, min(72, body.columns - 4))
  var lines = [
    styled("Type a message and press Enter.", .text),
    styled("What you say is kept in bank ", .muted) + styled(DisplayText(line: state.session.bankID), .text)
      + styled(" and recalled when it helps; the memory pane shows it.", .muted),
  ].flatMap { $0.wrapped(to: width) }
  if let hint = state.modelHint {
    lines.append(styled(""))
    lines += styled(hint, .muted).wrapped(to: width)
  }
  let top = max(1, (body.rows - lines.count) / 3)
  for (offset, line) in lines.enumerated() { canvas.draw(line, in: body, row: top + offset, indent: 2) }
}
