import Foundation

/// What the dialogues are made of besides their topics.
enum Words {
  static let names = [
    ("Marta", "Jonas"), ("Priya", "Oscar"), ("Leila", "Tom"), ("Ingrid", "Samuel"), ("Noor", "Felix"),
    ("Clara", "Hugo"), ("Yuki", "Daniel"), ("Rosa", "Emil"), ("Greta", "Victor"), ("Amina", "Paul"),
  ]
  static let relatives = [
    "sister", "brother", "aunt", "grandmother", "father", "mother", "grandfather", "wife", "husband", "friend",
    "teacher", "doctor", "son", "stepmother", "godmother", "neighbor", "cousin", "colleague",
  ]
  static let greetings = [
    "Good to see you!", "How are you doing?", "Long time no talk!", "What's new?", "How was your week?", "Hi there!",
    "It's been a while!", "What have you been up to?",
  ]
  static let farewells = [
    "Take care!", "Talk to you soon.", "I have to go now.", "Have a nice evening!", "See you next time.",
  ]
  static let reactions = [
    "Wow, that's amazing!", "That sounds great.", "I'm so happy for you!", "Oh no, I'm sorry.", "Thanks so much!",
    "You inspire me.", "Yeah, totally.", "I know what you mean.", "That's really cool.", "Good luck with that!",
    "It's been quite a ride.", "I can imagine.", "Sounds like fun!", "Keep it up!",
  ]
  static let benefits = [
    "relax", "clear my head", "stay positive", "meet people", "feel at home", "express myself", "keep going",
    "forget the stress",
  ]
  static let feelings = ["so rewarding", "a bit scary", "pure joy", "harder than expected", "a real relief", "magical"]
  static let times = [
    "Yesterday", "Last week", "Two days ago", "This morning", "Last Saturday", "The other day", "On Sunday",
    "A few weeks ago", "Last month", "Finally",
  ]
  static let details = [
    "my sister came along", "my neighbor talked me into it", "it took all night", "because I needed a change",
    "to raise money for the hospital", "with a few old friends", "my mother cried", "all by myself",
    "since the weather was perfect", "to surprise my grandfather", "after months of waiting", "right before the storm",
    "and I'd do it again", "with help from my coach", "because the old one was worn out", "and the judges liked it",
    "down by the river", "in front of two hundred people", "for less than forty dollars", "while it was snowing",
  ]
  static let answers = [
    "It went better than I feared,", "Oh, I gave it away,", "That is settled now,", "I had to let it go,",
    "It all worked out,", "Still not over it,", "Best decision ever,", "We sorted it out,",
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
