/// What each way to find a memory counts for when they are added up.
///
/// Fitted on the development half of a corpus of long dialogues whose questions name their evidence; `DialogueCorpus`
/// of the tests is one of our own. Each arm's scores are shares of its best.
struct RecallWeights: Sendable {
  var words = 1.0
  var vectors = 0.33
  var trigrams = 0.3
  var entities = 0.2
  var time = 0.2

  // What a turn borrows: an answer often lacks the question's words, and the turn before has them, above all one that
  // asked.
  var previousTurn = 0.4
  var previousQuestion = 0.6
  var nextTurn = 0.3
  var twoTurnsBack = 0.2
  var thread = 0.3
  /// The mean is taken over this many of a thread's best.
  var threadBest = 3

  /// What the one said whom the question names.
  var namedSpeaker = 1.4
  /// The most that being new or old adds or takes.
  var recency = 0.1
  /// The most that being in or out of the time that is asked for adds or takes.
  var windowNearness = 0.1
  /// The most that what was said often gains, and how fast.
  var proof = 0.05
  var proofLimit = 1.25

  /// A neighbour that no arm found comes along when it reaches this share of the best.
  var neighbourFloor = 0.2
  /// Of a question's words, by their rarity, the best memories must hold this share; else nothing is an answer.
  var coverageFloor = 0.25
  /// Of a memory that has nothing to do with a question, the cosine is taken to be this, or what is usual in the bank
  /// where that is more: what is not above it was not found by its vector. The share of the best begins there.
  var unrelatedCosine = 0.2
  /// A memory this near to the question by its vector is an answer whatever its words. Where more is usual in the bank
  /// than `unrelatedCosine`, as much more is asked for.
  var cosineFloor = 0.35
  /// Of two memories whose words agree to this share, one is enough.
  var sameWords = 0.9

  static let standard = RecallWeights()
}
