import CKernels
import Testing

/// Every kernel that this machine has, against sums made one by one.
@Suite("Dot products")
struct KernelTests {
  private static let all = [
    REARVIEW_KERNEL_PORTABLE, REARVIEW_KERNEL_SSE2, REARVIEW_KERNEL_AVX2, REARVIEW_KERNEL_NEON,
  ].filter(rearview_kernel_is_available)

  private func scores(
    by kernel: rearview_kernel?, query: [Int8], rows: [Int8], scales: [Float], queryScale: Float = 1
  ) -> [Float] {
    [Float](unsafeUninitializedCapacity: scales.count) { scores, count in
      // Exactly as large as its rows are, so that a sanitizer sees a kernel read behind them.
      let tight = UnsafeMutablePointer<Int8>.allocate(capacity: max(rows.count, 1))
      defer { tight.deallocate() }
      tight.update(from: rows, count: rows.count)
      if let start = scores.baseAddress {
        if let kernel {
          rearview_int8_scores_by(kernel, query, tight, scales.count, query.count, scales, queryScale, start)
        } else {
          rearview_int8_scores(query, tight, scales.count, query.count, scales, queryScale, start)
        }
      }
      count = scales.count
    }
  }

  private func expected(query: [Int8], rows: [Int8], scales: [Float], queryScale: Float = 1) -> [Float] {
    scales.indices.map { row in
      let sum = query.indices.reduce(0) { $0 + Int(query[$1]) * Int(rows[row * query.count + $1]) }
      return Float(sum) * queryScale * scales[row]
    }
  }

  @Test("all kernels agree to the last bit, at every dimension", arguments: all.map(\.rawValue))
  func agree(kernel: UInt32) {
    var random = SystemRandomNumberGenerator()
    for dimension in Array(0...97) + [128, 255, 256, 383, 384, 385, 768, 1_023, 1_024, 1_536, 3_072] {
      let count = 5
      let query = (0..<dimension).map { _ in Int8.random(in: -128...127, using: &random) }
      let rows = (0..<count * dimension).map { _ in Int8.random(in: -128...127, using: &random) }
      let scales = (0..<count).map { _ in Float.random(in: 0...1, using: &random) }
      let found = scores(
        by: rearview_kernel(kernel), query: query, rows: rows, scales: scales, queryScale: 0.013)
      #expect(
        found == expected(query: query, rows: rows, scales: scales, queryScale: 0.013), "dimension \(dimension)")
    }
  }

  @Test("the largest sums do not overflow", arguments: all.map(\.rawValue))
  func extremes(kernel: UInt32) {
    for dimension in [31, 384, 4_096, Int(REARVIEW_DIMENSION_LIMIT)] {
      let lowest = [Int8](repeating: -128, count: dimension)
      let highest = [Int8](repeating: 127, count: dimension)
      let found = scores(by: rearview_kernel(kernel), query: lowest, rows: lowest + highest, scales: [1, 1])
      #expect(found == [Float(16_384 * dimension), Float(-16_256 * dimension)])
    }
  }

  @Test("the kernel in use is one that this machine has, and not the portable one where there is another")
  func inUse() {
    let inUse = rearview_kernel_in_use()
    #expect(Self.all.contains(inUse))
    #expect(Self.all.count == 1 || inUse != REARVIEW_KERNEL_PORTABLE)
    #expect(["portable", "SSE2", "AVX2", "NEON"].contains(String(cString: rearview_kernel_name(inUse))))
    let (query, rows): ([Int8], [Int8]) = ([1, -2, 3], [4, 5, 6, -1, 0, 1])
    #expect(scores(by: nil, query: query, rows: rows, scales: [1, 0.5]) == [12, 1])
    #expect(scores(by: nil, query: query, rows: [], scales: []) == [])
  }
}
