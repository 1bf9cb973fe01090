import CMark

/// Turns the inline nodes below a block into styled lines.
struct MarkdownInlines {
  /// What the nodes around add to the look of a text.
  private struct Look {
    var role: StyleRole
    var attributes: Style.Attributes = []
    var depth = 0

    func adding(_ attribute: Style.Attributes) -> Look {
      Look(role: role, attributes: attributes.union(attribute), depth: depth + 1)
    }
  }

  private var finished: [StyledLine] = [StyledLine([])]

  /// One line for each hard line break.
  static func lines(of block: MarkdownNode, role: StyleRole) -> [StyledLine] {
    var inlines = MarkdownInlines()
    inlines.add(childrenOf: block, Look(role: role))
    return inlines.finished
  }

  private mutating func add(childrenOf node: MarkdownNode, _ look: Look) {
    for child in node.children { add(child, look) }
  }

  private mutating func add(_ node: MarkdownNode, _ look: Look) {
    guard look.depth < MarkdownParser.deepest else { return append(node.flattenedText, look) }
    switch node.kind {
    case .text, .htmlInline: append(node.inlineText, look)
    case .code: append(node.inlineText, Look(role: .code, attributes: look.attributes))
    case .softBreak: append(" ", look)
    case .lineBreak: finished.append(StyledLine([]))
    case .emphasis: add(childrenOf: node, look.adding(.italic))
    case .strong: add(childrenOf: node, look.adding(.bold))
    case .strikethrough: add(childrenOf: node, look.adding(.strikethrough))
    case .link: addLink(node, look)
    case .image:
      append("image: ", Look(role: .muted, attributes: look.attributes))
      addLink(node, look)
    case .paragraph, .heading, .list, .item, .task, .table, .tableHeader, .tableRow, .tableCell, .codeBlock,
      .htmlBlock, .blockQuote, .thematicBreak, .other:
      append(node.flattenedText, look)
    }
  }

  /// The label, then the address, unless the label says it already. Only a web address looks like a link, and a label
  /// never does: what a link leads to is not for the model to paint over.
  private mutating func addLink(_ node: MarkdownNode, _ look: Look) {
    let address = DisplayText(line: cmark_node_get_url(node.pointer).map { String(cString: $0) } ?? "")
    let label = node.flattenedText
    let muted = Look(role: .muted, attributes: look.attributes)
    let isWeb = Self.isWebAddress(address.string)
    let addressLook = isWeb ? Look(role: .link, attributes: look.attributes.union(.underline)) : muted
    if isWeb, Self.says(label.string, address.string) || label.isEmpty {
      return append(label.isEmpty ? address : label, addressLook)
    }
    add(childrenOf: node, Look(role: look.role, attributes: look.attributes, depth: look.depth + 1))
    guard !address.isEmpty, address.string != "mailto:" + label.string else { return }
    append(" (", muted)
    append(address, addressLook)
    append(")", muted)
  }

  private static func isWebAddress(_ address: String) -> Bool {
    let start = address.prefix(8).lowercased()
    return start.hasPrefix("https://") || start.hasPrefix("http://")
  }

  /// Whether a label is the address itself, give or take the scheme and a slash at the end.
  private static func says(_ label: String, _ address: String) -> Bool {
    let bare = address.hasSuffix("/") ? String(address.dropLast()) : address
    let candidates = [address, bare, "http://" + label, "https://" + label]
    return label == address || label == bare || candidates.dropFirst(2).contains { $0 == address || $0 == bare }
  }

  private mutating func append(_ text: DisplayText, _ look: Look) {
    finished[finished.count - 1].append(StyledSpan(text, look.role, look.attributes))
  }
}
