import RearviewText

/// Draws the whole screen. It changes nothing of the state but what is laid out in it.
public func render(_ state: inout State) -> Frame {
  var canvas = Canvas(size: state.size, theme: state.theme)
  guard !state.isTooSmall else {
    canvas.draw(
      styled(
        "Terminal too small (\(state.size.columns)×\(state.size.rows), needs \(Layout.smallest.columns)×\(Layout.smallest.rows))"
      ),
      in: Rect(column: 0, row: 0, columns: state.size.columns, rows: state.size.rows), row: 0)
    return canvas.frame
  }
  let layout = state.layout
  drawHeader(state, in: layout.header, on: &canvas)
  drawVerticalRules(layout, state: state, on: &canvas)
  if layout.panes[.chat] != nil { drawChat(&state, layout: layout, on: &canvas) }
  if layout.panes[.memory] != nil { drawMemory(&state, layout: layout, on: &canvas) }
  if layout.panes[.inspector] != nil { drawInspector(&state, layout: layout, on: &canvas) }
  drawComposer(state, layout: layout, on: &canvas)
  drawFooter(state, in: layout.footer, on: &canvas)
  for overlay in state.overlays {
    canvas.frame.cursor = nil
    switch overlay {
    case .menu(let menu): drawMenu(menu, on: &canvas)
    case .models(let menu): ModelMenuView(menu: menu, now: state.now).draw(on: &canvas)
    case .options(let form): ModelFormView.draw(form, on: &canvas)
    case .help(let scroll): drawHelp(scroll: scroll, on: &canvas)
    case .editor(let form): drawEditor(form, on: &canvas)
    }
  }
  return canvas.frame
}

private func drawVerticalRules(_ layout: Layout, state: State, on canvas: inout Canvas) {
  for column in layout.verticalRules {
    let isFocused = layout.panes.contains { pane, rect in
      pane == state.focus && (rect.column == column + 1 || rect.column + rect.columns == column)
    }
    let style = canvas.theme[isFocused ? .ruleFocused : .rule]
    for row in layout.paneRows {
      let mark: DisplayText = row == layout.paneRows.lowerBound ? "┬" : isFocused ? "┃" : "│"
      canvas.frame.draw(mark, at: Position(column: column, row: row), limit: 1, style: style)
    }
  }
}

// MARK: Header and footer

private func drawHeader(_ state: State, in rect: Rect, on canvas: inout Canvas) {
  let status = storeStatus(state)
  let tokens = state.tokens
  let tokenText: DisplayText =
    tokens.count == 0 ? "" : (tokens.isEstimate ? "~" : "") + compact(tokens.count) + " tokens"
  var facts = styled(tokenText, .muted)
  if !tokenText.isEmpty { facts = facts + styled("  ") }
  var left = styled(" rearview", .accent, .bold)
  let title = state.session.title.isEmpty ? "new session" : DisplayText(line: state.session.title)
  let parts: [StyledLine] = [
    styled("  ") + styled(DisplayText(line: state.session.bankID), .text),
    styled("  ") + styled(DisplayText(line: state.session.model), .text),
    styled("  ") + styled(title, .muted),
  ]
  // Cost and context come when bank, model and the beginning of the title have their place.
  let wanted = left.width + parts[0].width + parts[1].width + min(parts[2].width, 18)
  for fact in [costText(state), contextText(state)].compactMap(\.self)
  where wanted + facts.width + fact.width + 2 + status.width <= rect.columns - 2 {
    facts = facts + fact + styled("  ")
  }
  let right = facts + status
  let room = rect.columns - right.width - 2
  for part in parts {
    let rest = room - left.width
    if part.width <= rest {
      left = left + part
    } else if rest > 10 {
      left = left + part.truncated(to: rest)
    }
  }
  canvas.draw(left, in: rect, row: 0)
  canvas.draw(right, in: rect, row: 0, indent: max(0, rect.columns - right.width - 1))
}

/// `~$0.012`: the table's prices are estimates.
private func costText(_ state: State) -> StyledLine? {
  guard let cost = state.cost else { return nil }
  let places = cost >= 0.095 ? 2 : cost >= 0.0095 ? 3 : 4
  let text =
    cost == 0 ? "free" : cost < 0.0001 ? "<$0.0001" : "~$" + decimal(cost, places: cost >= 100 ? 0 : places)
  return styled(DisplayText(text), .muted)
}

/// `12% of 128k`
private func contextText(_ state: State) -> StyledLine? {
  guard let (share, window) = state.contextUse else { return nil }
  let percent = Int((min(share, 100) * 100).rounded())
  let text: DisplayText = (percent == 0 ? "<1" : "\(percent)") + "% of " + DisplayText(ModelFacts.size(window))
  return styled(text, percent >= 90 ? .warning : .muted)
}

private func storeStatus(_ state: State) -> StyledLine {
  let store = state.storeStatus
  if store.error != nil { return styled("! memory failed", .error) }
  if store.waiting > 0 { return styled("◌ \(store.waiting) to store", .warning) }
  guard let count = store.memoryCount else { return styled("● memory", .success) }
  return styled("● ", .success) + styled(compact(count) + (count == 1 ? " memory" : " memories"), .muted)
}

private func drawFooter(_ state: State, in rect: Rect, on canvas: inout Canvas) {
  if state.isLeaderPending {
    var line = styled(" Ctrl-X  ", .accent, .bold)
    for binding in KeyTable.bindings {
      for case .leader(let character) in binding.chords {
        line = line + styled(DisplayText(String(character)), .text, .bold) + styled(" " + binding.label + "  ", .muted)
      }
    }
    canvas.draw(line + styled("Esc", .text, .bold) + styled(" back", .muted), in: rect, row: 0)
    return
  }
  if let toast = state.toast {
    let mark = toast.isError ? styled(" ✗ ", .error) : toast.isDone ? styled(" ✓ ", .success) : styled(" · ", .muted)
    // A sentence that is longer than the row grows upwards: its end says what to do.
    let lines = (mark + styled(toast.text)).wrapped(to: rect.columns - 1, hangingIndent: 3).prefix(4)
    let area = Rect(column: 0, row: rect.row - lines.count + 1, columns: rect.columns, rows: lines.count)
    canvas.frame.fill(area, style: canvas.theme[.text])
    canvas.draw(Array(lines), in: area)
    if let cursor = canvas.frame.cursor, area.contains(cursor), lines.count > 1 { canvas.frame.cursor = nil }
    return
  }
  canvas.draw(footerKeys(state, columns: rect.columns), in: rect, row: 0)
}

/// As many keys of the place where the keyboard is as fit, those of everywhere at the right.
func footerKeys(_ state: State, columns: Int) -> StyledLine {
  let context = state.context
  func hint(_ binding: Binding) -> StyledLine {
    styled(binding.chords.first.map { DisplayText($0.written) } ?? "", .text, .bold)
      + styled(" " + binding.label + "  ", .muted)
  }
  let shown = KeyTable.bindings.filter { $0.isInFooter && $0.contexts.contains(context) }
  let always: Set<Command> = [.palette, .help]
  let right = StyledLine(shown.filter { always.contains($0.command) }.map(hint))
  var left = styled(" ")
  let esc = state.runningTurn != nil ? styled("Esc", .text, .bold) + styled(" stop  ", .muted) : styled("")
  left = left + esc
  for binding in shown where !always.contains(binding.command) {
    let next = hint(binding)
    if left.width + next.width + right.width > columns { continue }
    left = left + next
  }
  let gap = max(0, columns - left.width - right.width)
  return left + styled(DisplayText(String(repeating: " ", count: gap))) + right
}

// MARK: Composer

private func drawComposer(_ state: State, layout: Layout, on canvas: inout Canvas) {
  let rect = layout.composer
  let isFocused = state.focus == .composer
  let joins = layout.verticalRules.map { (column: $0, mark: DisplayText("┴")) }
  canvas.rule(rect, title: "Message", isFocused: isFocused, right: "", joins: joins)
  let body = Rect(column: rect.column, row: rect.row + 1, columns: rect.columns, rows: rect.rows - 1)
  canvas.draw(styled(" › ", isFocused ? .accent : .muted), in: body, row: 0)
  guard !state.composer.isEmpty else {
    canvas.draw(styled("Ask something", .muted), in: body, row: 0, indent: 3)
    if isFocused { canvas.frame.cursor = Position(column: body.column + 3, row: body.row) }
    return
  }
  let area = Rect(column: body.column + 3, row: body.row, columns: state.composerWidth, rows: body.rows)
  drawText(state.composer, rows: state.composerRows, in: area, isFocused: isFocused, on: &canvas)
}

/// Draws text that is being typed, the caret's row always in sight.
func drawText(
  _ editor: TextEditor, rows: [Range<Int>], in area: Rect, isFocused: Bool, on canvas: inout Canvas
) {
  let place = editor.caretPlace(in: rows)
  let first = max(0, min(place.row - area.rows + 1, rows.count - area.rows))
  let start = place.row < first ? place.row : first
  for (offset, row) in rows.dropFirst(start).prefix(area.rows).enumerated() {
    var text: DisplayText = ""
    for character in editor.characters[row] { text += TextEditor.shown(character) }
    canvas.draw(styled(text), in: area, row: offset)
  }
  if isFocused {
    let column = min(area.column + place.column, canvas.frame.size.columns - 1)
    canvas.frame.cursor = Position(column: column, row: area.row + place.row - start)
  }
}
