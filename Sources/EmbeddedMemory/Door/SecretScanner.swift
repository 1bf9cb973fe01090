/// Takes keys, tokens and passwords out of a text before it is written anywhere.
///
/// A secret is known by how it begins (`sk-ant-…`), by its form (a JSON Web Token, a block of a private key), by the
/// name before it (`api_key=…`, `Authorization: …`, "my password is …"), or by its place (`https://user:secret@host`).
/// What only looks random stays: hashes of commits, UUIDs, pictures in base64. So do words about secrets. One that
/// nothing marks cannot be found. What was redacted once stays as it is. Linear in the length of the text.
struct SecretScanner {
  private struct Found {
    var range: Range<Int>
    var kind: SecretKind
  }

  private let bytes: [UInt8]
  private var found: [Found] = []
  private var place = 0
  private var nextFooter = -1

  static func redacted(_ text: String) -> RedactedText {
    var scanner = SecretScanner(bytes: Array(text.utf8))
    return scanner.redacted(text)
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  private mutating func redacted(_ text: String) -> RedactedText {
    while place < bytes.count { step() }
    guard !found.isEmpty else { return RedactedText(text: text, kinds: []) }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var end = 0
    for secret in found {
      result += bytes[end..<secret.range.lowerBound]
      result += secret.kind.mark.utf8
      end = secret.range.upperBound
    }
    result += bytes[end...]
    return RedactedText(text: String(decoding: result, as: UTF8.self), kinds: found.map(\.kind))
  }

  private mutating func step() {
    let byte = bytes[place]
    switch byte {
    case UInt8(ascii: "="), UInt8(ascii: ":"):
      if address() || assignment(at: place) { return }
    case UInt8(ascii: "-"):
      if privateKey() { return }
    case UInt8(ascii: " "):
      if option() || spokenPassword() { return }
    default:
      if Self.isWordByte(byte), isWordStart, prefixed() || webToken() || bearer() || telegram() { return }
    }
    place += 1
  }

  private mutating func take(_ range: Range<Int>, _ kind: SecretKind) -> Bool {
    guard !range.isEmpty, range.lowerBound >= found.last?.range.upperBound ?? 0 else { return false }
    found.append(Found(range: range, kind: kind))
    place = range.upperBound
    return true
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }

  private var isWordStart: Bool {
    guard place > (found.last?.range.upperBound ?? 0) else { return true }
    let before = bytes[place - 1]
    return !Self.isWordByte(before) && before != UInt8(ascii: "_") && before != UInt8(ascii: "-")
  }

  private func end(from start: Int, most: Int = 8_192, while isPart: (UInt8) -> Bool) -> Int {
    var end = start
    while end < bytes.count, end - start < most, isPart(bytes[end]) { end += 1 }
    return end
  }

  private func hasText(_ text: StaticString, at start: Int) -> Bool {
    guard start >= 0, start + text.utf8CodeUnitCount <= bytes.count else { return false }
    return text.withUTF8Buffer { buffer in
      for index in buffer.indices where bytes[start + index] != buffer[index] { return false }
      return true
    }
  }

  // MARK: - By their form

  private mutating func prefixed() -> Bool {
    for pattern in SecretPrefix.byFirst[Int(bytes[place])] {
      guard bytes.count - place > pattern.prefix.count, bytes[place...].starts(with: pattern.prefix) else { continue }
      let start = place + pattern.prefix.count
      var end = end(from: start) { pattern.alphabet.contains($0) }
      // A stop at the end ends a sentence.
      while end > start, bytes[end - 1] == UInt8(ascii: ".") || bytes[end - 1] == UInt8(ascii: "-") { end -= 1 }
      guard (pattern.count...pattern.most).contains(end - start), looksRandom(start..<end) else { continue }
      return take(place..<end, pattern.kind)
    }
    return false
  }

  /// No list of words with hyphens: there is a digit, and a stretch that is no word.
  private func looksRandom(_ range: Range<Int>) -> Bool {
    var hasDigit = false
    var run = 0
    var longest = 0
    for byte in bytes[range] {
      if (0x30...0x39).contains(byte) { hasDigit = true }
      run = Self.isWordByte(byte) ? run + 1 : 0
      longest = max(longest, run)
    }
    return hasDigit && longest >= 10
  }

  /// `eyJ….eyJ….…`: three parts in base64, of which the first two begin like JSON.
  private mutating func webToken() -> Bool {
    guard hasText("eyJ", at: place) else { return false }
    func part(_ start: Int) -> Int { end(from: start) { SecretPrefix.Alphabet.base64URL.contains($0) } }
    let first = part(place)
    guard first - place >= 12, first < bytes.count, bytes[first] == UInt8(ascii: ".") else { return false }
    let second = part(first + 1)
    guard second - first > 8, second < bytes.count, bytes[second] == UInt8(ascii: ".") else { return false }
    let third = part(second + 1)
    guard third - second > 8 else { return false }
    return take(place..<third, .jsonWebToken)
  }

  /// From `-----BEGIN … PRIVATE KEY-----` to the end that belongs to it, or of what looks like it.
  private mutating func privateKey() -> Bool {
    guard hasText("-----BEGIN ", at: place) else { return false }
    let headerEnd = end(from: place + 11, most: 60) { $0 != 0x0A && $0 != UInt8(ascii: "-") }
    let header = String(decoding: bytes[(place + 11)..<headerEnd], as: UTF8.self)
    guard header.hasSuffix("PRIVATE KEY") || header.hasSuffix("PRIVATE KEY BLOCK"), hasText("-----", at: headerEnd)
    else {
      return false
    }
    let bodyStart = headerEnd + 5
    var end = footer(from: bodyStart)
    if let footer = end {
      end = self.end(from: footer + 9, most: 60) { $0 != 0x0A && $0 != UInt8(ascii: "-") }
      end = self.end(from: end ?? footer, most: 5) { $0 == UInt8(ascii: "-") }
    }
    // Without an end, what is in base64.
    let last =
      end
      ?? self.end(from: bodyStart, most: Self.keyLimit) {
        Self.isWordByte($0) || "+/=\\".utf8.contains($0) || $0 == 0x0A || $0 == 0x0D
      }
    return take(place..<last, .privateKey)
  }

  private static let keyLimit = 65_536

  /// Where the next `-----END ` stands, if it is not too far. What was looked through once is not looked through again.
  private mutating func footer(from start: Int) -> Int? {
    if nextFooter < start {
      nextFooter = start
      while nextFooter < bytes.count, !hasText("-----END ", at: nextFooter) { nextFooter += 1 }
    }
    return nextFooter < bytes.count && nextFooter - start <= Self.keyLimit ? nextFooter : nil
  }

  /// `123456789:AA…` of 35 characters.
  private mutating func telegram() -> Bool {
    guard (0x30...0x39).contains(bytes[place]) else { return false }
    let colon = end(from: place, most: 11) { (0x30...0x39).contains($0) }
    guard (8...10).contains(colon - place), colon < bytes.count, bytes[colon] == UInt8(ascii: ":") else { return false }
    let end = end(from: colon + 1, most: 64) { SecretPrefix.Alphabet.base64URL.contains($0) }
    guard end - colon - 1 == 35, looksRandom(colon + 1..<end) else { return false }
    return take(place..<end, .telegram)
  }

  /// "Bearer" and a token, without the header's name.
  private mutating func bearer() -> Bool {
    guard hasText("Bearer ", at: place) || hasText("bearer ", at: place) else { return false }
    let start = place + 7
    let end = end(from: start) { Self.isCredential($0) }
    guard end - start >= 16, looksRandom(start..<end) else { return false }
    return take(start..<end, .credentials)
  }

  private static func isCredential(_ byte: UInt8) -> Bool {
    isWordByte(byte) || "-._~+/=".utf8.contains(byte)
  }

  // MARK: - By their place

  /// `scheme://user:secret@host`: the secret goes, the rest stays.
  private mutating func address() -> Bool {
    guard hasText("://", at: place), place > 0, Self.isWordByte(bytes[place - 1]) else { return false }
    let start = place + 3
    let end = end(from: start, most: 300) {
      $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "\"")
        && $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">") && $0 != UInt8(ascii: "`")
    }
    // Of several, the last @ before the path parts the host: passwords hold them unescaped.
    let slash = bytes[start..<end].firstIndex(of: UInt8(ascii: "/"))
    guard let colon = bytes[start..<end].firstIndex(of: UInt8(ascii: ":")),
      let at = bytes[start..<(slash ?? end)].lastIndex(of: UInt8(ascii: "@"))
        ?? bytes[start..<end].lastIndex(of: UInt8(ascii: "@")),
      colon < at, at > colon + 1, at + 1 < end, slash.map({ $0 > colon }) ?? true
    else { return false }
    let secret = bytes[(colon + 1)..<at]
    // A template or a mark, and a port before a path with an @ in it.
    guard let first = secret.first, !"[<{$*%".utf8.contains(first) || secret.count > 2 && first == UInt8(ascii: "%")
    else { return false }
    if slash.map({ $0 < at }) ?? false,
      secret.prefix(while: { $0 != UInt8(ascii: "/") }).allSatisfy({ (0x30...0x39).contains($0) })
    {
      return false
    }
    return take(colon + 1..<at, .password)
  }

  /// `name = value`, `"name": "value"`, `--name=value`, `Name: scheme value`.
  private mutating func assignment(at sign: Int) -> Bool {
    guard let label = label(before: sign), let meaning = SecretLabel.meaning(label) else { return false }
    var start = sign + 1
    // `=>`, `==`, `:=`.
    while start < bytes.count, bytes[start] == UInt8(ascii: "=") || bytes[start] == UInt8(ascii: ">") { start += 1 }
    start = end(from: start, most: 4) { $0 == 0x20 || $0 == 0x09 }
    guard start < bytes.count else { return false }
    if meaning == .header { return header(from: start) }
    let mark = bytes[start]
    let isQuoted = "\"'`".utf8.contains(mark)
    let valueStart = isQuoted ? start + 1 : start
    var end = end(from: valueStart) {
      isQuoted ? $0 != mark && $0 != 0x0A : $0 > 0x20 && !"\"'`,;&<>)}]".utf8.contains($0)
    }
    if !isQuoted, end >= bytes.count || bytes[end] <= 0x20 {
      while end > valueStart, ".!?:\\".utf8.contains(bytes[end - 1]) { end -= 1 }
    }
    guard SecretLabel.isSecret(bytes[valueStart..<end], meaning, isQuoted: isQuoted) else {
      guard end - valueStart > 256 else { return false }
      // Nobody reads this twice.
      place = end
      return true
    }
    return takeValue(valueStart..<end, meaning)
  }

  /// Takes a value; one with a prefix of its own says better what it is.
  private mutating func takeValue(_ range: Range<Int>, _ meaning: SecretLabel.Meaning) -> Bool {
    let before = place
    place = range.lowerBound
    if Self.isWordByte(bytes[place]), prefixed() || webToken() { return true }
    place = before
    return take(range, meaning == .password ? .password : .secret)
  }

  private mutating func header(from start: Int) -> Bool {
    var start = start
    if start < bytes.count, "\"'".utf8.contains(bytes[start]) { start += 1 }
    for scheme in ["bearer ", "basic ", "token ", "apikey ", "digest "] {
      let end = start + scheme.utf8.count
      guard end <= bytes.count, String(decoding: bytes[start..<end], as: UTF8.self).lowercased() == scheme else {
        continue
      }
      start = end
      break
    }
    let end = end(from: start) { Self.isCredential($0) }
    guard end - start >= 8, bytes[start..<end].contains(where: { (0x30...0x39).contains($0) }) || end - start >= 20
    else {
      return false
    }
    return take(start..<end, .credentials)
  }

  /// The name before a sign: letters, digits, `_`, `-` and `.`, perhaps in quotation marks.
  private func label(before sign: Int) -> ArraySlice<UInt8>? {
    var end = sign
    while end > 0, sign - end < 3, bytes[end - 1] == 0x20 || bytes[end - 1] == UInt8(ascii: ":") { end -= 1 }
    // `config["password"] = …`; a bracket alone could end one of our own marks.
    if end > 1, bytes[end - 1] == UInt8(ascii: "]"), "\"'".utf8.contains(bytes[end - 2]) { end -= 1 }
    if end > 0, "\"'`".utf8.contains(bytes[end - 1]) { end -= 1 }
    if end > 0, bytes[end - 1] == UInt8(ascii: "\\") { end -= 1 }
    var start = end
    while start > 0, end - start < 64 {
      let byte = bytes[start - 1]
      guard Self.isWordByte(byte) || "_-.".utf8.contains(byte) || byte >= 0x80 else { break }
      start -= 1
    }
    // "api key: …", "secret access key = …".
    var words = 0
    while words < 2, start > 1, bytes[start - 1] == 0x20, Self.isWordByte(bytes[start - 2]), end - start < 24 {
      var next = start - 1
      while next > 0, start - next < 16, Self.isWordByte(bytes[next - 1]) { next -= 1 }
      let word = String(decoding: bytes[next..<start - 1], as: UTF8.self).lowercased()
      guard ["api", "access", "secret", "private", "client", "auth", "account", "signing"].contains(word) else { break }
      start = next
      words += 1
    }
    return start < end ? bytes[start..<end] : nil
  }

  /// `--token value`.
  private mutating func option() -> Bool {
    guard place > 4, Self.isWordByte(bytes[place - 1]) else { return false }
    var start = place
    while start > 0, place - start < 32, Self.isWordByte(bytes[start - 1]) || bytes[start - 1] == UInt8(ascii: "-") {
      start -= 1
    }
    guard hasText("--", at: start), let meaning = SecretLabel.meaning(bytes[(start + 2)..<place]), meaning != .header
    else { return false }
    let end = end(from: place + 1) { $0 > 0x20 && !"\"'`".utf8.contains($0) }
    guard SecretLabel.isSecret(bytes[(place + 1)..<end], meaning, isQuoted: false) else { return false }
    return takeValue(place + 1..<end, meaning)
  }

  // MARK: - As people say it

  /// "My password is hunter22."
  private mutating func spokenPassword() -> Bool {
    let verbs: [StaticString] = [" is ", " ist ", " lautet ", " est ", " es "]
    guard let verb = verbs.first(where: { hasText($0, at: place) }), let label = label(before: place),
      let meaning = SecretLabel.meaning(label), meaning != .header
    else { return false }
    var start = place + verb.utf8CodeUnitCount
    let isQuoted = start < bytes.count && "\"'`".utf8.contains(bytes[start])
    if isQuoted { start += 1 }
    var end = end(from: start, most: 256) { $0 > 0x20 && !"\"`,;".utf8.contains($0) }
    while end > start, ".!?)':".utf8.contains(bytes[end - 1]) { end -= 1 }
    let value = bytes[start..<end]
    // A word is no password that somebody would tell; one with a digit in it is.
    guard value.contains(where: { (0x30...0x39).contains($0) }),
      SecretLabel.isSecret(value, meaning, isQuoted: isQuoted)
    else {
      return false
    }
    return takeValue(start..<end, meaning)
  }
}
