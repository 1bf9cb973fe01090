/// Lays a table out: columns side by side, long cells broken into several lines; where the width does not suffice for
/// that, each row as lines of `header: cell`. No word of a cell is lost either way.
struct MarkdownTableLayout {
  private let table: MarkdownBlock.Table
  private let width: Int

  /// A column is never squeezed below this, unless its cells are narrower.
  private static let narrowestColumn = 6
  private static let separator: DisplayText = " │ "

  init(_ table: MarkdownBlock.Table, width: Int) {
    self.table = table
    self.width = width
  }

  func lines() -> [StyledLine] {
    guard let widths = columnWidths() else { return records() }
    let header = table.header.map { $0.adding(.bold) }
    let rows = table.rows.flatMap { lines(of: $0, widths) }
    guard table.showsHeader else { return rows }
    let rule = widths.map { DisplayText.repeated("─", $0) }.joined(separator: "─┼─")
    return lines(of: header, widths) + [StyledLine(rule, .rule)] + rows
  }

  /// Natural widths, the widest narrowed first until the row fits; `nil` when it cannot.
  private func columnWidths() -> [Int]? {
    let columns = table.alignments.count
    guard columns > 0 else { return nil }
    let room = width - (columns - 1) * Self.separator.width
    guard room >= columns else { return nil }
    var widths = (0..<columns).map { column in
      ([table.header] + table.rows).map { column < $0.count ? $0[column].width : 0 }.max() ?? 0
    }.map { max(1, $0) }
    let least = widths.map { min($0, Self.narrowestColumn) }
    guard least.reduce(0, +) <= room else { return nil }
    var excess = widths.reduce(0, +) - room
    while excess > 0 {
      let widest = widths.max() ?? 0
      let second = widths.filter { $0 < widest }.max() ?? 0
      let indices = widths.indices.filter { widths[$0] == widest }
      let target = max(second, widest - max(1, excess / indices.count), Self.narrowestColumn)
      for index in indices where excess > 0 {
        let cut = min(widths[index] - target, excess)
        widths[index] -= cut
        excess -= cut
      }
    }
    return widths
  }

  private func lines(of row: [StyledLine], _ widths: [Int]) -> [StyledLine] {
    let cells = widths.indices.map { column in
      column < row.count ? row[column].wrapped(to: widths[column]) : [StyledLine([])]
    }
    let height = cells.map(\.count).max() ?? 0
    return (0..<height).map { index in
      var line = StyledLine([])
      for (column, cell) in cells.enumerated() {
        if column > 0 { line.append(StyledSpan(Self.separator, .rule)) }
        let content = index < cell.count ? cell[index] : StyledLine([])
        let isLast = column == cells.count - 1
        line.append(content, padding: widths[column] - content.width, table.alignments[column], trims: isLast)
      }
      return line
    }
  }

  private func records() -> [StyledLine] {
    var lines: [StyledLine] = []
    let isHeaderOnly = table.rows.isEmpty && table.showsHeader
    for row in isHeaderOnly ? [table.header] : table.rows {
      if !lines.isEmpty { lines.append(StyledLine([])) }
      for (column, cell) in row.enumerated() where !cell.isEmpty {
        let name = column < table.header.count && !isHeaderOnly ? table.header[column] : StyledLine([])
        let label = name.isEmpty ? name : name.adding(.bold) + StyledLine(": ", .muted)
        lines += (label + cell).wrapped(to: width, hangingIndent: 2)
      }
    }
    return lines
  }
}

extension StyledLine {
  fileprivate mutating func append(
    _ content: StyledLine, padding: Int, _ alignment: MarkdownBlock.Table.Alignment, trims: Bool
  ) {
    let before: Int
    switch alignment {
    case .leading: before = 0
    case .center: before = padding / 2
    case .trailing: before = padding
    }
    append(StyledSpan(.blanks(before)))
    for span in content.spans { append(span) }
    if !trims { append(StyledSpan(.blanks(padding - before))) }
  }
}
