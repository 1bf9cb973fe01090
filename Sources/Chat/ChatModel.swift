import RearviewJSON
import RearviewMemory

/// A model that answers a conversation, streaming.
public protocol ChatModel: Sendable {
  /// The full name, as the user picks it (`openai/gpt-4o-mini`).
  var name: String { get }

  /// Whether its answers are worth remembering. The built-in model's are not: they only quote memories.
  var retainsAnswers: Bool { get }

  /// Streams the answer. Ends after `.finished`; throws `ChatModelError`, or `CancellationError` when cancelled.
  /// Cancelling the task that iterates closes the connection at once.
  func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error>
}

extension ChatModel {
  public var retainsAnswers: Bool { true }
}

/// What is asked of a model.
public struct ChatRequest: Hashable, Codable, Sendable {
  /// All messages that are sent, the memory block included.
  public var messages: [Message]
  /// What was recalled for this turn, for the built-in model to quote. Models on the network ignore it.
  public var memories: [RecalledMemory]
  /// Whose form the messages and parameters have; a model of another protocol translates them.
  public var form: Form
  /// Everything else of the request body (`temperature`, `tools`, `max_tokens`, …), sent as it is.
  public var parameters: JSONObject
  /// Whether the answer is to come in pieces; else it comes whole, as one event of each kind.
  public var streams: Bool
  /// Whether the request may be completed with what makes a chat nicer (the usage of a stream); a request that a
  /// program wrote is sent as it was written.
  public var isCompletable: Bool

  /// The protocol that messages and parameters are written in.
  public enum Form: String, Codable, Sendable {
    case openAI = "openai"
    case anthropic
  }

  public init(
    messages: [Message], memories: [RecalledMemory] = [], form: Form = .openAI, parameters: JSONObject = [:],
    streams: Bool = true, isCompletable: Bool = true
  ) {
    self.messages = messages
    self.memories = memories
    self.form = form
    self.parameters = parameters
    self.streams = streams
    self.isCompletable = isCompletable
  }
}

/// A piece of an answer.
public enum ChatEvent: Hashable, Sendable {
  case text(String)
  case reasoning(String)
  /// A tool call, whole; several come in their order, before `finished`.
  case toolCall(ToolCall)
  /// The provider's own count; the last one holds.
  case usage(Usage)
  case finished(FinishReason)
}

/// Tokens as the provider counted them.
public struct Usage: Hashable, Codable, Sendable {
  public var inputTokens: Int
  public var outputTokens: Int

  enum CodingKeys: String, CodingKey {
    case inputTokens = "input_tokens"
    case outputTokens = "output_tokens"
  }

  /// Figures that no conversation can have are brought into range: a server's word must not overflow a sum.
  public init(inputTokens: Int, outputTokens: Int) {
    self.inputTokens = min(max(0, inputTokens), 1_000_000_000)
    self.outputTokens = min(max(0, outputTokens), 1_000_000_000)
  }
}

/// Why an answer ended.
public enum FinishReason: String, Codable, Sendable {
  case stop
  /// The token limit was reached.
  case length
  case contentFilter = "content_filter"
  case toolCalls = "tool_calls"
  /// A reason that this program does not know, or none was given.
  case other
}
