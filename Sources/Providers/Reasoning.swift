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
