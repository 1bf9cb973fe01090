// What the table and the configuration know, without asking anyone.

extension ModelCatalog {
  /// Every provider there is, those of the configuration first.
  public func providerStatuses() -> [ProviderStatus] {
    knownPrefixes.filter { $0.hasSuffix("/") }.map { prefix in
      let name = String(prefix.dropLast())
      return ProviderStatus(
        id: name, title: name, kind: section(name) == nil ? .hosted : .configured, wire: "openai-chat")
    }
  }

  /// What the table knows of a model; `nil` for one that is not in it.
  public func description(of model: String) -> ModelDescription? { nil }
}
