/// What people talk about: for each topic its names, its things, and what one does with them.
struct DialogueTopic {
  /// What the topic is called, in several ways.
  let names: [String]
  let things: [String]
  let acts: [Act]

  /// What was done, how one asks for it, and how one asks for it in other words.
  struct Act {
    let past: String
    let base: String
    let other: String

    init(_ past: String, _ base: String, _ other: String) { (self.past, self.base, self.other) = (past, base, other) }
  }

  static let all = [
    DialogueTopic(
      names: ["pottery", "ceramics", "clay work"],
      things: ["bowl", "vase", "mug", "plate", "teapot", "tile", "figurine", "planter"],
      acts: [Act("made", "make", "create"), Act("glazed", "glaze", "finish"), Act("broke", "break", "drop")]),
    DialogueTopic(
      names: ["painting", "art class", "canvas work"],
      things: ["portrait", "sunset", "landscape", "mural", "sketch", "watercolor", "still life", "self-portrait"],
      acts: [
        Act("painted", "paint", "put on canvas"), Act("sold", "sell", "find a buyer for"),
        Act("hung up", "hang", "display"),
      ]),
    DialogueTopic(
      names: ["running", "jogging", "marathon training"],
      things: ["race", "medal", "shoes", "knee injury", "charity run", "personal best", "trail", "relay"],
      acts: [
        Act("finished", "finish", "complete"), Act("trained for", "train for", "prepare for"),
        Act("got", "get", "end up with"),
      ]),
    DialogueTopic(
      names: ["cooking", "kitchen experiments", "recipes"],
      things: ["lasagna", "curry", "sourdough", "soup", "dumplings", "roast", "salad", "paella"],
      acts: [Act("cooked", "cook", "prepare"), Act("burnt", "burn", "ruin"), Act("shared", "share", "serve")]),
    DialogueTopic(
      names: ["gardening", "the garden", "planting"],
      things: ["tomatoes", "roses", "herbs", "fence", "compost", "greenhouse", "apple tree", "lavender"],
      acts: [
        Act("planted", "plant", "put in the ground"), Act("lost", "lose", "see die"), Act("built", "build", "set up"),
      ]),
    DialogueTopic(
      names: ["the dog", "my puppy", "pets"],
      things: ["leash", "vet visit", "collar", "new trick", "dog park", "chew toy", "bath", "rescue"],
      acts: [
        Act("took on", "take on", "handle"), Act("bought", "buy", "purchase"), Act("adopted", "adopt", "take home"),
      ]),
    DialogueTopic(
      names: ["work", "the office", "my job"],
      things: ["promotion", "deadline", "presentation", "new boss", "contract", "budget", "interview", "report"],
      acts: [Act("landed", "land", "get"), Act("missed", "miss", "fail to meet"), Act("presented", "present", "show")]),
    DialogueTopic(
      names: ["music", "the band", "guitar practice"],
      things: ["song", "concert", "amplifier", "violin", "album", "solo", "festival", "drum kit"],
      acts: [Act("wrote", "write", "compose"), Act("played", "play", "perform"), Act("heard", "hear", "listen to")]),
    DialogueTopic(
      names: ["hiking", "the mountains", "outdoor trips"],
      things: ["summit", "waterfall", "tent", "lake", "campfire", "canyon", "cabin", "meteor shower"],
      acts: [
        Act("reached", "reach", "get to"), Act("saw", "see", "spot"),
        Act("photographed", "photograph", "take a picture of"),
      ]),
    DialogueTopic(
      names: ["reading", "book club", "novels"],
      things: ["mystery", "biography", "poem", "memoir", "fantasy series", "essay", "classic", "library card"],
      acts: [
        Act("read", "read", "get through"), Act("lent", "lend", "give away"), Act("discussed", "discuss", "talk over"),
      ]),
    DialogueTopic(
      names: ["volunteering", "the shelter", "charity work"],
      things: ["fundraiser", "food drive", "mentoring", "clean-up", "donation", "workshop", "speech", "soup kitchen"],
      acts: [
        Act("organized", "organize", "put together"), Act("joined", "join", "sign up for"), Act("gave", "give", "hold"),
      ]),
    DialogueTopic(
      names: ["the kids", "my children", "school"],
      things: [
        "recital", "science fair", "birthday party", "field trip", "costume", "sleepover", "report card", "school play",
      ],
      acts: [
        Act("went to", "go to", "attend"), Act("helped with", "help with", "support"),
        Act("planned", "plan", "arrange"),
      ]),
    DialogueTopic(
      names: ["photography", "my camera", "taking pictures"],
      things: ["lens", "exhibition", "wedding", "tripod", "street scene", "album cover", "contest", "wildlife shot"],
      acts: [Act("won", "win", "come first in"), Act("shot", "shoot", "capture"), Act("entered", "enter", "submit to")]),
    DialogueTopic(
      names: ["yoga", "meditation", "wellness"],
      things: [
        "retreat", "headstand", "breathing course", "mat", "sleep routine", "therapy", "journal", "fasting week",
      ],
      acts: [Act("tried", "try", "give a go"), Act("started", "start", "begin"), Act("gave up", "give up", "quit")]),
    DialogueTopic(
      names: ["dancing", "ballet", "the dance studio"],
      things: ["competition", "tango", "show", "choreography", "salsa night", "audition", "trophy", "duet"],
      acts: [
        Act("danced", "dance", "perform"), Act("choreographed", "choreograph", "design"),
        Act("lost", "lose", "be beaten in"),
      ]),
    DialogueTopic(
      names: ["the house", "renovation", "moving"],
      things: ["kitchen", "roof", "bathroom", "attic", "mortgage", "balcony", "fireplace", "wallpaper"],
      acts: [Act("repaired", "repair", "fix"), Act("redid", "redo", "renovate"), Act("paid for", "pay for", "cover")]),
    DialogueTopic(
      names: ["traveling", "the trip", "vacation"],
      things: ["flight", "hostel", "museum", "beach", "cruise", "train ride", "castle", "street market"],
      acts: [Act("booked", "book", "reserve"), Act("visited", "visit", "go and see"), Act("loved", "love", "enjoy")]),
    DialogueTopic(
      names: ["gaming", "board games", "video games"],
      things: ["tournament", "console", "puzzle", "strategy game", "arcade", "expansion", "prize", "team match"],
      acts: [
        Act("won", "win", "come first in"), Act("hosted", "host", "have people over for"),
        Act("streamed", "stream", "broadcast"),
      ]),
    DialogueTopic(
      names: ["studying", "college", "my degree"],
      things: ["exam", "thesis", "scholarship", "internship", "lab project", "seminar", "diploma", "lecture"],
      acts: [
        Act("passed", "pass", "succeed in"), Act("applied for", "apply for", "put in for"),
        Act("handed in", "hand in", "submit"),
      ]),
    DialogueTopic(
      names: ["family", "my parents", "the relatives"],
      things: [
        "reunion", "necklace", "old letters", "anniversary", "family recipe", "funeral", "inheritance", "photo album",
      ],
      acts: [
        Act("received", "receive", "be given"), Act("celebrated", "celebrate", "mark"),
        Act("found", "find", "come across"),
      ]),
  ]
}
