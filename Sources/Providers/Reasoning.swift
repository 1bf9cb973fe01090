import RearviewJSON

/// How much a model is to think, as OpenAI has it (`reasoning_effort`), in the words of other protocols.
struct ReasoningEffort: Hashable, Sendable {
  /// `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`, or a word of the provider's own.
  var word: String

  init?(_ json: JSONValue?) {
    guard let word = json?.text, !word.isEmpty else { return nil }
    self.word = word
  }

  var isOff: Bool { word == "none" || word == "disable" }

  /// How Claude is made to think: by itself as hard as it is told, from 4.6 on, which takes no budget any more; with a
  /// number of tokens before.
  func claudeThinking(_ model: String) -> JSONObject {
    guard !Self.thinksByItself(model) else {
      let effort =
        switch word {
        case "minimal", "low": "low"
        case "medium", "high", "max": word
        case "xhigh": "max"
        default: "high"
        }
      return ["thinking": ["type": "adaptive"], "output_config": ["effort": .text(effort)]]
    }
    // Less than that is refused.
    return ["thinking": ["type": "enabled", "budget_tokens": .integer(max(1024, budget))]]
  }

  /// Whether a name is of Claude 4.6 or later: `claude-opus-4-6`, `us.anthropic.claude-sonnet-5-v1:0`. In names of
  /// before the third generation's end the version comes first (`claude-3-7-sonnet`).
  private static func thinksByItself(_ model: String) -> Bool {
    guard let start = model.firstRange(of: "claude-") else { return false }
    let parts = model[start.upperBound...].split { "-@.:".contains($0) }
    guard parts.first?.allSatisfy(\.isNumber) == false, parts.count > 1, let major = Int(parts[1]) else { return false }
    // What follows may be a date.
    let minor = parts.count > 2 ? Int(parts[2]).flatMap { $0 < 100 ? $0 : nil } ?? 0 : 0
    return (major, minor) >= (4, 6)
  }

  /// Tokens to think with, as LiteLLM counts them.
  var budget: Int {
    switch word {
    case "none", "disable": 0
    case "minimal": 128
    case "low": 1024
    case "medium": 2048
    case "high": 4096
    case "xhigh": 8192
    case "max": 16_384
    default: 2048
    }
  }
}
