/// Finds the expressions of one language among the tokens of a text.
///
/// At each token the longest expression is taken, and the search goes on behind it. Patterns have a bounded length and
/// build only on those of lower levels, whose results are kept, so the time is linear in the number of tokens.
struct TimeParser {
  struct Found {
    var value: TimeValue
    /// Places among the tokens.
    var tokens: Range<Int>
  }

  /// Of a text that is full of times, so many are told.
  static let foundLimit = 64

  private let language: TimeLanguage
  private let tokens: TimeTokens
  private let resolver: TimeResolver
  private var known: [Int: Found?] = [:]

  init(_ tokens: TimeTokens, language: TimeLanguage, resolver: TimeResolver) {
    self.tokens = tokens
    self.language = language
    self.resolver = resolver
  }

  mutating func expressions() -> [Found] {
    guard tokens.hasCore else { return [] }
    var found: [Found] = []
    var place = 0
    while place < tokens.tokens.count, found.count < Self.foundLimit {
      guard tokens.coreRuns.contains(tokens.tokens[place].run) else {
        place += 1
        continue
      }
      known.removeAll(keepingCapacity: true)
      if let expression = best(.window, at: place) {
        if expression.value.confidence >= 0.5 { found.append(expression) }
        place = expression.tokens.upperBound
      } else {
        place += 1
      }
    }
    return found
  }

  /// The longest expression of a level that begins at a token.
  private mutating func best(_ level: TimeLevel, at place: Int) -> Found? {
    guard place < tokens.tokens.count else { return nil }
    let key = place * TimeLevel.allCases.count + level.rawValue
    if let found = known[key] { return found }
    var best: Found?
    switch level {
    case .moment: break
    case .date: best = self.best(.moment, at: place)
    case .operand: best = self.best(.date, at: place)
    case .phrase: best = self.best(.operand, at: place)
    case .window:
      best = self.best(.date, at: place)
      search(.phrase, at: place, &best)
    }
    search(level, at: place, &best)
    known[key] = .some(best)
    return best
  }

  private mutating func search(_ level: TimeLevel, at place: Int, _ best: inout Found?) {
    for slot in slots(place) {
      for index in language.patterns(level, beginningWith: slot) {
        let pattern = language.pattern(level, index)
        var captures: [TimeCapture] = []
        guard let found = match(pattern, from: 0, at: place, start: place, &captures) else { continue }
        let length = found.tokens.count
        if let known = best,
          (known.tokens.count, known.value.confidence) >= (length, found.value.confidence)
        {
          continue
        }
        best = found
      }
    }
  }

  /// What the token at a place can be the beginning of.
  private func slots(_ place: Int) -> [TimeSlot] {
    let token = tokens.tokens[place]
    return switch token.kind {
    case .word: language.vocabulary.lexemes[token.lexeme].readings.map(\.slot)
    case .number: [.count, .dayNumber, .year]
    case .ordinal: [.ordinal, .dayNumber]
    case .year: [.year]
    case .decade: [.decade]
    case .shortDecade: [.shortDecade]
    case .clock: [.clock]
    case .digits: [.digits]
    case .quarter: [.quarter]
    }
  }

  /// The rest of a pattern from one of its places on; optional places are taken first, and given back when the rest does
  /// not match.
  private mutating func match(
    _ pattern: TimePattern, from index: Int, at place: Int, start: Int, _ captures: inout [TimeCapture]
  ) -> Found? {
    guard index < pattern.elements.count else { return found(pattern, start..<place, captures) }
    let element = pattern.elements[index]
    if element.isEnd {
      guard place > start, !tokens.tokens[place - 1].isBeforeWord else { return nil }
      return match(pattern, from: index + 1, at: place, start: start, &captures)
    }
    if place < tokens.tokens.count, place == start || tokens.tokens[place].follows {
      if let level = element.slot.level {
        if let nested = best(level, at: place) {
          captures.append(TimeCapture(slot: element.slot, value: nested.value))
          let end = nested.tokens.upperBound
          if let found = match(pattern, from: index + 1, at: end, start: start, &captures) { return found }
          captures.removeLast()
        }
      } else if let found = taking(element, pattern, index, place, start, &captures) {
        return found
      }
    }
    return element.isOptional ? match(pattern, from: index + 1, at: place, start: start, &captures) : nil
  }

  private mutating func taking(
    _ element: TimePattern.Element, _ pattern: TimePattern, _ index: Int, _ place: Int, _ start: Int,
    _ captures: inout [TimeCapture]
  ) -> Found? {
    let token = tokens.tokens[place]
    if token.kind != .word {
      guard let capture = capture(token, as: element.slot) else { return nil }
      captures.append(capture)
      if let found = match(pattern, from: index + 1, at: place + 1, start: start, &captures) { return found }
      captures.removeLast()
      return nil
    }
    for reading in language.vocabulary.lexemes[token.lexeme].readings where reading.slot == element.slot {
      if reading.isWeak {
        switch element.strictness {
        case .any: break
        case .normal: if !token.isCapitalized { continue }
        case .clear: continue
        }
      }
      guard let end = end(of: reading.rest, behind: place) else { continue }
      let isCaptured = element.slot.isCaptured
      if isCaptured { captures.append(TimeCapture(slot: element.slot, low: reading.low, high: reading.high)) }
      if let found = match(pattern, from: index + 1, at: end, start: start, &captures) { return found }
      if isCaptured { captures.removeLast() }
    }
    return nil
  }

  /// Where a phrase ends whose first word stands at a place.
  private func end(of rest: [Int], behind place: Int) -> Int? {
    var place = place + 1
    for lexeme in rest {
      guard place < tokens.tokens.count, tokens.tokens[place].follows, tokens.tokens[place].kind == .word,
        tokens.tokens[place].lexeme == lexeme
      else { return nil }
      place += 1
    }
    return place
  }

  private func capture(_ token: TimeTokens.Token, as slot: TimeSlot) -> TimeCapture? {
    let isWanted: Bool
    switch (token.kind, slot) {
    case (.number, .count): isWanted = token.width <= 4
    case (.number, .dayNumber), (.ordinal, .dayNumber): isWanted = (1...31).contains(token.value)
    // What is called a year lies in the centuries that people talk of.
    case (.number, .year): isWanted = token.width == 4 && (1_700..<2_200).contains(token.value)
    case (.year, .year), (.ordinal, .ordinal), (.decade, .decade), (.shortDecade, .shortDecade), (.clock, .clock),
      (.digits, .digits), (.quarter, .quarter):
      isWanted = true
    default: isWanted = false
    }
    guard isWanted else { return nil }
    let high = token.kind == .clock ? token.width : token.value
    return TimeCapture(slot: slot, low: token.value, high: high)
  }

  private func found(_ pattern: TimePattern, _ range: Range<Int>, _ captures: [TimeCapture]) -> Found? {
    let match = TimeResolver.Match(
      captures: captures[...], looksAhead: tokens.futureSentences.contains(tokens.tokens[range.lowerBound].sentence),
      holidays: language.holidays, dates: tokens.dates)
    guard var value = resolver.value(pattern.meaning, match) else { return nil }
    if let confidence = pattern.confidence { value.confidence = confidence }
    return Found(value: value, tokens: range)
  }
}
