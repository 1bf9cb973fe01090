/// Long dialogues of two people with questions whose answers stand in named turns: made up from a seed, for measuring
/// recall. Nothing in it was written by anyone.
///
/// Five kinds of question, in equal parts, are what makes recall hard: in the words of the evidence; in other words;
/// on an answer that lacks the question's words and stands behind the other's question; on one of two who said nearly
/// the same; on a month. Small talk on the same things surrounds them.
public struct DialogueCorpus: Sendable {
  public struct Turn: Sendable {
    /// `conversation:session:turn`.
    public var id: String
    public var session: String
    public var text: String
    /// Since 1970.
    public var seconds: Double
  }
  public struct Question: Sendable {
    public enum Kind: String, CaseIterable, Sendable { case sameWords, otherWords, behind, speaker, month }
    public var kind: Kind
    public var text: String
    public var evidence: [String]
  }
  public struct Conversation: Sendable {
    public var name: String
    public var turns: [Turn] = []
    public var questions: [Question] = []
  }

  public let conversations: [Conversation]

  /// - Parameters: How many conversations, and how many sessions of about thirty turns each has.
  public init(seed: UInt64, conversations: Int = 10, sessions: Int = 20) {
    var random = SeededRandom(seed: seed)
    self.conversations = (0..<conversations).map { number in
      var writer = ConversationWriter(number: number, random: random)
      let conversation = writer.write(sessions: sessions)
      random = writer.random
      return conversation
    }
  }
}

/// SplitMix64: the same numbers for the same seed everywhere.
public struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}

private struct ConversationWriter {
  let number: Int
  var random: SeededRandom
  private var conversation: DialogueCorpus.Conversation
  private let speakers: [String]
  private var session = ""
  private var turn = 0
  private var time = 0.0
  private var used: Set<String> = []

  init(number: Int, random: SeededRandom) {
    self.number = number
    self.random = random
    conversation = DialogueCorpus.Conversation(name: "dialogue-\(number)")
    let pair = Words.names[number % Words.names.count]
    speakers = [pair.0, pair.1]
  }

  mutating func write(sessions: Int) -> DialogueCorpus.Conversation {
    // 3 March 2023, ten in the morning.
    time = 1_677_837_600
    for session in 0..<sessions {
      time += Double.random(in: 4...18, using: &random) * 86_400
      self.session = "\(conversation.name):\(session)"
      turn = 0
      say(0, "Hey \(speakers[1])! \(pick(Words.greetings))")
      say(1, pick(Words.greetings) + " " + smallTalk())
      for _ in 0..<10 {
        let speaker = Int.random(in: 0...1, using: &random)
        let kind = DialogueCorpus.Question.Kind.allCases.randomElement(using: &random) ?? .sameWords
        plant(kind, speaker)
        if Bool.random(using: &random) { say(1 - speaker, smallTalk()) }
        if Bool.random(using: &random) { say(speaker, smallTalk()) }
      }
      say(0, pick(Words.farewells))
      say(1, pick(Words.farewells) + " Bye, \(speakers[0])!")
    }
    return conversation
  }

  private var id: String { "\(session):\(turn)" }

  private mutating func say(_ speaker: Int, _ text: String) {
    conversation.turns.append(
      DialogueCorpus.Turn(
        id: id, session: session, text: "\(speakers[speaker]): \(text)", seconds: time + Double(turn) * 20))
    turn += 1
  }

  private mutating func pick<Item>(_ items: [Item]) -> Item { items[Int.random(in: 0..<items.count, using: &random)] }

  private mutating func smallTalk() -> String {
    let (activity, thing, place) = (pick(Words.activities), pick(Words.things), pick(Words.places))
    let forms = [
      "That's great! I really like \(thing.0) too.", "Wow, how did it go?", "\(activity.1) is so relaxing, isn't it?",
      "I've been thinking about \(place) a lot lately.", "My weekend was mostly \(activity.1), nothing special.",
      "Thanks, that means a lot!", "Sounds fun! Tell me more.", "I always wanted a \(thing.0).",
      "Have you ever been to \(place)?", "Yeah, it was quite an experience.", "I can't wait to hear more about it.",
      "People in \(place) are so friendly.", "It's been a long day, but a good one.",
    ]
    return pick(forms)
  }

  /// Says something that can be asked for, once, and writes down the question.
  private mutating func plant(_ kind: DialogueCorpus.Question.Kind, _ speaker: Int) {
    let (activity, thing, place) = (pick(Words.activities), pick(Words.things), pick(Words.places))
    let relative = pick(Words.relatives)
    let name = speakers[speaker]
    guard used.insert("\(kind) \(speaker) \(activity.0) \(thing.0)").inserted else { return say(speaker, smallTalk()) }
    func ask(_ text: String, _ evidence: [String]) {
      conversation.questions.append(DialogueCorpus.Question(kind: kind, text: text, evidence: evidence))
    }
    switch kind {
    case .sameWords:
      let turn = id
      say(speaker, "My \(relative) gave me a \(thing.0) when we were \(activity.1) in \(place).")
      ask("Who gave \(name) the \(thing.0) while \(activity.1) in \(place)?", [turn])
    case .otherWords:
      let turn = id
      say(speaker, "I finally signed up for \(activity.1) near \(place), my \(relative) talked me into it.")
      ask("Who convinced \(name) to join a \(activity.2) not far from \(place)?", [turn])
    case .behind:
      say(1 - speaker, "What did you do with the \(thing.0) from \(place)?")
      let turn = id
      say(speaker, "\(pick(Words.answers)) to my \(relative).")
      ask("What happened to \(name)'s \(thing.0) from \(place)?", [turn])
    case .speaker:
      let turn = id
      say(speaker, "I go \(activity.1) every \(pick(Words.days)) with my \(thing.1).")
      say(1 - speaker, "I go \(activity.1) now and then, never with my \(thing.1) though.")
      ask("When does \(name) go \(activity.1) with the \(thing.1)?", [turn])
    case .month:
      let turn = id
      say(speaker, "I sold my \(thing.0) yesterday and bought a \(thing.1) for \(activity.1).")
      ask("What did \(name) sell in \(Words.month(seconds: time)) to afford \(activity.1) gear?", [turn])
    }
  }
}
