import RearviewJSON

/// A question to be answered from a bank.
public struct ReflectQuery: Hashable, Sendable {
  public var bankID: String
  public var text: String
  public var budget: Budget
  /// What the answer is for, in words.
  public var context: String?
  /// The JSON schema of the structured answer that is wanted beside the text.
  public var responseSchema: JSONObject?
  /// Whether the memories that the answer stands on are asked for.
  public var includesFacts: Bool
  public var tags: TagFilter?
  /// How long the store may take, all tries together; `nil` for its own limit.
  public var timeout: Duration?

  public init(
    bankID: String, text: String, budget: Budget = .mid, context: String? = nil, responseSchema: JSONObject? = nil,
    includesFacts: Bool = false, tags: TagFilter? = nil, timeout: Duration? = nil
  ) {
    self.bankID = bankID
    self.text = text
    self.budget = budget
    self.context = context
    self.responseSchema = responseSchema
    self.includesFacts = includesFacts
    self.tags = tags
    self.timeout = timeout
  }
}

/// What a store answered from its memories.
public struct Reflection: Hashable, Codable, Sendable {
  /// Empty when there was nothing to say.
  public var text: String
  /// The memories that it stands on; `nil` where the store did not say.
  public var basedOn: [Memory]?
  /// The answer in the form of the schema that was given; `nil` where the store made none.
  public var structuredOutput: JSONValue?
  /// Whether no model thought about it: the text is the best memories, as they are.
  public var isExtract: Bool
  /// What the store says of its work (steps, tokens), in its own form.
  public var trace: JSONValue?

  public init(
    text: String, basedOn: [Memory]? = nil, structuredOutput: JSONValue? = nil, isExtract: Bool = false,
    trace: JSONValue? = nil
  ) {
    self.text = text
    self.basedOn = basedOn
    self.structuredOutput = structuredOutput
    self.isExtract = isExtract
    self.trace = trace
  }

  enum CodingKeys: String, CodingKey {
    case text
    case basedOn = "based_on"
    case structuredOutput = "structured_output"
    case isExtract = "is_extract"
    case trace
  }
}
