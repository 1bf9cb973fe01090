/// The header fields of a request or a response, in order; names compare without regard to case.
public struct HeaderFields: Hashable, Sendable, ExpressibleByDictionaryLiteral, Sequence {
  private var fields: [Field] = []

  private struct Field: Hashable, Sendable {
    var name: String
    var value: String
  }

  public init() {}

  public init(dictionaryLiteral elements: (String, String)...) {
    fields = elements.map { Field(name: $0.0, value: $0.1) }
  }

  /// The first value of a name. Setting one replaces all values of that name; setting `nil` removes them.
  public subscript(name: String) -> String? {
    get { fields.first { Self.isSame($0.name, name) }?.value }
    set {
      fields.removeAll { Self.isSame($0.name, name) }
      if let newValue { fields.append(Field(name: name, value: newValue)) }
    }
  }

  /// Adds a value beside those that the name already has.
  public mutating func append(name: String, value: String) {
    fields.append(Field(name: name, value: value))
  }

  public func makeIterator() -> AnyIterator<(name: String, value: String)> {
    var iterator = fields.makeIterator()
    return AnyIterator { iterator.next().map { ($0.name, $0.value) } }
  }

  private static func isSame(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count && zip(left.utf8, right.utf8).allSatisfy { lowercased($0) == lowercased($1) }
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 {
    (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
  }
}

/// Printed, it shows the names only: some of the values are keys.
extension HeaderFields: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { map(\.name).description }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
