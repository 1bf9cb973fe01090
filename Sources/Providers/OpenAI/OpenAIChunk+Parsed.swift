import Foundation
import RearviewChat

// The thorough way to read a chunk: any JSON, any mixture of the dialects, nothing required.

extension OpenAIChunk {
  /// Reads a chunk of a stream or a whole answer with Foundation's parser. `nil` when it is no JSON object.
  static func parsed(_ data: [UInt8]) -> OpenAIChunk? {
    guard let json = try? JSONSerialization.jsonObject(with: Data(data)) else { return nil }
    // Gemini's OpenAI face wraps an error in a list.
    guard let object = json as? [String: Any] ?? (json as? [[String: Any]])?.first else { return nil }
    var chunk = OpenAIChunk()
    if let choice = (object["choices"] as? [[String: Any]])?.first { chunk.take(choice: choice) }
    chunk.usage =
      Usage(openAI: object["usage"]) ?? Usage(openAI: (object["x_groq"] as? [String: Any])?["usage"])
    chunk.error = chunk.error ?? OpenAIErrorObject(object)
    return chunk
  }

  private mutating func take(choice: [String: Any]) {
    finishReason = choice["finish_reason"] as? String
    // A whole answer has a message where a stream has deltas. Where a chunk has both, the message repeats the deltas.
    let delta = choice["delta"] as? [String: Any] ?? choice["message"] as? [String: Any] ?? [:]
    let (plain, thinking) = Self.texts(ofContent: delta["content"])
    text = plain + (delta["refusal"] as? String ?? "")
    if text.isEmpty, delta.isEmpty { text = choice["text"] as? String ?? "" }
    reasoning = thinking
    for key in ["reasoning_content", "reasoning"] where reasoning.isEmpty {
      reasoning = delta[key] as? String ?? ""
    }
    if reasoning.isEmpty, let details = delta["reasoning_details"] as? [[String: Any]] {
      reasoning = details.map { $0["text"] as? String ?? $0["summary"] as? String ?? "" }.joined()
    }
    if let failure = choice["error"] as? [String: Any] { error = OpenAIErrorObject(["error": failure]) }
  }

  /// A content is a string, or a list of parts of which some are thinking (Mistral).
  private static func texts(ofContent content: Any?) -> (plain: String, thinking: String) {
    if let text = content as? String { return (text, "") }
    var plain = ""
    var thinking = ""
    for part in content as? [Any] ?? [] {
      guard let part = part as? [String: Any] else {
        plain += part as? String ?? ""
        continue
      }
      let nested = texts(ofContent: part["thinking"])
      thinking += nested.plain + nested.thinking
      plain += part["text"] as? String ?? ""
    }
    return (plain, thinking)
  }
}

extension Usage {
  /// OpenAI's usage object; `nil` when it is none.
  fileprivate init?(openAI object: Any?) {
    guard let object = object as? [String: Any] else { return nil }
    let input = (object["prompt_tokens"] ?? object["input_tokens"]) as? NSNumber
    let output = (object["completion_tokens"] ?? object["output_tokens"]) as? NSNumber
    guard input != nil || output != nil else { return nil }
    self.init(inputTokens: input?.intValue ?? 0, outputTokens: output?.intValue ?? 0)
  }
}

extension OpenAIErrorObject {
  /// The error that a JSON object tells of, in any of the forms that are about; `nil` when it tells of none.
  init?(_ object: [String: Any]) {
    if let text = object["error"] as? String {
      self.init(message: object["message"] as? String ?? text)
      return
    }
    if let error = object["error"] as? [String: Any] {
      self.init(fields: error)
      return
    }
    guard object["object"] as? String == "error" else { return nil }
    self.init(fields: object)
  }

  /// The error in the body of a response that is one by its status, JSON or not.
  init(body: [UInt8]) {
    let text = String(decoding: body, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    guard let json = try? JSONSerialization.jsonObject(with: Data(body)),
      let object = json as? [String: Any] ?? (json as? [[String: Any]])?.first
    else {
      // A page is for browsers; the status says as much.
      self.init(message: text.isEmpty || text.hasPrefix("<") ? nil : text)
      return
    }
    if let error = Self(object) {
      self = error
      return
    }
    self.init(fields: object)
    if message == nil { message = text }
  }

  private init(fields: [String: Any]) {
    let details = fields["detail"] as? [[String: Any]]
    let metadata = fields["metadata"] as? [String: Any]
    let said = fields["message"] as? String ?? fields["detail"] as? String ?? details?.first?["msg"] as? String
    // OpenRouter says "Provider returned error" and what that was beside it.
    if let said, let raw = metadata?["raw"] as? String, raw != said {
      message = "\(said): \(raw)"
    } else {
      message = said
    }
    for key in ["code", "type", "status"] {
      if let text = fields[key] as? String { codes.append(text) }
      let number = (fields[key] as? NSNumber)?.intValue ?? (fields[key] as? String).flatMap(Int.init)
      if status == nil, let number, (400...599).contains(number) { status = number }
    }
  }
}
