import Foundation

/// How a language tells times: its words, and the patterns in which they stand. All of it is data.
struct TimeLanguage: Sendable {
  /// Its ISO 639 code.
  let code: String
  let vocabulary: TimeVocabulary
  let holidays: [TimeRecurrence.Holiday]
  private let patterns: [[TimePattern]]
  /// For each level the patterns that can begin with a slot.
  private let beginnings: [[[Int]]]

  static let english = builtIn(PackageResources.time_en_json)

  /// English, German, French, Spanish.
  static let all = [
    english, builtIn(PackageResources.time_de_json), builtIn(PackageResources.time_fr_json),
    builtIn(PackageResources.time_es_json),
  ]

  private static func builtIn(_ bytes: [UInt8]) -> TimeLanguage {
    do {
      return try TimeLanguage(json: Data(bytes))
    } catch {
      // A part of the program: a test reads each of them, so none that is wrong gets out.
      preconditionFailure("\(error)")
    }
  }

  /// Reads a language's file.
  ///
  /// - Throws: `DecodingError`, or `TimeLanguageError`, which names the entry that is wrong.
  init(json: Data) throws {
    let file = try JSONDecoder().decode(TimeLanguageFile.self, from: json)
    var compiler = try TimeLanguageCompiler(file)
    let lists = [file.moments, file.dates, file.operands, file.phrases, file.windows]
    patterns = try lists.map { try $0.map { try compiler.pattern($0) } }
    code = file.code
    holidays = compiler.holidays
    var vocabulary = compiler.vocabulary
    vocabulary.close()
    self.vocabulary = vocabulary
    beginnings = Self.beginnings(of: patterns, slotCount: compiler.slotCount)
  }

  func pattern(_ level: TimeLevel, _ index: Int) -> TimePattern { patterns[level.rawValue][index] }

  /// The patterns of a level that can begin with a slot.
  func patterns(_ level: TimeLevel, beginningWith slot: TimeSlot) -> [Int] {
    beginnings[level.rawValue][slot.number]
  }

  private static func beginnings(of patterns: [[TimePattern]], slotCount: Int) -> [[[Int]]] {
    var beginnings: [[[Int]]] = []
    // The slots with which a time of a level, or of one below, can begin.
    var slots: [Set<Int>] = []
    for list in patterns {
      var table = [[Int]](repeating: [], count: slotCount)
      var all = slots.last ?? []
      for (index, pattern) in list.enumerated() {
        var first: Set<Int> = []
        for slot in pattern.firstSlots {
          if let level = slot.level { first.formUnion(slots[level.rawValue]) } else { first.insert(slot.number) }
        }
        for slot in first { table[slot].append(index) }
        all.formUnion(first)
      }
      beginnings.append(table)
      slots.append(all)
    }
    return beginnings
  }
}

/// The file of a language. Lists are written with commas.
struct TimeLanguageFile: Decodable {
  var code: String
  var monthFirst: Bool
  var quarterLetter: String
  var ordinalEndings: String
  var hourEndings: String
  var decadeEndings: String
  var twelveHours: Bool
  /// Frequent words, by which a text's language is told.
  var common: String
  /// Words of sentences that look ahead.
  var future: String
  /// Words that tell a time by themselves, for which only patterns have a place.
  var core: String
  /// Months, weekdays, seasons that also mean something else.
  var weak: String
  /// For each month its name, then its abbreviations.
  var months: [String]
  var weekdays: [String]
  /// "2", or "2-5".
  var counts: [String: String]
  var ordinals: [String: Int]
  var units: [String: String]
  var seasons: [String: String]
  var dayparts: [String: String]
  var days: [String: Int]
  /// `12-24+3`, `easter-2+4`, `11/4/4+1`.
  var holidays: [String: String]
  var relative: [String: Int]
  /// Lists of words that patterns call by name.
  var sets: [String: String]
  var moments: [String]
  var dates: [String]
  var operands: [String]
  var phrases: [String]
  var windows: [String]
}
