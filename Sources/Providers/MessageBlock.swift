import RearviewChat
import RearviewJSON

/// A part of a message in OpenAI's form, taken apart for protocols that write it in another way.
enum MessageBlock: Hashable, Sendable {
  case text(String)
  /// An image in base64, with its type (`image/png`).
  case image(type: String, base64: String)
  /// An image at an address.
  case imageURL(String)
  /// Something else, as it stands.
  case other(JSONObject)
}

extension Message {
  /// What the content says, part by part; blank texts are left out, which some providers refuse.
  var blocks: [MessageBlock] {
    switch content {
    case nil: []
    case .text(let text): text.isBlank ? [] : [.text(text)]
    case .parts(let parts): parts.filter { !($0.text?.isBlank ?? false) }.map(MessageBlock.init)
    }
  }

  var isInstruction: Bool { role == .system || role == .developer }
}

extension MessageBlock {
  init(_ part: ContentPart) {
    if let text = part.text {
      self = .text(text)
      return
    }
    guard part.type == "image_url", let url = part.json["image_url"]?["url"]?.text ?? part.json["image_url"]?.text
    else {
      self = .other(part.json)
      return
    }
    // `data:image/png;base64,…` (RFC 2397), or an address.
    guard url.lowercased().hasPrefix("data:"), let comma = url.firstIndex(of: ",") else {
      self = .imageURL(url)
      return
    }
    let type = url[..<comma].dropFirst("data:".count).prefix { $0 != ";" }
    self = .image(
      type: type.isEmpty ? "image/png" : String(type), base64: String(url[url.index(after: comma)...]))
  }
}

extension ToolCall {
  /// The arguments as an object; text that is none is kept as a member of one.
  var input: JSONValue {
    if arguments.allSatisfy(\.isWhitespace) { return [:] }
    guard let json = try? JSONValue(parsing: arguments), json.object != nil else {
      return ["arguments": .text(arguments)]
    }
    return json
  }
}

extension [Message] {
  /// Whether an image is named by an address and not given.
  var namesImageURL: Bool {
    contains { message in message.blocks.contains { if case .imageURL = $0 { true } else { false } } }
  }

  /// For each result of a tool the name of its tool: that of the nearest call before it with its id.
  var toolNames: [Int: String] {
    var names: [String: String] = [:]
    var found: [Int: String] = [:]
    for (index, message) in enumerated() {
      for call in message.toolCalls { if let id = call.id { names[id] = call.name } }
      if let id = message.toolCallID { found[index] = names[id] }
    }
    return found
  }
}

/// Stands before an answer with which a conversation begins, where the first word must be the user's.
let goOn = "Please continue."

extension String {
  /// Nothing but white space.
  var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
