import RearviewText

/// Text that is being typed, with its caret: the composer, a filter, an edit form.
public struct TextEditor: Hashable, Sendable {
  public private(set) var characters: [Character] = []
  /// Where the next character goes: 0 to `characters.count`.
  public private(set) var caret = 0
  /// What was last cut, for yanking back.
  private(set) var killed: [Character] = []

  public init(_ text: String = "") {
    characters = Array(text)
    caret = characters.count
  }

  public var text: String { String(characters) }
  public var isEmpty: Bool { characters.isEmpty }

  public mutating func insert(_ text: String) {
    let added = Array(text)
    // A combining mark joins the character before it, and what follows may join what is added.
    let around = max(0, caret - 1)..<min(characters.count, caret + 1)
    let before = characters[around.lowerBound..<caret]
    let joined = Array(String(before + added))
    let whole = Array(String(joined + characters[caret..<around.upperBound]))
    characters.replaceSubrange(around, with: whole)
    caret = around.lowerBound + min(joined.count, whole.count)
  }

  /// Takes everything out; it can be yanked back.
  public mutating func clear() {
    if !characters.isEmpty { killed = characters }
    characters = []
    caret = 0
  }

  public mutating func replace(with text: String) {
    characters = Array(text)
    caret = characters.count
  }

  /// A change that a key makes.
  public enum Edit: Hashable, Sendable {
    case backspace, delete, left, right, wordLeft, wordRight, lineStart, lineEnd, start, end
    case killToEnd, killToStart, killWordBack, killWordForward, yank, transpose
  }

  public mutating func apply(_ edit: Edit) {
    switch edit {
    case .backspace: remove(max(0, caret - 1)..<caret)
    case .delete: remove(caret..<min(characters.count, caret + 1))
    case .left: caret = max(0, caret - 1)
    case .right: caret = min(characters.count, caret + 1)
    case .wordLeft: caret = wordStart(before: caret)
    case .wordRight: caret = wordEnd(after: caret)
    case .lineStart: caret = lineStart
    case .lineEnd: caret = lineEnd
    case .start: caret = 0
    case .end: caret = characters.count
    case .killToEnd: kill(caret..<(lineEnd == caret ? min(characters.count, caret + 1) : lineEnd))
    case .killToStart: kill(lineStart..<caret)
    case .killWordBack: kill(wordStart(before: caret)..<caret)
    case .killWordForward: kill(caret..<wordEnd(after: caret))
    case .yank:
      characters.insert(contentsOf: killed, at: caret)
      caret += killed.count
    case .transpose:
      guard caret > 0, characters.count > 1 else { return }
      let right = min(caret, characters.count - 1)
      characters.swapAt(right - 1, right)
      caret = right + 1
    }
  }

  private mutating func remove(_ range: Range<Int>) {
    characters.removeSubrange(range)
    caret = range.lowerBound
  }

  private mutating func kill(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    killed = Array(characters[range])
    remove(range)
  }

  private var lineStart: Int { (characters[..<caret].lastIndex(of: "\n") ?? -1) + 1 }
  private var lineEnd: Int { characters[caret...].firstIndex(of: "\n") ?? characters.count }

  private func wordStart(before index: Int) -> Int {
    var index = index
    while index > 0, !characters[index - 1].isWordPart { index -= 1 }
    while index > 0, characters[index - 1].isWordPart { index -= 1 }
    return index
  }

  private func wordEnd(after index: Int) -> Int {
    var index = index
    while index < characters.count, !characters[index].isWordPart { index += 1 }
    while index < characters.count, characters[index].isWordPart { index += 1 }
    return index
  }

  // MARK: Rows

  /// The text as rows of at most `width` cells, each a range of characters; broken at blanks where there are any.
  public func rows(width: Int) -> [Range<Int>] {
    let width = max(2, width)
    var rows: [Range<Int>] = []
    var start = 0
    var used = 0
    var breakAfter: Int?
    for (index, character) in characters.enumerated() {
      if character == "\n" {
        rows.append(start..<index)
        (start, used, breakAfter) = (index + 1, 0, nil)
        continue
      }
      let cells = Self.cells(of: character)
      if used + cells > width {
        let end = breakAfter ?? index
        rows.append(start..<end)
        start = end
        used = characters[start..<index].reduce(0) { $0 + Self.cells(of: $1) }
        breakAfter = nil
      }
      used += cells
      if character == " " { breakAfter = index + 1 }
    }
    rows.append(start..<characters.count)
    return rows
  }

  /// The row of `rows` that the caret stands in, and its cell there.
  public func caretPlace(in rows: [Range<Int>]) -> (row: Int, column: Int) {
    let row = rows.lastIndex { $0.lowerBound <= caret } ?? 0
    guard rows.indices.contains(row) else { return (0, 0) }
    let before = characters[rows[row].lowerBound..<min(caret, max(rows[row].lowerBound, rows[row].upperBound))]
    return (row, before.reduce(0) { $0 + Self.cells(of: $1) })
  }

  /// Moves to the row above or below, keeping the cell as well as it can.
  /// - Returns: `false` when there is none.
  public mutating func moveVertically(by rowsDown: Int, width: Int) -> Bool {
    let rows = rows(width: width)
    let place = caretPlace(in: rows)
    let target = place.row + rowsDown
    guard rows.indices.contains(target) else { return false }
    var column = 0
    var index = rows[target].lowerBound
    while index < rows[target].upperBound {
      let cells = Self.cells(of: characters[index])
      if column + cells > place.column { break }
      column += cells
      index += 1
    }
    // At the end of a row that was broken, the caret would belong to the row below.
    let isBroken = target + 1 < rows.count && rows[target + 1].lowerBound == rows[target].upperBound
    caret = isBroken && index == rows[target].upperBound ? max(rows[target].lowerBound, index - 1) : index
    return true
  }

  /// What is drawn for a character: itself, or a dot where it cannot be seen.
  static func shown(_ character: Character) -> DisplayText {
    if character == "\t" { return " " }
    let text = DisplayText(String(character))
    return text.isEmpty ? "·" : text
  }

  static func cells(of character: Character) -> Int {
    if let ascii = character.asciiValue, ascii >= 32, ascii < 127 { return 1 }
    return max(1, shown(character).width)
  }
}

extension Character {
  fileprivate var isWordPart: Bool { isLetter || isNumber || self == "_" }
}
