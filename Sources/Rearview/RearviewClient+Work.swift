import NIOConcurrencyHelpers
import RearviewChat
import RearviewEmbeddedMemory
import RearviewProviders

// Vectors and background work: what the memory file has models for beside the chat's.

/// The models that `[memory]` names, found in the catalog.
struct WorkModels: Sendable {
  var embedding: (any EmbeddingModel)?
  var background: (any ChatModel)?
  var reflect: (any ChatModel)?

  /// - Throws: `ConfigurationError.badModel`, which names the setting and says what to write instead.
  init(_ configuration: WorkConfiguration, in catalog: ModelCatalog) throws(ConfigurationError) {
    embedding = try Self.find(configuration.embeddingModel, "embedding_model") { name throws(ModelNameError) in
      try catalog.resolveEmbeddings(name)
    }
    background = try Self.find(configuration.backgroundModel, "background_model") { name throws(ModelNameError) in
      try catalog.resolve(name)
    }
    reflect = try Self.find(configuration.reflectModel, "reflect_model") { name throws(ModelNameError) in
      try catalog.resolve(name)
    }
  }

  private static func find<Model>(
    _ name: String?, _ setting: String, _ find: (String) throws(ModelNameError) -> Model
  ) throws(ConfigurationError) -> Model? {
    guard let name else { return nil }
    do {
      return try find(name)
    } catch {
      throw .badModel("\(setting): \(error)")
    }
  }

  /// Gives a memory file the models that recall and reflect need.
  ///
  /// Where no model is set for reflecting, the one of the configuration does it.
  func equip(_ store: EmbeddedMemory, _ configuration: Configuration, catalog: ModelCatalog) {
    let chat = configuration.model.flatMap { $0 == RearviewClient.builtInModel ? nil : try? catalog.resolve($0) }
    store.setReflectModel(reflect ?? chat)
    guard let embedding else { return }
    let work = configuration.work
    store.setEmbeddings(
      within: .seconds(work.embeddingTimeoutSeconds), cacheLimit: work.vectorMemoryMB << 20
    ) { name in
      // While a bank is embedded anew, the model before is asked for.
      name == embedding.name ? embedding : try? catalog.resolveEmbeddings(name)
    }
  }
}

extension RearviewClient {
  /// The memory file; `nil` where memory is a server, which does its background work itself.
  public var embedded: EmbeddedMemory? { store as? EmbeddedMemory }

  /// The full name of the embedding model; `nil` where none is set.
  public var embeddingModel: String? { workModels.embedding?.name }

  /// What works on the memory file with the models of the configuration; `nil` where memory is a server, or no model is
  /// set for that. The caller runs it.
  ///
  /// - Throws: `MemoryStoreError`.
  public func worker() async throws -> Worker? {
    guard let embedded, workModels.embedding != nil || workModels.background != nil else { return nil }
    if workModels.background != nil {
      let limit = configuration.work.backgroundDailyTokens
      let status = try await embedded.workStatus()
      if status.dailyTokenLimit != (limit == 0 ? nil : limit) {
        try await embedded.setDailyTokenLimit(limit == 0 ? nil : limit)
      }
      // The first time, what was retained before there was a model is to be read too.
      if !status.isOn {
        for bank in try await embedded.banks() { try await embedded.queueWork(bankID: bank.id) }
      }
    }
    return Worker(
      store: embedded, model: workModels.background, reflectModel: workModels.reflect,
      embeddingModel: workModels.embedding)
  }

  /// Does background work until `close`, if a model is set for it and `background_work` is on. Can be called again.
  ///
  /// - Parameter delay: How long it lets what the program was started for go first.
  public func startBackgroundWork(after delay: Duration = .seconds(2)) {
    guard configuration.work.backgroundWork, embedded?.isReadOnly == false else { return }
    guard workModels.embedding != nil || workModels.background != nil else { return }
    backgroundWork.withLockedValue { task in
      guard task == nil else { return }
      task = Task(priority: .background) { [weak self, log] in
        do {
          try await Task.sleep(for: delay)
          guard let worker = try await self?.worker() else { return }
          if case .modelUnusable(let cause) = try await worker.run() {
            log.error("background work has ended: \(cause)")
          }
        } catch is CancellationError {
          // The program ends; what was under way goes on with the next one.
        } catch {
          log.error("background work has ended: \(error)")
        }
      }
    }
  }

  /// Ends background work: the job that runs is put back, and no model's answer is waited for.
  func stopBackgroundWork() async {
    let task = backgroundWork.withLockedValue { $0 }
    task?.cancel()
    await task?.value
  }

  /// The store of a turn: the file reflects with the model of the conversation, unless a model is set for that.
  func store(
    of settings: MemorySettings, reflectingWith model: () throws -> any ChatModel
  ) throws -> any MemoryStore {
    let store = try store(for: settings)
    guard settings.useReflect, workModels.reflect == nil, let embedded = store as? EmbeddedMemory,
      let model = try? model(), model.name != Self.builtInModel
    else { return store }
    return embedded.reflecting(with: model)
  }

  /// Asks the embedding model for one vector.
  ///
  /// - Returns: how many numbers it has; `nil` where no model is set.
  /// - Throws: `ChatModelError`.
  public func checkEmbeddings() async throws -> Int? {
    try await workModels.embedding?.embed(["ok"], for: .query).first?.count
  }
}
