/// The other forms of an English word that its stem does not lead to: irregular verbs and plurals, short and British
/// forms. One who asks "What did I buy?" looks for "I bought".
///
/// Left out are forms that are more often another word ("rose", "bit", "wound").
enum WordForms {
  /// The other forms of `word`, which is in lower case.
  static func others(of word: String) -> [String] { table[word] ?? [] }

  private static let table: [String: [String]] = {
    var table: [String: [String]] = [:]
    for line in lines.split(separator: ",") {
      let forms = line.split(whereSeparator: \.isWhitespace).map(String.init)
      for form in forms { table[form, default: []] += forms.filter { $0 != form } }
    }
    return table
  }()

  private static let lines = """
    arise arose arisen, awake awoke, beat beaten, become became, begin began begun, bend bent, bleed bled, blow blew blown,
    break broke broken, breed bred, bring brought, build built, burn burnt, buy bought, catch caught, choose chose chosen,
    come came, creep crept, deal dealt, dig dug, draw drew drawn, dream dreamt, drink drank drunk, drive drove driven,
    eat ate eaten, fall fell fallen, feed fed, feel felt, fight fought, find found, flee fled, fly flew flown,
    forget forgot forgotten, forgive forgave forgiven, freeze froze frozen, give gave given, go went gone,
    grow grew grown, hang hung, hear heard, hide hid hidden, hold held, keep kept, kneel knelt, lay laid, lead led,
    lean leant, leap leapt, learn learnt, leave left, lend lent, lose lost, make made, mean meant, meet met,
    mistake mistook mistaken, outgrow outgrew outgrown, overcome overcame, pay paid, prove proven, ride rode ridden,
    ring rang rung, run ran, see saw seen, seek sought, sell sold, send sent, sew sewn, shake shook shaken,
    shine shone, shoot shot, show shown, shrink shrank shrunk, sing sang sung, sink sank sunk, sit sat, sleep slept,
    slide slid, speak spoke spoken, spend spent, spill spilt, spin spun, spring sprang sprung, stand stood,
    steal stole stolen, stick stuck, sting stung, strike struck, swear swore sworn, sweep swept, swim swam swum,
    swing swung, take took taken, teach taught, tear tore torn, tell told, think thought, throw threw thrown,
    understand understood, undertake undertook undertaken, wake woke woken, wear wore worn, weep wept, win won,
    withdraw withdrew withdrawn, write wrote written,
    die died dying, tie tied tying,
    calf calves, child children kid, foot feet, goose geese, half halves, knife knives, loaf loaves, man men, mouse mice,
    person people, shelf shelves, thief thieves, tooth teeth, wife wives, wolf wolves, woman women,
    bicycle bike, dad father, exam examination, fridge refrigerator, grandma grandmother, grandpa grandfather,
    mom mum mother, photo photograph, phone telephone, television tv,
    center centre, color colour, favorite favourite, flavor flavour, gray grey, humor humour, labor labour,
    neighbor neighbour, organize organise, realize realise, recognize recognise, theater theatre
    """
}
