/// Long dialogues of two people with questions whose answers stand in named turns: made up from a seed, for measuring
/// recall. Nothing in it was written by anyone.
///
/// It is made to be hard in the ways in which real dialogues are: both people talk about the same few topics again and
/// again, ask and answer each other, and mention a thing more often than they tell of it; questions name the thing or
/// the topic, but rarely the words that tell the evidence from the rest. With the default sizes a share over all questions is
/// known to about .01.
public struct DialogueCorpus: Sendable {
  public struct Turn: Sendable {
    /// `conversation:session:turn`.
    public var id: String
    public var session: String
    public var text: String
    /// Since 1970; the turns of a session share theirs, as in logs that date sessions only.
    public var seconds: Double
  }

  public struct Question: Sendable {
    /// In the words of the evidence; in other words; on an answer without the question's words, behind the other's
    /// question; on several turns; naming the wrong one of the two; with the month in which it was said.
    public enum Kind: String, CaseIterable, Sendable {
      case sameWords, otherWords, behind, several, wrongSpeaker, month
    }
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

  /// - Parameters: How many conversations, and how many sessions of about thirty-five turns each has.
  public init(seed: UInt64, conversations: Int = 10, sessions: Int = 19) {
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

/// Something that one of the two did.
private struct Deed: Hashable {
  var speaker: Int
  var topic: Int
  var act: Int
  var thing: String
}

private struct ConversationWriter {
  var random: SeededRandom
  private var conversation: DialogueCorpus.Conversation
  private let speakers: [String]
  private var topics: [DialogueTopic] = []
  private var session = ""
  private var turn = 0
  private var seconds = 0.0
  private var told: [Deed: [String]] = [:]

  private static let topicCount = 6

  init(number: Int, random: SeededRandom) {
    self.random = random
    conversation = DialogueCorpus.Conversation(name: "dialogue-\(number)")
    let pair = Words.names[number % Words.names.count]
    speakers = [pair.0, pair.1]
  }

  mutating func write(sessions: Int) -> DialogueCorpus.Conversation {
    topics = Array(DialogueTopic.all.shuffled(using: &random).prefix(Self.topicCount))
    // 3 March 2023, ten in the morning.
    seconds = 1_677_837_600
    for number in 0..<sessions {
      seconds += (Double.random(in: 4...18, using: &random) * 86_400).rounded()
      session = "\(conversation.name):\(number)"
      turn = 0
      say(0, "Hey \(speakers[1])! \(pick(Words.greetings))")
      say(1, "\(pick(Words.greetings)) \(pick(Words.reactions))")
      // A session stays with a few topics, and comes back to them.
      let today = (0..<topics.count).shuffled(using: &random).prefix(3)
      for _ in 0..<12 {
        let topic = today.randomElement(using: &random) ?? 0
        let speaker = Int.random(in: 0...1, using: &random)
        tell(topic, speaker)
        if Int.random(in: 0..<10, using: &random) < 6 { chat(topic, 1 - speaker) }
        if Int.random(in: 0..<10, using: &random) < 4 { chat(topic, speaker) }
        if Int.random(in: 0..<10, using: &random) < 2 { chat(topic, 1 - speaker) }
      }
      say(0, pick(Words.farewells))
      say(1, "\(pick(Words.farewells)) Bye, \(speakers[0])!")
    }
    askForSeveral()
    return conversation
  }

  // MARK: - Talking

  private var id: String { "\(session):\(turn)" }

  private mutating func say(_ speaker: Int, _ text: String) {
    conversation.turns.append(
      DialogueCorpus.Turn(id: id, session: session, text: "\(speakers[speaker]): \(text)", seconds: seconds))
    turn += 1
  }

  private mutating func pick(_ items: [String]) -> String { items.randomElement(using: &random) ?? "" }

  private mutating func isLikely(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }

  /// Speaks of a topic's things without telling what anyone did.
  private mutating func chat(_ topic: Int, _ speaker: Int) {
    let (topic, thing) = (topics[topic], pick(topics[topic].things))
    let act = topic.acts.randomElement(using: &random) ?? topic.acts[0]
    let (name, reaction) = (pick(topic.names), pick(Words.reactions))
    switch Int.random(in: 0..<10, using: &random) {
    case 0: say(speaker, "\(reaction) How is \(name) going otherwise?")
    case 1: say(speaker, "I've been thinking about \(name) a lot. Maybe a \(thing) is next for me.")
    case 2: say(speaker, "\(reaction) I could never \(act.base) a \(thing) like that.")
    case 3: say(speaker, "\(name.capitalizedFirst) really helps me to \(pick(Words.benefits)).")
    case 4: say(speaker, "Do you still want to \(act.base) the \(thing)? \(reaction)")
    case 5: say(speaker, "That \(thing) must mean a lot to you, \(speakers[1 - speaker]). \(reaction)")
    case 6: say(speaker, "My \(pick(Words.relatives)) always asks about the \(thing).")
    case 7: say(speaker, "Thanks, \(speakers[1 - speaker])! \(reaction)")
    case 8: say(speaker, "\(reaction) What got you into \(name)?")
    default: say(speaker, "\(reaction) Tell me more, I'm all ears.")
    }
  }

  /// Tells of a deed and asks for it.
  private mutating func tell(_ topicNumber: Int, _ speaker: Int) {
    let topic = topics[topicNumber]
    let actNumber = Int.random(in: topic.acts.indices, using: &random)
    let (act, thing) = (topic.acts[actNumber], pick(topic.things))
    let deed = Deed(speaker: speaker, topic: topicNumber, act: actNumber, thing: thing)
    let isNew = told[deed] == nil
    let answersOther = isLikely(0.2)
    if answersOther { say(1 - speaker, "\(pick(Words.reactions)) What happened with the \(thing)?") }
    told[deed, default: []].append(id)
    let evidence = [id]
    let detail = pick(Words.details)
    if answersOther {
      say(speaker, "\(pick(Words.answers)) \(detail).")
    } else {
      let opener = isLikely(0.5) ? pick(Words.reactions) + " " : ""
      let place = isLikely(0.35) ? " for \(pick(topic.names))" : ""
      let closing = isLikely(0.5) ? " It was \(pick(Words.feelings))." : ""
      say(speaker, "\(opener)\(pick(Words.times)) I \(act.past) a \(thing)\(place), \(detail).\(closing)")
    }
    // Told twice, or not asked: which turn is meant would not be known.
    guard isNew, isLikely(0.95) else { return }
    ask(act, thing, pick(topic.names), detail, speaker, evidence, answersOther: answersOther)
  }

  // MARK: - Asking

  private mutating func ask(
    _ act: DialogueTopic.Act, _ thing: String, _ topic: String, _ detail: String, _ speaker: Int, _ evidence: [String],
    answersOther: Bool
  ) {
    let (name, other) = (speakers[speaker], speakers[1 - speaker])
    func add(_ kind: DialogueCorpus.Question.Kind, _ text: String) {
      conversation.questions.append(DialogueCorpus.Question(kind: kind, text: text, evidence: evidence))
    }
    if answersOther { return add(.behind, "What happened to \(name)'s \(thing)?") }
    let hint = isLikely(0.5) ? " when \(detail)" : ""
    func question(_ name: String, _ verb: String) -> String {
      switch Int.random(in: 0..<5, using: &random) {
      case 0: "What did \(name) \(verb) for \(topic)\(hint)?"
      case 1: "When did \(name) \(verb) the \(thing)?"
      case 2: "What was it like for \(name) to \(verb) the \(thing) in connection with \(topic)?"
      case 3: "Who was with \(name) or helped to \(verb) a \(thing)?"
      default: "Why did \(name) \(verb) a \(thing)?"
      }
    }
    switch Int.random(in: 0..<100, using: &random) {
    case ..<30: add(.sameWords, question(name, act.base))
    case ..<60: add(.otherWords, question(name, act.other))
    case ..<88: add(.wrongSpeaker, question(other, isLikely(0.5) ? act.base : act.other))
    default: add(.month, "Which \(topic) news about a \(thing) did \(name) have in \(Words.month(seconds: seconds))?")
    }
  }

  /// Asks for all that one did of a kind.
  private mutating func askForSeveral() {
    var deeds: [Deed: [String]] = [:]
    for (deed, turns) in told {
      deeds[Deed(speaker: deed.speaker, topic: deed.topic, act: deed.act, thing: ""), default: []] += turns
    }
    for (deed, turns) in deeds.sorted(by: { $0.value.min() ?? "" < $1.value.min() ?? "" })
    where (2...4).contains(turns.count) {
      let topic = topics[deed.topic]
      conversation.questions.append(
        DialogueCorpus.Question(
          kind: .several,
          text: "What things did \(speakers[deed.speaker]) \(topic.acts[deed.act].base) in \(topic.names[0])?",
          evidence: turns.sorted()))
    }
  }
}

extension String {
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
