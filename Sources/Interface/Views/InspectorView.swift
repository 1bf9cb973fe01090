import RearviewChat
import RearviewMemory
import RearviewText

func drawInspector(_ state: inout State, layout: Layout, on canvas: inout Canvas) {
  guard let pane = layout.panes[.inspector], let body = layout.body(of: .inspector) else { return }
  let isFocused = state.focus == .inspector
  let inspector = state.inspector
  let bank = DisplayText(line: inspector.list.bankID)
  let title: DisplayText =
    switch inspector.view {
    case .banks: "Inspector · Banks"
    case .memories: "Inspector · " + bank
    case .detail: "Inspector · " + bank + " · Memory"
    }
  canvas.rule(pane, title: title, isFocused: isFocused, right: inspector.view == .banks ? "" : "Esc back")
  let area = body.inset(left: 1)
  if let error = inspector.error {
    let lines =
      styled("✗ " + DisplayText(line: error), .error).wrapped(to: max(4, area.columns - 1))
      + [styled("R reads it again.", .muted)]
    canvas.draw(lines, in: area)
    return
  }
  switch inspector.view {
  case .banks: drawBanks(state, in: area, isFocused: isFocused, on: &canvas)
  case .memories: drawMemories(state, in: area, isFocused: isFocused, on: &canvas)
  case .detail:
    guard let memory = inspector.detail else { return }
    let lines = detailLines(of: memory, columns: max(4, area.columns - 1))
    state.inspector.detailScroll = min(inspector.detailScroll, max(0, lines.count - area.rows))
    canvas.draw(lines, in: area, scroll: state.inspector.detailScroll)
  }
}

private func drawBanks(_ state: State, in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
  guard let banks = state.inspector.banks else {
    canvas.draw(styled("Reading banks …", .muted), in: area, row: 0)
    return
  }
  guard !banks.isEmpty else {
    let teach =
      styled("There is no bank yet. Bank ", .muted) + styled(DisplayText(line: state.session.bankID))
      + styled(" comes into being with the first message; Ctrl-X b makes another.", .muted)
    canvas.draw(teach.wrapped(to: max(4, area.columns - 1)), in: area)
    return
  }
  let first = scrolled(state.inspector.bankSelection, rows: area.rows, count: banks.count)
  for (offset, bank) in banks.dropFirst(first).prefix(area.rows).enumerated() {
    let isSelected = first + offset == state.inspector.bankSelection
    let facts =
      count(bank.memoryCount, "memory", "memories")
      + (bank.documentCount.map { " · " + count($0, "document", "documents") } ?? "")
    let name = DisplayText(line: bank.id)
    let isCurrent = bank.id == state.session.bankID
    let line =
      styled(isSelected && isFocused ? "▸ " : "  ", .accent)
      + styled(name, .text, isCurrent ? .bold : []) + styled(isCurrent ? "  in use" : "", .accent)
    canvas.draw(line.truncated(to: area.columns), in: area, row: offset)
    let indent = area.columns - facts.width - 1
    if indent > line.width + 2 { canvas.draw(styled(facts, .muted), in: area, row: offset, indent: indent) }
    if isSelected, isFocused { selectRow(offset, in: area, on: &canvas) }
  }
}

private func drawMemories(_ state: State, in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
  let inspector = state.inspector
  let list = inspector.list
  var top = styled("/ ", inspector.isFiltering ? .accent : .muted)
  if inspector.filter.isEmpty {
    top = top + styled(inspector.isFiltering ? "words to look for" : "filter", .muted)
  } else {
    top = top + styled(DisplayText(line: inspector.filter.text))
  }
  canvas.draw(top.truncated(to: area.columns), in: area, row: 0)
  let rows = Rect(column: area.column, row: area.row + 1, columns: area.columns, rows: max(0, area.rows - 1))
  if inspector.isFiltering, isFocused {
    let column =
      area.column + 2 + DisplayText(line: String(inspector.filter.characters.prefix(inspector.filter.caret))).width
    canvas.frame.cursor = Position(column: min(column, area.column + area.columns - 1), row: area.row)
  }
  guard list.isLoaded else {
    for (offset, memory) in list.shownMeanwhile.prefix(rows.rows).enumerated() {
      canvas.draw(row(of: memory, columns: rows.columns, isSelected: false), in: rows, row: offset)
    }
    return
  }
  guard list.rowCount > 0 else {
    let text: DisplayText = list.filter.isEmpty ? "This bank holds no memories yet." : "No memory holds these words."
    canvas.draw(styled(text, .muted), in: rows, row: 0)
    return
  }
  let first = scrolled(list.selection - list.firstRow, rows: rows.rows, count: list.rowCount) + list.firstRow
  for offset in 0..<rows.rows {
    guard let memory = list.memory(atRow: first + offset) else { break }
    let isSelected = first + offset == list.selection && isFocused && !inspector.isFiltering
    canvas.draw(row(of: memory, columns: rows.columns, isSelected: isSelected), in: rows, row: offset)
    if isSelected { selectRow(offset, in: rows, on: &canvas) }
  }
}

/// `▸ W 2026-03-02  Alice moved to Lisbon`
private func row(of memory: Memory, columns: Int, isSelected: Bool) -> StyledLine {
  let isRetired = memory.state == .invalidated
  let role: StyleRole =
    switch memory.type {
    case .world: .world
    case .experience: .experience
    case .observation: .observation
    default: .text
    }
  let letter = DisplayText(String(memory.type.label.prefix(1)))
  let date = (memory.mentionedAt ?? memory.createdAt).map { LocalTime($0).day } ?? "          "
  return
    (styled(isSelected ? "▸ " : "  ", .accent) + styled(isRetired ? "✗" : letter, isRetired ? .error : role, .bold)
    + styled(" " + date + "  ", .muted)
    + styled(DisplayText(line: memory.text), isRetired ? .muted : .text, isRetired ? .strikethrough : []))
    .truncated(to: columns)
}

private func selectRow(_ row: Int, in area: Rect, on canvas: inout Canvas) {
  canvas.select(Rect(column: area.column, row: area.row, columns: area.columns, rows: area.rows), row: row)
  canvas.frame.cursor = Position(column: area.column, row: area.row + row)
}

/// The first row to show so that the selection stays a third from the edges, where the list allows it.
private func scrolled(_ selection: Int, rows: Int, count: Int) -> Int {
  max(0, min(selection - rows / 2, count - rows))
}

private func detailLines(of memory: Memory, columns: Int) -> [StyledLine] {
  var lines: [StyledLine] = []
  for line in DisplayText(revealing: memory.text).string.split(separator: "\n", omittingEmptySubsequences: false) {
    lines += styled(DisplayText(String(line))).wrapped(to: columns)
  }
  lines.append(styled(""))
  func fact(_ name: DisplayText, _ value: DisplayText, _ role: StyleRole = .text) {
    let label = name + DisplayText(String(repeating: " ", count: max(1, 12 - name.width)))
    lines += (styled(label, .muted) + styled(value, role)).wrapped(to: columns, hangingIndent: 12)
  }
  fact("type", DisplayText(memory.type.label.lowercased()))
  let isRetired = memory.state == .invalidated
  fact("state", isRetired ? "invalidated" : "valid", isRetired ? .error : .text)
  if let reason = memory.stateReason, !reason.isEmpty { fact("reason", DisplayText(line: reason)) }
  if let date = memory.mentionedAt { fact("said", LocalTime(date).whole) }
  if let start = memory.occurredStart {
    let end = memory.occurredEnd.map { " to " + LocalTime($0).whole } ?? ""
    fact("occurred", LocalTime(start).whole + end)
  }
  if let date = memory.createdAt { fact("retained", LocalTime(date).whole) }
  if let date = memory.updatedAt, date.timeIntervalSince(memory.createdAt ?? .distantPast) >= 1 {
    fact("changed", LocalTime(date).whole)
  }
  fact("proof", "said " + count(memory.proofCount, "time", "times"))
  fact("tokens", "~" + grouped(estimatedTokens(memory.text)))
  if let context = memory.context { fact("context", DisplayText(line: context)) }
  if let document = memory.documentID { fact("document", DisplayText(line: document)) }
  if let turn = memory.turnID { fact("turn", DisplayText(line: turn)) }
  if !memory.tags.isEmpty { fact("tags", DisplayText(line: memory.tags.map { "#" + $0 }.joined(separator: " "))) }
  fact("id", DisplayText(line: memory.id))
  return lines
}
