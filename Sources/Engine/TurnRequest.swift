import RearviewChat
import RearviewJSON
import RearviewMemory

/// What one turn is made of.
public struct TurnRequest: Sendable {
  public var sessionID: String
  /// The whole conversation, the question last.
  public var messages: [Message]
  /// Whose form messages and parameters have.
  public var form = ChatRequest.Form.openAI
  /// Everything else that is sent to the model, as it is.
  public var parameters: JSONObject = [:]
  /// Whether the answer comes in pieces.
  public var streams = true
  /// The model's name, as it was given.
  public var model: String
  /// Finds the model; throws what a person should read when it cannot be used.
  public var resolveModel: @Sendable () throws -> any ChatModel
  public var settings: MemorySettings
  /// Where memory is; `nil` for the engine's own store.
  public var store: (any MemoryStore)?
  /// Who writes the turn down; `nil` for the engine's own journal.
  public var journal: (any TurnJournal)?
  public var rules: TurnRules
  /// What is to be said to who made the request.
  public var warnings: [String] = []

  public init(
    sessionID: String, messages: [Message], model: String,
    resolveModel: @escaping @Sendable () throws -> any ChatModel, settings: MemorySettings,
    rules: TurnRules = .completion
  ) {
    self.sessionID = sessionID
    self.messages = messages
    self.model = model
    self.resolveModel = resolveModel
    self.settings = settings
    self.rules = rules
  }

  /// A question in a chat.
  /// - Parameter history: The conversation before the question.
  public init(
    sessionID: String, question: String, history: [Message], model: String,
    resolveModel: @escaping @Sendable () throws -> any ChatModel, settings: MemorySettings
  ) {
    self.init(
      sessionID: sessionID, messages: history + [Message(.user, question)], model: model, resolveModel: resolveModel,
      settings: settings, rules: .chat)
  }
}

/// In what the ways to call the engine differ; all else is one path.
///
/// The differences are the Python package's, whose entry points write, ask and store each in its own manner.
public struct TurnRules: Hashable, Sendable {
  /// What of the messages is retained with the answer.
  public enum Retained: Hashable, Sendable {
    /// All of them, but for what the session's document has already.
    case conversation
    /// The last user message and what follows it.
    case exchange
  }

  public var retained: Retained
  /// Whether the user's words are retained when the model fails, and while its answer is still coming.
  public var keepsWordsOfFailedTurns = false
  /// Whether the memory block carries dates, sources and a clock.
  public var isBlockDated = false
  /// Whether only the first text of several asks memory.
  public var asksFirstPartOnly = false
  /// Whether recall asks for entities where `include_entities` is unset.
  public var includesEntities = false
  /// What stands between the block and the user's text with `prepend_user`.
  public var separator = "\n\n"
  /// Whether a reflection's structured output is injected in place of its text.
  public var injectsStructuredOutput = false
  /// Whether the tokens that the model counted are stored with the turn.
  public var storesTokenCount = false
  /// Whether the messages are retained when the model said nothing and asked for nothing.
  public var retainsWithoutAnswer = true
  /// How long a recall may take where `recall_timeout_seconds` is unset.
  public var recallTimeoutSeconds = 30.0
  /// Whether the request may be completed with what makes a chat nicer.
  public var isCompletable = false

  public init(retained: Retained) { self.retained = retained }

  /// A person in front of a screen: the turn is part of a session that is on disk.
  public static let chat: TurnRules = {
    var rules = TurnRules(retained: .exchange)
    rules.keepsWordsOfFailedTurns = true
    rules.recallTimeoutSeconds = 5
    rules.isCompletable = true
    return rules
  }()

  /// A program's request: `completion`.
  public static let completion = TurnRules(retained: .conversation)

  /// A wrapped client.
  public static let wrapped: TurnRules = {
    var rules = TurnRules(retained: .exchange)
    rules.isBlockDated = true
    rules.asksFirstPartOnly = true
    rules.includesEntities = true
    return rules
  }()

  /// A call that the program makes itself, between two calls of ours.
  public static let callback: TurnRules = {
    var rules = TurnRules(retained: .conversation)
    rules.includesEntities = true
    rules.separator = "\n\n---\n\n"
    rules.injectsStructuredOutput = true
    rules.storesTokenCount = true
    rules.retainsWithoutAnswer = false
    return rules
  }()
}
