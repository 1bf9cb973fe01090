import Foundation
import RearviewEngine
import RearviewMemory

/// What came of a `retain`.
public struct RetainResult: Hashable, Sendable {
  /// Items that are in the bank now; none yet where the work goes on in the background.
  public let itemsCount: Int
  /// Whether the bank's store still works on it.
  public let isProcessing: Bool
}

extension RearviewInstance {
  /// Recalls from a bank.
  ///
  /// - Parameter set: Changes the settings of this call: bank, budget, types, tags, …
  /// - Throws: `HindsightError` without a bank; `MemoryStoreError`.
  public func recall(
    _ query: String, _ set: @Sendable (inout MemorySettings) throws -> Void = { _ in }
  ) async throws -> RecallResult {
    let (settings, bankID, store) = try await direct(set)
    let started = ContinuousClock.now
    let text = store.queryTokenLimit.flatMap { shortened(query, toTokens: $0) } ?? query
    let result = try await store.recall(
      RecallQuery(
        bankID: bankID, text: text, budget: settings.budget, maxTokens: settings.maxMemoryTokens,
        types: settings.factTypes, tags: settings.tagFilter, includesEntities: settings.includeEntities ?? true,
        traces: settings.trace, timeout: .seconds(settings.recallTimeoutSeconds ?? 30)))
    try await opened().log.note("recall", settings: settings, results: result.memories.count, since: started)
    return result
  }

  /// Lets memory answer a question.
  ///
  /// As in the Python package, `reflect_context`, `reflect_response_schema` and `reflect_include_facts` of the
  /// configuration are for completions; here they are what `set` sets.
  public func reflect(
    _ query: String, _ set: @Sendable (inout MemorySettings) throws -> Void = { _ in }
  ) async throws -> Reflection {
    let (settings, bankID, store) = try await direct { settings in
      for name in ["reflect_context", "reflect_response_schema", "reflect_include_facts"] { settings.clear(name) }
      try set(&settings)
    }
    let started = ContinuousClock.now
    let reflection = try await store.reflect(
      ReflectQuery(
        bankID: bankID, text: query, budget: settings.budget, context: settings.reflectContext,
        responseSchema: settings.reflectResponseSchema, includesFacts: settings.reflectIncludeFacts,
        tags: settings.tagFilter, timeout: .seconds(settings.reflectTimeoutSeconds)))
    let results = reflection.text.isEmpty ? 0 : 1
    try await opened().log.note("reflect", settings: settings, results: results, since: started)
    return reflection
  }

  /// Keeps a text in a bank.
  ///
  /// - Parameters:
  ///   - context: One line about where it comes from.
  ///   - documentID: The document that it becomes; by default it is added to that of the session, if there is one.
  ///   - waits: Whether to return only when it is stored. Else it is on disk when this returns, is stored in the
  ///     background, and what goes wrong is kept for `pendingRetainErrors`.
  /// - Throws: `HindsightError` without a bank; `MemoryStoreError`.
  @discardableResult
  public func retain(
    _ content: String, context: String? = nil, documentID: String? = nil, metadata: Metadata = [:],
    waits: Bool = false, _ set: @Sendable (inout MemorySettings) throws -> Void = { _ in }
  ) async throws -> RetainResult {
    let (settings, bankID, store) = try await direct(set)
    guard !content.allSatisfy(\.isWhitespace) else { throw MemoryStoreError.emptyText }
    let document = documentID ?? settings.groupID
    let turn = RetainTurn(
      bankID: bankID, turnID: UUID().uuidString.lowercased(), documentID: document,
      messages: [RetainedMessage(speaker: .note, text: content, saidAt: Date())], context: context,
      metadata: metadata, tags: settings.tags, update: documentID == nil ? .append : .overwrite)
    let delivery = Delivery(destination: Destination(settings))
    let client = try await opened()
    if waits {
      // What was handed in before for the same document comes first.
      if document != nil, let storage = await client.queue.storeLane(of: turn, at: delivery.destination) {
        let cause = NotStored(storage.error ?? "")
        throw HindsightError(
          .retain, bankID: bankID, "Failed to retain: what was handed in before for this document waits: \(cause)",
          cause: cause)
      }
      let started = ContinuousClock.now
      let result = try await store.retain(turn, timeout: .seconds(settings.retainTimeoutSeconds))
      client.log.note("retain", settings: settings, results: 1, since: started)
      return RetainResult(itemsCount: 1, isProcessing: result == .processing)
    }
    _ = try await client.sessions.write { database in
      try SessionsFile.enqueue(turn, isWhole: true, delivery: delivery, in: database)
    }
    Task { [weak self] in
      let storage = await client.queue.store(
        turnID: turn.turnID, timeout: .seconds(settings.retainTimeoutSeconds))
      guard storage.isFailure else { return }
      let cause = NotStored(storage.error ?? "")
      await self?.note(HindsightError(.retain, bankID: bankID, "Failed to retain: \(cause)", cause: cause))
    }
    return RetainResult(itemsCount: 0, isProcessing: true)
  }

  /// Gives a bank its mission, and a name for people; the bank is made if it is missing.
  public func setBankMission(
    _ mission: String, name: String? = nil, _ set: @Sendable (inout MemorySettings) throws -> Void = { _ in }
  ) async throws {
    var settings = configuration ?? MemorySettings()
    if configuration == nil { settings.apiKey = environmentKey }
    try set(&settings)
    settings.keepKeyAtHome(since: configuration)
    guard let bankID = settings.bankID else {
      throw HindsightError(
        .bank,
        "set_bank_mission requires bank_id (either as an argument or via configure(...)/set_defaults(bank_id=...)).")
    }
    do {
      try await setBank(settings, mission: mission, name: name)
    } catch {
      throw HindsightError(
        .bank, bankID: bankID, "Failed to set bank mission for '\(bankID)': \(error)", cause: error)
    }
  }

  func setBank(_ settings: MemorySettings, mission: String?, name: String?) async throws {
    let store = try await opened().store(for: settings)
    try await store.setBank(
      id: settings.bankID ?? "", name: name, mission: mission, timeout: .seconds(settings.bankTimeoutSeconds))
  }

  /// Settings, bank and store of a direct call, which needs no `enable`.
  private func direct(
    _ set: @Sendable (inout MemorySettings) throws -> Void
  ) async throws -> (MemorySettings, String, any MemoryStore) {
    var settings = configuration ?? MemorySettings()
    try set(&settings)
    settings.keepKeyAtHome(since: configuration)
    settings = try settings.checked()
    guard let bankID = settings.bankID else {
      throw HindsightError(
        .configuration, "Hindsight not configured. Call configure() or provide bank_id and hindsight_api_url.")
    }
    return (settings, bankID, try await opened().store(for: settings))
  }
}
