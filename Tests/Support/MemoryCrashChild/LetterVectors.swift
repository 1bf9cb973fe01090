import RearviewChat

/// Counts the letters of a text.
struct LetterVectors: EmbeddingModel {
  let name = "letters/26"

  func embed(_ texts: [String], for use: EmbeddingUse) async throws -> [[Float]] {
    texts.map { text in
      var counts = [Float](repeating: 0, count: 26)
      for byte in text.utf8 where (0x61...0x7A).contains(byte) { counts[Int(byte - 0x61)] += 1 }
      return counts
    }
  }
}
