/// A piece of a Markdown source, with its lines.
struct MarkdownWindow {
  let text: Substring
  /// In bytes.
  let count: Int
  /// Whether it reaches to the end of the source.
  let isWhole: Bool
  /// Offsets of the first byte of each line; a line feed at the end opens one more.
  private let lineStarts: [Int]

  /// At most `limit` bytes of `source` from an offset, less where that would split a scalar.
  init(of source: String, from offset: Int, limit: Int) {
    let utf8 = source.utf8
    let start = utf8.index(utf8.startIndex, offsetBy: offset)
    var end = utf8.endIndex
    if let limited = utf8.index(start, offsetBy: limit, limitedBy: utf8.endIndex), limited < utf8.endIndex {
      end = limited
      while end > start, utf8[end] & 0b1100_0000 == 0b1000_0000 { end = utf8.index(before: end) }
    }
    text = source[start..<end]
    count = text.utf8.count
    isWhole = end == utf8.endIndex
    lineStarts = [0] + text.utf8.enumerated().filter { $0.element == 0x0A }.map { $0.offset + 1 }
  }

  /// How many lines end in a line feed.
  var completeLines: Int { lineStarts.count - 1 }

  /// Where the last complete line ends; 0 when there is none.
  var offsetAfterLastLine: Int { lineStarts[lineStarts.count - 1] }

  /// Where a line begins; they count from 1. The end for a line beyond the last.
  func offset(ofLine line: Int) -> Int { line - 1 < lineStarts.count ? lineStarts[max(0, line - 1)] : count }

  func text(upTo offset: Int) -> Substring { text[..<text.utf8.index(text.startIndex, offsetBy: offset)] }

  /// The offset after the last blank, or else before the last grapheme cluster (which may still get an accent). Never
  /// 0.
  var wordCut: Int {
    if let blank = text.utf8.lastIndex(of: 0x20) {
      return text.utf8.distance(from: text.startIndex, to: blank) + 1
    }
    let last = text.utf8.distance(from: text.startIndex, to: text.index(before: text.endIndex))
    return last > 0 ? last : count
  }

  /// Whether a line closes a fenced code block.
  func closes(_ fence: MarkdownParser.Fence, atLine line: Int) -> Bool {
    let bytes = self.line(line).utf8.drop { $0 == 0x20 }
    let length = bytes.prefix { $0 == fence.character }.count
    return length >= fence.length && bytes.dropFirst(length).allSatisfy { $0 == 0x20 || $0 == 0x0A }
  }

  /// The header and delimiter rows of the first table, and where they end.
  var tableHeader: (text: String, end: Int)? {
    for number in stride(from: 2, through: completeLines, by: 1) {
      let bytes = line(number).utf8
      let isDelimiter = bytes.contains(0x2D) && bytes.allSatisfy { Array("|-: \n".utf8).contains($0) }
      if isDelimiter, bytes.contains(0x7C) {
        return (String(line(number - 1) + line(number)), offset(ofLine: number + 1))
      }
    }
    return nil
  }

  private func line(_ number: Int) -> Substring {
    let utf8 = text.utf8
    let start = utf8.index(utf8.startIndex, offsetBy: offset(ofLine: number))
    return text[start..<utf8.index(utf8.startIndex, offsetBy: offset(ofLine: number + 1))]
  }
}
