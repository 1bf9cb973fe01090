import RearviewJSON

// The fast way to read a chunk: one walk over the bytes that builds nothing but the text.
//
// It knows the form that nearly every chunk has and gives up at anything else (`nil` from `scanned`), so that what it
// does return is what the thorough way would have returned. Building the whole object first costs four times as much.

extension OpenAIChunk {
  /// Reads a chunk whose news is text, reasoning or a finish reason. `nil` means "not sure", never "wrong".
  static func scanned(_ data: [UInt8]) -> OpenAIChunk? {
    data.withUnsafeBufferPointer { bytes in
      var scan = ChunkScan(json: JSONScan(bytes))
      return scan.isSureOfWhole() ? scan.chunk : nil
    }
  }
}

/// Each function takes what stands next and returns whether it is sure of it.
private struct ChunkScan {
  var json: JSONScan
  var chunk = OpenAIChunk()
  /// Members that have been read; one that comes twice is for the thorough way.
  private var seen: Set = []
  /// The text of `reasoning`, which counts only where `reasoning_content` is empty: some servers send it in both.
  private var secondReasoning = ""

  private struct Set: OptionSet {
    var rawValue: UInt8
    static let choices = Set(rawValue: 1)
    static let delta = Set(rawValue: 2)
    static let content = Set(rawValue: 4)
    static let reasoningContent = Set(rawValue: 8)
    static let reasoning = Set(rawValue: 16)
    static let finish = Set(rawValue: 32)
  }

  init(json: JSONScan) {
    self.json = json
  }

  mutating func isSureOfWhole() -> Bool {
    guard eachMember({ $0.takeTopLevel($1) }), json.isAtEnd() else { return false }
    if chunk.reasoning.isEmpty { chunk.reasoning = secondReasoning }
    return true
  }

  private mutating func takeTopLevel(_ key: JSONScan.RawString) -> Bool {
    if key.equals("choices") { return isNew(.choices) && takeChoices() }
    if key.equals("usage") || key.equals("error") || key.equals("x_groq") { return json.takeNull() }
    // An object of this kind is an error that has no key to tell it by.
    if key.equals("object"), json.next() == UInt8(ascii: "\"") {
      return json.takeString().map { !$0.equals("error") } ?? false
    }
    return json.skipValue()
  }

  /// A list of at most one choice; nobody asked for more.
  private mutating func takeChoices() -> Bool {
    guard json.take(UInt8(ascii: "[")) else { return false }
    if json.take(UInt8(ascii: "]")) { return true }
    return eachMember { $0.takeInChoice($1) } && json.take(UInt8(ascii: "]"))
  }

  private mutating func takeInChoice(_ key: JSONScan.RawString) -> Bool {
    if key.equals("delta") { return isNew(.delta) && eachMember { $0.takeInDelta($1) } }
    if key.equals("finish_reason") {
      guard isNew(.finish) else { return false }
      if json.takeNull() { return true }
      chunk.finishReason = json.takeString()?.text
      return chunk.finishReason != nil
    }
    if key.equals("index") { return takeZero() }
    if key.equals("message") || key.equals("text") || key.equals("error") { return false }
    return json.skipValue()
  }

  private mutating func takeInDelta(_ key: JSONScan.RawString) -> Bool {
    if key.equals("content") { return isNew(.content) && takeText(into: \.chunk.text) }
    if key.equals("reasoning_content") { return isNew(.reasoningContent) && takeText(into: \.chunk.reasoning) }
    if key.equals("reasoning") { return isNew(.reasoning) && takeText(into: \.secondReasoning) }
    if key.equals("reasoning_details") || key.equals("refusal") || key.equals("function_call") {
      return json.takeNull()
    }
    // Some servers send an empty list with every text.
    if key.equals("tool_calls") {
      return json.takeNull() || (json.take(UInt8(ascii: "[")) && json.take(UInt8(ascii: "]")))
    }
    return json.skipValue()
  }

  /// A bare `0`: what only begins with one may be another choice's index.
  private mutating func takeZero() -> Bool {
    guard json.next() == UInt8(ascii: "0") else { return false }
    let start = json.position
    return json.skipValue() && json.position == start + 1
  }

  private mutating func takeText(into text: WritableKeyPath<Self, String>) -> Bool {
    if json.takeNull() { return true }
    guard let found = json.takeString() else { return false }
    self[keyPath: text] = found.text
    return true
  }

  private mutating func isNew(_ member: Set) -> Bool {
    defer { seen.insert(member) }
    return !seen.contains(member)
  }

  /// Takes an object member by member; `take` has the key and finds its value next.
  @inline(__always)
  private mutating func eachMember(_ take: (inout Self, JSONScan.RawString) -> Bool) -> Bool {
    guard json.take(UInt8(ascii: "{")) else { return false }
    if json.take(UInt8(ascii: "}")) { return true }
    while true {
      guard let key = json.takeString(), !key.hasEscapes, json.take(UInt8(ascii: ":")), take(&self, key) else {
        return false
      }
      if json.take(UInt8(ascii: "}")) { return true }
      guard json.take(UInt8(ascii: ",")) else { return false }
    }
  }
}
