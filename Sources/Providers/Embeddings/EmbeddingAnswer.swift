import RearviewJSON

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The vectors of one answer, in the order of the texts.
///
/// An answer is `{"data": [{"index": 0, "embedding": […]}, …]}`, in any order, where a vector is a list of numbers or
/// their 32-bit forms, the lowest byte first, in base64. Without `index` the place in the list counts.
struct EmbeddingAnswer: Hashable, Sendable {
  let vectors: [[Float]]

  /// Why an answer cannot be used.
  struct Fault: Error {
    var cause: String
  }

  init(_ body: [UInt8], textCount: Int) throws(Fault) {
    let json: JSONValue
    do {
      json = try JSONValue(parsing: body)
    } catch {
      throw Fault(
        cause: body.isEmpty ? "it is empty" : "it begins with \(String(decoding: body.prefix(80), as: UTF8.self))")
    }
    guard let items = json["data"]?.list else { throw Fault(cause: "it holds no list of vectors") }
    guard items.count == textCount else {
      throw Fault(cause: "it holds \(items.count) vectors for \(textCount) texts")
    }
    var found = [[Float]?](repeating: nil, count: textCount)
    for (place, item) in items.enumerated() {
      let index = item["index"]?.integer ?? place
      guard found.indices.contains(index), found[index] == nil else {
        throw Fault(
          cause: "it holds a vector for the text \(index + 1) of \(textCount)"
            + (found.indices.contains(index) ? " twice" : ""))
      }
      found[index] = try Self.vector(item["embedding"], text: index + 1)
    }
    let vectors = found.compactMap(\.self)
    let dimensions = Set(vectors.map(\.count))
    guard dimensions.count <= 1 else {
      throw Fault(
        cause: "its vectors have \(dimensions.sorted().map(String.init).joined(separator: " and ")) numbers")
    }
    self.vectors = vectors
  }

  private static func vector(_ json: JSONValue?, text: Int) throws(Fault) -> [Float] {
    var vector: [Float] = []
    switch json {
    case .list(let list):
      vector.reserveCapacity(list.count)
      for member in list {
        guard let number = member.number else {
          throw Fault(cause: "the vector of the text \(text) holds something that is no number")
        }
        vector.append(Float(number))
      }
    case .text(let base64):
      guard let data = Data(base64Encoded: base64), data.count % 4 == 0 else {
        throw Fault(cause: "the vector of the text \(text) is not in base64")
      }
      let bytes = [UInt8](data)
      vector = stride(from: 0, to: bytes.count, by: 4).map { start in
        let bits = bytes[start..<start + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return Float(bitPattern: bits)
      }
    case .null, .boolean, .integer, .number, .object, nil:
      throw Fault(cause: "the text \(text) has no vector")
    }
    guard !vector.isEmpty else { throw Fault(cause: "the vector of the text \(text) is empty") }
    guard vector.allSatisfy(\.isFinite) else {
      throw Fault(cause: "the vector of the text \(text) holds a number without end, or none")
    }
    return vector
  }
}
