import RearviewChat
import Testing

@Suite("Usage")
struct UsageTests {
  @Test("brings figures that cannot be into range, so that sums never overflow")
  func clamped() {
    let usage = Usage(inputTokens: .max, outputTokens: .min)
    #expect(usage == Usage(inputTokens: 1_000_000_000, outputTokens: 0))
  }
}
