import RearviewEngine

/// What is wrong with the configuration: where it stands and what to do, in one sentence.
public enum ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file is no TOML.
  case syntax(file: String, line: Int, cause: String)
  /// The file is TOML, but one of its settings cannot be used.
  case badSetting(file: String, line: Int?, cause: String)
  case badEnvironment(variable: String, cause: String)
  case badArgument(String, cause: String)
  /// The model's name leads nowhere; the sentence of the catalog.
  case badModel(String)
  case unreadable(file: String, cause: String)
  case unwritable(file: String, cause: String)
  case folder(path: String, cause: String)

  public var description: String {
    switch self {
    case .syntax(let file, let line, let cause):
      "\(file), line \(line): this is not TOML: \(cause)."
    case .badSetting(let file, let line, let cause):
      "\(file)\(line.map { ", line \($0)" } ?? ""): \(cause)."
    case .badEnvironment(let variable, let cause):
      "The environment variable \(variable): \(cause)."
    case .badArgument(let argument, let cause):
      "\(argument): \(cause)."
    case .badModel(let sentence):
      sentence
    case .unreadable(let file, let cause):
      "\(file) cannot be read: \(cause)."
    case .unwritable(let file, let cause):
      "\(file) cannot be written: \(cause)."
    case .folder(let path, let cause):
      "The folder \(path) cannot be made (\(cause)); make it writable, or set HOME or the XDG variables to a place that is."
    }
  }
}
