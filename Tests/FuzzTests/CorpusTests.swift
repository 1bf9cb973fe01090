import Foundation
import Testing

@Suite("What the fuzzer has found worth keeping")
struct CorpusTests {
  struct Kept: Sendable, CustomTestStringConvertible {
    var decoder: FuzzedDecoder
    var files: [URL]
    var testDescription: String { "\(decoder.rawValue), \(files.count) inputs" }
  }

  private static func corpus() throws -> [Kept] {
    let folder = try #require(Bundle.module.url(forResource: "Corpus", withExtension: nil))
    return try FuzzedDecoder.allCases.map { decoder in
      let own = folder.appendingPathComponent(decoder.rawValue)
      return Kept(
        decoder: decoder, files: try FileManager.default.contentsOfDirectory(at: own, includingPropertiesForKeys: nil))
    }
  }

  @Test("every decoder keeps its promises", arguments: try corpus())
  func promises(kept: Kept) throws {
    #expect(!kept.files.isEmpty)
    for file in kept.files {
      let bytes = [UInt8](try Data(contentsOf: file))
      #expect(throws: Never.self, "\(file.lastPathComponent)") { try kept.decoder.check(bytes) }
    }
  }
}
