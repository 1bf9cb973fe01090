import RearviewJSON

extension JSONObject {
  /// Parameters of OpenAI's protocol by their names in Anthropic's; those that have no other name there pass as they
  /// are, known or not.
  init(anthropicFromOpenAI parameters: JSONObject) {
    self.init()
    for (name, value) in parameters {
      switch name {
      case "max_completion_tokens": if !value.isNull { self["max_tokens"] = value }
      case "max_tokens": self["max_tokens"] = self["max_tokens"] ?? value
      case "stop": self["stop_sequences"] = value.text.map { [.text($0)] } ?? value
      case "tools": self["tools"] = value.list.map { .list($0.map(Self.anthropicTool)) } ?? value
      case "user": self["metadata"] = parameters["metadata"] ?? ["user_id": value]
      // Of a stream there the usage always comes.
      case "tool_choice", "parallel_tool_calls", "stream_options", "reasoning_effort": break
      default: self[name] = value
      }
    }
    if let effort = ReasoningEffort(parameters["reasoning_effort"]), !effort.isOff, self["thinking"] == nil {
      // Less is refused.
      let budget = Swift.max(1024, effort.budget)
      self["thinking"] = ["type": "enabled", "budget_tokens": .integer(budget)]
      // Beside thinking they are refused.
      self["temperature"] = nil
      self["top_p"] = nil
      if let limit = self["max_tokens"]?.wholeNumber, limit <= budget { self["max_tokens"] = .integer(limit + budget) }
    }
    self["tool_choice"] = Self.anthropicToolChoice(
      parameters["tool_choice"], parallel: parameters["parallel_tool_calls"]?.boolean)
  }

  /// A function as a tool of the client's; tools of the provider's own pass as they are.
  private static func anthropicTool(_ tool: JSONValue) -> JSONValue {
    guard let function = tool["function"], let name = function["name"] else { return tool }
    var translated: JSONObject = ["name": name]
    translated["input_schema"] = function["parameters"] ?? ["type": "object", "properties": [:]]
    translated["type"] = "custom"
    translated["description"] = function["description"]
    translated["cache_control"] = tool["cache_control"] ?? function["cache_control"]
    return .object(translated)
  }

  private static func anthropicToolChoice(_ choice: JSONValue?, parallel: Bool?) -> JSONValue? {
    var translated: JSONObject
    switch choice {
    case nil, .null?:
      // The provider's own choice, said only where something else has to be said with it.
      guard parallel == false else { return nil }
      translated = ["type": "auto"]
    case .text("required")?:
      translated = ["type": "any"]
    case .text(let type)?:
      translated = ["type": .text(type)]
    case let choice?:
      guard let name = choice["function"]?["name"] else { return choice }
      translated = ["type": "tool", "name": name]
    }
    if let parallel, translated["type"] != "none" { translated["disable_parallel_tool_use"] = .boolean(!parallel) }
    return .object(translated)
  }
}
