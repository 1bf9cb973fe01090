import Foundation
import Rearview
import RearviewJSON
import ScriptedServer
import Testing

/// Plays each of these recordings and compares what goes over the wire.
func recorded(_ names: String...) -> RowCheck {
  { for name in names { try await expectAsRecorded(name) } }
}

/// All of these checks, one after the other.
func each(_ checks: RowCheck...) -> RowCheck {
  { for check in checks { try await check() } }
}

/// What an error says; `nil` where none was thrown.
func refusal(_ work: @Sendable () async throws -> Void) async -> String? {
  do {
    try await work()
    return nil
  } catch {
    return "\(error)"
  }
}

/// A program that is set up with bank `bank-a` on a scripted server, and what it sent.
struct Caller: Sendable {
  let stage: Stage
  let memory: ScriptedServer
  var instance: RearviewInstance { stage.instance }

  /// - Parameters:
  ///   - settings: Beside bank, address and `verbose`, or in their place.
  ///   - server: A memory server instead of the stage's own.
  init(
    _ settings: JSONObject = [:], memory: [JSONValue] = [JSONValue](repeating: threeFacts, count: 8),
    model: [JSONValue] = [], silent: Set<String> = [], server: ScriptedServer? = nil,
    environment: [String: String] = [:]
  ) async throws {
    stage = try Stage(memory: memory, model: model, silent: silent, environment: environment)
    self.memory = server ?? stage.servers.memory
    try await stage.instance.configure(named: values(settings))
  }

  /// Settings of a call of the recordings, others in their place.
  func values(_ settings: JSONObject) -> JSONObject {
    var values: JSONObject = ["bank_id": "bank-a", "hindsight_api_url": .text(memory.url), "verbose": true]
    values.merge(settings)
    return values
  }

  @discardableResult
  func ask(
    _ text: String = Expected.question, _ parameters: JSONObject = [:], model: String = "gpt-4o-mini"
  ) async throws -> Completion {
    try await ask(messages: [Expected.user(text)], parameters, model: model)
  }

  @discardableResult
  func ask(
    messages: [JSONValue], _ parameters: JSONObject = [:], model: String = "gpt-4o-mini"
  ) async throws -> Completion {
    var json = parameters
    json["model"] = .text(model)
    json["messages"] = .list(messages)
    return try await instance.completion(CompletionRequest(json: json))
  }

  // MARK: What went over the wire

  /// Requests to the memory server: recall, reflect, retain, document, operation, bank.
  func requests(_ operation: String) -> [Recording.Request] {
    memory.requests.filter { Servers.operation(of: $0) == operation }.map(Player.request)
  }

  func bodies(_ operation: String) -> [JSONValue] { requests(operation).map(\.body) }

  /// What was handed to the memory server to keep, item by item, once all of it was tried.
  func stored() async -> [JSONValue] {
    await instance.flush()
    return bodies("retain").compactMap { $0.at("items.0") }
  }

  func storedTexts() async -> [String] { await stored().compactMap { $0["content"]?.text } }

  /// The bodies that the model got.
  var sent: [JSONValue] { stage.servers.model.requests.map { Player.request($0).body } }

  /// The messages that the model got, of its last request.
  var said: [JSONValue] { sent.last?["messages"]?.list ?? [] }

  /// The text of the first message that the model got last.
  var system: String { said.first?["content"]?.text ?? "" }

  /// The errors of the background that wait, once there is one, or ten seconds have passed.
  func errors() async -> [HindsightError] {
    let end = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < end {
      let errors = await instance.pendingStorageErrors()
      if !errors.isEmpty { return errors }
      await Task.yield()
    }
    return []
  }

  /// Waits until that many turns were handed in, or ten seconds have passed.
  func waitForRetains(_ count: Int) async -> Bool {
    let end = ContinuousClock.now + .seconds(10)
    while bodies("retain").count < count {
      guard ContinuousClock.now < end else { return false }
      // What comes next may be any request.
      _ = await memory.waitForRequests(memory.requests.count + 1, seconds: 0.2)
    }
    return true
  }
}

// MARK: - What the servers say

/// The recall of most recordings: three facts.
let threeFacts: JSONValue =
  (try? Recording("inject_recall_existing_system"))?.memoryAnswers.first { $0["operation"] == "recall" } ?? .null

/// A recall's answer with these facts.
func recalling(_ facts: JSONValue...) -> JSONValue {
  ["operation": "recall", "status": 200, "json": ["results": .list(facts)]]
}

func fact(_ text: String, _ type: String = "world") -> JSONValue {
  ["id": .text(UUID().uuidString.lowercased()), "text": .text(text), "type": .text(type)]
}

/// The block that has these lines below its head.
func block(_ lines: String...) -> String {
  "# Relevant Memories\nThe following information from memory may be relevant:\n\n" + lines.joined(separator: "\n")
}

/// An answer to a memory operation.
func answer(_ operation: String, _ status: Int = 200, _ json: JSONValue) -> JSONValue {
  ["operation": .text(operation), "status": .integer(status), "json": json]
}

let storedWell: JSONValue = ["success": true, "bank_id": "bank-a", "items_count": 1, "async": false]

/// A memory server that answers as the handler says, and like an empty one where that says nothing. The handler gets
/// the operation, how many requests of that operation came before, and the request.
func memoryServer(
  _ handler: @escaping @Sendable (String, Int, ScriptedRequest) -> ScriptedResponse?
) throws -> ScriptedServer {
  let counts = Guarded<[String: Int]>([:])
  return try ScriptedServer { request in
    let operation = Servers.operation(of: request)
    let count = counts.access { counts in
      defer { counts[operation, default: 0] += 1 }
      return counts[operation, default: 0]
    }
    if let response = handler(operation, count, request) { return response }
    switch operation {
    case "recall": return .json(200, #"{"results":[]}"#)
    case "retain": return .json(200, storedWell.written())
    case "document": return .json(404, #"{"detail":"Document not found"}"#)
    default: return .json(200, "{}")
    }
  }
}
