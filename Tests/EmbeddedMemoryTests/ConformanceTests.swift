import Foundation
import MemoryStoreConformance
import RearviewEmbeddedMemory
import Testing

@Suite("The embedded memory as a memory store")
struct ConformanceTests {
  @Test("it keeps the promises of every store", arguments: MemoryStoreCheck.all)
  func conforms(_ check: MemoryStoreCheck) async throws {
    let scene = try Scene()
    try await check.run(try await scene.open(), "bank")
    #expect(try scene.faults() == [])
  }
}
