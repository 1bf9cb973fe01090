import CMark

/// A node of cmark's tree; lives as long as its document.
struct MarkdownNode {
  let pointer: OpaquePointer
}

/// What a node is, by the names that cmark gives its types (those of extensions have no public numbers).
enum MarkdownNodeKind: String {
  case paragraph, heading, list, item, table, text, code, strong, strikethrough, link, image
  case task = "tasklist"
  case codeBlock = "code_block"
  case htmlBlock = "html_block"
  case blockQuote = "block_quote"
  case thematicBreak = "thematic_break"
  case tableHeader = "table_header"
  case tableRow = "table_row"
  case tableCell = "table_cell"
  case softBreak = "softbreak"
  case lineBreak = "linebreak"
  case htmlInline = "html_inline"
  case emphasis = "emph"
  case other
}

extension MarkdownNode {
  var kind: MarkdownNodeKind {
    cmark_node_get_type_string(pointer).flatMap { MarkdownNodeKind(rawValue: String(cString: $0)) } ?? .other
  }

  var children: [MarkdownNode] {
    var children: [MarkdownNode] = []
    var next = cmark_node_first_child(pointer)
    while let child = next {
      children.append(MarkdownNode(pointer: child))
      next = cmark_node_next(child)
    }
    return children
  }

  var firstLine: Int { Int(cmark_node_get_start_line(pointer)) }
  var lastLine: Int { Int(cmark_node_get_end_line(pointer)) }

  /// As cmark gives it: entities are decoded, so it is not safe yet.
  var literal: String { cmark_node_get_literal(pointer).map { String(cString: $0) } ?? "" }

  /// The literal as a piece of a line.
  var inlineText: DisplayText {
    let text = DisplayText(literal)
    guard text.string.utf8.contains(0x0A) else { return text }
    return text.lines.joined(separator: " ")
  }

  /// All text below the node, without recursion.
  var flattenedText: DisplayText {
    guard let iterator = cmark_iter_new(pointer) else { return DisplayText() }
    defer { cmark_iter_free(iterator) }
    var text = DisplayText()
    while true {
      let event = cmark_iter_next(iterator)
      guard event != CMARK_EVENT_DONE else { return text }
      guard event == CMARK_EVENT_ENTER, let entered = cmark_iter_get_node(iterator) else { continue }
      let node = MarkdownNode(pointer: entered)
      switch node.kind {
      case .text, .code, .htmlInline, .codeBlock, .htmlBlock: text += node.inlineText
      case .softBreak, .lineBreak, .paragraph: if !text.isEmpty { text += " " }
      case .heading, .list, .item, .task, .table, .tableHeader, .tableRow, .tableCell, .strong, .emphasis,
        .strikethrough, .link, .image, .blockQuote, .thematicBreak, .other:
        continue
      }
    }
  }
}
