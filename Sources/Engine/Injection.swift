import RearviewChat
import RearviewMemory

/// The memory block, to the byte as hindsight-litellm writes it.
///
/// Numbers count the memories given, so one with no text is left out but keeps its number, as recorded.
/// - Returns: `nil` when there is nothing to inject.
public func memoryBlock(of memories: [Memory]) -> String? {
  let lines = memories.enumerated().compactMap { index, memory in
    memory.text.isEmpty ? nil : "\(index + 1). [\(memory.type.rawValue.uppercased())] \(memory.text)"
  }
  guard !lines.isEmpty else { return nil }
  return "# Relevant Memories\nThe following information from memory may be relevant:\n\n"
    + lines.joined(separator: "\n")
}

/// Puts a memory block into a conversation and leaves everything else as it was.
///
/// `systemMessage`: the first system message, wherever it stands, gets it after a blank line; without one, a new
/// system message goes first. `prependUser`: the last user message gets it in front, before a blank line.
public func inject(
  _ block: String, into messages: [Message], mode: MemorySettings.InjectionMode
) -> [Message] {
  var messages = messages
  switch mode {
  case .systemMessage:
    if let index = messages.firstIndex(where: { $0.role == .system }) {
      messages[index].content += "\n\n" + block
    } else {
      messages.insert(Message(.system, block), at: 0)
    }
  case .prependUser:
    if let index = messages.lastIndex(where: { $0.role == .user }) {
      messages[index].content = block + "\n\n" + messages[index].content
    }
  }
  return messages
}

/// What recall is asked for: the last user message, whole. `nil` when there is none or it is empty.
public func recallText(of messages: [Message]) -> String? {
  guard let last = messages.last(where: { $0.role == .user }), !last.content.isEmpty else { return nil }
  return last.content
}
