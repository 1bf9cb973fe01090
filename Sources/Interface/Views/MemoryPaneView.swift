import Foundation
import RearviewChat
import RearviewEngine
import RearviewMemory
import RearviewText

func drawMemory(_ state: inout State, layout: Layout, on canvas: inout Canvas) {
  guard let pane = layout.panes[.memory], let body = layout.body(of: .memory) else { return }
  let isFocused = state.focus == .memory
  guard let shown = state.shownTurn else {
    canvas.rule(pane, title: "Memory", isFocused: isFocused)
    let teach = styled(
      "What memory puts into the prompt appears here with each turn, before the answer begins.", .muted)
    for (row, line) in teach.wrapped(to: max(4, body.columns - 3)).enumerated() {
      canvas.draw(line, in: body, row: (body.rows > 4 ? 1 : 0) + row, indent: 2)
    }
    return
  }
  let record = state.turns[shown].record
  let previous = shown > 0 ? state.turns[shown - 1].record : nil
  let view = MemoryView(record: record, previous: previous, columns: max(8, body.columns - 2))
  let isStrip = body.rows <= 4
  let name: DisplayText = state.memory.view == .prompt && !isStrip ? "Memory · Prompt" : "Memory"
  canvas.rule(
    pane, title: name, isFocused: isFocused,
    right: isStrip ? view.summary + " · F2" : "turn \(shown + 1) of \(state.turns.count)")
  if isStrip {
    canvas.draw(view.strip(rows: body.rows), in: body.inset(left: 1))
    return
  }
  let lines =
    state.memory.view == .prompt ? state.promptLines(ofTurn: shown, columns: view.columns) : state.memoryLines(of: view)
  let most = max(0, lines.count - body.rows)
  state.memory.scroll = min(state.memory.scroll, most)
  canvas.draw(lines, in: body.inset(left: 1), scroll: state.memory.scroll)
}

/// What the memory pane says of one turn.
struct MemoryView {
  let record: TurnRecord
  let previous: TurnRecord?
  let columns: Int

  private var retrieval: Retrieval { record.retrieval }

  /// `5 injected · ~412 of 4,096 tokens`
  var summary: DisplayText {
    switch retrieval.state {
    case .off: return "off"
    case .excluded: return "off for this model"
    case .noQuery: return "nothing to ask for"
    case .asking: return retrieval.mode == .reflect ? "reflecting" : "asking"
    case .failed: return "failed"
    case .nothing: return "nothing found" + (retrieval.searchedCount.map { " of \($0)" } ?? "")
    case .found where retrieval.mode == .reflect:
      return "reflection · ~" + grouped(estimatedTokens(retrieval.reflection?.text ?? "")) + " tokens"
    case .found:
      let tokens = retrieval.injected.reduce(0) { $0 + $1.recalled.tokenCount }
      return grouped(retrieval.injected.count) + " injected · ~" + grouped(tokens) + " of "
        + grouped(record.settings.maxMemoryTokens) + " tokens"
    }
  }

  func lines() -> [StyledLine] {
    // Above the memories, which may fill more than the pane.
    var lines = stateLines() + noticeLines() + queryLines() + storageLines() + reflectionLines()
    for item in retrieval.memories {
      lines.append(styled(""))
      lines.append(itemHead(item))
      lines += highlighted(DisplayText(item.recalled.memory.text), isInjected: item.use == .injected)
        .flatMap { $0.wrapped(to: max(4, columns - 3)) }.map { styled("  ") + $0 }
    }
    let dropped = droppedLines()
    if !dropped.isEmpty { lines += [styled("")] + dropped }
    if retrieval.memories.contains(where: { $0.use == .inConversation }) {
      lines += [styled("")]
      lines += wrapped(styled("said: it stands in the conversation already, so it was not sent again.", .muted))
    }
    if retrieval.memories.contains(where: { $0.use == .overLimit }) {
      lines += [styled("")] + wrapped(styled("limit: more than max_memories, so it was not sent.", .muted))
    }
    return lines
  }

  /// One row a memory, for the strip above the composer.
  func strip(rows: Int) -> [StyledLine] {
    guard retrieval.state == .found, retrieval.mode == .recall else {
      let text = retrieval.state == .found ? retrieval.reflection.map(reflectionText) ?? [] : []
      return (stateLines() + text).prefix(rows).map { $0.truncated(to: columns) }
    }
    let items = retrieval.memories.prefix(rows).map { item in
      let text = highlighted(DisplayText(line: item.recalled.memory.text), isInjected: item.use == .injected)
      return StyledLine([number(item), mark(item), badge(item), score(item, barColumns: 0), styled(" ")] + text)
        .truncated(to: columns)
    }
    return Array(items)
  }

  private func stateLines() -> [StyledLine] {
    let took = retrieval.durationMilliseconds.map { " in " + elapsed(milliseconds: $0) } ?? ""
    switch retrieval.state {
    case .off: return wrapped(styled("Memory is off for this turn (inject_memories).", .muted))
    case .excluded: return wrapped(styled("Memory is off for this model (excluded_models).", .muted))
    case .noQuery: return wrapped(styled("The message holds nothing to ask memory for.", .muted))
    case .asking:
      return [styled(retrieval.mode == .reflect ? "Memory thinks about it …" : "Asking memory …", .muted)]
    case .nothing:
      let searched = retrieval.searchedCount.map { ", of " + count($0, "memory", "memories") } ?? ""
      return wrapped(styled("Nothing found" + took + searched + ".", .muted))
    case .failed:
      let stops = record.settings.memoryFailure == .fail
      return wrapped(styled("✗ " + DisplayText(line: retrieval.error ?? "Memory failed."), .error))
        + wrapped(
          styled(
            stops
              ? "The model was not asked (memory_failure)." : "The answer went on without memory.", .muted))
    case .found where retrieval.mode == .reflect:
      let based = retrieval.reflection?.basedOn.map { ", from " + count($0.count, "memory", "memories") } ?? ""
      let isExtract = retrieval.reflection?.isExtract == true
      return wrapped(
        styled(
          (isExtract ? "Extract" : "Reflection") + took + based
            + (isExtract ? "; no language model is at work in this store" : ""), .muted))
    case .found:
      let tokens = retrieval.injected.reduce(0) { $0 + $1.recalled.tokenCount }
      let share = Double(tokens) / Double(max(1, record.settings.maxMemoryTokens))
      let counts = styled(
        grouped(retrieval.injected.count) + " injected, "
          + grouped(retrieval.matchCount ?? retrieval.memories.count) + " found" + took, .muted)
      let budget = styled(
        "~" + grouped(tokens) + " of " + grouped(record.settings.maxMemoryTokens) + " tokens ", .muted)
      return [counts.truncated(to: columns), (budget + styled(bar(share, columns: 12), .score)).truncated(to: columns)]
    }
  }

  /// Ways of searching that failed.
  private func noticeLines() -> [StyledLine] {
    retrieval.notices.flatMap { wrapped(styled(DisplayText(line: $0), .muted)) }
  }

  /// What was asked, where that is not the message itself.
  private func queryLines() -> [StyledLine] {
    var lines: [StyledLine] = []
    if let tokens = retrieval.uncutQueryTokens {
      lines += wrapped(
        styled("Asked with the beginning and the end of a query of ~" + grouped(tokens) + " tokens.", .muted))
    }
    if let query = record.settings.query, retrieval.query != nil {
      lines += wrapped(styled("Asked: " + DisplayText(line: query), .muted))
    }
    return lines
  }

  /// What reflect answered; of an extract the memories alone, since the line above says what it is.
  private func reflectionText(_ reflection: Reflection) -> [StyledLine] {
    let lines = highlighted(DisplayText(reflection.text), isInjected: true)
    return lines.dropFirst(reflection.isExtract ? 1 : 0).flatMap { $0.wrapped(to: columns, hangingIndent: 2) }
  }

  /// What reflect answered, and what it stands on.
  private func reflectionLines() -> [StyledLine] {
    guard let reflection = retrieval.reflection, retrieval.state == .found else { return [] }
    var lines = [styled("")] + reflectionText(reflection)
    if let output = reflection.structuredOutput {
      lines += [styled(""), styled("structured output", .muted)]
      lines += highlighted(DisplayText(output.written(indent: 2)), isInjected: true).flatMap { $0.wrapped(to: columns) }
    }
    guard let memories = reflection.basedOn, !memories.isEmpty, !reflection.isExtract else { return lines }
    lines += [styled(""), styled("based on", .muted)]
    return lines
      + memories.map { memory in
        (styled("· ", .muted) + styled(DisplayText(memory.type.label), role(memory.type)) + styled(" ")
          + styled(DisplayText(line: memory.text))).truncated(to: columns)
      }
  }

  private func wrapped(_ line: StyledLine) -> [StyledLine] { line.wrapped(to: columns) }

  // MARK: One memory

  private func itemHead(_ item: RetrievedMemory) -> StyledLine {
    let memory = item.recalled.memory
    let typeName = styled(DisplayText(memory.type.label.lowercased()), role(memory.type))
    let date = memory.mentionedAt.map { styled("  " + LocalTime($0).day, .muted) } ?? styled("")
    let cost = styled("  ~\(item.recalled.tokenCount) tok", .muted)
    // What is wide gives way before the tokens at the end are cut: 57 cells hold both, 47 the bar without the type's name.
    let type = columns >= 57 ? padded(typeName, to: 11) : badge(item)
    let barColumns = columns >= 47 ? 8 : columns >= 44 ? 6 : 0
    return StyledLine([number(item), mark(item), type, score(item, barColumns: barColumns), date, cost])
      .truncated(to: columns)
  }

  private func padded(_ line: StyledLine, to columns: Int) -> StyledLine {
    line + styled(DisplayText(String(repeating: " ", count: max(0, columns - line.width))))
  }

  /// Its place in the block; memories that were not sent have none.
  private func number(_ item: RetrievedMemory) -> StyledLine {
    guard let place = retrieval.injected.firstIndex(of: item) else { return styled("– ", .muted) }
    return styled("\(place + 1) ", .text, .bold)
  }

  /// What changed against the turn before; or why it was not sent. Six cells, so that the rows line up.
  private func mark(_ item: RetrievedMemory) -> StyledLine {
    switch item.use {
    case .inConversation: return styled("said  ", .muted)
    case .overLimit: return styled("limit ", .muted)
    case .blank: return styled("blank ", .muted)
    case .injected: break
    }
    let before = previous?.retrieval.injected.firstIndex { $0.recalled.memory.id == item.recalled.memory.id }
    guard let before, let place = retrieval.injected.firstIndex(of: item) else { return styled("+new  ", .added) }
    if before == place { return styled("=     ", .muted) }
    let step: DisplayText = before > place ? "↑\(before - place)" : "↓\(place - before)"
    return styled(step + DisplayText(String(repeating: " ", count: max(1, 6 - step.width))), .muted)
  }

  private func badge(_ item: RetrievedMemory) -> StyledLine {
    let type = item.recalled.memory.type
    return styled(DisplayText(String(type.label.prefix(1))), role(type), .bold)
  }

  private func score(_ item: RetrievedMemory, barColumns: Int) -> StyledLine {
    guard let score = item.recalled.score else { return styled("") }
    let number = styled("  " + DisplayText(decimal(score, places: 2)), .text)
    guard barColumns > 0 else { return number }
    let best = retrieval.memories.compactMap(\.recalled.score).max() ?? 1
    let filled = bar(best > 0 ? score / best : 0, columns: barColumns)
    let pad = DisplayText(String(repeating: " ", count: barColumns - filled.width))
    return number + styled(" " + filled + pad, .score)
  }

  private func role(_ type: MemoryType) -> StyleRole {
    switch type {
    case .world: .world
    case .experience: .experience
    case .observation: .observation
    default: .text
    }
  }

  /// The text with the query's words marked; each line of it a line.
  private func highlighted(_ text: DisplayText, isInjected: Bool) -> [StyledLine] {
    let plain: StyleRole = isInjected ? .text : .muted
    return text.string.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      StyledLine(
        WordMarks(words: retrieval.words).pieces(of: String(line)).map { piece, isMatch in
          styled(DisplayText(piece), isMatch ? .match : plain)
        })
    }
  }

  private func droppedLines() -> [StyledLine] {
    guard let previous, retrieval.state == .found || retrieval.state == .nothing else { return [] }
    let now = Set(retrieval.memories.map(\.recalled.memory.id))
    let dropped = previous.retrieval.injected.filter { !now.contains($0.recalled.memory.id) }
    guard !dropped.isEmpty else { return [] }
    return [styled("not recalled any more", .muted)]
      + dropped.prefix(5).map {
        (styled("· ", .muted) + styled(DisplayText(line: $0.recalled.memory.text), .muted)).truncated(to: columns)
      }
  }

  private func storageLines() -> [StyledLine] {
    switch record.storage.state {
    case .waiting: []
    case .off: wrapped(styled("This turn is not retained.", .muted))
    case .known: wrapped(styled("This exchange was stored before (deduplicate).", .muted))
    case .queued: [styled("Storing this turn …", .muted)]
    case .processing: wrapped(styled("The server has this turn and works on it.", .muted))
    case .stored: [styled("✓ ", .success) + styled("This turn is stored.", .muted)]
    case .unsaved:
      wrapped(styled("✗ Not saved yet: " + DisplayText(line: record.storage.error ?? "the disk failed"), .error))
        + wrapped(styled("It is tried again for a minute; make room, or copy what you need.", .muted))
    case .failed:
      wrapped(styled("✗ Not stored yet: " + DisplayText(line: record.storage.error ?? "the store failed"), .error))
        + wrapped(styled("It waits in the queue on disk and is tried again.", .muted))
    }
  }
}

/// Marks the words of a query in a text, in other forms of them too.
struct WordMarks {
  let words: [[Character]]

  init(words: [String]) { self.words = words.map { Array($0.lowercased()) } }

  /// The text in pieces, each a match or not.
  func pieces(of text: String) -> [(text: String, isMatch: Bool)] {
    var pieces: [(text: String, isMatch: Bool)] = []
    var current: [Character] = []
    var inWord = false
    func flush() {
      guard !current.isEmpty else { return }
      pieces.append((String(current), inWord && isMatch(current)))
      current = []
    }
    for character in text {
      let isWordPart = character.isLetter || character.isNumber
      if isWordPart != inWord { flush() }
      inWord = isWordPart
      current.append(character)
    }
    flush()
    return pieces
  }

  /// Equal, or the same but for an ending of at most three letters ("walk", "walked").
  private func isMatch(_ word: [Character]) -> Bool {
    let word = Array(String(word).lowercased())
    return words.contains { query in
      if query == word { return true }
      let common = zip(query, word).prefix { $0 == $1 }.count
      return common >= 4 && query.count - common <= 3 && word.count - common <= 3
    }
  }
}

extension Rect {
  func inset(left: Int) -> Rect {
    Rect(column: column + left, row: row, columns: max(0, columns - left), rows: rows)
  }
}
