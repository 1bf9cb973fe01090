import RearviewChat
import RearviewJSON

/// What one chunk in OpenAI's protocol says of a tool call. A whole answer says all of it at once.
struct ToolCallPiece: Hashable, Sendable {
  /// Which call it belongs to; some servers leave it out.
  var index: Int?
  var id: String?
  var name = ""
  /// The next bit of the JSON text.
  var arguments = ""
}

/// An id for a call that has none, the same whenever the same answer is read and another in every other one: results
/// name their call by it, and some providers refuse a conversation in which two are alike.
func callID(of name: String, _ arguments: JSONValue?, after count: Int, in answer: String) -> String {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for byte in "\(answer) \(count) \(name) \(arguments?.written() ?? "")".utf8 {
    hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
  }
  return "call_" + String(hash, radix: 16)
}

/// Puts tool calls together from their pieces.
///
/// A piece continues the call that has its id, or else its index, or else the last one. It begins a new call where its
/// id is new, and, from servers that give no ids, where it names another function or one whose arguments are whole.
struct ToolCallAssembly: Sendable {
  private var drafts: [ToolCallPiece] = []

  /// The calls in the order in which they began. A call without a name is none.
  var toolCalls: [ToolCall] {
    drafts.filter { !$0.name.isEmpty }.map { ToolCall(id: $0.id, name: $0.name, arguments: $0.arguments) }
  }

  mutating func take(_ piece: ToolCallPiece) {
    guard let place = place(of: piece) else {
      drafts.append(piece)
      return
    }
    drafts[place].index = drafts[place].index ?? piece.index
    drafts[place].id = drafts[place].id ?? piece.id
    if drafts[place].name.isEmpty { drafts[place].name = piece.name }
    drafts[place].arguments += piece.arguments
  }

  /// Which draft the piece continues; `nil` for one that begins a call.
  private func place(of piece: ToolCallPiece) -> Int? {
    let open = drafts.lastIndex { piece.index == nil || $0.index == piece.index }
    if let id = piece.id {
      if let known = drafts.lastIndex(where: { $0.id == id && (piece.index == nil || $0.index == piece.index) }) {
        return known
      }
      guard let open, drafts[open].id == nil, !begins(piece, after: drafts[open]) else { return nil }
      return open
    }
    guard let open, !begins(piece, after: drafts[open]) else { return nil }
    return open
  }

  private func begins(_ piece: ToolCallPiece, after draft: ToolCallPiece) -> Bool {
    guard !piece.name.isEmpty, !draft.name.isEmpty else { return false }
    if piece.name != draft.name { return true }
    return !piece.arguments.isEmpty && (try? JSONValue(parsing: draft.arguments)) != nil
  }
}
