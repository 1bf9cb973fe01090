import RearviewJSON

/// What a reflection did, as `Reflection.trace` tells it.
struct ReflectTrace: Sendable {
  private struct Step {
    var round: Int
    var tool: String
    var arguments: JSONValue
    var found: Int
    var milliseconds: Int
  }

  var rounds = 0
  var inputTokens = 0
  var outputTokens = 0
  var refusals = 0
  /// What ended the search: `done`, `text`, `rounds`, `tokens`, `time`, `no tools`.
  var ended = ""
  var fault: String?
  private var steps: [Step] = []
  private let start = ContinuousClock.now

  var tokens: Int { inputTokens + outputTokens }

  mutating func add(tool: String, arguments: JSONValue, found: Int, since begin: ContinuousClock.Instant) {
    steps.append(
      Step(
        round: rounds, tool: tool, arguments: arguments, found: found,
        milliseconds: Self.milliseconds(ContinuousClock.now - begin)))
  }

  func json(model: String, answer: ReflectAnswer, directives: [Directive]) -> JSONValue {
    var json: JSONObject = [
      "model": .text(model), "rounds": .integer(rounds), "ended_by": .text(ended),
      "refused_answers": .integer(refusals),
      "milliseconds": .integer(Self.milliseconds(ContinuousClock.now - start)),
      "usage": ["input_tokens": .integer(inputTokens), "output_tokens": .integer(outputTokens)],
      "steps": .list(
        steps.map { step in
          [
            "round": .integer(step.round), "tool": .text(step.tool), "arguments": step.arguments,
            "found": .integer(step.found), "milliseconds": .integer(step.milliseconds),
          ]
        }),
      "directives": .list(directives.map { .text($0.id) }),
      "mental_models": .list(answer.mentalModels.map { .text($0.id) }),
      "unknown_ids": .list(answer.unknown.map(JSONValue.text)),
    ]
    if let fault { json["fault"] = .text(fault) }
    return .object(json)
  }

  private static func milliseconds(_ duration: Duration) -> Int { Int(duration / .milliseconds(1)) }
}
