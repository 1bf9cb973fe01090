/// Lays blocks out as lines for one width. Every line it makes is at most that wide.
struct MarkdownLayout {
  /// In cells, at least 1.
  let width: Int
  /// How many lists are around.
  private var listDepth = 0

  /// Under this width a nested block loses its bar or indent rather than its words.
  private static let narrowest = 4
  private static let bullets: [DisplayText] = ["• ", "◦ ", "▪ "]

  init(width: Int) { self.width = max(1, width) }

  /// Blocks with a blank line between each two.
  func lines(of blocks: [MarkdownBlock]) -> [StyledLine] { lines(of: blocks, isTight: false) }

  func lines(of block: MarkdownBlock) -> [StyledLine] {
    switch block {
    case .paragraph(let lines): lines.flatMap { $0.wrapped(to: width) }
    case .heading(let level, let lines):
      lines.flatMap { $0.adding(Self.attributes(ofHeading: level)).wrapped(to: width) }
    case .code(let code): lines(of: code, showsLanguage: true)
    case .quote(let blocks): barred(.quote) { $0.lines(of: blocks) }
    case .list(let list): lines(of: list)
    case .table(let table): MarkdownTableLayout(table, width: width).lines()
    case .rule: [StyledLine(.repeated("─", width), .rule)]
    }
  }

  /// Source text: every line as it is, long ones broken where the width is full.
  func lines(of code: MarkdownBlock.Code, showsLanguage: Bool) -> [StyledLine] {
    barred(.rule) { inner in
      let label = showsLanguage && !code.language.isEmpty ? [StyledLine(code.language, .muted)] : []
      return (label + code.lines.map { StyledLine($0, .code) }).flatMap { $0.wrappedAnywhere(to: inner.width) }
    }
  }

  private func lines(of blocks: [MarkdownBlock], isTight: Bool) -> [StyledLine] {
    var result: [StyledLine] = []
    for block in blocks {
      if !result.isEmpty, !isTight { result.append(StyledLine([])) }
      result += lines(of: block)
    }
    return result
  }

  private func lines(of list: MarkdownBlock.List) -> [StyledLine] {
    let markers = list.items.indices.map { marker(of: list, at: $0) }
    let indent = markers.map(\.width).max() ?? 0
    guard width - indent >= Self.narrowest else {
      return zip(markers, list.items).flatMap { marker, item in
        StyledLine(marker, .muted).wrapped(to: width) + lines(of: item.blocks, isTight: list.isTight)
      }
    }
    var inner = MarkdownLayout(width: width - indent)
    inner.listDepth = listDepth + 1
    var result: [StyledLine] = []
    for (item, marker) in zip(list.items, markers) {
      if !result.isEmpty, !list.isTight { result.append(StyledLine([])) }
      let first = StyledSpan(.blanks(indent - marker.width) + marker, .muted)
      let rest = StyledSpan(.blanks(indent))
      var itemLines = inner.lines(of: item.blocks, isTight: list.isTight)
      if itemLines.isEmpty { itemLines = [StyledLine([])] }
      for (index, line) in itemLines.enumerated() {
        if index == 0 {
          result.append(StyledLine([first] + line.spans))
        } else {
          result.append(line.isEmpty ? line : StyledLine([rest] + line.spans))
        }
      }
    }
    return result
  }

  private func marker(of list: MarkdownBlock.List, at index: Int) -> DisplayText {
    let task: DisplayText = list.items[index].isDone.map { $0 ? "[x] " : "[ ] " } ?? ""
    switch list.marker {
    case .bullet: return task.isEmpty ? Self.bullets[min(listDepth, Self.bullets.count - 1)] : task
    case .number(let first, let delimiter): return "\(first + index)\(delimiter) \(task)"
    }
  }

  /// What `content` makes of the width that is left beside a bar, with the bar before each line.
  private func barred(_ role: StyleRole, _ content: (MarkdownLayout) -> [StyledLine]) -> [StyledLine] {
    guard width - 2 >= Self.narrowest else { return content(self) }
    var inner = MarkdownLayout(width: width - 2)
    inner.listDepth = listDepth
    return content(inner).map { line in
      StyledLine([StyledSpan(line.isEmpty ? "│" : "│ ", role)] + line.spans)
    }
  }

  private static func attributes(ofHeading level: Int) -> Style.Attributes {
    switch level {
    case 1: [.bold, .underline]
    case 2: .bold
    default: [.bold, .italic]
    }
  }
}

extension StyledLine {
  func adding(_ attributes: Style.Attributes) -> StyledLine {
    StyledLine(spans.map { StyledSpan($0.text, $0.role, $0.attributes.union(attributes)) })
  }
}
