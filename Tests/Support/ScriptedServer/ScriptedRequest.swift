import Foundation

/// A request as the server received it.
public struct ScriptedRequest: Sendable {
  public var method: String
  /// Path and query, as sent.
  public var target: String
  /// Names in lower case.
  public var headers: [String: String]
  public var body: [UInt8]
  /// Which connection it came on, counted from 0.
  public var connection: Int

  /// The target without its query.
  public var path: String { String(target.prefix { $0 != "?" }) }

  public var bodyText: String { String(decoding: body, as: UTF8.self) }

  /// The body as a JSON object; empty when it is none.
  public var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
  }

  /// The body decoded.
  public func decoded<Value: Decodable>(as type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: Data(body))
  }
}
