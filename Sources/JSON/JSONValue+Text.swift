// JSON text to values and back (RFC 8259). Own code for two reasons: Foundation's parser loses the order of members,
// which the memory block shows, and tells no line for a mistake in a file that a person wrote.

/// Where a text is no JSON.
public struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
  /// From 1.
  public var line: Int
  /// In bytes, from 1.
  public var column: Int
  public var cause: String

  public var description: String { "line \(line), column \(column): \(cause)" }
}

extension JSONValue {
  /// Reads a whole JSON text. Lists and objects may be nested 500 deep; a byte-order mark at the start is skipped.
  public init(parsing bytes: [UInt8]) throws(JSONSyntaxError) {
    let result: Result<JSONValue, JSONSyntaxError> = bytes.withUnsafeBufferPointer { buffer in
      var reader = JSONReader(buffer)
      do throws(JSONSyntaxError) {
        return .success(try reader.whole())
      } catch {
        return .failure(error)
      }
    }
    self = try result.get()
  }

  public init(parsing text: String) throws(JSONSyntaxError) { try self.init(parsing: Array(text.utf8)) }

  /// The value as JSON text in UTF-8, members in their order.
  ///
  /// - Parameter indent: Blanks for each level, one member a line; `nil` for one line without blanks.
  public func bytes(indent: Int? = nil) -> [UInt8] {
    var writer = JSONWriter(indent: indent)
    writer.write(self, level: 0)
    return writer.output
  }

  /// The value as JSON text; see `bytes(indent:)`.
  public func written(indent: Int? = nil) -> String { String(decoding: bytes(indent: indent), as: UTF8.self) }
}

private struct JSONReader {
  private static let depthLimit = 500

  private let bytes: UnsafeBufferPointer<UInt8>
  private var scan: JSONScan

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    scan = JSONScan(bytes)
  }

  mutating func whole() throws(JSONSyntaxError) -> JSONValue {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { scan.step(over: 3) }
    let value = try value(depth: 0)
    guard scan.isAtEnd() else { throw error("something follows the value") }
    return value
  }

  private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    guard depth < Self.depthLimit else { throw error("it is nested more than \(Self.depthLimit) deep") }
    switch scan.next() {
    case nil: throw error("a value is missing")
    case UInt8(ascii: "\""): return .text(try string())
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["): return .list(try list(depth: depth))
    default: return try scalar()
    }
  }

  private mutating func string() throws(JSONSyntaxError) -> String {
    guard let string = scan.takeString() else { throw error("a text does not end") }
    return string.text
  }

  private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONObject {
    var members: [(String, JSONValue)] = []
    _ = scan.take(UInt8(ascii: "{"))
    if scan.take(UInt8(ascii: "}")) { return [:] }
    while true {
      guard scan.next() == UInt8(ascii: "\"") else { throw error("a member's name in quotes is missing") }
      let key = try string()
      guard scan.take(UInt8(ascii: ":")) else { throw error("a colon is missing after \"\(key)\"") }
      members.append((key, try value(depth: depth + 1)))
      if scan.take(UInt8(ascii: "}")) { return JSONObject(members) }
      guard scan.take(UInt8(ascii: ",")) else { throw error("a comma or } is missing") }
    }
  }

  private mutating func list(depth: Int) throws(JSONSyntaxError) -> [JSONValue] {
    var list: [JSONValue] = []
    _ = scan.take(UInt8(ascii: "["))
    if scan.take(UInt8(ascii: "]")) { return list }
    while true {
      list.append(try value(depth: depth + 1))
      if scan.take(UInt8(ascii: "]")) { return list }
      guard scan.take(UInt8(ascii: ",")) else { throw error("a comma or ] is missing") }
    }
  }

  private mutating func scalar() throws(JSONSyntaxError) -> JSONValue {
    let start = scan
    guard let raw = scan.takeScalar() else { throw error("a value is missing") }
    let text = String(decoding: raw, as: UTF8.self)
    switch text {
    case "null": return .null
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    default:
      if let number = Int(text) { return .integer(number) }
      // Swift reads "inf" and "0x1p3" too, which JSON does not know.
      if text.utf8.allSatisfy({ "+-.eE0123456789".utf8.contains($0) }), let number = Double(text), number.isFinite {
        return .number(number)
      }
      scan = start
      throw error("\(text.prefix(20)) is no value")
    }
  }

  private func error(_ cause: String) -> JSONSyntaxError {
    let before = bytes.prefix(scan.position)
    let line = 1 + before.count { $0 == 0x0A }
    let column = 1 + (before.count - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0))
    return JSONSyntaxError(line: line, column: column, cause: cause)
  }
}

private struct JSONWriter {
  let indent: Int?
  var output: [UInt8] = []

  init(indent: Int?) { self.indent = indent }

  mutating func write(_ value: JSONValue, level: Int) {
    switch value {
    case .null: output += "null".utf8
    case .boolean(let flag): output += (flag ? "true" : "false").utf8
    case .integer(let number): output += String(number).utf8
    case .number(let number): output += (number.isFinite ? String(number) : "null").utf8
    case .text(let text): write(text)
    case .list(let list):
      writeAll(Array(list), open: "[", close: "]", level: level) { writer, item in
        writer.write(item, level: level + 1)
      }
    case .object(let object):
      writeAll(Array(object), open: "{", close: "}", level: level) { writer, member in
        writer.write(member.key)
        writer.output += (writer.indent == nil ? ":" : ": ").utf8
        writer.write(member.value, level: level + 1)
      }
    }
  }

  private mutating func writeAll<Item>(
    _ items: [Item], open: String, close: String, level: Int, _ write: (inout Self, Item) -> Void
  ) {
    output += open.utf8
    for (index, item) in items.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      startLine(level + 1)
      write(&self, item)
    }
    if !items.isEmpty { startLine(level) }
    output += close.utf8
  }

  private mutating func startLine(_ level: Int) {
    guard let indent else { return }
    output.append(0x0A)
    output += repeatElement(0x20, count: indent * level)
  }

  private mutating func write(_ text: String) {
    output.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): output += "\\\"".utf8
      case UInt8(ascii: "\\"): output += "\\\\".utf8
      case 0x0A: output += "\\n".utf8
      case 0x0D: output += "\\r".utf8
      case 0x09: output += "\\t".utf8
      case 0..<0x20:
        output += "\\u00".utf8
        output += (byte < 0x10 ? "0" : "").utf8
        output += String(byte, radix: 16).utf8
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}
