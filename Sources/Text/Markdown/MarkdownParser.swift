import CMark
import Foundation

/// Reads Markdown (CommonMark with GitHub's tables, strikethrough, task lists and autolinks) by cmark-gfm.
///
/// Every text that comes out of it passes the sanitiser again, because an entity such as `&#x1B;` or `&#x202E;` is
/// harmless in the source and becomes the character itself only in the parser.
enum MarkdownParser {
  /// A top-level block with its place in the source, in lines that count from 1.
  struct TopLevel {
    var block: MarkdownBlock
    /// `nil` where cmark does not know.
    var firstLine: Int?
    var lastLine: Int
    /// Where each item begins, for a list.
    var itemLines: [Int] = []
    /// How the block was fenced, for a fenced code block.
    var fence: Fence?
  }

  struct Fence {
    var character: UInt8
    var length: Int
  }

  /// Beyond this depth, quotes, lists and emphasis are flattened to their text: a person sees nothing more of the
  /// nesting, and a hostile text must not exhaust the stack.
  static let deepest = 24

  /// Beyond this many `@` in one parse, bare addresses are not looked for: each one costs cmark-gfm about 10 µs,
  /// which a text made of nothing else would turn into seconds.
  static let mostAtSigns = 200

  /// cmark-gfm keeps its set of special characters in a global that each parse changes while it reads inlines.
  private static let lock = NSLock()

  private static let areExtensionsRegistered: Bool = {
    cmark_gfm_core_extensions_ensure_registered()
    return true
  }()

  /// Parses the pieces as one text.
  static func parse(_ pieces: [Substring]) -> [TopLevel] {
    guard let document = document(of: pieces) else { return [] }
    defer { cmark_node_free(document.pointer) }
    return document.children.flatMap(topLevel)
  }

  private static func document(of pieces: [Substring]) -> MarkdownNode? {
    lock.withLock {
      guard areExtensionsRegistered, let parser = cmark_parser_new(CMARK_OPT_DEFAULT) else { return nil }
      defer { cmark_parser_free(parser) }
      let atSigns = pieces.reduce(0) { count, piece in count + piece.utf8.count { $0 == UInt8(ascii: "@") } }
      let autolink = atSigns > mostAtSigns ? [] : ["autolink"]
      for name in ["table", "strikethrough", "tasklist"] + autolink {
        if let known = cmark_find_syntax_extension(name) { cmark_parser_attach_syntax_extension(parser, known) }
      }
      for var piece in pieces {
        piece.withUTF8 { bytes in
          bytes.withMemoryRebound(to: CChar.self) { cmark_parser_feed(parser, $0.baseAddress, $0.count) }
        }
      }
      return cmark_parser_finish(parser).map(MarkdownNode.init)
    }
  }

  private static func topLevel(_ node: MarkdownNode) -> [TopLevel] {
    blocks(of: node, role: .text, depth: 0).map { block in
      var top = TopLevel(block: block, firstLine: node.firstLine > 0 ? node.firstLine : nil, lastLine: node.lastLine)
      if case .list = block { top.itemLines = node.children.map(\.firstLine) }
      if case .code = block { top.fence = fence(of: node) }
      return top
    }
  }

  private static func fence(of node: MarkdownNode) -> Fence? {
    var length: Int32 = 0
    var offset: Int32 = 0
    var character: CChar = 0
    guard cmark_node_get_fenced(node.pointer, &length, &offset, &character) != 0 else { return nil }
    return Fence(character: UInt8(bitPattern: character), length: Int(length))
  }

  /// One block, or none for what shows nothing.
  private static func blocks(of node: MarkdownNode, role: StyleRole, depth: Int) -> [MarkdownBlock] {
    guard depth < deepest else { return [.paragraph([StyledLine(node.flattenedText, role)])] }
    switch node.kind {
    case .paragraph: return [.paragraph(MarkdownInlines.lines(of: node, role: role))]
    case .heading:
      let level = Int(cmark_node_get_heading_level(node.pointer))
      return [.heading(level: level, MarkdownInlines.lines(of: node, role: .heading))]
    case .codeBlock: return [.code(code(node))]
    case .htmlBlock: return [.paragraph(literalLines(node).map { StyledLine($0, role) })]
    case .blockQuote: return [.quote(node.children.flatMap { blocks(of: $0, role: .quote, depth: depth + 1) })]
    case .list: return [.list(list(node, role: role, depth: depth))]
    case .table: return [.table(table(node, role: role))]
    case .thematicBreak: return [.rule]
    case .text, .softBreak, .lineBreak, .code, .htmlInline, .emphasis, .strong, .strikethrough, .link, .image, .item,
      .task, .tableHeader, .tableRow, .tableCell, .other:
      return [.paragraph([StyledLine(node.flattenedText, role)])]
    }
  }

  /// The lines of a literal without the line feed that ends it.
  private static func literalLines(_ node: MarkdownNode) -> [DisplayText] {
    var lines = DisplayText(node.literal).lines
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  private static func code(_ node: MarkdownNode) -> MarkdownBlock.Code {
    let info = cmark_node_get_fence_info(node.pointer).map { String(cString: $0) } ?? ""
    let language = info.prefix { !$0.isWhitespace && $0 != "," && $0 != "{" }
    return MarkdownBlock.Code(language: DisplayText(line: String(language)), lines: literalLines(node))
  }

  private static func list(_ node: MarkdownNode, role: StyleRole, depth: Int) -> MarkdownBlock.List {
    let items = node.children.map { item in
      MarkdownBlock.List.Item(
        isDone: item.kind == .task ? cmark_gfm_extensions_get_tasklist_item_checked(item.pointer) : nil,
        blocks: item.children.flatMap { blocks(of: $0, role: role, depth: depth + 1) })
    }
    var marker = MarkdownBlock.List.Marker.bullet
    if cmark_node_get_list_type(node.pointer) == CMARK_ORDERED_LIST {
      let delimiter: DisplayText = cmark_node_get_list_delim(node.pointer) == CMARK_PAREN_DELIM ? ")" : "."
      marker = .number(first: Int(cmark_node_get_list_start(node.pointer)), delimiter: delimiter)
    }
    return MarkdownBlock.List(marker: marker, isTight: cmark_node_get_list_tight(node.pointer) != 0, items: items)
  }

  private static func table(_ node: MarkdownNode, role: StyleRole) -> MarkdownBlock.Table {
    let columns = Int(cmark_gfm_extensions_get_table_columns(node.pointer))
    let signs = cmark_gfm_extensions_get_table_alignments(node.pointer)
    let alignments = (0..<columns).map { column -> MarkdownBlock.Table.Alignment in
      switch signs?[column] {
      case UInt8(ascii: "c"): .center
      case UInt8(ascii: "r"): .trailing
      default: .leading
      }
    }
    var rows = node.children.map { row in
      row.children.map { cell in
        MarkdownInlines.lines(of: cell, role: role).reduce(into: StyledLine([])) { joined, line in
          if !joined.isEmpty { joined += StyledLine(" ", role) }
          joined += line
        }
      }
    }
    let header = rows.isEmpty ? [] : rows.removeFirst()
    return MarkdownBlock.Table(alignments: alignments, header: header, rows: rows)
  }
}
