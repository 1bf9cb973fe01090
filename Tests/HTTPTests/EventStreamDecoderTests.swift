import Foundation
import Testing

@testable import RearviewHTTP

@Suite("Messages from the bytes of an event stream")
struct EventStreamDecoderTests {
  private struct Decoded: Equatable {
    var messages: [EventStreamMessage] = []
    var fault: EventStreamFault?
  }

  private func decode(_ pieces: [[UInt8]]) -> Decoded {
    var decoder = EventStreamDecoder()
    var decoded = Decoded()
    do throws(EventStreamFault) {
      for piece in pieces { decoded.messages += try decoder.feed(piece) }
      try decoder.finish()
    } catch {
      decoded.fault = error
    }
    return decoded
  }

  @Test("every recorded frame gives what botocore made of it, however it is cut", arguments: try RecordedFrame.all())
  func recorded(frame: RecordedFrame) {
    let expected = Decoded(messages: frame.messages, fault: frame.fault)
    #expect(decode([frame.bytes]) == expected)
    #expect(decode(Pieces.oneByteEach(frame.bytes)) == expected)
    for pieces in Pieces.cutAnywhere(frame.bytes) { #expect(decode(pieces) == expected) }
  }

  @Test("every recorded stream gives the same messages, however it is cut", arguments: RecordedStream.allCases)
  func streams(stream: RecordedStream) throws {
    let bytes = try stream.bytes()
    let whole = decode([bytes])
    #expect(whole.fault == nil)
    #expect(whole.messages.map(\.kind) == stream.kinds)
    #expect(whole.messages.allSatisfy { (try? JSONSerialization.jsonObject(with: Data($0.payload))) is [String: Any] })
    #expect(decode(Pieces.oneByteEach(bytes)) == whole)
    for pieces in Pieces.cutAnywhere(bytes) { #expect(decode(pieces) == whole) }
  }

  @Test("a stream that ends at any byte gives the messages that were whole, and says how much was cut")
  func endsAnywhere() throws {
    let bytes = try RecordedStream.text.bytes()
    let whole = decode([bytes]).messages
    var ends: [Int] = [0]
    for message in whole { ends.append(try #require(ends.last) + Frame.bytes(of: message).count) }
    #expect(ends.last == bytes.count)
    for end in 0...bytes.count {
      let count = ends.lastIndex { $0 <= end } ?? 0
      let left = end - ends[count]
      let expected = Decoded(messages: Array(whole[..<count]), fault: left == 0 ? nil : .cut(bytes: left))
      #expect(decode([Array(bytes[..<end])]) == expected)
    }
  }

  @Test("one changed byte anywhere is a fault, never another message")
  func damage() {
    let good = EventStreamMessage(headers: [":event-type": .string("a")], payload: Array("{}".utf8))
    let bytes = Frame.bytes(of: good)
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 0x10
      let found = decode([Frame.bytes(of: good) + damaged])
      #expect(found.messages == [good])
      #expect(found.fault != nil)
    }
  }

  @Test("messages before a fault are given first, then each call throws")
  func messagesBeforeFault() throws {
    let good = EventStreamMessage(payload: [1, 2, 3])
    var damaged = Frame.bytes(of: good)
    damaged[12] ^= 1
    var decoder = EventStreamDecoder()
    #expect(try decoder.feed(Frame.bytes(of: good) + damaged + Frame.bytes(of: good)) == [good])
    #expect(throws: EventStreamFault.wrongChecksum) { try decoder.finish() }
    #expect(throws: EventStreamFault.wrongChecksum) { _ = try decoder.feed(Frame.bytes(of: good)) }
  }

  @Test("headers and payload at their limits pass, a byte more does not")
  func limits() {
    // Four headers of 32 KiB each.
    var headers: [String: EventStreamMessage.HeaderValue] = [:]
    for index in 0..<4 { headers["\(index)"] = .bytes([UInt8](repeating: 0, count: 32_763)) }
    let full = EventStreamMessage(headers: headers)
    #expect(decode([Frame.bytes(of: full)]) == Decoded(messages: [full]))
    headers["4"] = .bool(true)
    #expect(decode([Frame.bytes(of: EventStreamMessage(headers: headers))]) == Decoded(fault: .wrongLength))

    let large = EventStreamMessage(payload: [UInt8](repeating: 7, count: 24 * 1024 * 1024))
    #expect(decode(Pieces.ofSize(1_000, Frame.bytes(of: large))) == Decoded(messages: [large]))
    let larger = Frame.prelude(length: UInt32(16 + large.payload.count + 1), headerLength: 0)
    #expect(decode([larger]) == Decoded(fault: .wrongLength))
  }

  @Test(
    "lengths that cannot be are a fault", arguments: [(15, 0), (16, 1), (0, 0), (100, 90), (UInt32.max, UInt32.max)])
  func lengths(length: UInt32, headerLength: UInt32) {
    #expect(decode([Frame.prelude(length: length, headerLength: headerLength)]) == Decoded(fault: .wrongLength))
  }

  @Test(
    "headers that do not follow the format are a fault",
    arguments: [
      [1],  // a name without its byte
      [1, 0x61],  // no type
      [1, 0x61, 10],  // no such type
      [1, 0x61, 3, 0],  // half a number
      [1, 0x61, 7, 0, 2, 0x61],  // half a text
      [1, 0x61, 7, 0, 1, 0xFF],  // no UTF-8
      [1, 0x61, 9, 0],  // half a UUID
      [1, 0x61, 0, 1, 0x61, 1],  // a name twice
      [1, 0xFF, 0],  // a name that is no UTF-8
    ] as [[UInt8]])
  func headers(bytes: [UInt8]) {
    #expect(decode([Frame.bytes(headers: bytes, payload: [])]) == Decoded(fault: .wrongHeader))
  }

  @Test("only a text is given as text")
  func text() {
    let message = EventStreamMessage(headers: ["a": .string("x"), "b": .int(1)])
    #expect(message.text("a") == "x")
    #expect(message.text("b") == nil)
    #expect(message.text("c") == nil)
  }

  @Test("the checksum is that of zlib", arguments: [("", 0), ("123456789", 0xCBF4_3926), ("a", 0xE8B7_BE43)])
  func checksum(text: String, expected: UInt32) {
    #expect(CRC32.checksum(of: Array(text.utf8)[...]) == expected)
  }
}

extension EventStreamMessage {
  fileprivate var kind: String? { text(":event-type") ?? text(":exception-type") }
}

/// Writes frames; the recorded ones show that it writes them as Amazon does.
private enum Frame {
  static func bytes(of message: EventStreamMessage) -> [UInt8] {
    // In the order of the recorded streams, where there is one.
    let order = [":event-type", ":exception-type", ":content-type", ":message-type"]
    let names =
      order.filter { message.headers[$0] != nil } + message.headers.keys.filter { !order.contains($0) }.sorted()
    var headers: [UInt8] = []
    for name in names {
      headers += [UInt8(name.utf8.count)] + Array(name.utf8)
      switch message.headers[name] {
      case .bool(let value): headers += [value ? 0 : 1]
      case .bytes(let value): headers += [6] + big(UInt16(value.count)) + value
      case .string(let value): headers += [7] + big(UInt16(value.utf8.count)) + Array(value.utf8)
      default: Issue.record("no test writes such a header")
      }
    }
    return bytes(headers: headers, payload: message.payload)
  }

  static func bytes(headers: [UInt8], payload: [UInt8]) -> [UInt8] {
    let length = UInt32(16 + headers.count + payload.count)
    let checked = prelude(length: length, headerLength: UInt32(headers.count)) + headers + payload
    return checked + big(CRC32.checksum(of: checked[...]))
  }

  static func prelude(length: UInt32, headerLength: UInt32) -> [UInt8] {
    let lengths = big(length) + big(headerLength)
    return lengths + big(CRC32.checksum(of: lengths[...]))
  }

  private static func big(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }
}

/// The recorded streams, and what kinds of messages they hold.
enum RecordedStream: String, CaseIterable, Sendable {
  case text, think, tool, midfail

  func bytes() throws -> [UInt8] {
    let url = try #require(
      Bundle.module.url(forResource: "stream.\(rawValue)", withExtension: "bin", subdirectory: "Golden/eventstream"))
    return Array(try Data(contentsOf: url))
  }

  var kinds: [String?] {
    let end = ["contentBlockStop", "messageStop", "metadata"]
    func deltas(_ count: Int) -> [String] { Array(repeating: "contentBlockDelta", count: count) }
    return switch self {
    case .text: ["messageStart"] + deltas(7) + end
    case .think: ["messageStart"] + deltas(3) + ["contentBlockStop"] + deltas(7) + end
    case .tool: ["messageStart"] + deltas(7) + ["contentBlockStop", "contentBlockStart"] + deltas(3) + end
    case .midfail: ["messageStart"] + deltas(3) + ["throttlingException"]
    }
  }
}

/// One frame of the recorded ones, with what botocore made of it.
struct RecordedFrame: Decodable, Sendable, CustomTestStringConvertible {
  private struct Message: Decodable {
    var headers: [String: Header]
    /// A character a byte.
    var payload: String
  }

  private enum Header: Decodable {
    case bool(Bool)
    case number(Int64)
    case text(String)

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let bool = try? value.decode(Bool.self) {
        self = .bool(bool)
      } else if let number = try? value.decode(Int64.self) {
        self = .number(number)
      } else {
        self = .text(try value.decode(String.self))
      }
    }
  }

  private enum CodingKeys: String, CodingKey {
    case name, hex, messages, error
    case leftOver = "left_over"
  }

  var name: String
  var bytes: [UInt8]
  var messages: [EventStreamMessage]
  var fault: EventStreamFault?
  var testDescription: String { name }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    name = try values.decode(String.self, forKey: .name)
    bytes = Pieces.bytes(hex: try values.decode(String.self, forKey: .hex))
    messages = try values.decode([Message].self, forKey: .messages).map { message in
      EventStreamMessage(
        headers: try Dictionary(uniqueKeysWithValues: message.headers.map { ($0, try Self.value(of: $1, named: $0)) }),
        payload: message.payload.unicodeScalars.map { UInt8($0.value) })
    }
    switch try values.decodeIfPresent(String.self, forKey: .error) {
    case "ChecksumMismatch": fault = .wrongChecksum
    case "InvalidPayloadLength": fault = .wrongLength
    case let other?: throw DecodingError.dataCorruptedError(forKey: .error, in: values, debugDescription: other)
    case nil:
      let leftOver = try values.decode(Int.self, forKey: .leftOver)
      if leftOver > 0 { fault = .cut(bytes: leftOver) }
    }
  }

  /// JSON has fewer types than the format: the names of the headers tell theirs.
  private static func value(of header: Header, named name: String) throws -> EventStreamMessage.HeaderValue {
    switch header {
    case .bool(let value): return .bool(value)
    case .number(let value):
      switch name {
      case "byte": return .byte(Int8(value))
      case "short": return .short(Int16(value))
      case "int": return .int(Int32(value))
      case "long": return .long(value)
      default: return .timestamp(value)
      }
    case .text(let value):
      switch name {
      case "bytes": return .bytes(Array(try #require(Data(base64Encoded: value))))
      case "uuid": return .uuid(Array(try #require(Data(base64Encoded: value))))
      default: return .string(value)
      }
    }
  }

  private struct File: Decodable {
    var frames: [RecordedFrame]
  }

  static func all() throws -> [RecordedFrame] {
    let url = try #require(
      Bundle.module.url(
        forResource: "eventstream.frames", withExtension: "json", subdirectory: "Golden/eventstream"))
    return try JSONDecoder().decode(File.self, from: Data(contentsOf: url)).frames
  }
}
