import Foundation

/// What the dialogues are made of.
enum Words {
  static let names = [
    ("Marta", "Jonas"), ("Priya", "Oscar"), ("Leila", "Tom"), ("Ingrid", "Samuel"), ("Noor", "Felix"),
    ("Clara", "Hugo"), ("Yuki", "Daniel"), ("Rosa", "Emil"), ("Greta", "Victor"), ("Amina", "Paul"),
  ]
  /// The verb, its gerund, and what else it is called.
  static let activities = [
    ("paint", "painting", "fine art class"), ("swim", "swimming", "aquatics club"),
    ("climb", "climbing", "bouldering gym"),
    ("bake", "baking", "pastry workshop"), ("sail", "sailing", "yacht crew"), ("knit", "knitting", "wool circle"),
    ("hike", "hiking", "trail group"), ("dance", "dancing", "tango school"), ("run", "running", "marathon team"),
    ("sing", "singing", "community choir"), ("row", "rowing", "regatta squad"),
    ("garden", "gardening", "allotment society"),
    ("cycle", "cycling", "bike association"), ("skate", "skating", "ice rink course"),
    ("fish", "fishing", "angler union"),
    ("draw", "drawing", "sketch evening"), ("cook", "cooking", "kitchen seminar"), ("read", "reading", "book club"),
    ("surf", "surfing", "wave camp"), ("ski", "skiing", "winter sports league"),
  ]
  /// Two things each.
  static let things = [
    ("violin", "cousin"), ("camera", "neighbor"), ("bicycle", "dog"), ("necklace", "colleague"), ("lamp", "uncle"),
    ("backpack", "daughter"), ("guitar", "nephew"), ("teapot", "roommate"), ("telescope", "grandson"),
    ("sweater", "puppy"),
    ("notebook", "coach"), ("clock", "twin"), ("drum", "tutor"), ("kayak", "flatmate"), ("bracelet", "niece"),
    ("tent", "landlord"), ("jacket", "kitten"), ("piano", "mentor"), ("mirror", "parrot"), ("compass", "boss"),
    ("blanket", "trainer"), ("basket", "pen friend"), ("microscope", "godson"), ("suitcase", "stepson"),
  ]
  static let places = [
    "Lisbon", "Porto", "Oslo", "Kyoto", "Lima", "Cairo", "Quito", "Bergen", "Seville", "Tallinn", "Galway", "Cusco",
    "Hanoi",
    "Zagreb", "Ghent", "Turin", "Malmo", "Graz", "Bilbao", "Split", "Riga", "Leeds", "Nantes", "Cork", "Basel", "Pisa",
  ]
  static let relatives = [
    "sister", "brother", "aunt", "grandmother", "father", "mother", "grandfather", "wife", "husband", "friend",
    "teacher",
    "doctor", "son", "stepmother", "godmother",
  ]
  static let answers = [
    "I gave it away", "I lent it", "I sold it", "I sent it by mail", "I passed it on", "I promised it",
  ]
  static let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
  static let greetings = [
    "Good to see you!", "How are you doing?", "Long time no talk!", "What's new?", "How was your week?", "Hi there!",
  ]
  static let farewells = [
    "Take care!", "Talk to you soon.", "I have to go now.", "Have a nice evening!", "See you next time.",
  ]

  /// `May 2023`.
  static func month(seconds: Double) -> String {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let parts = calendar.dateComponents([.year, .month], from: Date(timeIntervalSince1970: seconds))
    let names = [
      "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
      "December",
    ]
    return "\(names[(parts.month ?? 1) - 1]) \(parts.year ?? 0)"
  }
}
