/// One event of a `text/event-stream`.
public struct ServerSentEvent: Hashable, Sendable {
  /// What its `event` field said.
  public var name: String?
  /// Its `data` lines, joined by line feeds, as they came: UTF-8, or what the server takes for it.
  public var data: [UInt8]
  /// The last `id` that the stream gave.
  public var id: String?
  /// How many milliseconds the server wants a client to wait before it connects anew.
  public var retryMilliseconds: Int?
  /// `false` for an event whose end never came: the stream stopped in the middle of it.
  public var isWhole: Bool

  public init(
    name: String? = nil, data: [UInt8], id: String? = nil, retryMilliseconds: Int? = nil, isWhole: Bool = true
  ) {
    self.name = name
    self.data = data
    self.id = id
    self.retryMilliseconds = retryMilliseconds
    self.isWhole = isWhole
  }

  /// `data` as text; bytes that are not UTF-8 become U+FFFD.
  public var text: String { String(decoding: data, as: UTF8.self) }

  /// Whether it says that the answer is over, in the way of OpenAI's protocol.
  public var isDone: Bool { data == Self.done }

  static let done = Array("[DONE]".utf8)
}
