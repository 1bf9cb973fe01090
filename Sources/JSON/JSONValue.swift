/// Any JSON value. Objects keep the order of their members.
public enum JSONValue: Hashable, Sendable {
  case null
  case boolean(Bool)
  case integer(Int)
  /// A number that is no integer of 64 bits.
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object(JSONObject)

  public var isNull: Bool { self == .null }

  public var text: String? {
    if case .text(let text) = self { return text }
    return nil
  }

  public var boolean: Bool? {
    if case .boolean(let flag) = self { return flag }
    return nil
  }

  public var integer: Int? {
    if case .integer(let number) = self { return number }
    return nil
  }

  /// A number of either kind.
  public var number: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .number(let number): number
    case .null, .boolean, .text, .list, .object: nil
    }
  }

  public var list: [JSONValue]? {
    if case .list(let list) = self { return list }
    return nil
  }

  public var object: JSONObject? {
    if case .object(let object) = self { return object }
    return nil
  }

  /// A member of an object; `nil` when there is none, or this is no object.
  public subscript(key: String) -> JSONValue? { object?[key] }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  public init(stringLiteral value: String) { self = .text(value) }
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .list(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
  public init(nilLiteral: ()) { self = .null }
}

/// The members of a JSON object, in their order; of a name that comes twice the last counts.
///
/// Two objects with the same members are equal in whatever order these stand. Looking up walks over the members:
/// meant for the small objects of requests and answers. Making one of many members, and comparing two, takes no walk
/// for each.
public struct JSONObject: Hashable, Sendable, Sequence, ExpressibleByDictionaryLiteral {
  public typealias Key = String
  public typealias Value = JSONValue
  public typealias Element = (key: String, value: JSONValue)

  private struct Member: Hashable, Sendable {
    var key: String
    var value: JSONValue
  }

  /// Up to so many members a walk is quicker than a table.
  private static let few = 16

  private var members: [Member] = []

  public init() {}

  public init(_ members: some Sequence<(String, JSONValue)>) {
    var places: [String: Int] = [:]
    for (key, value) in members {
      if self.members.count < Self.few {
        self[key] = value
        continue
      }
      if places.isEmpty { places = self.places }
      if let place = places[key] {
        self.members[place].value = value
      } else {
        places[key] = self.members.count
        self.members.append(Member(key: key, value: value))
      }
    }
  }

  private var places: [String: Int] {
    Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1.key, $0) })
  }

  public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }

  public subscript(key: String) -> JSONValue? {
    get { members.first { $0.key == key }?.value }
    set {
      let index = members.firstIndex { $0.key == key }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append(Member(key: key, value: value))
      case (nil, nil): break
      }
    }
  }

  public var keys: [String] { members.map(\.key) }
  public var count: Int { members.count }
  public var isEmpty: Bool { members.isEmpty }

  public func makeIterator() -> AnyIterator<(key: String, value: JSONValue)> {
    var iterator = members.makeIterator()
    return AnyIterator { iterator.next().map { ($0.key, $0.value) } }
  }

  /// Adds the members of another object; where both have one, the other's counts.
  public mutating func merge(_ other: JSONObject) {
    for (key, value) in other { self[key] = value }
  }

  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    guard left.count == right.count else { return false }
    if left.count <= few { return left.members.allSatisfy { right[$0.key] == $0.value } }
    let places = right.places
    return left.members.allSatisfy { member in
      places[member.key].map { right.members[$0].value == member.value } ?? false
    }
  }

  public func hash(into hasher: inout Hasher) {
    var sum = 0
    for member in members { sum ^= member.hashValue }
    hasher.combine(sum)
  }
}

// MARK: - Codable

extension JSONValue: Codable {
  public init(from decoder: any Decoder) throws {
    if let object = try? decoder.container(keyedBy: JSONObject.MemberKey.self) {
      self = .object(try JSONObject(object))
      return
    }
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let flag = try? container.decode(Bool.self) {
      self = .boolean(flag)
    } else if let number = try? container.decode(Int.self) {
      self = .integer(number)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else {
      self = .list(try container.decode([JSONValue].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .boolean(let flag): try container.encode(flag)
    case .integer(let number): try container.encode(number)
    case .number(let number): try container.encode(number)
    case .text(let text): try container.encode(text)
    case .list(let list): try container.encode(list)
    case .object(let object): try container.encode(object)
    }
  }
}

extension JSONObject: Codable {
  struct MemberKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(_ container: KeyedDecodingContainer<MemberKey>) throws {
    self.init(try container.allKeys.map { ($0.stringValue, try container.decode(JSONValue.self, forKey: $0)) })
  }

  public init(from decoder: any Decoder) throws {
    try self.init(try decoder.container(keyedBy: MemberKey.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: MemberKey.self)
    for member in members { try container.encode(member.value, forKey: MemberKey(stringValue: member.key)) }
  }
}
