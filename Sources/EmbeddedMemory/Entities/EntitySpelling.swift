/// What a word is by its spelling alone.
enum EntitySpelling {
  /// Whether a capital stands behind a small letter: `userName`, "GitHub".
  static func hasInnerCapital(_ bytes: ArraySlice<UInt8>) -> Bool {
    var before: UInt8 = 0
    for byte in bytes {
      if (0x41...0x5A).contains(byte), (0x61...0x7A).contains(before) { return true }
      before = byte
    }
    return false
  }

  /// Kind and name of a word that is no plain one, or `nil`.
  static func special(_ word: String, isCode: Bool) -> (EntityKind, String)? {
    let bytes = Array(word.utf8)
    guard let first = bytes.first, bytes.count <= 512 else { return nil }
    if let address = address(word, bytes) { return address }
    if first == UInt8(ascii: "@") {
      let name = bytes.dropFirst()
      return name.count >= 2 && name.allSatisfy(isNameByte) && name.contains(where: isLetter) ? (.handle, word) : nil
    }
    if first == UInt8(ascii: "#") { return tag(word, bytes.dropFirst()) }
    if let at = bytes.firstIndex(of: UInt8(ascii: "@")) {
      let host = bytes[(at + 1)...]
      guard at > 0, host.contains(UInt8(ascii: ".")), host.allSatisfy(isNameByte),
        bytes[..<at].allSatisfy({ isNameByte($0) || $0 == UInt8(ascii: "+") })
      else { return nil }
      return (.email, word)
    }
    if isPath(bytes) { return (.path, word) }
    if let version = version(bytes) { return (version, word) }
    if let file = file(word) { return file }
    return identifier(word, bytes, isCode: isCode)
  }

  static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  private static func isNameByte(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
      || byte == UInt8(ascii: ".")
  }

  private static func address(_ word: String, _ bytes: [UInt8]) -> (EntityKind, String)? {
    if word.contains("://") {
      let parts = word.split(separator: "://", maxSplits: 1)
      return parts.count == 2 && parts[0].allSatisfy({ $0.isLetter || $0 == "+" }) ? (.url, word) : nil
    }
    if word.hasPrefix("www."), bytes.count > 6 { return (.url, word) }
    let host = word.split(separator: "/", maxSplits: 1)[...].first.map(String.init) ?? ""
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    guard labels.count > 1, let last = labels.last, EntityWords.domains.contains(String(last)),
      !EntityWords.fileEndings.contains(String(last)), !host.contains("@"),
      labels.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (isNameByte($0) && $0 != UInt8(ascii: "_")) } }),
      labels[0].utf8.first.map({ $0 >= 0x61 || isDigit($0) }) ?? false,
      labels.dropLast().contains(where: { $0.count > 2 })
    else { return nil }
    return (.url, word)
  }

  private static func tag(_ word: String, _ name: ArraySlice<UInt8>) -> (EntityKind, String)? {
    guard let first = name.first, isLetter(first) || first >= 0x80, name.count >= 2 else { return nil }
    guard name.allSatisfy({ isNameByte($0) || $0 >= 0x80 }) else { return nil }
    // Colours.
    let isHex = name.allSatisfy { isDigit($0) || (0x61...0x66).contains($0 | 0x20) }
    return isHex && [3, 6, 8].contains(name.count) && name.contains(where: isDigit) ? nil : (.tag, word)
  }

  private static func isPath(_ bytes: [UInt8]) -> Bool {
    let slash = UInt8(ascii: "/")
    if bytes.count > 3, isLetter(bytes[0]), bytes[1] == UInt8(ascii: ":"), bytes[2] == UInt8(ascii: "\\") {
      return true
    }
    guard bytes.contains(slash), bytes.contains(where: isLetter) else { return false }
    guard
      !bytes.contains(where: {
        $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "&")
      })
    else { return false }
    let parts = bytes.split(separator: slash, omittingEmptySubsequences: false)
    let middle = parts.dropFirst().dropLast()
    guard middle.allSatisfy({ !$0.isEmpty }) else { return false }
    switch bytes[0] {
    case slash, UInt8(ascii: "~"): return parts.count > 2 || (parts.last?.count ?? 0) >= 3
    case UInt8(ascii: "."):
      return parts.first == [UInt8(ascii: ".")] || parts.first == [UInt8(ascii: "."), UInt8(ascii: ".")]
        || parts.count > 1
    default: break
    }
    guard parts.dropLast().allSatisfy({ !$0.isEmpty && $0.allSatisfy(isNameByte) }) else { return false }
    if let last = parts.last, let dot = last.lastIndex(of: UInt8(ascii: ".")), dot > last.startIndex {
      let ending = String(decoding: last[(dot + 1)...], as: UTF8.self).lowercased()
      if EntityWords.fileEndings.contains(ending) { return true }
    }
    // "src/main/", "a/b/c" are paths, "and/or" and "km/h" are not.
    return parts.count > 3
      || (parts.count == 3 && (parts[2].isEmpty || parts.allSatisfy { $0.count > 2 })
        && bytes.allSatisfy { !(0x41...0x5A).contains($0) })
  }

  private static func version(_ bytes: [UInt8]) -> EntityKind? {
    let hasMark = bytes[0] | 0x20 == UInt8(ascii: "v") && bytes.count > 1
    let body = hasMark ? bytes.dropFirst() : bytes[...]
    guard let first = body.first, isDigit(first) else { return nil }
    let main = body.prefix { isDigit($0) || $0 == UInt8(ascii: ".") }
    let dots = main.count { $0 == UInt8(ascii: ".") }
    guard main.last != UInt8(ascii: ".") else { return nil }
    let rest = body[main.endIndex...]
    guard rest.isEmpty || rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+"),
      rest.allSatisfy({ isNameByte($0) || $0 == UInt8(ascii: "+") })
    else { return nil }
    if hasMark { return .version }
    let parts = main.split(separator: UInt8(ascii: "."))
    // Four numbers are an address of a network, and a year at the end makes a date.
    guard dots == 2, parts.count == 3, parts.allSatisfy({ $0.count <= 3 }) else { return nil }
    return .version
  }

  private static func file(_ word: String) -> (EntityKind, String)? {
    guard let dot = word.lastIndex(of: "."), dot > word.startIndex, !word.contains("/") else { return nil }
    let ending = word[word.index(after: dot)...].lowercased()
    guard EntityWords.fileEndings.contains(ending), word[..<dot].utf8.allSatisfy(isNameByte) else { return nil }
    // "Node.js" is a name, and so is "B.C" none of a file.
    if ending == "js", word.first?.isUppercase ?? false { return (.name, word) }
    return word.utf8.count > 3 && word[..<dot].count > 1 ? (.path, word) : nil
  }

  private static func identifier(_ word: String, _ bytes: [UInt8], isCode: Bool) -> (EntityKind, String)? {
    guard bytes.count >= 3 else { return ["C++", "C#", "F#"].contains(word) ? (.identifier, word) : nil }
    if word == "C++" { return (.identifier, word) }
    let isWord = bytes.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
    if isWord, isLetter(bytes[0]) || bytes[0] == UInt8(ascii: "_"),
      bytes.dropFirst().dropLast().contains(UInt8(ascii: "_"))
    {
      return bytes.contains(where: isLetter) ? (.identifier, word) : nil
    }
    if isWord, (0x61...0x7A).contains(bytes[0]), hasInnerCapital(bytes[...]) {
      // "iPhone", "eBay" are names.
      return (0x41...0x5A).contains(bytes[1]) ? (.name, word) : (.identifier, word)
    }
    let isPath = bytes.allSatisfy {
      isLetter($0) || isDigit($0)
        || [UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "-")].contains($0)
    }
    return isCode && isPath && bytes.contains(where: isLetter) && bytes.count <= 60 ? (.identifier, word) : nil
  }

  /// Whether what stands in quotation marks or brackets is the title of a work: in scripts without capitals anything
  /// short; else a few words that begin with a capital, most of them capitalised, and no sentence.
  static func isTitle(_ title: String, isKnown: (String) -> Bool) -> Bool {
    guard let first = title.unicodeScalars.first, let last = title.unicodeScalars.last, title.utf8.count <= 90 else {
      return false
    }
    if first.value >= 0x3000 {
      return title.unicodeScalars.count >= 2 && title.unicodeScalars.count <= 30
        && !title.unicodeScalars.contains { "。、！？".unicodeScalars.contains($0) }
    }
    guard first.properties.isUppercase || first.properties.numericType != nil, !".,!?;:".unicodeScalars.contains(last)
    else {
      return false
    }
    let words = title.split(separator: " ")
    let capitals = words.count { $0.unicodeScalars.first?.properties.isUppercase ?? false }
    guard (1...8).contains(words.count), capitals * 2 >= words.count + (words.count > 1 ? 1 : 0) else { return false }
    return !words.allSatisfy { isKnown($0.lowercased()) }
  }
}
