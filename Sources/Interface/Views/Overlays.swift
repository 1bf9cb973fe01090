import RearviewText

func drawMenu(_ menu: Menu, on canvas: inout Canvas) {
  let size = canvas.frame.size
  let columns = min(68, size.columns - 4)
  let shown = menu.shown
  let rows = min(max(shown.count, 3) + 4, min(22, size.rows - 4))
  let rect = Rect(
    column: (size.columns - columns) / 2, row: max(1, (size.rows - rows) / 3), columns: columns, rows: rows)
  let inner = canvas.box(rect, title: menu.title, hint: menuHint(menu))
  canvas.draw(styled("› ", .accent) + styled(DisplayText(line: menu.filter.text)), in: inner, row: 0)
  if menu.filter.isEmpty { canvas.draw(styled("type to filter", .muted), in: inner, row: 0, indent: 2) }
  let typed = DisplayText(line: String(menu.filter.characters.prefix(menu.filter.caret)))
  canvas.frame.cursor = Position(
    column: min(inner.column + 2 + typed.width, inner.column + inner.columns - 1), row: inner.row)
  let list = Rect(column: inner.column, row: inner.row + 2, columns: inner.columns, rows: inner.rows - 2)
  guard !shown.isEmpty else {
    canvas.draw(styled(menu.isLoading ? "Looking …" : emptyText(menu), .muted), in: list, row: 0)
    return
  }
  let first = max(0, min(menu.selection - list.rows / 2, shown.count - list.rows))
  for (offset, item) in shown.dropFirst(first).prefix(list.rows).enumerated() {
    let isSelected = first + offset == menu.selection
    let label = styled(isSelected ? "▸ " : "  ", .accent) + styled(item.label, .text, item.isCurrent ? .bold : [])
    let room = list.columns - (item.detail.isEmpty ? 0 : item.detail.width + 2)
    canvas.draw(label.truncated(to: max(8, room)), in: list, row: offset)
    if room > 8 {
      canvas.draw(styled(item.detail, .muted), in: list, row: offset, indent: list.columns - item.detail.width)
    }
    if isSelected { canvas.select(list, row: offset) }
  }
}

private func menuHint(_ menu: Menu) -> DisplayText {
  let loading: DisplayText = menu.isLoading ? "looking for more …  " : ""
  return loading + "Enter " + (menu.purpose == .palette ? "run" : "use") + "  Esc back"
}

private func emptyText(_ menu: Menu) -> DisplayText {
  switch menu.purpose {
  case .bank: "No bank yet; type a name and press Enter."
  case .theme: "No theme of that name."
  case .palette: "No command of that name."
  }
}

// MARK: Help

enum HelpView {
  private static let keyColumns = 24

  static func rect(in size: Size) -> Rect {
    let columns = min(84, size.columns - 4)
    let rows = min(lines(columns: columns - 4).count + 2, size.rows - 2)
    return Rect(column: (size.columns - columns) / 2, row: max(0, (size.rows - rows) / 2), columns: columns, rows: rows)
  }

  static func clamped(_ scroll: Int, in size: Size) -> Int {
    let rect = rect(in: size)
    return max(0, min(scroll, lines(columns: rect.columns - 4).count - (rect.rows - 2)))
  }

  /// From the key table, by place.
  static func lines(columns: Int) -> [StyledLine] {
    let groups: [(title: DisplayText, contexts: [Context])] = [
      ("Everywhere", []), ("Message", [.composer]), ("Chat", [.chat]), ("Memory", [.memory]),
      ("Inspector", [.banks, .memories, .detail, .filter]), ("Model menu", [.models]), ("Forms", [.editor, .options]),
    ]
    var lines: [StyledLine] = []
    for group in groups {
      let bindings = KeyTable.bindings.filter { binding in
        let isEverywhere = binding.contexts.contains(.composer) && binding.contexts.contains(.chat)
        if group.contexts.isEmpty { return isEverywhere }
        return !isEverywhere && group.contexts.contains { binding.contexts.contains($0) }
      }
      guard !bindings.isEmpty else { continue }
      if !lines.isEmpty { lines.append(styled("")) }
      lines.append(styled(group.title, .accent, .bold))
      for binding in bindings {
        let keys = DisplayText(binding.chords.map(\.written).joined(separator: ", "))
        let pad = DisplayText(String(repeating: " ", count: max(2, keyColumns - keys.width)))
        let line = styled("  ") + styled(keys, .text, .bold) + styled(pad) + styled(binding.help, .muted)
        lines += line.wrapped(to: columns, hangingIndent: keyColumns + 2)
      }
    }
    lines += [
      styled(""), styled("Typing", .accent, .bold),
      styled("  ") + styled("Ctrl-A E B F D K U W Y T", .text, .bold)
        + styled("  as in Emacs; Alt-B F D by words", .muted),
      styled(""),
    ]
    lines += styled("  Under tmux, a slow Esc is its escape-time; set it to 10.", .muted).wrapped(to: columns)
    return lines
  }
}

func drawHelp(scroll: Int, on canvas: inout Canvas) {
  let size = canvas.frame.size
  let rect = HelpView.rect(in: size)
  let lines = HelpView.lines(columns: rect.columns - 4)
  let more = lines.count > rect.rows - 2
  let inner = canvas.box(rect, title: "Keys", hint: more ? "Up, Down scroll  Esc back" : "Esc back")
  canvas.draw(lines, in: inner, scroll: HelpView.clamped(scroll, in: size))
}

// MARK: Edit form

enum EditorView {
  static func rect(in size: Size) -> Rect {
    let columns = min(90, size.columns - 4)
    let rows = min(18, size.rows - 4)
    return Rect(column: (size.columns - columns) / 2, row: (size.rows - rows) / 2, columns: columns, rows: rows)
  }

  static func textWidth(in size: Size) -> Int { rect(in: size).columns - 4 }
}

func drawEditor(_ form: MemoryEditor, on canvas: inout Canvas) {
  let rect = EditorView.rect(in: canvas.frame.size)
  let hint: DisplayText = "Ctrl-S save  Enter newline  Esc back"
  let inner = canvas.box(rect, title: "Edit memory", hint: hint)
  drawText(form.text, rows: form.text.rows(width: inner.columns), in: inner, isFocused: true, on: &canvas)
}
