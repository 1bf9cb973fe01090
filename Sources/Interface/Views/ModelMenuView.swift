import Foundation
import Rearview
import RearviewText

/// As many of the keys of a dialog as fit.
private func keyHints(_ keys: [DisplayText], columns: Int) -> DisplayText {
  keys.reduce(DisplayText()) { hint, key in
    let next = hint.isEmpty ? key : hint + "  " + key
    return next.width <= columns ? next : hint
  }
}

/// How the model menu is laid out in a screen. Its size does not change with what is typed.
struct ModelMenuView {
  let menu: ModelMenu
  let now: Date

  static func rect(in size: Size) -> Rect {
    let columns = min(112, size.columns - 4)
    let rows = min(34, size.rows - 4)
    return Rect(
      column: (size.columns - columns) / 2, row: max(1, (size.rows - rows) / 3), columns: columns, rows: rows)
  }

  /// Rows of the list: above it what is typed, below it what is to know of the selected model.
  static func listRows(in size: Size) -> Int { max(1, rect(in: size).rows - 2 - (isLow(size) ? 1 : 4)) }

  private static func isLow(_ size: Size) -> Bool { rect(in: size).rows < 12 }

  func draw(on canvas: inout Canvas) {
    let size = canvas.frame.size
    let rect = Self.rect(in: size)
    let inner = canvas.box(rect, title: "Model", hint: hint(columns: rect.columns - 6))
    let columns = Columns(inner.columns)
    canvas.draw(styled("› ", .accent) + styled(DisplayText(line: menu.filter.text)), in: inner, row: 0)
    if menu.filter.isEmpty { canvas.draw(styled("type to filter", .muted), in: inner, row: 0, indent: 2) }
    if columns.price > 0, !menu.showsDetails {
      let caption: DisplayText = columns.context > 0 ? "context    $/M in/out" : "$/M in/out"
      let indent = inner.columns - caption.width
      if indent > DisplayText(line: menu.filter.text).width + 18 {
        canvas.draw(styled(caption, .muted), in: inner, row: 0, indent: indent)
      }
    }
    let typed = DisplayText(line: String(menu.filter.characters.prefix(menu.filter.caret)))
    canvas.frame.cursor = Position(
      column: min(inner.column + 2 + typed.width, inner.column + inner.columns - 1), row: inner.row)
    let isLow = Self.isLow(size)
    let list = Rect(
      column: inner.column, row: inner.row + (isLow ? 1 : 2), columns: inner.columns, rows: Self.listRows(in: size))
    if menu.showsDetails, let model = menu.selectedModel {
      let scroll = min(menu.detailScroll, mostScroll(in: size))
      canvas.draw(details(of: model, columns: list.columns), in: list, scroll: scroll)
    } else {
      drawList(in: list, columns: columns, on: &canvas)
    }
    if !isLow, !menu.showsDetails { canvas.draw(summary(columns: inner.columns), in: inner, row: inner.rows - 1) }
  }

  private func hint(columns: Int) -> DisplayText {
    keyHints(
      (menu.isLoading ? ["looking for more …"] : []) + [
        "Enter use", "Ctrl-S favourite", "Ctrl-E options", menu.showsDetails ? "Tab list" : "Tab details", "Esc back",
      ], columns: columns)
  }

  // MARK: List

  private func drawList(in list: Rect, columns: Columns, on canvas: inout Canvas) {
    guard !menu.rows.isEmpty else {
      let text: DisplayText =
        menu.isLoading
        ? "Looking …" : "No model of that name; write it whole, as provider/model, to use it all the same."
      canvas.draw(styled(text, .muted).wrapped(to: list.columns), in: list)
      return
    }
    let first = max(0, min(menu.selection - list.rows / 2, menu.rows.count - list.rows))
    for (offset, row) in menu.rows.dropFirst(first).prefix(list.rows).enumerated() {
      let isSelected = first + offset == menu.selection
      switch row {
      case .heading(let group): canvas.draw(styled(title(of: group), .accent), in: list, row: offset)
      case .typed:
        let mark = styled(isSelected ? "▸   " : "    ", .accent)
        canvas.draw(
          (mark + styled("Use ", .muted) + styled(DisplayText(line: menu.typed))).truncated(to: list.columns),
          in: list, row: offset)
      case .model(let place):
        draw(menu.index.models[place], isSelected: isSelected, in: list, row: offset, columns: columns, on: &canvas)
      }
      if isSelected { canvas.select(list, row: offset) }
    }
  }

  private func title(of group: ModelMenu.Group) -> DisplayText {
    switch group {
    case .favourites: "Favourites"
    case .recent: "Recent"
    case .present: "Set up and found"
    case .table: "Known, ready to ask"
    case .lacking: "Known, with something missing"
    }
  }

  /// Widths of the columns at the right, with two blanks before each; 0 for one that a narrow menu does without.
  struct Columns {
    var marks: Int
    var context: Int
    var price: Int

    init(_ columns: Int) {
      marks = columns >= 60 ? 4 : 0
      context = columns >= 52 ? 7 : 0
      price = columns >= 44 ? 14 : 0
    }
  }

  /// The name is drawn whole before any fact: those at its end give way to it.
  private func draw(
    _ model: ModelDescription, isSelected: Bool, in list: Rect, row: Int, columns: Columns, on canvas: inout Canvas
  ) {
    let facts = ModelFacts(model)
    let isLacking = menu.index.lacks(model) != nil
    let isCurrent = menu.isCurrent(model.name)
    let ending = DisplayText(line: facts.ending(now))
    let mark =
      menu.isFavourite(model.name)
      ? styled("★ ", .accent)
      : !ending.isEmpty ? styled("! ", .warning) : isLacking ? styled("○ ", .muted) : styled("  ")
    let name = DisplayText(line: model.name)
    var line =
      styled(isSelected ? "▸ " : "  ", .accent) + mark
      + styled(name, isLacking ? .muted : .text, isCurrent ? .bold : [])
    var right = list.columns
    for (text, width) in [(facts.price, columns.price), (facts.context, columns.context), (facts.marks, columns.marks)]
    {
      let fact = DisplayText(text)
      guard width > 0, right - max(width, fact.width + 2) >= line.width else { break }
      if !fact.isEmpty { canvas.draw(styled(fact, .muted), in: list, row: row, indent: right - fact.width) }
      right -= max(width, fact.width + 2)
    }
    for (note, role) in [(isCurrent ? "in use" as DisplayText : "", StyleRole.accent), (ending, .warning)]
    where !note.isEmpty && line.width + 2 + note.width <= right { line = line + styled("  " + note, role) }
    canvas.draw(line.truncated(to: right), in: list, row: row)
  }

  /// One line on the selected model: what is missing, or who has it.
  private func summary(columns: Int) -> StyledLine {
    guard let model = menu.selectedModel else {
      return menu.selected == .typed ? styled("A name that is in no list.", .muted) : styled("")
    }
    if let lacks = menu.index.lacks(model) {
      return (styled("○ ", .warning) + styled(DisplayText(line: lacks), .warning)).truncated(to: columns)
    }
    var facts = [DisplayText(line: menu.index.provider(of: model)?.title ?? model.provider)]
    if let detail = model.detail, !detail.isEmpty { facts.append(DisplayText(line: detail)) }
    if model.reasons == true { facts.append("R reasons") }
    if model.seesImages == true { facts.append("V sees images") }
    let ending = DisplayText(line: ModelFacts(model).ending(now))
    if !ending.isEmpty { facts.append(ending) }
    return styled(facts.joined(separator: " · "), .muted).truncated(to: columns)
  }

  // MARK: Details

  /// How far the details can be scrolled.
  func mostScroll(in size: Size) -> Int {
    guard let model = menu.selectedModel else { return 0 }
    return max(0, details(of: model, columns: Self.rect(in: size).columns - 4).count - Self.listRows(in: size))
  }

  /// All that is known of a model, in words.
  private func details(of model: ModelDescription, columns: Int) -> [StyledLine] {
    var lines: [StyledLine] = []
    func fact(_ name: DisplayText, _ value: DisplayText, _ role: StyleRole = .text) {
      let pad = DisplayText(String(repeating: " ", count: max(2, 18 - name.width)))
      lines += (styled(name, .muted) + styled(pad) + styled(value, role)).wrapped(to: columns, hangingIndent: 18)
    }
    lines += styled(DisplayText(line: model.name), .text, .bold).wrapped(to: columns)
    lines.append(styled(""))
    let provider = menu.index.provider(of: model)
    fact("provider", DisplayText(line: provider?.title ?? model.provider))
    if let lacks = menu.index.lacks(model) { fact("missing", DisplayText(line: lacks), .warning) }
    fact("known from", origin(of: model))
    if let detail = model.detail, !detail.isEmpty { fact("detail", DisplayText(line: detail)) }
    if let tokens = model.contextWindow { fact("context", grouped(tokens) + " tokens") }
    if let tokens = model.maxOutput { fact("longest answer", grouped(tokens) + " tokens") }
    for (name, value) in prices(of: model) { fact(name, value) }
    for (name, flag) in [
      ("reasons" as DisplayText, model.reasons), ("sees images", model.seesImages), ("calls tools", model.callsTools),
    ] {
      if let flag { fact(name, flag ? "yes" : "no") }
    }
    if let day = model.endsOn {
      let note = DisplayText(line: ModelFacts(model).ending(now))
      fact("ends on", DisplayText(line: day) + (note.isEmpty ? "" : " (" + note + ")"), note.isEmpty ? .text : .warning)
    }
    return lines
  }

  private func origin(of model: ModelDescription) -> DisplayText {
    switch model.origin {
    case .configured: "the configuration"
    case .found: "a server that was asked"
    case .table: "the table that comes with the program"
    case .builtIn: "the program itself"
    }
  }

  private func prices(of model: ModelDescription) -> [(DisplayText, DisplayText)] {
    let known: [(String, Double?)] = [
      ("in", model.inputPrice), ("out", model.outputPrice), ("in from its cache", model.cachedInputPrice),
    ]
    let parts = known.compactMap { name, price in price.map { "$\(ModelFacts.amount($0)) \(name)" } }
    guard !parts.isEmpty else { return [] }
    let tiers: DisplayText = model.hasTieredPrice ? " Long inputs cost more." : ""
    return [
      ("price", DisplayText(parts.joined(separator: ", ")) + " for a million tokens"),
      ("", "An estimate, from the table." + tiers),
    ]
  }
}

// MARK: Form

enum ModelFormView {
  private static let labelColumns = 20

  static func rect(in size: Size) -> Rect {
    let columns = min(96, size.columns - 4)
    let rows = min(fieldRows(in: size).reduce(0, +) + 6, size.rows - 2)
    return Rect(column: (size.columns - columns) / 2, row: (size.rows - rows) / 3, columns: columns, rows: rows)
  }

  /// Rows of each field: long ones have three where there is room.
  private static func fieldRows(in size: Size) -> [Int] {
    ModelForm(model: "", values: []).fields.map { $0.isLong && size.rows >= 20 ? 3 : 1 }
  }

  /// Columns of the text of a field.
  static func textColumns(in size: Size) -> Int { max(4, rect(in: size).columns - 4 - labels(in: size) - 1) }

  private static func labels(in size: Size) -> Int { size.columns < 60 ? labelColumns - 2 : labelColumns }

  static func draw(_ form: ModelForm, on canvas: inout Canvas) {
    let size = canvas.frame.size
    let rect = rect(in: size)
    let inner = canvas.box(
      rect, title: "Options of " + DisplayText(line: form.model),
      hint: keyHints(["Ctrl-S save", "Up, Down field", "Esc back"], columns: rect.columns - 6))
    let long = message(form, isLong: true).wrapped(to: inner.columns)
    let message = (long.count <= 2 ? long : message(form, isLong: false).wrapped(to: inner.columns)).prefix(2)
    let area = Rect(
      column: inner.column, row: inner.row, columns: inner.columns, rows: max(1, inner.rows - 3))
    let heights = fieldRows(in: size)
    // Small screens show the fields around the one that has the keyboard.
    var first = 0
    while first < form.selection, heights[first...form.selection].reduce(0, +) > area.rows { first += 1 }
    var row = 0
    for (index, field) in form.fields.enumerated().dropFirst(first) where row + 1 <= area.rows {
      draw(
        field, isSelected: index == form.selection, problem: form.problem(of: field) != nil,
        in: Rect(
          column: area.column, row: area.row + row, columns: area.columns, rows: min(heights[index], area.rows - row)),
        labels: labels(in: size), on: &canvas)
      row += heights[index]
    }
    canvas.draw(
      Array(message), in: Rect(column: inner.column, row: inner.row + inner.rows - 2, columns: inner.columns, rows: 2))
  }

  private static func draw(
    _ field: ModelForm.Field, isSelected: Bool, problem: Bool, in rect: Rect, labels: Int, on canvas: inout Canvas
  ) {
    let mark = isSelected ? styled("▸ ", .accent) : styled(problem ? "✗ " : "  ", .error)
    canvas.draw(mark + styled(field.label, isSelected ? .text : .muted, isSelected ? .bold : []), in: rect, row: 0)
    let width = max(4, rect.columns - labels - 1)
    let origin: DisplayText = field.isChanged ? "changed" : field.origin
    let area = Rect(column: rect.column + labels, row: rect.row, columns: width, rows: rect.rows)
    if field.isLong {
      var text = field.text
      if !isSelected { text.apply(.start) }
      drawText(text, rows: text.rows(width: width), in: area, isFocused: isSelected, on: &canvas)
    } else {
      drawLine(field.text, in: area, isFocused: isSelected, on: &canvas)
    }
    if field.text.isEmpty {
      let hint: DisplayText = origin.isEmpty ? "not set" : "not set  " + origin
      canvas.draw(styled(hint, .muted), in: area, row: 0, indent: isSelected ? 1 : 0)
    } else if !origin.isEmpty {
      // The place gives way to the value.
      let row = rect.rows - 1
      let used =
        field.isLong && rect.rows > 1
        ? field.text.rows(width: width).count >= rect.rows ? width : 0 : field.text.characters.count
      let indent = width - origin.width
      if indent > used + 2 { canvas.draw(styled(origin, .muted), in: area, row: row, indent: indent) }
    }
  }

  /// A text of one line, moved so that the caret is in sight; line ends are shown as a sign.
  private static func drawLine(_ editor: TextEditor, in area: Rect, isFocused: Bool, on canvas: inout Canvas) {
    var first = 0
    let room = area.columns - 1
    func cells(_ range: Range<Int>) -> Int { editor.characters[range].reduce(0) { $0 + TextEditor.cells(of: $1) } }
    while cells(first..<editor.caret) > room { first += 1 }
    var text: DisplayText = ""
    for character in editor.characters[first...] where text.width < area.columns {
      text += character == "\n" ? "·" : TextEditor.shown(character)
    }
    canvas.draw(styled(text.truncated(to: area.columns)), in: area, row: 0)
    if isFocused {
      canvas.frame.cursor = Position(column: area.column + cells(first..<editor.caret), row: area.row)
    }
  }

  /// What is wrong with the field that has the keyboard, or what can stand in it.
  private static func message(_ form: ModelForm, isLong: Bool) -> StyledLine {
    if let failure = form.failure { return styled("✗ " + failure, .error) }
    let field = form.fields[form.selection]
    if let problem = form.problem(of: field) { return styled("✗ " + problem, .error) }
    let fixed: DisplayText = field.isFixed ? " " + field.origin + " sets it over what is saved here." : ""
    return styled(field.rule + fixed + (isLong ? " Empty: it is not sent." : ""), .muted)
  }
}
