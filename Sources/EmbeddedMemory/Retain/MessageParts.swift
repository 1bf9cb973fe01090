import Foundation

/// A message cut into parts of a size that recall can pack.
///
/// A message of up to `limit` characters (Unicode scalars) is one part, verbatim. A longer one is cut between paragraphs; a
/// paragraph that is still longer between sentences; a sentence that is still longer at a blank. A fenced code block
/// stays whole up to `codeLimit`, then it is cut at line ends. No grapheme is cut in two, nothing but blanks
/// at the seams is left out, and each part knows where it stands in the message.
struct MessageParts {
  static let limit = 1_200
  static let codeLimit = 4_800

  let message: String
  private(set) var parts: [Range<String.Index>] = []
  private var pending: Range<String.Index>?
  private var pendingCount = 0

  init(_ message: String) {
    self.message = message
    guard message.utf8.count > Self.limit, message.unicodeScalars.count > Self.limit else {
      parts = message.allSatisfy(\.isWhitespace) ? [] : [message.startIndex..<message.endIndex]
      return
    }
    for block in blocks() { add(block) }
    endPart()
  }

  /// Where a part stands in the message, in UTF-8 bytes.
  func span(_ part: Range<String.Index>) -> Range<Int> {
    let utf8 = message.utf8
    let start = utf8.distance(from: utf8.startIndex, to: part.lowerBound)
    return start..<start + utf8.distance(from: part.lowerBound, to: part.upperBound)
  }

  // MARK: - Blocks

  private struct Block {
    var range: Range<String.Index>
    var isCode: Bool
  }

  /// Paragraphs (lines between empty lines) and fenced code blocks.
  private func blocks() -> [Block] {
    var blocks: [Block] = []
    var fence: Substring?
    var isOpen = false
    for line in lines(message.startIndex..<message.endIndex) {
      let words = message[line].drop { $0 == " " || $0 == "\t" }
      if let opened = fence {
        blocks[blocks.count - 1].range = blocks[blocks.count - 1].range.lowerBound..<line.upperBound
        if words.hasPrefix(opened) { fence = nil }
      } else if words.hasPrefix("```") || words.hasPrefix("~~~") {
        fence = words.prefix(3)
        isOpen = false
        blocks.append(Block(range: line, isCode: true))
      } else if words.allSatisfy(\.isWhitespace) {
        isOpen = false
      } else if isOpen {
        blocks[blocks.count - 1].range = blocks[blocks.count - 1].range.lowerBound..<line.upperBound
      } else {
        isOpen = true
        blocks.append(Block(range: line, isCode: false))
      }
    }
    return blocks
  }

  /// The lines of a range, each with its line end.
  private func lines(_ range: Range<String.Index>) -> [Range<String.Index>] {
    pieces(range) { index, _ in message.utf8[index] == UInt8(ascii: "\n") }
  }

  /// The sentences of a range: each ends with `.`, `!` or `?` before a blank, a full-width stop, or a line end.
  private func sentences(_ range: Range<String.Index>) -> [Range<String.Index>] {
    let scalars = message.unicodeScalars
    var before: Unicode.Scalar = " "
    var sentences: [Range<String.Index>] = []
    var start = range.lowerBound
    var index = range.lowerBound
    while index < range.upperBound {
      let scalar = scalars[index]
      index = scalars.index(after: index)
      let endsHere = "。！？\n".unicodeScalars.contains(scalar)
      let endedBefore = scalar == " " && ".!?".unicodeScalars.contains(before)
      before = scalar
      guard endsHere || endedBefore else { continue }
      sentences.append(start..<index)
      start = index
    }
    return start < range.upperBound ? sentences + [start..<range.upperBound] : sentences
  }

  private func pieces(
    _ range: Range<String.Index>, endsAt: (String.Index, String.Index) -> Bool
  ) -> [Range<String.Index>] {
    var pieces: [Range<String.Index>] = []
    var start = range.lowerBound
    var index = range.lowerBound
    while index < range.upperBound {
      let next = message.utf8.index(after: index)
      if endsAt(index, next) {
        pieces.append(start..<next)
        start = next
      }
      index = next
    }
    return start < range.upperBound ? pieces + [start..<range.upperBound] : pieces
  }

  // MARK: - Parts

  private mutating func add(_ block: Block) {
    let count = message.unicodeScalars[block.range].count
    if count <= Self.limit || (block.isCode && count <= Self.codeLimit) {
      append(block.range, count: count)
    } else {
      endPart()
      for piece in block.isCode ? lines(block.range) : sentences(block.range) {
        let count = message.unicodeScalars[piece].count
        if count <= Self.limit {
          append(piece, count: count)
        } else {
          addLong(piece)
        }
      }
      endPart()
    }
  }

  /// Cuts a sentence or a line that is too long at its last blank before the limit, or where it must.
  private mutating func addLong(_ range: Range<String.Index>) {
    let scalars = message.unicodeScalars
    var start = range.lowerBound
    while start < range.upperBound {
      let end = scalars.index(start, offsetBy: Self.limit, limitedBy: range.upperBound) ?? range.upperBound
      var cut = end
      if end < range.upperBound {
        let blank = scalars[start..<end].lastIndex(of: " ").map { scalars.index(after: $0) }
        cut = blank ?? graphemeBoundary(before: end, after: start)
      }
      append(start..<cut, count: scalars[start..<cut].count)
      start = cut
    }
  }

  /// The last place before `end` where no grapheme is cut, if there is one near; else `end`.
  private func graphemeBoundary(before end: String.Index, after start: String.Index) -> String.Index {
    var index = end
    for _ in 0..<64 where index > start {
      if index.samePosition(in: message) != nil { return index }
      index = message.unicodeScalars.index(before: index)
    }
    return end
  }

  private mutating func append(_ range: Range<String.Index>, count: Int) {
    if let pending, pendingCount + count <= Self.limit {
      self.pending = pending.lowerBound..<range.upperBound
      pendingCount += count
    } else {
      endPart()
      pending = range
      pendingCount = count
    }
  }

  private mutating func endPart() {
    if let pending {
      let part = trimmed(pending)
      if !part.isEmpty { parts.append(part) }
    }
    pending = nil
    pendingCount = 0
  }

  /// Without blanks at the ends; indentation of the first line stays.
  private func trimmed(_ range: Range<String.Index>) -> Range<String.Index> {
    let text = message[range]
    guard let first = text.firstIndex(where: { !$0.isWhitespace }),
      let last = text.lastIndex(where: { !$0.isWhitespace })
    else { return range.lowerBound..<range.lowerBound }
    let end = text.index(after: last)
    let lineStart = text[..<first].lastIndex(where: \.isNewline).map { text.index(after: $0) } ?? range.lowerBound
    return lineStart..<end
  }
}
