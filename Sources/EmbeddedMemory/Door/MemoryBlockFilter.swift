/// Takes our own memory block out of a text, so that what was recalled is not retained as if it had been said again.
///
/// The block is the one that `RearviewEngine` injects. With tags around it, it goes from tag to tag. The plain list of a
/// recall goes as far as its numbered lines and what hangs on them. The plain text of a reflection has no end of its
/// own: its first paragraph goes, with the lists and smaller headings behind it; what else follows is kept, since it
/// could be what the user said. All of it also where each line is quoted with `>`, and in the middle of a text. A line
/// that alone is a quoted recall (`1. [WORLD] …`) goes as well.
struct MemoryBlockFilter {
  private static let recallHeading = "# Relevant Memories"
  private static let reflectHeading = "# Relevant Context from Memory"
  private static let introduction = "The following information from memory may be relevant:"
  /// Who quotes a quote of a quote more often than that is not quoting.
  private static let depthLimit = 8
  private static let clock = "Current date/time: "

  private struct Line {
    /// With what ends it.
    var whole: Substring
    /// Without the marks of quoting, and without the line's end.
    var text: Substring
    /// How often it is quoted.
    var depth: Int
  }

  static func withoutMemoryBlock(_ text: String) -> String {
    // Nearly no text holds one.
    guard hasMark(text) else { return text }
    let lines = lines(of: text)
    let lastClose = lines.lastIndex { isClose($0.text) } ?? -1
    var kept: [Substring] = []
    var index = 0
    var hasChanged = false
    while index < lines.count {
      if let end = blockEnd(lines, index, lastClose) {
        index = end
        hasChanged = true
        // One blank line was between the block and the text.
        while index < lines.count, lines[index].text.allSatisfy(\.isWhitespace),
          lines[index].depth <= lines[end - 1].depth
        {
          index += 1
        }
      } else {
        kept.append(lines[index].whole)
        index += 1
      }
    }
    guard hasChanged else { return text }
    var result = kept.joined()
    if index == lines.count, let last = result.lastIndex(where: { !$0.isWhitespace }) {
      // The blank line before a block at the end goes with it.
      let end = result.index(after: last)
      if lines.last.map({ kept.last != $0.whole }) ?? false { result = String(result[..<end]) }
    }
    return result.allSatisfy(\.isWhitespace) ? "" : result
  }

  private static func hasMark(_ text: String) -> Bool {
    text.contains(recallHeading) || text.contains(reflectHeading) || text.contains(". [")
  }

  private static func lines(of text: String) -> [Line] {
    var lines: [Line] = []
    var start = text.startIndex
    while start < text.endIndex {
      let next = text[start...].firstIndex(where: \.isNewline).map { text.index(after: $0) } ?? text.endIndex
      let whole = text[start..<next]
      var content = whole
      if let last = content.last, last.isNewline { content.removeLast() }
      var depth = 0
      var rest = content
      while depth < depthLimit {
        let trimmed = rest.drop { $0 == " " }
        guard trimmed.first == ">" else { break }
        rest = trimmed.dropFirst()
        if rest.first == " " { rest = rest.dropFirst() }
        depth += 1
      }
      lines.append(Line(whole: whole, text: depth > 0 ? rest : content, depth: depth))
      start = next
    }
    return lines
  }

  /// The line behind the block that begins at a line, if one does.
  private static func blockEnd(_ lines: [Line], _ start: Int, _ lastClose: Int) -> Int? {
    let line = lines[start]
    let text = trimmed(line.text)
    if text == "<memories>" {
      guard start + 1 < lines.count, isHeading(lines[start + 1].text) else { return nil }
      // A memory cannot write the tag.
      let close = start < lastClose ? lines[start...].firstIndex { isClose($0.text) } : nil
      return close.map { $0 + 1 } ?? blockEnd(lines, start + 1, lastClose)
    }
    if text == recallHeading { return recallEnd(lines, start) }
    if text == reflectHeading { return reflectEnd(lines, start) }
    return isMemory(line.text) ? memoryEnd(lines, start) : nil
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last == " " || last == "\t" || last == "\r" { text.removeLast() }
    return text
  }

  private static func isClose(_ text: Substring) -> Bool { trimmed(text).hasPrefix("</memories>") }

  private static func isHeading(_ text: Substring) -> Bool {
    let text = trimmed(text)
    return text == recallHeading || text == reflectHeading
  }

  /// `12. [WORLD] …`
  private static func isMemory(_ text: Substring) -> Bool {
    let digits = text.prefix { ("0"..."9").contains($0) }
    guard (1...6).contains(digits.count) else { return false }
    let rest = text.dropFirst(digits.count)
    return ["WORLD", "EXPERIENCE", "OBSERVATION", "OPINION", "MEMORY"].contains { label in
      rest.hasPrefix(". [\(label)] ") || rest == ". [\(label)]"
    }
  }

  /// Any type of memory, within a block: a server may name others.
  private static func isListed(_ text: Substring) -> Bool {
    let digits = text.prefix { ("0"..."9").contains($0) }
    return !digits.isEmpty && text.dropFirst(digits.count).hasPrefix(". [")
  }

  /// A memory goes on in lines that three blanks begin.
  private static func memoryEnd(_ lines: [Line], _ start: Int) -> Int {
    // The first of them was taken with the mark of quoting.
    let indent = lines[start].depth > 0 ? "  " : "   "
    var index = start + 1
    while index < lines.count, lines[index].depth == lines[start].depth, lines[index].text.hasPrefix(indent) {
      index += 1
    }
    return index
  }

  private static func recallEnd(_ lines: [Line], _ start: Int) -> Int? {
    var index = start + 1
    if index < lines.count, lines[index].text.hasPrefix(clock) { index += 1 }
    // Without it the heading is somebody's own.
    guard index < lines.count, trimmed(lines[index].text) == introduction else { return nil }
    index += 1
    while index < lines.count, lines[index].depth == lines[start].depth, trimmed(lines[index].text).isEmpty {
      index += 1
    }
    while index < lines.count, lines[index].depth == lines[start].depth, isListed(lines[index].text) {
      index = memoryEnd(lines, index)
    }
    return index
  }

  private static func reflectEnd(_ lines: [Line], _ start: Int) -> Int {
    var index = start + 1
    while index < lines.count, lines[index].depth == lines[start].depth {
      if trimmed(lines[index].text).isEmpty {
        // The block goes on behind a blank line only with what no message begins with.
        guard let next = lines[index...].firstIndex(where: { !trimmed($0.text).isEmpty }),
          lines[next].depth == lines[start].depth, isListItem(lines[next].text)
        else { break }
        index = next
      }
      index += 1
    }
    return index
  }

  private static func isListItem(_ text: Substring) -> Bool {
    if text.hasPrefix("- ") || text.hasPrefix("* ") || text.hasPrefix("##") || text.hasPrefix("  ") { return true }
    let digits = text.prefix { ("0"..."9").contains($0) }
    return !digits.isEmpty && text.dropFirst(digits.count).hasPrefix(". ")
  }
}
