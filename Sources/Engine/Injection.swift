import RearviewChat
import RearviewJSON
import RearviewMemory

/// Puts a memory block into a conversation and leaves everything else as it was.
///
/// `systemMessage`: the first system message, wherever it stands, gets it after a blank line; without one, a new
/// system message goes first. `prependUser`: the last user message gets it in front, before a blank line. A content of
/// several parts gets a text part of its own, and its other parts stay as they are.
///
/// - Parameter separator: What stands between the block and the user's text.
public func inject(
  _ block: String, into messages: [Message], mode: MemorySettings.InjectionMode, separator: String = "\n\n"
) -> [Message] {
  var messages = messages
  switch mode {
  case .systemMessage:
    guard let index = messages.firstIndex(where: { $0.role == .system }) else {
      return [Message(.system, block)] + messages
    }
    switch messages[index].content {
    case .text(let text) where !text.isEmpty: messages[index].content = .text(text + "\n\n" + block)
    case .text, nil: messages[index].content = .text(block)
    case .parts(let parts): messages[index].content = .parts(parts + [ContentPart(text: block)])
    }
  case .prependUser:
    guard let index = messages.lastIndex(where: { $0.role == .user }) else { return messages }
    switch messages[index].content {
    case .text(let text): messages[index].content = .text(block + separator + text)
    case .parts(let parts): messages[index].content = .parts([ContentPart(text: block)] + parts)
    case nil: messages[index].content = .text(block)
    }
  }
  return messages
}

/// What memory is asked for: the last user message, whole. `nil` when there is none, or when it is empty.
///
/// Of a content of several parts the texts count, joined by one blank; a message that only shows images lets an
/// earlier one speak, an empty text does not.
///
/// - Parameter firstPartOnly: Whether only the first text of several counts, as for wrapped clients.
public func recallText(of messages: [Message], firstPartOnly: Bool = false) -> String? {
  for message in messages.reversed() where message.role == .user {
    switch message.content {
    case .text(let text): return text.isEmpty ? nil : text
    case .parts(let parts):
      let texts = parts.compactMap(\.text)
      let text = firstPartOnly ? texts.first ?? "" : texts.joined(separator: " ")
      if !text.isEmpty { return text }
    case nil: break
    }
  }
  return nil
}

/// A query cut to what a store takes: its beginning and its end, where people say what they want.
/// - Returns: `nil` where nothing had to be cut.
public func shortened(_ query: String, toTokens limit: Int) -> String? {
  guard estimatedTokens(query) > limit else { return nil }
  // The estimate may be some per cent off, and the server's count decides.
  let goal = limit * 9 / 10
  let characters = Array(query)
  var (low, high) = (0, characters.count / 2)
  while low < high {
    let half = (low + high + 1) / 2
    if estimatedTokens(headAndTail(characters, half)) <= goal { low = half } else { high = half - 1 }
  }
  return headAndTail(characters, low)
}

private func headAndTail(_ characters: [Character], _ half: Int) -> String {
  String(characters.prefix(half)) + " … " + String(characters.suffix(half))
}
