import Foundation

/// Finds the times that a text tells: "in June 2023", "last Friday", "two weeks ago", "between 3 and 7 May".
///
/// Rules decide, no model. The words and patterns of each language are data (`Languages/`); what language a text is
/// in, its common words tell, and where they do not, all languages are tried. A time that is read wrongly costs
/// little, since windows only add to what words find, so the rules lean to finding; but "may", "march" or "2 cats"
/// tell no time.
///
/// A value costs nothing to make; the languages are read once.
struct TimeGrammar: Sendable {
  /// Of a text, so many bytes at its start are looked at; of a question, half as many at either end of this many.
  static let textLimit = 65_536
  static let questionLimit = 8_192

  let calendar: CivilCalendar
  let hemisphere: Hemisphere
  let languages: [TimeLanguage]

  /// - Parameters:
  ///   - timeZone: Whose days are meant.
  ///   - hemisphere: Whose summers.
  ///   - languages: The first one decides where several fit.
  init(
    timeZone: TimeZone, hemisphere: Hemisphere = .northern, languages: [TimeLanguage] = TimeLanguage.all
  ) {
    calendar = CivilCalendar(timeZone: timeZone)
    self.hemisphere = hemisphere
    self.languages = languages
  }

  /// The time that a question asks about: of several, the one that is told most surely, then at most length.
  func window(ofQuestion question: String, askedAt: Date) -> TimeExpression? {
    let count = question.utf8.count
    let ranges =
      count <= Self.questionLimit
      ? [0..<count] : [0..<Self.questionLimit / 2, count - Self.questionLimit / 2..<count]
    var best: TimeExpression?
    for expression in expressions(in: question, ranges: ranges, saidAt: askedAt) {
      let isBetter = best.map { best in
        (expression.confidence, question[expression.span].utf8.count) > (
          best.confidence, question[best.span].utf8.count
        )
      }
      if isBetter ?? true { best = expression }
    }
    return best
  }

  /// All times that a text tells, in the order in which they stand, at most 64. A repeated one comes each time.
  ///
  /// - Parameter saidAt: What "yesterday" is seen from.
  func expressions(in text: String, saidAt: Date) -> [TimeExpression] {
    expressions(in: text, ranges: [0..<min(text.utf8.count, Self.textLimit)], saidAt: saidAt)
  }

  private func expressions(in text: String, ranges: [Range<Int>], saidAt: Date) -> [TimeExpression] {
    var text = text
    return text.withUTF8 { bytes in
      ranges.flatMap { found(bytes, in: $0, saidAt: saidAt) }
    }.map { found in
      TimeExpression(
        window: found.window, confidence: found.confidence,
        span: text.utf8.index(
          text.startIndex, offsetBy: found.range.lowerBound)..<text.utf8.index(
            text.startIndex, offsetBy: found.range.upperBound))
    }
  }

  private struct Found {
    var window: TimeWindow
    var confidence: Double
    /// Bytes of the text.
    var range: Range<Int>
  }

  private func found(_ bytes: UnsafeBufferPointer<UInt8>, in range: Range<Int>, saidAt: Date) -> [Found] {
    let read = languages.map { ($0, TimeTokens(bytes, in: range, vocabulary: $0.vocabulary)) }
    guard read.contains(where: { $0.1.hasCore }), let most = read.map({ $0.1.commonCount }).max() else { return [] }
    let moment = (saidAt.timeIntervalSince1970 * 1_000).rounded(.down)
    // The years 1 to 9999 and all that is told from them fit.
    guard moment > -62_135_596_800_000, moment < 253_402_300_800_000 else { return [] }
    let resolver = TimeResolver(calendar: calendar, hemisphere: hemisphere, now: Int64(moment))
    var found: [Found] = []
    for (language, tokens) in read where tokens.commonCount == most {
      var parser = TimeParser(tokens, language: language, resolver: resolver)
      for expression in parser.expressions() {
        let first = tokens.tokens[expression.tokens.lowerBound]
        let last = tokens.tokens[expression.tokens.upperBound - 1]
        add(
          Found(
            window: resolver.window(expression.value), confidence: min(1, expression.value.confidence),
            range: first.start..<last.end),
          to: &found)
      }
    }
    return found.sorted { $0.range.lowerBound < $1.range.lowerBound }
  }

  /// Of two expressions that overlap, the longer one stays; of two as long, the first.
  private func add(_ new: Found, to found: inout [Found]) {
    let others = found.indices.filter { found[$0].range.overlaps(new.range) }
    guard others.allSatisfy({ found[$0].range.count < new.range.count }) else { return }
    for index in others.reversed() { found.remove(at: index) }
    found.append(new)
  }
}
