import Foundation
import RearviewJSON
import ScriptedServer

/// A memory server and a model, both scripted as they answered in a recording, and what they were asked.
final class Servers: Sendable {
  let memory: ScriptedServer
  let model: ScriptedServer
  private let wire: Guarded<[String]>

  /// - Parameters:
  ///   - memoryAnswers: As `hindsight_canned_responses`; each is given once, to its operation. After them, and for
  ///     others, the server answers as an empty one does.
  ///   - modelAnswers: As `llm_canned_responses`; the last one is given again and again.
  ///   - silent: Operations that never get an answer.
  ///   - holdsStream: Whether a streamed answer stops after its first piece, and the connection stays open.
  init(
    memoryAnswers: [JSONValue] = [], modelAnswers: [JSONValue] = [], silent: Set<String> = [],
    holdsStream: Bool = false
  ) throws {
    let wire = Guarded<[String]>([])
    let waiting = Guarded(memoryAnswers)
    memory = try ScriptedServer { request in
      let operation = Self.operation(of: request)
      wire.access { $0.append("hindsight \(request.method) \(operation)") }
      if silent.contains(operation) { return .hang }
      let answer: JSONValue? = waiting.access { answers in
        let index = answers.firstIndex { $0["operation"]?.text == operation }
        return index.map { answers.remove(at: $0) }
      }
      return Self.memoryResponse(answer, to: operation)
    }
    let spoken = Guarded(modelAnswers)
    model = try ScriptedServer { request in
      wire.access { $0.append("llm \(request.method) \(request.path)") }
      let answer: JSONValue = spoken.access { answers in
        answers.count > 1 ? answers.removeFirst() : answers.first ?? ["text": "Hello from the model."]
      }
      var response = Self.modelResponse(answer, to: request)
      if holdsStream { response.steps = Array(response.steps.prefix(2)) + [.hang] }
      return response
    }
    self.wire = wire
  }

  /// Everything that went over the wire, in its order.
  var order: [String] { wire.access { $0 } }

  func stop() {
    memory.stop()
    model.stop()
  }

  /// Where a provider's client finds the model.
  var environment: [String: String] {
    [
      "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.url + "/v1", "ANTHROPIC_API_KEY": "sk-ant-test",
      "ANTHROPIC_BASE_URL": model.url,
    ]
  }

  static func operation(of request: ScriptedRequest) -> String {
    let parts = request.path.split(separator: "/").map(String.init)
    if request.path.hasSuffix("/memories/recall") { return "recall" }
    if request.path.hasSuffix("/reflect") { return "reflect" }
    if request.path.hasSuffix("/memories") { return "retain" }
    if parts.contains("documents") { return "document" }
    if parts.contains("operations") { return "operation" }
    return "bank"
  }

  private static func memoryResponse(_ answer: JSONValue?, to operation: String) -> ScriptedResponse {
    if let raw = answer?["raw"]?.text { return .json(answer?["status"]?.integer ?? 200, raw) }
    if let answer, let json = answer["json"] {
      let headers = (answer["headers"]?.object ?? [:]).reduce(into: [String: String]()) { $0[$1.key] = $1.value.text }
      return .json(answer["status"]?.integer ?? 200, json.written(), headers: headers)
    }
    switch operation {
    case "recall": return .json(200, #"{"results":[]}"#)
    case "reflect": return .json(200, #"{"text":"","based_on":null}"#)
    case "retain": return .json(200, #"{"success":true,"bank_id":"b","items_count":1,"async":false}"#)
    case "document": return .json(404, #"{"detail":"Document not found"}"#)
    default: return .json(200, "{}")
    }
  }

  // MARK: The model

  /// What the recorded model streamed, whatever its whole answer was.
  static let streamedPieces = ["Hello ", "from ", "the ", "stream."]

  private static func modelResponse(_ answer: JSONValue, to request: ScriptedRequest) -> ScriptedResponse {
    if let status = answer["status"]?.integer {
      return .json(status, #"{"error":{"message":"canned failure","type":"invalid_request_error"}}"#)
    }
    let streams = (request.json["stream"] as? Bool) == true
    let isAnthropic = request.path.hasSuffix("/messages")
    switch (isAnthropic, streams) {
    case (false, false): return .json(200, openAIWhole(answer).written())
    case (false, true): return openAIStream(answer)
    case (true, false): return .json(200, anthropicWhole(answer).written())
    case (true, true): return anthropicStream(answer)
    }
  }

  private static func openAIWhole(_ answer: JSONValue) -> JSONValue {
    var message: JSONObject = ["role": "assistant", "content": answer["text"] ?? .null]
    if let calls = answer["tool_calls"] { message["tool_calls"] = calls }
    let choice: JSONValue = [
      "index": 0, "message": .object(message),
      "finish_reason": answer["tool_calls"] == nil ? "stop" : "tool_calls",
    ]
    return [
      "id": "c", "object": "chat.completion", "created": 1_700_000_000, "model": "m", "choices": [choice],
      "usage": ["prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18],
    ]
  }

  private static func openAIStream(_ answer: JSONValue) -> ScriptedResponse {
    var pieces = streamedPieces
    if let given = answer["pieces"]?.list { pieces = given.compactMap(\.text) }
    if answer["text"] == .null { pieces = [] }
    var events = [ScriptedResponse.delta(#"{"role":"assistant","content":""}"#)]
    events += pieces.map { ScriptedResponse.delta(#"{"content":\#(ScriptedResponse.quoted($0))}"#) }
    if let calls = answer["tool_calls"]?.list {
      let indexed = calls.enumerated().map { JSONValue.object($1.object ?? [:]).setting("index", to: .integer($0)) }
      events.append(ScriptedResponse.delta(JSONValue.object(["tool_calls": .list(indexed)]).written()))
    }
    events.append(ScriptedResponse.delta("{}", finish: answer["tool_calls"] == nil ? "stop" : "tool_calls"))
    events.append("data: [DONE]\n\n")
    if let cut = answer["cut"]?.integer { return .sse(events).cutAfter(cut) }
    return .sse(events)
  }

  private static func anthropicWhole(_ answer: JSONValue) -> JSONValue {
    [
      "id": "m", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
      "content": answer["blocks"] ?? [["type": "text", "text": answer["text"] ?? ""]],
      "usage": ["input_tokens": 11, "output_tokens": 7],
    ]
  }

  private static func anthropicStream(_ answer: JSONValue) -> ScriptedResponse {
    func event(_ name: String, _ data: JSONValue) -> String {
      "event: \(name)\ndata: \(data.setting("type", to: .text(name)).written())\n\n"
    }
    let message: JSONValue = ["id": "m", "type": "message", "role": "assistant", "content": [], "model": "m"]
    var events = [
      event("message_start", ["message": message.setting("usage", to: ["input_tokens": 11, "output_tokens": 1])]),
      event("content_block_start", ["index": 0, "content_block": ["type": "text", "text": ""]]),
    ]
    events += streamedPieces.map {
      event("content_block_delta", ["index": 0, "delta": ["type": "text_delta", "text": .text($0)]])
    }
    events += [
      event("content_block_stop", ["index": 0]),
      event("message_delta", ["delta": ["stop_reason": "end_turn"], "usage": ["output_tokens": 7]]),
      event("message_stop", [:]),
    ]
    return .sse(events)
  }
}
