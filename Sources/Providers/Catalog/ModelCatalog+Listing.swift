import Foundation
import RearviewChat
import RearviewHTTP

extension ModelCatalog {
  /// How long a provider may take to list its models.
  private static let listTimeouts = Timeouts(firstByte: .seconds(3), idle: .seconds(3))

  /// The most bytes of a list that are read.
  private static let listLimit = 4 * 1024 * 1024

  /// All models that can be picked now, those of the configuration first, the built-in one last.
  ///
  /// Asks every provider at once: those with an address in the configuration, OpenAI and Anthropic where they have a
  /// key, and Ollama.
  /// One that does not answer is left out. Keep the answer: this goes to the network each time.
  ///
  /// - Parameter ollamaTimeout: As for `discoverOllama`.
  public func models(ollamaTimeout: Duration = .milliseconds(150)) async -> [ModelDescription] {
    var names = providers.map(\.name).filter { name in name != "ollama" && !Vendor.all.contains { $0.name == name } }
    for vendor in Vendor.all where variable(vendor.keyVariable) != nil || section(vendor.name) != nil {
      names.append(vendor.name)
    }
    let listed = await withTaskGroup(of: (Int, [ModelDescription]).self) { group in
      for (index, name) in names.enumerated() {
        group.addTask { (index, (try? await listModels(of: name)) ?? []) }
      }
      group.addTask { [count = names.count] in (count, await discoverOllama(timeout: ollamaTimeout)) }
      return await group.reduce(into: [Int: [ModelDescription]]()) { $0[$1.0] = $1.1 }
    }
    let found = (0...names.count).flatMap { listed[$0] ?? [] }
    return found + [
      ModelDescription(name: OfflineRecallModel.fullName, provider: "built in", detail: "quotes memories, no network")
    ]
  }

  /// The models of one provider: those that its section names, or else what it answers to `GET /models` within 3 s.
  /// OpenAI's own list is cut down to models that chat.
  ///
  /// - Throws: `ModelNameError` for a provider that is not there, `ChatModelError` when it gives no list.
  public func listModels(of provider: String) async throws -> [ModelDescription] {
    guard let endpoint = try endpoint(of: provider) else {
      throw ModelNameError.unknownProvider(provider, name: provider + "/", known: knownPrefixes)
    }
    let named = section(provider)?.models ?? []
    if !named.isEmpty {
      return named.map { ModelDescription(name: "\(provider)/\($0)", provider: endpoint.provider) }
    }
    let body = try await list(of: endpoint, name: provider + "/")
    var ids = Self.modelIDs(in: body)
    if Vendor.openAI.isHome(endpoint.baseURL) { ids = ids.filter(Self.chats) }
    return ids.map { ModelDescription(name: "\(provider)/\($0)", provider: endpoint.provider) }
  }

  /// The models of the Ollama server, if one answers: on this machine within `timeout`, on another one only where the
  /// user has named it, and then within 3 s. Nothing is looked for elsewhere.
  public func discoverOllama(timeout: Duration = .milliseconds(150)) async -> [ModelDescription] {
    guard let (address, _) = try? ollamaAddress() else { return [] }
    let timeouts = address.isLoopback ? Timeouts(firstByte: timeout, idle: timeout) : Self.listTimeouts
    let request = HTTPRequest(.get, address.root + "/api/tags", timeouts: timeouts)
    guard let response = try? await transport.send(request), response.status == 200,
      let body = try? await response.body.collect(limit: Self.listLimit),
      let tags = try? JSONDecoder().decode(OllamaTags.self, from: Data(body))
    else { return [] }
    return tags.models.map { ModelDescription(name: "ollama/\($0.name)", provider: "Ollama", detail: $0.detail) }
  }

  private func list(of endpoint: Endpoint, name: String) async throws -> [UInt8] {
    let call = try await EndpointCall(endpoint, model: name, transport: transport)
    do {
      let response = try await call.get(endpoint.modelsURL, timeouts: Self.listTimeouts)
      guard response.status == 200 else {
        throw call.refusal(response, body: try await call.errorBody(of: response))
      }
      return try await response.body.collect(limit: Self.listLimit)
    } catch let error as HTTPError {
      throw call.failure.error(error, hasAnswered: false)
    }
  }

  /// The names in a list of models: OpenAI's form, or one of those that others took for it.
  private static func modelIDs(in body: [UInt8]) -> [String] {
    let json = try? JSONSerialization.jsonObject(with: Data(body))
    let object = json as? [String: Any]
    let entries = object?["data"] as? [Any] ?? object?["models"] as? [Any] ?? json as? [Any] ?? []
    let ids = entries.compactMap { entry -> String? in
      let fields = entry as? [String: Any]
      return entry as? String ?? fields?["id"] as? String ?? fields?["name"] as? String
    }
    return Set(ids).sorted()
  }

  /// Whether a model of OpenAI's own list answers on its chat protocol.
  private static func chats(_ id: String) -> Bool {
    guard isOpenAIName(id) else { return false }
    let others = [
      "audio", "realtime", "transcribe", "tts", "image", "instruct", "codex", "-pro", "deep-research", "search",
    ]
    return !others.contains(where: id.contains)
  }

  private struct OllamaTags: Decodable {
    var models: [Model]

    struct Model: Decodable {
      var name: String
      var details: Details?

      var detail: String? {
        let parts = [details?.parameterSize, details?.quantizationLevel].compactMap { $0 }.filter { !$0.isEmpty }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
      }
    }

    struct Details: Decodable {
      var parameterSize: String?
      var quantizationLevel: String?

      enum CodingKeys: String, CodingKey {
        case parameterSize = "parameter_size"
        case quantizationLevel = "quantization_level"
      }
    }
  }
}
