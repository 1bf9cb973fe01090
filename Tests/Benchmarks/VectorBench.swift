import CKernels
import Foundation
import RearviewChat
import RearviewEmbeddedMemory
import RearviewMemory

/// What vectors cost: the kernel alone, then a bank of 100,000 memories, with the numbers of a seeded generator.
struct VectorBench {
  private static let dimension = 384
  private static let memories = 100_000
  private let folder = NSTemporaryDirectory() + "rearview-vector-bench-" + UUID().uuidString

  func rows() async throws -> [Row] {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try kernel() + (await bank())
  }

  private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  private func milliseconds(since start: ContinuousClock.Instant) -> Double {
    Double((ContinuousClock.now - start) / .microseconds(1)) / 1_000
  }

  /// Comparing a query with every row, by each kernel that this machine has.
  private func kernel() throws -> [Row] {
    let most = 1_000_000
    var generator = SeededNumbers(state: 1)
    let block = (0..<65_536 * Self.dimension).map { _ in Int8(truncatingIfNeeded: generator.next()) }
    var codes: [Int8] = []
    codes.reserveCapacity(most * Self.dimension)
    while codes.count < most * Self.dimension { codes += block.prefix(most * Self.dimension - codes.count) }
    let scales = [Float](repeating: 0.001, count: most)
    var scores = [Float](repeating: 0, count: most)
    let kernels = [REARVIEW_KERNEL_PORTABLE, REARVIEW_KERNEL_SSE2, REARVIEW_KERNEL_AVX2, REARVIEW_KERNEL_NEON]
      .filter(rearview_kernel_is_available)
    return kernels.flatMap { kernel in
      [(10_000, 0.5), (100_000, 5), (most, 50)].map { count, goal in
        let times = (0..<9).map { _ in
          let start = ContinuousClock.now
          rearview_int8_scores_by(kernel, block, codes, count, Self.dimension, scales, 0.001, &scores)
          return milliseconds(since: start)
        }
        let name = String(cString: rearview_kernel_name(kernel))
        // The portable one is for machines that have no other.
        return Row(
          name: "vectors: \(name), \(count) rows of \(Self.dimension), median", value: median(times), unit: "ms",
          goal: kernel == REARVIEW_KERNEL_PORTABLE ? goal * 4 : goal)
      }
    }
  }

  private func bank() async throws -> [Row] {
    let store = try await EmbeddedMemory.open(path: folder + "/memory.sqlite")
    for batch in 0..<(Self.memories / 1_000) {
      try await store.retain(
        (0..<1_000).map { index in
          let text = "Note \(batch * 1_000 + index): the lease was moved."
          return RetainTurn(
            bankID: "bench", turnID: UUID().uuidString, documentID: "session-\(batch)",
            messages: [RetainedMessage(speaker: .user, text: text, saidAt: Date(timeIntervalSince1970: 1_700_000_000))])
        })
    }
    let model = SeededVectors(dimension: Self.dimension)
    let start = ContinuousClock.now
    try await store.embedMissing(bankID: "bench", model: model)
    let embedding = milliseconds(since: start) / Double(Self.memories / 64)

    let before = residentKilobytes()
    let index = VectorIndex()
    let first = try await search(store, index, model, count: 1)
    let resident = Double(residentKilobytes() - before) / 1_024
    let kept = try await search(store, index, model, count: 101)
    let fromDisk = try await search(store, VectorIndex(cacheLimit: 0), model, count: 11)
    // Another process, or this one, has embedded something since the last search.
    var afterChanges: [Double] = []
    for number in 0..<21 {
      try await store.retain([
        RetainTurn(
          bankID: "bench", turnID: "later-\(number)", documentID: "later",
          messages: [RetainedMessage(speaker: .user, text: "Later \(number).", saidAt: Date())])
      ])
      try await store.embedMissing(bankID: "bench", model: model)
      afterChanges.append(try await search(store, index, model, count: 1)[0])
    }
    return [
      Row(name: "vectors: storing a batch of 64, mean", value: embedding, unit: "ms", goal: 30),
      Row(name: "vectors: first search of 100,000", value: first[0], unit: "ms", goal: 150),
      Row(name: "vectors: resident memory for 100,000", value: resident, unit: "MB", goal: 60),
      Row(name: "vectors: search of 100,000, best 600, median", value: median(kept), unit: "ms", goal: 10),
      Row(name: "vectors: the same after another was stored", value: median(afterChanges), unit: "ms", goal: 15),
      Row(name: "vectors: the same from disk, median", value: median(fromDisk), unit: "ms", goal: 150),
    ]
  }

  private func search(
    _ store: EmbeddedMemory, _ index: VectorIndex, _ model: SeededVectors, count: Int
  ) async throws -> [Double] {
    var times: [Double] = []
    for number in 0..<count {
      let query = QueryVector(model: model.name, numbers: model.vector("Question \(number)"))
      let start = ContinuousClock.now
      let found = try await store.nearest(to: query, bankID: "bench", limit: 600, in: index)
      times.append(milliseconds(since: start))
      guard found.count == 600 else { throw NothingFound() }
    }
    return times
  }

  private struct NothingFound: Error {}
}

/// A vector by chance for each text, the same each time.
private struct SeededVectors: EmbeddingModel {
  let name = "bench/vectors"
  let dimension: Int

  func vector(_ text: String) -> [Float] {
    var seed: UInt64 = 14_695_981_039_346_656_037
    for byte in text.utf8 { seed = (seed ^ UInt64(byte)) &* 1_099_511_628_211 }
    var generator = SeededNumbers(state: seed)
    return (0..<dimension).map { _ in Float(Int32(truncatingIfNeeded: generator.next())) }
  }

  func embed(_ texts: [String], for use: EmbeddingUse) async throws -> [[Float]] { texts.map(vector) }
}

/// Numbers by chance from a seed (Steele, Lea and Flood, 2014).
private struct SeededNumbers {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
