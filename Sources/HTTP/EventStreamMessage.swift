/// One message of an `application/vnd.amazon.eventstream`.
public struct EventStreamMessage: Hashable, Sendable {
  /// The value of a header, in the ten types of the format (true and false are two of them).
  public enum HeaderValue: Hashable, Sendable {
    case bool(Bool)
    case byte(Int8)
    case short(Int16)
    case int(Int32)
    case long(Int64)
    case bytes([UInt8])
    case string(String)
    /// Milliseconds since 1970.
    case timestamp(Int64)
    /// 16 bytes.
    case uuid([UInt8])
  }

  public var headers: [String: HeaderValue]
  public var payload: [UInt8]

  public init(headers: [String: HeaderValue] = [:], payload: [UInt8] = []) {
    self.headers = headers
    self.payload = payload
  }

  /// The text of a header such as `:event-type`; `nil` when there is none or it is of another type.
  public func text(_ header: String) -> String? {
    if case .string(let text) = headers[header] { text } else { nil }
  }
}
