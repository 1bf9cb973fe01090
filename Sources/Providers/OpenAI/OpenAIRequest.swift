import RearviewChat
import RearviewJSON

/// A request in OpenAI's chat protocol.
///
/// What a program wrote goes out as it wrote it, with the exceptions that LiteLLM makes too: members of a message that
/// are `null` are left out, but for `content`; the role `developer` becomes `system` for a model that has no such role;
/// and what a provider is known to refuse is put in the way that it takes (`ProviderRow.Trait`). The model, the messages
/// and `stream` are the request's; parameters of these names never count.
struct OpenAIRequest: Sendable {
  /// Whether the usage of a stream may be asked for.
  let mayAskForUsage: Bool
  /// Whether it is.
  var asksForUsage = false
  private let parameters: JSONObject
  private let messages: [JSONValue]
  private let model: String
  private let modelMember: String
  private let streams: Bool

  init(_ request: ChatRequest, to route: Route, at endpoint: Endpoint) {
    let row = endpoint.row
    let isOpenAI = row.traits.contains(.openAI)
    let reasons = route.reasons ?? (isOpenAI ? Self.reasoning(of: route.model) : nil)
    // Models behind a gateway have the role too.
    let hasDeveloperRole = reasons != nil || Self.isReasoningModel(route.model)
    let (messages, written) = request.inOpenAIForm(isForReasoning: hasDeveloperRole)
    self.messages = messages.map { message in
      var message = message
      if message.role == .developer, !hasDeveloperRole { message.role = .system }
      if message.role == .system, reasons == .oSeries { message.role = .user }
      if row.traits.contains(.flat) { message.flatten() }
      for (name, value) in message.json where value.isNull && name != "content" { message.json[name] = nil }
      return .object(message.json)
    }
    var parameters = written
    Self.adapt(&parameters, to: row, reasons: reasons)
    for (name, value) in endpoint.body where parameters[name] == nil { parameters[name] = value }
    self.parameters = parameters
    model = route.model
    modelMember = row.modelMember
    streams = request.streams
    mayAskForUsage = request.isCompletable && request.streams && parameters["stream_options"] == nil
  }

  /// The body.
  var json: JSONObject {
    var body: JSONObject = ["messages": .list(messages), modelMember: .text(model)]
    for (name, value) in parameters where !["messages", "model", "stream"].contains(name) { body[name] = value }
    if streams { body["stream"] = true }
    if asksForUsage { body["stream_options"] = ["include_usage": true] }
    return body
  }

  private static func adapt(_ parameters: inout JSONObject, to row: ProviderRow, reasons: Route.Reasoning?) {
    if let reasons {
      if let limit = parameters["max_tokens"] {
        parameters["max_tokens"] = nil
        parameters["max_completion_tokens"] = parameters["max_completion_tokens"] ?? limit
      }
      // Models that reason take no temperature but 1; of later ones those that are told not to reason do.
      let isThinking = reasons == .oSeries || parameters["reasoning_effort"] != "none"
      if isThinking, parameters["temperature"] != 1, parameters["temperature"] != 1.0 {
        parameters["temperature"] = nil
      }
    }
    if row.traits.contains(.maxTokens), let limit = parameters["max_completion_tokens"] {
      parameters["max_completion_tokens"] = nil
      parameters["max_tokens"] = parameters["max_tokens"] ?? limit
    }
    if row.traits.contains(.unsampled) {
      for name in ["temperature", "max_tokens", "max_completion_tokens"] { parameters[name] = nil }
    }
    if row.traits.contains(.thinking), let effort = parameters["reasoning_effort"] {
      parameters["reasoning_effort"] = nil
      let isOff = effort.isNull || effort == "none" || effort == "minimal"
      parameters["thinking"] = parameters["thinking"] ?? ["type": isOff ? "disabled" : "enabled"]
    }
  }

  /// Whether a model is one of OpenAI's that have the role `developer`: `o` and a digit, `gpt-5` and later, here or
  /// behind a gateway (`openai/o3`).
  static func isReasoningModel(_ model: String) -> Bool { reasoning(of: model) != nil }

  /// Which kind of OpenAI's reasoning models a name is of; `gpt-5-chat` and the like are none.
  static func reasoning(of model: String) -> Route.Reasoning? {
    let name = model.split(separator: "/").last ?? ""
    if name.hasPrefix("gpt-") {
      let version = Int(name.dropFirst(4).prefix { $0.isASCII && $0.isNumber }) ?? 0
      return version >= 5 && !name.contains("-chat") ? .gpt5 : nil
    }
    return isOfOSeries(name) ? .oSeries : nil
  }

  /// `o` and a digit.
  static func isOfOSeries(_ name: some StringProtocol) -> Bool {
    name.hasPrefix("o") && name.dropFirst().first.map { $0.isASCII && $0.isNumber } == true
  }
}

extension ChatRequest {
  /// Messages and parameters in OpenAI's form, whatever form they were written in.
  /// - Parameter isForReasoning: Whether the limit of the answer has the name that reasoning models want.
  func inOpenAIForm(isForReasoning: Bool = false) -> (messages: [Message], parameters: JSONObject) {
    guard form == .anthropic else { return (messages, parameters) }
    return (
      Message.openAI(fromAnthropic: messages, parameters: parameters),
      JSONObject(openAIFromAnthropic: parameters, isForReasoning: isForReasoning)
    )
  }
}

extension Message {
  /// Makes a list of texts one string, for servers that take no lists.
  fileprivate mutating func flatten() {
    guard case .parts(let parts) = content, parts.allSatisfy({ $0.type == "text" }) else { return }
    content = .text(parts.compactMap(\.text).joined(separator: "\n"))
  }
}
