/// Makes a vocabulary and patterns of a language's file.
struct TimeLanguageCompiler {
  private let code: String
  private(set) var vocabulary: TimeVocabulary
  private(set) var holidays: [TimeRecurrence.Holiday] = []
  private(set) var slotCount = TimeSlot.firstWord
  private var sets: [String: TimeSlot] = [:]
  private let weak: Set<String>

  init(_ file: TimeLanguageFile) throws {
    code = file.code
    weak = Set(Self.list(file.weak))
    vocabulary = TimeVocabulary(
      quarterLetter: file.quarterLetter.utf8.first ?? UInt8(ascii: "q"),
      digits: DigitRun.Rules(
        isMonthFirst: file.monthFirst, ordinalEndings: Set(Self.list(file.ordinalEndings)),
        hourEndings: Set(Self.list(file.hourEndings)), decadeEndings: Set(Self.list(file.decadeEndings)),
        hasTwelveHours: file.twelveHours))
    try addNames(file)
    for (spelling, value) in file.counts {
      let bounds = value.split(separator: "-").compactMap { Int($0) }
      guard let low = bounds.first, let high = bounds.last, low <= high else {
        throw fault("a count is a number or two with a hyphen", spelling)
      }
      vocabulary.add(spelling, .count, low, high: high)
    }
    for (spelling, value) in file.ordinals {
      vocabulary.add(spelling, .ordinal, value)
      if value > 0 { vocabulary.add(spelling, .dayNumber, value) }
    }
    for (spelling, value) in file.days { vocabulary.add(spelling, .day, value) }
    for (spelling, value) in file.relative { vocabulary.add(spelling, .relative, value) }
    for (spelling, value) in file.holidays {
      guard let holiday = Self.holiday(value) else { throw fault("a holiday of no known form", value) }
      for name in Self.list(spelling) { vocabulary.add(name, .holiday, holidays.count, isWeak: weak.contains(name)) }
      holidays.append(holiday)
    }
    for name in file.sets.keys.sorted() { sets[name] = wordSlot(Self.list(file.sets[name] ?? "")) }
    for word in Self.list(file.core) { vocabulary.addCore(word) }
    for word in Self.list(file.common) { vocabulary.addCommon(word) }
    for word in Self.list(file.future) { vocabulary.addFuture(word) }
  }

  private mutating func addNames(_ file: TimeLanguageFile) throws {
    for (slot, names) in [(TimeSlot.month, file.months), (.weekday, file.weekdays)] {
      for (index, spellings) in names.enumerated() {
        for (place, name) in Self.list(spellings).enumerated() {
          vocabulary.add(name, slot, index + 1, isWeak: weak.contains(name), isAbbreviation: place > 0)
        }
      }
    }
    for (name, spellings) in file.units {
      guard let unit = TimeUnit(name: name) else { throw fault("an unknown unit", name) }
      for spelling in Self.list(spellings) { vocabulary.add(spelling, .unit, unit.rawValue) }
    }
    for (name, spellings) in file.seasons {
      guard let season = Season(name: name) else { throw fault("an unknown season", name) }
      for spelling in Self.list(spellings) {
        vocabulary.add(spelling, .season, season.rawValue, isWeak: weak.contains(spelling))
      }
    }
    for (name, spellings) in file.dayparts {
      guard let part = Daypart(name: name) else { throw fault("an unknown part of the day", name) }
      for spelling in Self.list(spellings) { vocabulary.add(spelling, .daypart, part.rawValue) }
    }
  }

  private func fault(_ reason: String, _ place: String) -> TimeLanguageError {
    TimeLanguageError(language: code, place: place, reason: reason)
  }

  private static func list(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.drop { $0 == " " } }.map { String($0) }
  }

  private mutating func wordSlot(_ spellings: [String]) -> TimeSlot {
    let slot = TimeSlot(number: slotCount)
    slotCount += 1
    for spelling in spellings { vocabulary.add(spelling, slot, 0) }
    return slot
  }

  private static func holiday(_ text: String) -> TimeRecurrence.Holiday? {
    let parts = text.split(separator: "+")
    let extra = parts.count > 1 ? Int(parts[1]) : nil
    guard let main = parts.first, parts.count == 1 || extra != nil else { return nil }
    if main.hasPrefix("easter") {
      let offset = main.dropFirst(6)
      guard let days = offset.isEmpty ? 0 : Int(offset) else { return nil }
      return .easter(offset: days, count: extra ?? 1)
    }
    let rule = main.split(separator: "/").compactMap { Int($0) }
    if rule.count == 3 { return .weekday(month: rule[0], weekday: rule[1], which: rule[2], offset: extra ?? 0) }
    let date = main.split(separator: "-").compactMap { Int($0) }
    return date.count == 2 ? .date(month: date[0], day: date[1], count: extra ?? 1) : nil
  }

  // MARK: - Patterns

  mutating func pattern(_ text: String) throws -> TimePattern {
    let parts = Self.parts(text)
    guard let arrow = parts.firstIndex(of: "=>"), arrow > 0, arrow + 1 < parts.count,
      let meaning = TimeMeaning(rawValue: parts[arrow + 1])
    else { throw fault("no known meaning behind '=>'", text) }
    var elements: [TimePattern.Element] = []
    for part in parts[..<arrow] { elements.append(try element(part, of: text)) }
    guard let first = elements.first, elements.contains(where: { !$0.isOptional }), !first.isEnd else {
      throw fault("nothing that must be there", text)
    }
    return TimePattern(
      elements: elements, meaning: meaning, confidence: arrow + 2 < parts.count ? Double(parts[arrow + 2]) : nil)
  }

  /// The parts of a pattern, which blanks part, but not those in parentheses.
  private static func parts(_ text: String) -> [String] {
    var parts: [String] = []
    var isOpen = false
    for piece in text.split(separator: " ") {
      if isOpen { parts[parts.count - 1] += " " + piece } else { parts.append(String(piece)) }
      if piece.hasPrefix("(") { isOpen = true }
      if piece.contains(")") { isOpen = false }
    }
    return parts
  }

  private mutating func element(_ part: String, of text: String) throws -> TimePattern.Element {
    if part == "!" { return TimePattern.Element(slot: .common, isEnd: true) }
    let isOptional = part.hasSuffix("?") && part.count > 1
    let body = isOptional ? String(part.dropLast()) : part
    var element = TimePattern.Element(slot: .common, isOptional: isOptional)
    if body.hasPrefix("{"), body.hasSuffix("}") {
      var name = body.dropFirst().dropLast()
      if name.hasSuffix("*") { element.strictness = .any }
      if name.hasSuffix("!") { element.strictness = .clear }
      if element.strictness != .normal { name = name.dropLast() }
      guard let slot = TimeSlot.named[String(name)] else { throw fault("an unknown slot \(body)", text) }
      element.slot = slot
    } else if body.hasPrefix("$") {
      guard let slot = sets[String(body.dropFirst())] else { throw fault("an unknown set \(body)", text) }
      element.slot = slot
    } else {
      let words = body.hasPrefix("(") ? body.dropFirst().dropLast() : body[...]
      let key = String(words)
      element.slot = sets["(" + key] ?? wordSlot(words.split(separator: "|").map { String($0) })
      sets["(" + key] = element.slot
    }
    return element
  }
}
