import Testing

/// A check of a row of section 15.
typealias RowCheck = @Sendable () async throws -> Void

/// The features of the contract's section 15 ("rows"), each with its check, by their numbers.
enum Rows {
  static let all: [Int: RowCheck] = [settings, banks, calls, blocks, placing, queries, options, overrides, texts]
    .reduce(into: [:]) { $0.merge($1) { $1 } }
    .merging(documents) { $1 }.merging(delivery) { $1 }
    .merging(debugAndStreams) { $1 }.merging(directCalls) { $1 }.merging(wrappersAndCallbacks) { $1 }
}

@Suite("The rows of the contract")
struct RowTests {
  @Test("row", arguments: 1...187)
  func row(_ number: Int) async throws {
    let check = try #require(Rows.all[number], "row \(number) has no test")
    try await check()
  }
}
