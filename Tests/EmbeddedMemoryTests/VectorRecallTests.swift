import Foundation
import GRDB
import RearviewChat
import RearviewMemory
import Testing

@testable import RearviewEmbeddedMemory

@Suite("Recall with vectors", .timeLimit(.minutes(2)))
struct VectorRecallTests {
  let scene: Scene
  let model = TopicVectors("x/topics")

  init() throws { scene = try Scene() }

  private static let notes = [
    "My puppy is afraid of thunder.", "The lease ends on 30 June.", "We repainted the kitchen in yellow.",
    "Anna plays the cello on Fridays.", "The bicycle got a new chain.", "My passport expires in March.",
  ]

  /// A bank of notes that were embedded, and a store that recalls with their vectors.
  private func embedded() async throws -> EmbeddedMemory {
    let store = try await scene.open()
    for (number, note) in Self.notes.enumerated() {
      try await store.retain(.saying(note, turnID: "turn-\(number)", documentID: "document-\(number)"))
    }
    try await store.embedMissing(bankID: "bank", model: model)
    store.use(model)
    return store
  }

  @Test("what shares no word with the question is found by its meaning, and its scores say how")
  func synonym() async throws {
    let store = try await embedded()
    let result = try await store.recall(RecallQuery(bankID: "bank", text: "hound scared?"))
    let first = try #require(result.memories.first)
    #expect(first.memory.text == Self.notes[0])
    #expect(first.scores?["vectors"] == 1 && first.scores?["words"] == nil)
    #expect(try #require(first.scores?["cosine"]) > 0.6)
    // What has nothing to do with it was not found.
    #expect(result.memories.map(\.memory.text) == [Self.notes[0]])
    #expect(result.notices == [])
    // Without vectors nothing is.
    let plain = try await scene.open()
    #expect(try await plain.texts("hound scared?") == [])
  }

  @Test("a question that is near to nothing finds nothing, whatever model says what is near", arguments: [0, 2.0])
  func abstains(offset: Double) async throws {
    // With an offset all cosines are high, as those of some models are.
    let model = TopicVectors("x/offset", offset: offset)
    let store = try await scene.open()
    try await store.retain(
      (0..<400).map {
        .saying("Note \($0) on \(TopicVectors.topics[$0 % 7][0]).", turnID: "t\($0)", documentID: "d\($0)")
      })
    try await store.embedMissing(bankID: "bank", model: model)
    store.use(model)
    #expect(try await store.texts("volcano?") == [])
    #expect(try await store.texts("hound?").contains { $0.contains("puppy") })
  }

  @Test("filters hold for what only vectors find")
  func filters() async throws {
    let store = try await scene.open()
    var tagged = RetainTurn.saying("My puppy sleeps.", turnID: "1", documentID: "1")
    tagged.tags = ["home"]
    try await store.retain(tagged)
    try await store.retain(.saying("Whose puppy barks?", turnID: "2", documentID: "2", at: Scene.time - 86_400 * 30))
    try await store.retain(.saying("So?", answer: "Every puppy grows.", turnID: "3", documentID: "3"))
    try await store.embedMissing(bankID: "bank", model: model)
    store.use(model)
    func texts(_ set: (inout RecallQuery) -> Void) async throws -> Set<String> {
      var query = RecallQuery(bankID: "bank", text: "hounds?")
      set(&query)
      // Neighbours come along with what was found.
      return Set(try await store.recall(query).memories.filter { $0.scores?["vectors"] != nil }.map(\.memory.text))
    }
    #expect(try await texts { _ in } == ["My puppy sleeps.", "Whose puppy barks?", "Every puppy grows."])
    #expect(try await texts { $0.types = [.experience] } == ["Every puppy grows."])
    #expect(try await texts { $0.tags = TagFilter(tags: ["home"], match: .anyStrict) } == ["My puppy sleeps."])
    #expect(
      try await texts { $0.window = TimeRange(start: nil, end: Scene.time - 86_400) } == ["Whose puppy barks?"])
    let puppy = try #require(try await store.listed("sleeps").first)
    _ = try await store.invalidate(id: puppy.id, bankID: "bank", reason: nil)
    #expect(try await texts { _ in } == ["Whose puppy barks?", "Every puppy grows."])
  }

  @Test("a least semantic score is a cosine, which only what has a vector has")
  func minimum() async throws {
    let store = try await embedded()
    try await store.retain(.saying("A hound of no vector.", turnID: "new", documentID: "new"))
    func texts(_ semantic: Double) async throws -> [String] {
      let query = RecallQuery(
        bankID: "bank", text: "hound?", minimumScores: MinimumScores(semantic: semantic))
      return try await store.recall(query).memories.map(\.memory.text)
    }
    #expect(try await texts(0.6) == [Self.notes[0]])
    #expect(try await texts(0.999) == [])
  }

  @Test("the question itself, said before, is no answer and takes nothing from the answers")
  func echo() async throws {
    let store = try await embedded()
    try await store.retain(.saying("hound scared?", turnID: "echo", documentID: "echo"))
    try await store.embedMissing(bankID: "bank", model: model)
    let result = try await store.recall(RecallQuery(bankID: "bank", text: "hound scared?"))
    #expect(result.memories.map(\.memory.text) == [Self.notes[0]])
    #expect(result.memories.first?.scores?["vectors"] == 1)
  }

  @Test("a model that is late or fails costs a recall nothing but its vectors, and the result says so")
  func withoutVectors() async throws {
    let store = try await embedded()
    let never = Latch()
    let late = TopicVectors(model.name) { _ in await never.wait() }
    store.use(late, within: .milliseconds(150))
    let start = ContinuousClock.now
    var result = try await store.recall(RecallQuery(bankID: "bank", text: "When does the lease end?"))
    #expect(ContinuousClock.now - start < .seconds(5))
    #expect(result.memories.first?.memory.text == Self.notes[1])
    #expect(result.notices == ["Searched without vectors: x/topics did not answer within 150 ms."])
    let fault = ChatModelError(.server, provider: "P", model: model.name)
    store.use(TopicVectors(model.name) { _ in throw fault })
    result = try await store.recall(RecallQuery(bankID: "bank", text: "When does the lease end?"))
    #expect(result.memories.first?.memory.text == Self.notes[1])
    #expect(result.notices == ["Searched without vectors: \(fault)"])
    await never.open()
  }

  @Test("a bank without vectors sends no question anywhere")
  func nothingSent() async throws {
    let store = try await scene.open()
    try await store.retain(.saying("The lease ends on 30 June.", turnID: "1"))
    store.use(model)
    #expect(try await store.texts("lease?") == ["The lease ends on 30 June."])
    #expect(model.asked == [])
  }

  @Test("while another model takes over, recall goes on with the one before")
  func switching() async throws {
    let store = try await embedded()
    let other = TopicVectors("x/other", offset: 0.1)
    let before = model
    store.setEmbeddings(within: .seconds(30)) { name in [before, other].first { $0.name == name } }
    let gate = Latch()
    let slow = TopicVectors("x/other", offset: 0.1) { _ in await gate.wait() }
    let work = Task { try await store.embedMissing(bankID: "bank", model: slow) }
    while slow.asked.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
    #expect(try await store.texts("hound?") == [Self.notes[0]])
    #expect(before.asked.last == "hound?")
    await gate.open()
    _ = try await work.value
    #expect(try await store.texts("hound scared?") == [Self.notes[0]])
    #expect(other.asked == ["hound scared?"])
  }

  @Test("more vectors than may be kept in memory give the same result")
  func cap() async throws {
    let store = try await embedded()
    let kept = try await store.recall(RecallQuery(bankID: "bank", text: "hound scared?"))
    store.use(model, cacheLimit: 0)
    #expect(try await store.recall(RecallQuery(bankID: "bank", text: "hound scared?")) == kept)
  }
}

extension EmbeddedMemory {
  /// Recalls with the vectors of this model, and waits for them.
  func use(_ model: TopicVectors, within limit: Duration = .seconds(30), cacheLimit: Int = 256 << 20) {
    setEmbeddings(within: limit, cacheLimit: cacheLimit) { $0 == model.name ? model : nil }
  }
}

/// Gives texts on one topic like vectors, whatever words they use for it, and others a direction of their own.
final class TopicVectors: EmbeddingModel {
  static let topics = [
    ["puppy", "hound", "hounds"], ["lease", "rent"], ["kitchen", "cooking"], ["cello", "music"], ["bicycle", "bike"],
    ["passport", "document"], ["garden", "lawn"],
  ]
  let name: String
  private let offset: Double
  private let before: (@Sendable ([String]) async throws -> Void)?
  private let seen = Seen()

  /// - Parameter offset: A part that all vectors have in common, which makes every cosine high.
  init(_ name: String, offset: Double = 0, before: (@Sendable ([String]) async throws -> Void)? = nil) {
    self.name = name
    self.offset = offset
    self.before = before
  }

  var asked: [String] { seen.texts.flatMap(\.self) }

  func embed(_ texts: [String], for use: EmbeddingUse) async throws -> [[Float]] {
    seen.add(texts, use)
    try await before?(texts)
    return texts.map(vector)
  }

  private func vector(_ text: String) -> [Float] {
    let words = text.lowercased().split { !$0.isLetter }.map(String.init)
    var seed: UInt64 = 14_695_981_039_346_656_037
    for byte in text.utf8 { seed = (seed ^ UInt64(byte)) &* 1_099_511_628_211 }
    var generator = SplitMix(state: seed)
    // The text's own part has about the length 0.7.
    var vector = generator.vector(64).map { $0 * 0.15 }
    for (place, topic) in Self.topics.enumerated() where topic.contains(where: words.contains) { vector[place] += 2 }
    vector[63] += Float(offset)
    return vector
  }
}
