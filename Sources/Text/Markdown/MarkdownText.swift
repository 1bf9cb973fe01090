/// A Markdown text laid out as styled lines, made for an answer that is still arriving.
///
///     var text = MarkdownText()
///     text.append(piece)                      // O(piece), any number of times between two frames
///     let lines = text.lines(width: 80)       // O(what came since the last block began)
///     text.finish()                           // once, at the end
///
/// **While it grows**, top-level blocks before the last one are parsed and laid out once and then kept: their lines
/// stay the same objects until the width changes. The last block is parsed again at each call. When that block grows
/// past `tailLimit`, its beginning is kept too: a list is cut between two items, source text and tables between two
/// lines (the rest goes on under the same fence or header), anything else at the end of a line or word. A very long
/// paragraph may thus show a line end or an open `**` where it was cut.
///
/// **At the end**, `finish` has the whole parsed once more, because reference links and loose lists may change what
/// came before. Texts over `wholeLimit` keep the layout that they got while growing: no call may block for long.
public struct MarkdownText: Sendable {
  /// Bytes of the last block above which its beginning is kept. A call parses at most about this much that it parsed
  /// before.
  static let tailLimit = 8 * 1024
  /// Bytes that are parsed at once when much text came between two calls.
  static let windowLimit = 32 * 1024
  /// Bytes up to which a finished text is parsed as a whole (about 50 ms).
  static let wholeLimit = 256 * 1024

  /// What was appended, as Markdown: for copy, search and export.
  public private(set) var source = DisplayText()

  private var stream = MarkdownStream()
  private var layout = LineCache()
  private var isFinished = false

  public init() {}

  /// A text that is complete.
  public init(_ text: DisplayText) {
    append(text)
    finish()
  }

  public var isEmpty: Bool { source.isEmpty }

  /// Adds what has come. Costs what the piece costs; nothing is parsed before lines are asked for. After `finish`,
  /// the text is open again and is parsed from its beginning.
  public mutating func append(_ text: DisplayText) {
    guard !text.isEmpty else { return }
    source += text
    if isFinished {
      isFinished = false
      restart()
    }
  }

  /// Says that no more will come.
  public mutating func finish() {
    guard !isFinished else { return }
    isFinished = true
    if source.string.utf8.count <= Self.wholeLimit { restart() }
  }

  /// All lines, each at most `width` cells (at least 1) wide. A change of width lays everything out anew.
  public mutating func lines(width: Int) -> [StyledLine] {
    update(width: width)
    return layout.lines
  }

  /// How many lines there are at this width.
  public mutating func lineCount(width: Int) -> Int {
    update(width: width)
    return layout.lines.count
  }

  /// A window of the lines; what lies outside of them is left out.
  public mutating func lines(width: Int, range: Range<Int>) -> [StyledLine] {
    update(width: width)
    return Array(layout.lines[range.clamped(to: 0..<layout.lines.count)])
  }

  private mutating func restart() {
    stream = MarkdownStream()
    layout = LineCache()
  }

  private mutating func update(width: Int) {
    let isShort = source.string.utf8.count <= Self.wholeLimit
    let isNew = stream.read(source.string, isFinished && isShort ? .whole : .growing)
    layout.update(width: max(1, width), frozen: stream.frozen, tail: stream.tail, tailIsNew: isNew)
  }
}

extension MarkdownText: Hashable {
  /// Two texts are equal when their sources are; the cached lines follow from that.
  public static func == (left: MarkdownText, right: MarkdownText) -> Bool {
    left.isFinished == right.isFinished && left.source == right.source
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(source)
    hasher.combine(isFinished)
  }
}

/// The lines of the kept blocks, then those of the last ones, for one width.
private struct LineCache: Sendable {
  private(set) var lines: [StyledLine] = []
  private var width = 0
  private var frozenBlocks = 0
  private var frozenLines = 0
  private var holdsTail = false

  mutating func update(width: Int, frozen: [MarkdownPart], tail: [MarkdownPart], tailIsNew: Bool) {
    if width != self.width {
      self = LineCache()
      self.width = width
    }
    guard tailIsNew || !holdsTail || frozenBlocks < frozen.count else { return }
    lines.removeLast(lines.count - frozenLines)
    let layout = MarkdownLayout(width: width)
    for part in frozen[frozenBlocks...] { append(part, layout) }
    frozenBlocks = frozen.count
    frozenLines = lines.count
    for part in tail { append(part, layout) }
    holdsTail = true
  }

  private mutating func append(_ part: MarkdownPart, _ layout: MarkdownLayout) {
    let partLines = part.lines(layout)
    guard !partLines.isEmpty else { return }
    if !lines.isEmpty, !part.joinsPrevious { lines.append(StyledLine([])) }
    lines += partLines
  }
}
