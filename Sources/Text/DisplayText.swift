/// Text that may be put in a cell. Only the sanitiser makes it from a `String`, so nothing that a model, a memory or
/// a server says can drive the terminal or pass for something else.
///
/// `string` holds no control character but LF, no bidi control, no zero-width space, tag or other hidden scalar, and
/// at most four combining marks on a base; joiners, variation selectors and skin tones stay, for copy and search
/// (`Cell.fold` leaves them out on the screen). Sanitising it again changes nothing, and neither does joining two of
/// them break the promise.
///
///     let name = DisplayText(line: bank.name)          // one line for a list
///     let title: DisplayText = "Bank \(name), \(count) memories"
///
/// A raw `String` does not fit in an interpolation; that is the point.
public struct DisplayText: Sendable {
  public private(set) var string: String
  /// How many characters and escape sequences were dropped. 0 for our own text, and for `init(revealing:)`, which drops
  /// nothing. Not part of equality.
  public private(set) var hiddenCount: Int

  /// Text that is known to hold the promise: a piece of another `DisplayText`.
  init(sanitised string: String, hiddenCount: Int = 0) {
    self.string = string
    self.hiddenCount = hiddenCount
  }

  public init() { self.init(sanitised: "") }

  /// Several lines of prose. Hidden characters and escape sequences are dropped; LF stays, CR, CRLF and the Unicode
  /// separators become LF, a tab becomes blanks up to the next multiple of eight columns of its line.
  public init(_ untrusted: String) { self.init(untrusted, mode: .prose) }

  /// For source text and raw views: hidden characters and control bytes are shown by name, as `<U+202E>` and
  /// `<U+001B>`. LF stays and tabs are set as in prose.
  public init(revealing untrusted: String) { self.init(untrusted, mode: .revealing) }

  /// One line: line ends and runs of blanks become one blank, none remain at the ends.
  public init(line untrusted: String) { self.init(untrusted, mode: .line) }

  private init(_ untrusted: String, mode: Sanitiser.Mode) {
    var sanitiser = Sanitiser(mode: mode)
    sanitiser.feed(untrusted)
    sanitiser.finish()
    self.init(sanitised: sanitiser.output, hiddenCount: sanitiser.hiddenCount)
  }

  public var isEmpty: Bool { string.isEmpty }

  /// Cells of the widest line.
  public var width: Int {
    var widest = 0
    var current = 0
    forEachCluster(of: string) { _, byte in
      if byte == 0x0A {
        widest = max(widest, current)
        current = 0
      } else {
        current += 1
      }
      return true
    } cluster: { _, _, character in
      current += cellWidth(character)
      return true
    }
    return max(widest, current)
  }

  /// Cells up to the first line feed.
  var firstLineWidth: Int {
    var width = 0
    forEachCluster(of: string) { _, byte in
      guard byte != 0x0A else { return false }
      width += 1
      return true
    } cluster: { _, _, character in
      width += cellWidth(character)
      return true
    }
    return width
  }

  /// The text between the line feeds; one empty line for an empty text.
  public var lines: [DisplayText] {
    string.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map {
      DisplayText(sanitised: String(Substring($0)))
    }
  }

  /// The first line, cut at the edge of a grapheme cluster so that it takes at most `width` cells. Ends in `…` when
  /// something was cut, be it cells or further lines.
  public func truncated(to width: Int) -> DisplayText {
    guard width > 0 else { return DisplayText(sanitised: "", hiddenCount: hiddenCount) }
    var used = 0
    var end = 0
    var isCut = false
    func take(_ cells: Int, through next: Int) -> Bool {
      used += cells
      if used <= width - 1 { end = next }
      isCut = used > width
      return !isCut
    }
    forEachCluster(of: string) { offset, byte in
      guard byte != 0x0A else {
        isCut = true
        return false
      }
      return take(1, through: offset + 1)
    } cluster: { offset, length, character in
      take(cellWidth(character), through: offset + length)
    }
    guard isCut else { return self }
    return DisplayText(sanitised: slice(0..<end).string + "…", hiddenCount: hiddenCount)
  }

  /// A piece by UTF-8 offsets, which must be edges of grapheme clusters.
  func slice(_ range: Range<Int>) -> DisplayText {
    let utf8 = string.utf8
    let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
    let end = utf8.index(start, offsetBy: range.count)
    return DisplayText(sanitised: String(string[start..<end]))
  }

  public static func + (left: DisplayText, right: DisplayText) -> DisplayText {
    var sum = left
    sum += right
    return sum
  }

  public static func += (left: inout DisplayText, right: DisplayText) {
    left.hiddenCount += right.hiddenCount
    guard let first = right.string.unicodeScalars.first, !left.isEmpty,
      ScalarClass.isJoiner(first.value) || ScalarClass.isMark(first.value)
    else {
      left.string += right.string
      return
    }
    left.appendMarks(right.string)
  }

  /// The marks that `text` begins with hang on our last base; together they must keep the limit.
  private mutating func appendMarks(_ text: String) {
    var marks = 0
    for scalar in string.unicodeScalars.reversed() {
      if ScalarClass.isMark(scalar.value) { marks += 1 } else if !ScalarClass.isJoiner(scalar.value) { break }
    }
    var endsInJoiner = string.unicodeScalars.last.map { ScalarClass.isJoiner($0.value) } ?? false
    var rest = Substring(text).unicodeScalars
    while let scalar = rest.first, ScalarClass.isJoiner(scalar.value) || ScalarClass.isMark(scalar.value) {
      rest.removeFirst()
      let isJoiner = ScalarClass.isJoiner(scalar.value)
      if !isJoiner { marks += 1 }
      guard isJoiner ? !endsInJoiner : marks <= ClusterFolding.marksPerBase else {
        hiddenCount += 1
        continue
      }
      endsInJoiner = isJoiner
      string.unicodeScalars.append(scalar)
    }
    string += String(Substring(rest))
  }
}

extension DisplayText: Hashable, CustomStringConvertible {
  public static func == (left: DisplayText, right: DisplayText) -> Bool { left.string == right.string }
  public func hash(into hasher: inout Hasher) { hasher.combine(string) }
  public var description: String { string }
}

extension Sequence<DisplayText> {
  /// All of them in one text, with `separator` between each two.
  public func joined(separator: DisplayText = DisplayText()) -> DisplayText {
    var result = DisplayText()
    var isFirst = true
    for text in self {
      if !isFirst { result += separator }
      isFirst = false
      result += text
    }
    return result
  }
}
