import RearviewJSON

/// Puts blocks of thinking together from their pieces, in Anthropic's form: the text with its signature, or what the
/// provider keeps hidden.
struct ThinkingBlocks: Sendable {
  private var drafts: [(index: Int, block: JSONObject)] = []

  /// The blocks in their order. One that was not signed cannot go back, and is left out.
  var blocks: [JSONObject] {
    drafts.map(\.block).filter { $0["data"] != nil || $0["signature"]?.text?.isEmpty == false }
  }

  mutating func add(text: String?, signature: String?, at index: Int) {
    guard text != nil || signature != nil else { return }
    let place = place(of: index, new: ["type": "thinking", "thinking": "", "signature": ""])
    for (name, piece) in [("thinking", text), ("signature", signature)] {
      guard let piece else { continue }
      drafts[place].block[name] = .text((drafts[place].block[name]?.text ?? "") + piece)
    }
  }

  mutating func add(redacted data: JSONValue?, at index: Int) {
    guard let data, !data.isNull else { return }
    let place = place(of: index, new: ["type": "redacted_thinking"])
    drafts[place].block["data"] = data
  }

  private mutating func place(of index: Int, new: JSONObject) -> Int {
    if let last = drafts.indices.last, drafts[last].index == index { return last }
    drafts.append((index, new))
    return drafts.count - 1
  }
}
