import RearviewJSON

/// A JSON value in what a model wrote, however it wrote it.
///
/// Small models wrap it in fences, think aloud before it and comment after it, leave commas at the end, write
/// Python's words or single quotes, and stop in the middle. What was whole up to there is taken.
struct LaxJSON {
  let value: JSONValue
  /// Whether the text ended before the value did.
  let isCut: Bool

  /// The first object or list in a text; `nil` when there is none.
  init?(_ text: String) {
    var text = text[...]
    // What a model thought is not what it answers.
    while let start = text.firstRange(of: "<think>"), let end = text[start.upperBound...].firstRange(of: "</think>") {
      text = text[end.upperBound...]
    }
    let scalars = Array(text.unicodeScalars)
    var longest: (value: JSONValue, isCut: Bool, length: Int)?
    var index = 0
    while index < scalars.count {
      guard scalars[index] == "{" || scalars[index] == "[" else {
        index += 1
        continue
      }
      var reader = Reader(scalars, at: index)
      guard let value = reader.value(depth: 0), !value.isCitation, !(reader.isCut && value.isEmpty) else {
        index += 1
        continue
      }
      let length = reader.index - index
      // A bracket in a sentence before the answer is short.
      if length > longest?.length ?? 0 { longest = (value, reader.isCut, length) }
      index = max(reader.index, index + 1)
    }
    guard let longest else { return nil }
    value = longest.value
    isCut = longest.isCut
  }

  private struct Reader {
    let scalars: [Unicode.Scalar]
    var index: Int
    var isCut = false

    init(_ scalars: [Unicode.Scalar], at index: Int) {
      self.scalars = scalars
      self.index = index
    }

    private static let depthLimit = 100

    private mutating func next() -> Unicode.Scalar? {
      while index < scalars.count, scalars[index].properties.isWhitespace { index += 1 }
      return index < scalars.count ? scalars[index] : nil
    }

    mutating func value(depth: Int) -> JSONValue? {
      guard depth < Self.depthLimit else { return nil }
      switch next() {
      case nil:
        isCut = true
        return nil
      case "{": return object(depth: depth)
      case "[": return list(depth: depth)
      case let quote? where Self.closing[quote] != nil: return string().map(JSONValue.text)
      default: return word()
      }
    }

    private mutating func object(depth: Int) -> JSONValue? {
      var object: JSONObject = [:]
      index += 1
      while true {
        switch next() {
        case nil:
          isCut = true
          return .object(object)
        case "}":
          index += 1
          return .object(object)
        case ",":
          index += 1
        case let mark?:
          guard let key = Self.closing[mark] != nil ? string() : bareKey() else { return isCut ? .object(object) : nil }
          guard next() == ":" else {
            if next() == nil { isCut = true }
            return isCut ? .object(object) : nil
          }
          index += 1
          guard let value = value(depth: depth + 1) else { return isCut ? .object(object) : nil }
          object[key] = value
          if isCut { return .object(object) }
        }
      }
    }

    private mutating func list(depth: Int) -> JSONValue? {
      var list: [JSONValue] = []
      index += 1
      while true {
        switch next() {
        case nil:
          isCut = true
          return .list(list)
        case "]":
          index += 1
          return .list(list)
        case ",":
          index += 1
        default:
          guard let value = value(depth: depth + 1) else { return isCut ? .list(list) : nil }
          // What was cut in the middle says less than was meant.
          if isCut { return .list(list) }
          list.append(value)
        }
      }
    }

    private static let closing: [Unicode.Scalar: Unicode.Scalar] = ["\"": "\"", "'": "'", "\u{201C}": "\u{201D}"]

    private mutating func string() -> String? {
      guard let closing = Self.closing[scalars[index]] else { return nil }
      index += 1
      var inside = String.UnicodeScalarView()
      while index < scalars.count {
        let scalar = scalars[index]
        if scalar == closing {
          index += 1
          // Escapes are read by the strict reader.
          let strict = "\"" + String(inside) + "\""
          return (try? JSONValue(parsing: strict))?.text ?? String(inside)
        }
        if scalar == "\\", index + 1 < scalars.count {
          let isQuote = scalars[index + 1] == "'"
          if !isQuote { inside.append(scalar) }
          inside.append(scalars[index + 1])
          index += 2
        } else {
          if scalar == "\"" { inside.append("\\") }
          inside.append(scalar)
          index += 1
        }
      }
      isCut = true
      return nil
    }

    private mutating func bareKey() -> String? {
      let start = index
      while index < scalars.count,
        scalars[index].properties.isAlphabetic || "_-0123456789".unicodeScalars.contains(scalars[index])
      {
        index += 1
      }
      return index > start ? String(String.UnicodeScalarView(scalars[start..<index])) : nil
    }

    private mutating func word() -> JSONValue? {
      let start = index
      while index < scalars.count, !",]}:\"{[".unicodeScalars.contains(scalars[index]),
        !scalars[index].properties.isWhitespace
      {
        index += 1
      }
      let word = String(String.UnicodeScalarView(scalars[start..<index]))
      switch word.lowercased() {
      case "": return nil
      case "null", "none", "undefined": return .null
      case "true": return .boolean(true)
      case "false": return .boolean(false)
      default: return try? JSONValue(parsing: word)
      }
    }
  }
}

extension JSONValue {
  /// A list of one bare number stands in a text, and is no answer.
  fileprivate var isCitation: Bool { list?.count == 1 && list?.first?.integer != nil }

  fileprivate var isEmpty: Bool { list?.isEmpty ?? object?.isEmpty ?? false }

  /// A text, or a number as one; `nil` for anything else, and for a text of blanks.
  var laxText: String? {
    switch self {
    case .text(let text): text.allSatisfy(\.isWhitespace) ? nil : text
    case .integer(let number): String(number)
    case .null, .boolean, .number, .list, .object: nil
    }
  }

  /// The texts of a list; of one text, itself.
  var laxTexts: [String] {
    switch self {
    case .list(let list): list.compactMap(\.laxText)
    default: laxText.map { [$0] } ?? []
    }
  }

  /// The first member that is there under one of these names.
  func member(_ names: String...) -> JSONValue? {
    names.lazy.compactMap { self[$0] }.first { !$0.isNull }
  }
}
