import RearviewChat
import RearviewHTTP

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

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
    // Those that many use come first, those that have ended last.
    let today = Date().formatted(.iso8601.year().month().day())
    var ranks: [[ModelDescription]] = [[], [], []]
    var titles: [String: String] = [:]
    ModelTable.forEach { line in
      let name = line.name
      guard !seen.contains(name), let slash = name.firstIndex(of: "/") else { return }
      let provider = String(name[..<slash])
      let title = titles[provider] ?? row(provider)?.title ?? provider
      titles[provider] = title
      let model = line.description(provider: title)
      ranks[model.endsOn.map { $0 < today } == true ? 2 : line.isFeatured ? 0 : 1].append(model)
    }
    models += ranks.joined()
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
    let place = "\(provider) \(Self.withoutUser(url))"
    if !isLocal, !refreshes, let kept = await lists.list(of: place) {
      return kept.map { describe($0, of: provider, at: endpoint, origin: origin) }
    }
    let isProbe = isLocal && section == nil
    // Who listens where nobody said that someone does is not shown a key.
    var asked = endpoint
    if isProbe, !endpoint.row.bases.contains(where: { variable($0) != nil }) { asked.credential = .none }
    let timeouts = isProbe ? Timeouts(firstByte: localTimeout, idle: localTimeout) : Self.listTimeouts
    let body = try await list(of: asked, url: url, name: provider + "/", timeouts: timeouts)
    var listed = ListedModel.all(in: body, wire: endpoint.wire)
    if endpoint.row.id == "openai", !isLocal, Self.isSame(endpoint.baseURL, endpoint.row.base) {
      listed = listed.filter { Self.chats($0.id) }
    }
    if !isLocal, !listed.isEmpty { await lists.keep(listed, of: place) }
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

  /// An address without a name and a password in it.
  private static func withoutUser(_ url: String) -> String {
    guard var parts = URLComponents(string: url) else { return "" }
    (parts.user, parts.password) = (nil, nil)
    return parts.string ?? ""
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

  /// Whether a model of OpenAI's own list chats.
  private static func chats(_ id: String) -> Bool {
    guard isOpenAIName(id) else { return false }
    let others = ["audio", "realtime", "transcribe", "tts", "image", "instruct", "search-preview", "live"]
    return !others.contains(where: id.contains)
  }
}
