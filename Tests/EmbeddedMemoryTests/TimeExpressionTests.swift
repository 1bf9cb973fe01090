import Foundation
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Time expressions")
struct TimeExpressionTests {
  /// A Wednesday.
  static let asked = instant("2024-05-22T14:30:00Z")
  static let grammar = TimeGrammar(timeZone: .gmt)

  static func instant(_ text: String) -> Date {
    (try? Date(text, strategy: Date.ISO8601FormatStyle())) ?? .distantPast
  }

  /// Without the zone, without a midnight, `-` where it is open.
  static func written(_ moment: Int64) -> String {
    guard moment != .min, moment != .max else { return "-" }
    var text = Date(timeIntervalSince1970: Double(moment) / 1_000)
      .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: moment % 1_000 != 0))
    for end in ["T00:00:00Z", ":00Z", "Z"] where text.hasSuffix(end) {
      text.removeLast(end.count)
      break
    }
    return text
  }

  static func written(_ text: String, _ found: [TimeExpression]) -> String {
    found.map { "[\(text[$0.span])] \(written($0.window.start))..\(written($0.window.end))" }.joined(separator: " & ")
  }

  @Test("a text tells these times, seen from Wednesday 22 May 2024, half past two", arguments: table)
  func told(_ row: Row) {
    #expect(Self.written(row.text, Self.grammar.expressions(in: row.text, saidAt: Self.asked)) == row.expected)
  }

  @Test("these tell no time", arguments: others)
  func untold(_ text: String) {
    #expect(Self.written(text, Self.grammar.expressions(in: text, saidAt: Self.asked)) == "")
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var text: String
    var expected: String
    var testDescription: String { text }
  }

  static let table: [Row] = expressions.split(separator: "\n").compactMap { line in
    guard let arrow = line.range(of: " => ") else { return nil }
    return Row(text: String(line[..<arrow.lowerBound]), expected: String(line[arrow.upperBound...]))
  }

  static let expressions = """
    What did we do in June 2023? => [in June 2023] 2023-06-01..2023-07-01
    June 2023 => [June 2023] 2023-06-01..2023-07-01
    2023-06 => [2023-06] 2023-06-01..2023-07-01
    on 2023-06-07 we met => [on 2023-06-07] 2023-06-07..2023-06-08
    2023-06-07T10:30:00Z => [2023-06-07T10:30:00Z] 2023-06-07T10:30..2023-06-07T10:30:01
    2023-06-07 10:30 => [2023-06-07 10:30] 2023-06-07T10:30..2023-06-07T10:31
    on 7 May => [on 7 May] 2024-05-07..2024-05-08
    May 7th => [May 7th] 2024-05-07..2024-05-08
    7 May 2023 => [7 May 2023] 2023-05-07..2023-05-08
    May 7, 2023 => [May 7, 2023] 2023-05-07..2023-05-08
    the 7th of May => [the 7th of May] 2024-05-07..2024-05-08
    last spring => [last spring] 2023-03-01..2023-06-01
    last summer => [last summer] 2023-06-01..2023-09-01
    last week => [last week] 2024-05-13..2024-05-20
    last month => [last month] 2024-04-01..2024-05-01
    last year => [last year] 2023-01-01..2024-01-01
    this week => [this week] 2024-05-20..2024-05-27
    next month => [next month] 2024-06-01..2024-07-01
    yesterday => [yesterday] 2024-05-21..2024-05-22
    the day before yesterday => [the day before yesterday] 2024-05-20..2024-05-21
    today => [today] 2024-05-22..2024-05-23
    tonight => [tonight] 2024-05-22T18:00..2024-05-23T06:00
    tomorrow => [tomorrow] 2024-05-23..2024-05-24
    the day after tomorrow => [the day after tomorrow] 2024-05-24..2024-05-25
    two weeks ago => [two weeks ago] 2024-05-06..2024-05-13
    a few days ago => [a few days ago] 2024-05-17..2024-05-21
    in three days => [in three days] 2024-05-25..2024-05-26
    I will see you in three days => [in three days] 2024-05-25..2024-05-26
    this morning => [this morning] 2024-05-22T05:00..2024-05-22T12:00
    since last summer => [since last summer] 2023-06-01..-
    before June 2023 => [before June 2023] -..2023-06-01
    after yesterday => [after yesterday] 2024-05-22..-
    until Friday => [until Friday] -..2024-05-18
    between March and May 2023 => [between March and May 2023] 2023-03-01..2023-06-01
    from Monday to Friday => [from Monday to Friday] 2024-05-13..2024-05-18
    from 3 June 2024 to 9 July 2024 => [from 3 June 2024 to 9 July 2024] 2024-06-03..2024-07-10
    around Christmas => [around Christmas] 2023-12-21..2023-12-30
    last Friday => [last Friday] 2024-05-17..2024-05-18
    on Friday I will go => [on Friday] 2024-05-24..2024-05-25
    on Friday I went => [on Friday] 2024-05-17..2024-05-18
    last weekend => [last weekend] 2024-05-18..2024-05-20
    this weekend => [this weekend] 2024-05-25..2024-05-27
    next weekend => [next weekend] 2024-05-25..2024-05-27
    at the weekend => [at the weekend] 2024-05-18..2024-05-20
    last quarter => [last quarter] 2024-01-01..2024-04-01
    Q3 2023 => [Q3 2023] 2023-07-01..2023-10-01
    the third quarter of 2023 => [the third quarter of 2023] 2023-07-01..2023-10-01
    the week of 3 June => [the week of 3 June] 2023-05-29..2023-06-05
    the early 2010s => [the early 2010s] 2010-01-01..2014-01-01
    the 80s => [the 80s] 1980-01-01..1990-01-01
    in the '90s => [in the '90s] 1990-01-01..2000-01-01
    at the end of March => [at the end of March] 2024-03-21..2024-04-01
    early March => [early March] 2024-03-01..2024-03-11
    mid-2023 => [mid-2023] 2023-05-01..2023-09-01
    late last year => [late last year] 2023-09-01..2024-01-01
    in mid May 2022 => [in mid May 2022] 2022-05-11..2022-05-21
    the first Monday of June => [the first Monday of June] 2023-06-05..2023-06-06
    the last week of March => [the last week of March] 2024-03-25..2024-04-01
    on the 3rd of last month => [on the 3rd of last month] 2024-04-03..2024-04-04
    Friday last week => [Friday last week] 2024-05-17..2024-05-18
    June last year => [June last year] 2023-06-01..2023-07-01
    in the summer of 2021 => [in the summer of 2021] 2021-06-01..2021-09-01
    summer 2021 => [summer 2021] 2021-06-01..2021-09-01
    winter 2023/24 => [winter 2023/24] 2023-12-01..2024-03-01
    in 2023 => [in 2023] 2023-01-01..2024-01-01
    since 2019 => [since 2019] 2019-01-01..-
    before 2010 => [before 2010] -..2010-01-01
    between 2019 and 2021 => [between 2019 and 2021] 2019-01-01..2022-01-01
    from 2019-2021 => [from 2019-2021] 2019-01-01..2022-01-01
    in 2019-2021 => [in 2019-2021] 2019-01-01..2022-01-01
    3-7 June 2024 => [3-7 June 2024] 2024-06-03..2024-06-08
    June 3-7, 2024 => [June 3-7, 2024] 2024-06-03..2024-06-08
    between 3 and 7 June => [between 3 and 7 June] 2023-06-03..2023-06-08
    last night => [last night] 2024-05-21T18:00..2024-05-22T06:00
    yesterday evening => [yesterday evening] 2024-05-21T17:00..2024-05-22
    tomorrow at 10:30 => [tomorrow at 10:30] 2024-05-23T10:30..2024-05-23T10:31
    Friday at 3pm => [Friday at 3pm] 2024-05-17T15:00..2024-05-17T16:00
    at 3 pm => [at 3 pm] 2024-05-22T15:00..2024-05-22T16:00
    Friday, 9 June => [Friday, 9 June] 2023-06-09..2023-06-10
    Monday 7 May 2018 => [Monday 7 May 2018] 2018-05-07..2018-05-08
    the past two weeks => [the past two weeks] 2024-05-08..2024-05-23
    over the last few months => [over the last few months] 2023-12-22..2024-05-23
    in the last week => [in the last week] 2024-05-15..2024-05-23
    the next two weeks => [the next two weeks] 2024-05-22..2024-06-06
    the other day => [the other day] 2024-05-16..2024-05-21
    two days before Christmas => [two days before Christmas] 2023-12-22..2023-12-23
    the week after Easter => [the week after Easter] 2024-04-02..2024-04-09
    earlier this year => [earlier this year] 2024-01-01..2024-05-23
    later this week => [later this week] 2024-05-22..2024-05-27
    the week before last => [the week before last] 2024-05-06..2024-05-13
    two years ago => [two years ago] 2022-01-01..2023-01-01
    an hour ago => [an hour ago] 2024-05-22T13:00..2024-05-22T14:00
    3 hours ago => [3 hours ago] 2024-05-22T11:00..2024-05-22T12:00
    10 minutes ago => [10 minutes ago] 2024-05-22T14:19:30..2024-05-22T14:20:30
    Christmas 2022 => [Christmas 2022] 2022-12-24..2022-12-27
    last Christmas => [last Christmas] 2023-12-24..2023-12-27
    Thanksgiving 2023 => [Thanksgiving 2023] 2023-11-23..2023-11-24
    Easter 2024 => [Easter 2024] 2024-03-29..2024-04-02
    New Year's Eve => [New Year's Eve] 2023-12-31..2024-01-01
    Halloween => [Halloween] 2023-10-31..2023-11-01
    5/7/2023 => [5/7/2023] 2023-05-07..2023-05-08
    13/5/2023 => [13/5/2023] 2023-05-13..2023-05-14
    7.5.2023 => [7.5.2023] 2023-05-07..2023-05-08
    2023-W23 => [2023-W23] 2023-06-05..2023-06-12
    2023-Q2 => [2023-Q2] 2023-04-01..2023-07-01
    in June '23 => [in June '23] 2023-06-01..2023-07-01
    Friday the 13th => [Friday the 13th] 2023-10-13..2023-10-14
    ever since 2020 => [ever since 2020] 2020-01-01..-
    from June on => [from June on] 2023-06-01..-
    up to last week => [up to last week] -..2024-05-20
    prior to 2020 => [prior to 2020] -..2020-01-01
    second week of July => [second week of July] 2023-07-08..2023-07-15
    the weekend of 8 June => [the weekend of 8 June] 2023-06-10..2023-06-12
    Jan. 5, 2024 => [Jan. 5, 2024] 2024-01-05..2024-01-06
    on Sept. 3 => [on Sept. 3] 2023-09-03..2023-09-04
    in May => [in May] 2024-05-01..2024-06-01
    in may => [in may] 2024-05-01..2024-06-01
    december => [december] 2023-12-01..2024-01-01
    this fall => [this fall] 2024-09-01..2024-12-01
    last sunday => [last sunday] 2024-05-19..2024-05-20
    NEXT TUESDAY => [NEXT TUESDAY] 2024-05-28..2024-05-29
    the year 2023 => [the year 2023] 2023-01-01..2024-01-01
    the 1990s => [the 1990s] 1990-01-01..2000-01-01
    in the 20th century => [in the 20th century] 1900-01-01..2000-01-01
    last February => [last February] 2024-02-01..2024-03-01
    next June => [next June] 2024-06-01..2024-07-01
    this June => [this June] 2024-06-01..2024-07-01
    this March => [this March] 2024-03-01..2024-04-01
    last Monday => [last Monday] 2024-05-20..2024-05-21
    this Friday => [this Friday] 2024-05-24..2024-05-25
    next Friday => [next Friday] 2024-05-24..2024-05-25
    last Wednesday => [last Wednesday] 2024-05-15..2024-05-16
    next year => [next year] 2025-01-01..2026-01-01
    last decade => [last decade] 2010-01-01..2020-01-01
    this quarter => [this quarter] 2024-04-01..2024-07-01
    next quarter => [next quarter] 2024-07-01..2024-10-01
    the past three days => [the past three days] 2024-05-19..2024-05-23
    in the next month => [in the next month] 2024-06-01..2024-07-01
    a couple of weeks ago => [a couple of weeks ago] 2024-04-29..2024-05-13
    several years ago => [several years ago] 2017-01-01..2022-01-01
    about three months ago => [about three months ago] 2024-02-01..2024-03-01
    five days from now => [five days from now] 2024-05-27..2024-05-28
    the Friday before Christmas 2022 => [the Friday before Christmas 2022] 2022-12-23..2022-12-24
    before last Christmas => [before last Christmas] -..2023-12-24
    after Easter 2023 => [after Easter 2023] 2023-04-11..-
    since 7 May 2023 => [since 7 May 2023] 2023-05-07..-
    until the end of the year => [until the end of the year] -..2025-01-01
    in the first half of 2022 => [in the first half of 2022] 2022-01-01..2022-07-01
    in the second half of last year => [in the second half of last year] 2023-07-01..2024-01-01
    the last day of February 2024 => [the last day of February 2024] 2024-02-29..2024-03-01
    29 February => [29 February] 2024-02-29..2024-03-01
    on February 29th, 2024 => [on February 29th, 2024] 2024-02-29..2024-03-01
    31 April 2024 => [April 2024] 2024-04-01..2024-05-01
    early next month => [early next month] 2024-06-01..2024-06-11
    late March 2021 => [late March 2021] 2021-03-21..2021-04-01
    mid June => [mid June] 2023-06-11..2023-06-21
    the beginning of 2020 => [the beginning of 2020] 2020-01-01..2020-05-01
    around 2015 => [around 2015] 2014-01-01..2017-01-01
    around June 2020 => [around June 2020] 2020-05-17..2020-07-16
    around 3 June 2024 => [around 3 June 2024] 2024-05-31..2024-06-07
    between 10 am and 2 pm => [between 10 am and 2 pm] 2024-05-22T10:00..2024-05-22T14:00
    yesterday at 3:30 pm => [yesterday at 3:30 pm] 2024-05-21T15:30..2024-05-21T15:31
    2024-05-21T10:30:00.250+02:00 => [2024-05-21T10:30:00.250+02:00] 2024-05-21T08:30:00.250..2024-05-21T08:30:00.250
    2024-12-31 => [2024-12-31] 2024-12-31..2025-01-01
    on New Year's Day 2025 => [on New Year's Day 2025] 2025-01-01..2025-01-02
    Dec 31, 2023 => [Dec 31, 2023] 2023-12-31..2024-01-01
    Sunday morning => [Sunday morning] 2024-05-19T05:00..2024-05-19T12:00
    this afternoon => [this afternoon] 2024-05-22T12:00..2024-05-22T18:00
    this evening => [this evening] 2024-05-22T17:00..2024-05-23
    tomorrow night => [tomorrow night] 2024-05-23T18:00..2024-05-24T06:00
    since last Friday => [since last Friday] 2024-05-17..-
    from June to August 2022 => [from June to August 2022] 2022-06-01..2022-09-01
    from May 2022 to July => [from May 2022 to July] 2022-05-01..2022-08-01
    Monday to Friday => [Monday to Friday] 2024-05-13..2024-05-18
    sometime in 2021 => [sometime in 2021] 2021-01-01..2022-01-01
    the month of May => [the month of May] 2024-05-01..2024-06-01
    in June of 2021 => [in June of 2021] 2021-06-01..2021-07-01
    during summer 2020 => [during summer 2020] 2020-06-01..2020-09-01
    over the summer => [over the summer] 2023-06-01..2023-09-01
    in winter => [in winter] 2023-12-01..2024-03-01
    last winter => [last winter] 2023-12-01..2024-03-01
    last autumn => [last autumn] 2023-09-01..2023-12-01
    the 1st of January 2000 => [the 1st of January 2000] 2000-01-01..2000-01-02
    on the 3rd => [on the 3rd] 2024-05-03..2024-05-04
    on the 31st, we met => [on the 31st] 2024-03-31..2024-04-01
    the third Friday of June 2024 => [the third Friday of June 2024] 2024-06-21..2024-06-22
    the weekend before last => [the weekend before last] 2024-05-11..2024-05-13
    the month after next => [the month after next] 2024-07-01..2024-08-01
    three weeks after Easter 2024 => [three weeks after Easter 2024] 2024-04-16..2024-04-23
    Labor Day 2024 => [Labor Day 2024] 2024-09-02..2024-09-03
    Mother's Day 2024 => [Mother's Day 2024] 2024-05-12..2024-05-13
    the Friday before Christmas 2022 => [the Friday before Christmas 2022] 2022-12-23..2022-12-24
    until the end of the year => [until the end of the year] -..2025-01-01
    since early 2020 => [since early 2020] 2020-01-01..-
    In May or June? => [In May] 2024-05-01..2024-06-01 & [June] 2023-06-01..2023-07-01
    I moved here in 2019 and left on 3 March 2021. => [in 2019] 2019-01-01..2020-01-01 & [on 3 March 2021] 2021-03-03..2021-03-04
    tonight => [tonight] 2024-05-22T18:00..2024-05-23T06:00
    at 3 pm => [at 3 pm] 2024-05-22T15:00..2024-05-22T16:00
    in 2019-2021 => [in 2019-2021] 2019-01-01..2022-01-01
    Friday, 9 June => [Friday, 9 June] 2023-06-09..2023-06-10
    in the last week => [in the last week] 2024-05-15..2024-05-23
    second week of July => [second week of July] 2023-07-08..2023-07-15
    in the 20th century => [in the 20th century] 1900-01-01..2000-01-01
    I'll wait until Friday => [until Friday] -..2024-05-25
    Was haben wir im Juni 2023 gemacht? => [im Juni 2023] 2023-06-01..2023-07-01
    am 7. Mai => [am 7. Mai] 2024-05-07..2024-05-08
    am 7. Mai 2023 => [am 7. Mai 2023] 2023-05-07..2023-05-08
    vor zwei Wochen => [vor zwei Wochen] 2024-05-06..2024-05-13
    letzte Woche => [letzte Woche] 2024-05-13..2024-05-20
    heute Morgen => [heute Morgen] 2024-05-22T05:00..2024-05-22T12:00
    gestern Abend => [gestern Abend] 2024-05-21T17:00..2024-05-22
    wir treffen uns übermorgen => [übermorgen] 2024-05-24..2024-05-25
    seit letztem Sommer => [seit letztem Sommer] 2023-06-01..-
    zwischen März und Mai 2023 => [zwischen März und Mai 2023] 2023-03-01..2023-06-01
    von Montag bis Freitag => [von Montag bis Freitag] 2024-05-13..2024-05-18
    in drei Tagen => [in drei Tagen] 2024-05-25..2024-05-26
    um Weihnachten => [um Weihnachten] 2023-12-21..2023-12-30
    Ende März => [Ende März] 2024-03-21..2024-04-01
    in der Woche vom 3. Juni => [in der Woche vom 3. Juni] 2023-05-29..2023-06-05
    im dritten Quartal 2023 => [im dritten Quartal 2023] 2023-07-01..2023-10-01
    in den 80er Jahren => [in den 80er Jahren] 1980-01-01..1990-01-01
    vor Weihnachten => [vor Weihnachten] -..2023-12-24
    nach dem 3. Mai => [nach dem 3. Mai] 2024-05-04..-
    in den letzten drei Wochen => [in den letzten drei Wochen] 2024-05-01..2024-05-23
    nächsten Freitag => [nächsten Freitag] 2024-05-24..2024-05-25
    am Freitag um 10:30 Uhr => [am Freitag um 10:30 Uhr] 2024-05-17T10:30..2024-05-17T10:31
    heute abend => [heute abend] 2024-05-22T18:00..2024-05-23T06:00
    vom 3. bis 7. Juni 2024 => [vom 3. bis 7. Juni 2024] 2024-06-03..2024-06-08
    en juin 2023 => [en juin 2023] 2023-06-01..2023-07-01
    le 7 mai 2023 => [le 7 mai 2023] 2023-05-07..2023-05-08
    l'été dernier => [l'été dernier] 2023-06-01..2023-09-01
    la semaine dernière => [la semaine dernière] 2024-05-13..2024-05-20
    il y a deux semaines => [il y a deux semaines] 2024-05-06..2024-05-13
    avant-hier => [avant-hier] 2024-05-20..2024-05-21
    hier soir => [hier soir] 2024-05-21T17:00..2024-05-22
    aujourd'hui => [aujourd'hui] 2024-05-22..2024-05-23
    depuis juin 2022 => [depuis juin 2022] 2022-06-01..-
    entre mars et mai 2023 => [entre mars et mai 2023] 2023-03-01..2023-06-01
    dans trois jours => [dans trois jours] 2024-05-25..2024-05-26
    autour de Noël => [autour de Noël] 2023-12-21..2023-12-30
    fin mars => [fin mars] 2024-03-21..2024-04-01
    la semaine du 3 juin => [la semaine du 3 juin] 2023-05-29..2023-06-05
    le 1er mai => [le 1er mai] 2024-05-01..2024-05-02
    vendredi dernier => [vendredi dernier] 2024-05-17..2024-05-18
    les deux dernières semaines => [les deux dernières semaines] 2024-05-08..2024-05-23
    dans les années 80 => [dans les années 80] 1980-01-01..1990-01-01
    ce soir => [ce soir] 2024-05-22T18:00..2024-05-23T06:00
    avant l'été 2020 => [avant l'été 2020] -..2020-06-01
    du 3 au 7 juin 2024 => [du 3 au 7 juin 2024] 2024-06-03..2024-06-08
    en junio de 2023 => [en junio de 2023] 2023-06-01..2023-07-01
    el 7 de mayo de 2023 => [el 7 de mayo de 2023] 2023-05-07..2023-05-08
    el verano pasado => [el verano pasado] 2023-06-01..2023-09-01
    la semana pasada => [la semana pasada] 2024-05-13..2024-05-20
    hace dos semanas => [hace dos semanas] 2024-05-06..2024-05-13
    anteayer => [anteayer] 2024-05-20..2024-05-21
    ayer por la tarde => [ayer por la tarde] 2024-05-21T12:00..2024-05-21T18:00
    mañana por la mañana => [mañana por la mañana] 2024-05-23T05:00..2024-05-23T12:00
    desde junio de 2022 => [desde junio de 2022] 2022-06-01..-
    entre marzo y mayo de 2023 => [entre marzo y mayo de 2023] 2023-03-01..2023-06-01
    dentro de tres días => [dentro de tres días] 2024-05-25..2024-05-26
    en Navidad => [en Navidad] 2023-12-24..2023-12-27
    a finales de marzo => [a finales de marzo] 2024-03-21..2024-04-01
    la semana del 3 de junio => [la semana del 3 de junio] 2023-05-29..2023-06-05
    el viernes pasado => [el viernes pasado] 2024-05-17..2024-05-18
    el próximo mes => [el próximo mes] 2024-06-01..2024-07-01
    el mes que viene => [el mes que viene] 2024-06-01..2024-07-01
    en los años 80 => [en los años 80] 1980-01-01..1990-01-01
    antes de 2020 => [antes de 2020] -..2020-01-01
    del 3 al 7 de junio de 2024 => [del 3 al 7 de junio de 2024] 2024-06-03..2024-06-08
    anoche => [anoche] 2024-05-21T18:00..2024-05-22T06:00
    """

  static let others = """
    I may go
    They march on
    The sun is out
    wait a second
    I have 2 cats
    version 2.0.1 is out
    call 555-1234
    call 030 1234567
    the 1st prize
    it costs $2023 now
    2023 people came
    on the 1st floor
    may I ask
    March of the penguins
    a 3 day trip
    two weeks of holidays
    room 2023
    5% of 10
    spring cleaning
    I fall down
    last name
    next time
    last minute
    the second option
    the first time
    I saw 12 birds
    1,234
    3.14
    10.0.0.1
    12-14 people
    what day is it
    how many years
    100 m in 10.5
    on Fridays
    ISO 8601
    RFC 2119
    line 1995
    I am 7 and fine
    hier ist nichts und die Katze war da
    das ist der Garten
    2024-02-30
    two Fridays ago
    commit 2023abc
    v2023.06
    item_2023
    see figure 12
    0x2023
    192.168.10.12
    ISBN 978-3-16-148410-0
    """
    .split(separator: "\n").map(String.init)

  // MARK: - Questions

  @Test("a question asks for one time, the surest, and the rest of it stays for the word search")
  func question() throws {
    let text = "Where did Anna go on Friday or on 3 May 2023?"
    let found = try #require(Self.grammar.window(ofQuestion: text, askedAt: Self.asked))
    #expect(Self.written(text, [found]) == "[on 3 May 2023] 2023-05-03..2023-05-04")
    #expect(found.confidence == 1)
    #expect(Self.grammar.window(ofQuestion: "Where does Anna live?", askedAt: Self.asked) == nil)
    #expect(Self.grammar.window(ofQuestion: "", askedAt: Self.asked) == nil)
  }

  @Test("of a long question both ends are looked at, of a long text the beginning")
  func long() {
    let filler = String(repeating: "xünd words ", count: 20_000)
    let question = filler + " what about June 2023?"
    #expect(Self.grammar.window(ofQuestion: question, askedAt: Self.asked)?.window.start == 1_685_577_600_000)
    #expect(Self.grammar.expressions(in: question, saidAt: Self.asked).isEmpty)
    #expect(Self.grammar.expressions(in: "June 2023 " + filler, saidAt: Self.asked).count == 1)
    let many = String(repeating: "yesterday. ", count: 1_000)
    #expect(Self.grammar.expressions(in: many, saidAt: Self.asked).count == TimeParser.foundLimit)
  }

  @Test("what looks ahead in its sentence looks ahead, and only there")
  func ahead() {
    let text = "We met on Friday. I will be there on Monday! In June I was ill."
    let found = Self.written(text, Self.grammar.expressions(in: text, saidAt: Self.asked))
    #expect(
      found
        == "[on Friday] 2024-05-17..2024-05-18 & [on Monday] 2024-05-27..2024-05-28 & [In June] 2023-06-01..2023-07-01")
  }

  @Test("surer is what is told in full")
  func confidence() throws {
    func confidence(_ text: String) throws -> Double {
      try #require(Self.grammar.expressions(in: text, saidAt: Self.asked).first).confidence
    }
    let falling = try ["7 May 2023", "yesterday", "in 2023", "7 May", "Friday", "in three days"].map(confidence)
    #expect(falling == falling.sorted(by: >))
    #expect(Set(falling).count == falling.count)
  }

  // MARK: - Where and when it is asked

  static func window(
    _ text: String, at moment: String, zone: String, hemisphere: Hemisphere = .northern
  ) throws -> TimeWindow {
    let zone = try #require(TimeZone(identifier: zone))
    let grammar = TimeGrammar(timeZone: zone, hemisphere: hemisphere)
    return try #require(grammar.expressions(in: text, saidAt: instant(moment)).first).window
  }

  @Test(
    "days are those of the time zone, an hour shorter or longer when clocks turn, and begin when the clock allows",
    arguments: [
      ("today", "2024-03-31T12:00:00Z", "Europe/Berlin", "2024-03-30T23:00", "2024-03-31T22:00"),
      ("today", "2024-10-27T12:00:00Z", "Europe/Berlin", "2024-10-26T22:00", "2024-10-27T23:00"),
      ("today", "2024-06-01T11:00:00Z", "Pacific/Kiritimati", "2024-06-01T10:00", "2024-06-02T10:00"),
      ("today", "2024-06-01T11:00:00Z", "Pacific/Pago_Pago", "2024-06-01T11:00", "2024-06-02T11:00"),
      ("today", "2024-06-01T10:59:59Z", "Pacific/Pago_Pago", "2024-05-31T11:00", "2024-06-01T11:00"),
      ("yesterday", "2024-06-01T00:00:00Z", "Asia/Kathmandu", "2024-05-30T18:15", "2024-05-31T18:15"),
      // Clocks went from midnight to one.
      ("today", "2018-11-04T12:00:00Z", "America/Sao_Paulo", "2018-11-04T03:00", "2018-11-05T02:00"),
      // There was no 30 December.
      ("31 December 2011", "2012-05-01T00:00:00Z", "Pacific/Apia", "2011-12-30T10:00", "2011-12-31T10:00"),
      ("last week", "2024-01-03T12:00:00Z", "Europe/London", "2023-12-25", "2024-01-01"),
      ("this week", "2024-12-31T12:00:00Z", "Europe/London", "2024-12-30", "2025-01-06"),
      ("last month", "2024-01-31T12:00:00Z", "Europe/London", "2023-12-01", "2024-01-01"),
      ("tomorrow", "2023-12-31T23:30:00Z", "Europe/London", "2024-01-01", "2024-01-02"),
      ("a year ago", "2024-02-29T12:00:00Z", "Europe/London", "2023-01-01", "2024-01-01"),
      ("the last month", "2024-03-31T12:00:00Z", "GMT", "2024-02-01", "2024-03-01"),
      ("in the past month", "2024-03-31T12:00:00Z", "GMT", "2024-02-29", "2024-04-01"),
      ("29 February", "2023-05-01T12:00:00Z", "GMT", "2020-02-29", "2020-03-01"),
      ("last winter", "2024-01-15T12:00:00Z", "GMT", "2022-12-01", "2023-03-01"),
      ("this winter", "2024-01-15T12:00:00Z", "GMT", "2023-12-01", "2024-03-01"),
    ])
  func zones(_ text: String, _ moment: String, _ zone: String, _ start: String, _ end: String) throws {
    let window = try Self.window(text, at: moment, zone: zone)
    #expect("\(Self.written(window.start))..\(Self.written(window.end))" == "\(start)..\(end)")
  }

  @Test("summer is where one lives")
  func hemispheres() throws {
    let south = try Self.window("last summer", at: "2024-05-22T12:00:00Z", zone: "GMT", hemisphere: .southern)
    #expect(Self.written(south.start) == "2023-12-01")
    let north = try Self.window("last summer", at: "2024-05-22T12:00:00Z", zone: "GMT")
    #expect(Self.written(north.start) == "2023-06-01")
  }

  @Test(
    "days begin when the system's calendar says so",
    arguments: [
      "Europe/Berlin", "America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut", "Pacific/Apia", "Australia/Lord_Howe",
      "America/St_Johns", "Asia/Tehran", "America/Havana", "Pacific/Kiritimati", "GMT",
    ])
  func midnights(_ zone: String) throws {
    let zone = try #require(TimeZone(identifier: zone))
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    let ours = CivilCalendar(timeZone: zone)
    for day in CivilCalendar.year(2008, count: 12) {
      let date = CivilCalendar.date(day)
      let noon = try #require(
        calendar.date(from: DateComponents(year: date.year, month: date.month, day: date.day, hour: 12)))
      // The day that Samoa left out has no noon of its own.
      guard calendar.component(.day, from: noon) == date.day else { continue }
      let expected = calendar.startOfDay(for: noon).timeIntervalSince1970
      #expect(Double(ours.milliseconds(day: day)) / 1_000 == expected, "\(date)")
    }
  }

  @Test("dates count as the system's calendar counts them")
  func dates() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    for day in stride(from: CivilCalendar.day(year: 1800), to: CivilCalendar.day(year: 2200), by: 97) {
      let date = CivilCalendar.date(day)
      #expect(CivilCalendar.day(year: date.year, month: date.month, day: date.day) == day)
      let parts = calendar.dateComponents(
        [.year, .month, .day, .weekday], from: Date(timeIntervalSince1970: Double(day) * 86_400))
      #expect([date.year, date.month, date.day] == [parts.year, parts.month, parts.day])
      #expect(CivilCalendar.weekday(day) % 7 + 1 == parts.weekday)
    }
    #expect(
      (2020...2030).map { CivilCalendar.date(CivilCalendar.easter($0)) }.map { "\($0.month)-\($0.day)" }
        == ["4-12", "4-4", "4-17", "4-9", "3-31", "4-20", "4-5", "3-28", "4-16", "4-1", "4-21"])
  }

  // MARK: - Printing and reading

  @Test(
    "a window in words reads as it was", arguments: ["GMT", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati"])
  func printed(_ zone: String) throws {
    let zone = try #require(TimeZone(identifier: zone))
    for hemisphere in [Hemisphere.northern, .southern] {
      let grammar = TimeGrammar(timeZone: zone, hemisphere: hemisphere)
      var random = Seeded(state: 42)
      for _ in 0..<600 {
        let window = random.window(grammar.calendar)
        let words = grammar.words(for: window)
        let read = grammar.window(ofQuestion: words, askedAt: Self.asked)
        #expect(read?.window == window, "\(words)")
        #expect(read?.span == words.startIndex..<words.endIndex, "\(words)")
        // And within a sentence, of which nothing else is taken.
        let sentence = "Was it \(words)?"
        let within = grammar.window(ofQuestion: sentence, askedAt: Self.asked)
        #expect(within?.window == window, "\(sentence)")
      }
    }
  }

  @Test("windows in words")
  func words() {
    func words(_ start: String, _ end: String) -> String {
      let moments = [start, end].map { Int64(Self.instant($0 + ":00Z").timeIntervalSince1970 * 1_000) }
      return Self.grammar.words(for: TimeWindow(start: moments[0], end: moments[1]))
    }
    #expect(words("2023-05-07T00:00", "2023-05-08T00:00") == "7 May 2023")
    #expect(words("2023-05-01T00:00", "2023-06-01T00:00") == "May 2023")
    #expect(words("2024-06-03T00:00", "2024-06-10T00:00") == "the week of 3 June 2024")
    #expect(words("2024-06-01T00:00", "2024-09-01T00:00") == "summer 2024")
    #expect(words("2023-12-01T00:00", "2024-03-01T00:00") == "winter 2023/24")
    #expect(words("2024-07-01T00:00", "2024-10-01T00:00") == "Q3 2024")
    #expect(words("2024-01-01T00:00", "2025-01-01T00:00") == "the year 2024")
    #expect(words("2010-01-01T00:00", "2020-01-01T00:00") == "the 2010s")
    #expect(words("2024-06-03T10:30", "2024-06-03T12:00") == "from 2024-06-03T10:30:00Z to 2024-06-03T12:00:00Z")
    #expect(Self.grammar.words(for: TimeWindow(start: .min, end: .max)) == "any time")
    #expect(Self.grammar.words(for: TimeWindow(start: 5, end: 5)) == "no time")
  }

  @Test("whatever a text holds, spans lie within it and windows are not empty")
  func anything() {
    let pieces = [
      "may", " ", " ", " ", "May", "7", "2023", "-", "/", ".", ",", "last", "week", "the", "of", "between", "and", "in",
      "two", "ago", "é", "東", "\u{301}", "“", "’", "'", "q3", "T10:30", "Z", "s", "th", "since", "early", "\n",
      "Friday", "99999999999999999999", "0", "31", "am", "{", "\0",
    ]
    var random = Seeded(state: 7)
    for _ in 0..<3_000 {
      let text = (0..<random.next(14)).map { _ in pieces[random.next(pieces.count)] }.joined()
      for found in Self.grammar.expressions(in: text, saidAt: Self.asked) {
        #expect(found.window.start < found.window.end, "\(text)")
        #expect(found.span.lowerBound < found.span.upperBound && found.span.upperBound <= text.endIndex, "\(text)")
        #expect((0.5...1).contains(found.confidence), "\(text)")
      }
    }
  }

  @Test("every language's file is read, and a wrong one says where it is wrong")
  func languages() throws {
    #expect(TimeLanguage.all.map(\.code) == ["en", "de", "fr", "es"])
    var text = String(decoding: PackageResources.time_en_json, as: UTF8.self)
    text = text.replacingOccurrences(of: "the year {year} => year", with: "the year {yeer} => year")
    let error = #expect(throws: TimeLanguageError.self) { try TimeLanguage(json: Data(text.utf8)) }
    #expect("\(error.map { "\($0)" } ?? "")".contains("an unknown slot {yeer}"))
  }
}

/// Numbers that are the same in every run.
struct Seeded {
  var state: UInt64

  mutating func next(_ count: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % count
  }

  /// A window of one of the kinds that have words of their own, or of any kind.
  mutating func window(_ calendar: CivilCalendar) -> TimeWindow {
    let year = 1_900 + next(200)
    let day = CivilCalendar.day(year: year, month: 1 + next(12), day: 1 + next(28))
    let start = calendar.milliseconds(day: day)
    func days(_ days: Range<Int>) -> TimeWindow {
      TimeWindow(
        start: calendar.milliseconds(day: days.lowerBound), end: calendar.milliseconds(day: days.upperBound))
    }
    switch next(12) {
    case 0: return days(day..<day + 1)
    case 1: return days(CivilCalendar.month(year, 1 + next(12)))
    case 2: return days(CivilCalendar.year(year))
    case 3: return days(CivilCalendar.year(year / 10 * 10, count: 10))
    case 4: return days(CivilCalendar.month(year, 3 * (1 + next(4)), count: 3))
    case 5: return days(CivilCalendar.month(year, 3 * next(4) + 1, count: 3))
    case 6: return days(CivilCalendar.monday(day)..<CivilCalendar.monday(day) + 7)
    case 7: return TimeWindow(start: start, end: .max)
    case 8: return TimeWindow(start: .min, end: start)
    case 9: return days(CivilCalendar.month(year, 1 + next(12), count: 2 + next(30)))
    case 10: return days(day..<day + 2 + next(400))
    default:
      let moment = start + Int64(next(86_400_000))
      return TimeWindow(start: moment, end: moment + 1 + Int64(next(900_000_000)))
    }
  }
}
