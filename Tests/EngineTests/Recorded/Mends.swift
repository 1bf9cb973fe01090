import Foundation
import RearviewJSON

// Where what we send differs from what was recorded, and why. What is here holds for every recording; runs that differ
// in their own way stand in `Differences`.

extension Recording {
  /// The requests to the memory server that ours must equal.
  ///
  /// * What we store is marked as ours: context and metadata name Rearview.
  /// * A turn is handed over with `async` and an operation id of its own, so that a repeat after any failure stores
  ///   nothing twice and a slow server does not fail the call (weaknesses 8, 11).
  /// * A session's document is not read and written again: new turns are appended (weaknesses 9, 10).
  /// * The callback path sends the same bodies as the others, `null` members and all.
  var mendedMemoryRequests: [Request] {
    memoryRequests.filter { !($0.method == "GET" && $0.path.contains("/documents/")) }.map { request in
      var request = request
      if request.path.hasSuffix("/recall") {
        request.body = Self.standardRecall.merging(request.body)
        if request.body.at("include.entities") == .object([:]) {
          request.body = request.body.setting("include.entities", to: ["max_tokens": 500])
        }
      }
      if request.path.hasSuffix("/memories") { request.body = mendedRetain(request.body) }
      return request
    }
  }

  private func mendedRetain(_ recorded: JSONValue) -> JSONValue {
    var body = Self.standardRetain.merging(recorded).setting("async", to: true)
    var item = Self.standardItem.merging(body.at("items.0") ?? .null)
    if let context = item["context"]?.text, context.hasPrefix("conversation:") {
      let parts = context.split(separator: ":", maxSplits: 2)
      item = item.setting("context", to: .text("conversation:rearview:" + parts[2]))
      item = item.setting("metadata.source", to: "rearview")
    }
    if let document = item["document_id"], !document.isNull {
      item = item.setting("update_mode", to: "append")
      let before = memoryAnswers.first { $0["operation"]?.text == "document" }?.at("json.original_text")?.text
      if let before, let content = item["content"]?.text, content.hasPrefix(before + "\n\n") {
        item = item.setting("content", to: .text(String(content.dropFirst(before.count + 2))))
      }
    }
    body = body.setting("items.0", to: item)
    return body
  }

  /// The order on the wire, without the reading of the session's document.
  var mendedOrder: [String] { order.filter { $0 != "hindsight GET document" } }

  private static let standardRecall: JSONValue = [
    "query": nil, "budget": nil, "max_tokens": nil, "trace": false,
    "include": ["entities": nil, "chunks": nil, "source_facts": nil], "tags_match": "any", "types": nil,
    "prefer_observations": nil, "query_timestamp": nil, "tags": nil, "tag_groups": nil, "min_scores": nil,
    "temporal_window": nil,
  ]
  private static let standardRetain: JSONValue = ["items": [], "async": false, "document_tags": nil]
  private static let standardItem: JSONValue = [
    "content": nil, "context": nil, "metadata": nil, "document_id": nil, "resolve_entities": true, "timestamp": nil,
    "entities": nil, "tags": nil, "observation_scopes": nil, "strategy": nil, "update_mode": nil,
  ]

  /// Requests to the model, with a fixed clock and without what names the client.
  var mendedModelRequests: [Request] {
    modelRequests.map { request in
      var request = request
      request.authorization = nil
      return request
    }
  }
}

extension Replay {
  /// What went to the memory server, without what is new with each run: the ids of operations.
  var comparableMemoryRequests: [Recording.Request] {
    memoryRequests.map { request in
      var request = request
      if request.path.hasSuffix("/memories") { request.body = request.body.setting("operation_id", to: nil) }
      return request
    }
  }

  /// What went to the model, the clock of a dated block taken out.
  var comparableModelRequests: [Recording.Request] {
    modelRequests.map { request in
      var request = request
      request.authorization = nil
      let text = request.body.written().replacing(
        #/Current date/time: [0-9-]{10} [0-9:]{8} UTC/#,
        with: "Current date/time: <NOW YYYY-MM-DD HH:MM:SS UTC>")
      request.body = (try? JSONValue(parsing: text)) ?? request.body
      return request
    }
  }
}

extension JSONValue {
  /// This object with the members of another over its own, objects within objects too.
  func merging(_ other: JSONValue) -> JSONValue {
    guard var object, let others = other.object else { return other }
    for (key, value) in others { object[key] = object[key].map { $0.merging(value) } ?? value }
    return .object(object)
  }
}
