import RearviewChat

extension ModelCatalog {
  /// The embedding model of that name, at any provider that answers on OpenAI's `/embeddings`.
  ///
  /// Names, addresses and keys are those of the chat models (`ollama/nomic-embed-text`, `house/bge-m3`), and so are
  /// timeouts and tries. OpenAI's names may stand alone (`text-embedding-3-small`). A missing key shows when the model is
  /// asked, not here.
  ///
  /// - Throws: `ModelNameError`, also for providers that have no embeddings in OpenAI's form (Anthropic, Bedrock,
  ///   Vertex).
  public func resolveEmbeddings(
    _ modelName: String, with override: Override = Override()
  ) throws(ModelNameError) -> any EmbeddingModel {
    let name = modelName.trimmed
    let (row, model) = try place(of: name.hasPrefix("text-embedding-") ? "openai/" + name : name)
    var endpoint = try endpoint(of: row, model: model, override: override)
    let route = try endpoint.embeddingRoute(to: model)
    // Google shows keys in a header of its own, but on OpenAI's face as OpenAI does.
    if row.wire == .gemini { endpoint.authorization.form = .bearer }
    return RemoteEmbeddingModel(
      name: "\(row.id)/\(model)", endpoint: endpoint, route: route, transport: transport, timeouts: timeouts,
      retries: retries)
  }
}

extension Endpoint {
  /// The way to an embedding model by the name that stands after the slash.
  fileprivate func embeddingRoute(to name: String) throws(ModelNameError) -> Route {
    switch wire {
    case .openAIChat, .openAIResponses:
      // People paste the path of the call.
      let base = baseURL.hasSuffix("/embeddings") ? String(baseURL.dropLast("/embeddings".count)) : baseURL
      // Azure's hosts have their models below another path.
      let isAzure = row.id == "azure_ai" && base.hasSuffix(".services.ai.azure.com")
      return Route(.openAIChat, name, url: base + (isAzure ? "/models/embeddings" : "/embeddings"))
    case .azureOpenAI:
      let chat = try route(to: name)
      return Route(.azureOpenAI, chat.model, url: chat.url.replacing("/chat/completions", with: "/embeddings"))
    case .ollama:
      return Route(.openAIChat, name, url: baseURL + "/v1/embeddings")
    case .gemini where row.id != "gdc":
      return Route(.openAIChat, name, url: baseURL + "/openai/embeddings")
    case .gemini, .vertex, .anthropicMessages, .bedrockConverse:
      throw .malformed(
        name: "\(row.id)/\(name)",
        expected: "an embedding model of a provider that has OpenAI's /embeddings, such as "
          + "openai/text-embedding-3-small or ollama/nomic-embed-text")
    }
  }
}
