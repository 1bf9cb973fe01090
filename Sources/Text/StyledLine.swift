/// A piece of a line that means one thing and looks alike.
public struct StyledSpan: Hashable, Sendable {
  public var text: DisplayText
  /// What a theme turns into a style.
  public var role: StyleRole
  /// What is added to the style of the role.
  public var attributes: Style.Attributes

  public init(_ text: DisplayText, _ role: StyleRole = .text, _ attributes: Style.Attributes = []) {
    self.text = text
    self.role = role
    self.attributes = attributes
  }

  func with(_ text: DisplayText) -> StyledSpan { StyledSpan(text, role, attributes) }
}

/// A line of text in several styles. Each span is measured and drawn by itself, so a cluster never reaches over two
/// spans.
public struct StyledLine: Hashable, Sendable, ExpressibleByArrayLiteral {
  public var spans: [StyledSpan]

  public init(_ spans: [StyledSpan]) { self.spans = spans }
  public init(arrayLiteral elements: StyledSpan...) { spans = elements }

  /// A line of one span; without any when `text` is empty.
  public init(_ text: DisplayText, _ role: StyleRole = .text, _ attributes: Style.Attributes = []) {
    spans = text.isEmpty ? [] : [StyledSpan(text, role, attributes)]
  }

  public var isEmpty: Bool { spans.allSatisfy(\.text.isEmpty) }

  /// In cells.
  public var width: Int { spans.reduce(0) { $0 + $1.text.width } }

  /// The words without their styles.
  public var text: DisplayText { spans.map(\.text).joined() }

  public static func + (left: StyledLine, right: StyledLine) -> StyledLine { StyledLine(left.spans + right.spans) }
  public static func += (left: inout StyledLine, right: StyledLine) { left.spans += right.spans }

  /// Adds a span, or lengthens the last one if it looks the same.
  public mutating func append(_ span: StyledSpan) {
    guard !span.text.isEmpty else { return }
    if let last = spans.indices.last, spans[last].role == span.role, spans[last].attributes == span.attributes {
      spans[last].text += span.text
    } else {
      spans.append(span)
    }
  }

  /// Cut to at most `width` cells, with `…` in the style of the span that was cut.
  public func truncated(to width: Int) -> StyledLine {
    guard self.width > width else { return self }
    var result: [StyledSpan] = []
    var room = max(0, width)
    for span in spans {
      let spanWidth = span.text.width
      if spanWidth < room {
        result.append(span)
        room -= spanWidth
        continue
      }
      // Something follows or it does not fit: one cell belongs to the sign that says so.
      let cut = spanWidth == room ? (span.text + " ") : span.text
      let text = cut.truncated(to: room)
      if !text.isEmpty { result.append(span.with(text)) }
      break
    }
    return StyledLine(result)
  }

  /// Broken into lines of at most `width` cells by the rules of `wrap(_:to:)`. All lines but the first are indented by
  /// `hangingIndent` blanks (at most half the width).
  public func wrapped(to width: Int, hangingIndent: Int = 0) -> [StyledLine] {
    broken(by: LineBreaker(width: width, hangingIndent: hangingIndent))
  }

  /// Broken wherever the width is full, blanks and all: for source text.
  func wrappedAnywhere(to width: Int) -> [StyledLine] { broken(by: LineBreaker(width: width, mode: .cells)) }

  private func broken(by empty: LineBreaker) -> [StyledLine] {
    var breaker = empty
    for span in spans { breaker.feed(span.text.string) }
    breaker.finish()
    if breaker.lines.count == 1, breaker.oversized.isEmpty, let only = spans.first, spans.count == 1,
      breaker.lines[0].count == only.text.string.utf8.count
    {
      return [self]
    }
    var slicer = SpanSlicer(spans)
    return breaker.lines.enumerated().map { index, range in
      var line: [StyledSpan] = []
      if index > 0, breaker.hangingIndent > 0 { line.append(StyledSpan(.blanks(breaker.hangingIndent))) }
      let pieces = slicer.take(range)
      if breaker.oversized.contains(index) {
        line.append(contentsOf: pieces.prefix(1).map { $0.with("…") })
      } else {
        line += pieces
      }
      return StyledLine(line)
    }
  }
}

/// Cuts ascending ranges of UTF-8 offsets out of a list of spans, each span visited once.
private struct SpanSlicer {
  private let spans: [StyledSpan]
  private var index = 0
  /// Offset at which the span at `index` begins.
  private var base = 0

  init(_ spans: [StyledSpan]) { self.spans = spans }

  mutating func take(_ range: Range<Int>) -> [StyledSpan] {
    var pieces: [StyledSpan] = []
    while index < spans.count {
      let length = spans[index].text.string.utf8.count
      let lower = max(range.lowerBound, base)
      let upper = min(range.upperBound, base + length)
      if lower < upper {
        let piece =
          lower == base && upper == base + length
          ? spans[index].text : spans[index].text.slice(lower - base..<upper - base)
        pieces.append(spans[index].with(piece))
      }
      guard base + length <= range.upperBound else { break }
      base += length
      index += 1
    }
    return pieces
  }
}

extension DisplayText {
  /// A row of blanks.
  static func blanks(_ count: Int) -> DisplayText { repeated(" ", count) }

  /// One of our own signs, `count` times.
  static func repeated(_ sign: StaticString, _ count: Int) -> DisplayText {
    DisplayText(sanitised: String(repeating: "\(sign)", count: max(0, count)))
  }
}
