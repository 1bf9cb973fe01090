import NIOConcurrencyHelpers
import RearviewEngine
import RearviewHTTP
import RearviewJSON
import RearviewProviders

// Models, their providers, and with what they are asked.

extension RearviewClient {
  /// Models that can be picked: configured ones first, then those of servers that answer, then the table's.
  ///
  /// - Parameter refresh: Whether providers are asked for lists again that they gave within a day.
  public func models(refresh: Bool = false) async -> [ModelDescription] { await catalog.models(refreshes: refresh) }

  /// Favourites and models that were used last.
  public var marks: ModelMarksFile { ModelMarksFile(paths: paths) }

  /// What the table knows of a model; `nil` for one that is not in it. It asks nobody.
  public func description(of model: String) -> ModelDescription? { catalog.description(of: model) }

  /// Every provider, those of the configuration first, and what each lacks. It asks nobody.
  public func providerStatuses() -> [ProviderStatus] { catalog.providerStatuses() }

  /// With what a model is asked, as it holds now.
  public func parameters(of model: String) -> ModelParameters {
    ModelParameters(models.withLockedValue { $0.effective(of: names(of: model)).values })
  }

  /// Models that are asked when this one fails before its answer begins.
  func fallbacks(of model: String) -> [String] {
    let names = names(of: model)
    let own = parameters(of: model).fallbackModels ?? configuration.fallbackModels
    return own.filter { !names.contains($0) }
  }

  /// What a model is called: by its full name and as it was given.
  private func names(of model: String) -> [String] {
    let full = (try? catalog.resolve(model))?.name
    return full == model ? [model] : [full, model].compactMap(\.self)
  }

  /// The parameters of a model for a form: each value, and where it is set. What was saved in the meantime counts.
  /// - Throws: `ConfigurationError` for a `models.toml` that cannot be read.
  public func form(of model: String) throws(ConfigurationError) -> [ModelParameters.Value] {
    let names = names(of: model)
    let saved = try SavedParameters(path: paths.modelsFile).read()
    models.withLockedValue { $0.replaceSaved(by: saved) }
    let (all, fixed, below) = models.withLockedValue { models in
      (
        models.effective(of: names), models.effective(of: names, in: .project ... .commandLine),
        models.effective(of: names, in: .user ... .user)
      )
    }
    return ModelParameters.names.map { name in
      ModelParameters.Value(
        name: name, value: all[name].flatMap { $0.value == "" ? nil : $0.value } ?? .null, origin: all[name]?.origin,
        isFixed: fixed[name] != nil, below: below[name]?.value ?? .null)
    }
  }

  /// Saves parameters of a model into `models.toml`: what differs from `config.toml`. They hold from the next turn on.
  ///
  /// - Parameter values: By name; `null` for one that is not to be set. Names that are missing stay as they are.
  /// - Returns: the place that still sets one of them otherwise: the command line, or the project's file.
  /// - Throws: `ConfigurationError`, `SettingError`: nothing is saved then.
  public func save(_ values: [String: JSONValue], of model: String) throws -> Configuration.Origin? {
    let names = names(of: model)
    let (below, above) = models.withLockedValue { models in
      (models.effective(of: names, in: .user ... .user), models.effective(of: names, in: .project ... .commandLine))
    }
    let saved = try SavedParameters(path: paths.modelsFile).save(of: names[0]) { saved in
      var trial = ModelParameters()
      return try ModelParameters.names.compactMap { key -> (name: String, value: JSONValue)? in
        guard let value = values[key] else { return saved[key].map { (key, $0) } }
        try trial.set(key, to: value)
        if value.isNull { return below[key] == nil ? nil : (key, "") }
        return value == below[key]?.value ? nil : (key, value)
      }
    }
    models.withLockedValue { $0.replaceSaved(by: saved) }
    return values.keys.sorted().lazy.compactMap { above[$0]?.origin }.first
  }
}

extension ModelParameters {
  /// One parameter as a form shows it.
  public struct Value: Hashable, Sendable {
    public var name: String
    /// `null` where it is not set.
    public var value: JSONValue
    /// Where it is set; `nil` where it is not.
    public var origin: Configuration.Origin?
    /// Whether a place that counts more than what is saved sets it: the command line, or the project's file.
    public var isFixed: Bool
    /// What `config.toml` sets.
    public var below: JSONValue

    public init(
      name: String, value: JSONValue, origin: Configuration.Origin? = nil, isFixed: Bool = false,
      below: JSONValue = .null
    ) {
      self.name = name
      self.value = value
      self.origin = origin
      self.isFixed = isFixed
      self.below = below
    }
  }
}

extension NetworkConfiguration {
  var timeouts: Timeouts {
    Timeouts(firstByte: .seconds(firstByteTimeoutSeconds), idle: .seconds(idleTimeoutSeconds))
  }

  var retries: RetryPolicy { RetryPolicy(maxRetries: maxRetries) }

  /// What sends all requests.
  /// - Throws: `ConfigurationError` for a proxy or a file of certificates that cannot be used.
  func transport(environment: [String: String]) throws(ConfigurationError) -> HTTPClientTransport {
    do {
      let settings = try NetworkSettings(
        environment: environment, proxy: proxy, noProxy: noProxy.isEmpty ? nil : noProxy.joined(separator: ","),
        caFile: caFile)
      return HTTPClientTransport(
        userAgent: RearviewClient.userAgent, connectTimeout: .seconds(connectTimeoutSeconds), network: settings)
    } catch {
      throw .badArgument(error.setting, cause: error.problem)
    }
  }
}
