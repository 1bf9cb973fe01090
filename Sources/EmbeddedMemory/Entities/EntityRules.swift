/// Finds the entities that a text mentions, by rule: capitalised names, handles, tags, paths, addresses, versions,
/// words of programs, quoted titles, and who "my sister Anna" is.
///
/// Rules see spellings, not meanings: a name in lower case is missed, and a capitalised word at the beginning of a
/// sentence counts only if it is no common word. German writes every noun with a capital, so in a German text single
/// words count only where no article or ending shows a noun. Of Chinese and Japanese text only titles in brackets are
/// found. The time is linear in the text, of which the first 64 kB are looked at.
struct EntityRules {
  /// Of a text at most so many entities are told, the first ones.
  static let limit = 24

  /// The entities of a text, each once, in the order in which they are first mentioned; the speaker first.
  ///
  /// - Parameters:
  ///   - speaker: Who says it, where that is a name.
  ///   - isCommon: Whether a word, given in lower case, is one that people mostly write so. It is asked for capitalised
  ///     words at the beginning of sentences, and in German for single ones; the most frequent words of English,
  ///     German, French and Spanish are known without it.
  static func entities(
    in text: String, speaker: String? = nil, isCommon: (String) -> Bool = { _ in false }
  ) -> [EntityMention] {
    withoutActuallyEscaping(isCommon) { isCommon in
      var rules = EntityRules(EntityScanner(text), speaker: speaker, isCommon: isCommon)
      return rules.found()
    }
  }

  let scanner: EntityScanner
  private let speaker: String?
  private let isCommon: (String) -> Bool
  private let isGerman: Bool
  private var mentions: [EntityMention] = []
  private var places: [String: Int] = [:]
  /// Names by the word with which they begin, and by the one with which they end.
  private var names: [Int: Run] = [:]
  private var endings: [Int: Int] = [:]
  /// What has a place in the text, to be told in its order.
  private var pending: [(place: Int, mention: EntityMention)] = []

  /// Words that make one name.
  struct Run {
    var words: Range<Int>
    var name: String
    /// With the title before it: "Dr. Smith".
    var fullName: String?
  }

  private init(_ scanner: EntityScanner, speaker: String?, isCommon: @escaping (String) -> Bool) {
    self.scanner = scanner
    self.speaker = speaker
    self.isCommon = isCommon
    isGerman = scanner.words.count { EntityWords.germanMarkers.contains($0.lowercased) } * 6 > scanner.words.count
  }

  private mutating func found() -> [EntityMention] {
    if let speaker, !speaker.isEmpty {
      add(EntityMention(name: speaker, norm: EntityName.norm(speaker), kind: .person))
    }
    speakerLabel()
    var index = 0
    while index < scanner.words.count, pending.count < 4 * Self.limit {
      let next = special(index) ?? run(index) ?? index + 1
      index = max(next, index + 1)
    }
    titles()
    relations()
    for (_, mention) in pending.sorted(by: { $0.place < $1.place }) { add(mention) }
    return mentions
  }

  private mutating func add(_ mention: EntityMention) {
    guard
      mention.norm.unicodeScalars.contains(where: { $0.properties.isAlphabetic || $0.properties.numericType != nil })
    else { return }
    if let place = places[mention.norm] {
      if mentions[place].kind == .name { mentions[place].kind = mention.kind }
      for alias in mention.aliases where !mentions[place].aliases.contains(alias) {
        mentions[place].aliases.append(alias)
      }
    } else if mentions.count < Self.limit {
      places[mention.norm] = mentions.count
      mentions.append(mention)
    }
  }

  private mutating func note(_ name: String, _ kind: EntityKind, at place: Int, aliases: [String] = []) {
    pending.append(
      (place, EntityMention(name: name, norm: EntityName.norm(name), kind: kind, aliases: aliases)))
  }

  private func word(_ index: Int) -> EntityScanner.Word? {
    scanner.words.indices.contains(index) ? scanner.words[index] : nil
  }

  /// "Anna: Hello": who speaks, when the text itself says so.
  private mutating func speakerLabel() {
    for count in 1...2 {
      guard let last = word(count - 1), last.range.upperBound < scanner.bytes.count,
        scanner.bytes[last.range.upperBound] == UInt8(ascii: ":"),
        scanner.bytes[last.range.upperBound...].prefix(2).last == 0x20
      else { continue }
      let words = scanner.words[..<count]
      guard
        words.allSatisfy({
          $0.isCapitalized && $0.isPlain && !EntityWords.labels.contains($0.lowercased) && !isKnown($0.lowercased)
        })
      else { return }
      note(scanner.text(words[0].range.lowerBound..<last.range.upperBound), .person, at: 0)
      return
    }
  }

  /// "UN" is not the French article.
  private func isKnown(_ word: EntityScanner.Word) -> Bool {
    EntityWords.common.contains(word.lowercased)
      || (!word.isAllCapitals && EntityWords.foreignCommon.contains(word.lowercased))
  }

  private func isKnown(_ word: String) -> Bool {
    EntityWords.common.contains(word) || EntityWords.foreignCommon.contains(word)
  }

  // MARK: - Names

  /// Takes the name that begins at a word; the word behind it.
  private mutating func run(_ start: Int) -> Int? {
    guard let first = word(start), canBeName(first) else { return nil }
    var end = start + 1
    var capitals = 1
    if !hasPossessive(first) {
      while let next = extended(end) {
        capitals += 1
        end = next
        if hasPossessive(scanner.words[end - 1]) { break }
      }
    }
    // A line of nothing but capitalised words is a heading.
    guard capitals <= 6 else { return end }
    let all = scanner.words[start..<end]
    if scanner.isShouted || all.contains(where: { $0.isAllCapitals && isKnown($0) }), all.allSatisfy(\.isAllCapitals) {
      return end
    }
    let kept = withoutCommonWords(start..<end)
    guard !kept.isEmpty, isName(kept) else { return end }
    note(kept)
    return end
  }

  private func canBeName(_ word: EntityScanner.Word) -> Bool {
    word.isCapitalized && word.isPlain && !EntityWords.daysAndMonths.contains(word.lowercased)
      && word.lowercased != "i" && !word.lowercased.hasPrefix("i'")
  }

  /// The end of a name that is one word longer, or several with the particles between.
  private func extended(_ end: Int) -> Int? {
    var next = end
    var isBehindParticle = false
    while let word = word(next), next - end <= 3 {
      let previous = scanner.words[next - 1]
      let isInitial =
        previous.hasStop && (previous.range.count == 1 || EntityWords.abbreviations.contains(previous.lowercased))
      guard word.gap == .blank || (word.gap == .sentence && isInitial) else { return nil }
      if canBeName(word), !(word.isAllCapitals && isKnown(word)) {
        // "Anna and I", "Berlin The": a common word begins something else.
        let begins = stopWords.contains(word.lowercased) && word.range.count > 1
        return !isBehindParticle && begins ? nil : next + 1
      }
      guard EntityWords.particles.contains(word.lowercased), !word.isCapitalized,
        !isGerman || word.lowercased != "der" || isBehindParticle
      else { return nil }
      isBehindParticle = true
      next += 1
    }
    return nil
  }

  private func hasPossessive(_ word: EntityScanner.Word) -> Bool {
    word.lowercased.hasSuffix("'s") || word.lowercased.hasSuffix("'")
  }

  /// A name does not begin with a common word, nor, where the sentence begins, with one that the caller knows.
  private func withoutCommonWords(_ range: Range<Int>) -> Range<Int> {
    var start = range.lowerBound
    while start < range.upperBound {
      let word = scanner.words[start]
      let isParticle = EntityWords.particles.contains(word.lowercased) && !word.isCapitalized
      guard isParticle || isDropped(word, before: range.upperBound - start - 1) else { break }
      start += 1
    }
    return start..<range.upperBound
  }

  private func isDropped(_ word: EntityScanner.Word, before count: Int) -> Bool {
    if stopWords.contains(word.lowercased), !word.isAllCapitals || count == 0 { return true }
    if count == 0 { return isKnown(word) || (word.gap == .sentence && isCommon(word.lowercased)) }
    if isGerman, EntityWords.germanNouns.contains(word.lowercased), !EntityWords.honorifics.contains(word.lowercased) {
      return true
    }
    guard word.gap == .sentence, !EntityWords.nameBeginnings.contains(word.lowercased) else { return false }
    return isKnown(word) || isCommon(word.lowercased)
  }

  private func isName(_ range: Range<Int>) -> Bool {
    let words = scanner.words[range]
    guard let first = words.first else { return false }
    if range.count == 1 {
      if first.range.count < 2 || (first.isAllCapitals && isCommon(first.lowercased)) { return false }
      return !isGerman || isGermanName(first, at: range.lowerBound)
    }
    return true
  }

  private func isGermanName(_ word: EntityScanner.Word, at index: Int) -> Bool {
    let lowercased = word.lowercased
    if EntityWords.germanNouns.contains(lowercased) || isCommon(lowercased) { return false }
    if EntityWords.germanEndings.contains(where: {
      lowercased.hasSuffix($0) && lowercased.utf8.count > $0.utf8.count + 2
    }) {
      return false
    }
    guard let before = self.word(index - 1), word.gap == .blank else { return true }
    if EntityWords.germanDeterminers.contains(before.lowercased) { return false }
    // "das große Haus": an adjective behind an article.
    guard let article = self.word(index - 2), before.gap == .blank, !before.isCapitalized else { return true }
    let endsLikeAdjective = ["e", "en", "er", "es", "em"].contains { before.lowercased.hasSuffix($0) }
    return !(endsLikeAdjective && EntityWords.germanDeterminers.contains(article.lowercased))
  }

  private mutating func note(_ range: Range<Int>) {
    var start = range.lowerBound
    while start < range.upperBound - 1, EntityWords.honorifics.contains(scanner.words[start].lowercased) { start += 1 }
    let full = name(range)
    let name = name(start..<range.upperBound)
    let hasTitle = start > range.lowerBound
    names[range.lowerBound] = Run(words: range, name: name, fullName: hasTitle ? full : nil)
    endings[range.upperBound - 1] = range.lowerBound
    let place = scanner.words[range.lowerBound].range.lowerBound
    note(name, hasTitle ? .person : .name, at: place, aliases: hasTitle ? [full] : [])
    version(behind: range)
  }

  /// The words of a name as they are written, without a possessive and what hangs on the last one in lower case
  /// ("Paris-based").
  private func name(_ range: Range<Int>) -> String {
    let words = scanner.words[range]
    guard let first = words.first, let last = words.last else { return "" }
    var text = scanner.text(first.range.lowerBound..<last.range.upperBound)
    for ending in ["'s", "\u{2019}s", "'", "\u{2019}"] where text.hasSuffix(ending) {
      text.removeLast(ending.count)
      break
    }
    if let hyphen = text.lastIndex(of: "-"), text[hyphen...].dropFirst().first?.isLowercase ?? true {
      text = String(text[..<hyphen])
    }
    return text.contains("  ") || text.contains("\u{A0}")
      ? text.split(whereSeparator: \.isWhitespace).joined(separator: " ") : text
  }

  /// "Swift 6", "Python 3.12": a number behind a name that counts nothing.
  private mutating func version(behind range: Range<Int>) {
    guard let number = word(range.upperBound), number.gap == .blank,
      scanner.bytes[number.range].allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") })
    else { return }
    let hasDot = scanner.bytes[number.range].contains(UInt8(ascii: "."))
    let behind = word(range.upperBound + 1)
    let counts = behind.map { $0.gap == .blank && !isKnown($0.lowercased) } ?? false
    guard number.range.count <= (hasDot ? 12 : 3), hasDot || !counts else { return }
    let first = scanner.words[range.lowerBound]
    note(scanner.text(first.range.lowerBound..<number.range.upperBound), .version, at: first.range.lowerBound + 1)
  }

  // MARK: - Special words

  /// Takes a handle, a tag, a path, an address, a version or a word of a program; the word behind it.
  private mutating func special(_ index: Int) -> Int? {
    let word = scanner.words[index]
    // Nearly all words are plain, and of those only a few have a capital inside.
    guard !word.isPlain || word.isCode || EntitySpelling.hasInnerCapital(scanner.bytes[word.range]) else { return nil }
    guard let (kind, name) = EntitySpelling.special(scanner.text(word.range), isCode: word.isCode) else { return nil }
    note(name, kind, at: word.range.lowerBound)
    return index + 1
  }

  // MARK: - Titles

  private mutating func titles() {
    for range in scanner.quotes {
      let title = scanner.text(range).trimming(while: \.isWhitespace)
      guard EntitySpelling.isTitle(title, isKnown: { isKnown($0) }) else { continue }
      // A name within a title is none of its own.
      pending.removeAll { $0.mention.kind == .name && range.contains($0.place) }
      note(title, .title, at: range.lowerBound)
    }
  }

  // MARK: - Relations

  private mutating func relations() {
    for (index, word) in scanner.words.enumerated() {
      if EntityWords.possessives.contains(word.lowercased) {
        relation(index, isMine: true)
      } else if EntityWords.articles.contains(word.lowercased) {
        relation(index, isMine: false)
      }
      selfNaming(index)
    }
  }

  /// "my sister Anna", "my sister is called Anna", "my dog's name is Rex", "Anna, my sister, …", "a dog named Rex".
  private mutating func relation(_ index: Int, isMine: Bool) {
    var noun = index + 1
    while let word = word(noun), word.gap == .blank, noun - index <= 2, EntityWords.adjectives.contains(word.lowercased)
    {
      noun += 1
    }
    guard let related = word(noun), related.gap == .blank else { return }
    let stem = related.lowercased.hasSuffix("'s") ? String(related.lowercased.dropLast(2)) : related.lowercased
    let kind: EntityKind
    if EntityWords.people.contains(stem) {
      kind = .person
    } else if EntityWords.animals.contains(stem) {
      kind = .animal
    } else {
      return
    }
    let phrase = scanner.words[index..<noun].map(\.lowercased) + [stem]
    var aliases: [String] = []
    if isMine {
      aliases.append(phrase.joined(separator: " "))
      if let speaker, !speaker.isEmpty {
        aliases.append("\(speaker)'s " + phrase.dropFirst().joined(separator: " "))
      }
    }
    if let name = named(behind: noun, isPossessive: stem != related.lowercased, isMine: isMine) {
      note(name, kind, at: related.range.lowerBound, aliases: aliases)
    } else if isMine, scanner.words[index].gap == .comma, let start = endings[index - 1], let run = names[start],
      word(noun + 1).map({ $0.gap != .blank || $0.lowercased == "and" }) ?? true
    {
      note(run.name, kind, at: scanner.words[start].range.lowerBound, aliases: aliases)
    }
  }

  /// The name behind a noun that needs one.
  private func named(behind noun: Int, isPossessive: Bool, isMine: Bool) -> String? {
    var next = noun + 1
    if isPossessive {
      guard let name = word(next), name.lowercased == "name", let copula = word(next + 1),
        EntityWords.copulas.contains(copula.lowercased)
      else { return nil }
      return run(at: next + 2)
    }
    guard let word = word(next) else { return nil }
    if word.gap == .comma, let run = names[next] {
      // "My sister, Anna, came", but not "With my sister, Anna came".
      let behind = self.word(run.words.upperBound)
      return behind.map { $0.gap != .blank } ?? true ? run.name : nil
    }
    if let name = run(at: next) { return isMine || isGerman ? name : nil }
    if word.lowercased == "s'appelle" || word.lowercased == "appelle" { return run(at: next + 1) }
    if word.lowercased == "se", self.word(next + 1)?.lowercased == "llama" { return run(at: next + 2) }
    var isNamed = false
    if EntityWords.copulas.contains(word.lowercased) {
      isNamed = EntityWords.naming.contains(word.lowercased)
      next += 1
    }
    if let word = self.word(next), EntityWords.naming.contains(word.lowercased) {
      isNamed = true
      next += 1
    }
    guard next > noun + 1, isNamed || isMine else { return nil }
    return run(at: next)
  }

  private func run(at index: Int) -> String? {
    guard let word = word(index), word.gap == .blank, let run = names[index],
      !EntityWords.qualities.contains(word.lowercased)
    else { return nil }
    return run.name
  }

  private static let selfNamings: [[String]] = [
    ["my", "name", "is"], ["my", "name's"], ["i", "am"], ["i'm"], ["call", "me"], ["ich", "heiße"], ["ich", "bin"],
    ["mein", "name", "ist"], ["je", "m'appelle"], ["je", "suis"], ["me", "llamo"], ["mi", "nombre", "es"], ["soy"],
  ]

  /// "I am Anna": the speaker's name.
  private mutating func selfNaming(_ index: Int) {
    for phrase in Self.selfNamings where phrase[0] == scanner.words[index].lowercased {
      let end = index + phrase.count
      guard end < scanner.words.count, (index..<end).allSatisfy({ scanner.words[$0].lowercased == phrase[$0 - index] }),
        let name = run(at: end)
      else { continue }
      var aliases: [String] = []
      let generic: Set<String> = ["user", "assistant", "human", "ai", "system", "me", "i"]
      if let speaker, !speaker.isEmpty, !generic.contains(speaker.lowercased()),
        EntityName.norm(speaker) != EntityName.norm(name)
      {
        aliases = [speaker]
      }
      note(name, .person, at: scanner.words[end].range.lowerBound, aliases: aliases)
    }
  }
}

extension String {
  func trimming(while isTrimmed: (Character) -> Bool) -> String {
    guard let first = firstIndex(where: { !isTrimmed($0) }), let last = lastIndex(where: { !isTrimmed($0) }) else {
      return ""
    }
    return String(self[first...last])
  }
}
