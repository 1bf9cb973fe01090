import Foundation
import RearviewChat
import RearviewEngine
import RearviewJSON
import RearviewMemory
import RearviewProviders

/// A request in the form of OpenAI's chat protocol: a model, messages, whatever else the model takes (`tools`,
/// `temperature`, …), and any setting of memory as `hindsight_<name>`, which never reaches the model.
///
/// ```swift
/// var request = CompletionRequest(model: "openai/gpt-4o-mini", messages: [Message(.user, "Where does Anna live?")])
/// request.parameters["temperature"] = 0.2
/// request.parameters["hindsight_budget"] = "high"
/// ```
public struct CompletionRequest: Hashable, Sendable {
  /// As it is given to the provider table: `openai/gpt-4o-mini`, `claude-sonnet-4-20250514`, …
  public var model: String
  public var messages: [Message]
  /// Every other member of the request.
  public var parameters: JSONObject
  /// Whether the model is to answer in pieces.
  public var streams: Bool
  /// Whose form messages and parameters have.
  public var form = ChatRequest.Form.openAI
  /// Where the model is, if not where its provider is by default.
  public var baseURL: String?
  /// The key for `baseURL`, or for the provider's own address. It is no part of what is sent as the request.
  public var apiKey: Secret?
  /// What the provider is to be asked with, by the names of the environment variables that it stands for
  /// (`AZURE_API_VERSION`, `VERTEXAI_PROJECT`).
  public var providerVariables: [String: Secret] = [:]
  /// Set by a callback: the request has its memory already.
  var preparation: UUID?
  /// Members that were left out when the request was read: they tell LiteLLM how to call, not the model what to do.
  public private(set) var leftOut: [String] = []

  public init(model: String, messages: [Message], parameters: JSONObject = [:], streams: Bool = false) {
    self.model = model
    self.messages = messages
    self.parameters = parameters
    self.streams = streams
  }

  /// Why a request cannot be made: what is wrong, and where.
  public struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
  }

  /// Reads a request as JSON has it: `{"model": …, "messages": […], …}`; `api_base` and `api_key` are understood as by
  /// LiteLLM.
  ///
  /// - Parameter defaultModel: For a request that names none.
  public init(json: JSONObject, defaultModel: String? = nil) throws(Malformed) {
    var json = json
    switch json["model"] {
    case .text(let name) where !name.isEmpty: model = name
    case .none, .null:
      guard let defaultModel else { throw Malformed(description: "the request names no model") }
      model = defaultModel
    default: throw Malformed(description: "\"model\" must be a text that is not empty")
    }
    guard let list = json["messages"]?.list else {
      throw Malformed(
        description: "\"messages\" must be a list of messages such as {\"role\": \"user\", \"content\": \"Hello\"}")
    }
    messages = []
    for (index, item) in list.enumerated() {
      guard let object = item.object, object["role"]?.text?.isEmpty == false else {
        throw Malformed(description: "messages[\(index)] must be an object with a \"role\"")
      }
      messages.append(Message(json: object))
    }
    switch json["stream"] {
    case .none, .null: streams = false
    case .boolean(let flag): streams = flag
    default: throw Malformed(description: "\"stream\" must be true or false")
    }
    baseURL = (json["api_base"] ?? json["base_url"])?.text
    apiKey = json["api_key"]?.text.map(Secret.init)
    for (name, variable) in Self.variables {
      // It never goes to the model, whatever it is.
      let value = json[name]
      json[name] = nil
      guard let text = value?.text ?? value?.object.map({ JSONValue.object($0).written() }), !text.isEmpty else {
        continue
      }
      providerVariables[variable] = Secret(text)
    }
    if apiKey == nil { apiKey = providerVariables["AZURE_AD_TOKEN"] }
    for name in ["model", "messages", "stream", "api_base", "base_url", "api_key"] { json[name] = nil }
    leftOut = json.keys.filter(Self.ofLiteLLM.contains)
    for name in leftOut { json[name] = nil }
    parameters = json
  }

  /// Parameters of `litellm.completion` that no provider knows.
  private static let ofLiteLLM: Set = [
    "timeout", "request_timeout", "num_retries", "max_retries", "drop_params", "additional_drop_params",
    "custom_llm_provider", "mock_response", "caching", "fallbacks", "extra_headers", "headers", "client_secret",
    "client_id", "tenant_id", "azure_username", "azure_password", "azure_scope", "aws_web_identity_token",
    "aws_role_name", "aws_session_name", "aws_external_id", "aws_sts_endpoint", "model_list", "base_model",
    "input_cost_per_token", "output_cost_per_token", "deployment_id", "ssl_verify",
  ]

  /// Parameters of `litellm.completion` that say how to reach a provider, and the variables that they stand for.
  private static let variables = [
    "api_version": "AZURE_API_VERSION", "azure_ad_token": "AZURE_AD_TOKEN", "organization": "OPENAI_ORGANIZATION",
    "vertex_project": "VERTEXAI_PROJECT", "vertex_location": "VERTEXAI_LOCATION",
    "vertex_credentials": "VERTEXAI_CREDENTIALS", "vertex_ai_project": "VERTEXAI_PROJECT",
    "vertex_ai_location": "VERTEXAI_LOCATION", "vertex_ai_credentials": "VERTEXAI_CREDENTIALS",
    "aws_region_name": "AWS_REGION_NAME",
    "aws_access_key_id": "AWS_ACCESS_KEY_ID", "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY",
    "aws_session_token": "AWS_SESSION_TOKEN", "aws_profile_name": "AWS_PROFILE",
    "aws_bedrock_runtime_endpoint": "AWS_BEDROCK_RUNTIME_ENDPOINT",
  ]
}

/// What came of a call.
public struct Completion: Sendable {
  /// Everything that happened: settings, what was recalled, the block, the request as it was sent, the answer.
  public let record: TurnRecord
  /// Why the turn could not be stored, where the call waited for it (`sync_storage`). The answer is none the worse.
  public let storageError: HindsightError?

  public var text: String { record.answer.text }
  public var reasoning: String { record.answer.reasoning }
  public var toolCalls: [ToolCall] { record.answer.toolCalls }
  public var usage: Usage? { record.answer.usage }
  public var finishReason: FinishReason? { record.answer.finishReason }
  /// The answer as a message, for the conversation to go on with.
  public var message: Message { record.answer.message }
}

/// A call that got no answer, or only the beginning of one.
public struct CompletionFailed: Error, Sendable, CustomStringConvertible {
  /// What there is of the turn; `answer.text` is what came.
  public let record: TurnRecord
  /// The provider's error, where it was the provider.
  public let cause: (any Error)?

  public var description: String { record.answer.error ?? "There was no answer." }
}

/// A memory operation that failed: which, in which bank, and why.
public struct HindsightError: Error, Sendable, CustomStringConvertible {
  public enum Operation: String, Sendable {
    case configuration, recall, reflect, retain, storage, bank
  }

  public let operation: Operation
  public let bankID: String?
  /// One sentence.
  public let message: String
  public let cause: (any Error)?

  public init(_ operation: Operation, bankID: String? = nil, _ message: String, cause: (any Error)? = nil) {
    self.operation = operation
    self.bankID = bankID
    self.message = message
    self.cause = cause
  }

  public var description: String { message }

  /// In the words of the Python package.
  static func storage(_ record: TurnRecord, cause: String) -> HindsightError {
    HindsightError(
      .storage, bankID: record.settings.bankID, "Failed to store conversation: \(cause)", cause: NotStored(cause))
  }
}

/// Why a text or a turn is not in its store, as the queue on disk keeps it: the store's own sentence.
public struct NotStored: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
