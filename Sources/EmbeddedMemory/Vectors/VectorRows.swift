import CKernels
import Foundation
import GRDB

/// Vectors side by side, as a page holds them and the kernel reads them.
struct VectorRows: Sendable {
  let dimension: Int
  /// The row ids of the memories.
  private(set) var ids: [Int64] = []
  private(set) var codes: [Int8] = []
  private(set) var scales: [Float] = []

  init(dimension: Int) {
    self.dimension = dimension
  }

  /// Numbers of a page or a row, checked: a damaged file must not make the kernel read what is not there.
  init(dimension: Int, ids: Data?, codes: Data?, scales: Data?) throws {
    self.dimension = dimension
    self.ids = Self.numbers(ids)
    self.codes = Self.numbers(codes)
    self.scales = Self.numbers(scales)
    guard self.scales.count == self.ids.count, self.codes.count == self.ids.count * dimension,
      ids?.count == self.ids.count * 8
    else { throw Self.damaged }
  }

  static let damaged = DatabaseError(resultCode: .SQLITE_CORRUPT, message: "its vectors are damaged")

  mutating func append(id: Int64, codes: Data?, scale: Double?) throws {
    guard let codes, codes.count == dimension, let scale else { throw Self.damaged }
    ids.append(id)
    self.codes += Self.numbers(codes) as [Int8]
    scales.append(Float(scale))
  }

  var count: Int { ids.count }

  /// The codes of one row.
  subscript(index: Int) -> ArraySlice<Int8> { codes[index * dimension..<(index + 1) * dimension] }

  /// The memory that a row takes while it is kept.
  static func byteCount(dimension: Int) -> Int { dimension + MemoryLayout<Int64>.size + MemoryLayout<Float>.size }

  /// The cosine of each row with `query`, into `scores`, whose former content is replaced.
  func score(_ query: Int8Vector, into scores: inout [Float]) {
    scores.removeAll(keepingCapacity: true)
    scores.append(contentsOf: repeatElement(0, count: count))
    rearview_int8_scores(query.codes, codes, count, dimension, scales, query.scale, &scores)
  }

  /// Numbers as they stand in memory, which on every machine that this is built for is the lowest byte first.
  static func data(_ numbers: some Collection<some BitwiseCopyable>) -> Data {
    Array(numbers).withUnsafeBytes { Data($0) }
  }

  private static func numbers<Number: BitwiseCopyable>(_ data: Data?) -> [Number] {
    guard let data else { return [] }
    let count = data.count / MemoryLayout<Number>.stride
    return [Number](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = data.copyBytes(to: buffer) / MemoryLayout<Number>.stride
    }
  }
}
