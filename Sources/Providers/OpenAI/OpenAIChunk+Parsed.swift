import RearviewChat
import RearviewJSON

// The thorough way to read a chunk: any JSON, any mixture of the dialects, nothing required.

extension OpenAIChunk {
  /// Reads a chunk of a stream or a whole answer. `nil` when it is no JSON object.
  static func parsed(_ data: [UInt8]) -> OpenAIChunk? {
    guard let object = JSONObject(answer: data) else { return nil }
    var chunk = OpenAIChunk()
    // Of several answers the first is read.
    let choices = object["choices"]?.list ?? []
    if let choice = choices.first(where: { ($0["index"]?.wholeNumber ?? 0) == 0 })?.object {
      chunk.take(choice: choice)
    }
    chunk.usage = Usage(openAI: object["usage"]) ?? Usage(openAI: object["x_groq"]?["usage"])
    chunk.error = chunk.error ?? ProviderErrorObject(object)
    return chunk
  }

  private mutating func take(choice: JSONObject) {
    finishReason = choice["finish_reason"]?.text
    // A whole answer has a message where a stream has deltas. Where a chunk has both, the message repeats the deltas.
    let delta = choice["delta"]?.object ?? choice["message"]?.object ?? [:]
    let (plain, thinking) = Self.texts(ofContent: delta["content"])
    text = plain + (delta["refusal"]?.text ?? "")
    if text.isEmpty, delta.isEmpty { text = choice["text"]?.text ?? "" }
    reasoning = thinking
    for key in ["reasoning_content", "reasoning"] where reasoning.isEmpty {
      reasoning = delta[key]?.text ?? ""
    }
    if reasoning.isEmpty, let details = delta["reasoning_details"]?.list {
      reasoning = details.map { $0["text"]?.text ?? $0["summary"]?.text ?? "" }.joined()
    }
    toolCalls = (delta["tool_calls"]?.list ?? []).compactMap(ToolCallPiece.init(openAI:))
    // The form of before there were several.
    if toolCalls.isEmpty, let call = delta["function_call"]?.object { toolCalls = [ToolCallPiece(function: call)] }
    if choice["error"]?.object != nil { error = ProviderErrorObject(choice) }
  }

  /// A content is a string, or a list of parts of which some are thinking (Mistral).
  private static func texts(ofContent content: JSONValue?) -> (plain: String, thinking: String) {
    if let text = content?.text { return (text, "") }
    var plain = ""
    var thinking = ""
    for part in content?.list ?? [] {
      guard let part = part.object else {
        plain += part.text ?? ""
        continue
      }
      let nested = texts(ofContent: part["thinking"])
      thinking += nested.plain + nested.thinking
      plain += part["text"]?.text ?? ""
    }
    return (plain, thinking)
  }
}

extension ToolCallPiece {
  fileprivate init?(openAI json: JSONValue) {
    guard let call = json.object else { return nil }
    self.init(function: call["function"]?.object ?? [:])
    index = call["index"]?.wholeNumber
    // An empty one is sent by servers that mean none.
    id = call["id"]?.text.flatMap { $0.isEmpty ? nil : $0 }
  }

  fileprivate init(function: JSONObject) {
    name = function["name"]?.text ?? ""
    switch function["arguments"] {
    case .text(let text): arguments = text
    // Some servers send the object itself.
    case .object(let object): arguments = JSONValue.object(object).written()
    case .none, .null, .boolean, .integer, .number, .list: break
    }
  }
}

extension Usage {
  /// OpenAI's usage object; `nil` when it is none.
  fileprivate init?(openAI json: JSONValue?) {
    guard let object = json?.object else { return nil }
    let input = (object["prompt_tokens"] ?? object["input_tokens"])?.wholeNumber
    let output = (object["completion_tokens"] ?? object["output_tokens"])?.wholeNumber
    guard input != nil || output != nil else { return nil }
    self.init(
      inputTokens: input ?? 0, outputTokens: output ?? 0,
      cachedInputTokens: (object["prompt_tokens_details"] ?? object["input_tokens_details"])?["cached_tokens"]?
        .wholeNumber,
      reasoningTokens: (object["completion_tokens_details"] ?? object["output_tokens_details"])?["reasoning_tokens"]?
        .wholeNumber)
  }
}
