import RearviewChat

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The way to one model at an endpoint.
struct Route: Hashable, Sendable {
  /// The protocol that is spoken there, which may be another than the endpoint's usual one.
  var wire: WireProtocol
  /// Where a whole answer is asked for.
  var url: String
  /// Where a stream is asked for.
  var streamURL: String
  /// The model's name as the provider knows it.
  var model: String
  /// Whether the body names the model.
  var namesModel = true
  /// Members that stand in the body of this way alone.
  var version: String?
  /// Whether the model is one of OpenAI's that reason, where its name does not tell.
  var reasons: Reasoning?
  /// Whether the instructions go to the model as a user's words, because it has none.
  var hasNoInstructions = false

  /// The kinds of OpenAI's reasoning models, in what their requests differ.
  enum Reasoning: Sendable {
    case oSeries, gpt5
  }

  init(_ wire: WireProtocol, _ model: String, url: String, streamURL: String? = nil) {
    self.wire = wire
    self.model = model
    self.url = url
    self.streamURL = streamURL ?? url
  }
}

extension Endpoint {
  /// The way to a model by the name that stands after the slash.
  ///
  /// - Throws: `ModelNameError` for a name that cannot be one there.
  func route(to name: String) throws(ModelNameError) -> Route {
    switch wire {
    case .openAIChat: try chatRoute(to: name)
    case .openAIResponses: Route(.openAIResponses, name, url: baseURL + "/responses")
    case .anthropicMessages: Route(.anthropicMessages, name, url: baseURL + "/v1/messages")
    case .azureOpenAI: azureRoute(to: name)
    case .gemini: geminiRoute(to: name)
    case .vertex: try vertexRoute(to: name)
    case .bedrockConverse: bedrockRoute(to: name)
    case .ollama: Route(.ollama, name, url: baseURL + "/api/chat")
    }
  }

  // MARK: OpenAI's chat protocol

  private func chatRoute(to name: String) throws(ModelNameError) -> Route {
    if name.hasPrefix("responses/") {
      return Route(.openAIResponses, String(name.dropFirst("responses/".count)), url: baseURL + "/responses")
    }
    if ModelTable.line("\(row.id)/\(name)")?.needsResponses ?? Self.answersOnResponsesOnly(name, row: row) {
      let isAzure = URLComponents(string: baseURL)?.host?.hasSuffix(".services.ai.azure.com") ?? false
      return Route(.openAIResponses, name, url: baseURL + (isAzure ? "/openai/v1/responses" : "/responses"))
    }
    if name.lowercased().hasPrefix("claude"), let claude = claudeBase {
      return Route(.anthropicMessages, name, url: claude + "/v1/messages")
    }
    var url = baseURL + (row.path ?? "/chat/completions")
    var model = name
    switch row.id {
    case "azure_ai":
      let isAzure = URLComponents(string: baseURL)?.host?.hasSuffix(".services.ai.azure.com") ?? false
      if isAzure { url = baseURL + "/models/chat/completions" }
    case "fireworks_ai" where !name.contains("/"):
      model = "accounts/fireworks/models/\(name)"
    case "clarifai":
      let parts = name.split(separator: ".", maxSplits: 2)
      if !name.contains("/"), parts.count == 3 {
        model = "https://clarifai.com/\(parts[0])/\(parts[1])/models/\(parts[2])"
      }
    case "ragflow":
      // ragflow/chat/CHAT/MODEL or ragflow/agent/AGENT/MODEL
      let parts = name.split(separator: "/", maxSplits: 2).map(String.init)
      guard parts.count == 3, ["chat", "agent"].contains(parts[0]) else {
        throw .malformed(
          name: "ragflow/\(name)", expected: "ragflow/chat/<chat id>/<model> or ragflow/agent/<agent id>/<model>")
      }
      url = baseURL + "/\(parts[0])s_openai/\(percentEncoded(parts[1]))/chat/completions"
      model = parts[2]
    default: break
    }
    return Route(.openAIChat, model, url: url, streamURL: row.streamPath.map { baseURL + $0 })
  }

  /// Where Claude is spoken to in Anthropic's own protocol.
  private var claudeBase: String? {
    if row.id == "azure_ai" { return baseURL + "/anthropic" }
    if row.id == "snowflake" { return baseURL.hasSuffix("/v1") ? String(baseURL.dropLast(3)) : baseURL }
    return nil
  }

  /// OpenAI's models of a later day than the table, by the names that OpenAI gives such models.
  private static func answersOnResponsesOnly(_ name: String, row: ProviderRow) -> Bool {
    guard row.id == "openai", OpenAIRequest.isReasoningModel(name) else { return false }
    return name.hasSuffix("-pro") || name.contains("-codex") || name.contains("deep-research")
  }

  // MARK: Azure

  private func azureRoute(to name: String) -> Route {
    var deployment = name
    var reasons: Route.Reasoning?
    var isResponses = false
    for (prefix, kind) in [("o_series/", Route.Reasoning.oSeries), ("gpt5_series/", .gpt5)]
    where deployment.hasPrefix(prefix) {
      deployment.removeFirst(prefix.count)
      reasons = kind
    }
    if deployment.hasPrefix("responses/") {
      deployment.removeFirst("responses/".count)
      isResponses = true
    } else if ModelTable.line("azure/\(deployment)")?.needsResponses == true {
      isResponses = true
    }
    let version = apiVersion ?? "2025-02-01-preview"
    let isNewFace = ["v1", "latest", "preview"].contains(version)
    let call = isResponses ? "responses" : "chat/completions"
    let url =
      if isNewFace {
        "\(baseURL)/openai/v1/\(call)"
      } else if isResponses {
        "\(baseURL)/openai/responses?api-version=\(percentEncoded(version))"
      } else {
        "\(baseURL)/openai/deployments/\(percentEncoded(deployment))/\(call)?api-version=\(percentEncoded(version))"
      }
    var route = Route(isResponses ? .openAIResponses : .azureOpenAI, deployment, url: url)
    route.reasons = reasons
    return route
  }

  // MARK: Google

  private func geminiRoute(to name: String) -> Route {
    let model = percentEncoded(name)
    let base = row.id == "gdc" ? "\(baseURL)/publishers/google/models/" : "\(baseURL)/models/"
    return geminiRoute(to: name, at: base + model)
  }

  private func geminiRoute(to name: String, at url: String) -> Route {
    var route = Route(
      .gemini, name, url: url + ":generateContent", streamURL: url + ":streamGenerateContent?alt=sse")
    route.namesModel = false
    route.hasNoInstructions = name.hasPrefix("gemma") || name == "gemini-pro" || name.hasPrefix("gemini-1.0")
    return route
  }

  /// Google's own, Claude and Mistral have a path for each model; what else is there is asked on OpenAI's face.
  private func vertexRoute(to name: String) throws(ModelNameError) -> Route {
    guard let project else {
      throw .unsetVariable(provider: row.id, names: ["VERTEXAI_PROJECT", "GOOGLE_CLOUD_PROJECT"])
    }
    let place = "\(baseURL)/projects/\(percentEncoded(project))/locations/\(percentEncoded(region ?? "us-central1"))"
    let model = percentEncoded(name).replacing("%40", with: "@")
    if name.hasPrefix("claude") {
      let url = "\(place)/publishers/anthropic/models/\(model)"
      var route = Route(.anthropicMessages, name, url: url + ":rawPredict", streamURL: url + ":streamRawPredict")
      route.namesModel = false
      route.version = "vertex-2023-10-16"
      return route
    }
    if ["mistral", "codestral", "ministral"].contains(where: name.hasPrefix) {
      let url = "\(place)/publishers/mistralai/models/\(model)"
      return Route(.openAIChat, name, url: url + ":rawPredict", streamURL: url + ":streamRawPredict")
    }
    if name.hasPrefix("jamba") {
      let url = "\(place)/publishers/ai21/models/\(model)"
      return Route(.openAIChat, name, url: url + ":rawPredict", streamURL: url + ":streamRawPredict")
    }
    if !name.isEmpty, name.allSatisfy(\.isNumber) {
      throw .malformed(name: "\(row.id)/\(name)", expected: "a model's name; endpoints of your own are not spoken to")
    }
    if name.contains("/") || name.hasSuffix("-maas") {
      return Route(.openAIChat, name, url: "\(place)/endpoints/openapi/chat/completions")
    }
    return geminiRoute(to: name, at: "\(place)/publishers/google/models/\(model)")
  }

  // MARK: Amazon

  private func bedrockRoute(to name: String) -> Route {
    let (model, _) = Self.bedrockModel(name)
    let url = "\(baseURL)/model/\(percentEncoded(model))/converse"
    var route = Route(.bedrockConverse, model, url: url, streamURL: url + "-stream")
    route.namesModel = false
    return route
  }

  /// The model's id, and the region that stands before it or in it.
  static func bedrockModel(_ name: String) -> (model: String, region: String?) {
    var model = name
    var region: String?
    for prefix in ["converse/", "invoke/", "converse_like/"] where model.hasPrefix(prefix) {
      model.removeFirst(prefix.count)
    }
    if !model.hasPrefix("arn:"), let slash = model.firstIndex(of: "/"), isRegion(model[..<slash]) {
      region = String(model[..<slash])
      model = String(model[model.index(after: slash)...])
    }
    if model.hasPrefix("arn:") {
      let parts = model.split(separator: ":", omittingEmptySubsequences: false)
      if parts.count > 3, isRegion(parts[3]) { region = String(parts[3]) }
    }
    return (model, region)
  }

  /// `us-west-2` and the like.
  private static func isRegion(_ text: Substring) -> Bool {
    let parts = text.split(separator: "-")
    return (3...4).contains(parts.count)
      && parts.allSatisfy { $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) } }
      && parts.last?.allSatisfy(\.isNumber) == true && parts[0].count <= 3
  }
}
