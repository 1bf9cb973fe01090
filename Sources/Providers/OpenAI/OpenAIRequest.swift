import RearviewChat
import RearviewJSON

/// A request in OpenAI's chat protocol.
///
/// What a program wrote goes out as it wrote it, with the exceptions that LiteLLM makes too: members of a message that
/// are `null` are left out, but for `content`; the role `developer` becomes `system` for a model that has no such role.
/// The model, the messages and `stream` are the request's; parameters of these names never count.
struct OpenAIRequest: Sendable {
  /// Whether the usage of a stream may be asked for.
  let mayAskForUsage: Bool
  /// Whether it is.
  var asksForUsage = false
  private let parameters: JSONObject
  private let messages: [JSONValue]
  private let model: String
  private let streams: Bool

  init(_ request: ChatRequest, model: String) {
    var parameters = request.parameters
    var messages = request.messages
    let isReasoningModel = Self.isReasoningModel(model)
    if request.form == .anthropic {
      messages = Message.openAI(fromAnthropic: messages, parameters: parameters)
      parameters = JSONObject(openAIFromAnthropic: parameters, isForReasoning: isReasoningModel)
    }
    self.messages = messages.map { .object(Self.sent($0, hasDeveloperRole: isReasoningModel)) }
    self.parameters = parameters
    self.model = model
    streams = request.streams
    mayAskForUsage = request.isCompletable && request.streams && parameters["stream_options"] == nil
  }

  /// The body.
  var json: JSONObject {
    var body: JSONObject = ["messages": .list(messages), "model": .text(model)]
    for (name, value) in parameters where !["messages", "model", "stream"].contains(name) { body[name] = value }
    if streams { body["stream"] = true }
    if asksForUsage { body["stream_options"] = ["include_usage": true] }
    return body
  }

  private static func sent(_ message: Message, hasDeveloperRole: Bool) -> JSONObject {
    var message = message
    if message.role == .developer, !hasDeveloperRole { message.role = .system }
    for (name, value) in message.json where value.isNull && name != "content" { message.json[name] = nil }
    return message.json
  }

  /// Whether a model is one of OpenAI's that have the role `developer`: `o` and a digit, `gpt-5` and later, here or
  /// behind a gateway (`openai/o3`).
  static func isReasoningModel(_ model: String) -> Bool {
    let name = model.split(separator: "/").last ?? ""
    if name.hasPrefix("gpt-") {
      return Int(name.dropFirst(4).prefix { $0.isASCII && $0.isNumber }).map { $0 >= 5 } ?? false
    }
    return isOfOSeries(name)
  }

  /// `o` and a digit.
  static func isOfOSeries(_ name: some StringProtocol) -> Bool {
    name.hasPrefix("o") && name.dropFirst().first.map { $0.isASCII && $0.isNumber } == true
  }
}
