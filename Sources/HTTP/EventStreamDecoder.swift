/// Makes messages of the bytes of an `application/vnd.amazon.eventstream`, in whatever pieces the bytes come.
///
/// A message is its length, the length of its headers and the CRC-32 of these two, then the headers, the payload and
/// the CRC-32 of all before it; numbers are big-endian
/// (https://smithy.io/2.0/aws/amazon-eventstream.html). The limits are botocore's: 128 KiB of headers, 24 MiB of
/// payload.
///
/// ```swift
/// var decoder = EventStreamDecoder()
/// for try await bytes in response.body {
///   for message in try decoder.feed(bytes) { take(message) }
/// }
/// try decoder.finish()
/// ```
public struct EventStreamDecoder: Sendable {
  private static let longestHeaders = 128 * 1024
  private static let longestPayload = 24 * 1024 * 1024
  private static let preludeLength = 12
  private static let checksumLength = 4

  /// What has come and belongs to no message yet.
  private var buffered: [UInt8] = []
  private var fault: EventStreamFault?

  public init() {}

  /// Takes the next bytes and returns the messages that they complete.
  ///
  /// Messages before a fault are not lost: they are returned, and the fault is thrown by the next call, be it `feed` or
  /// `finish`. After a fault every call throws it.
  public mutating func feed(_ bytes: [UInt8]) throws(EventStreamFault) -> [EventStreamMessage] {
    if let fault { throw fault }
    buffered += bytes
    var messages: [EventStreamMessage] = []
    var position = 0
    do throws(EventStreamFault) {
      while let message = try Self.message(of: buffered[position...], movingTo: &position) { messages.append(message) }
    } catch {
      fault = error
      buffered = []
      if messages.isEmpty { throw error }
      return messages
    }
    buffered.removeFirst(position)
    return messages
  }

  /// Says that no more bytes come. Throws a fault that `feed` kept back, or `cut` when a message is not whole.
  public mutating func finish() throws(EventStreamFault) {
    if let fault { throw fault }
    if !buffered.isEmpty { throw .cut(bytes: buffered.count) }
  }

  /// The message that `bytes` begin with, and where it ends; `nil` when it is not whole yet.
  private static func message(
    of bytes: ArraySlice<UInt8>, movingTo position: inout Int
  ) throws(EventStreamFault) -> EventStreamMessage? {
    guard bytes.count >= preludeLength else { return nil }
    var prelude = BigEndianReader(bytes.prefix(preludeLength))
    let (length, headerLength) = (Int(try prelude.integer(UInt32.self)), Int(try prelude.integer(UInt32.self)))
    guard try prelude.integer(UInt32.self) == CRC32.checksum(of: bytes.prefix(8)) else { throw .wrongChecksum }
    let payloadLength = length - headerLength - preludeLength - checksumLength
    guard headerLength <= longestHeaders, (0...longestPayload).contains(payloadLength) else { throw .wrongLength }
    guard bytes.count >= length else { return nil }

    let checked = bytes.prefix(length - checksumLength)
    var checksum = BigEndianReader(bytes[checked.endIndex...])
    guard try checksum.integer(UInt32.self) == CRC32.checksum(of: checked) else { throw .wrongChecksum }
    position = bytes.startIndex + length
    let content = checked.dropFirst(preludeLength)
    return EventStreamMessage(
      headers: try headers(of: content.prefix(headerLength)), payload: Array(content.dropFirst(headerLength)))
  }

  private static func headers(
    of bytes: ArraySlice<UInt8>
  ) throws(EventStreamFault) -> [String: EventStreamMessage.HeaderValue] {
    var headers: [String: EventStreamMessage.HeaderValue] = [:]
    var reader = BigEndianReader(bytes)
    while !reader.isAtEnd {
      let name = try reader.text(length: Int(try reader.integer(UInt8.self)))
      guard headers.updateValue(try value(from: &reader), forKey: name) == nil else { throw .wrongHeader }
    }
    return headers
  }

  private static func value(
    from reader: inout BigEndianReader
  ) throws(EventStreamFault) -> EventStreamMessage.HeaderValue {
    switch try reader.integer(UInt8.self) {
    case 0: .bool(true)
    case 1: .bool(false)
    case 2: .byte(try reader.integer(Int8.self))
    case 3: .short(try reader.integer(Int16.self))
    case 4: .int(try reader.integer(Int32.self))
    case 5: .long(try reader.integer(Int64.self))
    case 6: .bytes(Array(try reader.bytes(Int(try reader.integer(UInt16.self)))))
    case 7: .string(try reader.text(length: Int(try reader.integer(UInt16.self))))
    case 8: .timestamp(try reader.integer(Int64.self))
    case 9: .uuid(Array(try reader.bytes(16)))
    default: throw .wrongHeader
    }
  }
}

/// Reads numbers and bytes from the front of a slice; what is not there is a fault of the header.
private struct BigEndianReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) {
    rest = bytes
  }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func bytes(_ count: Int) throws(EventStreamFault) -> ArraySlice<UInt8> {
    guard rest.count >= count else { throw .wrongHeader }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws(EventStreamFault) -> Value {
    try bytes(Value.bitWidth / 8).reduce(0) { $0 << 8 | Value(truncatingIfNeeded: $1) }
  }

  mutating func text(length: Int) throws(EventStreamFault) -> String {
    let bytes = try bytes(length)
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.utf8.elementsEqual(bytes) else { throw .wrongHeader }
    return text
  }
}
