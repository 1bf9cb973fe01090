import Foundation
import RearviewHTTP
import RearviewHindsightAPI
import RearviewJSON
import RearviewMemory
import ScriptedServer
import Testing

/// A store whose server plays a script and whose time stands still but for its own waits.
final class Scene: Sendable {
  static let key = "hs-secret-key-1"
  static let today = Date(timeIntervalSince1970: 1_700_000_000)

  let server: ScriptedServer
  let store: HindsightAPI
  private let clock = Guarded(Clock())

  private struct Clock: Sendable {
    var now = ContinuousClock.now
    var sleeps: [Duration] = []
  }

  /// - Parameter answers: JSON bodies of status 200, played in order.
  init(apiKey: String? = key, path: String = "", answers: [JSONValue] = []) throws {
    server = try ScriptedServer()
    let clock = clock
    store = try HindsightAPI(
      url: server.url + path, apiKey: apiKey, transport: HTTPClientTransport(userAgent: "rearview/test"),
      timing: HindsightAPI.Timing(
        date: { Self.today }, now: { clock.access { $0.now } },
        sleep: { duration in
          try await Task.sleep(for: .milliseconds(1))
          clock.access { clock in
            clock.sleeps.append(duration)
            clock.now += duration
          }
        },
        random: { $0.upperBound }))
    for answer in answers { play(answer) }
  }

  /// What was waited for, in order.
  var sleeps: [Duration] { clock.access { $0.sleeps } }

  func play(_ json: JSONValue, status: Int = 200, headers: [String: String] = [:]) {
    server.enqueue(.json(status, json.written(), headers: headers))
  }

  /// Plays an answer that was recorded from a server.
  func playRecorded(_ operation: String, _ name: String) throws {
    let answer = try Recorded.answer(operation, name)
    play(answer.body, status: answer.status)
  }

  /// Method and target of each request.
  var targets: [String] { server.requests.map { "\($0.method) \($0.target)" } }

  /// The body of a request.
  func body(_ index: Int = 0) throws -> JSONValue {
    try #require(index < server.requests.count)
    return try JSONValue(parsing: server.requests[index].body)
  }

  /// What a call throws.
  func failure(_ call: (HindsightAPI) async throws -> some Sendable) async -> MemoryStoreError? {
    do {
      _ = try await call(store)
      return nil
    } catch {
      return error as? MemoryStoreError
    }
  }
}

/// What was recorded of a Python client and of a server.
enum Recorded {
  struct Request: Sendable, CustomTestStringConvertible {
    var scenario: String
    var method: String
    var path: String
    var body: JSONValue

    var testDescription: String { scenario }

    /// The name of the bank, as it was before it was encoded.
    var bankID: String { path.split(separator: "/").dropFirst(3).first?.removingPercentEncoding ?? "" }
  }

  static func requests(_ method: String, endingWith end: String = "") throws -> [Request] {
    try list("requests").compactMap { item in
      let request = Request(
        scenario: item["scenario"]?.text ?? "", method: item["method"]?.text ?? "", path: item["path"]?.text ?? "",
        body: item["body"] ?? .null)
      return request.method == method && request.path.hasSuffix(end) ? request : nil
    }
  }

  static func answer(_ operation: String, _ name: String) throws -> (status: Int, body: JSONValue) {
    let found = try list("answers").first { $0["operation"]?.text == operation && $0["case"]?.text == name }
    let answer = try #require(found, "\(operation): \(name)")
    return (try #require(answer["status"]?.integer), answer["body"] ?? .null)
  }

  private static func list(_ name: String) throws -> [JSONValue] {
    let url = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Golden"))
    return try #require(try JSONValue(parsing: Array(try Data(contentsOf: url))).list)
  }
}

func query(_ text: String = "Where is Alice?", bankID: String = "bank-a", timeout: Duration? = nil) -> RecallQuery {
  RecallQuery(bankID: bankID, text: text, timeout: timeout)
}
