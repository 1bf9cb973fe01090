// What the table and the configuration know, without asking anyone.

extension ModelCatalog {
  /// Every provider there is: those of the configuration first, then the table in its order. Providers that this program
  /// does not speak with are among them; what they lack says why.
  public func providerStatuses() -> [ProviderStatus] {
    var names: [String] = []
    for name in providers.map(\.name) + ProviderTable.rows.map(\.id) where !names.contains(name) { names.append(name) }
    return names.compactMap { name in row(name).map(status) }
  }

  /// What the table knows of a model; `nil` for one that is not in it. A name without a provider means the same as for
  /// `resolve`.
  public func description(of model: String) -> ModelDescription? {
    if model == OfflineRecallModel.fullName { return nil }
    guard let place = try? place(of: model) else { return nil }
    return ModelTable.line("\(place.row.id)/\(place.model)")?.description(provider: place.row.title)
  }

  private func status(of row: ProviderRow) -> ProviderStatus {
    if let reason = row.refusal {
      return ProviderStatus(
        id: row.id, title: row.title, kind: row.kind, wire: "",
        lacks: "\(reason); a LiteLLM proxy speaks with it (litellm_proxy/…)")
    }
    let section = section(row.id)
    var status = ProviderStatus(id: row.id, title: row.title, kind: row.kind, wire: row.wire.rawValue)
    let isNamed = (row.keys + row.bases).contains { variable($0) != nil }
    status.isSetUp = section != nil || isNamed
    do {
      let endpoint = try endpoint(of: row, model: "")
      status.baseURL = endpoint.baseURL
      if !endpoint.credential.isThere, case .variable(let name, _) = endpoint.credential {
        status.lacks = "set \(name) in the environment, or api_key_env in [providers.\(row.id)] of config.toml"
      } else if case .google(let credentials) = endpoint.authorization.source {
        if case .machine = credentials.account {
          status.lacks =
            "set GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth application-default login (on a machine of "
            + "Google's nothing is needed)"
        } else if endpoint.project == nil {
          status.lacks = "set VERTEXAI_PROJECT in the environment"
        }
      }
    } catch {
      status.lacks = "\(error)"
    }
    return status
  }
}
