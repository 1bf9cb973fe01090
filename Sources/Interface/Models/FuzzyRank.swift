/// How well names fit what was typed. Works on the bytes of lower-case names, without allocating anything for one: a
/// list of thousands is ranked at each letter.
struct FuzzyRank {
  /// In lower case.
  private let typed: [UInt8]
  /// `typed` without blanks.
  private let letters: [UInt8]

  init(_ typed: String) {
    self.typed = Array(typed.lowercased().utf8)
    letters = self.typed.filter { $0 != 0x20 }
  }

  /// Lower is better; `nil` when the letters are not all there in their order. A whole match beats a match at the
  /// starts of words, and that beats scattered letters.
  ///
  /// - Parameter label: In lower case.
  func rank(_ label: UnsafeBufferPointer<UInt8>) -> Int? {
    if let place = wholeMatch(in: label) { return place }
    var gaps = 0
    var next = 0
    for letter in letters {
      let start = next
      while next < label.count, label[next] != letter { next += 1 }
      guard next < label.count else { return nil }
      gaps += next - start
      next += 1
    }
    return 10 + gaps
  }

  func rank(_ label: String) -> Int? { Array(label.lowercased().utf8).withUnsafeBufferPointer { rank($0) } }

  /// 0 at the beginning, 1 at the start of a word, 2 within one.
  private func wholeMatch(in label: UnsafeBufferPointer<UInt8>) -> Int? {
    guard let first = typed.first else { return 0 }
    guard label.count >= typed.count else { return nil }
    var isWithin = false
    search: for start in 0...(label.count - typed.count) where label[start] == first {
      for offset in typed.indices.dropFirst() where label[start + offset] != typed[offset] { continue search }
      if start == 0 { return 0 }
      if !Self.isWordPart(label[start - 1]) { return 1 }
      isWithin = true
    }
    return isWithin ? 2 : nil
  }

  private static func isWordPart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), 0x80...: true
    default: false
    }
  }
}
