import RearviewMemory

/// What the Python package tells of an injection, under its names: `get_last_injection_debug()`.
public struct InjectionDebug: Hashable, Codable, Sendable {
  /// A memory as the package tells of it.
  public struct Fact: Hashable, Codable, Sendable {
    public var text: String
    public var type: String?
    public var context: String?
  }

  public var mode: Retrieval.Mode
  public var query: String
  public var bankID: String
  /// The literal block; empty when nothing was injected.
  public var memoryContext: String
  public var reflectText: String?
  /// The memories that a reflection stands on, where the store told them.
  public var reflectFacts: [Fact]?
  /// All that was recalled, those that were not injected included.
  public var recallResults: [Fact]?
  /// Memories that were injected; 1 for a reflection.
  public var resultsCount: Int
  public var injected: Bool
  public var error: String?

  /// `nil` for a turn that did not ask memory.
  public init?(_ record: TurnRecord) {
    let retrieval = record.retrieval
    switch retrieval.state {
    case .found, .nothing, .failed: break
    case .off, .excluded, .noQuery, .asking: return nil
    }
    mode = retrieval.mode
    query = retrieval.query ?? ""
    bankID = record.settings.bankID ?? ""
    memoryContext = record.block ?? ""
    reflectText = retrieval.reflection?.text
    reflectFacts = retrieval.reflection?.basedOn.map { $0.map(Fact.init) }
    if retrieval.mode == .recall, retrieval.state != .failed {
      recallResults = retrieval.memories.map { Fact($0.recalled.memory, withContext: false) }
    }
    injected = record.block != nil
    resultsCount = !injected ? 0 : retrieval.mode == .reflect ? 1 : retrieval.injected.count
    error = retrieval.error
  }

  enum CodingKeys: String, CodingKey {
    case mode, query, injected, error
    case bankID = "bank_id"
    case memoryContext = "memory_context"
    case reflectText = "reflect_text"
    case reflectFacts = "reflect_facts"
    case recallResults = "recall_results"
    case resultsCount = "results_count"
  }

  /// Every field is written, `null` where there is nothing, as the package does.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(mode, forKey: .mode)
    try values.encode(query, forKey: .query)
    try values.encode(bankID, forKey: .bankID)
    try values.encode(memoryContext, forKey: .memoryContext)
    try values.encode(reflectText, forKey: .reflectText)
    try values.encode(reflectFacts, forKey: .reflectFacts)
    try values.encode(recallResults, forKey: .recallResults)
    try values.encode(resultsCount, forKey: .resultsCount)
    try values.encode(injected, forKey: .injected)
    try values.encode(error, forKey: .error)
  }
}

extension InjectionDebug.Fact {
  init(_ memory: Memory) { self.init(memory, withContext: true) }

  init(_ memory: Memory, withContext: Bool) {
    text = memory.text
    type = memory.type == .untyped ? nil : memory.type.rawValue
    context = withContext ? memory.context : nil
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(text, forKey: .text)
    try values.encode(type, forKey: .type)
    try values.encodeIfPresent(context, forKey: .context)
  }
}
