/// A block of a Markdown text, parsed and sanitised, independent of any width.
indirect enum MarkdownBlock: Sendable {
  /// One line for each hard line break; soft breaks are blanks.
  case paragraph([StyledLine])
  case heading(level: Int, [StyledLine])
  case code(Code)
  case quote([MarkdownBlock])
  case list(List)
  case table(Table)
  case rule

  struct Code: Sendable {
    /// The first word of the info string; empty when there is none.
    var language: DisplayText
    var lines: [DisplayText]
  }

  struct List: Sendable {
    enum Marker: Sendable {
      case bullet
      /// The number of the first item and the sign after each number.
      case number(first: Int, delimiter: DisplayText)
    }
    struct Item: Sendable {
      /// Of a task; `nil` for other items.
      var isDone: Bool?
      var blocks: [MarkdownBlock]
    }
    var marker: Marker
    /// Without blank lines between items.
    var isTight: Bool
    var items: [Item]
  }

  struct Table: Sendable {
    enum Alignment: Sendable { case leading, center, trailing }
    var alignments: [Alignment]
    var header: [StyledLine]
    /// `false` in the continuation of a table whose header stands in an earlier part.
    var showsHeader = true
    var rows: [[StyledLine]]
  }
}
