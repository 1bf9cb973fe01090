import RearviewChat
import RearviewEngine
import RearviewJSON
import RearviewText

/// The exact text that was sent, hidden characters made visible, the memory block marked at the left.
func promptLines(of messages: [Message], block: String?, columns: Int) -> [StyledLine] {
  guard !messages.isEmpty else { return [styled("Nothing was sent yet.", .muted)] }
  var lines: [StyledLine] = []
  for message in messages {
    if !lines.isEmpty { lines.append(styled("")) }
    lines.append(
      styled(DisplayText(message.role.rawValue), .title, .bold)
        + styled("  ~" + grouped(estimatedTokens(message)) + " tokens", .muted))
    for (text, isBlock) in parts(of: written(message), block: block) {
      let bar = isBlock ? styled("▌ ", .accent) : styled("  ")
      for line in DisplayText(revealing: text).string.split(separator: "\n", omittingEmptySubsequences: false) {
        lines += wrap(DisplayText(String(line)), to: max(4, columns - 2)).map { bar + styled($0) }
      }
    }
  }
  return lines
}

/// What a message says: its text; what is no text as the JSON that was sent.
private func written(_ message: Message) -> String {
  var texts: [String] = []
  switch message.content {
  case .text(let text): texts.append(text)
  case .parts(let parts): texts += parts.map { $0.text ?? JSONValue.object($0.json).written() }
  case nil: break
  }
  texts += message.toolCalls.map { "tool call: " + $0.written }
  return texts.joined(separator: "\n")
}

/// The content around the block and the block itself.
private func parts(of content: String, block: String?) -> [(text: String, isBlock: Bool)] {
  guard let block, let range = content.range(of: block) else { return [(content, false)] }
  let before = String(content[..<range.lowerBound])
  let after = String(content[range.upperBound...])
  return [(before, false), (block, true), (after, false)].filter { !$0.text.isEmpty }
}

extension State {
  mutating func promptLines(ofTurn index: Int, columns: Int) -> [StyledLine] {
    let record = turns[index].record
    let key = PromptKey(turnID: record.id, columns: columns, isSent: !record.messages.isEmpty)
    if let kept = laidOutPrompt, kept.key == key { return kept.lines }
    let messages = record.sentMessages(after: turns[..<index].lazy.map(\.record))
    let lines = RearviewInterface.promptLines(of: messages, block: record.block, columns: columns)
    laidOutPrompt = LaidOut(key: key, lines: lines)
    return lines
  }

  mutating func memoryLines(of view: MemoryView) -> [StyledLine] {
    let key = MemoryKey(
      turnID: view.record.id, columns: view.columns, retrieval: view.record.retrieval.state,
      storage: view.record.storage)
    if let kept = laidOutMemories, kept.key == key { return kept.lines }
    let lines = view.lines()
    laidOutMemories = LaidOut(key: key, lines: lines)
    return lines
  }
}

/// Lines of the memory pane as they were laid out last: a long list or conversation is not wrapped anew for each frame.
struct LaidOut<Key: Hashable & Sendable>: Sendable {
  var key: Key
  var lines: [StyledLine]
}

/// What the lines of the prompt view depend on.
struct PromptKey: Hashable, Sendable {
  var turnID: String
  var columns: Int
  var isSent: Bool
}

/// What the lines of the memory view depend on.
struct MemoryKey: Hashable, Sendable {
  var turnID: String
  var columns: Int
  var retrieval: Retrieval.State
  var storage: Storage
}
