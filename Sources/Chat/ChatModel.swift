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
  /// A block of the model's thinking, signed or hidden, as it must go back with the results of the tools that it asks
  /// for; comes before these calls, and only with them.
  indirect case thinkingBlock(JSONObject)
  /// A tool call, whole; several come in their order, before `finished`.
  case toolCall(ToolCall)
  /// The provider's own count; the last one holds.
  case usage(Usage)
  /// A try failed before anything of the answer had come; the next one follows after a wait.
  indirect case retrying(Retry)
  case finished(FinishReason)
}

/// Why a model is asked once more, and when.
public struct Retry: Hashable, Codable, Sendable {
  /// Which try comes, counted from 1 for the first: 2 or more.
  public var attempt: Int
  /// How long until then, in milliseconds.
  public var waitMilliseconds: Int
  /// Why the try before failed, in one sentence.
  public var reason: String
  /// The full name of the model that is asked then, where it is another one (`fallback_models`).
  public var model: String?

  public init(attempt: Int, waitMilliseconds: Int, reason: String, model: String? = nil) {
    self.attempt = attempt
    self.waitMilliseconds = waitMilliseconds
    self.reason = reason
    self.model = model
  }

  enum CodingKeys: String, CodingKey {
    case attempt, reason, model
    case waitMilliseconds = "wait_milliseconds"
  }
}

extension Retry: CustomStringConvertible {
  /// One sentence: why, and what follows when.
  public var description: String {
    let next = model.map { "asking \($0)" } ?? "trying again"
    let seconds = (Double(waitMilliseconds) / 1000).rounded(.up)
    return "\(reason) Now \(next)" + (waitMilliseconds > 0 ? " in \(Int(seconds)) s." : ".")
  }
}

/// Tokens as the provider counted them.
public struct Usage: Hashable, Codable, Sendable {
  /// All of the input, what came out of a cache included.
  public var inputTokens: Int
  /// What the model wrote; its reasoning is in it, unless `countsReasoningApart`.
  public var outputTokens: Int
  /// How much of the input came out of the provider's cache, where it says so.
  public var cachedInputTokens: Int?
  /// How much the model thought, where the provider says so.
  public var reasoningTokens: Int?
  /// Whether `reasoningTokens` come on top of `outputTokens`.
  public var countsReasoningApart: Bool?

  /// All tokens that the model produced, as they are paid for.
  public var paidOutputTokens: Int { outputTokens + (countsReasoningApart == true ? reasoningTokens ?? 0 : 0) }

  enum CodingKeys: String, CodingKey {
    case inputTokens = "input_tokens"
    case outputTokens = "output_tokens"
    case cachedInputTokens = "cached_input_tokens"
    case reasoningTokens = "reasoning_tokens"
    case countsReasoningApart = "counts_reasoning_apart"
  }

  /// Figures that no conversation can have are brought into range: a server's word must not overflow a sum.
  public init(
    inputTokens: Int, outputTokens: Int, cachedInputTokens: Int? = nil, reasoningTokens: Int? = nil,
    countsReasoningApart: Bool? = nil
  ) {
    self.countsReasoningApart = countsReasoningApart
    self.inputTokens = Self.inRange(inputTokens)
    self.outputTokens = Self.inRange(outputTokens)
    self.cachedInputTokens = cachedInputTokens.map(Self.inRange)
    self.reasoningTokens = reasoningTokens.map(Self.inRange)
  }

  private static func inRange(_ count: Int) -> Int { min(max(0, count), 1_000_000_000) }
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
