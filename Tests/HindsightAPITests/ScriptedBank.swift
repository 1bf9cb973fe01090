import Foundation
import RearviewHTTP
import RearviewHindsightAPI
import RearviewJSON
import RearviewMemory
import ScriptedServer

/// A server that lists memories as Hindsight does: one state at a time, newest first, from an offset.
struct ScriptedBank {
  let server: ScriptedServer
  let store: HindsightAPI

  /// - Parameters: The seconds at which the memories were mentioned, newest first; their ids are the same numbers.
  init(_ valid: [Int], _ invalidated: [Int]) throws { try self.init(invalidated) { valid } }

  /// - Parameter valid: What there is each time that the list is asked for.
  init(_ invalidated: [Int], valid: @escaping @Sendable () -> [Int]) throws {
    server = try ScriptedServer { request in
      let query = URLComponents(string: request.target)?.queryItems ?? []
      let value = { (name: String) in query.first { $0.name == name }?.value ?? "" }
      let all = value("state") == "valid" ? valid() : invalidated
      let items = all.dropFirst(Int(value("offset")) ?? 0).prefix(Int(value("limit")) ?? 0)
      let body: JSONValue = [
        "items": .list(items.map { Self.item($0, state: value("state")) }), "total": .integer(all.count),
      ]
      return .json(200, body.written())
    }
    store = try HindsightAPI(
      url: server.url, apiKey: nil, transport: HTTPClientTransport(userAgent: "rearview/test"))
  }

  /// The ids of all pages, in order.
  func ids(limit: Int) async throws -> [String] {
    var ids: [String] = []
    var after: String?
    repeat {
      let page = try await store.memories(MemoryPageRequest(bankID: "b", after: after, limit: limit))
      ids += page.memories.map(\.id)
      after = page.next
    } while after != nil && ids.count < 100
    return ids
  }

  private static func item(_ second: Int, state: String) -> JSONValue {
    [
      "id": .text(String(second)), "text": "t", "fact_type": "world", "state": .text(state),
      "mentioned_at": .text("2026-01-01T00:00:0\(second)Z"),
    ]
  }
}
