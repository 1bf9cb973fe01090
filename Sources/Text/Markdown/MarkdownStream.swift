/// A top-level block, or a part of one that grew too long.
struct MarkdownPart: Sendable {
  var block: MarkdownBlock
  /// Whether it goes on where the part before it stopped: no blank line between them, no second language label.
  var joinsPrevious = false

  func lines(_ layout: MarkdownLayout) -> [StyledLine] {
    if case .code(let code) = block { return layout.lines(of: code, showsLanguage: !joinsPrevious) }
    return layout.lines(of: block)
  }
}

/// Reads a growing Markdown source block by block, so that no byte is parsed more than a few times.
///
/// Rests on how CommonMark works: a parser goes line by line, and a line changes only blocks that are still open.
/// Once a further top-level block has begun on a *complete* line, all blocks before it are closed for good (but for
/// reference definitions that may follow; `MarkdownText.finish` sees to those).
struct MarkdownStream: Sendable {
  enum Reading {
    /// More may come.
    case growing
    /// All is there and is to be parsed at once.
    case whole
  }

  /// Blocks that cannot change any more.
  private(set) var frozen: [MarkdownPart] = []
  /// What the rest of the source holds, as far as it has come.
  private(set) var tail: [MarkdownPart] = []

  /// UTF-8 offset at which the tail begins.
  private var tailStart = 0
  /// How long the source was when it was read last; -1 before.
  private var readLength = -1
  private var resumption = Resumption.none

  /// How the tail goes on with a block whose beginning is frozen.
  private enum Resumption {
    case none
    /// The rest of a paragraph, quote or the like.
    case text
    /// The opening fence to read the tail under.
    case code(fence: String)
    /// The header and delimiter rows to read the tail under.
    case table(header: String)
    /// The number of the next item, and whether the items stand without blank lines.
    case list(number: Int, isTight: Bool)

    var prefix: Substring {
      switch self {
      case .none, .text, .list: ""
      case .code(let fence): fence[...]
      case .table(let header): header[...]
      }
    }
  }

  /// Brings `frozen` and `tail` up to date with the source, which may only have grown since the last call.
  /// - Returns: whether anything was read.
  mutating func read(_ source: String, _ reading: Reading) -> Bool {
    let length = source.utf8.count
    guard length != readLength else { return false }
    readLength = length
    switch reading {
    case .whole:
      frozen = MarkdownParser.parse([source[...]]).map { MarkdownPart(block: $0.block) }
      tail = []
      tailStart = length
    case .growing:
      while advance(source) {}
    }
    return true
  }

  /// Reads one window from the start of the tail.
  /// - Returns: whether there is more to read.
  private mutating func advance(_ source: String) -> Bool {
    let window = MarkdownWindow(of: source, from: tailStart, limit: MarkdownText.windowLimit)
    let blocks = parse(window.text)
    let parts = parts(of: blocks)
    if let cut = Self.stableCut(blocks, window) {
      frozen += parts[..<cut.block]
      tailStart += cut.offset
      resumption = .none
      tail = Array(parts[cut.block...])
      return !window.isWhole || window.count - cut.offset > MarkdownText.tailLimit
    }
    tail = parts
    guard window.count > MarkdownText.tailLimit else { return false }
    freezeBeginning(blocks, window)
    return true
  }

  /// The text under the current resumption, lines counted from the text's own first one.
  private func parse(_ text: Substring) -> [MarkdownParser.TopLevel] {
    let prefix = resumption.prefix
    let added = prefix.utf8.count { $0 == 0x0A }
    return MarkdownParser.parse([prefix, text]).map { block in
      var block = block
      block.firstLine = block.firstLine.map { $0 - added }
      block.lastLine -= added
      block.itemLines = block.itemLines.map { $0 - added }
      return block
    }
  }

  private func parts(of blocks: [MarkdownParser.TopLevel]) -> [MarkdownPart] {
    var parts = blocks.map { MarkdownPart(block: $0.block) }
    guard let first = parts.first else { return [] }
    switch (resumption, first.block) {
    case (.none, _): break
    case (.list(let number, let isTight), .list(var list)):
      if case .number(_, let delimiter) = list.marker { list.marker = .number(first: number, delimiter: delimiter) }
      parts[0] = MarkdownPart(block: .list(list), joinsPrevious: isTight)
    case (.table, .table(var table)):
      table.showsHeader = false
      parts[0] = MarkdownPart(block: .table(table), joinsPrevious: true)
    case (.text, _), (.code, _), (.list, _), (.table, _): parts[0].joinsPrevious = true
    }
    return parts
  }

  /// The last block that begins on a complete line after the end of all before it, and the offset of that line.
  private static func stableCut(
    _ blocks: [MarkdownParser.TopLevel], _ window: MarkdownWindow
  ) -> (block: Int, offset: Int)? {
    for index in blocks.indices.dropFirst().reversed() {
      // cmark does not place a paragraph that ends in the header of a table.
      guard let line = blocks[index].firstLine, blocks[index - 1].firstLine != nil, line <= window.completeLines,
        blocks[..<index].allSatisfy({ $0.lastLine < line })
      else { continue }
      return (index, window.offset(ofLine: line))
    }
    return nil
  }

  /// Freezes as much as can be of a block that has grown too long.
  private mutating func freezeBeginning(_ blocks: [MarkdownParser.TopLevel], _ window: MarkdownWindow) {
    let (offset, next) = cutInside(blocks, window)
    frozen += parts(of: parse(window.text(upTo: offset)))
    tailStart += offset
    resumption = next
    tail = []
  }

  /// Where to cut a window that has no stable cut, and how to read on.
  private func cutInside(_ blocks: [MarkdownParser.TopLevel], _ window: MarkdownWindow) -> (Int, Resumption) {
    let lineCut = window.offsetAfterLastLine
    guard blocks.count == 1, let block = blocks.first, lineCut > 0 else {
      if case .code = resumption, blocks.count == 1 { return (lineCut > 0 ? lineCut : window.wordCut, resumption) }
      return (lineCut > 0 ? lineCut : window.wordCut, .text)
    }
    switch block.block {
    case .list(let list):
      guard let item = block.itemLines.indices.dropFirst().last(where: { block.itemLines[$0] <= window.completeLines })
      else { break }
      var number = item
      if case .number(let first, _) = list.marker {
        number += first
        if case .list(let resumed, _) = resumption { number = resumed + item }
      }
      return (window.offset(ofLine: block.itemLines[item]), .list(number: number, isTight: list.isTight))
    case .code:
      guard let fence = block.fence else { break }
      if block.lastLine <= window.completeLines, window.closes(fence, atLine: block.lastLine) {
        return (window.offset(ofLine: block.lastLine + 1), .none)
      }
      let sign = String(decoding: [fence.character], as: UTF8.self)
      return (lineCut, .code(fence: String(repeating: sign, count: fence.length) + "\n"))
    case .table:
      if case .table = resumption { return (lineCut, resumption) }
      guard let header = window.tableHeader, header.end < lineCut else { break }
      return (lineCut, .table(header: header.text))
    case .paragraph, .heading, .quote, .rule: break
    }
    return (lineCut, .text)
  }
}
