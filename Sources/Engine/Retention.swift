import Foundation
import RearviewChat
import RearviewJSON
import RearviewMemory

/// What a store is handed: the words as they were said, never the memory block.
///
/// Of the messages: system messages and empty ones are left out; a text that begins with a block of ours loses it; tool
/// calls and tool results are kept. An answer that is not complete is marked as cut. `nil` when there is nothing to
/// retain.
///
/// - Parameter messages: What goes with the answer, as it was before injection; the question alone by default.
public func retained(
  of record: TurnRecord, messages: [Message]? = nil, rules: TurnRules = .chat, at answeredAt: Date
) -> RetainTurn? {
  guard record.settings.storeConversations, let bankID = record.settings.bankID else { return nil }
  let messages = messages ?? [Message(.user, record.question)]
  var retained = messages.flatMap { items(of: $0, saidAt: record.startedAt) }
  if record.retainsAnswer { retained += answerItems(record.answer, saidAt: answeredAt) }
  guard !retained.isEmpty else { return nil }
  var metadata: Metadata = ["source": "rearview", "model": record.model]
  if rules.storesTokenCount, let usage = record.answer.usage {
    metadata["tokens"] = String(usage.inputTokens + usage.outputTokens)
  }
  return RetainTurn(
    bankID: bankID, turnID: record.id, documentID: record.settings.groupID ?? (rules == .chat ? record.sessionID : nil),
    messages: retained, context: "conversation:rearview:\(record.model)", metadata: metadata,
    tags: record.settings.tags, update: record.settings.sessionUpdate)
}

/// The last user message and what follows it.
func lastExchange(of messages: [Message]) -> [Message] {
  guard let index = messages.lastIndex(where: { $0.role == .user }) else { return [] }
  return Array(messages[index...])
}

/// A message of the history: its tool calls come before its text.
private func items(of message: Message, saidAt: Date) -> [RetainedMessage] {
  var items: [RetainedMessage] = []
  func add(_ speaker: RetainedMessage.Speaker, _ text: String) {
    guard !text.allSatisfy(\.isWhitespace) else { return }
    items.append(RetainedMessage(speaker: speaker, text: text, saidAt: saidAt))
  }
  switch message.role {
  case .system: break
  case .tool: add(.toolResult, toolResult(message))
  case .user: add(.user, withoutBlock(message))
  default:
    add(.toolCall, written(message.toolCalls))
    add(.assistant, message.text)
  }
  return items
}

extension Answer {
  /// Of how many messages it consists when it is retained.
  public var retainedCount: Int { answerItems(self, saidAt: .distantPast).count }
}

/// An answer: its text comes before its tool calls.
private func answerItems(_ answer: Answer, saidAt: Date) -> [RetainedMessage] {
  let isCut = answer.state != .complete || answer.finishReason == .length
  var items: [RetainedMessage] = []
  if !answer.text.allSatisfy(\.isWhitespace) {
    items.append(RetainedMessage(speaker: .assistant, text: answer.text, saidAt: saidAt, isCut: isCut))
  }
  if !answer.toolCalls.isEmpty {
    items.append(RetainedMessage(speaker: .toolCall, text: written(answer.toolCalls), saidAt: saidAt, isCut: isCut))
  }
  return items
}

private func written(_ calls: [ToolCall]) -> String { calls.map(\.written).joined(separator: "; ") }

/// A result in several parts is written as the Python package writes it.
private func toolResult(_ message: Message) -> String {
  switch message.content {
  case .text(let text): text
  case .parts: message.json["content"]?.pythonRepresentation ?? ""
  case nil: ""
  }
}

/// The user's words. A program may hand in what it sent before, blocks of ours and all: those are not the user's.
private func withoutBlock(_ message: Message) -> String {
  switch message.content {
  case .text(let text): return withoutBlock(text)
  case .parts(let parts):
    return parts.compactMap(\.text).filter { !withoutBlock($0).isEmpty }.joined(separator: " ")
  case nil: return ""
  }
}

private func withoutBlock(_ text: String) -> String {
  let (opening, closing) = ("<\(MemoryBlock.tag)>\n# Relevant ", "\n</\(MemoryBlock.tag)>")
  if text.hasPrefix(opening), let end = text.range(of: closing) { return behindSeparator(text[end.upperBound...]) }
  let heading =
    #/# Relevant Memories\n(Current date/time: [0-9: -]+UTC\n)?The following information from memory may be relevant:\n\n/#
  guard let found = text.prefixMatch(of: heading) else { return text }
  let lines = text[found.range.upperBound...]
  // What a person typed under such a heading is theirs, unless it is numbered and typed as ours is.
  guard lines.prefixMatch(of: #/[0-9]+\. \[[A-Z]+\] /#) != nil else { return text }
  guard let end = lines.range(of: "\n\n") else { return "" }
  return behindSeparator(lines[end.lowerBound...])
}

/// What stands behind a block and the separator of one of the ways to call.
private func behindSeparator(_ text: Substring) -> String {
  for separator in [TurnRules.callback.separator, TurnRules.completion.separator] where text.hasPrefix(separator) {
    return String(text.dropFirst(separator.count))
  }
  return String(text)
}
