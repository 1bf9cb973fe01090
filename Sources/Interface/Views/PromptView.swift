import RearviewChat
import RearviewEngine
import RearviewText

/// The exact text that was sent, hidden characters made visible, the memory block marked at the left.
func promptLines(of record: TurnRecord, columns: Int) -> [StyledLine] {
  guard !record.messages.isEmpty else { return [styled("Nothing was sent yet.", .muted)] }
  var lines: [StyledLine] = []
  for message in record.messages {
    if !lines.isEmpty { lines.append(styled("")) }
    lines.append(
      styled(DisplayText(message.role.rawValue), .title, .bold)
        + styled("  ~" + grouped(estimatedTokens(message.content)) + " tokens", .muted))
    for (text, isBlock) in parts(of: message.content, block: record.block) {
      let bar = isBlock ? styled("▌ ", .accent) : styled("  ")
      for line in DisplayText(revealing: text).string.split(separator: "\n", omittingEmptySubsequences: false) {
        lines += wrap(DisplayText(String(line)), to: max(4, columns - 2)).map { bar + styled($0) }
      }
    }
  }
  return lines
}

/// The content around the block and the block itself.
private func parts(of content: String, block: String?) -> [(text: String, isBlock: Bool)] {
  guard let block, let range = content.range(of: block) else { return [(content, false)] }
  let before = String(content[..<range.lowerBound])
  let after = String(content[range.upperBound...])
  return [(before, false), (block, true), (after, false)].filter { !$0.text.isEmpty }
}

extension State {
  /// Laid out once for a turn and a width: a long conversation is not wrapped anew for each frame.
  mutating func promptLines(of record: TurnRecord, columns: Int) -> [StyledLine] {
    let key = PromptLines.Key(turnID: record.id, columns: columns, messageCount: record.messages.count)
    if let cached = laidOutPrompt, cached.key == key { return cached.lines }
    let lines = RearviewInterface.promptLines(of: record, columns: columns)
    laidOutPrompt = PromptLines(key: key, lines: lines)
    return lines
  }
}

/// The prompt view as it was laid out last.
struct PromptLines: Sendable {
  struct Key: Hashable, Sendable {
    var turnID: String
    var columns: Int
    var messageCount: Int
  }
  var key: Key
  var lines: [StyledLine]
}
