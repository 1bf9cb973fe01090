import Foundation
import OrderedCollections
import RearviewEmbeddedMemory
import RearviewEngine
import RearviewJSON
import RearviewProviders

/// All settings, each with where it came from: command line over environment over project file over user file over
/// defaults. Between the project file and the user file stands what the program saved for a model (`models.toml`).
public struct Configuration: Sendable {
  /// Where a value was set.
  public enum Origin: Hashable, Sendable, CustomStringConvertible {
    case builtIn
    case file(String, line: Int?)
    case environment(String)
    case commandLine

    public var description: String {
      switch self {
      case .builtIn: "default"
      case .file(let path, let line): line.map { "\(path):\($0)" } ?? path
      case .environment(let variable): "$\(variable)"
      case .commandLine: "command line"
      }
    }
  }

  /// The model's full name; `nil` when none is set, which means the built-in one.
  public private(set) var model: String?
  public private(set) var theme = "terminal"
  public private(set) var memory = Self.memoryDefaults
  /// Models that are asked when the first one fails before its answer begins, for all models that have none of their own.
  public private(set) var fallbackModels: [String] = []
  public private(set) var network = NetworkConfiguration()
  /// Vectors and background work.
  public private(set) var work = WorkConfiguration()
  /// How many daily backups of the memory file are kept; 0: none are made.
  public private(set) var backups = MemoryBackups.defaultCount
  /// What is set for single models.
  var models = ModelSettings()
  /// By name, in the order in which they were set up.
  public private(set) var providers: OrderedDictionary<String, ProviderConfiguration> = [:]
  public private(set) var origins: [String: Origin] = [:]

  /// The bank that is used where none is named.
  public static let defaultBank = "default"

  private static var memoryDefaults: MemorySettings {
    var settings = MemorySettings()
    settings.bankID = defaultBank
    return settings
  }

  /// What a command for a key runs with.
  private var environment: [String: String] = [:]

  /// Nothing but defaults.
  public init() {}

  /// Names that stand outside `[memory]`.
  static let programNames = ["model", "theme", "fallback_models", "backups"]

  /// Every name that can be set, but for `providers.NAME.KEY` and `models.NAME.KEY`.
  public static var names: [String] {
    programNames + MemorySettings.names + WorkConfiguration.names + NetworkConfiguration.names
  }

  /// The name of the file that a project may have; looked for in the working folder.
  public static let projectFile = ".rearview.toml"

  /// Where the Python package looks for the server's key; read here too.
  public static let serverKeyVariable = "HINDSIGHT_API_KEY"

  /// Reads all places.
  ///
  /// - Parameter overrides: `NAME=VALUE` of the command line, in their order; the name may begin with `memory.`.
  public static func load(
    paths: Paths, environment: [String: String], overrides: [String] = [],
    workingFolder: String = FileManager.default.currentDirectoryPath
  ) throws(ConfigurationError) -> Configuration {
    var configuration = Configuration()
    configuration.environment = environment
    try configuration.read(file: paths.configurationFile, isProject: false)
    configuration.models.add(try SavedParameters(path: paths.modelsFile).read())
    try configuration.read(file: workingFolder + "/" + projectFile, isProject: true)
    let variables = [("api_key", Self.serverKeyVariable)] + names.map { ($0, "REARVIEW_" + $0.uppercased()) }
    for (name, variable) in variables {
      guard let value = environment[variable], !value.isEmpty else { continue }
      do {
        try configuration.set([name], to: .text(value), origin: .environment(variable))
      } catch {
        throw .badEnvironment(variable: variable, cause: "\(error)")
      }
    }
    for override in overrides {
      guard let equals = override.firstIndex(of: "="), equals != override.startIndex else {
        throw .badArgument("--set \(override)", cause: "write it as NAME=VALUE")
      }
      do {
        try configuration.set(
          Self.path(override[..<equals]), to: .text(String(override[override.index(after: equals)...])),
          origin: .commandLine)
      } catch {
        throw .badArgument("--set \(override[..<equals])", cause: "\(error)")
      }
    }
    return configuration
  }

  /// The parts of a name as an argument has it: a model's name may hold dots, in quotes or not.
  private static func path(_ name: Substring) -> [String] {
    let parts = name.split(separator: ".").map(String.init)
    guard parts.first == "models", parts.count > 3 || name.contains("\"") else { return parts }
    let model = parts[1..<(parts.count - 1)].joined(separator: ".")
    return [parts[0], model.trimmingCharacters(in: CharacterSet(charactersIn: "\"'")), parts[parts.count - 1]]
  }

  private mutating func read(file: String, isProject: Bool) throws(ConfigurationError) {
    guard FileManager.default.fileExists(atPath: file) else { return }
    let text: String
    do {
      text = try String(contentsOfFile: file, encoding: .utf8)
    } catch {
      throw .unreadable(file: file, cause: (error as NSError).reason)
    }
    let document = try TOMLDocument(text: text, file: file)
    for entry in document.entries {
      if isProject, Self.isKeptFromProjects(entry.path) {
        throw .badSetting(
          file: file, line: entry.line, cause: "a project file cannot set \(entry.name); put it into config.toml")
      }
      do {
        try set(
          entry.path, to: entry.value, origin: .file(file, line: entry.line), layer: isProject ? .project : .user)
      } catch {
        throw .badSetting(file: file, line: entry.line, cause: "\(error)")
      }
    }
    if document.entries.contains(where: Self.holdsSecret), Self.isReadableByOthers(file) {
      throw .badSetting(
        file: file, line: nil, cause: "it holds a key and others can read it; run: chmod 600 \(file)")
    }
  }

  /// A project file comes with other people's files: it must not send a key, a memory or a question to a host of its
  /// choice, and run no command.
  private static func isKeptFromProjects(_ path: [String]) -> Bool {
    let name = path.last ?? ""
    if path.first == "providers" || path.first == "network" { return true }
    if NetworkConfiguration.names.contains(name) || WorkConfiguration.names.contains(name) { return true }
    // What is added to a body can name tools that the provider then calls elsewhere.
    return ["hindsight_api_url", "api_key", "fallback_models", "extra_body", "backups"].contains(name)
  }

  /// Whether a line of a file tells a key or a password.
  private static func holdsSecret(_ entry: TOMLDocument.Entry) -> Bool {
    let name = entry.path.last?.lowercased() ?? ""
    if name == "api_key" { return true }
    // `http://user:password@host`
    if ["proxy", "base_url"].contains(name), entry.value.text?.contains("@") == true { return true }
    guard entry.path.first == "providers", entry.path.count == 4 else { return false }
    return ["key", "secret", "token", "password", "authorization", "credential", "cookie", "jwt"].contains {
      name.contains($0)
    }
  }

  private static func isReadableByOthers(_ file: String) -> Bool {
    // Of a link the file counts that it leads to.
    let target = URL(fileURLWithPath: file).resolvingSymlinksInPath().path
    let attributes = try? FileManager.default.attributesOfItem(atPath: target)
    let mode = (attributes?[.posixPermissions] as? NSNumber)?.intValue ?? 0
    return mode & 0o077 != 0
  }

  private mutating func set(
    _ path: [String], to value: JSONValue, origin: Origin, layer: ModelSettings.Layer = .commandLine
  ) throws(SettingError) {
    var path = path
    if path.count == 2, path[0] == "memory" || path[0] == "network" && NetworkConfiguration.names.contains(path[1]) {
      path.removeFirst()
    }
    guard let name = path.first else { throw .unknownName("", known: Self.names) }
    switch (name, path.count) {
    case ("providers", 3...):
      try setProvider(path[1], key: path.dropFirst(2).joined(separator: "."), to: value)
    case ("model", 1): model = try SettingReader(name: name, value: value).nonEmptyText()
    case ("theme", 1): theme = try SettingReader(name: name, value: value).nonEmptyText()
    case ("fallback_models", 1): fallbackModels = try SettingReader(name: name, value: value).list()
    case ("backups", 1): backups = try SettingReader(name: name, value: value).integer(in: 0...365)
    case ("models", 3):
      try models.set(path[2], of: path[1], to: value, origin: origin, layer: layer)
      return
    case (_, 1) where NetworkConfiguration.names.contains(name):
      try network.set(name, to: value, home: environment["HOME"] ?? NSHomeDirectory())
    case (_, 1) where WorkConfiguration.names.contains(name): try work.set(name, to: value)
    case (_, 1) where MemorySettings.names.contains(name): try memory.set(name, to: value)
    default:
      throw .unknownName(
        path.joined(separator: "."), known: Self.names + ["providers.NAME.base_url", "models.NAME.temperature"])
    }
    origins[path.joined(separator: ".")] = origin
  }

  private static let providerNames = [
    "protocol", "base_url", "api_key_env", "api_key", "api_key_command", "models", "headers.NAME", "variables.NAME",
  ]

  private mutating func setProvider(_ name: String, key: String, to value: JSONValue) throws(SettingError) {
    var provider = providers[name] ?? ProviderConfiguration(name: name)
    let full = "providers.\(name).\(key)"
    let reader = SettingReader(name: full, value: value)
    switch key {
    case "base_url":
      let text = try reader.nonEmptyText()
      guard let url = URL(string: text), ["http", "https"].contains(url.scheme), url.host != nil else {
        throw .badValue(name: full, value: value, expected: "a URL such as \"http://localhost:8080/v1\"")
      }
      provider.baseURL = text
    case "api_key_env": provider.apiKeyEnv = try reader.nonEmptyText()
    case "api_key":
      let apiKey = try reader.nonEmptyText()
      provider.apiKey = { apiKey }
    case "api_key_command":
      let command = KeyCommand(try reader.nonEmptyText(), provider: name, environment: environment)
      provider.apiKey = { try await command.key() }
    case "protocol": provider.wire = try reader.oneOf(WireProtocol.allCases)
    case "models": provider.models = try reader.list()
    case _ where key.hasPrefix("headers."):
      provider.headers[String(key.dropFirst("headers.".count))] = try reader.nonEmptyText()
    case _ where key.hasPrefix("variables."):
      provider.variables[String(key.dropFirst("variables.".count))] = try reader.nonEmptyText()
    default: throw .unknownName(full, known: Self.providerNames)
    }
    providers[name] = provider
  }

  /// The names that can be shown: all settings, and what is set of providers.
  public var shownNames: [String] {
    Self.names + origins.keys.filter { $0.hasPrefix("providers.") }.sorted() + models.shownNames
  }

  /// Where a setting came from.
  public func origin(of name: String) -> Origin { origins[name] ?? models.setting(named: name)?.origin ?? .builtIn }

  /// A setting's value, `null` where it is unset. What is set of providers is told in part: no keys, no headers.
  public func value(of name: String) -> JSONValue {
    switch name {
    case "model": model.map(JSONValue.text) ?? .null
    case "theme": .text(theme)
    case "fallback_models": .list(fallbackModels.map(JSONValue.text))
    case "backups": .integer(backups)
    case _ where NetworkConfiguration.names.contains(name): network.value(of: name)
    case _ where WorkConfiguration.names.contains(name): work.value(of: name)
    case _ where name.hasPrefix("models."): models.setting(named: name)?.value ?? .null
    default: memory.value(of: name) ?? providerValue(name)
    }
  }

  private func providerValue(_ name: String) -> JSONValue {
    let parts = name.split(separator: ".", maxSplits: 2).map(String.init)
    guard parts.count == 3, let provider = providers[parts[1]] else { return .null }
    switch parts[2] {
    case "base_url": return provider.baseURL.map { .text($0.withoutPassword) } ?? .null
    case "api_key_env": return provider.apiKeyEnv.map(JSONValue.text) ?? .null
    case "protocol": return provider.wire.map { .text($0.rawValue) } ?? .null
    case "models": return .list(provider.models.map(JSONValue.text))
    default: return "•••"
    }
  }

  /// A setting's value as text, for a person.
  public func written(_ name: String) -> String {
    switch name {
    case "model": model ?? "\(RearviewClient.builtInModel)"
    case "theme": theme
    case "fallback_models", "backups": Self.written(value(of: name))
    case _ where NetworkConfiguration.names.contains(name) || WorkConfiguration.names.contains(name),
      _ where name.hasPrefix("models."):
      Self.written(value(of: name))
    default: memory.written(name) ?? providerValue(name).text ?? providerValue(name).written()
    }
  }

  private static func written(_ value: JSONValue) -> String {
    switch value {
    case .null: "not set"
    case .text(let text): text
    case .list(let items) where items.isEmpty: "none"
    case .list(let items) where items.allSatisfy({ $0.text != nil }): items.compactMap(\.text).joined(separator: ", ")
    case .number(let number) where number == number.rounded() && abs(number) < 1e15: "\(Int(number))"
    case .boolean, .integer, .number, .list, .object: value.written()
    }
  }
}
