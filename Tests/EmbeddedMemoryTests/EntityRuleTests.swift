import Testing

@testable import RearviewEmbeddedMemory

@Suite("Entities by rule")
struct EntityRuleTests {
  /// `name:kind["alias"]`, parted by bars.
  static func written(_ mentions: [EntityMention]) -> String {
    mentions.map { "\($0.name):\($0.kind)" + ($0.aliases.isEmpty ? "" : "\($0.aliases)") }.joined(separator: " | ")
  }

  @Test("a text mentions these", arguments: table)
  func mentioned(_ row: Row) {
    let common: Set<String> = ["ate", "bought", "birds", "roses"]
    #expect(Self.written(EntityRules.entities(in: row.text, isCommon: common.contains)) == row.expected)
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var text: String
    var expected: String
    var testDescription: String { text }
  }

  static let table: [Row] = sentences.split(separator: "\n").compactMap { line in
    guard let arrow = line.range(of: " =>") else { return nil }
    return Row(
      text: String(line[..<arrow.lowerBound]), expected: String(line[arrow.upperBound...].drop { $0 == " " }))
  }

  static let sentences = #"""
    I met Anna in Paris. => Anna:name | Paris:name
    Anna went home. => Anna:name
    The Bank of England raised rates. => Bank of England:name
    What did Anna van der Berg say? => Anna van der Berg:name
    We flew to San Francisco with Tom and Julia. => San Francisco:name | Tom:name | Julia:name
    Yesterday I saw Dr. Smith on Monday in May. => Smith:person["Dr. Smith"]
    My sister Anna lives in Berlin. => Anna:person["my sister"] | Berlin:name
    Anna, my sister, lives here. => Anna:person["my sister"]
    In Berlin, my sister works hard. => Berlin:name
    my dog is called Rex => Rex:animal["my dog"]
    I have a dog named Rex. => Rex:animal
    I'm Anna and my best friend Tom is here => Anna:person | Tom:person["my best friend"]
    My name is Maria Lopez. => Maria Lopez:person
    I am German. =>
    Ask @anna_b about #gardening and #ff00aa. => @anna_b:handle | #gardening:tag
    See https://example.com/a?b=c. Or www.test.org! => https://example.com/a?b=c:url | www.test.org:url
    Mail me at tom.b@example.org please => tom.b@example.org:email
    Open src/main.swift and /etc/hosts or ~/notes.txt and and/or km/h 1/2 => src/main.swift:path | /etc/hosts:path | ~/notes.txt:path
    Use v2.1.0 or 3.4.5 of Swift 6 with Python 3.12 => v2.1.0:version | 3.4.5:version | Swift:name | Swift 6:version | Python:name | Python 3.12:version
    The function getUserName calls user_id and MAX_RETRY_COUNT in `foo.bar`. => getUserName:identifier | user_id:identifier | MAX_RETRY_COUNT:identifier | foo.bar:identifier
    I read "The Hobbit" and "Pride and Prejudice". => The Hobbit:title | Pride and Prejudice:title
    He said "I love you very much" and "Yes". =>
    THIS IS NOT GOOD AT ALL =>
    NASA and the UN met the EU. => NASA:name | UN:name | EU:name
    Yes! Hello Tom, thanks. => Tom:name
    J. R. R. Tolkien wrote it. => J. R. R. Tolkien:name
    O'Brien and Jean-Luc like Anna's cat; James' too => O'Brien:name | Jean-Luc:name | Anna:name | James:name
    Johnson & Johnson sold it. => Johnson & Johnson:name
    村上春樹の『ノルウェイの森』を読んだ。「雪国」も。 => ノルウェイの森:title | 雪国:title
    我读了《红楼梦》。 => 红楼梦:title
    Ich habe gestern Anna in Berlin getroffen, und das Haus war sehr schön. => Anna:name | Berlin:name
    Meine Schwester Lena wohnt in München und hat einen Hund. => Lena:person["meine schwester"]
    Die Freiheit ist ein Thema, über das wir mit Peter Müller gesprochen haben. => Peter Müller:name
    Mein Hund heißt Bello. => Bello:animal["mein hund"]
    Caroline: Hey Mel! Good to see you! => Caroline:person | Mel:name
    Note: The parser is broken =>
    Birds sing. Roses are red. =>
    Bought milk with Tom. => Tom:name
    I use GitHub and YouTube and my iPhone => GitHub:name | YouTube:name | iPhone:name
    Lord of the Rings is long => Lord of the Rings:name
    - Buy milk =>
    1. Call Anna => Anna:name
    Ma sœur Claire habite à Lyon. => Claire:person["ma sœur"] | Lyon:name
    Mi perro se llama Lucas => Lucas:animal["mi perro"]
    Café Müller in Zürich => Café Müller:name | Zürich:name
    OK, LOL, TODO =>
    Node.js and README.md and example.com => Node.js:name | README.md:path | example.com:url
    We hired 3 people from Berlin 3 years ago => Berlin:name
    Paris-based Apple => Paris:name
    I love New York City's parks => New York City:name
    the United States of America => United States of America:name
    Is Anna's brother coming? => Anna:name
    My boss, Karen, left => Karen:person["my boss"]
    With my boss Karen => Karen:person["my boss"]
    Mr. Brown and Mrs. Green => Brown:person["Mr. Brown"] | Green:person["Mrs. Green"]
    New York is big. Los Angeles is bigger than Las Vegas. => New York:name | Los Angeles:name | Las Vegas:name
    He said Yes to Good Omens => Good Omens:name
    Ich trinke gern Kaffee mit Herrn Schmidt und Frau Weber. => Schmidt:person["Herrn Schmidt"] | Weber:person["Frau Weber"]
    Wir fahren nach Hamburg und danach nach Wien. => Hamburg:name | Wien:name
    HELLO ANNA COME HERE NOW PLEASE =>
    a bare sentence without names. =>
    @x is short, a@b is none, #1 neither =>
    http://localhost:8080/x and ftp://host/file => http://localhost:8080/x:url | ftp://host/file:url
    C:\Users\anna\file.txt => C:\Users\anna\file.txt:path
    he/she and input/output and 2023/05/07 =>
    192.168.1.1 and 10.5 and 1.2.3 => 1.2.3:version
    my cat Luna, my horse Max and our parrot Coco => Luna:animal["my cat"] | Max:animal["my horse"] | Coco:animal["our parrot"]
    The UN and GPU prices => UN:name | GPU:name
    Prof. Müller and Miss Jane Marple arrived. => Müller:person["Prof. Müller"] | Jane Marple:person["Miss Jane Marple"]
    My older brother, Tom, called. => Tom:person["my older brother"]
    My sister's name is Eva. => Eva:person["my sister"]
    This is my wife Julia and our son Max => Julia:person["my wife"] | Max:person["our son"]
    Je m'appelle Pierre et j'habite à Paris. => Pierre:person | Paris:name
    Me llamo Lucía => Lucía:person
    Ich heiße Sabine und komme aus Köln. => Sabine:person | Köln:name
    The São Paulo office called José => São Paulo:name | José:name
    I am Happy to help =>
    call me Ishmael => Ishmael:person
    I like C++ and C# and std::vector => C++:identifier | C#:identifier
    see #123 and #rust => #rust:tag
    Tuesday, March 3rd in April =>
    She speaks English, and I speak French. =>
    What? Who? Why not? No. Maybe. =>
    Das Glück der Menschen liegt in der Hoffnung und der Liebe. =>
    """#

  @Test("what begins a sentence is a name unless the caller knows it for a common word")
  func sentenceStart() {
    #expect(Self.written(EntityRules.entities(in: "Dogs bark. Rex barks.")) == "Dogs:name | Rex:name")
    #expect(Self.written(EntityRules.entities(in: "Dogs bark. Rex barks.", isCommon: { $0 == "dogs" })) == "Rex:name")
    // Within a sentence the capital says it.
    #expect(Self.written(EntityRules.entities(in: "I saw Dogs live.", isCommon: { $0 == "dogs" })) == "Dogs:name")
  }

  @Test("who speaks is an entity, and whose sister she is, is told")
  func speaker() {
    let found = EntityRules.entities(in: "My sister Anna and I; I'm Thomas.", speaker: "Tom")
    #expect(
      Self.written(found) == #"Tom:person | Anna:person["my sister", "Tom\'s sister"] | Thomas:person["Tom"]"#)
    #expect(Self.written(EntityRules.entities(in: "I'm Thomas.", speaker: "user")) == "user:person | Thomas:person")
    #expect(EntityRules.entities(in: "") == [])
  }

  @Test("each entity comes once, with all that is known of it, and no more than twenty-four of a text")
  func once() {
    let found = EntityRules.entities(in: "I met ANNA and Anna. Then Ánna, my sister, left.")
    #expect(found.map(\.norm) == ["anna"])
    #expect(found.first?.kind == .person)
    #expect(found.first?.aliases == ["my sister"])
    let names = (0..<100).map { "see Name\(["a", "b", "c"][$0 % 3])\(String(repeating: "x", count: $0)), " }.joined()
    #expect(EntityRules.entities(in: names).count == EntityRules.limit)
  }

  @Test("of a long text the beginning counts, and the time is linear")
  func long() {
    let text = "See Anna. " + String(repeating: "and so on. ", count: 100_000) + "See Berta."
    #expect(EntityRules.entities(in: text).map(\.norm) == ["anna"])
    for piece in ["Anna ", "Anna von ", "\"A\" ", "my ", "a/b/c ", "'", "「a", "http://a?"] {
      _ = EntityRules.entities(in: String(repeating: piece, count: 65_536 / piece.utf8.count))
    }
  }

  @Test("whatever a text holds, its entities have names and norms")
  func anything() {
    let pieces = [
      "Anna", " ", " ", "von", "'s", "my", "sister", "is", "called", "@", "#", "/", ".", ",", "\"", "“", "”", "「", "」",
      "é", "東京", "\u{301}", "\n", "-", "&", "I", "v1.2", "://", "`", "_", "A", "\0", "👩‍👩‍👧",
    ]
    var random = Seeded(state: 3)
    for _ in 0..<3_000 {
      let text = (0..<random.next(16)).map { _ in pieces[random.next(pieces.count)] }.joined()
      for mention in EntityRules.entities(in: text) {
        #expect(!mention.name.isEmpty && !mention.norm.isEmpty, "\(text)")
        #expect(mention.norm == EntityName.norm(mention.name), "\(text)")
      }
    }
  }

  // MARK: - Names compared

  @Test(
    "spellings of one name have one norm",
    arguments: [
      ("Anna  Berg", "anna berg"), ("Anna's", "anna"), ("Anna’s", "anna"), ("James'", "james"), ("Ánna", "anna"),
      ("MÜLLER", "muller"), ("Straße", "strasse"), ("Łódź", "lodz"), ("Ærø", "aero"), ("  x ", "x"), ("東京", "東京"),
      ("が", "が"),
    ])
  func norms(_ name: String, _ norm: String) {
    #expect(EntityName.norm(name) == norm)
  }

  @Test("a shorter name can be part of a longer one")
  func subsets() {
    #expect(EntityName.isTokenSubset("anna", of: "anna berg"))
    #expect(EntityName.isTokenSubset("anna berg", of: "anna van der berg"))
    #expect(!EntityName.isTokenSubset("anna", of: "annabel berg"))
    #expect(!EntityName.isTokenSubset("anna berg", of: "anna berg"))
    #expect(!EntityName.isTokenSubset("", of: "anna"))
  }

  @Test("how like two names are, as Python's difflib says it")
  func ratios() {
    #expect(EntityName.stringRatio("abcd", "bcde") == 0.75)
    #expect(EntityName.stringRatio("anna", "anna") == 1)
    #expect(EntityName.stringRatio("anna", "xyz") == 0)
    #expect(EntityName.stringRatio("", "") == 1)
    #expect(EntityName.stringRatio("jon smith", "john smith") == 18.0 / 19.0)
  }

  @Test("a merge is suggested where letters, company and time agree")
  func similarity() {
    let same = EntityName.similarity("jon smith", "john smith", sharedCoMentions: 0.8, daysApart: 1)
    #expect(same >= EntityName.mergeSuggestion)
    let strangers = EntityName.similarity("jon smith", "john smith", sharedCoMentions: 0, daysApart: 30)
    #expect(strangers < EntityName.mergeSuggestion)
    #expect(EntityName.similarity("a", "a", sharedCoMentions: 1, daysApart: 0) == 1)
    #expect(EntityName.similarity("a", "b", sharedCoMentions: 0, daysApart: -9) == 0)
  }
}
