import Foundation
import Rearview
import RearviewJSON
import ScriptedServer
import Testing

/// What the checks of rows 101 to 187 share.
enum RowSupportB {
  static let answer = "Hello from the model."
  static let streamed = "Hello from the stream."
  /// What is stored of a call with the standard question.
  static let turn = "USER: \(Expected.question)\n\nASSISTANT: \(answer)"
  static let streamedTurn = "USER: \(Expected.question)\n\nASSISTANT: \(streamed)"

  /// The answer of a server to one operation, as `Servers` takes it.
  static func reply(_ operation: String, _ json: JSONValue, status: Int = 200, headers: JSONObject = [:]) -> JSONValue {
    ["operation": .text(operation), "status": .integer(status), "json": json, "headers": .object(headers)]
  }

  static func failure(_ operation: String, _ status: Int, _ detail: String = "boom", headers: JSONObject = [:])
    -> JSONValue
  {
    reply(operation, ["detail": .text(detail)], status: status, headers: headers)
  }

  /// The three memories that the recorded server found.
  static var recalled: JSONValue {
    get throws {
      let answers = try Recording("inject_recall_existing_system").memoryAnswers
      return try #require(answers.first { $0["operation"]?.text == "recall" })
    }
  }

  static let reflected = reply("reflect", ["text": "The user likes typed languages.", "based_on": nil])
  static let reflectedBlock = "# Relevant Context from Memory\nThe user likes typed languages."

  /// The body of a recall with everything at its default, and what is different.
  static func recallBody(_ query: String = Expected.question, entities: Bool, _ changes: JSONObject = [:]) -> JSONValue
  {
    let standard: JSONValue = [
      "query": .text(query), "budget": "mid", "max_tokens": 4096, "trace": false,
      "include": ["entities": entities ? ["max_tokens": 500] : nil, "chunks": nil, "source_facts": nil],
      "tags_match": "any", "types": nil, "prefer_observations": nil, "query_timestamp": nil, "tags": nil,
      "tag_groups": nil, "min_scores": nil, "temporal_window": nil,
    ]
    return changes.reduce(standard) { $0.setting($1.key, to: $1.value) }
  }

  static func reflectBody(_ query: String = Expected.question, _ changes: JSONObject = [:]) -> JSONValue {
    let standard: JSONValue = [
      "query": .text(query), "budget": "mid", "tags_match": "any", "reflect_search_observations_max_tokens": nil,
      "reflect_search_observations_include_entities": nil, "context": nil, "response_schema": nil, "tags": nil,
      "tag_groups": nil, "fact_types": nil, "exclude_mental_model_ids": nil,
    ]
    return changes.reduce(standard) { $0.setting($1.key, to: $1.value) }
  }

  /// The one item of a retain that holds nothing but a text, and what is different.
  static func item(_ content: String, _ changes: JSONObject = [:]) -> JSONValue {
    let standard: JSONValue = [
      "content": .text(content), "context": nil, "metadata": nil, "document_id": nil, "resolve_entities": true,
      "timestamp": nil, "entities": nil, "tags": nil, "observation_scopes": nil, "strategy": nil, "update_mode": nil,
    ]
    return changes.reduce(standard) { $0.setting($1.key, to: $1.value) }
  }

  /// Waits until something is so, within a bound.
  static func eventually(seconds: Double = 10, _ isSo: () async throws -> Bool) async rethrows -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while try await !isSo() {
      guard ContinuousClock.now < end else { return false }
      try? await Task.sleep(for: .milliseconds(2))
    }
    return true
  }

  /// Runs a check on a library instance with scripted servers, configured with the bank `bank-a` and these settings.
  ///
  /// - Parameters:
  ///   - memory: Answers of the memory server, each given once; the standard memories, once, by default.
  ///   - isConfigured: Whether `configure` is called.
  static func scene(
    _ settings: JSONObject = [:], memory: [JSONValue]? = nil, model: [JSONValue] = [], silent: Set<String> = [],
    holdsStream: Bool = false, environment: [String: String] = [:], isConfigured: Bool = true,
    _ check: (Scene) async throws -> Void
  ) async throws {
    let servers = try Servers(
      memoryAnswers: memory ?? [recalled], modelAnswers: model, silent: silent, holdsStream: holdsStream)
    let scene = Scene(stage: try Stage(servers, environment: environment))
    if isConfigured { try await scene.configure(settings) }
    do {
      try await check(scene)
    } catch {
      await scene.instance.cleanup(within: .seconds(1))
      throw error
    }
    await scene.instance.cleanup(within: .seconds(1))
  }
}

extension RowSupportB {
  /// An instance, its servers, and short ways to what went over the wire.
  struct Scene: Sendable {
    let stage: Stage

    var instance: RearviewInstance { stage.instance }
    var servers: Servers { stage.servers }
    var order: [String] { servers.order }

    func configure(_ settings: JSONObject = [:]) async throws {
      var all: JSONObject = ["hindsight_api_url": .text(stage.url), "bank_id": "bank-a", "verbose": true]
      all.merge(settings)
      try await instance.configure(named: all)
    }

    /// Asks the standard question, or another.
    func ask(
      _ question: String = Expected.question, model: String = "gpt-4o-mini", _ parameters: JSONObject = [:]
    ) async throws -> Completion {
      try await instance.completion(request(question, model: model, parameters))
    }

    func stream(_ question: String = Expected.question, _ parameters: JSONObject = [:]) async throws -> CompletionStream
    {
      try await instance.stream(request(question, parameters))
    }

    func request(
      _ question: String = Expected.question, model: String = "gpt-4o-mini", _ parameters: JSONObject = [:]
    ) -> CompletionRequest {
      CompletionRequest(model: model, messages: [Message(.user, question)], parameters: parameters)
    }

    /// Requests to the memory server for one operation.
    func requests(_ operation: String) -> [Recording.Request] {
      servers.memory.requests.filter { Servers.operation(of: $0) == operation }.map(Player.request)
    }

    func bodies(_ operation: String) -> [JSONValue] { requests(operation).map(\.body) }

    /// The bodies that the model was sent.
    var asked: [JSONValue] { servers.model.requests.map { Player.request($0).body } }

    /// Of each request to the model, the texts of its messages, the time in a dated block taken out.
    var said: [[String]] {
      asked.map { body in
        (body["messages"]?.list ?? []).map { RowSupportB.withoutClock($0["content"]?.text ?? "") }
      }
    }

    /// The items that were stored, when nothing is under way any more.
    func stored() async -> [JSONValue] {
      await instance.flush(within: .seconds(5))
      return bodies("retain").compactMap { $0.at("items.0") }
    }

    func storedTexts() async -> [String] { await stored().compactMap { $0["content"]?.text } }

    /// The lines of the log file.
    var log: [String] {
      let path = stage.folder + "/.local/state/rearview/rearview.log"
      let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
      return text.split(separator: "\n").map(String.init)
    }
  }

  static func withoutClock(_ text: String) -> String {
    text.replacing(#/Current date/time: [0-9-]{10} [0-9:]{8} UTC/#, with: "Current date/time: <NOW>")
  }

  static let datedBlock = """
    # Relevant Memories
    Current date/time: <NOW>
    The following information from memory may be relevant:

    1. [WORLD] User prefers Python for backend work
    2. [EXPERIENCE] (occurred: 2026-01-10T09:00:00Z to 2026-01-10T10:00:00Z) [source: debugging session] \
    Assistant helped debug a FastAPI route (source=chat, lang=en)
    3. [OBSERVATION] (mentioned: 2026-02-01T00:00:00Z) User tends to choose typed languages
    """

  /// The error that work throws, of the type that is expected.
  static func error<Failure: Error>(
    _ type: Failure.Type, sourceLocation: SourceLocation = #_sourceLocation, _ work: () async throws -> Void
  ) async throws -> Failure {
    do {
      try await work()
    } catch let error as Failure {
      return error
    } catch {
      Issue.record("\(Swift.type(of: error)) instead of \(type): \(error)", sourceLocation: sourceLocation)
      throw error
    }
    return try #require(nil as Failure?, "nothing was thrown", sourceLocation: sourceLocation)
  }
}
