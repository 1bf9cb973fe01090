import RearviewMemory

/// What a reflection is doing, for a live view.
public enum ReflectProgress: Hashable, Sendable {
  /// The model is asked, for the `round`th time; `tokens` were used before.
  case asking(round: Int, tokens: Int)
  /// The model looks something up.
  case searching(tool: String, query: String)
  case found(tool: String, count: Int)
  /// The model wanted to answer before it had looked.
  case sentBack
  /// The answer is being written, from so many memories.
  case answering(memories: Int)
  /// The model failed; the extract takes its place.
  case failed(String)
}

/// How far a reflection may go.
struct ReflectLimits: Sendable {
  var rounds = 10
  var time = Duration.seconds(300)
  /// Input and output of all calls together.
  var tokens = 100_000
  /// Share of the time after which the answer is asked for.
  static let timeForSearching = 0.8
}
