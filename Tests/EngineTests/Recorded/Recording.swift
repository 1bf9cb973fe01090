import Foundation
import RearviewJSON
import Testing

/// A run of the Python package as it was recorded: what was set, what was called, what went over the wire.
struct Recording: Sendable, CustomStringConvertible {
  let name: String
  let json: JSONValue

  var description: String { name }

  /// All recorded runs, by name.
  static let all: [Recording] = {
    let folder = Bundle.module.resourceURL?.appendingPathComponent("Golden")
    let files = folder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0.path) } ?? []
    return files.filter { $0.hasSuffix(".json") }.sorted().compactMap { try? Recording(String($0.dropLast(5))) }
  }()

  init(_ name: String) throws {
    let url = try #require(
      Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Golden"), "no recording \(name)")
    self.name = name
    json = try JSONValue(parsing: [UInt8](Data(contentsOf: url)))
  }

  struct Step: Sendable {
    var function: String
    var arguments: JSONObject
    /// What the caller got, or the error that it got.
    var result: JSONValue?
    var error: JSONValue?
  }

  var settings: [Step] { steps("settings") }
  var calls: [Step] { steps("call") }

  private func steps(_ key: String) -> [Step] {
    let list = json[key]?.list ?? json[key].map { [$0] } ?? []
    return list.compactMap { step in
      guard let function = step["function"]?.text else { return nil }
      var arguments = step["kwargs"]?.object ?? [:]
      if let query = step["args"]?.list?.first { arguments["query"] = query }
      return Step(function: function, arguments: arguments, result: step["result"], error: step["error"])
    }
  }

  /// A request to the memory server or the model.
  struct Request: Hashable, Sendable {
    var method: String
    var path: String
    var authorization: String?
    var body: JSONValue
  }

  var memoryRequests: [Request] { requests("hindsight_requests") }
  var modelRequests: [Request] { requests("llm_requests") }

  private func requests(_ key: String) -> [Request] {
    (json[key]?.list ?? []).map { request in
      Request(
        method: request["method"]?.text ?? "", path: request["path"]?.text ?? "",
        authorization: request["headers"]?["authorization"]?.text, body: request["body"] ?? .null)
    }
  }

  /// What went over the wire, in its order: `hindsight POST recall`, `llm POST /v1/chat/completions`, …
  var order: [String] {
    (json["order_on_wire"]?.list ?? []).compactMap(\.text).map { String($0.drop { $0 != " " }.dropFirst()) }
  }

  var memoryAnswers: [JSONValue] { json["hindsight_canned_responses"]?.list ?? [] }
  var modelAnswers: [JSONValue] { json["llm_canned_responses"]?.list ?? [] }
  var debug: JSONValue { json["debug"] ?? .null }

  /// Whether the run went through LiteLLM's callbacks.
  var isCallback: Bool { name.hasPrefix("callback_") }
  var isWrapper: Bool { name.hasPrefix("openai_") || name.hasPrefix("anthropic_") }
}

extension JSONValue {
  /// The value at a path of members and indexes (`items.0.content`).
  func at(_ path: String) -> JSONValue? {
    path.split(separator: ".").reduce(self as JSONValue?) { value, key in
      if let index = Int(key) { return value?.list.flatMap { $0.indices.contains(index) ? $0[index] : nil } }
      return value?[String(key)]
    }
  }

  /// The value with another one at a path.
  func setting(_ path: String, to value: JSONValue?) -> JSONValue {
    guard let dot = path.firstIndex(of: ".") else { return settingMember(path, to: value) }
    let (key, rest) = (String(path[..<dot]), String(path[path.index(after: dot)...]))
    let inner = (at(key) ?? .object([:])).setting(rest, to: value)
    return settingMember(key, to: inner)
  }

  private func settingMember(_ key: String, to value: JSONValue?) -> JSONValue {
    if let index = Int(key), var list {
      list[index] = value ?? .null
      return .list(list)
    }
    var object = object ?? [:]
    object[key] = value
    return .object(object)
  }
}
