import RearviewJSON

extension JSONObject {
  /// Parameters of OpenAI's protocol by their names in Anthropic's; those that have no other name there pass as they
  /// are, known or not.
  ///
  /// What only OpenAI's has is left out.
  /// - Parameter model: Tells how it is made to think.
  init(anthropicFromOpenAI parameters: JSONObject, model: String) {
    self.init()
    for (name, value) in parameters {
      switch name {
      case "max_completion_tokens": if !value.isNull { self["max_tokens"] = value }
      case "max_tokens": self["max_tokens"] = self["max_tokens"] ?? value
      case "stop":
        // Blank ones are refused.
        let stops = (value.text.map { [.text($0)] } ?? value.list ?? []).filter { $0.text?.isBlank == false }
        if !stops.isEmpty { self["stop_sequences"] = .list(stops) }
      case "metadata":
        if let user = value["user_id"] { self["metadata"] = ["user_id": user] }
      case "response_format":
        if let schema = value["json_schema"]?["schema"] {
          self["output_config"] = ["format": ["type": "json_schema", "schema": schema]]
        }
      case "tools": self["tools"] = value.list.map { .list($0.map(Self.anthropicTool)) } ?? value
      case "user": if parameters["metadata"]?["user_id"] == nil { self["metadata"] = ["user_id": value] }
      // Of a stream there the usage always comes.
      case "tool_choice", "parallel_tool_calls", "stream_options", "reasoning_effort", "n", "seed", "logprobs",
        "top_logprobs", "logit_bias", "presence_penalty", "frequency_penalty", "modalities", "store", "verbosity":
        break
      default: self[name] = value
      }
    }
    let isForced = parameters["tool_choice"] == "required" || parameters["tool_choice"]?["function"] != nil
    // A model that must call a tool may not think before.
    if let effort = ReasoningEffort(parameters["reasoning_effort"]), !effort.isOff, !isForced, self["thinking"] == nil {
      let thinking = effort.claudeThinking(model)
      for (name, value) in thinking {
        var object = self[name]?.object ?? [:]
        object.merge(value.object ?? [:])
        self[name] = .object(object)
      }
      // Beside thinking they are refused.
      self["temperature"] = nil
      self["top_p"] = nil
      if let budget = self["thinking"]?["budget_tokens"]?.wholeNumber, let limit = self["max_tokens"]?.wholeNumber,
        limit <= budget
      {
        self["max_tokens"] = .integer(Swift.min(limit, 1_000_000) + budget)
      }
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
