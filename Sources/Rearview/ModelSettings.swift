import OrderedCollections
import RearviewEngine
import RearviewJSON

/// What is set for single models, of all places that can say it: `models.NAME.KEY`.
struct ModelSettings: Sendable {
  /// Where something was said; of two that set the same, the later one counts.
  enum Layer: Int, Comparable, Sendable {
    /// `config.toml`
    case user
    /// `models.toml`
    case saved
    case project
    case commandLine

    static func < (left: Layer, right: Layer) -> Bool { left.rawValue < right.rawValue }
  }

  struct Setting: Hashable, Sendable {
    var model: String
    var name: String
    var value: JSONValue
    var origin: Configuration.Origin
    var layer: Layer

    /// `models."openai/gpt-4o".temperature`
    var fullName: String { ModelSettings.fullName(of: name, model: model) }
  }

  private(set) var settings: [Setting] = []

  static func fullName(of name: String, model: String) -> String { "models.\"\(model)\".\(name)" }

  /// Takes a value that fits.
  mutating func set(
    _ name: String, of model: String, to value: JSONValue, origin: Configuration.Origin, layer: Layer
  ) throws(SettingError) {
    let setting = Setting(model: model, name: name, value: value, origin: origin, layer: layer)
    var trial = ModelParameters()
    try trial.set(name, to: value, fullName: setting.fullName)
    add([setting])
  }

  /// Takes values that were found to fit.
  mutating func add(_ more: [Setting]) {
    for setting in more {
      settings.removeAll { ($0.model, $0.name, $0.layer) == (setting.model, setting.name, setting.layer) }
      settings.append(setting)
    }
    // A stable order: what comes later counts.
    settings = settings.enumerated().sorted { ($0.element.layer, $0.offset) < ($1.element.layer, $1.offset) }
      .map(\.element)
  }

  /// Puts what the program has saved in the place of what it had saved before.
  mutating func replaceSaved(by saved: [Setting]) {
    settings.removeAll { $0.layer == .saved }
    add(saved)
  }

  /// The settings of a model that count, by the parameter's name.
  ///
  /// - Parameters:
  ///   - names: What the model is called; the later name counts more.
  ///   - layers: Only what these say.
  func effective(
    of names: [String], in layers: ClosedRange<Layer> = .user ... .commandLine
  ) -> OrderedDictionary<String, Setting> {
    var found: OrderedDictionary<String, Setting> = [:]
    for setting in settings where names.contains(setting.model) && layers.contains(setting.layer) {
      found[setting.name] = setting
    }
    return found
  }

  /// Each name once, models in order.
  var shownNames: [String] { Set(settings.map(\.fullName)).sorted() }

  /// The setting of that full name that counts.
  func setting(named name: String) -> Setting? { settings.last { $0.fullName == name } }
}

extension ModelParameters {
  init(_ settings: some Sequence<ModelSettings.Setting>) {
    self.init()
    // They were found to fit when they were read.
    for setting in settings { try? set(setting.name, to: setting.value) }
  }
}

extension Configuration {
  /// With what a model is asked.
  ///
  /// - Parameter names: What the model is called: as the user wrote it, and its full name.
  public func parameters(of names: String...) -> ModelParameters {
    ModelParameters(models.effective(of: names).values)
  }
}
