import RearviewChat
import RearviewHTTP
import RearviewJSON

extension ModelCatalog {
  /// How long a provider may take to list its models.
  private static let listTimeouts = Timeouts(firstByte: .seconds(3), idle: .seconds(3))

  /// The most bytes of a list that are read.
  private static let listLimit = 16 * 1024 * 1024

  /// All models that can be picked now: those of the configuration, those that were found, those of the table, and the
  /// built-in one last.
  ///
  /// Asks every provider at once that is set up (a section, a key), and the local servers of the table. One that does
  /// not answer is left out; lists of providers elsewhere are kept for a day.
  ///
  /// - Parameters:
  ///   - localTimeout: How long a server of this machine may take.
  ///   - refreshes: Whether lists that were kept are asked for again.
  public func models(
    localTimeout: Duration = .milliseconds(150), refreshes: Bool = false
  ) async -> [ModelDescription] {
    let names = providerStatuses().filter { $0.isSetUp || $0.kind == .local || $0.kind == .gateway }.map(\.id)
    let listed = await withTaskGroup(of: (Int, [ModelDescription]).self) { group in
      for (index, name) in names.enumerated() {
        group.addTask {
          (index, (try? await listModels(of: name, localTimeout: localTimeout, refreshes: refreshes)) ?? [])
        }
      }
      return await group.reduce(into: [Int: [ModelDescription]]()) { $0[$1.0] = $1.1 }
    }
    var seen: Set<String> = []
    var places: Set<String> = []
    var models: [ModelDescription] = []
    for (index, name) in names.enumerated() {
      let found = listed[index] ?? []
      // Two names for one server (llama.cpp and llamafile, `ollama` and `ollama_chat`) give one list.
      if !found.isEmpty, section(name) == nil, let place = try? endpoint(of: name)?.modelsURL,
        !places.insert(place).inserted
      {
        continue
      }
      models += found.filter { seen.insert($0.name).inserted }
    }
    models.sort { Self.order($0.origin) < Self.order($1.origin) }
    ModelTable.forEach { line in
      let name = line.name
      guard !seen.contains(name), let slash = name.firstIndex(of: "/") else { return }
      models.append(line.description(provider: row(String(name[..<slash]))?.title ?? String(name[..<slash])))
    }
    var builtIn = ModelDescription(
      name: OfflineRecallModel.fullName, provider: "built in", detail: "quotes memories, no network", origin: .builtIn)
    (builtIn.inputPrice, builtIn.outputPrice) = (0, 0)
    return models + [builtIn]
  }

  private static func order(_ origin: ModelDescription.Origin) -> Int {
    ModelDescription.Origin.allCases.firstIndex(of: origin) ?? 0
  }

  /// The models of one provider: those that its section names, or else what it lists within 3 s.
  ///
  /// - Throws: `ModelNameError` for a provider that is not there, `ChatModelError` when it gives no list.
  public func listModels(
    of provider: String, localTimeout: Duration = .milliseconds(150), refreshes: Bool = false
  ) async throws -> [ModelDescription] {
    guard let endpoint = try endpoint(of: provider) else {
      throw ModelNameError.unknownProvider(provider, name: provider + "/", likely: [])
    }
    let section = section(provider)
    if let named = section?.models, !named.isEmpty {
      return named.map { describe(ListedModel(id: $0), of: provider, at: endpoint, origin: .configured) }
    }
    let origin: ModelDescription.Origin = section == nil ? .found : .configured
    guard let url = endpoint.modelsURL else { return [] }
    let isLocal = Self.isLoopback(endpoint.baseURL)
    let place = "\(provider) \(url)"
    if !isLocal, !refreshes, let kept = await lists.list(of: place) {
      return kept.map { describe($0, of: provider, at: endpoint, origin: origin) }
    }
    let isProbe = isLocal && section == nil
    let timeouts = isProbe ? Timeouts(firstByte: localTimeout, idle: localTimeout) : Self.listTimeouts
    let body = try await list(of: endpoint, url: url, name: provider + "/", timeouts: timeouts)
    var listed = Self.models(in: body, wire: endpoint.wire)
    if endpoint.row.id == "openai", !isLocal, Self.isSame(endpoint.baseURL, endpoint.row.base) {
      listed = listed.filter { Self.chats($0.id) }
    }
    if !isLocal { await lists.keep(listed, of: place) }
    return listed.map { describe($0, of: provider, at: endpoint, origin: origin) }
  }

  /// What the table knows of a model, with what its provider's list says.
  private func describe(
    _ listed: ListedModel, of provider: String, at endpoint: Endpoint, origin: ModelDescription.Origin
  ) -> ModelDescription {
    let name = "\(provider)/\(listed.id)"
    var model =
      ModelTable.line(name)?.description(provider: endpoint.provider)
      ?? ModelDescription(name: name, provider: endpoint.provider)
    model.origin = origin
    model.detail = listed.detail
    model.contextWindow = listed.contextWindow ?? model.contextWindow
    model.maxOutput = listed.maxOutput ?? model.maxOutput
    if let input = listed.inputPrice, let output = listed.outputPrice {
      (model.inputPrice, model.outputPrice) = (input, output)
    }
    return model
  }

  private func list(of endpoint: Endpoint, url: String, name: String, timeouts: Timeouts) async throws -> [UInt8] {
    let call = try await EndpointCall(endpoint, model: name, transport: transport)
    do {
      let response = try await call.get(url, timeouts: timeouts)
      guard response.status == 200 else {
        throw call.refusal(response, body: try await call.errorBody(of: response))
      }
      return try await response.body.collect(limit: Self.listLimit)
    } catch let error as HTTPError {
      throw call.failure.error(error, hasAnswered: false)
    }
  }

  /// The models of a list: OpenAI's form, Gemini's, Ollama's, or one of those that others took for it.
  static func models(in body: [UInt8], wire: WireProtocol) -> [ListedModel] {
    let json = try? JSONValue(parsing: body)
    let entries = json?["data"]?.list ?? json?["models"]?.list ?? json?.list ?? []
    var seen: Set<String> = []
    let models = entries.compactMap { ListedModel($0, wire: wire) }.filter { seen.insert($0.id).inserted }
    return wire == .ollama ? models : models.sorted { $0.id < $1.id }
  }

  /// Whether a model of OpenAI's own list chats.
  private static func chats(_ id: String) -> Bool {
    guard isOpenAIName(id) else { return false }
    let others = ["audio", "realtime", "transcribe", "tts", "image", "instruct", "search-preview", "live"]
    return !others.contains(where: id.contains)
  }
}

extension ListedModel {
  /// - Returns: `nil` for an entry that is no model, or one that does not chat.
  fileprivate init?(_ json: JSONValue, wire: WireProtocol) {
    if let name = json.text {
      self.init(id: name)
      return
    }
    guard var id = json["id"]?.text ?? json["name"]?.text ?? json["model"]?.text, !id.isEmpty else { return nil }
    if wire == .gemini {
      if let methods = json["supportedGenerationMethods"]?.list, !methods.contains("generateContent") { return nil }
      if id.hasPrefix("models/") { id.removeFirst("models/".count) }
    }
    // Servers that list all kinds say which kind one is.
    if let kind = json["type"]?.text, ["embedding", "image", "audio", "rerank", "moderation"].contains(kind) {
      return nil
    }
    self.init(id: id)
    contextWindow =
      (json["context_length"] ?? json["context_window"] ?? json["max_model_len"] ?? json["inputTokenLimit"]
      ?? json["max_context_length"])?.wholeNumber.flatMap { $0 > 0 ? $0 : nil }
    maxOutput = json["outputTokenLimit"]?.wholeNumber
    inputPrice = Self.price(json["pricing"]?["prompt"])
    outputPrice = Self.price(json["pricing"]?["completion"])
    let details = json["details"]
    let parts = [details?["parameter_size"]?.text, details?["quantization_level"]?.text].compactMap(\.self)
    let known = parts.filter { !$0.isEmpty }
    if !known.isEmpty { detail = known.joined(separator: ", ") }
  }

  /// OpenRouter's prices are dollars a token, as texts.
  private static func price(_ json: JSONValue?) -> Double? {
    guard let text = json?.text, let price = Double(text), price >= 0 else { return nil }
    return (price * 1_000_000 * 10_000).rounded() / 10_000
  }
}
