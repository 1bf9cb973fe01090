@testable import RearviewHTTP

/// Writes `application/vnd.amazon.eventstream`: no change by chance leaves a checksum right.
enum EventStreamBytes {
  static func message(_ message: EventStreamMessage) -> [UInt8] {
    let headers = message.headers.sorted { $0.key < $1.key }.flatMap { name, value in
      [UInt8(name.utf8.count)] + name.utf8 + header(value)
    }
    let prelude =
      bigEndian(UInt32(headers.count + message.payload.count + 16)) + bigEndian(UInt32(headers.count))
    let checked = prelude + checksum(prelude[...]) + headers + message.payload
    return checked + checksum(checked[...])
  }

  private static func header(_ value: EventStreamMessage.HeaderValue) -> [UInt8] {
    switch value {
    case .bool(let flag): [flag ? 0 : 1]
    case .byte(let number): [2] + bigEndian(number)
    case .short(let number): [3] + bigEndian(number)
    case .int(let number): [4] + bigEndian(number)
    case .long(let number): [5] + bigEndian(number)
    case .bytes(let bytes): [6] + bigEndian(UInt16(bytes.count)) + bytes
    case .string(let text): [7] + bigEndian(UInt16(text.utf8.count)) + text.utf8
    case .timestamp(let time): [8] + bigEndian(time)
    case .uuid(let bytes): [9] + bytes
    }
  }

  /// The bytes with the checksums set right, as far as their lengths tell where these stand.
  static func repaired(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var start = 0
    while bytes.count - start >= 16 {
      let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
      bytes.replaceSubrange(start + 8..<start + 12, with: checksum(bytes[start..<start + 8]))
      let end = start + length
      guard length >= 16, end <= bytes.count else { break }
      bytes.replaceSubrange(end - 4..<end, with: checksum(bytes[start..<end - 4]))
      start = end
    }
    return bytes
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] { bigEndian(CRC32.checksum(of: bytes)) }

  private static func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }
}

extension FuzzInput {
  /// As an event stream: the bytes themselves, these with their checksums set right, or a message for each line. A line
  /// is the type of an event, a blank and the payload; `!` before the type makes it an exception, `?` an error.
  var framed: FuzzInput {
    var input = self
    switch variant {
    case 0: break
    case 1: input.bytes = EventStreamBytes.repaired(bytes)
    default: input.bytes = bytes.split(separator: 0x0A).flatMap { EventStreamBytes.message(Self.message(ofLine: $0)) }
    }
    return input
  }

  private static func message(ofLine line: ArraySlice<UInt8>) -> EventStreamMessage {
    let parts = line.split(separator: 0x20, maxSplits: 1, omittingEmptySubsequences: false)
    let type = String(decoding: parts[0].prefix(1_000), as: UTF8.self)
    let payload = parts.count > 1 ? Array(parts[1]) : []
    let headers: [String: EventStreamMessage.HeaderValue] =
      switch type.first {
      case "!": [":message-type": .string("exception"), ":exception-type": .string(String(type.dropFirst()))]
      case "?": [":message-type": .string("error"), ":error-code": .string(String(type.dropFirst()))]
      default: [":message-type": .string("event"), ":event-type": .string(type)]
      }
    return EventStreamMessage(headers: headers, payload: payload)
  }
}
